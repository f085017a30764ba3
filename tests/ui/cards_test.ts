/**
 * @module
 * Which calls have a card for a person, what it says, and when it goes.
 */
import assert from "node:assert/strict";
import {
  arrangeCards,
  type Cards,
  placeCards,
  QUIET_FOR_MS,
  TOLD_FOR_MS,
  trackCards,
} from "../../ui/store/cards.ts";
import type { Call } from "../../ui/types.ts";
import { call, CALLER, IVAN, NOW, past, PYOTR, ringAt } from "./sample.ts";

const NONE: Cards = new Map();

function track(before: Cards, calls: Call[], at = NOW, held: string[] = []): Cards {
  const known = new Map(calls.map((one) => [one.id, one]));
  return trackCards(before, known, { userId: 7, now: at, held: new Set(held) });
}

function phases(cards: Cards): string[] {
  return [...cards.values()].map(({ call, phase }) => `${call.id} ${phase}`);
}

const ringing = call("A", { rings: [ringAt(IVAN)] });
const talking = call("A", {
  status: "answered",
  answered_at: past(3),
  answered_by: IVAN,
  talking: [CALLER, IVAN],
});
const ended = { ended_at: past(0) };

Deno.test("cards: a call has one while it rings for this person, and for nobody else", () => {
  assert.deepEqual(phases(track(NONE, [ringing])), ["A ringing"]);
  assert.deepEqual(phases(track(NONE, [call("A", { rings: [ringAt(PYOTR)] })])), []);
  assert.equal(
    trackCards(NONE, new Map([["A", ringing]]), { userId: undefined, now: NOW, held: new Set() }).size,
    0,
  );
});

Deno.test("cards: answered here it becomes the conversation, and its end is told for a while", () => {
  let cards = track(track(NONE, [ringing]), [talking]);
  assert.deepEqual(phases(cards), ["A talking"]);
  const over = { ...talking, ...ended, status: "completed", talking: [] } as Call;
  cards = track(cards, [over]);
  assert.deepEqual(phases(cards), ["A ended"]);
  assert.equal(track(cards, [over], NOW + TOLD_FOR_MS - 1), cards);
  assert.deepEqual(phases(track(cards, [over], NOW + TOLD_FOR_MS)), []);
});

Deno.test("cards: answered elsewhere it says so, then closes, and does not come back", () => {
  const elsewhere = call("A", { status: "answered", answered_by: PYOTR, talking: [CALLER, PYOTR] });
  const cards = track(track(NONE, [ringing]), [elsewhere]);
  assert.deepEqual(phases(cards), ["A elsewhere"]);
  const later = track(cards, [elsewhere], NOW + TOLD_FOR_MS);
  assert.deepEqual(phases(later), []);
  assert.deepEqual(phases(track(later, [elsewhere])), []);
});

Deno.test("cards: a caller who gave up, a rejection and a call answered and over in one step are told apart", () => {
  const end = (change: Partial<Call>) =>
    phases(track(track(NONE, [ringing]), [call("A", { ...ended, ...change })]));
  assert.deepEqual(end({ status: "missed", end_reason: "caller_gave_up" }), ["A missed"]);
  assert.deepEqual(end({ status: "rejected", end_reason: "rejected_by_user" }), ["A rejected"]);
  assert.deepEqual(end({ status: "completed", answered_by: PYOTR }), ["A elsewhere"]);
  assert.deepEqual(end({ status: "completed", answered_by: IVAN }), ["A ended"]);
});

Deno.test("cards: between the lifting and the bridge it waits, and when it rings on elsewhere it goes quietly", () => {
  const between = call("A", { rings: [ringAt(PYOTR)] });
  const cards = track(track(NONE, [ringing]), [between]);
  assert.deepEqual(phases(cards), ["A quiet"]);
  assert.deepEqual(phases(track(cards, [talking], NOW + 300)), ["A talking"]);
  assert.deepEqual(phases(track(cards, [between], NOW + QUIET_FOR_MS)), []);
  // Lifted here while the bridge is not told yet.
  const lifted = call("A", { status: "answered", answered_by: IVAN });
  assert.deepEqual(phases(track(cards, [lifted], NOW + 300)), ["A talking"]);
});

Deno.test("cards: who transferred a call has left it, and may come back", () => {
  const away = { ...talking, talking: [CALLER, PYOTR] };
  const cards = track(track(NONE, [talking]), [away]);
  assert.deepEqual(phases(cards), ["A left"]);
  assert.deepEqual(phases(track(cards, [talking])), ["A talking"]);
  assert.deepEqual(phases(track(cards, [away], NOW + TOLD_FOR_MS)), []);
});

Deno.test("cards: a call that never rang here is known as such", () => {
  assert.equal(track(NONE, [talking]).get("A")?.rang, false);
  assert.equal(track(track(NONE, [ringing]), [talking]).get("A")?.rang, true);
});

Deno.test("cards: a card in which somebody writes waits, also past the stream's memory", () => {
  const missed = call("A", { ...ended, status: "missed" });
  const cards = track(track(NONE, [ringing]), [missed]);
  const later = NOW + 10 * TOLD_FOR_MS;
  assert.deepEqual(phases(track(cards, [missed], later, ["A"])), ["A missed"]);
  assert.deepEqual(phases(track(cards, [], later, ["A"])), ["A missed"]);
  assert.deepEqual(phases(track(cards, [], later)), []);
});

Deno.test("cards: a call that the stream takes away while it rings has none", () => {
  assert.deepEqual(phases(track(track(NONE, [ringing]), [])), []);
});

Deno.test("cards: nothing new is the same map, and a card keeps since when it says what it says", () => {
  const cards = track(NONE, [ringing]);
  assert.equal(track(cards, [ringing], NOW + 1000), cards);
  const noted = { ...ringing, notes: "x" };
  assert.equal(track(cards, [noted], NOW + 1000).get("A")?.at, NOW);
});

Deno.test("cards: what rings comes first, the longest wait before the others, then talks, then ends", () => {
  const cards = track(
    track(NONE, [call("D", { rings: [ringAt(IVAN)] })]),
    [
      call("D", { ...ended, status: "missed" }),
      { ...talking, id: "C" },
      call("B", { rings: [ringAt(IVAN)], started_at: past(2) }),
      call("A", { rings: [ringAt(IVAN)], started_at: past(20) }),
    ],
  );
  assert.deepEqual(arrangeCards(cards).map(({ call }) => call.id), ["A", "B", "C", "D"]);
});

Deno.test("cards: whoever declined in a group is told that, also when the caller then gives up", () => {
  const refused = new Set(["A"]);
  const look = (before: Cards, one: Call, at = NOW) =>
    trackCards(before, new Map([["A", one]]), { userId: 7, now: at, held: new Set(), refused });
  const first = track(NONE, [ringing]);
  const others = call("A", { rings: [ringAt(PYOTR)] });
  const declined = look(first, others);
  assert.deepEqual(phases(declined), ["A rejected"]);
  const missed = call("A", { ...ended, status: "missed", end_reason: "caller_gave_up" });
  assert.deepEqual(phases(look(declined, missed)), ["A rejected"]);
  assert.deepEqual(phases(look(first, missed)), ["A rejected"], "both in one step");
  assert.deepEqual(phases(look(declined, others, NOW + TOLD_FOR_MS)), [], "and closes");
  assert.deepEqual(phases(look(declined, ringing)), ["A ringing"], "a queue may ring again");
});

Deno.test("cards: a new one takes its place behind those that are there, however urgent", () => {
  const later = call("B", { rings: [ringAt(IVAN)], started_at: past(1) });
  // The stream knew this call before it rang here.
  const cards = track(track(NONE, [talking, later]), [ringingAs("C", 60), talking, later]);
  assert.deepEqual(placeCards(arrangeCards(cards), cards, 4).map(({ call }) => call.id), ["A", "B", "C"]);
  assert.deepEqual(placeCards(arrangeCards(cards), cards, 2).map(({ call }) => call.id), ["B", "C"]);
});

function ringingAs(id: string, seconds: number): Call {
  return call(id, { rings: [ringAt(IVAN)], started_at: past(seconds) });
}
