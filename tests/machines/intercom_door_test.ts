/**
 * @module
 * The door beside a panel: what explains an opening, what is held open, and which alarms stay.
 */
import assert from "node:assert/strict";
import { type Panel, SAY, SETTINGS, START, startPanel } from "./panel.ts";

const { offlineAfterMs, heldOpenAfterMs } = SETTINGS;

function closedDoor(): Panel {
  const panel = startPanel();
  panel.send(SAY["heartbeat closed"]);
  panel.said();
  return panel;
}

const alarmOf = (panel: Panel) => panel.snapshot().context.alarm;

Deno.test("door: an opening without any reason is forced", () => {
  const panel = closedDoor();
  panel.send(SAY["opened by nothing"]);
  assert.deepEqual(panel.facts, [
    {
      type: "intercom.door_opened",
      at: START,
      source: null,
      apartment: null,
      commandId: null,
      inferred: false,
    },
    { type: "intercom.alarm_raised", at: START, kind: "forced", by: "doorline" },
  ]);
});

Deno.test("door: what the panel calls a reason is one", () => {
  for (const source of ["remote", "key", "button", "call"] as const) {
    const panel = closedDoor();
    panel.send({ ...SAY["opened by nothing"], source });
    assert.equal(alarmOf(panel), null, source);
    assert.equal(panel.snapshot().context.doorSource, source);
  }
});

Deno.test("door: a panel that names the command it carried out gives a reason", () => {
  const panel = closedDoor();
  panel.send({ ...SAY["opened by nothing"], commandId: "C1" });
  assert.equal(alarmOf(panel), null);
  assert.equal(panel.snapshot().context.doorSource, "remote");
});

for (
  const [what, event, explainsMs, source] of [
    ["a key", SAY.key, 10_000, "key"],
    ["a ring", SAY.call, 60_000, "call"],
  ] as const
) {
  Deno.test(`door: ${what} explains an opening for ${explainsMs / 1000} seconds, and one opening only`, () => {
    const inTime = closedDoor();
    inTime.send(event);
    inTime.pass(explainsMs);
    inTime.send(SAY["opened by nothing"]);
    assert.equal(alarmOf(inTime), null);
    assert.equal(inTime.snapshot().context.doorSource, source);
    inTime.send(SAY.closed, SAY["opened by nothing"]);
    assert.equal(alarmOf(inTime), "forced", "the same reason does not explain a second opening");

    const late = closedDoor();
    late.send(event);
    late.pass(explainsMs + 1);
    late.send(SAY["opened by nothing"]);
    assert.equal(alarmOf(late), "forced");
  });
}

Deno.test("door: what only a heartbeat shows is inferred, once, and forced when nothing explains it", () => {
  const panel = closedDoor();
  panel.send(SAY["heartbeat open"], SAY["heartbeat open"]);
  panel.send(SAY["heartbeat closed"], SAY["heartbeat closed"]);
  assert.deepEqual(panel.facts.map((fact) => [fact.type, "inferred" in fact ? fact.inferred : null]), [
    ["intercom.door_opened", true],
    ["intercom.alarm_raised", null],
    ["intercom.door_closed", true],
  ]);
});

Deno.test("door: an opening that a heartbeat shows is explained by a key, and by what Doorline told the panel", () => {
  const byKey = closedDoor();
  byKey.send(SAY.key, SAY["heartbeat open"]);
  byKey.pass(5000);
  assert.equal(alarmOf(byKey), null);
  assert.equal(byKey.snapshot().context.doorSource, "key");
  const told = closedDoor();
  told.send(SAY["heartbeat open, told to"]);
  told.pass(5000);
  assert.equal(alarmOf(told), null);
  assert.equal(told.snapshot().context.doorSource, "remote");
});

Deno.test("door: an event that a heartbeat has overtaken is told once, with its reason", () => {
  for (const reason of [SAY["opened by key"], { ...SAY["opened by key"], source: null }]) {
    const panel = closedDoor();
    panel.said();
    panel.send(SAY.key, SAY["heartbeat open"]);
    panel.pass(4999);
    panel.send(reason);
    panel.pass(5000);
    assert.deepEqual(panel.said(), ["key_used", "door_opened"]);
    assert.equal(alarmOf(panel), null);
    assert.equal(panel.snapshot().context.doorSource, "key");
  }
});

Deno.test("door: an opening that only a heartbeat showed is forced when nothing explains it within five seconds", () => {
  const panel = closedDoor();
  panel.said();
  panel.send(SAY["heartbeat open"]);
  panel.pass(4999);
  assert.deepEqual(panel.said(), []);
  panel.pass(1);
  assert.deepEqual(panel.said(), ["door_opened", "alarm_raised"]);
  assert.equal(alarmOf(panel), "forced");
});

Deno.test("door: what waited at the broker is history: it is told, but nobody rings and nobody is heard", () => {
  const panel = closedDoor();
  panel.pass(offlineAfterMs);
  panel.said();
  panel.send({ ...SAY.call, backlog: true }, { ...SAY.key, backlog: true }, {
    ...SAY["opened by key"],
    backlog: true,
  });
  assert.deepEqual(panel.said(), ["called", "key_used", "door_opened"]);
  assert.equal(panel.presence(), "offline");
  assert.equal(panel.snapshot().context.times.lastCall, null);
  assert.equal(panel.snapshot().context.lastCallApartment, null);
});

Deno.test("door: what opened it while the panel was not heard is not called forced", () => {
  const panel = closedDoor();
  panel.pass(offlineAfterMs);
  panel.said();
  panel.send(SAY["heartbeat open"]);
  panel.pass(5000);
  assert.deepEqual(panel.said(), ["came_online", "door_opened"]);
  assert.equal(alarmOf(panel), null);
});

Deno.test("door: heartbeats that show what is known state nothing", () => {
  const panel = closedDoor();
  for (let i = 0; i < 20; i++) {
    panel.pass(1000);
    panel.send(SAY["heartbeat closed"]);
  }
  assert.deepEqual(panel.said(), []);
});

Deno.test("door: held open is said when it is open for longer than the setting, and ends when it closes", () => {
  const panel = closedDoor();
  panel.send(SAY["opened by key"]);
  panel.pass(heldOpenAfterMs - 1);
  assert.equal(panel.door(), "open.within_time");
  panel.pass(1);
  assert.equal(panel.door(), "open.held_open");
  assert.deepEqual(panel.facts.at(-1), {
    type: "intercom.alarm_raised",
    at: START + heldOpenAfterMs,
    kind: "held_open",
    by: "doorline",
  });
  panel.pass(60_000);
  panel.send(SAY.closed);
  assert.equal(alarmOf(panel), null);
  assert.equal(panel.snapshot().context.times.alarmSince, null);
  assert.equal(panel.facts.filter(({ type }) => type === "intercom.alarm_raised").length, 1);
});

Deno.test("door: heartbeats do not put the moment off from which it is held open", () => {
  const panel = closedDoor();
  panel.send(SAY["opened by key"]);
  for (let i = 0; i < 3; i++) {
    panel.pass(heldOpenAfterMs / 3);
    panel.send(SAY["heartbeat open"]);
  }
  assert.equal(panel.door(), "open.held_open");
});

Deno.test("door: nobody says that it is held open while the panel is not heard", () => {
  for (const silence of ["status offline", "link down"] as const) {
    const panel = closedDoor();
    panel.send(SAY["opened by key"], SAY[silence]);
    panel.pass(heldOpenAfterMs * 3);
    assert.equal(panel.door(), "open.within_time", silence);
    assert.equal(alarmOf(panel), null);
    panel.send(SAY["heartbeat open"]);
    panel.pass(heldOpenAfterMs);
    assert.equal(panel.door(), "open.held_open", `${silence}: once it is heard again and still open`);
  }
});

Deno.test("door: forced and tamper stay until an operator has seen them", () => {
  for (const name of ["alarm forced", "alarm tamper"] as const) {
    const panel = closedDoor();
    panel.send(SAY[name]);
    const kind = alarmOf(panel);
    panel.send(SAY.closed, SAY["opened by key"], SAY.closed, SAY["status offline"], SAY.heard);
    panel.pass(3_600_000);
    assert.equal(alarmOf(panel), kind, name);
    panel.send(SAY.acknowledged);
    assert.equal(alarmOf(panel), null);
  }
});

Deno.test("door: the graver alarm is shown, and both are said", () => {
  const panel = closedDoor();
  panel.send(SAY["alarm tamper"]);
  panel.pass(1000);
  panel.send(SAY["alarm forced"]);
  assert.equal(alarmOf(panel), "forced");
  const since = panel.snapshot().context.times.alarmSince;
  panel.pass(1000);
  panel.send(SAY["alarm tamper"]);
  assert.equal(alarmOf(panel), "forced");
  assert.equal(panel.snapshot().context.times.alarmSince, since, "it is shown since it was raised");
  assert.deepEqual(panel.said(), ["alarm_raised", "alarm_raised", "alarm_raised"]);
});

Deno.test("door: after a restart it is held open when it would have been", () => {
  const first = closedDoor();
  first.send(SAY["opened by key"]);
  first.pass(10_000);
  const panel = startPanel({ clock: first.clock, snapshot: first.snapshot() });
  first.stop();
  panel.send(SAY["link up"]);
  panel.actor.send({ type: "resume", at: panel.clock.now(), heardUntil: panel.clock.now() });
  panel.pass(heldOpenAfterMs - 10_001);
  assert.equal(panel.door(), "open.within_time");
  panel.pass(1);
  assert.equal(panel.door(), "open.held_open");
});
