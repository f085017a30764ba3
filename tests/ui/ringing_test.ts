/**
 * @module
 * Who rings now.
 */
import assert from "node:assert/strict";
import { isRinging, ringing } from "../../ui/store/ringing.ts";
import { NOW, panel, past } from "./sample.ts";

const called = (seconds: number) => panel("A", { last_call: { apartment: "7", at: past(seconds) } });

Deno.test("ringing: a call rings for less than 45 seconds", () => {
  assert.equal(isRinging(called(44), undefined, NOW), true);
  assert.equal(isRinging(called(45), undefined, NOW), false);
});

Deno.test("ringing: a door that opened since the call ends it, an earlier opening does not", () => {
  assert.equal(isRinging(called(20), NOW - 19_000, NOW), false);
  assert.equal(isRinging(called(20), NOW - 21_000, NOW), true);
});

Deno.test("ringing: a panel that nobody called, or that is not adopted, does not ring", () => {
  assert.equal(isRinging(panel("A"), undefined, NOW), false);
  assert.equal(isRinging({ ...called(1), adopted: false }, undefined, NOW), false);
});

Deno.test("ringing: who waits longest comes first", () => {
  const found = ringing([{ ...called(3), mac: "B" }, { ...called(30), mac: "C" }], new Map(), NOW);
  assert.deepEqual(found.map(({ mac }) => mac), ["C", "B"]);
});
