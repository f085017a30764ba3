/**
 * @module
 * The history of all panels, filtered, read further as one scrolls, and as CSV.
 */
import { Download, History } from "lucide";
import { withQuery } from "../api.ts";
import { EVENT_ICONS, EVENT_NAMES, eventDetail, eventTitle } from "../components/event_words.ts";
import { PanelName } from "../components/event_row.tsx";
import { FilterSelect } from "../components/filter_select.tsx";
import { Icon } from "../components/icon.tsx";
import { Moment } from "../components/moment.tsx";
import { Broken, Empty, PartOnly, Skeleton } from "../components/states.tsx";
import { TimeFilter } from "../components/time_filter.tsx";
import { VirtualList } from "../components/virtual_list.tsx";
import { t } from "../i18n/translate.ts";
import { place, setQuery } from "../router.ts";
import { events, panels } from "../store/live.ts";
import { useList } from "../store/load.ts";
import { type EventChoice, mergeEvents, wanted } from "../store/merge.ts";
import { usePhone } from "../store/media.ts";
import { naturalKey } from "../store/table.ts";
import type { EventsPage as Answer, EventType, IntercomEvent } from "../types.ts";

const ROW = 40;
const PHONE_ROW = 64;
const TYPES = Object.keys(EVENT_NAMES) as EventType[];

/** The history. */
export function EventsPage() {
  const choice = choiceFrom(place.value.query);
  const loaded = useList<IntercomEvent, Answer>("/api/events", { ...choice, limit: 100 });
  const fresh = events.value.filter((event) => wanted(event, choice));
  const shown = loaded.busy && !loaded.items.length ? [] : mergeEvents(fresh, loaded.items);
  const phone = usePhone();
  return (
    <div class="table-page">
      <Filters choice={choice} />
      <div class="table events-table">
        <div class="table-head" aria-hidden="true">
          <div class="row">
            <div class="cell">{t("column.time")}</div>
            <div class="cell">{t("column.event")}</div>
            <div class="cell">{t("column.panel")}</div>
            <div class="cell">{t("column.detail")}</div>
          </div>
        </div>
        {loaded.error !== null && (
          <Broken error={loaded.error} onRetry={loaded.reload} still={shown.length ? t("events.live") : ""} />
        )}
        {loaded.first?.partial && <PartOnly />}
        {loaded.busy && !shown.length && <Skeleton rows={12} />}
        {!loaded.busy && loaded.error === null && !shown.length && <Nothing choice={choice} />}
        {shown.length > 0 && (
          <VirtualList
            label={t("page.events")}
            count={shown.length}
            rowHeight={phone ? PHONE_ROW : ROW}
            keyOf={(index) => shown[index]?.id ?? String(index)}
            onNearEnd={loaded.more}
            row={(index, top) => {
              const event = shown[index];
              return event && <Row key={event.id} event={event} top={top} />;
            }}
            footer={loaded.hasMore
              ? (
                <div class="list-end">
                  <button type="button" class="button" aria-disabled={loaded.busy} onClick={loaded.more}>
                    {t(loaded.busy ? "state.loading" : "action.more")}
                  </button>
                </div>
              )
              : !loaded.first?.partial && <p class="list-end faint">{t("events.end")}</p>}
          />
        )}
      </div>
    </div>
  );
}

function Row({ event, top }: { event: IntercomEvent; top: number }) {
  const detail = eventDetail(event);
  return (
    <div
      class={`row body-row type-${event.type}`}
      role="listitem"
      data-testid="event-row"
      data-type={event.type}
      data-id={event.id}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div class="cell num muted">
        <Moment at={event.received_at} as="clock" />
      </div>
      <div class="cell event-what">
        <span class="event-icon">
          <Icon of={EVENT_ICONS[event.type]} />
        </span>
        <span class="event-title">{eventTitle(event)}</span>
      </div>
      <div class="cell">
        <PanelName mac={event.mac} />
      </div>
      <div class="cell muted" title={detail}>{detail}</div>
    </div>
  );
}

function Filters({ choice }: { choice: EventChoice }) {
  const { mac, type, from, to } = choice;
  const csv = withQuery("/api/events.csv", { mac, type, from, to });
  return (
    <div class="filters">
      <label class="filter">
        <span>{t("column.panel")}</span>
        <PanelSelect mac={mac} />
      </label>
      <FilterSelect
        name="type"
        label={t("column.event")}
        value={type}
        options={TYPES.map((one) => [one, t(EVENT_NAMES[one])])}
      />
      <TimeFilter name="from" value={from} />
      <TimeFilter name="to" value={to} />
      <a class="button filter-end" href={csv} download="">
        <Icon of={Download} /> {t("events.csv")}
      </a>
    </div>
  );
}

function PanelSelect({ mac }: { mac: string }) {
  const sorted = [...panels.value.values()]
    .map((panel) => ({ mac: panel.mac, name: panel.name || panel.mac }))
    .sort((a, b) => naturalKey(a.name) < naturalKey(b.name) ? -1 : 1);
  // Ten thousand options make a browser's list useless; a panel's own page links here with its MAC.
  const offered = sorted.length > 500 ? sorted.filter((panel) => panel.mac === mac) : sorted;
  const missing = mac !== "" && !offered.some((panel) => panel.mac === mac);
  return (
    <select class="input" value={mac} onChange={(event) => setQuery({ mac: event.currentTarget.value })}>
      <option value="">{t("filter.all")}</option>
      {missing && <option value={mac}>{mac}</option>}
      {offered.map((panel) => <option key={panel.mac} value={panel.mac}>{panel.name}</option>)}
    </select>
  );
}

function Nothing({ choice }: { choice: EventChoice }) {
  const filtered = Object.values(choice).some((value) => value !== "");
  if (!filtered) return <Empty icon={History} title={t("feed.empty")}>{t("feed.empty.do")}</Empty>;
  return (
    <Empty icon={History} title={t("events.none")}>
      <button type="button" class="button" onClick={() => setQuery({ mac: "", type: "", from: "", to: "" })}>
        {t("table.clear")}
      </button>
    </Empty>
  );
}

/** Reads the filters from an address; what is not a type or a time there is ignored. */
export function choiceFrom(query: URLSearchParams): EventChoice {
  const time = (name: string) => {
    const value = query.get(name) ?? "";
    return Number.isNaN(Date.parse(value)) ? "" : value;
  };
  return {
    mac: query.get("mac")?.toUpperCase() ?? "",
    type: TYPES.find((type) => type === query.get("type")) ?? "",
    from: time("from"),
    to: time("to"),
  };
}
