/**
 * @module
 * Everybody comes back at once: after a restart each open page asks for the whole fleet at the same moment.
 */
import assert from "node:assert/strict";
import { open, OWNER, startFeed } from "./feed_readers.ts";

const READERS = 2000;
const PANELS = 10_000;

Deno.test(`row 23: ${READERS} streams that come back at once share one snapshot of ${PANELS} panels`, async () => {
  let made = 0;
  const panel = {
    mac: "AA:BB:CC:01",
    name: "Entrance",
    address: "Lime Street 12",
    status: "online",
    door: "closed",
  };
  const { feed, clock } = startFeed({
    snapshot: () => {
      made++;
      return { intercoms: Array.from({ length: PANELS }, (_, index) => ({ ...panel, mac: `AA:${index}` })) };
    },
  });
  const before = Deno.memoryUsage().rss;
  const streams = Array.from({ length: READERS }, (_, index) => {
    // The fleet does not stand still meanwhile.
    if (index % 20 === 0) feed.publish("intercoms", "intercom.changed", { ...panel, mac: `AA:${index}` });
    if (index % 200 === 0) clock.pass(20);
    return feed.open({ ...OWNER, userId: index }, ["intercoms"], {
      scope: "all",
      lastEventId: "former-run-17",
    }).getReader();
  });
  assert.equal(made, 1, "snapshots that were made");
  const first = await Promise.all(streams.map(async (stream) => {
    const reset = await stream.read();
    const snapshot = await stream.read();
    return [new TextDecoder().decode(reset.value).split("\n")[0], snapshot.value] as const;
  }));
  for (const [reset, snapshot] of first) {
    assert.equal(reset, "event: reset");
    assert.equal(snapshot, first[0]![1], "the very same bytes");
  }
  const grown = Deno.memoryUsage().rss - before;
  assert.ok(grown < 200_000_000, `grown by ${grown} bytes for ${first[0]![1]!.length} bytes of snapshot`);

  // And it goes on for all of them, in one gathering.
  const late = open(feed, ["intercoms"]);
  feed.publish("intercoms", "intercom.changed", { ...panel, mac: "AA:last" });
  clock.pass(50);
  assert.equal((await late.take()).at(-1)!.data.mac, "AA:last");
  assert.equal(feed.readers, READERS + 1);
  assert.equal(feed.dropped, 0);
  feed.stop();
  await Promise.all(streams.map((stream) => stream.cancel()));
});
