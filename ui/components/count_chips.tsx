/**
 * @module
 * Filters over a fleet as chips, each with its mark and how many fit it. The address keeps the choice.
 */
import type { ComponentChildren } from "preact";
import type { Key } from "../i18n/en.ts";
import { number } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";
import { Mark, type MarkKind } from "./mark.tsx";

/** A chip: `value` of a field of the choice. */
export interface CountChip<Field extends string, Value extends string> {
  field: Field;
  value: Value;
  word: Key;
  mark: MarkKind;
}

/** Properties of the chips. */
export interface CountChipsProps<Field extends string, Value extends string> {
  chips: readonly CountChip<Field, Value>[];
  choice: Record<Field, string>;
  counts: Record<Value, number>;
  /** What stands behind them. */
  children?: ComponentChildren;
}

/** The chips. One that is pressed lets go when it is pressed again. */
export function CountChips<Field extends string, Value extends string>(
  { chips, choice, counts, children }: CountChipsProps<Field, Value>,
) {
  return (
    <div class="chips" role="group" aria-label={t("filter.label")}>
      {chips.map(({ field, value, word, mark }) => {
        const pressed = choice[field] === value;
        return (
          <button
            key={value}
            type="button"
            class="chip"
            data-testid={`filter-${value}`}
            aria-pressed={pressed}
            onClick={() => setQuery({ [field]: pressed ? "" : value })}
          >
            <Mark kind={mark} word={t(word)} />
            <span class="num chip-count">{number(counts[value])}</span>
          </button>
        );
      })}
      {children}
    </div>
  );
}
