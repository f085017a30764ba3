/**
 * @module
 * The endpoints as a dense table, ordered by its columns.
 */
import { SortHead } from "../components/sort_head.tsx";
import { VirtualList } from "../components/virtual_list.tsx";
import { t } from "../i18n/translate.ts";
import type { EndpointChoice } from "../store/endpoints.ts";
import { endpoints } from "../store/live.ts";
import { useCramped, usePhone } from "../store/media.ts";
import type { FleetProps } from "./endpoints_cards.tsx";
import { ENDPOINT_COLUMNS } from "./endpoints_order.tsx";
import { EndpointRow } from "./endpoints_row.tsx";

const ROW = 52;
const PHONE_ROW = 92;

/** The table. */
export function EndpointTable(
  { keys, selected, onSelect, handle, perLine, choice }: FleetProps & { choice: EndpointChoice },
) {
  const phone = usePhone();
  const cramped = useCramped();
  perLine.current = 1;
  return (
    <div
      class="table endpoints-table"
      role="table"
      aria-label={t("page.endpoints")}
      aria-rowcount={keys.length + 1}
    >
      <SortHead columns={ENDPOINT_COLUMNS} choice={choice} />
      <VirtualList
        label={t("page.endpoints")}
        role="rowgroup"
        within={cramped ? ".endpoints-page" : undefined}
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
