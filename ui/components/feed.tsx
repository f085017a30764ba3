/**
 * @module
 * The feed of events beside the page, newest first. On a phone it is a page of its own.
 */
import { History } from "lucide";
import { t } from "../i18n/translate.ts";
import { events, ready } from "../store/live.ts";
import { FeedRow } from "./event_row.tsx";
import { Empty, Skeleton } from "./states.tsx";

/** How many rows the narrow column draws: more is the history's job. */
const SHOWN = 100;

/** The feed's list. */
export function FeedList() {
  if (!ready.value) return <Skeleton rows={8} />;
  const shown = events.value.slice(0, SHOWN);
  if (!shown.length) return <Empty icon={History} title={t("feed.empty")}>{t("feed.empty.do")}</Empty>;
  return <ul class="feed-list">{shown.map((event) => <FeedRow key={event.id} event={event} />)}</ul>;
}
