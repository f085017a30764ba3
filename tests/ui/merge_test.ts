/**
 * @module
 * The history: its filters and how fresh events join what was read.
 */
import assert from "node:assert/strict";
import { mergeEvents, wanted } from "../../ui/store/merge.ts";
import { event, past } from "./sample.ts";

const ANY = { mac: "", type: "", from: "", to: "" } as const;

Deno.test("history: fresh events join once and newest first", () => {
  const merged = mergeEvents([event("3", 1), event("2", 5)], [event("2", 5), event("1", 9)]);
  assert.deepEqual(merged.map(({ id }) => id), ["3", "2", "1"]);
});

Deno.test("history: what is older than the page that was read waits for the next page", () => {
  const merged = mergeEvents([event("0", 99)], [event("1", 9)]);
  assert.deepEqual(merged.map(({ id }) => id), ["1"]);
});

Deno.test("history: fresh events pass the same filters as the database's", () => {
  const one = event("1", 10, { mac: "A", type: "key" });
  assert.equal(wanted(one, ANY), true);
  assert.equal(wanted(one, { ...ANY, mac: "B" }), false);
  assert.equal(wanted(one, { ...ANY, type: "call" }), false);
  assert.equal(wanted(one, { ...ANY, from: past(5) }), false);
  assert.equal(wanted(one, { ...ANY, to: past(10) }), false, "`to` is not inside");
  assert.equal(wanted(one, { ...ANY, from: past(10), to: past(9) }), true);
});
