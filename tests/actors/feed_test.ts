/**
 * @module
 * The feed: snapshot first, then each change once and in order; replay or reset for whoever comes back.
 */
import assert from "node:assert/strict";
import type { Scope } from "../../actors/feed.ts";
import { open, OWNER, startFeed } from "./feed_readers.ts";

const events = (messages: { event: string }[]) => messages.map(({ event }) => event);

Deno.test("feed: a reader gets a snapshot first, then changes of its topics with numbers, gathered for 50 ms", async () => {
  const { feed, clock } = startFeed();
  feed.publish("intercoms", "before", 0);
  const reader = open(feed);
  const [snapshot] = await reader.take();
  assert.deepEqual(snapshot, { id: "e1-1", event: "snapshot", data: { topics: ["intercoms"] } });
  clock.pass(50);
  feed.publish("intercoms", "one", { text: "a\nb\u2028" });
  feed.publish("links", "other", 0);
  feed.publish("intercoms", "two", 2);
  clock.pass(49);
  assert.deepEqual(await reader.take(), []);
  clock.pass(1);
  assert.deepEqual(await reader.take(), [
    { id: "e1-2", event: "one", data: { text: "a\nb\u2028" } },
    { id: "e1-4", event: "two", data: 2 },
  ]);
  assert.equal(reader.chunks.length, 2, "one batch is one write");
  feed.stop();
});

Deno.test("feed: readers of the same topics get the same bytes, encoded once", async () => {
  const { feed, clock } = startFeed();
  const readers = [
    open(feed, ["intercoms", "links"]),
    open(feed, ["links", "intercoms"]),
    open(feed, ["links"]),
  ];
  for (const reader of readers) await reader.take();
  feed.publish("links", "one", 1);
  clock.pass(50);
  for (const reader of readers) await reader.take();
  const [a, b, other] = readers.map(({ chunks }) => chunks);
  assert.equal(a![0], b![0], "the snapshot too");
  assert.equal(a![1], b![1]);
  assert.notEqual(a![1], other![1]);
  feed.stop();
});

Deno.test("feed: whoever comes back gets what it missed, also of the present batch", async () => {
  const { feed, clock } = startFeed();
  const first = open(feed);
  await first.take();
  feed.publish("intercoms", "one", 1);
  clock.pass(50);
  await first.take();
  await first.cancel();
  feed.publish("intercoms", "two", 2);
  clock.pass(50);
  feed.publish("links", "other", 0);
  feed.publish("intercoms", "three", 3);
  const second = open(feed, ["intercoms"], first.lastId);
  assert.deepEqual(events(await second.take()), ["two", "three"]);
  feed.publish("intercoms", "four", 4);
  clock.pass(50);
  assert.deepEqual(events(await second.take()), ["four"], "what was in the batch does not come twice");
  feed.stop();
});

Deno.test("row 23: readers that come back together for the same are given the same bytes", async () => {
  const { feed, clock } = startFeed();
  feed.publish("intercoms", "one", 1);
  clock.pass(50);
  const readers = Array.from({ length: 3 }, () => open(feed, ["intercoms"], "e1-0"));
  for (const reader of readers) assert.deepEqual(events(await reader.take()), ["one"]);
  assert.equal(readers[0]!.chunks[0], readers[2]!.chunks[0]);
  feed.publish("intercoms", "two", 2);
  assert.deepEqual(events(await open(feed, ["intercoms"], "e1-0").take()), ["one", "two"], "never too few");
  feed.stop();
});

Deno.test("feed: whoever missed nothing gets a first byte at once all the same", async () => {
  const { feed } = startFeed();
  const reader = open(feed, ["intercoms"], "e1-0");
  assert.deepEqual(await reader.take(), []);
  assert.equal(new TextDecoder().decode(reader.chunks[0]), ": ping\n\n");
  feed.stop();
});

Deno.test("row 22: another run's, a later, a garbled or a too old Last-Event-ID is answered with a reset and a snapshot", async () => {
  const { feed, clock } = startFeed({ ringSize: 200 });
  for (let i = 0; i < 50; i++) feed.publish("intercoms", "change", i);
  clock.pass(50);
  for (
    const id of ["e2-49", "e1-51", "e1-3", "", "e1-", "e1--1", "49", "e1-1e3", "e1-4 9", "x".repeat(5000)]
  ) {
    assert.deepEqual(events(await open(feed, ["intercoms"], id).take()), ["reset", "snapshot"], id);
  }
  const kept = open(feed, ["intercoms"], "e1-49");
  assert.deepEqual((await kept.take()).map(({ id }) => id), ["e1-50"]);
  feed.stop();
});

Deno.test("feed: the ring is bounded, and answers to the very number where it begins", async () => {
  const { feed, clock } = startFeed({ ringSize: 1000 });
  for (let i = 0; i < 200; i++) feed.publish("intercoms", "change", i);
  clock.pass(50);
  let oldest = 0;
  for (let seq = 199; seq >= 0; seq--) {
    const [first] = await open(feed, ["intercoms"], `e1-${seq}`).take();
    if (first!.event === "reset") break;
    oldest = seq;
    assert.equal(first!.id, `e1-${seq + 1}`);
  }
  assert.ok(oldest > 150 && oldest < 199, `${oldest}`);
  feed.stop();
});

Deno.test("feed: a resync makes every reader of the topic begin anew with the state of now", async () => {
  let state = "old";
  const { feed, clock } = startFeed({ snapshot: () => state });
  const [reader, other] = [open(feed), open(feed, ["links"])];
  await reader.take();
  await other.take();
  const late = open(feed); // its snapshot is encoded already
  await late.take();
  state = "new";
  feed.resync("intercoms");
  const begun = await reader.take();
  assert.deepEqual(begun.map(({ event, data }) => [event, data]), [["reset", {}], ["snapshot", "new"]]);
  assert.deepEqual(await other.take(), []);
  feed.publish("intercoms", "change", 1);
  clock.pass(50);
  assert.deepEqual(events(await reader.take()), ["change"]);
  const back = open(feed, ["links"], "e1-0");
  assert.deepEqual(events(await back.take()), ["reset", "snapshot"], "nothing from before can be replayed");
  feed.stop();
});

Deno.test("feed: a reader that takes nothing through many resyncs is then given all of it, in order", async () => {
  const { feed, clock } = startFeed({ snapshot: () => feed.seq });
  const reader = open(feed);
  for (let i = 0; i < 50; i++) {
    feed.publish("intercoms", "change", feed.seq + 1);
    feed.resync("intercoms");
  }
  feed.publish("intercoms", "change", feed.seq + 1);
  clock.pass(50);
  const told = (await reader.take()).map(({ event, data }) => event === "reset" ? event : `${event} ${data}`);
  const cycle = (i: number) => [`change ${i * 2 + 1}`, "reset", `snapshot ${i * 2 + 2}`];
  assert.deepEqual(told, [
    "snapshot 0",
    ...Array.from({ length: 50 }, (_, i) => cycle(i)).flat(),
    "change 101",
  ]);
  feed.stop();
});

Deno.test("feed: a snapshot is shared for half a second, and what came after it is told with it", async () => {
  let made = 0;
  const { feed, clock } = startFeed({ snapshot: () => ++made });
  const told = async () => (await open(feed).take()).map(({ event, data }) => [event, data]);
  assert.deepEqual(await told(), [["snapshot", 1]]);
  feed.publish("intercoms", "change", "a");
  assert.deepEqual(await told(), [["snapshot", 1], ["change", "a"]], "not sent to anybody yet");
  clock.pass(50);
  assert.deepEqual(await told(), [["snapshot", 1], ["change", "a"]], "already sent to others");
  feed.publish("intercoms", "change", "b");
  clock.pass(449);
  assert.deepEqual(await told(), [["snapshot", 1], ["change", "a"], ["change", "b"]]);
  clock.pass(1);
  assert.deepEqual(await told(), [["snapshot", 2]]);
  feed.stop();
});

Deno.test("feed: after a resync readers hold the very same bytes of the snapshot, not a copy each", async () => {
  const { feed } = startFeed();
  const readers = [open(feed), open(feed)];
  for (const reader of readers) await reader.take();
  feed.resync("intercoms");
  for (const reader of readers) assert.deepEqual(events(await reader.take()), ["reset", "snapshot"]);
  const behind = [open(feed, ["intercoms"], "e0-1"), open(feed, ["intercoms"], "e0-1")];
  for (const reader of behind) assert.deepEqual(events(await reader.take()), ["reset", "snapshot"]);
  const last = [...readers, ...behind].map(({ chunks }) => chunks.at(-1));
  assert.ok(last.every((bytes) => bytes === last[0]));
  feed.stop();
});

Deno.test("feed: a snapshot that is too old to begin with is not kept", async () => {
  const { feed, clock } = startFeed();
  await open(feed).take();
  clock.pass(300);
  await open(feed, ["links"]).take();
  const both = feed.snapshotBytes;
  clock.pass(200);
  assert.ok(feed.snapshotBytes > 0 && feed.snapshotBytes < both, "the first one is gone");
  clock.pass(500);
  assert.equal(feed.snapshotBytes, 0);
  await open(feed).take();
  feed.stop();
  assert.equal(clock.live, 0);
});

Deno.test("feed: what is told has no number, and is not replayed", async () => {
  const { feed, clock } = startFeed();
  const reader = open(feed);
  await reader.take();
  feed.tell("intercoms", "intercom.seen", { seen: [] });
  clock.pass(50);
  assert.deepEqual(await reader.take(), [{ id: null, event: "intercom.seen", data: { seen: [] } }]);
  assert.deepEqual(await open(feed, ["intercoms"], "e1-0").take(), []);
  feed.stop();
});

Deno.test("row 22: a reader that takes nothing is dropped at a megabyte, and others go on", async () => {
  const { feed, clock } = startFeed();
  const [slow, quick] = [open(feed), open(feed)];
  await slow.take();
  await quick.take();
  const big = "x".repeat(100_000);
  let held = 0;
  while (feed.readers === 2) {
    feed.publish("intercoms", "change", big);
    clock.pass(50);
    await quick.take();
    held++;
    assert.ok(held <= 12, "more than a megabyte is held for it");
  }
  assert.ok(held >= 10, `dropped after ${held}`);
  assert.equal(feed.dropped, 1);
  // What it never took is gone with it; the last word says why.
  const rest = await slow.take();
  assert.deepEqual(rest.at(-1), { id: null, event: "bye", data: { reason: "slow" } });
  assert.equal(slow.ended, true);
  feed.publish("intercoms", "after", 1);
  clock.pass(50);
  assert.deepEqual(events(await quick.take()), ["after"]);
  const back = open(feed, ["intercoms"], slow.lastId);
  assert.equal((await back.take()).at(-1)!.event, "after", "it comes back with its last identifier");
  feed.stop();
});

Deno.test("row 22: a reader that takes nothing for ten seconds is dropped, however little there is", async () => {
  const { feed, clock } = startFeed();
  const [slow, quick] = [open(feed), open(feed)];
  for (let i = 0; i < 10; i++) {
    await quick.take();
    feed.publish("intercoms", "change", i);
    clock.pass(1000);
  }
  assert.equal(feed.readers, 2);
  feed.publish("intercoms", "change", 10);
  clock.pass(50);
  assert.equal(feed.readers, 1);
  assert.equal((await slow.take()).at(-1)!.data.reason, "slow");
  assert.deepEqual(events(await quick.take()).slice(-1), ["change"]);
  assert.equal(feed.dropped, 1);
  feed.stop();
});

Deno.test("row 22: a reader that keeps up is not dropped for the size of one batch, nor one that comes back for much", async () => {
  const { feed, clock } = startFeed();
  const reader = open(feed);
  await reader.take();
  for (let i = 0; i < 30; i++) feed.publish("intercoms", "change", "x".repeat(100_000));
  clock.pass(50);
  assert.equal((await reader.take()).length, 30);
  const back = open(feed, ["intercoms"], "e1-0");
  assert.equal((await back.take()).length, 30);
  assert.equal(feed.dropped, 0);
  feed.stop();
});

Deno.test("row 22: a snapshot larger than the bound is no reason to drop its reader", async () => {
  const { feed } = startFeed({ snapshot: () => "x".repeat(3_000_000) });
  const reader = open(feed);
  feed.resync("intercoms");
  assert.deepEqual(events(await reader.take()), ["snapshot", "reset", "snapshot"]);
  feed.stop();
});

Deno.test("row 35: an owner's streams are ended with the reason, and nobody else's", async () => {
  const { feed, clock } = startFeed();
  const mine = open(feed);
  const others = open(feed, ["intercoms"], null, { ...OWNER, userId: 2 });
  await mine.take();
  await others.take();
  assert.equal(feed.countOf(1), 1);
  feed.end(({ userId }) => userId === 1, "logged_out");
  assert.equal(feed.countOf(1), 0, "at once");
  feed.publish("intercoms", "secret", 1);
  clock.pass(50);
  assert.deepEqual(await mine.take(), [{ id: null, event: "bye", data: { reason: "logged_out" } }]);
  assert.equal(mine.ended, true);
  assert.deepEqual(events(await others.take()), ["secret"]);
  feed.stop();
});

Deno.test("row 32: what concerns some is for them and for who reads all, in the snapshot, at once and in a replay", async () => {
  const { feed, clock } = startFeed({ snapshot: (_topics, scope) => scope });
  const read = (scope: Scope, lastEventId: string | null = null) =>
    open(feed, ["calls"], lastEventId, OWNER, scope);
  const readers = [read("all"), read({ userId: 1 }), read({ userId: 2 })];
  const seen = async () => {
    const all = [];
    for (const reader of readers) all.push((await reader.take()).map(({ data }) => data));
    return all;
  };
  assert.deepEqual(await seen(), [["all"], [{ userId: 1 }], [{ userId: 2 }]]);
  feed.publish("calls", "call.changed", "of 1", { userIds: [1, 7] });
  feed.publish("calls", "call.changed", "of 2", { userIds: [2] });
  feed.publish("calls", "call.changed", "of nobody", { userIds: [] });
  feed.publish("calls", "call.changed", "of everybody");
  const behind = [read("all", "e1-0"), read({ userId: 1 }, "e1-0"), read({ userId: 3 }, "e1-0")];
  clock.pass(5);
  assert.deepEqual(await seen(), [
    ["of 1", "of 2", "of nobody", "of everybody"],
    ["of 1", "of everybody"],
    ["of 2", "of everybody"],
  ]);
  behind.push(read({ userId: 2 }, "e1-1"), read({ userId: 2 }, "e1-2"));
  readers.splice(0, readers.length, ...behind);
  assert.deepEqual(await seen(), [
    ["of 1", "of 2", "of nobody", "of everybody"],
    ["of 1", "of everybody"],
    ["of everybody"],
    ["of 2", "of everybody"],
    ["of everybody"],
  ]);
  feed.stop();
});

Deno.test("feed: readers whom a batch does not concern share the bytes that are for everybody", async () => {
  const { feed, clock } = startFeed();
  const readers = [1, 2, 3].map((userId) => open(feed, ["calls", "links"], null, OWNER, { userId }));
  for (const reader of readers) await reader.take();
  feed.publish("calls", "call.changed", 1, { userIds: [3] });
  feed.publish("links", "link.changed", 2);
  clock.pass(5);
  for (const reader of readers) await reader.take();
  const [one, two, three] = readers.map(({ chunks }) => chunks[1]);
  assert.equal(one, two);
  assert.notEqual(one, three);
  const links = [open(feed, ["links"], null, OWNER, { userId: 1 }), open(feed, ["links"])];
  for (const reader of links) await reader.take();
  assert.equal(links[0]!.chunks[0], links[1]!.chunks[0], "what is not private is one for all");
  feed.stop();
});

Deno.test("feed: a change of a call is sent within 5 ms, and what waited before it goes first", async () => {
  const { feed, clock } = startFeed();
  const reader = open(feed, ["calls", "links"]);
  await reader.take();
  feed.publish("links", "link.changed", 1);
  clock.pass(10);
  feed.publish("calls", "call.changed", 2);
  clock.pass(4);
  assert.deepEqual(await reader.take(), []);
  clock.pass(1);
  assert.deepEqual((await reader.take()).map(({ id }) => id), ["e1-1", "e1-2"]);
  feed.publish("links", "link.changed", 3);
  clock.pass(48);
  feed.publish("calls", "call.changed", 4);
  clock.pass(2);
  assert.deepEqual((await reader.take()).map(({ id }) => id), ["e1-3", "e1-4"], "not later than without it");
  feed.stop();
  assert.equal(clock.live, 0);
});

Deno.test("row 35: readers of another kind are told the same, and count, end and stop with the feed's", () => {
  const { feed } = startFeed();
  const said: unknown[] = [];
  const detach = feed.attach({
    published: (entry) => said.push(entry),
    wants: () => false,
    owners: () => [{ ...OWNER, sessionId: "s2" }],
    countOf: (userId) => userId === 1 ? 1 : 0,
    end: (matches, reason) => said.push([matches(OWNER), reason]),
    stop: () => said.push("stop"),
  });
  open(feed);
  assert.equal(feed.countOf(1), 2);
  assert.deepEqual(feed.owners().map(({ sessionId }) => sessionId), ["s1", "s2"]);
  const audience = { userIds: [1] };
  feed.publish("calls", "call.changed", 1, audience);
  feed.tell("links", "told", 2);
  feed.resync("calls");
  feed.end(({ userId }) => userId === 1, "logged_out");
  feed.stop();
  assert.deepEqual(said, [
    { topic: "calls", event: "call.changed", data: 1, audience },
    { topic: "links", event: "told", data: 2, audience: undefined },
    { topic: "calls", event: "reset", data: {}, audience: undefined },
    [true, "logged_out"],
    "stop",
  ]);
  detach();
});

Deno.test("feed: the stop says bye and when to come back, and leaves no timer", async () => {
  const { feed, clock } = startFeed();
  const reader = open(feed);
  await reader.take();
  feed.publish("intercoms", "last", 1);
  feed.stop();
  assert.deepEqual(events(await reader.take()).filter((event) => event !== undefined), ["last", "bye"]);
  assert.match(new TextDecoder().decode(reader.chunks.at(-1)), /retry: 2000\n/);
  assert.equal(reader.ended, true);
  feed.publish("intercoms", "after", 1);
  feed.tell("intercoms", "after", 1);
  assert.equal(clock.live, 0);
  const late = open(feed);
  assert.deepEqual(events(await late.take()), ["bye"]);
  assert.equal(late.ended, true, "nothing waits for a stream that was opened after");
  assert.equal(feed.readers, 0);
});

Deno.test("feed: a reader that goes away is forgotten", async () => {
  const { feed } = startFeed();
  for (let i = 0; i < 100; i++) {
    const reader = open(feed);
    if (i % 2 === 0) await reader.take();
    await reader.cancel();
  }
  assert.equal(feed.readers, 0);
  assert.equal(feed.dropped, 0, "going is not being slow");
  assert.deepEqual(feed.owners(), []);
  feed.stop();
});

Deno.test("feed: a ping is sent each fifteen seconds", async () => {
  const { feed, clock } = startFeed();
  const reader = open(feed);
  await reader.take();
  for (let i = 1; i <= 3; i++) {
    clock.pass(15_000);
    await reader.take();
    assert.equal(reader.chunks.length, 1 + i);
    assert.equal(new TextDecoder().decode(reader.chunks.at(-1)), ": ping\n\n");
  }
  feed.stop();
});
