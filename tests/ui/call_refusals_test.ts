/**
 * @module
 * Refusals at a call in the person's words.
 */
import assert from "node:assert/strict";
import { ApiError } from "../../ui/api.ts";
import { wordsForCall } from "../../ui/store/call_actions.ts";
import { wordsFor } from "../../ui/store/refusals.ts";

function refused(status: number, kind: string, detail?: string): ApiError {
  return new ApiError(status, { type: `/problems/${kind}`, title: kind, status, detail }, null);
}

Deno.test("call refusals: each kind says why and what to do", () => {
  for (
    const [status, kind, why] of [
      [403, "not-party", /not yours/],
      [409, "not-ringing", /no longer rings/],
      [409, "over", /is over/],
      [503, "link-down", /Asterisk is down/],
      [422, "bad-number", /no internal number/],
      [404, "not-found", /is over/],
    ] as const
  ) {
    const words = wordsForCall(refused(status, kind));
    assert.match(words.why, why, kind);
    assert.notEqual(words.advice, "", kind);
  }
});

Deno.test("call refusals: what Asterisk said is told, with one period", () => {
  assert.equal(
    wordsForCall(refused(502, "pbx-refused", "No such channel.")).why,
    "Asterisk refused: No such channel.",
  );
  assert.equal(wordsForCall(refused(502, "pbx-refused")).why, "Asterisk refused.");
});

Deno.test("call refusals: the same kind at a door is about the broker", () => {
  assert.match(wordsFor(refused(503, "link-down")).why, /broker/);
});

Deno.test("call refusals: silence is silence", () => {
  assert.match(wordsForCall(new ApiError(0, null, null)).why, /did not answer/);
});
