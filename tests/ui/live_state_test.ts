/**
 * @module
 * The live state: what each message of the stream does to it.
 */
import assert from "node:assert/strict";
import {
  decode,
  EMPTY,
  FEED_LIMIT,
  type LiveState,
  reduce,
  type Snapshot,
} from "../../ui/store/live_state.ts";
import { command, event, link, NOW, panel, past } from "./sample.ts";

function after(snapshot: Partial<Snapshot>): LiveState {
  return reduce(EMPTY, [{ event: "snapshot", data: { at: past(0), ...snapshot }, receivedAt: NOW }]);
}

Deno.test("live state: a snapshot replaces all that was known", () => {
  const before = after({
    intercoms: [panel("A"), panel("B")],
    events: [event("1", 5)],
    links: [link("broker")],
  });
  const now = reduce(before, [{
    event: "snapshot",
    data: { intercoms: [panel("B")], at: past(0) },
    receivedAt: NOW,
  }]);
  assert.deepEqual([...now.panels.keys()], ["B"]);
  assert.deepEqual(now.events, []);
  assert.deepEqual(now.links, []);
  assert.equal(now.ready, true);
});

Deno.test("live state: the service's clock is known from the snapshot", () => {
  const state = reduce(EMPTY, [{ event: "snapshot", data: { at: past(0) }, receivedAt: NOW - 90_000 }]);
  assert.equal(state.skewMs, 90_000);
});

Deno.test("live state: a reset keeps the old picture until the snapshot behind it", () => {
  const before = after({ intercoms: [panel("A")] });
  const reset = reduce(before, [{ event: "reset" }]);
  assert.equal(reset.panels, before.panels);
  const fresh = reduce(reset, [{ event: "snapshot", data: { intercoms: [], at: past(0) }, receivedAt: NOW }]);
  assert.equal(fresh.panels.size, 0);
});

Deno.test("live state: a change replaces the whole panel and leaves the old state as it was", () => {
  const before = after({ intercoms: [panel("A"), panel("B")] });
  const now = reduce(before, [{ event: "intercom.changed", data: panel("A", { door: "open" }) }]);
  assert.equal(now.panels.get("A")?.door, "open");
  assert.equal(before.panels.get("A")?.door, "closed");
  assert.equal(now.panels.get("B"), before.panels.get("B"));
});

Deno.test("live state: a removed panel is gone, with when it was heard", () => {
  const before = reduce(after({ intercoms: [panel("A")] }), [
    { event: "intercom.seen", data: { seen: [["A", past(1)]] } },
  ]);
  const now = reduce(before, [{ event: "intercom.removed", data: { mac: "A" } }]);
  assert.equal(now.panels.size, 0);
  assert.equal(now.seen.size, 0);
});

Deno.test("live state: seen moves the time only, and the panels stay the same objects", () => {
  const before = after({ intercoms: [panel("A")] });
  const now = reduce(before, [{ event: "intercom.seen", data: { seen: [["A", past(1)]] } }]);
  assert.equal(now.seen.get("A"), NOW - 1000);
  assert.equal(now.panels, before.panels);
});

Deno.test("live state: a command's change reaches its panel", () => {
  const before = after({ intercoms: [panel("A")] });
  const now = reduce(before, [{ event: "command.changed", data: command("c1", { status: "sent" }) }]);
  assert.equal(now.panels.get("A")?.command?.status, "sent");
});

Deno.test("live state: the end of an older command does not hide the next one", () => {
  const before = after({ intercoms: [panel("A", { command: command("c2", { issued_at: past(1) }) })] });
  const old = command("c1", { status: "expired", issued_at: past(12) });
  const now = reduce(before, [{ event: "command.changed", data: old }]);
  assert.equal(now.panels.get("A")?.command?.id, "c2");
});

Deno.test("live state: a command of a panel that is not there changes nothing", () => {
  const before = after({ intercoms: [] });
  assert.equal(reduce(before, [{ event: "command.changed", data: command("c1") }]).panels.size, 0);
});

Deno.test("live state: an event counts once and finds its place by when it was received", () => {
  const before = after({ events: [event("3", 1), event("1", 9)] });
  const now = reduce(before, [
    { event: "event.recorded", data: event("2", 5) },
    { event: "event.recorded", data: event("2", 5) },
    { event: "event.recorded", data: event("4", 0) },
    { event: "event.recorded", data: event("0", 20) },
  ]);
  assert.deepEqual(now.events.map(({ id }) => id), ["4", "3", "2", "1", "0"]);
});

Deno.test("live state: the feed does not grow without end", () => {
  let state = after({});
  for (let n = 0; n < FEED_LIMIT + 50; n++) {
    state = reduce(state, [{ event: "event.recorded", data: event(`e${n}`, 1000 - n) }]);
  }
  assert.equal(state.events.length, FEED_LIMIT);
  assert.equal(state.events[0]?.id, `e${FEED_LIMIT + 49}`);
});

Deno.test("live state: an opening is remembered from an event, from a door and from a command", () => {
  const state = reduce(after({ intercoms: [panel("A"), panel("B"), panel("C")] }), [
    { event: "event.recorded", data: event("1", 4, { mac: "A", type: "door_opened" }) },
    { event: "intercom.changed", data: panel("B", { door: "open", door_since: past(3) }) },
    { event: "intercom.changed", data: panel("C", { command: command("c", { confirmed_at: past(2) }) }) },
  ]);
  assert.deepEqual(Object.fromEntries(state.opened), { A: NOW - 4000, B: NOW - 3000, C: NOW - 2000 });
});

Deno.test("live state: a link is replaced by its id, and a new one joins", () => {
  const state = reduce(after({ links: [link("broker")] }), [
    { event: "link.changed", data: link("broker", { state: "down" }) },
    { event: "link.changed", data: link("database") },
  ]);
  assert.deepEqual(state.links.map(({ id, state }) => `${id} ${state}`), ["broker down", "database up"]);
});

Deno.test("live state: names that the pages do not know are passed over", () => {
  assert.equal(decode("log.line", "{}", NOW), null);
  assert.equal(decode("link.changed", "{}", NOW)?.event, "link.changed");
});
