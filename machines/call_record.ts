/**
 * @module
 * What is known of a call, as sets: channels, dial attempts, stays in bridges, notes. How it grows is told by
 * `call_learning.ts`, what it means by `call_story.ts`.
 */
import type { CallActor, DialStatus, Room } from "./call_events.ts";

/** A value with the moment it is from. */
export interface Stamped<T> {
  at: number;
  value: T;
}

/** What is known of one channel. Of values that change, the earliest is kept: it is what the call began with. */
export interface ChannelRecord {
  uniqueid: string;
  /** Its first name, by which it is known to people. */
  name: Stamped<string>;
  /** Its newest name, by which a PBX can be told what to do with it. */
  nameNow: Stamped<string>;
  createdAt: number;
  /** False while nothing but its end was told. */
  begun: boolean;
  /** What was dialled, from the channel's very first event. */
  dialledExten: string | null;
  exten: Stamped<string> | null;
  context: Stamped<string> | null;
  callerNumber: Stamped<string> | null;
  callerName: Stamped<string> | null;
  upAt: number | null;
  ringingAt: number | null;
  /** The literal `Answer` of some PBXs. */
  answerAt: number | null;
  hangupRequest: Stamped<number | null> | null;
  hangup: Stamped<number | null> | null;
  /** When it was last known to live, of a channel that was gone when the link came back. */
  lost: number | null;
  /** True for the far end of a dial, also where the dial itself was not seen. */
  dialled: boolean;
}

/** One attempt to reach a channel. */
export interface DialRecord {
  to: string;
  from: string | null;
  beganAt: number;
  end: Stamped<DialStatus> | null;
}

/** A channel entering or leaving a bridge. */
export interface StayMark {
  channel: string;
  bridge: string;
  at: number;
  enters: boolean;
}

/** What happened beside channels and bridges, for the call's history. */
export type CallNote =
  | { kind: "picked_up"; at: number; by: string; target: string }
  | {
    kind: "transferred";
    at: number;
    how: "blind" | "attended";
    by: string;
    to: string | null;
    success: boolean;
  }
  | { kind: "queued" | "dequeued" | "queue_abandoned"; at: number; channel: string; queue: string }
  | { kind: "parked"; at: number; channel: string; space: string }
  | { kind: "conference"; at: number; channel: string; conference: string }
  | { kind: "accepted" | "hangup_asked"; at: number; by: CallActor }
  | { kind: "rejected"; at: number; by: CallActor; uniqueids: string[] }
  | { kind: "transfer_asked"; at: number; by: CallActor; to: string };

/** All that is known of a call. */
export interface CallRecord {
  linkedIds: string[];
  channels: Record<string, ChannelRecord>;
  dials: Record<string, DialRecord>;
  stays: StayMark[];
  /** Bridges that are no plain ones. */
  rooms: Record<string, Exclude<Room, "talk">>;
  notes: CallNote[];
  remarks: Stamped<string> | null;
}

/** A call of which nothing is known. */
export function newRecord(): CallRecord {
  return {
    linkedIds: [],
    channels: {},
    dials: {},
    stays: [],
    rooms: {},
    notes: [],
    remarks: null,
  };
}

/** The later one of two ids that a PBX counts up, such as `1795147143.15`; positive when `one` is later. */
export function compareIds(one: string, other: string): number {
  const [a, b] = [parseId(one), parseId(other)];
  if (a === null || b === null) return one < other ? -1 : one > other ? 1 : 0;
  return a.seconds - b.seconds || a.count - b.count || (one < other ? -1 : one > other ? 1 : 0);
}

/** Whether a channel only leads from the PBX to itself. */
export function isLocal(channel: ChannelRecord): boolean {
  return channel.name.value.startsWith("Local/");
}

/** When a channel ended, or null. */
export function endOf(channel: ChannelRecord): number | null {
  return channel.hangup?.at ?? channel.lost;
}

function parseId(id: string): { seconds: number; count: number } | null {
  const match = /(\d+)\.(\d+)$/.exec(id);
  return match === null ? null : { seconds: Number(match[1]), count: Number(match[2]) };
}

/** The moment of the last that was told of the call. */
export function lastTold({ channels, dials, stays }: CallRecord): number {
  let last = -Infinity;
  for (
    const { createdAt, upAt, ringingAt, answerAt, nameNow, hangupRequest, hangup } of Object.values(channels)
  ) {
    for (const at of [createdAt, upAt, ringingAt, answerAt, nameNow.at, hangupRequest?.at, hangup?.at]) {
      last = Math.max(last, at ?? -Infinity);
    }
  }
  for (const { beganAt, end } of Object.values(dials)) last = Math.max(last, beganAt, end?.at ?? -Infinity);
  return stays.reduce((latest, { at }) => Math.max(latest, at), last);
}

/** The bridge that a channel is in by what is known, or null. */
export function bridgeNow(record: CallRecord, uniqueid: string): string | null {
  let last: StayMark | null = null;
  for (const mark of record.stays) {
    if (
      mark.channel === uniqueid &&
      (last === null || mark.at > last.at || (mark.at === last.at && mark.enters))
    ) {
      last = mark;
    }
  }
  return last?.enters ? last.bridge : null;
}
