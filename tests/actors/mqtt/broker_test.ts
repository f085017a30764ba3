/**
 * @module
 * What the embedded broker keeps: the newest status of each panel and nothing else, and no queue for anybody.
 */
import assert from "node:assert/strict";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { systemClock } from "../../../actors/clock.ts";
import { EmbeddedBroker } from "../../../actors/mqtt/broker.ts";
import type { Publish } from "../../../actors/routing.ts";
import { waitFor } from "../../support/wait.ts";

const MAC = "AA:BB:CC:01";

interface Site {
  broker: EmbeddedBroker;
  taken: Publish[];
  dial(options?: IClientOptions): Promise<MqttClient>;
  /** Topics with something retained below the panel's, in any case of its MAC; waits long if some are expected. */
  retained(expected?: number): Promise<string[]>;
}

async function atBroker(play: (site: Site) => Promise<void>): Promise<void> {
  const taken: Publish[] = [];
  const broker = new EmbeddedBroker({
    host: "127.0.0.1",
    port: 0,
    clock: systemClock(),
    intake: (publish) => Promise.resolve(void taken.push(publish)),
    credentials: new Map(),
    onRefused: () => {},
    onTakeover: () => {},
  });
  await broker.start();
  const clients: MqttClient[] = [];
  const dial = async (options: IClientOptions = {}) => {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
      reconnectPeriod: 0,
      timerVariant: "native",
      ...options,
    });
    clients.push(client);
    return client;
  };
  try {
    await play({
      broker,
      taken,
      dial,
      retained: async (expected = 0) => {
        const reader = await dial();
        const found: string[] = [];
        reader.on("message", (topic, _payload, packet) => packet.retain && found.push(topic));
        await reader.subscribeAsync([`intercom/${MAC}/#`, `intercom/${MAC.toLowerCase()}/#`]);
        // The broker looks them up after the SUBACK; what was retained is there before an answer to this one.
        await reader.subscribeAsync(`intercom/${MAC}/cmd`);
        await waitFor(() => found.length > 0, { timeoutMs: expected > 0 ? 20_000 : 300 }).catch(
          () => {},
        );
        await reader.endAsync(true);
        return found;
      },
    });
  } finally {
    for (const client of clients) await client.endAsync(true);
    await broker.stop();
  }
}

Deno.test("broker: keeps a status for later subscribers, and nothing else", async () => {
  await atBroker(async ({ dial, retained, taken }) => {
    const panel = await dial();
    for (const kind of ["x1", "x2", "call", "heartbeat"]) {
      await panel.publishAsync(`intercom/${MAC}/${kind}`, "{}", { qos: 1, retain: true });
    }
    await panel.publishAsync(`intercom/${MAC}/status`, "x".repeat(2000), { qos: 1, retain: true });
    assert.deepEqual(await retained(), []);
    assert.equal(taken.length, 5, "what is not kept is heard");
    await panel.publishAsync(`intercom/${MAC}/status`, '{"status":"online"}', { qos: 1, retain: true });
    assert.deepEqual(await retained(1), [`intercom/${MAC}/status`]);
  });
});

Deno.test("broker: keeps one status of a panel, however it writes its MAC, until it is revoked", async () => {
  await atBroker(async ({ broker, dial, retained }) => {
    const panel = await dial();
    const online = '{"status":"online"}';
    await panel.publishAsync(`intercom/${MAC}/status`, online, { qos: 1, retain: true });
    await panel.publishAsync(`intercom/${MAC.toLowerCase()}/status`, online, { qos: 1, retain: true });
    assert.deepEqual(await retained(1), [`intercom/${MAC.toLowerCase()}/status`]);
    broker.revoke(MAC);
    assert.deepEqual(await retained(), []);
  });
});

Deno.test("broker: grants QoS 0 only, so that a session that stays away has no queue", async () => {
  await atBroker(async ({ broker, dial }) => {
    const session = { clientId: "panel", clean: false };
    const panel = await dial(session);
    const granted = await panel.subscribeAsync([`intercom/${MAC}/cmd`, `intercom/${MAC}/status`], { qos: 1 });
    assert.deepEqual(granted.map(({ qos }) => qos), [0, 0]);
    await panel.subscribeAsync("#", { qos: 2 }).catch(() => {});
    await panel.endAsync();
    await waitFor(() => broker.connected === 0);
    const other = await dial();
    for (let n = 0; n < 10; n++) await other.publishAsync(`intercom/${MAC}/status`, `${n}`, { qos: 1 });
    const heard: string[] = [];
    const again = mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, { ...session, timerVariant: "native" });
    again.on("message", (topic, payload) => heard.push(`${topic} ${payload}`));
    await new Promise<void>((resolve) => again.once("connect", () => resolve()));
    await again.subscribeAsync(`intercom/${MAC}/cmd`);
    await again.endAsync();
    assert.deepEqual(heard, []);
  });
});

Deno.test("broker: who came back by another connection left no last will; who did not is heard", async () => {
  await atBroker(async ({ dial, taken }) => {
    const will = {
      topic: `intercom/${MAC}/status`,
      payload: '{"status":"offline"}',
      qos: 1 as const,
      retain: true,
    };
    await dial({ clientId: "panel", will });
    const again = await dial({ clientId: "panel", will });
    await again.publishAsync(`intercom/${MAC}/call`, "{}", { qos: 1 });
    assert.deepEqual(taken.map(({ topic }) => topic), [`intercom/${MAC}/call`]);
    again.stream.destroy();
    await waitFor(() => taken.length === 2);
    assert.equal(taken[1]!.topic, will.topic);
  });
});

Deno.test("broker: takes nothing once it is told to, and lets a PUBACK go that comes after", async () => {
  await atBroker(async ({ broker, dial, taken }) => {
    const panel = await dial();
    await panel.publishAsync(`intercom/${MAC}/call`, "{}", { qos: 1 });
    broker.stopTaking();
    const late = panel.publishAsync(`intercom/${MAC}/call`, "{}", { qos: 1 }).then(
      () => "acknowledged",
      () => "not",
    );
    await assert.rejects(broker.sendCommand(MAC, {}), /stopped/);
    await broker.stop();
    await panel.endAsync(true);
    assert.equal(await late, "not");
    assert.equal(taken.length, 1);
  });
});
