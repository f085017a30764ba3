/**
 * @module
 * Calls in the live state: what each message of the stream does to them.
 */
import assert from "node:assert/strict";
import { decode, EMPTY, type LiveState, reduce } from "../../ui/store/live_state.ts";
import type { Call } from "../../ui/types.ts";
import { call, NOW, panel, past } from "./sample.ts";

function after(calls: Call[]): LiveState {
  return reduce(EMPTY, [{ event: "snapshot", data: { at: past(0), calls }, receivedAt: NOW }]);
}

function changed(data: Call, receivedAt = NOW) {
  return { event: "call.changed" as const, data, receivedAt };
}

Deno.test("live calls: a snapshot replaces all of them", () => {
  const before = after([call("A"), call("B")]);
  const now = reduce(before, [{
    event: "snapshot",
    data: { at: past(0), calls: [call("B")] },
    receivedAt: NOW,
  }]);
  assert.deepEqual([...now.calls.keys()], ["B"]);
});

Deno.test("live calls: a change puts a call in or replaces it, and leaves the old state as it was", () => {
  const before = after([call("A"), call("B")]);
  const now = reduce(before, [changed(call("A", { status: "answered" })), changed(call("C"))]);
  assert.deepEqual([...now.calls.keys()], ["A", "B", "C"]);
  assert.equal(now.calls.get("A")?.status, "answered");
  assert.equal(before.calls.get("A")?.status, "incoming");
  assert.equal(now.calls.get("B"), before.calls.get("B"));
});

Deno.test("live calls: a batch copies them once, and other messages not at all", () => {
  const before = after([call("A")]);
  const other = reduce(before, [{ event: "intercom.changed", data: panel("A") }]);
  assert.equal(other.calls, before.calls);
  const now = reduce(before, [changed(call("B")), changed(call("C"))]);
  assert.notEqual(now.calls, before.calls);
  assert.equal(now.calls.size, 3);
});

Deno.test("live calls: what ended a minute ago leaves with the next change, by the service's clock", () => {
  const ended = (id: string, seconds: number) => call(id, { status: "missed", ended_at: past(seconds) });
  const before = after([ended("old", 61), ended("fresh", 59)]);
  assert.equal(before.calls.size, 2, "the service's own snapshot is taken as it is");
  assert.deepEqual([...reduce(before, [changed(call("A"))]).calls.keys()], ["fresh", "A"]);
  // This machine's clock is a minute late.
  const skewed = reduce(EMPTY, [{
    event: "snapshot",
    data: { at: past(0), calls: [ended("old", 61)] },
    receivedAt: NOW - 60_000,
  }]);
  assert.deepEqual([...reduce(skewed, [changed(call("A"), NOW - 60_000)]).calls.keys()], ["A"]);
});

Deno.test("live calls: a merged call is gone, and where it went is known", () => {
  const now = reduce(after([call("A"), call("B")]), [
    { event: "call.removed", data: { id: "A", into: "B" } },
  ]);
  assert.deepEqual([...now.calls.keys()], ["B"]);
  assert.equal(now.merged.get("A"), "B");
});

Deno.test("live calls: the stream's message is read with when it came", () => {
  const message = decode("call.changed", JSON.stringify(call("A")), NOW);
  assert.deepEqual(message, changed(call("A")));
  assert.equal(decode("call.removed", '{"id":"A","into":null}', NOW)?.event, "call.removed");
});
