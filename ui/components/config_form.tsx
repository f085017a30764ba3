/**
 * @module
 * A configuration as a form: a card for each section. Every change is made to the text, which both views share.
 */
import { Trash2 } from "lucide";
import type { RefObject } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { endpointPath } from "../router.ts";
import {
  addOption,
  keysByName,
  lineAfterRemoval,
  lineBeside,
  moveOption,
  removeOption,
  removeSection,
  setValue,
} from "../store/endpoint_config_edit.ts";
import { readSections, type TextSection } from "../store/endpoint_config_lex.ts";
import { sectionsElsewhere, typeOfSection } from "../store/endpoint_config_sections.ts";
import type { ConfigProblem, EndpointConfig } from "../types.ts";
import { ConfigOptionRow } from "./config_option.tsx";
import { problemText } from "./config_problems.tsx";
import { AddOption, AddSection, SectionElsewhere } from "./config_section_parts.tsx";
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
  const keys = keysByName(sections);
  const box = useRef<HTMLDivElement>(null);
  const focus = useFocusNext(box);
  const elsewhere = sectionsElsewhere(props.config);
  return (
    <div ref={box} class="conf-form" data-testid="config-form">
      {sections.map((section, index) => (
        <Section key={keys[index]} {...props} section={section} index={index} focus={focus} />
      ))}
      {elsewhere.map((section) => (
        <SectionElsewhere key={`${section.type} ${section.name}`} section={section} secrets={props.secrets} />
      ))}
      {sections.length + elsewhere.length === 0 && <p class="muted">{t("config.no_sections")}</p>}
      {props.onText && <AddSection text={props.text} name={props.config.name} onText={props.onText} />}
    </div>
  );
}

interface SectionProps extends ConfigFormProps {
  section: TextSection;
  index: number;
  focus: (selectors: readonly string[]) => void;
}

function Section(props: SectionProps) {
  const { config, text, onText, problems, secrets, section, index, focus } = props;
  const listId = useId();
  const type = typeOfSection(section, config.templates);
  const keys = keysByName(section.options);
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
      data-index={index}
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
            onClick={() => {
              const at = (place: number) => `[data-index="${place}"] .conf-section-remove`;
              focus([at(index), at(index - 1), ".conf-add-section button"]);
              onText(removeSection(text, index));
            }}
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
            key={keys[at]}
            option={option}
            problems={own.filter((problem) =>
              problem.line === option.line || problem.line === null && problem.option === option.name
            )}
            secret={view?.options.some(({ name, secret }) => name === option.name && secret) ?? false}
            legible={secrets}
            first={at === 0}
            last={at === section.options.length - 1}
            onValue={onText && ((value) => onText(setValue(text, option.line, value)))}
            onMove={(by) => {
              const line = lineBeside(text, option.line, by);
              // At an end the way on is closed, and the way back is what is left.
              focus([toolOf(line, by === 1 ? "down" : "up"), toolOf(line, by === 1 ? "up" : "down")]);
              onText?.(moveOption(text, option.line, by));
            }}
            onRemove={() => {
              const next = lineAfterRemoval(text, option.line);
              focus([toolOf(next, "remove"), `[data-index="${index}"] .conf-add .input`]);
              onText?.(removeOption(text, option.line));
            }}
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

function toolOf(line: number | null, tool: "up" | "down" | "remove"): string {
  return `[data-line="${line}"] [data-tool="${tool}"]`;
}

/** Who uses the keyboard goes on from what was moved, or from what took the place of what was removed. */
function useFocusNext(box: RefObject<HTMLDivElement | null>): (selectors: readonly string[]) => void {
  const wanted = useRef<readonly string[]>([]);
  useLayoutEffect(() => {
    const found = wanted.current.map((one) => box.current?.querySelector<HTMLElement>(`${one}:enabled`));
    wanted.current = [];
    found.find((one) => one)?.focus();
  });
  return (selectors) => {
    wanted.current = selectors;
  };
}

/** Whether a problem is about a section: by its line, or by its name where there is no line. */
function isAbout(problem: ConfigProblem, section: TextSection): boolean {
  if (problem.line !== null) return problem.line >= section.line && problem.line <= section.lastLine;
  return problem.section === section.name;
}

function names(all: readonly string[]): string {
  return all.length > 6 ? `${all.slice(0, 6).join(", ")}…` : all.join(", ");
}
