/**
 * @module
 * What an endpoint's changes, and the times in which its PBX was not heard, come to: stretches of time, and how long it
 * was there. Pure functions; times are milliseconds of the wall clock.
 */
import type { AvailabilityView, EndpointReason, EndpointStatus } from "../machines/endpoint_views.ts";

/** From a moment on it was so. */
export interface Change {
  at: number;
  status: EndpointStatus;
  reason: EndpointReason | null;
}

/** A time in which nothing could be known; without an end it goes on. */
export interface Gap {
  from: number;
  to: number | null;
}

/** It was so from one moment to another, or still is. */
export interface Stretch {
  from: number;
  to: number | null;
  status: EndpointStatus;
  reason: EndpointReason | null;
}

/**
 * Stretches from the first of the changes on, oldest first; what is the same goes on as one. Changes and gaps come in any
 * order, but of changes of one moment the last counts. Nothing is later than `now`, but that the last goes on.
 */
export function stretchesOf(changes: readonly Change[], gaps: readonly Gap[], now: number): Stretch[] {
  // What the wall clock says is later, before it was set, is so now.
  const sorted = changes.map((change) => ({ ...change, at: Math.min(change.at, now) }))
    .sort((one, other) => one.at - other.at);
  const first = sorted[0]?.at;
  if (first === undefined) return [];
  const covered = [...gaps]
    .map(({ from, to }) => ({
      from: Math.max(from, first),
      to: to === null || to >= now ? Infinity : to,
    }))
    .filter(({ from, to }) => to > from && from < now)
    .sort((one, other) => one.from - other.from);
  const stretches: Stretch[] = [];
  const add = (stretch: { from: number; to: number } & Pick<Stretch, "status" | "reason">) => {
    if (stretch.to <= stretch.from) return;
    const last = stretches.at(-1);
    const to = stretch.to === Infinity ? null : stretch.to;
    if (last !== undefined && last.status === stretch.status && last.reason === stretch.reason) last.to = to;
    else stretches.push({ ...stretch, to });
  };
  let passed = 0;
  for (const [index, { at, status, reason }] of sorted.entries()) {
    const end = sorted[index + 1]?.at ?? Infinity;
    let from = at;
    // Gaps of one PBX do not overlap but where rows of a run that was killed do: those that are over end in order.
    while (passed < covered.length && covered[passed]!.to <= from) passed++;
    for (let next = passed; next < covered.length && covered[next]!.from < end; next++) {
      const gap = covered[next]!;
      if (gap.to <= from) continue;
      add({ from, to: Math.min(gap.from, end), status, reason });
      add({
        from: Math.max(gap.from, from),
        to: Math.min(gap.to, end),
        status: "unknown",
        reason: "link_down",
      });
      from = Math.max(from, Math.min(gap.to, end));
    }
    add({ from, to: end, status, reason });
  }
  return stretches;
}

/** How long it was there between two moments. What is before the first stretch is not known. */
export function availabilityOf(stretches: readonly Stretch[], from: number, to: number): AvailabilityView {
  const sums = { online: 0, offline: 0, unknown: 0 };
  for (const stretch of stretches) {
    const ms = Math.min(stretch.to ?? to, to) - Math.max(stretch.from, from);
    if (ms > 0) sums[stretch.status] += ms;
  }
  const known = sums.online + sums.offline;
  return {
    online_s: Math.round(sums.online / 1000),
    offline_s: Math.round(sums.offline / 1000),
    unknown_s: Math.max(0, Math.round((to - from - known) / 1000)),
    ratio: known === 0 ? null : sums.online / known,
  };
}
