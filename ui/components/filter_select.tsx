/**
 * @module
 * A filter that is chosen from a list. The address keeps it.
 */
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";

/** Properties of the filter. */
export interface FilterSelectProps {
  /** Its name in the address. */
  name: string;
  label: string;
  /** Empty for all. */
  value: string;
  /** Values to choose from, with what each is called. */
  options: readonly (readonly [value: string, word: string])[];
  /** What the choice of no value is called. */
  all?: string;
  testId?: string;
}

/** A filter of one value, or none. */
export function FilterSelect({ name, label, value, options, all, testId }: FilterSelectProps) {
  return (
    <label class="filter">
      <span>{label}</span>
      <select
        class="input"
        data-testid={testId}
        value={value}
        onChange={(event) => setQuery({ [name]: event.currentTarget.value })}
      >
        <option value="">{all ?? t("filter.all")}</option>
        {options.map(([one, word]) => <option key={one} value={one}>{word}</option>)}
      </select>
    </label>
  );
}

/** Values that are called what they are; one that was chosen stays to be chosen, whatever is offered by now. */
export function plainOptions(offered: readonly string[], chosen: string): [string, string][] {
  const all = chosen === "" || offered.includes(chosen) ? offered : [chosen, ...offered];
  return all.map((one) => [one, one]);
}
