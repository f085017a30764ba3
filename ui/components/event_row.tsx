/**
 * @module
 * One row of the history: in the feed beside the page, and in the history's table.
 */
import { t } from "../i18n/translate.ts";
import { panelPath } from "../router.ts";
import { panels } from "../store/live.ts";
import type { IntercomEvent } from "../types.ts";
import { EVENT_ICONS, eventDetail, eventTitle } from "./event_words.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { Moment } from "./moment.tsx";

/** A row for a narrow column: what and when, then where and by whom. Its panel's own page leaves its name out. */
export function FeedRow({ event, ownPage }: { event: IntercomEvent; ownPage?: boolean }) {
  const detail = eventDetail(event);
  const title = eventTitle(event);
  return (
    <li
      class={`feed-row type-${event.type}`}
      data-testid="event-row"
      data-type={event.type}
      data-id={event.id}
    >
      <span class="event-icon">
        <Icon of={EVENT_ICONS[event.type]} />
      </span>
      <span class="feed-what" title={detail ? `${title}, ${detail}` : title}>
        <span class="feed-title">{title}</span>
        {ownPage && detail && <span class="muted">· {detail}</span>}
      </span>
      <span class="feed-when">
        <Moment at={event.received_at} as="clock" />
      </span>
      {!ownPage && (
        <span class="feed-where" title={detail}>
          <PanelName mac={event.mac} />
          {detail && ` · ${detail}`}
        </span>
      )}
    </li>
  );
}

/** The name of an event's panel, as a link; a removed panel has only its MAC. */
export function PanelName({ mac }: { mac: string }) {
  const panel = panels.value.get(mac);
  if (!panel) return <span class="num faint" title={t("event.gone")}>{mac}</span>;
  const name = panel.name || mac;
  return <Link to={panelPath(mac)} title={panel.address || name}>{name}</Link>;
}
