/**
 * @module
 * An option of a section: its value as a field, its place among the others, and a secret behind a word.
 */
import { ArrowDown, ArrowUp, WandSparkles, X } from "lucide";
import { useId, useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { generateSecret } from "../store/endpoint_config_edit.ts";
import { isSecretName, type TextOption } from "../store/endpoint_config_lex.ts";
import type { ConfigProblem } from "../types.ts";
import { ConfigInput, SecretEye } from "./config_input.tsx";
import { problemText } from "./config_problems.tsx";
import { Icon } from "./icon.tsx";

/** Properties of an option. */
export interface ConfigOptionRowProps {
  option: TextOption;
  problems: readonly ConfigProblem[];
  /** The service says that it is a secret. */
  secret: boolean;
  /** Secrets are shown on the whole page. */
  legible: boolean;
  first: boolean;
  last: boolean;
  /** Absent: only to be read. */
  onValue?: (value: string) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

/** A row of the form. */
export function ConfigOptionRow(props: ConfigOptionRowProps) {
  const { option, problems, legible, first, last, onValue, onMove, onRemove } = props;
  const id = useId();
  const secret = props.secret || isSecretName(option.name);
  const [shown, setShown] = useState(false);
  const [typed, setTyped] = useState(option.value);
  // The text keeps no spaces around a value; the field keeps them while one types.
  const value = typed.trim() === option.value ? typed : option.value;
  const hidden = secret && !shown && !legible;
  const wrong = problems.some(({ severity }) => severity === "error");
  if (!onValue) {
    return (
      <div class="conf-option is-fixed">
        <span class="conf-option-name">{option.name}</span>
        <code>{hidden ? "••••••" : option.value}</code>
      </div>
    );
  }
  function change(value: string) {
    setTyped(value);
    onValue?.(value);
  }
  const tool = (
    word: string,
    icon: typeof X,
    act: () => void,
    { id, disabled = false }: { id?: "up" | "down" | "remove"; disabled?: boolean } = {},
  ) => (
    <button
      type="button"
      data-tool={id}
      class="icon-button"
      aria-label={word}
      title={word}
      disabled={disabled}
      onClick={act}
    >
      <Icon of={icon} />
    </button>
  );
  const { name } = option;
  return (
    <div class="conf-option" data-option={name} data-line={option.line}>
      <label class="conf-option-name" for={id}>{name}</label>
      <div class="conf-option-value">
        <ConfigInput
          id={id}
          value={value}
          hidden={hidden}
          wrong={wrong}
          describedBy={problems.length ? `${id}-problems` : undefined}
          onValue={change}
        />
        {problems.length > 0 && (
          <div id={`${id}-problems`}>
            {problems.map((problem, at) => (
              <p key={at} class={`conf-field-problem is-${problem.severity}`}>{problemText(problem)}</p>
            ))}
          </div>
        )}
      </div>
      <div class="conf-option-tools">
        {secret && (
          <>
            <SecretEye shown={shown} onToggle={() => setShown(!shown)} />
            {tool(t("config.secret.generate"), WandSparkles, () => {
              change(generateSecret());
              setShown(true);
            })}
          </>
        )}
        {tool(t("config.option.up", { name }), ArrowUp, () => onMove(-1), { id: "up", disabled: first })}
        {tool(t("config.option.down", { name }), ArrowDown, () => onMove(1), { id: "down", disabled: last })}
        {tool(t("config.option.remove", { name }), X, onRemove, { id: "remove" })}
      </div>
    </div>
  );
}
