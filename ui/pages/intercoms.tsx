/**
 * @module
 * The table of panels: dense, filtered, ordered, and quick with 10,000 of them.
 */
import { SearchX } from "lucide";
import { useRef, useState } from "preact/hooks";
import { type SortColumn, SortHead } from "../components/sort_head.tsx";
import { Empty, NoPanels, Skeleton } from "../components/states.tsx";
import { VirtualList, type VirtualListHandle } from "../components/virtual_list.tsx";
import { t } from "../i18n/translate.ts";
import { navigate, panelPath, place, setQuery } from "../router.ts";
import { useKeys } from "../store/keys.ts";
import { panels, ready, seen } from "../store/live.ts";
import { usePhone } from "../store/media.ts";
import { ask } from "../store/opening.ts";
import { useOrder } from "../store/order.ts";
import { arrange, choiceOf, type Sort } from "../store/table.ts";
import { IntercomFilters } from "./intercoms_filters.tsx";
import { IntercomRow } from "./intercoms_row.tsx";

const ROW = 44;
const PHONE_ROW = 76;

const COLUMNS: readonly SortColumn<Sort>[] = [
  ["status", "column.status"],
  ["name", "column.name"],
  ["address", "column.address"],
  ["door", "column.door"],
  ["mac", "column.mac"],
  ["seen", "column.seen"],
];

/** The table of panels. */
export function IntercomsPage() {
  const choice = choiceOf(place.value.query);
  const macs = useOrder(
    panels.value,
    JSON.stringify(choice),
    (all) => arrange(all.values(), choice, seen.peek()).map(({ mac }) => mac),
  );
  const [selected, setSelected] = useState<string | null>(null);
  const handle = useRef<VirtualListHandle>(null);
  const phone = usePhone();

  function select(by: number): void | false {
    if (!macs.length) return false;
    const at = selected === null ? -1 : macs.indexOf(selected);
    const next = at < 0 ? 0 : Math.min(macs.length - 1, Math.max(0, at + by));
    setSelected(macs[next]!);
    handle.current?.reveal(next);
  }
  const chosen = selected === null ? undefined : panels.value.get(selected);
  useKeys({
    KeyJ: () => select(1),
    KeyK: () => select(-1),
    Enter: (event) => {
      // Enter on a focused button or link is theirs.
      if (!chosen || (event.target as Element).closest("button, a")) return false;
      navigate(panelPath(chosen.mac));
    },
    KeyO: () => chosen ? ask(chosen) : false,
    Escape: () => selected === null ? false : setSelected(null),
  });

  return (
    <div class="table-page">
      <IntercomFilters choice={choice} shown={macs.length} />
      <div class="table" role="table" aria-label={t("page.intercoms")} aria-rowcount={macs.length + 1}>
        <SortHead columns={COLUMNS} choice={choice} />
        {!ready.value ? <Skeleton rows={10} /> : macs.length === 0 ? <Nothing /> : (
          <VirtualList
            label={t("page.intercoms")}
            role="rowgroup"
            count={macs.length}
            rowHeight={phone ? PHONE_ROW : ROW}
            keyOf={(index) => macs[index] ?? String(index)}
            handle={handle}
            row={(index, top) => {
              const panel = panels.value.get(macs[index]!);
              return panel && (
                <IntercomRow
                  key={panel.mac}
                  panel={panel}
                  top={top}
                  index={index}
                  selected={panel.mac === selected}
                  onSelect={setSelected}
                />
              );
            }}
          />
        )}
      </div>
    </div>
  );
}

function Nothing() {
  if (panels.value.size === 0) return <NoPanels />;
  return (
    <Empty icon={SearchX} title={t("table.none")}>
      <button
        type="button"
        class="button"
        onClick={() => setQuery({ q: "", status: "", door: "", only: "" })}
      >
        {t("table.clear")}
      </button>
    </Empty>
  );
}
