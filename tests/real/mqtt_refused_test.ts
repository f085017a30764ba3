/**
 * @module
 * What the service could not take from a broker of the operator's: it comes again, though Mosquitto delivers it by
 * another connection only, and what had been waiting is told from what is new.
 */
import assert from "node:assert/strict";
import { BrokerClient } from "../../actors/mqtt/client.ts";
import type { Publish } from "../../actors/routing.ts";
import { DatabaseAway } from "../../db/client.ts";
import { lacks } from "../support/available.ts";
import { type Mosquitto, startMosquitto } from "../support/mosquitto.ts";
import { type Ear, openEar } from "../support/test_broker.ts";
import { waitFor } from "../support/wait.ts";

const MAC = "AA:BB:CC:01";
const real = { ignore: lacks("mosquitto") };

interface Site {
  mosquitto: Mosquitto;
  mouth: Ear;
  /** What the intake accepted, in order. */
  taken: { text: string; publish: Publish }[];
  /** What was told of the link; a further attempt that fails is not told anew. */
  links: string[];
  refuses: boolean;
  refused: number;
  open(options?: { askAgainMs?: number }): Promise<BrokerClient>;
}

async function atMosquitto(config: string, play: (site: Site) => Promise<void>): Promise<void> {
  const mosquitto = await startMosquitto({ config });
  const mouth = await openEar(mosquitto.url, { filter: "nothing" });
  const clients: BrokerClient[] = [];
  const site: Site = {
    mosquitto,
    mouth,
    taken: [],
    links: [],
    refuses: false,
    refused: 0,
    open: async (options = {}) => {
      const client = new BrokerClient({
        url: mosquitto.url,
        clientId: "doorline-test",
        intake: (publish) => {
          if (site.refuses) {
            site.refused++;
            return Promise.reject(new DatabaseAway("Cannot commit: 100000 rows are waiting"));
          }
          site.taken.push({ text: new TextDecoder().decode(publish.payload), publish });
          return Promise.resolve();
        },
        onUp: () => site.links.push("up"),
        onDown: () => site.links.at(-1) === "down" || site.links.push("down"),
        ...options,
      });
      clients.push(client);
      const ups = site.links.length;
      client.start();
      await waitFor(() => site.links.length > ups, { what: "the link" });
      return client;
    },
  };
  try {
    await play(site);
  } finally {
    for (const client of clients) await client.stop();
    await mouth.close();
    await mosquitto.stop();
  }
}

const ring = (mouth: Ear, n: number) => mouth.say(`intercom/${MAC}/call`, { apartment: n });
const rings = (count: number) => Array.from({ length: count }, (_, n) => JSON.stringify({ apartment: n }));

Deno.test("mqtt: what was refused comes again when asked for; the link was never down", real, async () => {
  await atMosquitto("max_inflight_messages 20", async (site) => {
    const client = await site.open();
    site.refuses = true;
    for (let n = 0; n < 50; n++) await ring(site.mouth, n);
    await waitFor(() => site.refused === 50);
    site.refuses = false;
    client.askAgain();
    await waitFor(() => site.taken.length >= 50, { what: "all of them" });
    assert.deepEqual(site.taken.map(({ text }) => text), rings(50));
    assert.deepEqual(site.links, ["up"]);
    // A command that is to be sent meanwhile waits for the new connection.
    const panel = await openEar(site.mosquitto.url, { filter: `intercom/${MAC}/cmd` });
    site.refuses = true;
    await ring(site.mouth, 50);
    await waitFor(() => site.refused === 51);
    site.refuses = false;
    client.askAgain();
    await client.sendCommand(MAC, { action: "open" }, { expiresInMs: 10_000 });
    await panel.hear("/cmd");
    await panel.close();
    await waitFor(() => site.taken.length === 51);
    assert.deepEqual(site.links, ["up"]);
    // All were acknowledged: the next run is told none of them.
    await client.stop();
    await site.open();
    await ring(site.mouth, 51);
    await waitFor(() => site.taken.length === 52);
  });
});

Deno.test("mqtt: what was refused comes again by itself after a while", real, async () => {
  await atMosquitto("max_inflight_messages 20", async (site) => {
    await site.open({ askAgainMs: 2_000 });
    site.refuses = true;
    for (let n = 0; n < 30; n++) await ring(site.mouth, n);
    await waitFor(() => site.refused >= 90, { what: "all to be refused three times", timeoutMs: 60_000 });
    site.refuses = false;
    await waitFor(() => site.taken.length === 30, { what: "all of them" });
    assert.deepEqual(site.taken.map(({ text }) => text), rings(30));
    assert.deepEqual(site.links, ["up"]);
  });
});

Deno.test("mqtt: a broker that does not come back from it is down", real, async () => {
  await atMosquitto("", async (site) => {
    const client = await site.open();
    site.refuses = true;
    await ring(site.mouth, 0);
    await waitFor(() => site.refused === 1);
    client.askAgain();
    await site.mosquitto.kill();
    await waitFor(() => site.links.length === 2, { what: "the link to be down" });
    await assert.rejects(client.sendCommand(MAC, {}, { expiresInMs: 10_000 }), /down/);
    site.refuses = false;
    await site.mosquitto.start();
    await waitFor(() => site.links.length === 3, { what: "the link to be up", timeoutMs: 30_000 });
    assert.deepEqual(site.links, ["up", "down", "up"]);
  });
});

Deno.test(
  "mqtt: what waited for the service is marked as such; what comes to a new session is not",
  real,
  async () => {
    await atMosquitto("", async (site) => {
      const marks = () => site.taken.map(({ publish }) => publish.backlog === true);
      const first = await site.open();
      await ring(site.mouth, 0);
      await waitFor(() => site.taken.length === 1);
      await first.stop();
      for (let n = 1; n <= 5; n++) await ring(site.mouth, n);
      await site.open();
      await ring(site.mouth, 6);
      await waitFor(() => site.taken.length === 7);
      assert.deepEqual(marks(), [false, true, true, true, true, true, false]);
    });
  },
);
