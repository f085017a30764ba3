/**
 * @module
 * An endpoint's history as the page draws it: with what the stream says since, and as stretches of a bar. Pure.
 */
import type { Endpoint, EndpointChange } from "../types.ts";

/** A stretch of a bar; `from` and `to` are shares of its length, 0 to 1. */
export interface Stretch {
  /** `unread`: before what was read of the history. `mixed`: it came and went. */
  status: Endpoint["status"] | "unread" | "mixed";
  from: number;
  to: number;
  /** Milliseconds. */
  at: number;
  until: number;
}

/** Lengths of the bars, milliseconds. */
export const SPANS = { day: 86_400_000, week: 7 * 86_400_000, month: 30 * 86_400_000 } as const;
/** A bar is cut into this many pieces at most: more cannot be told apart. */
const PIECES = 160;

/** What was read, newest first, with the state that the stream knows now on top of it. */
export function withPresent(items: readonly EndpointChange[], endpoint: Endpoint): EndpointChange[] {
  const now: EndpointChange = {
    status: endpoint.status,
    reason: endpoint.status_reason,
    at: endpoint.status_since,
    until: null,
  };
  const before = items.filter(({ at }) => Date.parse(at) < Date.parse(now.at));
  // What was read may be newer than the stream; then it holds.
  if (items.some(({ at }) => Date.parse(at) > Date.parse(now.at))) return [...items];
  return [now, ...before.map((item) => item.until === null ? { ...item, until: now.at } : item)];
}

/**
 * The last `spanMs` before `nowMs` as stretches from left to right, without gaps. What lies between two stretches of the
 * history is unknown; what lies before the oldest is unread while there is more to read.
 */
export function stretches(
  items: readonly EndpointChange[],
  { nowMs, spanMs, hasMore }: { nowMs: number; spanMs: number; hasMore: boolean },
): Stretch[] {
  const start = nowMs - spanMs;
  const found: Stretch[] = [];
  const add = (status: Stretch["status"], at: number, until: number) => {
    if (until <= at) return;
    const last = found.at(-1);
    if (last?.status === status) {
      last.until = until;
      last.to = (until - start) / spanMs;
      return;
    }
    found.push({ status, at, until, from: (at - start) / spanMs, to: (until - start) / spanMs });
  };
  let reached = start;
  for (const item of [...items].reverse()) {
    const at = Math.max(reached, Date.parse(item.at));
    const until = Math.min(nowMs, item.until === null ? nowMs : Date.parse(item.until));
    if (until <= reached || at >= nowMs) continue;
    add(found.length === 0 && hasMore ? "unread" : "unknown", reached, at);
    add(item.status, at, until);
    reached = Math.max(reached, until);
  }
  add(found.length === 0 && hasMore ? "unread" : "unknown", reached, nowMs);
  return joined(found, spanMs);
}

/** With more stretches than can be told apart: pieces of one length; one in which it came and went is mixed. */
function joined(all: readonly Stretch[], spanMs: number): Stretch[] {
  if (all.length <= PIECES) return [...all];
  const start = all[0]!.at;
  const long = spanMs / PIECES;
  const found: Stretch[] = [];
  let next = 0;
  for (let piece = 0; piece < PIECES; piece++) {
    const at = start + piece * long;
    const until = at + long;
    while (all[next]!.until <= at && next < all.length - 1) next++;
    let status = all[next]!.status;
    for (let index = next; index < all.length && all[index]!.at < until; index++) {
      if (all[index]!.status !== status) status = "mixed";
    }
    const last = found.at(-1);
    const to = (piece + 1) / PIECES;
    if (last?.status === status) {
      last.until = until;
      last.to = to;
    } else found.push({ status, at, until, from: piece / PIECES, to });
  }
  return found;
}

/** How much of its known time an endpoint was there, in the language's digits; what rounds to all but is not is 99.9. */
export function percent(ratio: number, format: (n: number) => string): string {
  const share = ratio * 100;
  const shown = share >= 99.95 && share < 100 ? 99.9 : share <= 0.05 && share > 0 ? 0.1 : share;
  return format(Math.round(shown * 10) / 10);
}
