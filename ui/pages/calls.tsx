/**
 * @module
 * Calls: those that live, and under them the history, filtered, read further as one scrolls, and as CSV.
 */
import { PhoneIncoming, SearchX } from "lucide";
import { useRef, useState } from "preact/hooks";
import { LiveCallList } from "../components/live_calls.tsx";
import { Broken, Empty, PartOnly, Skeleton } from "../components/states.tsx";
import { VirtualList, type VirtualListHandle } from "../components/virtual_list.tsx";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import { callPath, navigate, place, setQuery } from "../router.ts";
import { type CallChoice, callChoice, isOver, mergeCalls, wantedCall } from "../store/calls.ts";
import { useCallHistory } from "../store/call_history.ts";
import { livingCalls } from "../store/call_views.ts";
import { useKeys } from "../store/keys.ts";
import { calls } from "../store/live.ts";
import type { Loaded } from "../store/load.ts";
import { usePhone } from "../store/media.ts";
import { mayOperate } from "../store/session.ts";
import type { Call, CallsPage as Answer } from "../types.ts";
import { CallFilters } from "./calls_filters.tsx";
import { CallRow } from "./calls_row.tsx";

const ROW = 52;
const PHONE_ROW = 68;
/** Live calls over the history; the rest of them is counted. */
const LIVE_SHOWN = 50;

const COLUMNS: Key[] = [
  "column.outcome",
  "column.when",
  "column.caller",
  "column.receiver",
  "column.company",
  "column.answered_by",
  "column.duration",
];

/** The page of calls. */
export function CallsPage() {
  const choice = callChoice(place.value.query);
  const { loaded, fresh } = useCallHistory({ ...choice, limit: 100 });
  const shown = rows(choice, loaded, fresh);
  const [selected, setSelected] = useState<string | null>(null);
  const handle = useRef<VirtualListHandle>(null);
  const phone = usePhone();

  function select(by: number): void | false {
    if (!shown.length) return false;
    const at = shown.findIndex(({ id }) => id === selected);
    const next = at < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, at + by));
    setSelected(shown[next]!.id);
    handle.current?.reveal(next);
  }
  useKeys({
    KeyJ: () => select(1),
    KeyK: () => select(-1),
    Enter: (event) => {
      // Enter on a focused button or link is theirs.
      if (selected === null || (event.target as Element).closest("button, a")) return false;
      navigate(callPath(selected));
    },
    Escape: () => selected === null ? false : setSelected(null),
  });

  return (
    <div class="table-page">
      <Live />
      <CallFilters choice={choice} />
      <div class="table calls-table">
        {loaded.error !== null && (
          <Broken error={loaded.error} onRetry={loaded.reload} still={shown.length ? t("calls.still") : ""} />
        )}
        {loaded.first?.partial && <PartOnly />}
        {loaded.busy && !shown.length && <Skeleton rows={12} />}
        {!loaded.busy && loaded.error === null && !shown.length && <Nothing choice={choice} />}
        {shown.length > 0 && (
          <div class="table-grid" role="table" aria-label={t("page.calls")} aria-rowcount={-1}>
            <Head />
            <VirtualList
              label={t("page.calls")}
              role="rowgroup"
              count={shown.length}
              rowHeight={phone ? PHONE_ROW : ROW}
              keyOf={(index) =>
                shown[index]?.id ?? String(index)}
              handle={handle}
              onNearEnd={loaded.more}
              row={(index, top) => {
                const call = shown[index];
                return call && (
                  <CallRow
                    key={call.id}
                    call={call}
                    top={top}
                    index={index}
                    selected={call.id === selected}
                    onSelect={setSelected}
                  />
                );
              }}
              footer={<End loaded={loaded} />}
            />
          </div>
        )}
      </div>
    </div>
  );
}

function Head() {
  return (
    <div class="table-head" role="rowgroup">
      <div class="row" role="row" aria-rowindex={1}>
        {COLUMNS.map((word) => (
          <div key={word} class={`cell cell-${word.split(".")[1]}`} role="columnheader">{t(word)}</div>
        ))}
      </div>
    </div>
  );
}

/** What was read, with what happened since. A call that lives stands above, and here only when it was asked for. */
function rows(choice: CallChoice, loaded: Loaded<Call, Answer>, fresh: readonly Call[]): Call[] {
  if (loaded.busy && !loaded.items.length) return [];
  const known = new Map(fresh.map((call) => [call.id, call]));
  // What was read may have changed since, and then fit no more; but the service searches in more than a view has.
  const read = loaded.items.flatMap((call) => {
    const now = known.get(call.id) ?? call;
    return wantedCall(now, { ...choice, q: "" }) ? [now] : [];
  });
  const all = mergeCalls(fresh.filter((call) => wantedCall(call, choice)), read);
  if (choice.status !== "") return all;
  const above = new Set(livingCalls.value.map(({ id }) => id));
  return all.filter((call) => isOver(call) || !above.has(call.id));
}

function Live() {
  const living = livingCalls.value;
  if (!living.length) return null;
  return (
    <section class="calls-live" aria-label={t("calls.live")}>
      <h2 class="section-title">
        {t("calls.live")} <span class="faint num">{living.length}</span>
      </h2>
      <LiveCallList calls={living} limit={LIVE_SHOWN} />
    </section>
  );
}

function End({ loaded }: { loaded: Loaded<Call, Answer> }) {
  if (loaded.hasMore) {
    return (
      // Inside a table even what follows the rows has to be one.
      <div class="list-end" role="row">
        <div role="cell">
          <button type="button" class="button" aria-disabled={loaded.busy} onClick={loaded.more}>
            {t(loaded.busy ? "state.loading" : "action.more")}
          </button>
        </div>
      </div>
    );
  }
  if (loaded.first === null || loaded.first.partial) return null;
  return (
    <div class="list-end faint" role="row">
      <div role="cell">{t("events.end")}</div>
    </div>
  );
}

function Nothing({ choice }: { choice: CallChoice }) {
  const filtered = Object.values(choice).some((value) => value !== "");
  if (!filtered) {
    return (
      <Empty icon={PhoneIncoming} title={t(calls.value.size ? "calls.empty.over" : "calls.empty")}>
        {t(mayOperate.value ? "calls.empty.do" : "calls.empty.mine")}
      </Empty>
    );
  }
  return (
    <Empty icon={SearchX} title={t("calls.none")}>
      <button
        type="button"
        class="button"
        onClick={() => setQuery({ q: "", status: "", direction: "", from: "", to: "" })}
      >
        {t("table.clear")}
      </button>
    </Empty>
  );
}
