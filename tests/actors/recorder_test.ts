/**
 * @module
 * Events are told of once they are committed, and the newest are in memory.
 */
import assert from "node:assert/strict";
import { Recorder } from "../../actors/recorder.ts";
import type { EventRow } from "../../db/rows.ts";
import { FakeFeed, FakeWriter, MAC } from "./fakes.ts";

function event(id: string, once: EventRow["once"] = null): EventRow {
  return {
    id,
    mac: MAC,
    type: "call",
    apartment: "12",
    key_id: null,
    command_id: null,
    payload: {},
    occurred_at: "2026-01-02T03:04:05.000Z",
    received_at: "2026-01-02T03:04:05.000Z",
    once,
  };
}

function startRecorder() {
  const writer = new FakeWriter();
  const feed = new FakeFeed();
  return { writer, feed, recorder: new Recorder({ writer: writer.asWriter, feed: feed.asFeed }) };
}

Deno.test("recorder: an event is told of after its commit, and never when that fails", async () => {
  const { writer, feed, recorder } = startRecorder();
  writer.holding = true;
  const recorded = recorder.record({ events: [event("1")] });
  assert.equal(feed.published.length, 0);
  writer.release();
  await recorded;
  assert.deepEqual(feed.published.map(({ topic, event, data }) => [topic, event, data.id, "once" in data]), [
    ["events", "event.recorded", "1", false],
  ]);
  writer.failure = new Error("full");
  await assert.rejects(recorder.record({ events: [event("2")] }), /full/);
  assert.equal(feed.published.length, 1);
  assert.equal(recorder.recent().length, 1);
});

Deno.test("recorder: an event that counted before is not told of again", async () => {
  const { feed, recorder } = startRecorder();
  for (const id of ["1", "2"]) {
    await recorder.record({ events: [event(id, { key: "k", must_be_new: true })] });
  }
  assert.deepEqual(feed.published.map(({ data }) => data.id), ["1"]);
});

Deno.test("recorder: keeps the newest in memory, newest first, and no more than a bound", async () => {
  const { recorder } = startRecorder();
  recorder.restore([event("b"), event("a")]);
  await recorder.record({ events: [event("c")] });
  assert.deepEqual(recorder.recent().map(({ id }) => id), ["c", "b", "a"]);
  for (let i = 0; i < 5000; i++) await recorder.record({ events: [event(String(i))] });
  assert.ok(recorder.recent(1_000_000).length <= 2000);
  assert.deepEqual(recorder.recent(2).map(({ id }) => id), ["4999", "4998"]);
});
