/**
 * @module
 * The feed of events beside the page, newest first, with the alerts of phones among them. On a phone it is a page of
 * its own.
 */
import { History, PhoneCall, PhoneOff } from "lucide";
import { t } from "../i18n/translate.ts";
import { type AlertNews, alertNews } from "../store/endpoint_troubles.ts";
import { pbxs } from "../store/endpoint_views.ts";
import { endpointAlerts, events, ready } from "../store/live.ts";
import { FeedRow } from "./event_row.tsx";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { Moment } from "./moment.tsx";
import { Empty, Skeleton } from "./states.tsx";

/** How many rows the narrow column draws: more is the history's job. */
const SHOWN = 100;

/** The feed's list. */
export function FeedList() {
  if (!ready.value) return <Skeleton rows={8} />;
  const shown = events.value.slice(0, SHOWN);
  const news = alertNews(endpointAlerts.value.values()).slice(0, SHOWN);
  if (!shown.length && !news.length) {
    return <Empty icon={History} title={t("feed.empty")}>{t("feed.empty.do")}</Empty>;
  }
  const rows = [
    ...shown.map((event) => ({ at: event.received_at, row: <FeedRow key={event.id} event={event} /> })),
    ...news.map((one) => ({ at: one.at, row: <AlertRow key={one.key} news={one} /> })),
  ];
  if (news.length) rows.sort((a, b) => a.at < b.at ? 1 : a.at > b.at ? -1 : 0);
  return <ul class="feed-list">{rows.slice(0, SHOWN).map(({ row }) => row)}</ul>;
}

function AlertRow({ news: { alert, back, at } }: { news: AlertNews }) {
  const n = alert.endpoints.length;
  const title = t(back ? "feed.phones.back" : "feed.phones", { n });
  const names = alert.endpoints.map(({ display_name }) => display_name).join(", ");
  return (
    <li
      class={`feed-row ${back ? "type-online" : "type-offline"}`}
      data-testid="alert-row"
      data-id={alert.id}
    >
      <span class="event-icon">
        <Icon of={back ? PhoneCall : PhoneOff} />
      </span>
      <span class="feed-what" title={title}>
        <span class="feed-title">{title}</span>
      </span>
      <span class="feed-when">
        <Moment at={at} as="clock" />
      </span>
      <span class="feed-where" title={names}>
        <Link to={back ? "/endpoints" : `/endpoints?alert=${encodeURIComponent(alert.id)}`}>
          {[alert.site, pbxs.value.length > 1 ? alert.pbx : null, names].filter(Boolean).join(" · ")}
        </Link>
      </span>
    </li>
  );
}
