/**
 * @module
 * The head of a table whose columns order it. The address keeps the order.
 */
import { ArrowDown, ArrowUp } from "lucide";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";
import { sortQuery } from "../store/table.ts";
import { Icon } from "./icon.tsx";

/** A column: what it orders by and its word. */
export type SortColumn<Sort extends string> = readonly [sort: Sort, word: Key];

/** Properties of the head. */
export interface SortHeadProps<Sort extends string> {
  columns: readonly SortColumn<Sort>[];
  choice: { sort: Sort; descending: boolean };
}

/** The columns; one that is pressed again turns the order round. A column of actions stands behind them. */
export function SortHead<Sort extends string>({ columns, choice }: SortHeadProps<Sort>) {
  return (
    <div class="table-head" role="rowgroup">
      <div class="row" role="row" aria-rowindex={1}>
        {columns.map(([sort, word]) => {
          const here = choice.sort === sort;
          return (
            <div
              key={sort}
              class={`cell cell-${sort}`}
              role="columnheader"
              aria-sort={here ? (choice.descending ? "descending" : "ascending") : "none"}
            >
              <button
                type="button"
                class="sort-button"
                onClick={() => setQuery({ sort: sortQuery(sort, here && !choice.descending) })}
              >
                {t(word)} {here && <Icon of={choice.descending ? ArrowUp : ArrowDown} size={12} />}
              </button>
            </div>
          );
        })}
        <div class="cell cell-action" role="columnheader">{t("column.action")}</div>
      </div>
    </div>
  );
}
