/**
 * @module
 * Whether a panel is heard: deadlines to the millisecond, the link to the broker, last wills and restarts.
 */
import assert from "node:assert/strict";
import { CountingClock, SAY, SETTINGS, START, startPanel } from "./panel.ts";
import { intercomMachine, newIntercomContext } from "../../machines/intercom.ts";

const { offlineAfterMs, heartbeatEveryMs } = SETTINGS;

Deno.test("intercom: is offline exactly when it was silent for the whole timeout", () => {
  const panel = startPanel();
  panel.send(SAY["heartbeat closed"]);
  panel.pass(offlineAfterMs - 1);
  assert.equal(panel.presence(), "online");
  panel.pass(1);
  assert.equal(panel.presence(), "offline");
  assert.deepEqual(panel.facts, [
    { type: "intercom.came_online", at: START },
    { type: "intercom.went_offline", at: START + offlineAfterMs, reason: "silence" },
  ]);
  assert.equal(panel.snapshot().context.statusReason, "silence");
});

Deno.test("intercom: any message puts the deadline off, by the time that it came", () => {
  const messages = Object.entries(SAY).filter(([name, { type }]) =>
    type.startsWith("panel.") && !name.includes("retained") && name !== "status offline"
  );
  for (const [name, message] of messages) {
    const panel = startPanel();
    panel.send(SAY["heartbeat closed"]);
    panel.pass(70_000);
    panel.send(message);
    panel.pass(offlineAfterMs - 1);
    assert.equal(panel.presence(), "online", name);
    panel.pass(1);
    assert.equal(panel.presence(), "offline", name);
    assert.equal(panel.facts.at(-1)!.at, START + 70_000 + offlineAfterMs, name);
  }
});

Deno.test("intercom: heartbeats set no timer; one a deadline is enough", () => {
  const panel = startPanel();
  panel.send(SAY["heartbeat closed"]);
  const before = panel.clock.timersSet;
  for (let i = 0; i < 1000; i++) panel.send(SAY["heartbeat closed"]);
  assert.equal(panel.clock.timersSet, before);
  for (let i = 0; i < 40; i++) {
    panel.pass(heartbeatEveryMs);
    panel.send(SAY["heartbeat closed"]);
  }
  // 40 heartbeats are 20 minutes: ten deadlines of two minutes, but each is armed from what was heard last.
  const armed = panel.clock.timersSet - before;
  assert.ok(armed >= 10 && armed <= 14, `${armed} timers`);
  assert.equal(panel.clock.live, 1);
  assert.equal(panel.presence(), "online");
});

Deno.test("intercom: a message in the millisecond of its deadline counts when it is taken before the timer", () => {
  const panel = startPanel();
  panel.send(SAY.heard);
  // The actor's clock stands still while the message brings the very time of the deadline.
  panel.actor.send({ type: "panel.heard", at: START + offlineAfterMs });
  panel.pass(offlineAfterMs);
  assert.equal(panel.presence(), "online");
  assert.deepEqual(panel.said(), ["came_online"]);
  panel.pass(offlineAfterMs);
  assert.equal(panel.presence(), "offline");
});

Deno.test("intercom: a message in the millisecond of its deadline is a coming back when it is taken after the timer", () => {
  const panel = startPanel();
  panel.send(SAY.heard);
  panel.pass(offlineAfterMs);
  panel.send(SAY.heard);
  assert.equal(panel.presence(), "online");
  assert.deepEqual(panel.facts.map(({ type, at }) => [type, at - START]), [
    ["intercom.came_online", 0],
    ["intercom.went_offline", offlineAfterMs],
    ["intercom.came_online", offlineAfterMs],
  ]);
});

Deno.test("intercom: the last will makes it offline at once, and only once", () => {
  const panel = startPanel();
  panel.send(SAY.heard);
  panel.pass(5000);
  panel.send(SAY["status offline"], SAY["status offline"], SAY["retained offline"]);
  panel.pass(offlineAfterMs * 2);
  assert.deepEqual(panel.facts.slice(1), [
    { type: "intercom.went_offline", at: START + 5000, reason: "last_will" },
  ]);
  assert.equal(panel.clock.live, 0, "an offline panel waits for nothing");
});

Deno.test("row 6: link down makes it unknown and states nothing; link up gives one whole timeout", () => {
  const panel = startPanel();
  panel.send(SAY.heard);
  panel.pass(100_000);
  panel.said();
  panel.send(SAY["link down"]);
  assert.equal(panel.presence(), "unknown.deaf");
  assert.equal(panel.snapshot().context.statusReason, "link_down");
  panel.pass(3_600_000);
  assert.equal(panel.presence(), "unknown.deaf", "however long the link is down");
  panel.send(SAY["link up"]);
  panel.pass(offlineAfterMs - 1);
  assert.equal(panel.presence(), "unknown.listening");
  assert.deepEqual(panel.said(), []);
  panel.pass(1);
  assert.equal(panel.presence(), "offline");
  assert.deepEqual(panel.said(), ["went_offline"]);
});

Deno.test("row 6: coming back to what it was is not news", () => {
  const online = startPanel();
  online.send(SAY.heard);
  online.said();
  online.send(SAY["link down"], SAY["link up"], SAY["heartbeat closed"]);
  assert.equal(online.presence(), "online");
  assert.deepEqual(online.said(), []);

  const offline = startPanel();
  offline.send(SAY.heard, SAY["status offline"]);
  offline.said();
  offline.send(SAY["link down"], SAY["link up"]);
  offline.pass(offlineAfterMs);
  assert.equal(offline.presence(), "offline");
  assert.deepEqual(offline.said(), []);
  offline.send(SAY["link down"], SAY["link up"], SAY["retained offline"]);
  assert.deepEqual(offline.said(), [], "the broker's old last will is the same one");
});

Deno.test("intercom: a link that flaps gives its grace anew, and leaves one timer", () => {
  const panel = startPanel();
  panel.send(SAY.heard);
  for (let i = 0; i < 50; i++) {
    panel.send(SAY["link down"], SAY["link up"]);
    panel.pass(1000);
  }
  assert.equal(panel.clock.live, 1);
  panel.pass(offlineAfterMs - 1001);
  assert.equal(panel.presence(), "unknown.listening");
  panel.pass(1);
  assert.equal(panel.presence(), "offline");
});

Deno.test("intercom: a retained word is no sign of life", () => {
  const panel = startPanel();
  panel.send(SAY["link up"], SAY["retained online"]);
  assert.equal(panel.presence(), "unknown.listening");
  assert.equal(panel.snapshot().context.times.lastSeen, null);
  const heard = startPanel();
  heard.send(SAY.heard);
  heard.pass(offlineAfterMs - 1);
  heard.send(SAY["retained online"]);
  heard.pass(1);
  assert.equal(heard.presence(), "offline", "and does not put the deadline off");
});

/** A panel that was heard at `START` and stopped; the new run begins `awayMs` later. */
function restart(lastHeardMs: number, awayMs: number) {
  const first = startPanel();
  first.send(SAY["heartbeat closed"]);
  first.pass(lastHeardMs);
  const heardUntil = first.clock.now();
  const snapshot = intercomMachine.resolveState(first.snapshot());
  first.stop();
  const clock = new CountingClock();
  clock.set(heardUntil + awayMs);
  const panel = startPanel({ clock, snapshot });
  panel.actor.send({ type: "resume", at: clock.now(), heardUntil });
  return panel;
}

Deno.test("row 2: after a short absence the deadline is the one of before, to the millisecond", () => {
  const panel = restart(50_000, heartbeatEveryMs);
  assert.equal(panel.presence(), "online");
  panel.send(SAY["link up"]);
  panel.pass(offlineAfterMs - 50_000 - heartbeatEveryMs - 1);
  assert.equal(panel.presence(), "online");
  panel.pass(1);
  assert.equal(panel.presence(), "offline");
  assert.deepEqual(panel.facts, [
    { type: "intercom.went_offline", at: START + offlineAfterMs, reason: "silence" },
  ]);
});

Deno.test("row 2: after an absence in which it may have spoken it is unknown, with a grace once the link is up", () => {
  for (const [lastHeardMs, awayMs] of [[0, heartbeatEveryMs + 1], [115_000, 10_000]] as const) {
    const panel = restart(lastHeardMs, awayMs);
    assert.equal(panel.presence(), "unknown.deaf");
    assert.equal(panel.snapshot().context.statusReason, "restarted");
    panel.pass(1_000_000);
    assert.deepEqual(panel.facts, [], "nothing is known before the link is up");
    panel.send(SAY["link up"]);
    panel.pass(offlineAfterMs - 1);
    assert.equal(panel.presence(), "unknown.listening");
    panel.pass(1);
    assert.deepEqual(panel.said(), ["went_offline"]);
  }
});

Deno.test("intercom: a panel that was never heard says so, whatever becomes of the link", () => {
  const panel = startPanel();
  for (const name of ["link up", "link down"] as const) {
    panel.send(SAY[name]);
    assert.equal(panel.snapshot().context.statusReason, "never_heard");
  }
});

Deno.test("intercom: its context takes the settings that it needs, and nothing else of who holds them", () => {
  const settings = { ...SETTINGS, adminPassword: "canary" };
  const context = newIntercomContext({ mac: "AA:BB:CC:01", at: START, ...settings });
  assert.ok(!JSON.stringify(context).includes("canary"));
});
