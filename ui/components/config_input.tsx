/**
 * @module
 * A value of a configuration as a field: what is not to be read over a shoulder is hidden until it is asked for.
 */
import { Eye, EyeOff } from "lucide";
import { t } from "../i18n/translate.ts";
import { Icon } from "./icon.tsx";

/** Properties of the field. */
export interface ConfigInputProps {
  id: string;
  value: string;
  hidden: boolean;
  wrong: boolean;
  /** Id of what says what is wrong. */
  describedBy: string | undefined;
  maxLength?: number;
  placeholder?: string;
  onValue: (value: string) => void;
}

/** The field. */
export function ConfigInput(props: ConfigInputProps) {
  const { id, value, hidden, wrong, describedBy, maxLength, placeholder, onValue } = props;
  const kind = hidden ? { type: "password" as const } : { type: "text" as const };
  return (
    <input
      id={id}
      class="input"
      {...kind}
      spellcheck={false}
      autocomplete="off"
      maxLength={maxLength}
      placeholder={placeholder}
      value={value}
      aria-invalid={wrong}
      aria-describedby={describedBy}
      onInput={(event) => onValue(event.currentTarget.value)}
    />
  );
}

/** Shows or hides a secret. */
export function SecretEye({ shown, onToggle }: { shown: boolean; onToggle: () => void }) {
  const word = t(shown ? "config.secret.hide" : "config.secret.show");
  return (
    <button type="button" class="icon-button" aria-label={word} title={word} onClick={onToggle}>
      <Icon of={shown ? EyeOff : Eye} />
    </button>
  );
}
