/**
 * @module
 * What the endpoints can be ordered by: the columns of the table, and for cards, which have none, a choice.
 */
import { ArrowDown, ArrowUp } from "lucide";
import { Icon } from "../components/icon.tsx";
import type { SortColumn } from "../components/sort_head.tsx";
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";
import { ENDPOINT_SORTS, type EndpointChoice, type EndpointSort } from "../store/endpoints.ts";
import { sortQuery } from "../store/table.ts";

/** Columns of the table. */
export const ENDPOINT_COLUMNS: readonly SortColumn<EndpointSort>[] = [
  ["status", "column.status"],
  ["name", "column.name"],
  ["call", "column.call"],
  ["contact", "column.contact"],
  ["rtt", "column.rtt"],
  ["changed", "column.changed"],
];

/** The order of the cards, and a button that turns it round. */
export function EndpointOrder({ choice: { sort, descending } }: { choice: EndpointChoice }) {
  const turn = t(descending ? "endpoints.order.ascending" : "endpoints.order.descending");
  return (
    <span class="endpoint-order">
      <select
        class="input pbx-filter"
        data-testid="endpoint-order"
        aria-label={t("endpoints.order")}
        title={t("endpoints.order")}
        value={sort}
        onChange={(event) => {
          const wanted = ENDPOINT_SORTS.find((one) => one === event.currentTarget.value) ?? "name";
          setQuery({ sort: sortQuery(wanted, false) });
        }}
      >
        {ENDPOINT_COLUMNS.map(([one, word]) => <option key={one} value={one}>{t(word)}</option>)}
      </select>
      <button
        type="button"
        class="icon-button"
        aria-label={turn}
        title={turn}
        onClick={() => setQuery({ sort: sortQuery(sort, !descending) })}
      >
        <Icon of={descending ? ArrowUp : ArrowDown} />
      </button>
    </span>
  );
}
