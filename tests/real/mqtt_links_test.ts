/**
 * @module
 * The link to the broker and what is acknowledged over it: nothing before it is committed, everything after, over
 * restarts, cut connections and brokers that speak MQTT 3.1.1 only; and last wills that mean what they say.
 */
import assert from "node:assert/strict";
import type { Panel } from "../../emulators/panel.ts";
import { lacks } from "../support/available.ts";
import { freePort } from "../support/free_port.ts";
import { startService } from "../support/service.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import { openEar, startTestBroker } from "../support/test_broker.ts";
import { pause, waitFor, withDeadline } from "../support/wait.ts";
import { inWorld, type World, type WorldKind } from "../support/world.ts";

const MAC = "AA:BB:CC:01";
const real = { ignore: lacks("mosquitto", "postgresql") };
const postgres = { ignore: lacks("postgresql") };

/** A world whose database, and whose broker for the service, stand behind proxies. */
async function behindProxies(
  kind: WorldKind,
  play: (world: World, proxies: { database: TcpProxy; broker: TcpProxy | null }) => Promise<void>,
  config = "",
): Promise<void> {
  let database: TcpProxy | undefined;
  let broker: TcpProxy | null = null;
  await inWorld(kind, {
    mosquitto: { persistence: true, config },
    databaseUrl: async (server) => {
      database = await startTcpProxy({ target: server.port });
      return server.url.replace(`:${server.port}/`, `:${database.port}/`);
    },
    brokerUrl: async (server) => {
      broker = await startTcpProxy({ target: server.port });
      return `mqtt://127.0.0.1:${broker.port}`;
    },
  }, async (world) => {
    world.defer(() => Promise.all([database!.stop(), broker?.stop()]));
    await play(world, { database: database!, broker });
  });
}

Deno.test(
  "mqtt: what came while the service was away is taken once, in order, and acknowledged",
  real,
  async () => {
    // Mosquitto's own default: a message that is never acknowledged would stop the rest after twenty.
    await behindProxies("real", async (world) => {
      const mouth = await world.ear({ filter: "nothing" });
      await mouth.say(`intercom/${MAC}/heartbeat`, { door_status: "closed" });
      await waitFor(async () => (await world.events()).length === 1);
      await world.service.kill9();
      for (let n = 1; n <= 300; n++) {
        await mouth.say(`intercom/${MAC}/call`, { apartment: n, id: `queued ${n}` });
      }
      await world.service.start();
      await waitFor(async () => (await world.events("&type=call")).length === 300);
      const apartments = (await world.events("&type=call")).map(({ apartment }) => Number(apartment));
      assert.deepEqual(apartments, apartments.toSorted((a, b) => a - b));
      await mouth.say(`intercom/${MAC}/call`, { apartment: "last", id: "last" });
      await waitFor(async () => (await world.events("&type=call")).length === 301);
      // All were acknowledged: another run is told none of them again.
      await world.service.kill9();
      await world.service.start();
      await mouth.say(`intercom/${MAC}/key`, { apartment: 1 });
      await waitFor(async () => (await world.events("&type=key")).length === 1);
      assert.equal(await world.metric('doorline_messages_total{kind="panel.call"}'), 0);
    }, "max_inflight_messages 20");
  },
);

Deno.test(
  "mqtt: an event that is not committed is not acknowledged: after a kill it comes again",
  real,
  async () => {
    await behindProxies("real", async (world, { database }) => {
      const mouth = await world.ear({ filter: "nothing" });
      await mouth.say(`intercom/${MAC}/heartbeat`, { door_status: "closed" });
      await waitFor(async () => (await world.events()).length === 1);
      database.hold();
      for (let n = 1; n <= 5; n++) await mouth.say(`intercom/${MAC}/call`, { apartment: n });
      await waitFor(async () => await world.metric('doorline_messages_total{kind="panel.call"}') === 5);
      await world.service.kill9();
      await database.heal();
      database.resetAll();
      await world.service.start();
      await waitFor(async () => (await world.events("&type=call")).length >= 5);
      assert.equal(await world.metric('doorline_messages_total{kind="panel.call"}'), 5);
      assert.deepEqual((await world.events("&type=call")).map(({ apartment }) => apartment), [
        "1",
        "2",
        "3",
        "4",
        "5",
      ]);
    });
  },
);

Deno.test(
  "mqtt: a redelivery while the first delivery is being committed counts once and is acknowledged",
  real,
  async () => {
    await behindProxies("real", async (world, { database, broker }) => {
      const stream = await world.admin.stream("links");
      const mouth = await world.ear({ filter: "nothing" });
      await mouth.say(`intercom/${MAC}/heartbeat`, { door_status: "closed" });
      await waitFor(async () => (await world.events()).length === 1);
      database.hold();
      // Without ids: only the fingerprint tells that these are the same.
      for (let n = 1; n <= 30; n++) await mouth.say(`intercom/${MAC}/call`, { apartment: n });
      const taken = () => world.metric('doorline_messages_total{kind="panel.call"}');
      await waitFor(async () => await taken() === 30);
      broker!.resetAll();
      await waitFor(async () => await taken() === 60, { what: "all of them again" });
      await database.heal();
      await waitFor(async () => (await world.events("&type=call")).length >= 30);
      await stream.waitForEvent("link.changed", ({ data }) => data.id === "broker" && data.state === "up");
      // A reset may overtake PUBACKs on their way.
      for (let before = -1; before !== broker!.passed().up;) {
        before = broker!.passed().up;
        await pause(500);
      }
      broker!.resetAll();
      await mouth.say(`intercom/${MAC}/key`, { apartment: 1 });
      await waitFor(async () => (await world.events("&type=key")).length === 1);
      assert.equal(await taken(), 60, "not all were acknowledged");
      assert.equal((await world.events("&type=call")).length, 30);
      await stream.close();
    });
  },
);

Deno.test("mqtt: a broker that speaks 3.1.1 only is spoken to in 3.1.1, and again after it was away", async () => {
  let broker = await startTestBroker({ port: await freePort() });
  const service = await startService({ env: { DOORLINE_MQTT_URL: broker.url } });
  const admin = await service.adminLogin();
  const linkState = async () =>
    (await admin.api("GET", "/api/links")).body.items.find(({ id }: { id: string }) => id === "broker").state;
  const calls = async () => (await admin.api("GET", "/api/events?type=call")).body.items.length;
  for (const round of [1, 2]) {
    await waitFor(async () => await linkState() === "up", { what: `the link of round ${round}` });
    const panel = await openEar(broker.url, { filter: `intercom/${MAC}/cmd` });
    await panel.say(`intercom/${MAC}/heartbeat`, { door_status: "closed" });
    await panel.say(`intercom/${MAC}/call`, { apartment: round });
    await waitFor(async () => await calls() === round);
    const { status } = await admin.api("POST", `/api/intercoms/${MAC}/open`);
    assert.equal(status, 202);
    const order = await panel.hear("/cmd");
    await panel.say(`intercom/${MAC}/door_opened`, { source: "remote", command_id: order.fields.command_id });
    await waitFor(async () =>
      (await admin.api("GET", `/api/commands/${order.fields.command_id}`)).body.status === "confirmed"
    );
    await panel.close();
    await broker.stop();
    await waitFor(async () => await linkState() === "down");
    if (round === 1) broker = await startTestBroker({ port: broker.port });
  }
  assert.equal(await service.sigterm(), 0);
  await service.stop();
});

/** A panel that has crashed while it waited for the PUBACK of a ring, which the held database keeps back. */
async function crashedWhileOwed(world: World, database: { hold(): void }): Promise<Panel> {
  const panel = world.panel(MAC);
  await panel.start();
  await waitFor(async () => (await world.events()).length === 1);
  database.hold();
  panel.ring(1).catch(() => {});
  await waitFor(async () => await world.metric('doorline_messages_total{kind="panel.call"}') === 1);
  await panel.crash();
  return panel;
}

Deno.test(
  "mqtt: a last will counts though the panel still waited for a PUBACK, once that could be sent",
  postgres,
  async () => {
    await behindProxies("postgres", async (world, { database }) => {
      await crashedWhileOwed(world, database);
      await pause(1_500); // longer than any "offline" is kept back
      assert.equal(await statusOf(world), "online", "the silence may be ours");
      await database.heal();
      const [offline] = await waitFor(async () => {
        const events = await world.events("&type=offline");
        return events.length > 0 && events;
      });
      assert.equal(offline!.payload.reason, "last_will");
      assert.equal((await world.events("&type=call")).length, 1);
    });
  },
);

Deno.test(
  "mqtt: a panel that gave up waiting for a PUBACK and came back was never offline",
  postgres,
  async () => {
    await behindProxies("postgres", async (world, { database }) => {
      const panel = await crashedWhileOwed(world, database);
      // It needs the database for its PUBACKs, too; it has connected when it listens.
      const back = panel.start();
      await waitFor(() => panel.connected);
      await database.heal();
      await withDeadline(back);
      await panel.ring(2);
      await waitFor(async () => (await world.events("&type=call")).length === 2);
      await pause(1_500);
      assert.equal(await statusOf(world), "online");
      assert.deepEqual((await world.events("&type=offline")).length, 0);
    });
  },
);

Deno.test(
  "row 36: it ends in time though the database answers nothing; what was not acknowledged comes again",
  postgres,
  async () => {
    await behindProxies("postgres", async (world, { database }) => {
      const panel = world.panel(MAC, { longestReconnectMs: 300 });
      await panel.start();
      await waitFor(async () => (await world.events()).length === 1);
      database.blackHole();
      const ring = panel.ring(1);
      await waitFor(async () => await world.metric('doorline_messages_total{kind="panel.call"}') === 1);
      const startedMs = performance.now();
      assert.equal(await world.service.sigterm(), 0);
      assert.ok(performance.now() - startedMs < 15_000, "it took more than 10 s, with room");
      await database.heal();
      await world.service.start();
      await withDeadline(ring);
      assert.equal((await world.events("&type=call")).length, 1);
    });
  },
);

for (const kind of ["postgres", "real"] as const) {
  Deno.test(
    `row 36: what is committed while it ends is acknowledged before it has ended; ${kind}`,
    kind === "real" ? real : postgres,
    async () => {
      await behindProxies(kind, async (world, { database }) => {
        const panel = world.panel(MAC, { longestReconnectMs: 300 });
        await panel.start();
        await waitFor(async () => (await world.events()).length === 1);
        database.hold();
        const ring = panel.ring(1);
        await waitFor(async () => await world.metric('doorline_messages_total{kind="panel.call"}') === 1);
        const ended = world.service.sigterm();
        await pause(500);
        await database.heal();
        assert.equal(await ended, 0);
        // By the embedded broker, which is gone, it was acknowledged in time; by Mosquitto long ago.
        await withDeadline(ring, { timeoutMs: 2_000, what: "the acknowledgement" });
        await world.service.start();
        if (kind === "real") await panel.ring(2);
        await waitFor(async () => (await world.events("&type=call")).length === (kind === "real" ? 2 : 1));
        const again = await world.metric('doorline_messages_total{kind="panel.call"}');
        assert.equal(again, kind === "real" ? 1 : 0, "it was told again");
      });
    },
  );
}

Deno.test("mqtt: a panel whose old connection was half open comes back without having been offline", async () => {
  await inWorld("embedded", {}, async (world) => {
    const wire = await startTcpProxy({ target: world.service.mqttPort });
    world.defer(() => wire.stop());
    const before = world.panel(MAC, { brokerUrl: `mqtt://127.0.0.1:${wire.port}` });
    await before.start();
    await waitFor(async () => await statusOf(world) === "online");
    wire.blackHole();
    await before.crash();
    const again = world.panel(MAC);
    await again.start();
    await again.ring(3);
    await waitFor(async () => (await world.events("&type=call")).length === 1);
    await pause(1_500);
    assert.deepEqual((await world.events()).map(({ type }) => type), ["online", "call"]);
    assert.equal(await statusOf(world), "online");
    // And when it really goes, it is offline at once, not after a silence.
    await again.crash();
    await waitFor(async () => await statusOf(world) === "offline");
  });
});

async function statusOf(world: World): Promise<string> {
  return (await world.admin.api("GET", `/api/intercoms/${MAC}`)).body.status;
}
