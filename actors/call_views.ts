/**
 * @module
 * A call as it is shown: its story with times of the wall clock and with the names of whose numbers take part.
 * It decides nothing about the call.
 */
import type { CallNote } from "../machines/call_record.ts";
import { type Leg, ringing, type Story } from "../machines/call_story.ts";
import type { CallDetailView, CallMomentView, CallView, PartyView, SegmentView } from "../machines/views.ts";
import type { Clock } from "./clock.ts";

/** Whose numbers there are. */
export interface NumberBook {
  isInternal(number: string): boolean;
  ownerOf(number: string): { id: number; name: string } | null;
  companyOf(number: string): { id: number; name: string } | null;
}

interface Known {
  id: string;
  pbx: string;
  uncertain: boolean;
  book: NumberBook;
  clock: Clock;
  /** How it was shown before: whose phone talked then is a fact, whoever has the number by now. */
  before: CallDetailView | null;
}

/** The call with its legs, segments and timeline. */
export function callView(story: Story, known: Known): CallDetailView {
  const { book, before } = known;
  const shift = known.clock.toWall(0);
  const iso = (at: number) => isoOf(at + shift);
  const isoOr = (at: number | null) => at === null ? null : iso(at);
  const party = (number: string | null, name: string | null): PartyView => partyOf(book, number, name);
  const legs = new Map(story.legs.map((leg) => [leg.id, leg]));
  const kept = keptParties(before);
  const partyOfLeg = (id: string): PartyView => {
    const leg = legs.get(id);
    return kept.get(id) ?? party(leg?.number ?? null, leg?.name ?? null);
  };
  const caller = keptOr(before?.caller, party(story.caller.number, story.caller.name));
  const receiver = keptOr(
    before?.status === "incoming" ? null : before?.receiver,
    party(story.receiver, null),
  );
  const answered = story.answeredBy === null ? null : partyOfLeg(story.answeredBy);
  const outside = story.direction === "inbound"
    ? story.caller.number
    : story.direction === "outbound"
    ? story.receiver
    : null;
  const rings = ringing(story);
  return {
    id: known.id,
    pbx: known.pbx,
    linked_id: story.linkedId,
    direction: story.direction,
    status: story.status,
    end_reason: story.endReason,
    caller,
    receiver,
    company: before !== null && before.ended_at !== null
      ? before.company
      : outside === null
      ? null
      : book.companyOf(outside),
    answered_by: answered,
    accepted_by: story.accepted === null ? null : { id: story.accepted.userId, name: story.accepted.name },
    started_at: iso(story.startedAt),
    accepted_at: isoOr(story.accepted?.at ?? null),
    answered_at: isoOr(story.answeredAt),
    ended_at: isoOr(story.endedAt),
    duration: Math.round(story.durationMs / 1000),
    rings: rings.map((leg) => ({ ...partyOfLeg(leg.id), leg: leg.id, since: iso(leg.since) })),
    talking: story.legs.filter(({ state }) => state === "talking").map(({ id }) => partyOfLeg(id)),
    transferred: transferOf(story, partyOfLeg, iso),
    unknown_number: isUnknown(story, book),
    uncertain: known.uncertain && story.endedAt === null,
    party_ids: partyIds([caller, receiver, ...story.legs.map(({ id }) => partyOfLeg(id))], story),
    notes: story.remarks,
    legs: story.legs.map((leg) => ({
      ...partyOfLeg(leg.id),
      id: leg.id,
      channel: leg.channel,
      role: leg.role,
      state: leg.state,
      since: iso(leg.since),
      ended_at: isoOr(leg.endedAt),
      outcome: leg.outcome,
    })),
    segments: story.segments.map(({ legs, from, to }): SegmentView => ({
      legs,
      parties: legs.map(partyOfLeg),
      started_at: iso(from),
      ended_at: isoOr(to),
    })),
    timeline: momentsOf(story, { party, partyOfLeg }).map(({ at, ...moment }) => ({
      at: iso(at),
      ...moment,
    })),
  };
}

/** Whether two views show the same. */
export function isSameView(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length &&
      one.every((item, index) => isSameView(item, other[index]));
  }
  // Both were made by the same hand: they have the same names.
  for (const name in one) {
    if (!isSameView(one[name as keyof typeof one], other[name as keyof typeof other])) return false;
  }
  return true;
}

/** What lists and streams tell of a call: all but its course. */
export function withoutCourse(detail: CallDetailView): CallView {
  const { legs: _legs, segments: _segments, timeline: _timeline, ...view } = detail;
  return view;
}

/** Moments that were written lately: a call tells the same ones again with each of its events. */
const written = new Map<number, string>();
const MOST_WRITTEN = 10_000;

function isoOf(wall: number): string {
  let text = written.get(wall);
  if (text === undefined) {
    if (written.size >= MOST_WRITTEN) written.clear();
    written.set(wall, text = new Date(wall).toISOString());
  }
  return text;
}

function partyOf(book: NumberBook, number: string | null, name: string | null): PartyView {
  const owner = number === null ? null : book.ownerOf(number);
  return { number, name: owner?.name ?? name, user_id: owner?.id ?? null };
}

/** Numbers at which it rang, or was meant to. */
function reached(story: Story): string[] {
  const rang = story.legs.flatMap((leg) => leg.role === "dialled" && leg.number !== null ? [leg.number] : []);
  return rang.length > 0 ? rang : story.receiver === null ? [] : [story.receiver];
}

/** A group's number is nobody's, and somebody's phones ring for it: so what rings counts, where something rings. */
function isUnknown(story: Story, book: NumberBook): boolean {
  const rang = story.legs.some(({ role }) => role === "dialled");
  if (story.direction === "outbound" || (!rang && story.endedAt === null)) return false;
  const inside = reached(story).filter((number) => book.isInternal(number));
  return inside.length > 0 && inside.every((number) => book.ownerOf(number) === null);
}

function partyIds(parties: PartyView[], story: Story): number[] {
  const ids = new Set(parties.flatMap(({ user_id }) => user_id ?? []));
  if (story.accepted !== null) ids.add(story.accepted.userId);
  return [...ids].sort((one, other) => one - other);
}

/** Legs that were shown as somebody's when they did more than ring. */
function keptParties(before: CallDetailView | null): Map<string, PartyView> {
  const kept = new Map<string, PartyView>();
  for (const { id, state, number, name, user_id } of before?.legs ?? []) {
    if (user_id !== null && state !== "ringing" && state !== "waiting") {
      kept.set(id, { number, name, user_id });
    }
  }
  return kept;
}

function keptOr(before: PartyView | null | undefined, now: PartyView): PartyView {
  return before != null && before.user_id !== null && before.number === now.number ? before : now;
}

/** The last that was sent on to somebody else, be it by a phone or from a page. */
function transferOf(
  story: Story,
  partyOfLeg: (id: string) => PartyView,
  iso: (at: number) => string,
): CallView["transferred"] {
  const note = story.notes.findLast(({ kind }) => kind === "transferred");
  if (note?.kind !== "transferred") return null;
  return { at: iso(note.at), by: partyOfLeg(note.by), to: note.to };
}

type Moment = Omit<CallMomentView, "at"> & { at: number };

function momentsOf(story: Story, { party, partyOfLeg }: {
  party: (number: string | null, name: string | null) => PartyView;
  partyOfLeg: (id: string) => PartyView;
}): Moment[] {
  const moments: Moment[] = [{
    at: story.startedAt,
    kind: "started",
    party: party(story.caller.number, story.caller.name),
    detail: story.receiver,
  }];
  for (const leg of story.legs) moments.push(...momentsOfLeg(leg, partyOfLeg(leg.id)));
  for (const [index, { legs, from }] of story.segments.entries()) {
    const others = legs.filter((id) => id !== story.channelId);
    const first = index === 0 ? story.answeredBy : others[0];
    moments.push({
      at: from,
      kind: index === 0 ? "answered" : "talking",
      party: first === null || first === undefined ? null : partyOfLeg(first),
      detail: legs.map((id) => partyOfLeg(id).number ?? "?").join(" – "),
    });
  }
  for (const note of story.notes) moments.push(momentOfNote(note, { party, partyOfLeg }));
  if (story.endedAt !== null) {
    const kind = story.endReason === "lost" ? "lost" : "ended";
    moments.push({ at: story.endedAt, kind, party: null, detail: story.endReason });
  }
  return moments.sort((one, other) => one.at - other.at);
}

function momentsOfLeg(leg: Leg, party: PartyView): Moment[] {
  if (leg.role !== "dialled") return [];
  const moments: Moment[] = leg.rangAt === null
    ? []
    : [{ at: leg.rangAt, kind: "ringing", party, detail: null }];
  if (leg.outcome !== null && leg.outcome !== "answered" && leg.endedAt !== null) {
    moments.push({ at: leg.endedAt, kind: "not_answered", party, detail: leg.outcome });
  }
  return moments;
}

function momentOfNote(note: CallNote, { party, partyOfLeg }: {
  party: (number: string | null, name: string | null) => PartyView;
  partyOfLeg: (id: string) => PartyView;
}): Moment {
  const { at } = note;
  switch (note.kind) {
    case "picked_up":
      return { at, kind: "picked_up", party: partyOfLeg(note.by), detail: partyOfLeg(note.target).number };
    case "transferred":
      return { at, kind: "transferred", party: partyOfLeg(note.by), detail: note.to };
    case "queued":
      return { at, kind: "queued", party: partyOfLeg(note.channel), detail: note.queue };
    case "dequeued":
    case "queue_abandoned":
      return { at, kind: "dequeued", party: partyOfLeg(note.channel), detail: note.queue };
    case "parked":
      return { at, kind: "parked", party: partyOfLeg(note.channel), detail: note.space };
    case "conference":
      return { at, kind: "conference", party: partyOfLeg(note.channel), detail: note.conference };
    case "accepted":
    case "rejected":
    case "hangup_asked":
      return { at, kind: note.kind, party: personOf(note.by, party), detail: null };
    case "transfer_asked":
      return { at, kind: "transfer_asked", party: personOf(note.by, party), detail: note.to };
    default:
      return note satisfies never;
  }
}

function personOf(
  by: { userId: number; name: string; number: string | null },
  party: (number: string | null, name: string | null) => PartyView,
): PartyView {
  return { ...party(by.number, by.name), name: by.name, user_id: by.userId };
}
