/**
 * @module
 * Log lines in the feed: told to who reads their topic, at once and never again, bounded, and at no cost to others.
 */
import assert from "node:assert/strict";
import type { LogTopic } from "../../actors/feed.ts";
import { logLine, messagesOf, open, OWNER, startFeed } from "./feed_readers.ts";

const EP: LogTopic = "logs:main/777-ep";

const events = (messages: { event: string }[]) => messages.map(({ event }) => event);

Deno.test("feed: nothing is wanted of a topic that nobody reads, and what is told of it reaches nobody", async () => {
  const { feed, clock } = startFeed();
  const reader = open(feed, ["endpoints"]);
  await reader.take();
  for (const topic of [EP, "logs:*", "endpoints", "logs", "", "__proto__"]) {
    assert.equal(feed.wants(topic), false, topic);
  }
  feed.tell(EP, "log.line", logLine(1));
  const before = feed.seq;
  clock.pass(50);
  assert.deepEqual(await reader.take(), []);
  assert.equal(feed.seq, before);
  feed.stop();
  assert.equal(clock.live, 0);
});

Deno.test("feed: a reader of lines gets the last ones in its snapshot, then each that is told, without a number", async () => {
  const { feed, clock } = startFeed({ lastLines: (topic) => [logLine(1, { message: topic })] });
  const reader = open(feed, ["links"], null, OWNER, "all", [EP, "logs:*"]);
  const [snapshot] = await reader.take();
  assert.deepEqual(snapshot, {
    id: "e1-0",
    event: "snapshot",
    data: {
      topics: ["links"],
      logs: { [EP]: [logLine(1, { message: EP })], "logs:*": [logLine(1, { message: "logs:*" })] },
    },
  });
  assert.equal(feed.wants(EP) && feed.wants("logs:*"), true);
  assert.equal(feed.wants("logs:other/777-ep"), false);
  feed.publish("links", "link.changed", 1);
  feed.tell(EP, "log.line", logLine(2));
  clock.pass(50);
  assert.deepEqual(await reader.take(), [
    { id: "e1-1", event: "link.changed", data: 1 },
    { id: null, event: "log.line", data: logLine(2) },
  ]);
  await reader.cancel();
  assert.equal(feed.wants(EP), false);
  feed.stop();
});

Deno.test("feed: a reader of lines that comes back begins anew, whatever it missed", async () => {
  const { feed } = startFeed({ lastLines: () => [logLine(1)] });
  const back = open(feed, ["endpoints"], "e1-0", OWNER, "all", [EP]);
  const told = await back.take();
  assert.deepEqual(events(told), ["reset", "snapshot"]);
  assert.deepEqual(told[1]!.data.logs, { [EP]: [logLine(1)] });
  const without = open(feed, ["endpoints"], "e1-0");
  assert.deepEqual(await without.take(), [], "others go on");
  feed.resync("endpoints");
  assert.deepEqual(events(await back.take()), ["reset", "snapshot"]);
  feed.stop();
});

Deno.test("feed: readers of lines share the snapshot and the changes with those that read none, byte by byte", async () => {
  const { feed, clock } = startFeed({ lastLines: (topic) => [logLine(1, { message: topic })] });
  const plain = open(feed, ["links"]);
  const one = open(feed, ["links"], null, OWNER, "all", [EP]);
  const same = open(feed, ["links"], null, OWNER, "all", [EP]);
  const other = open(feed, ["links"], null, OWNER, "all", ["logs:*"]);
  const readers = [plain, one, same, other];
  for (const reader of readers) await reader.take();
  assert.equal(one.chunks[0]!.buffer, plain.chunks[0]!.buffer, "the state is not copied for each");
  feed.publish("links", "link.changed", 1);
  feed.tell(EP, "log.line", logLine(2));
  feed.tell("logs:*", "log.line", logLine(2));
  clock.pass(50);
  for (const reader of readers) await reader.take();
  const changes = readers.map(({ chunks }) => chunks.at(chunks.length === 2 ? -1 : -2));
  assert.ok(changes.every((bytes) => bytes === changes[0]));
  assert.equal(one.chunks.at(-1), same.chunks.at(-1));
  assert.notEqual(one.chunks.at(-1), other.chunks.at(-1));
  assert.equal(plain.messages.some(({ event }) => event === "log.line"), false);
  feed.stop();
});

Deno.test("row 22: a snapshot with lines is whole, or not there at all, when its reader is dropped", async () => {
  const { feed, clock } = startFeed();
  const reader = open(feed, ["intercoms"], null, OWNER, "all", [EP]);
  // One read and no more: the rest is still in the stream when the reader is let go.
  const first = await reader.take();
  assert.deepEqual(events(first), ["snapshot"]);
  const slow = new ReadableStreamDefaultReader(
    feed.open(OWNER, ["intercoms"], { scope: "all", logs: [EP] }),
  );
  let text = new TextDecoder().decode((await slow.read()).value);
  for (let i = 0; feed.readers === 2; i++) {
    feed.publish("intercoms", "change", "x".repeat(500_000));
    clock.pass(50);
    await reader.take();
    assert.ok(i < 10);
  }
  for (let part = await slow.read(); !part.done; part = await slow.read()) {
    text += new TextDecoder().decode(part.value);
  }
  assert.deepEqual(events(messagesOf(text)), ["snapshot", "bye"]);
  feed.stop();
});

Deno.test("row 22: a thousand lines a second are told of a topic, and how many are left out; others are not held up", async () => {
  const { feed, clock } = startFeed();
  const [busy, calm] = [
    open(feed, [], null, OWNER, "all", [EP]),
    open(feed, [], null, OWNER, "all", ["logs:main/888"]),
  ];
  for (const reader of [busy, calm]) await reader.take();
  for (let id = 1; id <= 5000; id++) {
    feed.tell(EP, "log.line", logLine(id));
    if (id % 250 === 0) clock.pass(50);
  }
  feed.tell("logs:main/888", "log.line", logLine(5001));
  clock.pass(50);
  const told = await busy.take();
  assert.equal(told.filter(({ event }) => event === "log.line").length, 1000);
  const skipped = told.filter(({ event }) => event === "log.skipped");
  assert.ok(skipped.every(({ data, id }) => data.topic === EP && id === null));
  assert.equal(skipped.reduce((sum, { data }) => sum + data.count, 0), 4000);
  assert.deepEqual(events(await calm.take()), ["log.line"]);
  clock.pass(1000);
  feed.tell(EP, "log.line", logLine(5002));
  clock.pass(50);
  assert.deepEqual(events(await busy.take()), ["log.line"]);
  feed.stop();
  assert.equal(clock.live, 0);
});

Deno.test("row 22: lines are bounded by their length as well, and a reader of them that takes nothing is dropped", async () => {
  const { feed, clock } = startFeed();
  const slow = open(feed, [], null, OWNER, "all", [EP]);
  await slow.take();
  const message = "x".repeat(100_000);
  for (let id = 1; id <= 100; id++) feed.tell(EP, "log.line", logLine(id, { message }));
  clock.pass(50);
  const told = await slow.take();
  assert.equal(told.at(-1)!.event, "log.skipped");
  assert.ok(told.length <= 22, `${told.length}`);
  const stuck = open(feed, [], null, OWNER, "all", [EP]);
  for (let id = 101; feed.readers === 2 && id < 400; id++) {
    if (feed.wants(EP)) feed.tell(EP, "log.line", logLine(id, { message }));
    clock.pass(200);
    await slow.take();
  }
  assert.equal(feed.dropped, 1);
  assert.equal((await stuck.take()).at(-1)!.data.reason, "slow");
  assert.equal(feed.wants(EP), true, "the other one goes on");
  feed.stop();
});

Deno.test("feed: who comes back within the second is bound by what was told before", async () => {
  const { feed, clock } = startFeed();
  const first = open(feed, [], null, OWNER, "all", [EP]);
  for (let id = 1; id <= 1000; id++) feed.tell(EP, "log.line", logLine(id));
  clock.pass(50);
  await first.cancel();
  assert.equal(feed.wants(EP), false);
  const second = open(feed, [], null, OWNER, "all", [EP]);
  await second.take();
  feed.tell(EP, "log.line", logLine(1001));
  clock.pass(50);
  assert.deepEqual(events(await second.take()), ["log.skipped"]);
  feed.stop();
});

Deno.test("feed: readers of another kind say which lines they want, and are told them within the same bound", () => {
  const { feed, clock } = startFeed();
  const said: { event: string; data: unknown }[] = [];
  feed.attach({
    published: ({ event, data }) => said.push({ event, data }),
    wants: (topic) => topic === EP,
    owners: () => [],
    countOf: () => 0,
    end: () => {},
    stop: () => {},
  });
  assert.deepEqual([feed.wants(EP), feed.wants("logs:*")], [true, false]);
  feed.tell("logs:*", "log.line", logLine(1));
  for (let id = 1; id <= 1010; id++) feed.tell(EP, "log.line", logLine(id));
  assert.equal(said.length, 1000, "at once");
  assert.deepEqual(said[0], { event: "log.line", data: logLine(1) });
  clock.pass(50);
  assert.deepEqual(said.at(-1), { event: "log.skipped", data: { topic: EP, count: 10 } });
  clock.pass(30_000);
  feed.stop();
  assert.equal(feed.wants(EP), false);
  assert.equal(clock.live, 0);
});

Deno.test("feed: a thousand topics of lines that are read do not make publishing another topic more work", async () => {
  const { feed, clock } = startFeed();
  const readers = Array.from(
    { length: 1000 },
    (_, i) => open(feed, ["intercoms"], null, OWNER, "all", [`logs:main/${i}`]),
  );
  for (const reader of readers) await reader.take();
  feed.publish("intercoms", "change", 1);
  clock.pass(50);
  for (const reader of readers) await reader.take();
  const sent = new Set(readers.map(({ chunks }) => chunks.at(-1)));
  assert.equal(sent.size, 1, "written out once for all of them");
  feed.stop();
});
