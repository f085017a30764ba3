/**
 * @module
 * A panel's own history: what the database has, and what the stream says since.
 */
import { History } from "lucide";
import { FeedRow } from "../components/event_row.tsx";
import { Link } from "../components/link.tsx";
import { Broken, Empty, PartOnly, Skeleton } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { events } from "../store/live.ts";
import { useList } from "../store/load.ts";
import { mergeEvents } from "../store/merge.ts";
import type { EventsPage as Answer, IntercomEvent } from "../types.ts";

/** The history of one panel, newest first. */
export function PanelHistory({ mac }: { mac: string }) {
  const loaded = useList<IntercomEvent, Answer>("/api/events", { mac, limit: 50 });
  const shown = mergeEvents(events.value.filter((event) => event.mac === mac), loaded.items);
  return (
    <section class="panel-history" aria-label={t("panel.history")}>
      <div class="section-head">
        <h2 class="section-title">{t("panel.history")}</h2>
        <Link to={`/events?mac=${encodeURIComponent(mac)}`}>{t("panel.all_events")}</Link>
      </div>
      {loaded.error !== null && (
        <Broken error={loaded.error} onRetry={loaded.reload} still={shown.length ? t("events.live") : ""} />
      )}
      {loaded.first?.partial && <PartOnly />}
      {loaded.busy && !shown.length && <Skeleton rows={6} />}
      {!loaded.busy && loaded.error === null && !shown.length && (
        <Empty icon={History} title={t("panel.no_events")}>{t("feed.empty.do")}</Empty>
      )}
      <ul class="feed-list">
        {shown.map((event) => <FeedRow key={event.id} event={event} ownPage />)}
      </ul>
      {loaded.hasMore && (
        <button type="button" class="button" aria-disabled={loaded.busy} onClick={loaded.more}>
          {t(loaded.busy ? "state.loading" : "action.more")}
        </button>
      )}
    </section>
  );
}
