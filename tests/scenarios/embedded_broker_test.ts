/**
 * @module
 * The embedded broker under what a network may send: bursts from other processes, packets that are too large, and
 * payloads that are none. Whoever sends them is dealt with alone; all others go on.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { publishPacket } from "../support/mqtt_bytes.ts";
import { dialRaw } from "../support/raw_client.ts";
import { run } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { inWorld } from "../support/world.ts";

const BURST = fileURLToPath(new URL("../support/mqtt_burst.ts", import.meta.url));
const COUNT = 20_000;

for (const qos of [0, 1] as const) {
  Deno.test(`embedded broker: takes ${COUNT} publishes of QoS ${qos} that another process writes at once`, async () => {
    await inWorld("embedded", {}, async (world) => {
      const bystander = world.panel("AA:BB:CC:01", { heartbeatEverySeconds: 1 });
      await bystander.start();
      const printed = await run(Deno.execPath(), [
        "run",
        "--allow-net",
        BURST,
        String(world.service.mqttPort),
        String(COUNT),
        String(qos),
      ], { cwd: fileURLToPath(new URL("../../", import.meta.url)) });
      const { acknowledged, ended } = JSON.parse(printed);
      assert.equal(ended, false, "the connection was dropped");
      assert.equal(acknowledged, qos === 1 ? COUNT : 0);
      const heard = () => world.metric('doorline_messages_total{kind="panel.key"}');
      await waitFor(async () => await heard() === COUNT, { what: "all messages", timeoutMs: 60_000 })
        .catch(async (error) => assert.fail(`${error.message}: ${await heard()} of ${COUNT}`));
      const [{ count } = { count: 0 }] = await waitFor(async () => {
        const rows = await world.sql<{ count: number }>(
          "select count(distinct key_id)::int as count from intercom_events where type = 'key'",
        );
        return (qos === 1 || rows[0]!.count === COUNT) && rows;
      }, { what: "all rows", timeoutMs: 60_000 });
      assert.equal(count, COUNT, "what is acknowledged is stored");
      await bystander.ring(5);
      assert.equal(bystander.lost, 0);
    });
  });
}

Deno.test("embedded broker: takes large messages in one write, and one that comes in pieces", async () => {
  await inWorld("embedded", {}, async (world) => {
    const mac = "AA:BB:CC:77";
    const large = (apartment: number) => {
      const payload = JSON.stringify({ apartment, filler: "x".repeat(60_000) });
      return publishPacket(`intercom/${mac}/call`, new TextEncoder().encode(payload), { qos: 0 });
    };
    const taken = async (count: number) =>
      await waitFor(async () => (await world.events(`&mac=${mac}&type=call`)).length === count, {
        what: `${count} calls`,
      });
    const panel = await dialRaw(world, "large");
    panel.write(Buffer.concat(Array.from({ length: 20 }, (_, index) => large(index + 1))));
    await taken(20);
    const bytes = large(21);
    for (let at = 0; at < bytes.length; at += 20_001) {
      // Each piece when the one before was heard: anything answered after it shows that the broker still reads.
      await new Promise((resolve) => panel.write(bytes.subarray(at, at + 20_001), resolve));
      await world.admin.api("GET", "/api/me");
    }
    await taken(21);
  });
});

Deno.test("row 15: what is too large closes its sender's connection, is counted, and hurts nobody else", async () => {
  await inWorld("embedded", {}, async (world) => {
    const bystander = world.panel("AA:BB:CC:01", { heartbeatEverySeconds: 1 });
    await bystander.start();
    const before = await world.metric("process_resident_memory_bytes");
    let refused = 0;
    for (const bytes of [65 * 1024 + 1024, 300 * 1024, 5 * 1024 * 1024]) {
      const offender = await dialRaw(world, `large-${bytes}`);
      const payload = new TextEncoder().encode(JSON.stringify({ apartment: 1, filler: "x".repeat(bytes) }));
      offender.write(publishPacket("intercom/AA:BB:CC:66/call", payload, { qos: 1, id: 1 }));
      await waitFor(() => offender.destroyed, { what: `the end of a sender of ${bytes} bytes` });
      refused++;
      await waitFor(async () =>
        await world.metric('doorline_refused_messages_total{reason="oversize"}') === refused
      );
      await bystander.ring(refused);
    }
    // The largest that is taken is taken.
    const honest = await dialRaw(world, "large-enough");
    const room = 64 * 1024 - JSON.stringify({ apartment: 1, filler: "" }).length;
    const most = new TextEncoder().encode(JSON.stringify({ apartment: 1, filler: "x".repeat(room) }));
    honest.write(publishPacket("intercom/AA:BB:CC:66/call", most, { qos: 0 }));
    await waitFor(async () => (await world.events("&mac=AA:BB:CC:66")).some(({ type }) => type === "call"));
    assert.equal(honest.destroyed, false);
    honest.destroy();
    assert.ok(await world.metric("process_resident_memory_bytes") - before < 150_000_000);
    assert.equal(bystander.lost, 0);
    assert.equal(bystander.connected, true);
    const letters = await world.admin.api("GET", "/api/dead-letters");
    assert.equal(letters.body.counts.oversize, 3);
  });
});
