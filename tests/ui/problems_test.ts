/**
 * @module
 * What is wrong now: grouped by cause.
 */
import assert from "node:assert/strict";
import { ALARMS_APART, attention, type Trouble, troubles } from "../../ui/store/problems.ts";
import type { Intercom, Link } from "../../ui/types.ts";
import { link, NOW, panel, past } from "./sample.ts";

function wrong(panels: Intercom[], links: Link[] = [link("broker"), link("database")]): Trouble[] {
  return troubles(panels, { links, now: NOW, heldOpenAfterSeconds: 60 });
}

Deno.test("troubles: nothing wrong is an empty list", () => {
  assert.deepEqual(wrong([panel("A"), panel("B", { door: "open", door_since: past(5) })]), []);
});

Deno.test("troubles: a lost broker is one item with every panel that it hides", () => {
  const hidden = Array.from(
    { length: 40 },
    (_, n) => panel(`P${n}`, { status: "unknown", status_reason: "link_down", status_since: past(9) }),
  );
  const found = wrong(hidden, [link("broker", { state: "down", since: past(9) }), link("database")]);
  assert.equal(found.length, 1);
  assert.equal(found[0]?.kind, "link");
  assert.equal(found[0]?.panels.length, 40);
});

Deno.test("troubles: whatever unknown panels say, without the broker it is one cause", () => {
  const panels = [
    panel("A", { status: "unknown", status_reason: "never_heard" }),
    panel("B", { status: "unknown", status_reason: "restarted" }),
  ];
  const found = wrong(panels, [link("broker", { state: "connecting" })]);
  assert.deepEqual(found.map(({ kind, panels }) => [kind, panels.length]), [["link", 2]]);
});

Deno.test("troubles: panels not heard since the broker is back are an item of their own", () => {
  const found = wrong([panel("A", { status: "unknown", status_reason: "link_down" })]);
  assert.deepEqual(found.map(({ key }) => key), ["unknown-link_down"]);
});

Deno.test("troubles: few alarms stand apart, many of one kind become one", () => {
  const alarm = (n: number) => panel(`P${n}`, { alarm: { kind: "tamper", since: past(n) } });
  const few = Array.from({ length: ALARMS_APART }, (_, n) => alarm(n));
  assert.equal(wrong(few).length, ALARMS_APART);
  const many = wrong([...few, alarm(99)]);
  assert.equal(many.length, 1);
  assert.equal(many[0]?.since, past(99), "since the oldest of them");
});

Deno.test("troubles: offline panels are grouped by why, the longest first", () => {
  const found = wrong([
    panel("A", { status: "offline", status_reason: "silence", status_since: past(5) }),
    panel("B", { status: "offline", status_reason: "last_will", status_since: past(6) }),
    panel("C", { status: "offline", status_reason: "silence", status_since: past(70) }),
  ]);
  assert.deepEqual(found.map(({ key, panels }) => [key, panels.map(({ mac }) => mac)]), [
    ["offline-silence", ["C", "A"]],
    ["offline-last_will", ["B"]],
  ]);
});

Deno.test("troubles: a door is held after its time, and not told twice when an alarm tells it", () => {
  const open = { door: "open", door_since: past(61) } as const;
  assert.deepEqual(wrong([panel("A", open)]).map(({ kind }) => kind), ["held"]);
  const alarmed = panel("A", { ...open, alarm: { kind: "held_open", since: past(1) } });
  assert.deepEqual(wrong([alarmed]).map(({ kind }) => kind), ["alarm"]);
});

Deno.test("troubles: a panel that waits for a yes is only that", () => {
  const found = wrong([
    panel("A", { adopted: false, status: "offline", alarm: { kind: "forced", since: past(1) } }),
  ]);
  assert.deepEqual(found.map(({ kind }) => kind), ["waiting"]);
});

Deno.test("troubles: the most urgent comes first", () => {
  const found = wrong([
    panel("A", { adopted: false }),
    panel("B", { status: "offline", status_reason: "silence" }),
    panel("C", { alarm: { kind: "forced", since: past(1) } }),
    panel("D", { door: "open", door_since: past(999) }),
  ], [link("broker"), link("database", { state: "down" })]);
  assert.deepEqual(found.map(({ kind }) => kind), ["link", "alarm", "offline", "held", "waiting"]);
});

Deno.test("troubles: a link that works and should be mended comes last, and goes once it is mended or down", () => {
  const warned = link("asterisk:main", { warning: "The account may do more than it needs" });
  const found = wrong([panel("A", { adopted: false })], [link("broker"), warned]);
  assert.deepEqual(found.map(({ key }) => key), ["waiting", "warning-asterisk:main"]);
  const down = { ...warned, state: "down" } as const;
  assert.deepEqual(wrong([], [down]).map(({ key }) => key), ["link-asterisk:main"]);
});

Deno.test("attention: alarms and waiting panels, each panel once", () => {
  const alarm = { kind: "forced", since: past(1) } as const;
  assert.equal(attention([panel("A"), panel("B", { alarm }), panel("C", { adopted: false, alarm })]), 2);
});
