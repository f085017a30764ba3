/**
 * @module
 * A call's course as lanes to be drawn: one for each party, with when it was on the line, rang and talked. Pure.
 */
import type { CallDetail, CallMoment, Leg, Party } from "../types.ts";

/** What a party did for a while. */
export interface Stretch {
  kind: "line" | "rang" | "talked";
  /** Milliseconds. */
  from: number;
  to: number;
}

/** One party's lane. */
export interface Lane {
  key: string;
  party: Party;
  stretches: Stretch[];
}

/** The picture of a call. `from` and `to` are milliseconds. */
export interface Course {
  from: number;
  to: number;
  lanes: Lane[];
}

/** Ends of a ring, as the course tells them. */
const RING_ENDS: readonly CallMoment["kind"][] = ["answered", "not_answered", "talking", "rejected"];

/** The lanes of a call, in the order in which the parties came. `now` is where a call that lives ends. */
export function courseOf(call: CallDetail, now: number): Course {
  const from = Date.parse(call.started_at);
  const to = Math.max(from + 1000, call.ended_at === null ? now : Date.parse(call.ended_at));
  const lanes = new Map<string, Lane>();
  for (const leg of call.legs) {
    const key = keyOf(leg) ?? leg.id;
    if (!lanes.has(key)) lanes.set(key, { key, party: leg, stretches: [] });
  }
  const ends = { from, to };
  for (const lane of lanes.values()) {
    const legs = call.legs.filter((leg) => (keyOf(leg) ?? leg.id) === lane.key);
    lane.stretches = [
      ...legs.map((leg) => lineOf(leg, legs, call, ends)),
      ...ringsOf(lane.key, legs, call, ends),
      ...talksOf(legs, call, ends),
    ].filter((stretch) => stretch.to > stretch.from);
  }
  return { from, to, lanes: [...lanes.values()] };
}

/** Whether the number to which a call was last sent on stopped ringing without an answer. */
export function transferFailed(call: CallDetail): boolean {
  const { transferred: gave, segments, legs } = call;
  if (gave === null || gave.to === null) return false;
  const at = Date.parse(gave.at);
  const since = (ended: string | null) => ended === null || Date.parse(ended) > at;
  // A group or a queue answers by another number than its own: then others talk than whoever gave the call away.
  const answered = segments.some(({ parties, ended_at }) =>
    since(ended_at) &&
    (parties.some(({ number }) => number === gave.to) ||
      !parties.some((party) => keyOf(party) === keyOf(gave.by)))
  );
  if (answered || call.rings.length > 0) return false;
  const rang = legs.some(({ number, ended_at }) =>
    number === gave.to && ended_at !== null && Date.parse(ended_at) > at
  );
  return rang || call.ended_at !== null;
}

interface Ends {
  from: number;
  to: number;
}

function lineOf(leg: Leg, legs: readonly Leg[], call: CallDetail, ends: Ends): Stretch {
  const to = leg.ended_at === null ? ends.to : Date.parse(leg.ended_at);
  // A phone that was rung before was not on the line meanwhile.
  const former = legs.flatMap(({ ended_at }) => ended_at === null ? [] : [Date.parse(ended_at)])
    .filter((at) => at < to);
  const key = keyOf(leg);
  // A leg's own time is that of its last change: what came before is in the course.
  const starts = [
    leg.since,
    ...call.segments.filter(({ legs }) => legs.includes(leg.id)).map(({ started_at }) => started_at),
    ...call.timeline.filter(({ party }) => key !== null && party && keyOf(party) === key).map(({ at }) => at),
  ].map(Date.parse).filter((at) => at <= to && former.every((end) => at > end));
  const from = leg.role === "caller" ? ends.from : Math.min(...starts, to);
  return { kind: "line", ...within(from, to, ends) };
}

function ringsOf(key: string, legs: readonly Leg[], call: CallDetail, ends: Ends): Stretch[] {
  const own = call.timeline.filter((moment) => moment.party && keyOf(moment.party) === key);
  const stops = [
    ...own.filter(({ kind }) => RING_ENDS.includes(kind)).map(({ at }) => at),
    ...talksOf(legs, call, ends).map(({ from }) => new Date(from).toISOString()),
    ...legs.map(({ ended_at }) => ended_at).filter((at) => at !== null),
  ].map(Date.parse);
  return own.filter(({ kind }) => kind === "ringing").map(({ at }) => {
    const start = Date.parse(at);
    const stop = Math.min(...stops.filter((one) => one >= start), ends.to);
    return { kind: "rang" as const, ...within(start, stop, ends) };
  });
}

function talksOf(legs: readonly Leg[], call: CallDetail, ends: Ends): Stretch[] {
  const ids = new Set(legs.map(({ id }) => id));
  return call.segments.filter((segment) => segment.legs.some((id) => ids.has(id))).map((segment) => ({
    kind: "talked" as const,
    ...within(
      Date.parse(segment.started_at),
      segment.ended_at === null ? ends.to : Date.parse(segment.ended_at),
      ends,
    ),
  }));
}

function within(from: number, to: number, ends: Ends): { from: number; to: number } {
  return { from: Math.max(ends.from, from), to: Math.min(ends.to, Math.max(from, to)) };
}

function keyOf(party: Party): string | null {
  if (party.number !== null) return `number ${party.number}`;
  return party.user_id === null ? null : `user ${party.user_id}`;
}
