/**
 * @module
 * Short words for what a PBX says of one call, each at a moment: a caller, phones that are dialled, their bridges.
 */
import type { CallActor, CallEvent, ChannelSeen, DialStatus, Room } from "../../machines/call_events.ts";
import { learn } from "../../machines/call_learning.ts";
import { newRecord } from "../../machines/call_record.ts";
import { type Story, tell } from "../../machines/call_story.ts";
import { INTERNAL } from "./call_sets.ts";

/** A channel as its events tell of it; Linkedid and number are its own unless told. */
export function leg(uniqueid: string, name: string, more: Partial<ChannelSeen> = {}): ChannelSeen {
  return {
    uniqueid,
    linkedid: "1.1",
    name,
    state: null,
    callerNumber: null,
    callerName: null,
    exten: null,
    context: null,
    ...more,
  };
}

export const CALLER = leg("1.1", "PJSIP/trunk-ep-00000001", { callerNumber: "74951234567" });
export const PHONE = leg("1.2", "PJSIP/777-ep-00000002", { callerNumber: "777" });
export const SECOND = leg("1.3", "PJSIP/888-ep-00000003", { callerNumber: "888" });
export const IVAN: CallActor = { userId: 1, name: "Ivan Ivanov", number: "777" };
export const OTHER: CallActor = { userId: 2, name: "Somebody Else", number: "888" };

export const created = (at: number, channel: ChannelSeen, exten = "777"): CallEvent => ({
  type: "channel.seen",
  at,
  channel: { ...channel, exten },
  created: true,
});
export const seen = (at: number, channel: ChannelSeen, state: number | null = null): CallEvent => ({
  type: "channel.seen",
  at,
  channel: { ...channel, state },
  created: false,
});
export const began = (at: number, to: ChannelSeen, from: ChannelSeen | null = CALLER): CallEvent => ({
  type: "dial.began",
  at,
  from,
  to,
});
export const dialEnded = (
  at: number,
  to: ChannelSeen,
  status: DialStatus,
  from: ChannelSeen | null = CALLER,
): CallEvent => ({ type: "dial.ended", at, from, to, status });
export const entered = (at: number, channel: ChannelSeen, bridge = "b", room: Room = "talk"): CallEvent => ({
  type: "bridge.entered",
  at,
  channel,
  bridge,
  room,
});
export const left = (at: number, channel: ChannelSeen, bridge = "b"): CallEvent => ({
  type: "bridge.left",
  at,
  channel,
  bridge,
});
export const gaveUp = (
  at: number,
  channel: ChannelSeen = CALLER,
  cause: number | null = null,
): CallEvent => ({
  type: "channel.hangup_requested",
  at,
  channel,
  cause,
});
export const hungup = (at: number, channel: ChannelSeen, cause: number | null = 16): CallEvent => ({
  type: "channel.hungup",
  at,
  channel,
  cause,
});

/** A call that comes and rings at phones, all at once. */
export const rings = (at: number, ...phones: ChannelSeen[]): CallEvent[] => [
  created(at, CALLER),
  ...phones.flatMap((phone) => [created(at, phone, "s"), began(at, phone), seen(at, phone, 5)]),
];

/** A phone lifts, and talks with the caller. */
export const lifts = (at: number, phone: ChannelSeen, bridge = "b"): CallEvent[] => [
  seen(at, phone, 6),
  dialEnded(at, phone, "ANSWER"),
  seen(at, CALLER, 6),
  entered(at, phone, bridge),
  entered(at, CALLER, bridge),
];

/** Everybody is gone. */
export const over = (at: number, ...channels: ChannelSeen[]): CallEvent[] =>
  channels.map((channel) => hungup(at, channel));

/** What events come to. */
export function story(...events: CallEvent[]): Story {
  return tell(events.reduce(learn, newRecord()), INTERNAL);
}

/** Conversations in a line: `1.1+1.2 5-9`, open ones without an end. */
export function talks({ segments }: Story): string[] {
  return segments.map(({ legs, from, to }) => `${legs.join("+")} ${from}-${to ?? ""}`);
}

/** Outcomes of the dialled legs by number. */
export function outcomes({ legs }: Story): Record<string, string | null> {
  return Object.fromEntries(
    legs.filter(({ role }) => role === "dialled").map(({ number, outcome }) => [number ?? "?", outcome]),
  );
}
