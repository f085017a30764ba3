/**
 * @module
 * Calls told by the pure part of the machine alone: events sorted into calls by their ids, learned in the order given,
 * and told. It routes by looking at all events at once, as no live service can.
 */
import { channelsOf } from "../../actors/ami/decode.ts";
import type { CallEvent } from "../../machines/call_events.ts";
import { learn } from "../../machines/call_learning.ts";
import { type CallRecord, newRecord } from "../../machines/call_record.ts";
import { type Story, tell } from "../../machines/call_story.ts";

/** The pattern of internal numbers that tests go by. */
export const INTERNAL = "^\\d{2,4}$";

/** The record of each call, in the order of their Linkedids. */
export function recordsOf(events: readonly CallEvent[]): CallRecord[] {
  const parents = new Map<string, string>();
  const root = (id: string): string => {
    const parent = parents.get(id) ?? id;
    return parent === id ? id : root(parent);
  };
  const idsOf = (event: CallEvent) =>
    channelsOf(event).flatMap(({ uniqueid, linkedid }) => [uniqueid, linkedid]).filter((id) => id !== "");
  for (const event of events) {
    const [first, ...others] = idsOf(event);
    for (const other of others) parents.set(root(other), root(first!));
  }
  const records = new Map<string, CallRecord>();
  for (const event of events) {
    const call = root(idsOf(event)[0]!);
    records.set(call, learn(records.get(call) ?? newRecord(), event));
  }
  return [...records.values()].sort((one, other) => one.linkedIds[0]! < other.linkedIds[0]! ? -1 : 1);
}

/** The story of each call. */
export function storiesOf(events: readonly CallEvent[]): Story[] {
  return recordsOf(events).map((record) => tell(record, INTERNAL));
}

/** What a story comes to, without names and moments that do not matter: the same for any order of the same events. */
export function essence(story: Story) {
  const { caller, receiver, direction, status, endReason, startedAt, answeredAt, endedAt, answeredBy } =
    story;
  return {
    caller,
    receiver,
    direction,
    status,
    endReason,
    startedAt,
    answeredAt,
    endedAt,
    answeredBy,
    legs: story.legs.map(({ id, number, role, outcome, rangAt, endedAt, state }) => ({
      id,
      number,
      role,
      outcome,
      rangAt,
      endedAt,
      state,
    })),
    segments: story.segments,
    durationMs: story.durationMs,
  };
}
