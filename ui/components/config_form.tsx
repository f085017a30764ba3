/**
 * @module
 * A configuration as a form: a card for each section. Every change is made to the text, which both views share.
 */
import { Plus, Trash2 } from "lucide";
import { useId, useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { endpointPath } from "../router.ts";
import {
  addOption,
  addSection,
  moveOption,
  removeOption,
  removeSection,
  SECTION_TYPES,
  setValue,
} from "../store/endpoint_config_edit.ts";
import { readSections, type TextSection } from "../store/endpoint_config_lex.ts";
import type { ConfigProblem, EndpointConfig } from "../types.ts";
import { ConfigOptionRow } from "./config_option.tsx";
import { problemText } from "./config_problems.tsx";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";

/** Properties of the form. */
export interface ConfigFormProps {
  config: EndpointConfig;
  text: string;
  /** Absent: only to be read. */
  onText?: (text: string) => void;
  problems: readonly ConfigProblem[];
  secrets: boolean;
}

/** The sections, and a way to add one. */
export function ConfigForm(props: ConfigFormProps) {
  const sections = readSections(props.text);
  return (
    <div class="conf-form" data-testid="config-form">
      {sections.map((section, index) => (
        <Section key={`${index} ${section.name}`} {...props} section={section} index={index} />
      ))}
      {sections.length === 0 && <p class="muted">{t("config.no_sections")}</p>}
      {props.onText && <AddSection text={props.text} name={props.config.name} onText={props.onText} />}
    </div>
  );
}

function Section(props: ConfigFormProps & { section: TextSection; index: number }) {
  const { config, text, onText, problems, secrets, section, index } = props;
  const listId = useId();
  const type = typeOf(section, config);
  const view = config.sections.find((one) => one.name === section.name && one.type === type);
  const set = new Set(section.options.map(({ name }) => name));
  const known = (type === null ? [] : config.known_options[type] ?? []).filter((name) => !set.has(name));
  const own = problems.filter((problem) => isAbout(problem, section));
  const lines = new Set(section.options.map(({ line }) => line));
  const general = own.filter((problem) => problem.option === null && !lines.has(problem.line ?? 0));
  const usedBy = view?.used_by ?? [];
  return (
    <section
      class="card conf-section"
      aria-label={`${section.name} ${type ?? ""}`}
      data-section={section.name}
    >
      <header class="conf-section-head">
        <h3>[{section.name}]</h3>
        {type !== null && <span class="conf-type">{type}</span>}
        {section.template && <span class="conf-type">{t("config.template")}</span>}
        {section.inherits.length > 0 && (
          <span class="muted">
            {t("config.inherits")} {section.inherits.map((name, at) => (
              <>
                {at > 0 && ", "}
                <Link key={name} to={endpointPath(name, { pbx: config.pbx, part: "config" })}>{name}</Link>
              </>
            ))}
          </span>
        )}
        {onText && (
          <button
            type="button"
            class="icon-button conf-section-remove"
            aria-label={t("config.section.remove", { name: section.name })}
            title={t("config.section.remove", { name: section.name })}
            onClick={() => onText(removeSection(text, index))}
          >
            <Icon of={Trash2} />
          </button>
        )}
      </header>
      {usedBy.length > 0 && (
        <p class="conf-used muted">
          {t(section.template ? "config.used_by.template" : "config.used_by", {
            n: usedBy.length,
            names: names(usedBy),
          })}
        </p>
      )}
      {general.map((problem, at) => (
        <p key={at} class={`conf-field-problem is-${problem.severity}`}>{problemText(problem)}</p>
      ))}
      <div class="conf-options">
        {section.options.map((option, at) => (
          <ConfigOptionRow
            key={`${at} ${option.name}`}
            option={option}
            problems={own.filter((problem) =>
              problem.line === option.line || problem.line === null && problem.option === option.name
            )}
            secret={view?.options.some(({ name, secret }) => name === option.name && secret) ?? false}
            legible={secrets}
            first={at === 0}
            last={at === section.options.length - 1}
            onValue={onText && ((value) => onText(setValue(text, option.line, value)))}
            onMove={(by) => onText?.(moveOption(text, option.line, by))}
            onRemove={() => onText?.(removeOption(text, option.line))}
          />
        ))}
      </div>
      {onText && (
        <AddOption
          known={known}
          listId={listId}
          onAdd={(name, value) => onText(addOption(text, index, name, value))}
        />
      )}
    </section>
  );
}

function AddOption({ known, listId, onAdd }: {
  known: readonly string[];
  listId: string;
  onAdd: (name: string, value: string) => void;
}) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  function add() {
    if (name.trim() === "") return;
    onAdd(name.trim(), value.trim());
    setName("");
    setValue("");
  }
  return (
    <form
      class="conf-add"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <input
        class="input"
        list={listId}
        aria-label={t("config.option.name")}
        placeholder={t("config.option.name")}
        spellcheck={false}
        autocomplete="off"
        maxLength={80}
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <datalist id={listId}>{known.map((one) => <option key={one} value={one} />)}</datalist>
      <input
        class="input"
        aria-label={t("config.option.value")}
        placeholder={t("config.option.value")}
        spellcheck={false}
        autocomplete="off"
        value={value}
        onInput={(event) => setValue(event.currentTarget.value)}
      />
      <button type="submit" class="button" disabled={name.trim() === ""}>
        <Icon of={Plus} /> {t("config.option.add")}
      </button>
    </form>
  );
}

function AddSection({ text, name, onText }: { text: string; name: string; onText: (text: string) => void }) {
  return (
    <div class="conf-add-section">
      <span class="muted">{t("config.section.add")}</span>
      {SECTION_TYPES.map((type) => (
        <button
          key={type}
          type="button"
          class="button"
          onClick={() => onText(addSection(text, name, type))}
        >
          <Icon of={Plus} /> {type}
        </button>
      ))}
    </div>
  );
}

/** By its own option, or by that of a template: sections of one name differ by their type only. */
function typeOf(section: TextSection, config: EndpointConfig): string | null {
  if (section.type !== null) return section.type;
  const inherited = config.templates.filter(({ name }) => section.inherits.includes(name));
  return inherited.findLast(({ type }) => type !== null)?.type ?? null;
}

/** Whether a problem is about a section: by its line, or by its name where there is no line. */
function isAbout(problem: ConfigProblem, section: TextSection): boolean {
  if (problem.line !== null) return problem.line >= section.line && problem.line <= section.lastLine;
  return problem.section === section.name;
}

function names(all: readonly string[]): string {
  return all.length > 6 ? `${all.slice(0, 6).join(", ")}…` : all.join(", ");
}
