/**
 * @module
 * An "offline" is handed on when it is the panel's, and forgotten when it was the broker's or is out of date.
 */
import assert from "node:assert/strict";
import { SimulatedClock } from "xstate";
import { LastWords } from "../../../actors/mqtt/last_words.ts";
import type { Publish } from "../../../actors/routing.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const say = (kind: string, value: unknown, retained = false): Publish => ({
  topic: `intercom/aa:bb:cc:01/${kind}`,
  payload: bytes(value),
  retained,
  redelivered: false,
});
const OFFLINE = say("status", { status: "offline" });

function setUp(times: { settleMs: number; holdMs?: number } = { settleMs: 30_000 }) {
  const time = new SimulatedClock();
  const clock = {
    now: () => time.now(),
    toWall: (at: number) => at,
    fromWall: (at: number) => at,
    setTimeout: (run: () => void, ms: number) => time.setTimeout(run, ms),
    clearTimeout: (id: unknown) => time.clearTimeout(id as number),
  };
  const taken: string[] = [];
  const words = new LastWords({
    clock,
    ...times,
    onNotTaken: () => {},
    intake: (publish) => {
      taken.push(publish.topic.split("/")[2]!);
      return Promise.resolve();
    },
  });
  return { time, taken, words };
}

Deno.test("last words: a panel's own is handed on after a second", async () => {
  const { time, taken, words } = setUp();
  words.linkUp();
  time.increment(30_000);
  await words.take(OFFLINE);
  time.increment(999);
  assert.deepEqual(taken, []);
  time.increment(1);
  assert.deepEqual(taken, ["status"]);
});

Deno.test("last words: those of a broker that goes down are forgotten with the link", async () => {
  const { time, taken, words } = setUp();
  words.linkUp();
  time.increment(60_000);
  await words.take(OFFLINE);
  time.increment(500);
  words.linkDown();
  time.increment(3_600_000);
  assert.deepEqual(taken, []);
});

Deno.test("last words: one that was kept for us counts only when the panel has not come back by then", async () => {
  const { time, taken, words } = setUp();
  // What a session kept arrives before the subscription is confirmed.
  await words.take(OFFLINE);
  words.linkUp();
  await words.take({ ...OFFLINE, retained: true });
  time.increment(29_999);
  assert.deepEqual(taken, []);
  time.increment(1);
  assert.deepEqual(taken, ["status"]);
  await words.take({ ...OFFLINE, retained: true });
  await words.take(say("heartbeat", { door_status: "closed" }));
  time.increment(3_600_000);
  assert.deepEqual(taken, ["status", "heartbeat"]);
});

Deno.test("last words: a panel that spoke since the link came up is believed at once", async () => {
  const { time, taken, words } = setUp();
  words.linkUp();
  await words.take(say("heartbeat", { door_status: "closed" }));
  await words.take(OFFLINE);
  time.increment(1_000);
  assert.deepEqual(taken, ["heartbeat", "status"]);
});

Deno.test("last words: to clear a status is not to speak for the panel", async () => {
  const { time, taken, words } = setUp();
  words.linkUp();
  time.increment(30_000);
  await words.take(OFFLINE);
  await words.take({ ...OFFLINE, payload: new Uint8Array() });
  time.increment(1_000);
  assert.deepEqual(taken, ["status"]);
});

Deno.test("last words: all else passes at once, also what cannot be understood", async () => {
  const { taken, words } = setUp();
  words.linkUp();
  await words.take(say("status", { status: "online" }));
  await words.take(say("status", "offline"));
  await words.take({ ...OFFLINE, topic: "intercom" });
  assert.deepEqual(taken, ["status", "status", undefined]);
});

Deno.test("last words: those of a broker that knows whose end it was count at once", async () => {
  const { taken, words } = setUp({ settleMs: 0, holdMs: 0 });
  words.linkUp();
  await words.take(OFFLINE);
  assert.deepEqual(taken, ["status"]);
});
