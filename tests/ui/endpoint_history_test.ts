/**
 * @module
 * An endpoint's history: with the present on top of it, and as stretches of a bar.
 */
import assert from "node:assert/strict";
import { percent, stretches, withPresent } from "../../ui/store/endpoint_history.ts";
import type { EndpointChange } from "../../ui/types.ts";
import { endpoint } from "./endpoint_sample.ts";
import { NOW, past } from "./sample.ts";

function stretch(status: EndpointChange["status"], from: number, to: number | null): EndpointChange {
  return { status, reason: null, at: past(from), until: to === null ? null : past(to) };
}

function bar(items: EndpointChange[], hasMore = false, spanS = 100) {
  return stretches(items, { nowMs: NOW, spanMs: spanS * 1000, hasMore })
    .map(({ status, from, to }) => [status, Math.round(from * 100), Math.round(to * 100)]);
}

Deno.test("history: what the stream says comes on top and ends what was read", () => {
  const items = withPresent(
    [stretch("offline", 50, null), stretch("online", 90, 50)],
    endpoint("1", { status_since: past(10) }),
  );
  assert.deepEqual(items.map(({ status, until }) => [status, until]), [
    ["online", null],
    ["offline", past(10)],
    ["online", past(50)],
  ]);
});

Deno.test("history: the same stretch from both sides is one line", () => {
  const items = withPresent([stretch("online", 10, null)], endpoint("1", { status_since: past(10) }));
  assert.equal(items.length, 1);
});

Deno.test("history: what was read after the stream fell behind holds", () => {
  const read = [stretch("offline", 5, null)];
  assert.deepEqual(withPresent(read, endpoint("1", { status_since: past(10) })), read);
});

Deno.test("bar: from left to right without gaps, cut at its ends", () => {
  const items = [stretch("online", 20, null), stretch("offline", 40, 20), stretch("online", 5000, 40)];
  assert.deepEqual(bar(items), [["online", 0, 60], ["offline", 60, 80], ["online", 80, 100]]);
});

Deno.test("bar: a gap is unknown; before the oldest it is unread while there is more", () => {
  const items = [stretch("online", 20, null), stretch("offline", 60, 40)];
  assert.deepEqual(bar(items), [
    ["unknown", 0, 40],
    ["offline", 40, 60],
    ["unknown", 60, 80],
    ["online", 80, 100],
  ]);
  assert.deepEqual(bar(items, true)[0], ["unread", 0, 40]);
  assert.deepEqual(bar([]), [["unknown", 0, 100]]);
  assert.deepEqual(bar([], true), [["unread", 0, 100]]);
});

Deno.test("bar: stretches that overlap, as after a clock was set, are drawn once", () => {
  const items = [stretch("online", 30, null), stretch("offline", 60, 10)];
  assert.deepEqual(bar(items), [["unknown", 0, 40], ["offline", 40, 90], ["online", 90, 100]]);
});

Deno.test("bar: with more stretches than can be told apart, what came and went is mixed", () => {
  const items: EndpointChange[] = [stretch("online", 1000, null)];
  for (let at = 1000; at < 2000; at += 2) {
    items.push(stretch(at % 4 === 0 ? "offline" : "online", at + 2, at));
  }
  items.push(stretch("offline", 4000, 2000));
  const drawn = bar(items, false, 4000);
  assert.deepEqual(drawn.map(([status]) => status), ["offline", "mixed", "online"]);
  assert.deepEqual([drawn[0]![1], drawn.at(-1)![2]], [0, 100]);
});

Deno.test("availability: what is not all is not rounded to all, nor to nothing", () => {
  const format = (n: number) => String(n);
  assert.deepEqual([1, 0.99999, 0.9321, 0.00001, 0].map((ratio) => percent(ratio, format)), [
    "100",
    "99.9",
    "93.2",
    "0.1",
    "0",
  ]);
});
