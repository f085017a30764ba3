/**
 * @module
 * The fields of a new endpoint: what it is, its name, and what its template asks for.
 */
import { DoorClosed, type IconNode, Phone, Share2, WandSparkles } from "lucide";
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { en, type Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import type { ConfigTemplates } from "../store/endpoint_config_api.ts";
import { generateSecret } from "../store/endpoint_config_edit.ts";
import type { ConfigProblem } from "../types.ts";
import { ConfigInput, SecretEye } from "./config_input.tsx";
import { Icon } from "./icon.tsx";

/** What is filled in so far. */
export interface FieldsDraft {
  name: string;
  template: string;
  values: Record<string, string>;
}

type Field = ConfigTemplates["creatable"][number]["fields"][number];

const ICONS: Record<string, IconNode> = { phone: Phone, panel: DoorClosed, trunk: Share2 };

/** Properties of the fields. */
export interface ConfigFieldsProps {
  templates: ConfigTemplates;
  draft: FieldsDraft;
  onDraft: (draft: FieldsDraft) => void;
  problems: readonly ConfigProblem[];
  /** What there is to say of the name. */
  note?: ComponentChildren;
}

/** The choice of a template, the name and the template's fields. */
export function ConfigFields({ templates, draft, onDraft, note }: ConfigFieldsProps) {
  const group = useId();
  const fields = templates.creatable.find(({ id }) => id === draft.template)?.fields ?? [];
  return (
    <section class="card" aria-label={t("config.new")}>
      <fieldset class="conf-kinds">
        <legend class="section-title">{t("config.new.kind")}</legend>
        {templates.creatable.map(({ id }) => (
          <label key={id} class="conf-kind">
            <input
              type="radio"
              name={group}
              value={id}
              checked={id === draft.template}
              onChange={() => onDraft({ ...draft, template: id })}
            />
            <span>
              <Icon of={ICONS[id] ?? Phone} size={20} />
              <strong>{t(`config.kind.${id}`)}</strong>
              <small class="muted">{t(`config.kind.${id}.text`)}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <label class="field">
        <span>{t("config.new.name")}</span>
        <input
          class="input"
          data-testid="config-name"
          maxLength={80}
          spellcheck={false}
          autocomplete="off"
          placeholder={draft.template === "trunk" ? "provider" : "777"}
          value={draft.name}
          onInput={(event) => onDraft({ ...draft, name: event.currentTarget.value })}
        />
        <small class="muted">{t("config.new.name.hint")}</small>
      </label>
      {note}
      {fields.map((field) => (
        <FieldOf
          key={`${draft.template} ${field.name}`}
          field={field}
          value={draft.values[field.name] ?? field.default ?? ""}
          hint={field.name === "username" && draft.template !== "trunk" ? draft.name.trim() : ""}
          onValue={(value) => onDraft({ ...draft, values: { ...draft.values, [field.name]: value } })}
        />
      ))}
    </section>
  );
}

function FieldOf({ field, value, hint, onValue }: {
  field: Field;
  value: string;
  /** What it will be when nothing is filled in. */
  hint: string;
  onValue: (value: string) => void;
}) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const fits = value === "" || !field.pattern || matches(value, field.pattern);
  return (
    <div class="field" data-field={field.name}>
      <label class="conf-label" for={id}>
        {fieldWord(field.name)} {!field.required && <span class="faint">{t("config.new.optional")}</span>}
      </label>
      <div class="conf-field-row">
        <ConfigInput
          id={id}
          value={value}
          hidden={field.secret && !shown}
          wrong={!fits}
          describedBy={fits ? undefined : `${id}-wrong`}
          maxLength={1000}
          placeholder={hint}
          onValue={onValue}
        />
        {field.secret && (
          <>
            <SecretEye shown={shown} onToggle={() => setShown(!shown)} />
            <button
              type="button"
              class="button"
              data-testid="config-generate"
              onClick={() => {
                onValue(generateSecret());
                setShown(true);
              }}
            >
              <Icon of={WandSparkles} /> {t("config.secret.generate")}
            </button>
          </>
        )}
      </div>
      {!fits && <small id={`${id}-wrong`} class="conf-lacking">{t("config.new.pattern")}</small>}
    </div>
  );
}

/** A field's name as people say it; one that these pages do not know is shown as Asterisk has it. */
function fieldWord(name: string): string {
  const key = `config.field.${name}`;
  return key in en ? t(key as Key) : name;
}

function matches(value: string, pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, "u").test(value);
  } catch {
    // What this browser cannot read, the service still checks.
    return true;
  }
}
