/**
 * @module
 * Who may say and hear what: one matrix of attempts, played against the embedded broker and against Mosquitto with
 * the very files of docs/OPERATIONS.md.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { lacks } from "../support/available.ts";
import { startService } from "../support/service.ts";
import { pause, waitFor, withDeadline } from "../support/wait.ts";
import { inWorld, type World } from "../support/world.ts";

/** The panel with a section of its own in the documented ACL, and one that its patterns are for. */
const A = "AA:BB:CC:01";
const B = "AA-BB-CC-02";
const USERS: Record<string, string> = { [A]: "AABBCC01", [B]: B };
const OPERATIONS = fileURLToPath(new URL("../../docs/OPERATIONS.md", import.meta.url));

/** What differs between the brokers. */
interface Site {
  world: World;
  /** User name and password of each panel. */
  keys: Record<string, { username: string; password: string }>;
  revoke(mac: string): Promise<void>;
  /** What is retained on a topic, or null. */
  retained(topic: string): Promise<string | null>;
}

const MATRIX: Record<string, (site: Site) => Promise<void>> = {
  "each panel speaks for itself, hears its own commands, and leaves its own last will": async (site) => {
    const panel = site.world.panel(A, site.keys[A]);
    await withDeadline(panel.start());
    await panel.ring(1);
    await eventually(site.world, A, "call");
    const { status } = await site.world.admin.api("POST", `/api/intercoms/${A}/open`);
    assert.equal(status, 202);
    await waitFor(() => panel.opened.length === 1);
    await panel.crash();
    await eventually(site.world, A, "offline");
  },
  "a panel cannot publish as another, nor a command, nor outside its topics": async (site) => {
    const other = site.world.panel(B, site.keys[B]);
    await withDeadline(other.start());
    await eventually(site.world, B, "online");
    const ear = site.world.kind === "real" ? await serviceEar(site) : null;
    for (
      const topic of [
        `intercom/${B}/call`,
        `intercom/${B.toLowerCase()}/call`,
        `intercom/${B}/status`,
        `intercom/${B}/cmd`,
        `intercom/${A}/cmd`,
        `intercom/${A}/call/${B}`,
        `intercom//call`,
        `intercom/${A}`,
        "$SYS/broker/clients",
        "doorline",
      ]
    ) {
      const client = await dial(site, A);
      const order = { action: "open", command_id: "forged", apartment: 6, status: "offline" };
      await Promise.race([
        client.publishAsync(topic, JSON.stringify(order), { qos: 1 }).catch(() => {}),
        gone(client),
      ]);
      await client.endAsync(true);
    }
    await pause(1_500); // an "offline" that was taken would show by now
    assert.equal((await site.world.events(`&mac=${B}`)).length, 1);
    assert.equal((await site.world.admin.api("GET", `/api/intercoms/${B}`)).body.status, "online");
    assert.equal(other.opened.length, 0);
    assert.deepEqual(ear?.heard.filter(({ topic }) => topic.endsWith("/cmd")) ?? [], []);
  },
  "a panel hears nothing of another, whatever it subscribes to": async (site) => {
    const { world } = site;
    const other = world.panel(B, site.keys[B]);
    await withDeadline(other.start());
    const spies: MqttClient[] = [];
    const heard: string[] = [];
    for (
      const filter of [
        "#",
        "+/#",
        "intercom/#",
        "intercom/+/cmd",
        `intercom/${B}/#`,
        `intercom/${B}/cmd`,
        `intercom/${B}/status`,
        "$SYS/#",
        "$share/spies/intercom/+/cmd",
      ]
    ) {
      const spy = await dial(site, A);
      // All of them are one client to a broker that goes by the user name.
      if (world.kind !== "real") spies.push(spy);
      spy.on("message", (topic) => heard.push(`${filter} heard ${topic}`));
      await Promise.race([spy.subscribeAsync(filter, { qos: 1 }).catch(() => {}), gone(spy)]);
      if (world.kind === "real") await act();
      if (world.kind === "real") await spy.endAsync(true);
    }
    if (world.kind !== "real") await act();
    assert.deepEqual(heard, []);
    for (const spy of spies) await spy.endAsync(true);

    async function act() {
      const before = other.opened.length;
      await other.ring(2);
      await waitFor(async () => {
        const { status } = await world.admin.api("POST", `/api/intercoms/${B}/open`);
        return status === 202;
      });
      await waitFor(() => other.opened.length === before + 1);
    }
  },
  "a last will for another is not carried out": async (site) => {
    const other = site.world.panel(B, site.keys[B]);
    await withDeadline(other.start());
    await eventually(site.world, B, "online");
    const will = {
      topic: `intercom/${B}/status`,
      payload: '{"status":"offline"}',
      qos: 1 as const,
      retain: true,
    };
    const client = await dial(site, A, { will }).catch(() => null);
    client?.stream.destroy();
    await client?.endAsync(true);
    await pause(1_500);
    assert.equal((await site.world.events(`&mac=${B}&type=offline`)).length, 0);
    assert.equal((await site.world.admin.api("GET", `/api/intercoms/${B}`)).body.status, "online");
  },
  "nobody gets in without a password, with a wrong one, or with another's": async (site) => {
    for (
      const options of [
        { username: site.keys[A]!.username, password: "" },
        { username: site.keys[A]!.username, password: "wrong" },
        { username: site.keys[A]!.username, password: site.keys[B]!.password },
        { username: "nobody", password: "nothing" },
      ]
    ) {
      await assert.rejects(dial(site, A, options), /[Nn]ot authorized|[Bb]ad [Uu]ser/);
    }
  },
  "a revoked panel loses its session, its way back, and what was retained of it": async (site) => {
    const panel = site.world.panel(A, site.keys[A]);
    await withDeadline(panel.start());
    await eventually(site.world, A, "online");
    const topic = `intercom/${A}/status`;
    const session = await dial(site, B);
    await session.endAsync();
    await waitFor(async () => await site.retained(topic) !== null, { what: "a retained status" });
    await site.revoke(A);
    await waitFor(() => !panel.connected, { what: "the end of the session" });
    await assert.rejects(dial(site, A), /[Nn]ot authorized|[Bb]ad [Uu]ser/);
    assert.equal(await site.retained(topic), null);
    // Mosquitto does not publish the last will of a session that it ends itself: there, silence tells.
    if (site.world.kind === "embedded") await eventually(site.world, A, "offline");
  },
  "row 17: nobody takes over another's connection by its client identifier": async (site) => {
    const clientId = "the-front-door";
    const victim = await dial(site, A, { clientId });
    let cut = false;
    victim.on("close", () => cut = true);
    const thief = await dial(site, B, { clientId }).catch(() => null);
    await thief?.endAsync(true);
    await victim.publishAsync(`intercom/${A}/call`, '{"apartment": 3}', { qos: 1 });
    await eventually(site.world, A, "call");
    assert.equal(cut, false);
    if (site.world.kind === "embedded") {
      assert.equal(thief, null);
      const { body } = await site.world.admin.api("GET", "/api/audit?action=mqtt.takeover");
      assert.deepEqual(body.items.map((entry: { target: string }) => entry.target), [clientId]);
    }
    // The panel itself may: its old connection may be dead without knowing.
    const again = await dial(site, A, { clientId });
    await waitFor(() => cut);
    await Promise.all([again, victim].map((client) => client.endAsync(true)));
  },
};

for (const [rule, play] of Object.entries(MATRIX)) {
  const row = rule.startsWith("row") ? "" : "row 16: ";
  Deno.test(`${row}${rule}; embedded broker`, () => atEmbedded(play));
  Deno.test({
    name: `${row}${rule}; Mosquitto as documented`,
    ignore: lacks("mosquitto", "postgresql"),
    fn: () => atMosquitto(play),
  });
}

Deno.test("row 16: client identifiers that read like topic filters are refused by the embedded broker", async () => {
  await atEmbedded(async (site) => {
    for (const clientId of ["+", "#", "panel/+", "a#b", "a/b", "line\nbreak", "x".repeat(129)]) {
      await assert.rejects(dial(site, A, { clientId }), JSON.stringify(clientId));
    }
    const client = await dial(site, A, { clientId: "Hauseingang 1 (links)" });
    await client.endAsync();
  });
});

Deno.test("row 16: without credentials only this machine may connect, and not for a panel that has its own", async () => {
  const outside = Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  )?.address;
  const service = await startService({ env: { DOORLINE_MQTT_HOST: "0.0.0.0", DOORLINE_ADOPT: "auto" } });
  const admin = await service.adminLogin();
  const local = `mqtt://127.0.0.1:${service.mqttPort}`;
  const panel = await connectOnce(local, {});
  await panel.publishAsync(`intercom/${A}/heartbeat`, '{"door_status":"closed"}', { qos: 1 });
  await waitFor(async () => (await admin.api("GET", `/api/intercoms/${A}`)).status === 200);
  const { body: key } = await admin.api("POST", `/api/intercoms/${A}/credentials`);
  // Its local, nameless voice is not heard any more; it is disconnected for trying.
  const closed = gone(panel);
  panel.publishAsync(`intercom/${A}/call`, '{"apartment": 1}', { qos: 1 }).catch(() => {});
  await closed;
  await panel.endAsync(true);
  if (outside !== undefined) {
    const away = `mqtt://${outside}:${service.mqttPort}`;
    await assert.rejects(connectOnce(away, {}), /[Nn]ot authorized/);
    const known = await connectOnce(away, key);
    await known.publishAsync(`intercom/${A}/call`, '{"apartment": 2}', { qos: 1 });
    await known.endAsync();
  }
  const { body } = await admin.api("GET", "/api/events?type=call");
  assert.deepEqual(
    body.items.map((event: { apartment: string }) => event.apartment),
    outside === undefined ? [] : ["2"],
  );
  await service.stop();
});

Deno.test("row 16: a removed panel loses its credentials, its session, and what was retained of it", async () => {
  await atEmbedded(async (site) => {
    const topic = `intercom/${A.toLowerCase()}/status`; // topics are case-sensitive; a panel may write its MAC so
    const will = { topic, payload: '{"status":"offline"}', qos: 1 as const, retain: true };
    const panel = await dial(site, A, { will });
    await panel.publishAsync(topic, '{"status":"online"}', { qos: 1, retain: true });
    await eventually(site.world, A, "online");
    const closed = gone(panel);
    const { status } = await site.world.admin.api("DELETE", `/api/intercoms/${A}`);
    assert.equal(status, 204);
    await closed;
    await panel.endAsync(true);
    await assert.rejects(dial(site, A), /[Nn]ot authorized/);
    assert.equal(await site.retained(topic), null);
    await pause(1_500); // a last will that was heard would have made it known again by now
    assert.equal((await site.world.admin.api("GET", `/api/intercoms/${A}`)).status, 404);
  });
});

async function atEmbedded(play: (site: Site) => Promise<void>): Promise<void> {
  await inWorld("embedded", {}, async (world) => {
    const keys: Site["keys"] = {};
    for (const mac of [A, B]) {
      // A panel has to be known before it can be given credentials.
      const local = await world.ear({ filter: `intercom/${mac}/cmd` });
      await local.say(`intercom/${mac}/status`, { status: "offline" });
      await waitFor(async () => (await world.admin.api("GET", `/api/intercoms/${mac}`)).status === 200);
      const { status, body } = await world.admin.api("POST", `/api/intercoms/${mac}/credentials`);
      assert.equal(status, 201);
      keys[mac] = body;
      await local.close();
    }
    await waitFor(async () => (await world.events()).length === 2);
    await world.sql("truncate intercom_events");
    await play({
      world,
      keys,
      revoke: async (mac) => {
        const { status } = await world.admin.api("DELETE", `/api/intercoms/${mac}/credentials`);
        assert.equal(status, 204);
      },
      // A panel may read its own status; without credentials a local program may read it instead.
      retained: (topic) => {
        const [, mac] = topic.split("/");
        return firstOn(topic, { clientId: "reader" }, world).then(async (found) =>
          found ?? await firstOn(topic, { clientId: "reader", ...keys[mac!] }, world).catch(() => null)
        );
      },
    });
  });
}

async function atMosquitto(play: (site: Site) => Promise<void>): Promise<void> {
  const [conf, acl] = blocks(await Deno.readTextFile(OPERATIONS));
  const users: Record<string, string> = {
    doorline: "service-word",
    keeper: "keeper-word",
    [USERS[A]!]: "word-of-a",
    [USERS[B]!]: "word-of-b",
  };
  await inWorld("real", {
    mosquitto: {
      users,
      acl,
      wholeConfig: ({ port, dir }) =>
        conf!.replace("listener 1883", `listener ${port} 127.0.0.1`)
          .replaceAll("/etc/mosquitto/doorline.", `${dir}/`)
          .replace("/var/lib/mosquitto/", `${dir}/`),
    },
    brokerUrl: ({ port }) => `mqtt://doorline:${users.doorline}@127.0.0.1:${port}`,
  }, async (world) => {
    await waitFor(async () => (await world.admin.api("GET", "/api/links")).body.items[0].state === "up");
    await play({
      world,
      keys: Object.fromEntries(
        [A, B].map((mac) => [mac, { username: USERS[mac]!, password: users[USERS[mac]!]! }]),
      ),
      revoke: async (mac) => {
        delete users[USERS[mac]!];
        await world.mosquitto!.setAccess({ users, acl });
        const client = await connectOnce(world.brokerUrl, keeper(users));
        await client.publishAsync(`intercom/${mac}/status`, "", { qos: 1, retain: true });
        await client.endAsync();
      },
      retained: (topic) => firstOn(topic, keeper(users), world),
    });
  });
}

/** The account of whoever looks after the broker. */
function keeper(users: Record<string, string>): IClientOptions {
  return { username: "keeper", password: users.keeper };
}

async function serviceEar(site: Site) {
  return await site.world.ear({ filter: "nothing", ...site.keys[A] });
}

/** Configuration file and ACL, as the documentation prints them. */
function blocks(text: string): string[] {
  const found = [...text.matchAll(/```conf\n([\s\S]*?)```/g)].map((match) => match[1]!);
  const conf = found.find((block) => block.includes("allow_anonymous"));
  const acl = found.find((block) => block.includes("pattern write"));
  assert.ok(conf && acl, "docs/OPERATIONS.md has no configuration for Mosquitto");
  return [conf, acl];
}

/** Connects once. A connection that is closed before its CONNACK was read counts as not authorized. */
function dial(site: Site, mac: string, options: IClientOptions = {}): Promise<MqttClient> {
  return connectOnce(site.world.brokerUrl, {
    ...site.keys[mac],
    clientId: `panel ${mac} ${crypto.randomUUID().slice(0, 8)}`,
    ...options,
  });
}

function connectOnce(url: string, options: IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect(url, {
    reconnectPeriod: 0,
    timerVariant: "native",
    connectTimeout: 5_000,
    ...options,
  });
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => client.end(true, () => reject(error));
    client.on("error", refuse);
    client.on("close", () => refuse(new Error("Not authorized: closed without a word")));
    client.on("connect", () => resolve(client));
  });
}

function gone(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once("close", () => resolve()));
}

/** The retained message on a topic, or null when there is none within a second. */
async function firstOn(topic: string, options: IClientOptions, world: World): Promise<string | null> {
  const client = await connectOnce(world.brokerUrl, options);
  let found: string | null = null;
  client.on("message", (_topic, payload, packet) => packet.retain && (found ??= payload.toString()));
  await client.subscribeAsync(topic, { qos: 1 }).catch(() => {});
  await waitFor(() => found !== null, { timeoutMs: 1_000 }).catch(() => {});
  await client.endAsync(true);
  return found;
}

async function eventually(world: World, mac: string, type: string): Promise<void> {
  await waitFor(async () => (await world.events(`&mac=${mac}&type=${type}`)).length > 0, {
    what: `${type} of ${mac}`,
  });
}
