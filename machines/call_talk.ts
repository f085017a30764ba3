/**
 * @module
 * Who talked with whom, and when, from who was in which bridge. The two halves of a Local channel join the bridges
 * that they are in. Waiting rooms, such as a parking lot, are no conversations.
 */
import { type CallRecord, endOf, isLocal, type StayMark } from "./call_record.ts";

/** A stretch of time in which the same legs talked. */
export interface Conversation {
  /** Uniqueids, sorted. */
  legs: string[];
  from: number;
  /** Null while they talk. */
  to: number | null;
}

interface Stay {
  channel: string;
  bridge: string;
  from: number;
  to: number | null;
}

/**
 * A Local channel that takes itself out moves a leg from bridge to bridge, which Asterisk tells as a going and a coming
 * some milliseconds later. What breaks off for no longer than this, and goes on with the same legs, was one talk.
 */
const SWAP_MS = 250;

/** All conversations of a call, the earliest first. */
export function conversations(record: CallRecord): Conversation[] {
  if (record.stays.length === 0) return [];
  const stays = staysOf(record);
  const halves = localHalves(record);
  const moments = [...new Set(stays.flatMap(({ from, to }) => to === null ? [from] : [from, to]))]
    .sort((one, other) => one - other);
  const found: Conversation[] = [];
  let open: Conversation[] = [];
  for (const [index, from] of moments.entries()) {
    const to = moments[index + 1] ?? null;
    const present = stays.filter((stay) => stay.from <= from && (stay.to === null || stay.to > from));
    const groups = talkingGroups(present, halves, record);
    const now = groups.map((legs) => {
      const before = open.find((other) => isSameGroup(other.legs, legs));
      if (before === undefined) {
        const begun = { legs, from, to };
        found.push(begun);
        return begun;
      }
      before.to = to;
      return before;
    });
    open = now;
  }
  return found.length > 0 ? joined(inOrder(found)) : inOrder(briefOnes(stays, halves, record));
}

/** The talks, each that was broken off for a moment in one piece. */
function joined(found: readonly Conversation[]): Conversation[] {
  const kept: Conversation[] = [];
  for (const talk of found) {
    const before = kept.find(({ legs, to }) =>
      to !== null && talk.from >= to && talk.from - to <= SWAP_MS && isSameGroup(legs, talk.legs)
    );
    if (before === undefined) kept.push(talk);
    else before.to = talk.to;
  }
  return kept;
}

/**
 * Conversations of no length, for a call that has no other: what was told late, all at once, has but one moment, and
 * was an answer all the same.
 */
function briefOnes(stays: Stay[], halves: Map<string, string>, record: CallRecord): Conversation[] {
  const moments = new Set(stays.flatMap(({ from, to }) => from === to ? [from] : []));
  return [...moments].flatMap((at) => {
    const present = stays.filter(({ from, to }) => from <= at && (to === null || to >= at));
    const brief = new Set(present.flatMap(({ channel, from, to }) => from === to ? [channel] : []));
    return talkingGroups(present, halves, record).filter((legs) => legs.some((leg) => brief.has(leg)))
      .map((legs) => ({ legs, from: at, to: at }));
  });
}

function inOrder(found: Conversation[]): Conversation[] {
  return found.sort((one, other) => one.from - other.from || (one.legs.join() < other.legs.join() ? -1 : 1));
}

/** Milliseconds in which anybody talked; of a conversation that goes on, nothing yet. */
export function talkedMs(talks: readonly Conversation[]): number {
  let until = -Infinity;
  let sum = 0;
  for (const { from, to } of [...talks].sort((one, other) => one.from - other.from)) {
    if (to === null || to <= until) continue;
    sum += to - Math.max(from, until);
    until = to;
  }
  return sum;
}

/** When each channel was in which bridge, by its comings and goings. */
function staysOf(record: CallRecord): Stay[] {
  const marks = new Map<string, StayMark[]>();
  for (const mark of record.stays) {
    if (record.rooms[mark.bridge] === "waiting") continue;
    const name = `${mark.channel} ${mark.bridge}`;
    const known = marks.get(name);
    if (known === undefined) marks.set(name, [mark]);
    else known.push(mark);
  }
  const stays: Stay[] = [];
  for (const list of marks.values()) stays.push(...staysOfOne(list, record));
  return stays;
}

function staysOfOne(marks: StayMark[], record: CallRecord): Stay[] {
  const { channel, bridge } = marks[0]!;
  const known = record.channels[channel];
  const end = known === undefined ? null : endOf(known);
  const stays: Stay[] = [];
  let since: number | null = null;
  const close = (at: number) => {
    if (since !== null) stays.push({ channel, bridge, from: since, to: at });
    since = null;
  };
  marks.sort((one, other) => one.at - other.at);
  for (let index = 0; index < marks.length;) {
    const { at } = marks[index]!;
    if (end !== null && at > end) break;
    let enters = false;
    let leaves = false;
    for (; index < marks.length && marks[index]!.at === at; index++) {
      if (marks[index]!.enters) enters = true;
      else leaves = true;
    }
    // Of a coming and a going at the same moment, that one was first which could be.
    if (leaves && (since !== null || !enters)) close(at);
    else if (leaves && enters) {
      stays.push({ channel, bridge, from: at, to: at });
      continue;
    }
    if (enters) since ??= at;
  }
  if (end !== null) close(end);
  else if (since !== null) stays.push({ channel, bridge, from: since, to: null });
  return stays;
}

/** Each half of a Local channel by the other, by Uniqueid. */
function localHalves(record: CallRecord): Map<string, string> {
  const byName = new Map<string, string>();
  const halves = new Map<string, string>();
  for (const channel of Object.values(record.channels)) {
    if (!isLocal(channel)) continue;
    const name = channel.name.value.replace(/;[12]$/, "");
    const other = byName.get(name);
    if (other === undefined) byName.set(name, channel.uniqueid);
    else halves.set(channel.uniqueid, other).set(other, channel.uniqueid);
  }
  return halves;
}

/** The groups of two legs and more that hear each other; in a conference one is enough, the others are other calls. */
function talkingGroups(present: Stay[], halves: Map<string, string>, record: CallRecord): string[][] {
  const roomOf = new Map<string, string>();
  for (const { bridge } of present) roomOf.set(bridge, bridge);
  const root = (bridge: string): string => {
    let at = bridge;
    while (roomOf.get(at) !== at) at = roomOf.get(at)!;
    return at;
  };
  for (const { channel, bridge } of present) {
    const half = halves.get(channel);
    if (half === undefined) continue;
    for (const other of present) {
      if (other.channel === half) roomOf.set(root(bridge), root(other.bridge));
    }
  }
  const groups = new Map<string, Set<string>>();
  const conferences = new Set<string>();
  for (const { channel, bridge } of present) {
    const room = root(bridge);
    if (record.rooms[bridge] === "conference") conferences.add(room);
    const known = record.channels[channel];
    if (known === undefined || isLocal(known)) continue;
    const group = groups.get(room);
    if (group === undefined) groups.set(room, new Set([channel]));
    else group.add(channel);
  }
  return [...groups].filter(([room, { size }]) => size > 1 || conferences.has(room))
    .map(([, group]) => [...group].sort());
}

function isSameGroup(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((leg, index) => leg === other[index]);
}
