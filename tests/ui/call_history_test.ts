/**
 * @module
 * The history of calls while its page stays open: what ended meanwhile stays, and a cut leaves no gap.
 */
import assert from "node:assert/strict";
import { keepEnded, rejoin } from "../../ui/store/call_history.ts";
import type { Call } from "../../ui/types.ts";
import { call, past } from "./sample.ts";

const NOTHING_MERGED = new Map<string, string>();

function known(...calls: Call[]): Map<string, Call> {
  return new Map(calls.map((one) => [one.id, one]));
}

function over(id: string, seconds: number, change: Partial<Call> = {}): Call {
  return call(id, { status: "missed", started_at: past(seconds), ended_at: past(seconds - 1), ...change });
}

Deno.test("call history: what ended stays when the stream forgets it, and what lives is not kept", () => {
  const ended = over("A", 60);
  const kept = keepEnded(new Map(), known(ended, call("B")), NOTHING_MERGED);
  assert.deepEqual([...kept.keys()], ["A"]);
  const later = keepEnded(kept, known(call("B")), NOTHING_MERGED);
  assert.equal(later, kept, "nothing new is the same map");
  const noted = { ...ended, notes: "x" };
  assert.equal(keepEnded(kept, known(noted), NOTHING_MERGED).get("A")?.notes, "x");
});

Deno.test("call history: what merged into another call is none any more", () => {
  const kept = keepEnded(new Map(), known(over("A", 60)), NOTHING_MERGED);
  assert.equal(keepEnded(kept, known(), new Map([["A", "B"]])).size, 0);
});

Deno.test("call history: after a cut the newest page goes over what was read, unless calls may lie between", () => {
  const read = [call("B", { started_at: past(50) }), over("A", 60)];
  const newest = [over("C", 10), over("B", 50)];
  const joined = rejoin(read, newest);
  assert.deepEqual(joined?.map(({ id }) => id), ["C", "B", "A"]);
  assert.equal(joined?.[1]?.status, "missed", "what was read as living is over");
  assert.equal(rejoin(read, [over("D", 5)]), null);
  assert.deepEqual(rejoin([], newest)?.length, 2);
});
