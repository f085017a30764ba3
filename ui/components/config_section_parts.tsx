/**
 * @module
 * Parts of a configuration's form around its options: what is added to it, and what of it can only be read.
 */
import { Plus } from "lucide";
import { useRef, useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { addSection, SECTION_TYPES } from "../store/endpoint_config_edit.ts";
import type { ElsewhereSection } from "../store/endpoint_config_sections.ts";
import { Icon } from "./icon.tsx";

/** A section of an included file, to be read. */
export function SectionElsewhere({ section, secrets }: { section: ElsewhereSection; secrets: boolean }) {
  const { name, type, file, options } = section;
  return (
    <section class="card conf-section" aria-label={`${name} ${type ?? ""}`} data-testid="config-elsewhere">
      <header class="conf-section-head">
        <h3>[{name}]</h3>
        {type !== null && <span class="conf-type">{type}</span>}
      </header>
      <p class="conf-used muted">
        {file === null ? t("config.elsewhere") : t("config.elsewhere.file", { file })}
      </p>
      <div class="conf-options">
        {options.map((option, at) => (
          <div key={at} class="conf-option is-fixed">
            <span class="conf-option-name">{option.name}</span>
            <code>{option.secret && !secrets ? "••••••" : option.value}</code>
          </div>
        ))}
      </div>
    </section>
  );
}

/** Adds an option to a section. */
export function AddOption({ known, listId, onAdd }: {
  known: readonly string[];
  listId: string;
  onAdd: (name: string, value: string) => void;
}) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const first = useRef<HTMLInputElement>(null);
  function add() {
    if (name.trim() === "") return;
    onAdd(name.trim(), value.trim());
    // The button has nothing to add any more, and cannot keep the focus.
    first.current?.focus();
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
        ref={first}
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

/** Adds a section. */
export function AddSection(
  { text, name, onText }: { text: string; name: string; onText: (text: string) => void },
) {
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
