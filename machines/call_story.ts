/**
 * @module
 * What a call's record means: who called whom, who talked when, how it stands and why it ended so. Pure, and the
 * same for the same record: nothing here depends on what was told first.
 */
import type { DialStatus } from "./call_events.ts";
import {
  type CallNote,
  type CallRecord,
  type ChannelRecord,
  compareIds,
  endOf,
  isLocal,
  type Stamped,
} from "./call_record.ts";
import { type Conversation, conversations, talkedMs } from "./call_talk.ts";
import type { CallStatus, EndReason, LegView } from "./views.ts";

/** A leg as the record tells it. Times on the steady clock. */
export interface Leg {
  id: string;
  channel: string;
  number: string | null;
  name: string | null;
  role: LegView["role"];
  state: LegView["state"];
  since: number;
  endedAt: number | null;
  outcome: LegView["outcome"];
  rangAt: number | null;
}

/** All that a call's record comes to. Times on the steady clock. */
export interface Story {
  /** False while nothing but ends was told of it: what is left of a call that began before anybody listened. */
  isWorthTelling: boolean;
  linkedId: string;
  channelId: string;
  direction: "inbound" | "outbound" | "internal";
  status: CallStatus;
  endReason: EndReason | null;
  caller: { number: string | null; name: string | null };
  receiver: string | null;
  startedAt: number;
  answeredAt: number | null;
  endedAt: number | null;
  /** The leg that lifted first. */
  answeredBy: string | null;
  accepted: { at: number; userId: number; name: string } | null;
  legs: Leg[];
  segments: Conversation[];
  durationMs: number;
  notes: CallNote[];
  remarks: string;
}

/** Causes of Q.850 that say that the far end cannot be had. */
const UNAVAILABLE = new Set(
  "1 2 3 4 5 6 20 22 27 28 29 31 34 38 41 42 44 47 50 57 58 65 88".split(" ").map(Number),
);
const BUSY = 17;
const DECLINED = 21;
const ANSWERED_ELSEWHERE = 26;

/** Tells a record's story. `internal` is the pattern of internal numbers. */
export function tell(record: CallRecord, internal: string): Story {
  const isInternal = numberTest(internal);
  const channels = Object.values(record.channels);
  const real = channels.filter((channel) => !isLocal(channel));
  const origin = originOf(record, real) ?? originOf(record, channels);
  const segments = conversations(record);
  const talkers = new Set(segments.flatMap(({ legs }) => legs));
  const ends = channels.map(endOf);
  const isOver = channels.length > 0 && ends.every((end) => end !== null);
  const endedAt = isOver ? Math.max(...ends as number[]) : null;
  const byAge = (one: ChannelRecord, other: ChannelRecord) =>
    one.createdAt - other.createdAt || compareIds(one.uniqueid, other.uniqueid);
  const callOffs = callOffsOf(record, real, origin);
  const legs = real.sort(byAge).map((channel) =>
    legOf(record, channel, { origin, segments, talkers, isInternal, callOffs })
  );
  const dialled = legs.filter((leg) => leg.role === "dialled");
  const notes = inOrder(record.notes);
  const [accepted] = notes.flatMap((note) => note.kind === "accepted" ? [note] : []);
  const receiver = receiverOf(origin, dialled);
  const literal = answerOf(record, dialled, origin);
  const talk = segments[0];
  const answeredAt = talk === undefined ? literal?.at ?? null : Math.min(talk.from, literal?.at ?? Infinity);
  const answeredBy = talk === undefined
    ? literal?.leg ?? null
    : answeringLeg(record, talk.legs, legs, origin?.uniqueid ?? null);
  const reason = endedAt === null
    ? null
    : answeredAt !== null
    ? isLost(channels, endedAt) ? "lost" as const : "hangup" as const
    : isLost(channels, endedAt)
    ? "lost" as const
    : reasonOf(record, dialled, origin);
  const callerNumber = origin === undefined ? null : callerNumberOf(origin, isInternal);
  return {
    isWorthTelling: channels.some(({ begun }) => begun),
    linkedId: record.linkedIds[0] ?? "",
    channelId: origin?.uniqueid ?? record.linkedIds[0] ?? "",
    direction: directionOf(origin, callerNumber, receiver, isInternal),
    status: statusOf(answeredAt !== null, reason),
    endReason: reason,
    caller: { number: callerNumber, name: origin?.callerName?.value ?? null },
    receiver,
    startedAt: channels.length === 0 ? 0 : Math.min(...channels.map(({ createdAt }) => createdAt)),
    answeredAt,
    endedAt,
    answeredBy,
    accepted: accepted === undefined
      ? null
      : { at: accepted.at, userId: accepted.by.userId, name: accepted.by.name },
    legs,
    segments,
    durationMs: talk === undefined
      ? literal === null ? 0 : Math.max(0, (endedAt ?? literal.at) - literal.at)
      : talkedMs(segments),
    notes,
    remarks: record.remarks?.value ?? "",
  };
}

/** Where a call rings: legs that were dialled by somebody and neither answered nor gave up. */
export function ringing(story: Story): Leg[] {
  return story.legs.filter((leg) => leg.role === "dialled" && leg.state === "ringing");
}

/** `777-ep` of `PJSIP/777-ep-0000000a`, without the technology and the counter. */
export function endpointOf(channel: string): string {
  return channel.replace(/^[^/]*\//, "").replace(/-[0-9a-f]{8,}(;[12])?$/i, "");
}

/** The channel that the call began with. */
function originOf(record: CallRecord, among: ChannelRecord[]): ChannelRecord | undefined {
  const free = among.filter((channel) =>
    !channel.dialled && (record.dials[channel.uniqueid]?.from ?? null) === null
  );
  const root = free.find(({ uniqueid }) => uniqueid === record.linkedIds[0]);
  const eldest = (channels: ChannelRecord[]) =>
    channels.length === 0
      ? undefined
      : channels.reduce((one, other) => compareIds(one.uniqueid, other.uniqueid) <= 0 ? one : other);
  return root ?? eldest(free);
}

function legOf(record: CallRecord, channel: ChannelRecord, known: {
  origin: ChannelRecord | undefined;
  segments: Conversation[];
  talkers: Set<string>;
  isInternal: (number: string) => boolean;
  callOffs: CallOffs;
}): Leg {
  const { origin, segments, talkers, isInternal, callOffs } = known;
  const dial = record.dials[channel.uniqueid];
  const endedAt = endOf(channel);
  const role = channel === origin ? "caller" : channel.dialled ? "dialled" : "joined";
  const talks = segments.find(({ legs, to }) => to === null && legs.includes(channel.uniqueid));
  const answered = talkers.has(channel.uniqueid) || channel.answerAt !== null ||
    dial?.end?.value === "ANSWER" || (dial?.end === undefined && channel.upAt !== null && role === "dialled");
  const over = endedAt !== null || (dial?.end ?? null) !== null;
  const outcome = role !== "dialled"
    ? null
    : answered
    ? "answered" as const
    : over
    ? outcomeOf(channel, dial?.end ?? null, {
      rejectedAt: rejectedAt(record, channel),
      calledOffAt: calledOffAt(callOffs, channel, dial?.beganAt ?? channel.createdAt),
    })
    : null;
  const rings = role === "dialled" && !answered && !over && channel.upAt === null;
  const rangAt = role === "dialled" ? dial?.beganAt ?? channel.ringingAt ?? channel.createdAt : null;
  return {
    id: channel.uniqueid,
    channel: channel.nameNow.value,
    number: role === "dialled" ? dialledNumberOf(channel, isInternal) : callerNumberOf(channel, isInternal),
    name: channel.callerName?.value ?? null,
    role,
    state: endedAt !== null
      ? "ended"
      : talks !== undefined
      ? "talking"
      : rings
      ? "ringing"
      : channel.upAt !== null
      ? "up"
      : "waiting",
    since: endedAt ?? talks?.from ?? (rings ? rangAt! : channel.upAt ?? channel.createdAt),
    endedAt,
    outcome,
    rangAt,
  };
}

/**
 * How an attempt that came to nothing ended. `calledOffAt`: from when on nobody wanted it any more; `rejectedAt`: when
 * it was asked from a page to be hung up.
 */
function outcomeOf(
  channel: ChannelRecord,
  end: Stamped<DialStatus> | null,
  { rejectedAt, calledOffAt }: { rejectedAt: number | null; calledOffAt: number | null },
): LegView["outcome"] {
  const cause = channel.hangup?.value ?? channel.hangupRequest?.value ?? null;
  const endedAt = end?.at ?? endOf(channel)!;
  if (rejectedAt !== null && rejectedAt <= endedAt) return "rejected_by_user";
  if (cause === DECLINED) return "declined";
  if (end?.value === "BUSY" || cause === BUSY) return "busy";
  if (end?.value === "CHANUNAVAIL" || end?.value === "CONGESTION") return "unavailable";
  if (cause === ANSWERED_ELSEWHERE) return "cancelled";
  if (calledOffAt !== null && calledOffAt <= endedAt) return "cancelled";
  // Asterisk calls it NOANSWER too when the far end said that there is nobody of that number.
  const gaveUp = end === null || end.value === "NOANSWER";
  return gaveUp && cause !== null && UNAVAILABLE.has(cause) ? "unavailable" : "no_answer";
}

function rejectedAt(record: CallRecord, { uniqueid }: ChannelRecord): number | null {
  const moments = record.notes.flatMap((note) =>
    note.kind === "rejected" && note.uniqueids.includes(uniqueid) ? [note.at] : []
  );
  return moments.length === 0 ? null : Math.min(...moments);
}

/** What can make an end of attempts beside those who are dialled. */
interface CallOffs {
  /** When the caller first gave up, or null. */
  givenUpAt: number | null;
  /** Who lifted, the earliest first. A queue may have tried a thousand, and few of them lift. */
  lifts: { id: string; at: number }[];
}

function callOffsOf(record: CallRecord, real: ChannelRecord[], origin: ChannelRecord | undefined): CallOffs {
  const caller = origin?.callerNumber?.value ?? null;
  const moments = record.notes.flatMap((note) => {
    if (note.kind === "queue_abandoned") return [note.at];
    // By a page the PBX is told to hang up, and then it is not the far side that asks.
    return note.kind === "hangup_asked" && caller !== null && note.by.number === caller ? [note.at] : [];
  });
  if (origin?.hangupRequest != null) moments.push(origin.hangupRequest.at);
  return {
    givenUpAt: moments.length === 0 ? null : Math.min(...moments),
    lifts: real.flatMap(({ uniqueid, dialled, upAt }) =>
      dialled && upAt !== null ? [{ id: uniqueid, at: upAt }] : []
    ).sort((one, other) => one.at - other.at),
  };
}

/** When others than the dialled made an end of an attempt: the caller gave up, or somebody else lifted. */
function calledOffAt(
  { givenUpAt, lifts }: CallOffs,
  { uniqueid }: ChannelRecord,
  beganAt: number,
): number | null {
  // Who had lifted before it began to ring, and then transferred the call, calls nothing off.
  const lift = lifts.find(({ id, at }) => id !== uniqueid && at >= beganAt)?.at ?? null;
  return givenUpAt === null || lift === null ? givenUpAt ?? lift : Math.min(givenUpAt, lift);
}

/** Why nobody was reached. Of several attempts the one tells most that left a caller waiting. */
function reasonOf(record: CallRecord, dialled: Leg[], origin: ChannelRecord | undefined): EndReason {
  const abandoned = record.notes.some(({ kind }) => kind === "queue_abandoned");
  if (dialled.length === 0) {
    if (abandoned || origin?.hangupRequest != null) return "abandoned";
    const cause = origin?.hangup?.value ?? null;
    if (cause === BUSY) return "busy";
    if (cause === DECLINED) return "declined";
    return cause !== null && UNAVAILABLE.has(cause) ? "unavailable" : "abandoned";
  }
  const outcomes = new Set(dialled.map(({ outcome }) => outcome));
  if (abandoned || outcomes.has("cancelled")) return "caller_gave_up";
  // Somebody lifted and met nobody: the caller was gone, or is taken to be by now.
  if (outcomes.has("answered")) return origin?.hangupRequest == null ? "no_answer" : "caller_gave_up";
  if (outcomes.has("no_answer")) return "no_answer";
  // Phones that never rang leave it to those that did: who declines as the last of them ends the call.
  if (outcomes.has("rejected_by_user")) return "rejected_by_user";
  if (outcomes.has("declined")) return "declined";
  return outcomes.has("busy") ? "busy" : "unavailable";
}

function statusOf(answered: boolean, reason: EndReason | null): CallStatus {
  if (reason === null) return answered ? "answered" : "incoming";
  if (answered) return "completed";
  return reason === "declined" || reason === "rejected_by_user" ? "rejected" : "missed";
}

/** Whether the last that is known of the call is that it was gone. */
function isLost(channels: ChannelRecord[], endedAt: number): boolean {
  return channels.some((channel) => channel.hangup === null && channel.lost === endedAt) &&
    !channels.some((channel) => channel.hangup?.at === endedAt);
}

function receiverOf(origin: ChannelRecord | undefined, dialled: Leg[]): string | null {
  if (origin === undefined) return dialled[0]?.number ?? null;
  return origin.dialledExten ?? origin.exten?.value ?? dialled[0]?.number ?? null;
}

function directionOf(
  origin: ChannelRecord | undefined,
  caller: string | null,
  receiver: string | null,
  isInternal: (number: string) => boolean,
): Story["direction"] {
  const inside = (caller !== null && isInternal(caller)) ||
    (origin !== undefined && isInternal(ownNumberOf(origin)));
  if (!inside) return "inbound";
  // Short codes and codes with a star lead to the PBX itself.
  return receiver !== null && !isInternal(receiver) && /^\+?\d{5,}$/.test(receiver) ? "outbound" : "internal";
}

/** Who lifted first, of those who talked first. */
function answeringLeg(
  record: CallRecord,
  talkers: string[],
  legs: Leg[],
  origin: string | null,
): string | null {
  const others = talkers.filter((id) => id !== origin);
  const dialled = others.filter((id) => record.channels[id]?.dialled);
  return legs.find(({ id }) => (dialled.length > 0 ? dialled : others).includes(id))?.id ?? null;
}

/** What the literal `Answer` of some PBXs tells: the first who was dialled and lifted, else that somebody did. */
function answerOf(
  record: CallRecord,
  dialled: Leg[],
  origin: ChannelRecord | undefined,
): { at: number; leg: string | null } | null {
  const answered = Object.values(record.channels).filter(({ answerAt }) => answerAt !== null);
  if (answered.length === 0) return null;
  const byThem = answered.filter((channel) => channel !== origin);
  const among = byThem.length > 0 ? byThem : answered;
  const [first] = among.sort((one, other) =>
    one.answerAt! - other.answerAt! || compareIds(one.uniqueid, other.uniqueid)
  );
  return { at: first!.answerAt!, leg: dialled.find(({ id }) => id === first!.uniqueid)?.id ?? null };
}

/** The number of a phone that was dialled: its endpoint's, for the caller number may be that of its group. */
function dialledNumberOf(channel: ChannelRecord, isInternal: (number: string) => boolean): string | null {
  const own = ownNumberOf(channel);
  if (isInternal(own)) return own;
  return channel.callerNumber?.value ?? channel.exten?.value ?? null;
}

function callerNumberOf(channel: ChannelRecord, isInternal: (number: string) => boolean): string | null {
  const own = ownNumberOf(channel);
  return channel.callerNumber?.value ?? (isInternal(own) ? own : null);
}

/** The number that a phone's endpoint is named by. */
function ownNumberOf(channel: ChannelRecord): string {
  return endpointOf(channel.name.value).replace(/-ep$/, "");
}

/** The earliest first; of two at once always the same, whichever came first. */
function inOrder(notes: readonly CallNote[]): CallNote[] {
  const text = (note: CallNote) => JSON.stringify(note);
  return [...notes].sort((one, other) => one.at - other.at || (text(one) < text(other) ? -1 : 1));
}

/** No internal number is longer. */
const LONGEST_INTERNAL = 20;

const tests = new Map<string, RegExp>();

function numberTest(pattern: string): (number: string) => boolean {
  let test = tests.get(pattern);
  if (test === undefined) tests.set(pattern, test = new RegExp(pattern));
  // A caller writes what it likes, and a poor pattern takes longer with each character.
  return (number) => number.length <= LONGEST_INTERNAL && test.test(number);
}
