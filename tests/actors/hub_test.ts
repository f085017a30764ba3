/**
 * @module
 * The holder of actors: what a turn is, and that one actor's fault is its own.
 */
import assert from "node:assert/strict";
import { assign, emit, setup, type SnapshotFrom } from "xstate";
import { Hub, type Turn } from "../../actors/hub.ts";
import { CountingClock } from "../machines/panel.ts";
import { fakeClock } from "./fakes.ts";

const machine = setup({
  types: {
    context: {} as { rings: number },
    events: {} as { type: "ring" } | { type: "break" } | { type: "end" },
    emitted: {} as { type: "rang"; rings: number } | { type: "slept" },
    input: {} as { rings: number },
  },
  actions: {
    count: assign(({ context }) => ({ rings: context.rings + 1 })),
    say: emit(({ context }) => ({ type: "rang" as const, rings: context.rings })),
    fall: emit({ type: "slept" as const }),
    throwUp: () => {
      throw new Error("it broke");
    },
  },
}).createMachine({
  context: ({ input }) => ({ rings: input.rings }),
  initial: "awake",
  states: {
    awake: {
      after: { 1000: { target: "asleep", actions: "fall" } },
      on: { ring: { actions: ["count", "say"] }, break: { actions: "throwUp" }, end: "over" },
    },
    asleep: { on: { ring: { target: "awake", actions: ["count", "say"] }, break: { actions: "throwUp" } } },
    over: { type: "final" },
  },
});

function startHub() {
  const sim = new CountingClock();
  const timers: Turn<typeof machine>[] = [];
  const failures: [string, string][] = [];
  const hub: Hub<typeof machine> = new Hub({
    machine,
    clock: fakeClock(sim),
    onTimer: (turn) => void timers.push(turn),
    onFailed: (key, error) => void failures.push([key, (error as Error).message]),
  });
  return { hub, sim, timers, failures };
}

Deno.test("hub: a turn of a sent event is its answer, a turn of a timer is its owner's", () => {
  const { hub, sim, timers } = startHub();
  hub.start("a", { input: { rings: 0 } });
  const turn = hub.send("a", { type: "ring" })!;
  assert.equal(turn.before!.context.rings, 0);
  assert.equal(turn.after.context.rings, 1);
  assert.deepEqual(turn.facts, [{ type: "rang", rings: 1 }]);
  assert.equal(timers.length, 0);
  sim.pass(1000);
  assert.deepEqual(timers.map(({ key, facts, after }) => [key, facts, after.value]), [
    ["a", [{ type: "slept" }], "asleep"],
  ]);
  assert.deepEqual(hub.send("a", { type: "ring" })!.facts, [{ type: "rang", rings: 2 }], "each fact once");
  assert.equal(timers.length, 1);
  hub.stop();
});

Deno.test("hub: an actor that throws is put aside, others go on, and the process lives", () => {
  const { hub, sim, failures } = startHub();
  hub.start("a", { input: { rings: 0 } });
  hub.start("b", { input: { rings: 0 } });
  assert.equal(hub.send("a", { type: "break" }), null);
  assert.deepEqual(failures, [["a", "it broke"]]);
  assert.equal(hub.has("a"), false);
  assert.equal(hub.get("a"), undefined);
  assert.equal(hub.send("a", { type: "ring" }), null);
  assert.equal(hub.send("b", { type: "ring" })!.after.context.rings, 1);
  hub.stop();
  assert.equal(sim.live, 0, "a failed actor leaves no timer");
});

Deno.test("hub: an owner may start a failed actor anew from within", () => {
  const sim = new CountingClock();
  const hub: Hub<typeof machine> = new Hub({
    machine,
    clock: fakeClock(sim),
    onTimer: () => {},
    onFailed: (key) => hub.start(key, { input: { rings: 100 } }),
  });
  hub.start("a", { input: { rings: 0 } });
  assert.equal(hub.send("a", { type: "break" }), null, "the event was not taken");
  assert.equal(hub.send("a", { type: "ring" })!.after.context.rings, 101);
  hub.stop();
  assert.equal(sim.live, 0);
});

Deno.test("row 3: an actor with a corrupt snapshot fails alone, and at once", () => {
  const { hub, failures } = startHub();
  const wrong = [
    { status: "active", value: "nowhere", context: { rings: 0 }, historyValue: {}, children: {} },
    {
      status: "error",
      error: new Error("stored so"),
      value: "awake",
      context: {},
      historyValue: {},
      children: {},
    },
  ] as unknown as SnapshotFrom<typeof machine>[];
  hub.start("good", { input: { rings: 0 } });
  for (const snapshot of wrong) {
    try {
      hub.start("bad", { snapshot });
    } catch (error) {
      failures.push(["bad", (error as Error).message]);
    }
  }
  assert.equal(failures.length, 2);
  assert.equal(hub.has("bad"), false);
  assert.equal(hub.send("good", { type: "ring" })!.after.context.rings, 1);
  hub.stop();
});

Deno.test("hub: an actor that is started again ends the one before, with its timers", () => {
  const { hub, sim, timers } = startHub();
  hub.start("a", { input: { rings: 0 } });
  hub.start("a", { input: { rings: 5 } });
  assert.equal(hub.size, 1);
  assert.equal(sim.live, 1);
  sim.pass(1000);
  assert.equal(timers.length, 1);
  assert.equal(hub.remove("a"), true);
  assert.equal(hub.remove("a"), false);
  assert.equal(hub.size, 0);
});

Deno.test("hub: the stop leaves no timers and makes no turns", () => {
  const { hub, sim, timers } = startHub();
  for (const key of ["a", "b", "c"]) hub.start(key, { input: { rings: 0 } });
  hub.stop();
  assert.equal(sim.live, 0);
  sim.pass(10_000);
  assert.deepEqual(timers, []);
  assert.equal(hub.size, 0);
});

Deno.test("hub: an actor that is done is still there for its last turn", () => {
  const { hub } = startHub();
  hub.start("a", { input: { rings: 0 } });
  const turn = hub.send("a", { type: "end" })!;
  assert.equal(turn.after.status, "done");
  hub.stop();
});
