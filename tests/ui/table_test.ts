/**
 * @module
 * Which panels a table shows and in what order.
 */
import assert from "node:assert/strict";
import { arrange, type Choice, choiceOf, count, find, sortQuery } from "../../ui/store/table.ts";
import type { Intercom } from "../../ui/types.ts";
import { NOW, panel, past } from "./sample.ts";

const ALL: Choice = { q: "", status: "", door: "", only: "", sort: "name", descending: false };

function macs(panels: Intercom[], choice: Partial<Choice>, seen = new Map<string, number>()): string {
  return arrange(panels, { ...ALL, ...choice }, seen).map(({ mac }) => mac).join("");
}

Deno.test("table: names are ordered as people count", () => {
  const panels = [
    panel("A", { name: "Entrance 10" }),
    panel("B", { name: "entrance 2" }),
    panel("C", { name: "" }),
  ];
  assert.equal(macs(panels, {}), "CBA", "a panel without a name is ordered by its MAC");
  assert.equal(macs(panels, { descending: true }), "ABC");
});

Deno.test("table: Russian names are in the order of the alphabet, with ё beside е", () => {
  const panels = [panel("A", { name: "Жук" }), panel("B", { name: "Ёлка" }), panel("C", { name: "Дом" })];
  assert.equal(macs(panels, {}), "CBA");
});

Deno.test("table: by status the worst comes first", () => {
  const panels = [
    panel("A"),
    panel("B", { status: "unknown" }),
    panel("C", { status: "offline" }),
    panel("D", { alarm: { kind: "forced", since: past(1) } }),
  ];
  assert.equal(macs(panels, { sort: "status" }), "DCBA");
});

Deno.test("table: by last seen the newest comes first, with what the stream said since", () => {
  const panels = [
    panel("A", { last_seen_at: past(50) }),
    panel("B", { last_seen_at: past(10) }),
    panel("C", { last_seen_at: null }),
  ];
  assert.equal(macs(panels, { sort: "seen" }), "BAC");
  assert.equal(macs(panels, { sort: "seen" }, new Map([["A", NOW]])), "ABC");
});

Deno.test("table: words are found in name, address and MAC, in any order and case", () => {
  const panels = [
    panel("02:AB:00:00:00:01", { name: "North gate", address: "Long street, 5" }),
    panel("02:CD:00:00:00:02", { name: "South gate", address: "Short street, 5" }),
  ];
  assert.equal(arrange(panels, { ...ALL, q: "GATE long" }, new Map()).length, 1);
  assert.equal(arrange(panels, { ...ALL, q: "02cd" }, new Map()).length, 1);
  assert.equal(arrange(panels, { ...ALL, q: "02-ab" }, new Map()).length, 1);
  assert.equal(arrange(panels, { ...ALL, q: "nowhere" }, new Map()).length, 0);
});

Deno.test("table: a search that is markup or a pattern is only text", () => {
  const panels = [panel("A", { name: "<b>.*</b>" }), panel("B")];
  assert.equal(macs(panels, { q: ".*" }), "A");
  assert.equal(macs(panels, { q: "<b>" }), "A");
});

Deno.test("table: filters of status and door leave panels that wait for a yes aside", () => {
  const panels = [panel("A"), panel("B", { door: "open" }), panel("C", { adopted: false })];
  assert.equal(macs(panels, { status: "online" }), "AB");
  assert.equal(macs(panels, { door: "open" }), "B");
  assert.equal(macs(panels, { only: "waiting" }), "C");
  assert.equal(macs(panels, {}), "ABC");
});

Deno.test("table: the address keeps the choice, and what is not known there is ignored", () => {
  const choice = choiceOf(new URLSearchParams("q=gate&status=offline&door=ajar&sort=-seen"));
  assert.deepEqual(choice, { ...ALL, q: "gate", status: "offline", sort: "seen", descending: true });
  assert.equal(choiceOf(new URLSearchParams("sort=password")).sort, "name");
  assert.equal(sortQuery("seen", true), "-seen");
  assert.equal(sortQuery("name", false), "");
});

Deno.test("search: names that start with the text come first, and no more than asked", () => {
  const panels = [
    panel("A", { name: "Back gate" }),
    panel("B", { name: "Gate 2" }),
    panel("C", { name: "Yard", address: "Gate street" }),
    panel("D", { name: "Gate 1" }),
  ];
  assert.deepEqual(find(panels, "gate", 3).map(({ mac }) => mac), ["D", "B", "A"]);
  assert.deepEqual(find(panels, "  ", 3), []);
});

Deno.test("counts: panels that wait for a yes count only as such", () => {
  const counts = count([
    panel("A", { door: "open" }),
    panel("B", { status: "offline", alarm: { kind: "tamper", since: past(1) } }),
    panel("C", { adopted: false, status: "offline" }),
  ]);
  assert.deepEqual(counts, { all: 2, online: 1, offline: 1, unknown: 0, open: 1, alarm: 1, waiting: 1 });
});

Deno.test("table: 10,000 panels are put in order well within a frame's patience", () => {
  const panels = Array.from(
    { length: 10_000 },
    (_, n) => panel(`M${n}`, { name: `Entrance ${(n * 7919) % 10_000}` }),
  );
  arrange(panels, ALL, new Map());
  const started = performance.now();
  arrange(panels, { ...ALL, q: "entrance" }, new Map());
  // It takes about 15 ms; the bound only catches a mistake of another order.
  assert.ok(performance.now() - started < 250);
});
