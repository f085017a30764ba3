/**
 * @module
 * Hostile payloads and texts with Mosquitto and PostgreSQL; payloads that Mosquitto is told to refuse; and secrets,
 * which are nowhere in what the service says, whatever goes wrong.
 */
import assert from "node:assert/strict";
import { lacks } from "../support/available.ts";
import { tellHostileStories } from "../support/hostile_stories.ts";
import { publishPacket } from "../support/mqtt_bytes.ts";
import { dialRaw } from "../support/raw_client.ts";
import { waitFor, withDeadline } from "../support/wait.ts";
import { inWorld } from "../support/world.ts";

const real = { ignore: lacks("mosquitto", "postgresql") };

tellHostileStories("real", real);

Deno.test(
  "row 15: Mosquitto with a limit closes the sender of what is too large; nobody else notices",
  real,
  async () => {
    const config = "max_packet_size 66560\nmessage_size_limit 65536";
    await inWorld("real", { mosquitto: { config } }, async (world) => {
      const bystander = world.panel("AA:BB:CC:01", { heartbeatEverySeconds: 1 });
      await withDeadline(bystander.start());
      for (const bytes of [65 * 1024 + 1024, 300 * 1024, 5 * 1024 * 1024]) {
        const offender = await dialRaw(world, `large-${bytes}`);
        const payload = new TextEncoder().encode(JSON.stringify({ apartment: 1, filler: "x".repeat(bytes) }));
        offender.write(publishPacket("intercom/AA:BB:CC:66/call", payload, { qos: 1 }));
        await waitFor(() => offender.destroyed, { what: `the end of a sender of ${bytes} bytes` });
        await bystander.ring(bytes);
      }
      await waitFor(async () => (await world.events("&type=call")).length === 3);
      assert.deepEqual(await world.events("&mac=AA:BB:CC:66"), []);
      assert.equal(bystander.lost, 0);
      const { body } = await world.admin.api("GET", "/api/links");
      assert.ok(body.items.every(({ state }: { state: string }) => state === "up"));
    });
  },
);

Deno.test("row 15: a broker without a limit does not bring the service down with 5 MB", real, async () => {
  await inWorld("real", {}, async (world) => {
    const stream = await world.admin.stream("links");
    const client = await dialRaw(world, "large");
    const payload = new TextEncoder().encode(JSON.stringify({ apartment: 1, filler: "x".repeat(5_000_000) }));
    client.write(publishPacket("intercom/AA:BB:CC:66/call", payload, { qos: 1 }));
    const panel = world.panel("AA:BB:CC:01");
    await withDeadline(panel.start());
    await panel.ring(1);
    await waitFor(async () => (await world.events("&type=call")).length === 1);
    assert.equal(stream.messages.some(({ event }) => event === "link.changed"), false, "the link was lost");
    await stream.close();
  });
});

Deno.test("row 38: secrets are in no log, metric or error, whatever goes wrong", real, async () => {
  const canary = {
    admin: "canary-admin-word-1",
    database: "canary-database-word-2",
    mqtt: "canary-mqtt-word-3",
    wrong: "canary-wrong-word-4",
    phone: "12025550143",
  };
  const users = { doorline: canary.mqtt, panel: "panel" };
  await inWorld("real", {
    env: { DOORLINE_LOG_LEVEL: "trace", DOORLINE_ADMIN_PASSWORD: canary.admin },
    mosquitto: { users, acl: "user doorline\ntopic readwrite #\nuser panel\ntopic readwrite intercom/#\n" },
    brokerUrl: ({ port }) => `mqtt://doorline:${canary.mqtt}@127.0.0.1:${port}`,
    databaseUrl: ({ url }) => url.replace("postgres@", `postgres:${canary.database}@`),
  }, async (world) => {
    const { service, admin } = world;
    const said: string[] = [];
    const ask = async (...request: Parameters<typeof admin.api>) => {
      const answer = await admin.api(...request);
      said.push(JSON.stringify([answer.body, [...answer.headers]]));
      return answer;
    };
    const { body: made } = await admin.api("POST", "/api/tokens", { body: { name: "canary" } });
    const secret: string = made.token;
    assert.ok(secret.length > 20);
    await ask("POST", "/api/login", { body: { login: "admin", password: canary.wrong } });
    await ask("POST", "/api/login", { body: { login: canary.wrong, password: canary.admin, extra: 1 } });
    await ask("PUT", "/api/me/password", { body: { current: canary.wrong, password: "x" } });
    await ask("GET", "/api/intercoms", { headers: { Authorization: `Bearer ${secret}` } });
    await ask("GET", "/api/intercoms", { headers: { Authorization: `Bearer ${secret}x` } });
    await ask("GET", `/api/events?from=${secret}`);
    const mouth = await world.ear({ filter: "nothing", username: "panel", password: "panel" });
    await mouth.say("intercom/AA:BB:CC:01/call", { apartment: 1, caller: canary.phone });
    await mouth.say("intercom/AA:BB:CC:01/call", `{"apartment": {"phone": "${canary.phone}"}}`);
    await mouth.say("intercom/AA:BB:CC:01/call", `not JSON ${canary.phone}`);
    await waitFor(async () => (await world.events("&type=call")).length === 1);
    await ask("POST", "/api/intercoms/AA:BB:CC:01/open", { body: { apartment: 1 } });
    await world.postgres!.halt();
    await ask("POST", "/api/intercoms/AA:BB:CC:01/open");
    await ask("POST", "/api/login", { body: { login: "admin", password: canary.admin } });
    await ask("GET", "/api/audit");
    await world.mosquitto!.setAccess({ users: { ...users, doorline: "another" } });
    await world.mosquitto!.restart();
    await waitFor(async () =>
      (await ask("GET", "/api/links")).body.items.every(
        ({ state }: { state: string }) => state === "down",
      ), { what: "both links down" });
    await ask("GET", "/readyz");
    said.push(await (await fetch(`${service.url}/metrics`)).text());
    await world.postgres!.start();
    await waitFor(async () => (await ask("GET", "/api/audit")).status === 200);
    assert.equal(await service.sigterm(), 0);
    said.push(...service.stdout(), ...service.stderr());
    const all = said.join("\n");
    const secrets = { ...canary, token: secret, cookie: admin.cookie.split("=")[1]! };
    for (const [name, word] of Object.entries(secrets)) {
      const at = all.indexOf(word);
      assert.equal(at, -1, `the canary of ${name} is in: ${all.slice(Math.max(0, at - 200), at + 100)}`);
    }
  });
});
