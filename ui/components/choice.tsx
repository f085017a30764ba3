/**
 * @module
 * A choice of a few, all of them in view.
 */
import { useId } from "preact/hooks";

/** Properties of a choice. */
export interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: [value: T, word: string][];
  onChange: (value: T) => void;
}

/** A row of radio buttons that looks like one control. */
export function ChoiceOf<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="choice-row">
        {options.map(([one, word]) => (
          <label key={one} class="choice-one">
            <input type="radio" name={name} checked={one === value} onChange={() => onChange(one)} />
            <span>{word}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
