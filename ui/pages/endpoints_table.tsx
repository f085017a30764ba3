/**
 * @module
 * The endpoints as a dense table, ordered by its columns.
 */
import { ArrowDown, ArrowUp } from "lucide";
import { Icon } from "../components/icon.tsx";
import { VirtualList } from "../components/virtual_list.tsx";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";
import type { EndpointChoice, EndpointSort } from "../store/endpoints.ts";
import { endpoints } from "../store/live.ts";
import { usePhone } from "../store/media.ts";
import type { FleetProps } from "./endpoints_cards.tsx";
import { EndpointRow } from "./endpoints_row.tsx";

const ROW = 52;
const PHONE_ROW = 92;

const COLUMNS: [sort: EndpointSort, word: Key][] = [
  ["status", "column.status"],
  ["name", "column.name"],
  ["call", "column.call"],
  ["contact", "column.contact"],
  ["rtt", "column.rtt"],
  ["changed", "column.changed"],
];

/** The table. */
export function EndpointTable(
  { keys, selected, onSelect, handle, perLine, choice }: FleetProps & { choice: EndpointChoice },
) {
  const phone = usePhone();
  perLine.current = 1;
  return (
    <div
      class="table endpoints-table"
      role="table"
      aria-label={t("page.endpoints")}
      aria-rowcount={keys.length + 1}
    >
      <Head choice={choice} />
      <VirtualList
        label={t("page.endpoints")}
        role="rowgroup"
        count={keys.length}
        rowHeight={phone ? PHONE_ROW : ROW}
        keyOf={(index) => keys[index] ?? String(index)}
        handle={handle}
        row={(index, top) => {
          const key = keys[index]!;
          const endpoint = endpoints.value.get(key);
          return endpoint && (
            <EndpointRow
              key={key}
              endpoint={endpoint}
              top={top}
              index={index}
              selected={key === selected}
              onSelect={onSelect}
            />
          );
        }}
      />
    </div>
  );
}

function Head({ choice }: { choice: EndpointChoice }) {
  return (
    <div class="table-head" role="rowgroup">
      <div class="row" role="row" aria-rowindex={1}>
        {COLUMNS.map(([sort, word]) => {
          const here = choice.sort === sort;
          const turn = here && !choice.descending;
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
                onClick={() =>
                  setQuery({ sort: sort === "name" && !turn ? "" : `${turn ? "-" : ""}${sort}` })}
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
