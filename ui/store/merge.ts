/**
 * @module
 * The history's filters, and how fresh events join what was read from the database. Pure.
 */
import type { EventType, IntercomEvent } from "../types.ts";

/** What of the history is wanted. `from` and `to` are ISO 8601, empty for no bound. */
export interface EventChoice {
  mac: string;
  type: "" | EventType;
  from: string;
  to: string;
}

/** Joins fresh events with read ones: each once, newest first. */
export function mergeEvents(
  fresh: readonly IntercomEvent[],
  read: readonly IntercomEvent[],
): IntercomEvent[] {
  const known = new Set(read.map(({ id }) => id));
  const oldest = read.at(-1)?.received_at;
  // What is older than the page that was read will come with the next page.
  const added = fresh.filter((event) => !known.has(event.id) && (!oldest || event.received_at >= oldest));
  if (!added.length) return [...read];
  return [...added, ...read].sort((a, b) => a.received_at < b.received_at ? 1 : -1);
}

/** Whether an event is one of the wanted. */
export function wanted(event: IntercomEvent, choice: EventChoice): boolean {
  const at = Date.parse(event.received_at);
  return (choice.mac === "" || event.mac === choice.mac) &&
    (choice.type === "" || event.type === choice.type) &&
    (choice.from === "" || at >= Date.parse(choice.from)) &&
    (choice.to === "" || at < Date.parse(choice.to));
}
