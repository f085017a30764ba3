/**
 * @module
 * Signs of life that changed nothing: written each, told together, and kept as one while the database is away.
 */
import assert from "node:assert/strict";
import { Touches } from "../../actors/touches.ts";
import { fakeClock } from "./fakes.ts";

function startTouches() {
  const clock = fakeClock();
  const state = { up: true, failure: null as Error | null };
  const written: string[] = [];
  const told: [string, string][][] = [];
  const touches = new Touches({
    clock,
    isDatabaseUp: () => state.up,
    commit: ({ mac, last_seen_at }) => {
      if (state.failure !== null) return Promise.reject(state.failure);
      written.push(`${mac} ${last_seen_at}`);
      return Promise.resolve();
    },
    tell: (seen) => void told.push(seen),
  });
  return { clock, state, written, told, touches };
}

Deno.test("touches: each is committed, and pages are told once a second of the newest of each panel", async () => {
  const { clock, written, told, touches } = startTouches();
  await touches.add("a", "1");
  await touches.add("b", "1");
  clock.pass(999);
  await touches.add("a", "2");
  assert.deepEqual(told, []);
  clock.pass(1);
  assert.deepEqual(told, [[["a", "2"], ["b", "1"]]]);
  assert.deepEqual(written, ["a 1", "b 1", "a 2"]);
  clock.pass(5000);
  assert.equal(told.length, 1, "nothing new, nothing told");
  assert.equal(clock.sim.live, 0);
});

Deno.test("row 4: while the database is away nobody waits, and the newest of each panel is kept", async () => {
  const { state, written, touches } = startTouches();
  state.up = false;
  for (let i = 0; i < 1000; i++) await touches.add(i % 2 === 0 ? "a" : "b", String(i));
  assert.deepEqual(written, []);
  state.up = true;
  touches.flush();
  touches.flush();
  assert.deepEqual(written, ["a 998", "b 999"]);
  touches.stop();
});

Deno.test("touches: a commit that fails is the sender's to know, and nobody's when it is written later", async () => {
  const { state, touches } = startTouches();
  state.failure = new Error("full");
  await assert.rejects(touches.add("a", "1"), /full/);
  state.up = false;
  await touches.add("a", "2");
  touches.flush();
  touches.stop();
});

Deno.test("touches: the stop leaves no timer", async () => {
  const { clock, touches } = startTouches();
  await touches.add("a", "1");
  touches.stop();
  touches.stop();
  assert.equal(clock.sim.live, 0);
});
