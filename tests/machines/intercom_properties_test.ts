/**
 * @module
 * What holds for a panel whatever comes, in whatever order, at whatever time.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { IntercomFact } from "../../machines/events.ts";
import { history, play } from "./histories.ts";
import { SETTINGS, startPanel } from "./panel.ts";

Deno.test("intercom: is never online and silent past its deadline, and says nothing of the future", () => {
  fc.assert(fc.property(history(), (steps) => {
    const panel = startPanel();
    let last = 0;
    for (const step of steps) {
      play(panel, step);
      const { times } = panel.snapshot().context;
      const silentMs = panel.clock.now() - (times.lastSeen ?? 0);
      if (panel.presence() === "online") assert.ok(silentMs < SETTINGS.offlineAfterMs, `${silentMs} ms`);
      for (const { at } of panel.facts.splice(0)) {
        assert.ok(at >= last && at <= panel.clock.now(), `${at} after ${last}, at ${panel.clock.now()}`);
        last = at;
      }
      assert.ok(panel.clock.live <= 2, `${panel.clock.live} timers`);
    }
    panel.stop();
    assert.equal(panel.clock.live, 0, "a stopped panel leaves no timer");
  }));
});

Deno.test("intercom: coming online and going offline take turns", () => {
  fc.assert(fc.property(history(), (steps) => {
    const panel = startPanel();
    steps.forEach((step) => play(panel, step));
    const turns = panel.facts.map(({ type }) => type)
      .filter((type) => type === "intercom.came_online" || type === "intercom.went_offline");
    turns.forEach((turn, index) => index > 0 && assert.notEqual(turn, turns[index - 1]));
  }));
});

Deno.test("intercom: facts of the door agree with its state, and an inferred one always with the one before", () => {
  fc.assert(fc.property(history(), (steps) => {
    const panel = startPanel();
    for (const step of steps) {
      const before = panel.door();
      panel.facts.length = 0;
      play(panel, step);
      const moves = panel.facts.filter((fact): fact is Extract<IntercomFact, { inferred: boolean }> =>
        "inferred" in fact
      );
      // An opening that a heartbeat showed is told at the latest when the door closes, or when time passes.
      const presumed = before === "open.presumed" || step.waitMs > 0;
      assert.ok(moves.length <= (presumed ? 2 : 1), "one message moves a door once");
      const move = moves.at(-1);
      if (move !== undefined) {
        assert.ok(panel.door().startsWith(move.type === "intercom.door_opened" ? "open" : "closed"));
        if (move.inferred) {
          assert.ok(move.type === "intercom.door_opened" ? before === "open.presumed" : before !== "closed");
        }
      } else if (before === "closed" && panel.door() !== "closed" && panel.door() !== "open.presumed") {
        assert.ok(
          panel.facts.some((fact) => fact.type === "intercom.alarm_raised" && fact.kind === "forced"),
        );
      } else if (before.startsWith("open")) {
        assert.ok(panel.door().startsWith("open"), "no door closes by itself");
      }
    }
  }));
});

Deno.test("intercom: an alarm that waits for an operator ends by an operator's word only", () => {
  fc.assert(fc.property(history(), (steps) => {
    const panel = startPanel();
    for (const step of steps) {
      const { alarm } = panel.snapshot().context;
      play(panel, step);
      const now = panel.snapshot().context;
      if (step.event !== "acknowledged") {
        if (alarm === "forced") assert.equal(now.alarm, "forced");
        if (alarm === "tamper") assert.ok(now.alarm === "tamper" || now.alarm === "forced");
      } else assert.equal(now.alarm, null);
      assert.equal(now.alarm === null, now.times.alarmSince === null);
      if (now.alarm === "held_open" && panel.door() === "closed") {
        assert.ok(
          step.event === "alarm held open" || alarm === "held_open",
          "only the panel says so of a closed door",
        );
      }
    }
  }));
});

Deno.test("intercom: its context is plain JSON", () => {
  fc.assert(fc.property(history(), (steps) => {
    const panel = startPanel();
    for (const step of steps) {
      play(panel, step);
      const { context } = panel.snapshot();
      assert.deepEqual(JSON.parse(JSON.stringify(context)), context);
    }
  }));
});
