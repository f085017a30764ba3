/**
 * @module
 * Which calls have a card for a person, and what the card says. Pure: the calls and the time come in.
 * A card appears when a call rings for the person, or when they talk in it; how it went is told for seconds, then it closes.
 */
import { isOver, ringFor, talksIn } from "./calls.ts";
import type { Call } from "../types.ts";

/** How long the end of a card is told. */
export const TOLD_FOR_MS = 4000;
/** Between the ring's end and the conversation's start a moment passes; longer than this the call is somebody else's. */
export const QUIET_FOR_MS = 2000;

/** What a card says. Only the first two are about something that can be acted on. */
export type CardPhase =
  | "ringing"
  | "talking"
  /** It goes on without the person. */
  | "left"
  /** It rings elsewhere, or is about to be answered. */
  | "quiet"
  | "elsewhere"
  | "missed"
  | "rejected"
  | "ended";

/** One card. */
export interface Card {
  call: Call;
  phase: CardPhase;
  /** Since when it says so, milliseconds of the service's clock. */
  at: number;
  /** Whether it has rung here: a call that never did is shown folded. */
  rang: boolean;
}

/** The cards by the ids of their calls, in the order in which they came. */
export type Cards = ReadonlyMap<string, Card>;

/** For whom the cards are, and what is known of them beside the calls. */
export interface Viewpoint {
  userId: number | undefined;
  /** Milliseconds of the service's clock. */
  now: number;
  /** Cards that stay past their time: somebody writes in them. */
  held: ReadonlySet<string>;
  /** Calls that this person rejected here. */
  refused?: ReadonlySet<string>;
}

/** The cards after a change of the calls or of the time; the same map when nothing changed. */
export function trackCards(
  before: Cards,
  calls: ReadonlyMap<string, Call>,
  { userId, now, held, refused }: Viewpoint,
): Cards {
  const after = new Map<string, Card>();
  // A card keeps its place: what comes goes behind it, or buttons would move under a hand.
  for (const id of [...before.keys(), ...arrivals(before, calls)]) {
    const call = calls.get(id);
    if (call === undefined) continue;
    const had = before.get(id);
    const phase = phaseOf(call, had, userId, refused?.has(id) ?? false);
    if (phase === null) continue;
    const rang = phase === "ringing" || (had?.rang ?? false);
    const same = had !== undefined && had.phase === phase;
    const card = same && had.call === call ? had : { call, phase, at: same ? had.at : now, rang };
    if (stays(card, now) || held.has(call.id)) after.set(call.id, card);
  }
  for (const [id, had] of before) {
    // The stream forgets a call after its minute; what was being told or written is not cut off by that.
    if (!calls.has(id) && !isActive(had) && (stays(had, now) || held.has(id))) after.set(id, had);
  }
  return sameCards(before, after) ? before : after;
}

/** Cards in the order of their urgency: what rings, the longest wait first; what talks; what is over. */
export function arrangeCards(cards: Cards): Card[] {
  return [...cards.values()].sort((a, b) =>
    rank(a) - rank(b) || (a.call.started_at < b.call.started_at ? -1 : 1)
  );
}

/** The first `limit` of an order of urgency, in the order in which they came. */
export function placeCards(urgent: readonly Card[], cards: Cards, limit: number): Card[] {
  const first = new Set(urgent.slice(0, limit).map(({ call }) => call.id));
  return [...cards.values()].filter(({ call }) => first.has(call.id));
}

function arrivals(before: Cards, calls: ReadonlyMap<string, Call>): string[] {
  const fresh = [...calls.values()].filter(({ id }) => !before.has(id));
  return fresh.sort((a, b) => a.started_at < b.started_at ? -1 : 1).map(({ id }) => id);
}

function rank({ phase }: Card): number {
  return phase === "ringing" ? 0 : phase === "talking" ? 1 : 2;
}

function isActive({ phase }: Card): boolean {
  return phase === "ringing" || phase === "talking";
}

function stays(card: Card, now: number): boolean {
  return isActive(card) || now - card.at < (card.phase === "quiet" ? QUIET_FOR_MS : TOLD_FOR_MS);
}

function phaseOf(
  call: Call,
  had: Card | undefined,
  userId: number | undefined,
  refused: boolean,
): CardPhase | null {
  if (!isOver(call)) {
    if (ringFor(call, userId)) return "ringing";
    if (talksIn(call, userId)) return "talking";
  }
  if (!had) return null;
  if (!isActive(had) && had.phase !== "quiet" && had.phase !== "left") return had.phase;
  // Whoever declined is told that, however the call ends for the others.
  if (refused && had.phase !== "talking" && had.phase !== "left" && call.answered_by === null) {
    return "rejected";
  }
  return isOver(call) ? endOf(call, had, userId) : goesOn(call, had, userId);
}

function goesOn(call: Call, had: Card, userId: number | undefined): CardPhase {
  if (had.phase === "talking" || had.phase === "left") return "left";
  if (call.status !== "answered") return "quiet";
  // Lifted here, and the bridge is not told yet.
  return call.answered_by?.user_id === userId ? "talking" : "elsewhere";
}

function endOf(call: Call, had: Card, userId: number | undefined): CardPhase {
  if (had.phase === "talking" || had.phase === "left") return "ended";
  if (call.status === "missed" || call.status === "rejected") return call.status;
  return call.answered_by?.user_id === userId ? "ended" : "elsewhere";
}

function sameCards(one: Cards, other: Cards): boolean {
  if (one.size !== other.size) return false;
  for (const [id, card] of other) if (one.get(id) !== card) return false;
  return true;
}
