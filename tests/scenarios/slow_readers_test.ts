/**
 * @module
 * Streams that nobody reads, over real sockets: they are let go, and those who read notice nothing.
 */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { publishPacket } from "../support/mqtt_bytes.ts";
import { dialRaw } from "../support/raw_client.ts";
import { waitFor } from "../support/wait.ts";
import { inWorld } from "../support/world.ts";

const SLOW = 30;
/** What one socket may hold in the kernel, at both its ends, stays below this many events of 60 KB. */
const MOST_EVENTS = 400;

Deno.test(`row 22: ${SLOW} sockets that are not read are let go, and a reader misses nothing`, async () => {
  await inWorld("embedded", { env: { DOORLINE_STREAMS_PER_USER: "100" } }, async (world) => {
    const good = await world.admin.stream("events");
    await good.waitForEvent("snapshot");
    const { hostname, port, host } = new URL(world.service.url);
    const sockets = await Promise.all(
      Array.from({ length: SLOW }, () => neverRead(hostname, Number(port), host, world.admin.cookie)),
    );
    const readers = () => world.metric("doorline_feed_readers");
    const dropped = () => world.metric("doorline_feed_readers_dropped");
    try {
      await waitFor(async () => await readers() === SLOW + 1, { what: "all streams" });
      const before = await world.metric("process_resident_memory_bytes");
      const panel = await dialRaw(world, "loud");
      let sent = 0;
      while (sent < MOST_EVENTS && await dropped() < SLOW) {
        for (let i = 0; i < 10; i++) panel.write(call(++sent));
        // The next ones when the good reader has these, so that it cannot be the one that is slow.
        await good.waitForEvent(
          "event.recorded",
          ({ data }) => (data as { apartment: string }).apartment === String(sent),
        );
      }
      assert.equal(await dropped(), SLOW, `after ${sent} events`);
      assert.equal(await readers(), 1);
      const apartments = good.messages.filter(({ event }) => event === "event.recorded")
        .map(({ data }) => data as { type: string; apartment: string })
        .filter(({ type }) => type === "call").map(({ apartment }) => Number(apartment));
      assert.deepEqual(
        apartments,
        Array.from({ length: sent }, (_, index) => index + 1),
        "each once and in order",
      );
      const grown = await world.metric("process_resident_memory_bytes") - before;
      assert.ok(grown < 400_000_000, `grown by ${grown} bytes`);
      panel.destroy();
    } finally {
      for (const socket of sockets) socket.destroy();
      await good.close();
    }
  });

  function neverRead(hostname: string, port: number, host: string, cookie: string) {
    return new Promise<ReturnType<typeof connect>>((resolve, reject) => {
      const socket = connect(port, hostname, () => {
        socket.pause();
        socket.write(`GET /api/stream?topics=events HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n\r\n`);
        resolve(socket);
      });
      socket.on("error", reject);
    });
  }
});

function call(number: number): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify({ apartment: number, filler: "x".repeat(60_000) }));
  return publishPacket("intercom/AA:BB:CC:77/call", payload, { qos: 0 });
}
