/**
 * @module
 * Calls as the parts of the page read them: the cards of the person who is logged in, and the live ones.
 */
import { computed, effect, signal } from "@preact/signals";
import { doings, forget } from "./call_actions.ts";
import { arrangeLive, isOver, isOwnNow, ringFor, takenBy } from "./calls.ts";
import { arrangeCards, type Card, type Cards, trackCards } from "./cards.ts";
import { now } from "./clock.ts";
import { calls, links, stream } from "./live.ts";
import { isFresh } from "./live_calls.ts";
import { mayOperate, me } from "./session.ts";
import type { Call, Link } from "../types.ts";

/** The cards of this person. */
export const cards = signal<Cards>(new Map());
/** Cards that were folded or unfolded by hand. */
const folds = signal<ReadonlyMap<string, boolean>>(new Map());
/** Cards that were closed by hand, after their end. */
const closed = signal<ReadonlySet<string>>(new Set());
/** Cards in which somebody writes: they wait for them. */
export const writing = signal<ReadonlySet<string>>(new Set());

/** The cards to be shown, the most urgent first. */
export const shownCards = computed(() =>
  arrangeCards(cards.value).filter(({ call }) => !closed.value.has(call.id))
);
/** The cards that ring. */
export const ringingCards = computed(() => shownCards.value.filter(({ phase }) => phase === "ringing"));

/** Calls that live and those that just ended. */
export const liveCalls = computed(() => {
  // Only calls that are over follow the clock: most of the time none is there.
  const all = [...calls.value.values()];
  const fresh = all.some(isOver) ? all.filter((call) => isFresh(call, now.value)) : all;
  return arrangeLive(fresh, me.value?.id);
});
/** Calls that live: to operators all of them, to others their own at this moment. */
export const livingCalls = computed(() =>
  liveCalls.value.filter((call) => mayOperate.value ? !isOver(call) : isOwnNow(call, me.value?.id))
);

/** The call whose card has the focus. */
export const focusedCall = signal<string | null>(null);

/** On which call each key acts: the one that has the focus, else the first that still offers the deed. */
export const keyTargets = computed(() => ({ accept: targetOf("accept"), reject: targetOf("reject") }));

function targetOf(deed: "accept" | "reject"): Call | undefined {
  const offers = ringingCards.value.filter(({ call }) => {
    const doing = doings.value.get(call.id);
    if (doing?.state === "busy") return false;
    const taken = takenBy(call, ringFor(call, me.value?.id));
    const accepted = doing?.state === "done" || taken !== null && taken.id === me.value?.id;
    // Rejecting is offered until the phone stops ringing; accepting only once.
    return deed === "reject" ? !(doing?.state === "done" && doing.deed === "reject") : !accepted;
  });
  return (offers.find(({ call }) => call.id === focusedCall.value) ?? offers[0])?.call;
}

/** Whether a card is folded to a bar: by hand, or since its call never rang here. */
export function isFolded({ call, phase, rang }: Card): boolean {
  return folds.value.get(call.id) ?? (phase === "talking" && !rang);
}

/** Folds a card to a bar, or unfolds it. */
export function fold(id: string, folded: boolean): void {
  folds.value = new Map(folds.peek()).set(id, folded);
}

/** Takes a card off the screen whose call is over for this person. */
export function closeCard(id: string): void {
  closed.value = new Set(closed.peek()).add(id);
  writes(id, false);
}

/** Says whether somebody writes in a card. */
export function writes(id: string, on: boolean): void {
  if (writing.peek().has(id) === on) return;
  const next = new Set(writing.peek());
  if (on) next.add(id);
  else next.delete(id);
  writing.value = next;
}

/** The link to the PBX of a call, where it is known. */
export function linkOf(call: Call): Link | undefined {
  return links.value.find(({ id }) => id === `asterisk:${call.pbx}`) ??
    links.value.find(({ id }) => id === "asterisk");
}

/** Starts to follow the calls of whoever is logged in. */
export function trackCalls(): void {
  effect(() => {
    const before = cards.peek();
    // Nobody's clock ticks for nothing.
    const at = before.size || calls.value.size ? now.value : 0;
    const refused = new Set(
      [...doings.value].filter(([, { deed, state }]) => deed === "reject" && state === "done").map(([id]) =>
        id
      ),
    );
    const after = trackCards(before, calls.value, {
      userId: me.value?.id,
      now: at,
      held: writing.value,
      refused,
    });
    if (after === before) return;
    cards.value = after;
    for (const id of before.keys()) if (!after.has(id)) tidy(id);
    // What was done at it before it came back says nothing of what can be done now.
    for (const [id, { phase }] of after) {
      const had = before.get(id)?.phase;
      if ((phase === "ringing" || phase === "talking") && had !== phase && had !== "ringing") forget(id);
    }
  });
}

function tidy(id: string): void {
  forget(id);
  if (folds.peek().has(id)) {
    const next = new Map(folds.peek());
    next.delete(id);
    folds.value = next;
  }
  if (closed.peek().has(id)) {
    const next = new Set(closed.peek());
    next.delete(id);
    closed.value = next;
  }
}

/** Cards for which there is a reason to make a sound: they ring, are in view, and nobody takes them already. */
export const soundingCards = computed(() => {
  // With the stream cut nobody would say that the ring is over: it would never end.
  if (stream.value.phase === "cut") return [];
  return ringingCards.value.filter((card) => {
    const doing = doings.value.get(card.call.id);
    const open = doing === undefined || doing.state === "refused";
    const taken = takenBy(card.call, ringFor(card.call, me.value?.id));
    // Nor while Asterisk is away: the phone may have stopped long ago.
    return open && !card.call.uncertain && !isFolded(card) && taken === null;
  });
});
