/**
 * @module
 * The five scenarios of the guide, told once and played on both kinds of world: heartbeat, offline detection, call,
 * key, opening by the operator. They look through the API and the stream only, as an operator's page does.
 */
import assert from "node:assert/strict";
import { inWorld, type World, type WorldKind } from "./world.ts";
import { waitFor } from "./wait.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
/** Short, so that a silence is over in a test; long enough that a busy machine does not cause one. */
const SHORT = { DOORLINE_OFFLINE_AFTER: "3", DOORLINE_HEARTBEAT_EVERY: "1" };

interface Story {
  name: string;
  env?: Record<string, string>;
  play: (world: World) => Promise<void>;
}

/** Registers the stories as tests of one kind of world. */
export function tellStories(kind: WorldKind, options: { ignore?: boolean } = {}): void {
  for (const { name, env = {}, play } of STORIES) {
    Deno.test({
      name: `guide on ${kind} servers: ${name}`,
      ignore: options.ignore ?? false,
      fn: () => inWorld(kind, { env }, play),
    });
  }
}

const STORIES: Story[] = [
  {
    name: "a heartbeat makes a panel known, online, and its door shown",
    env: SHORT,
    play: async (world) => {
      const stream = await world.admin.stream("intercoms,events");
      const panel = world.panel("AA:BB:CC:01", { heartbeatEverySeconds: 0.5 });
      await panel.start();
      await stream.waitForEvent(
        "intercom.changed",
        ({ data }) => data.mac === "AA:BB:CC:01" && data.status === "online" && data.door === "closed",
      );
      const first = await get(world, "AA:BB:CC:01");
      assert.equal(first.name, "");
      assert.equal(first.adopted, true);
      assert.match(first.last_seen_at, ISO);
      assert.equal(first.status_reason, null);
      // It goes on being heard, and stays online for longer than a silent one would.
      const seen = await waitFor(async () => {
        const now = await get(world, "AA:BB:CC:01");
        return Date.parse(now.last_seen_at) - Date.parse(first.last_seen_at) > 4_000 && now;
      }, { what: "four seconds of heartbeats" });
      assert.equal(seen.status, "online");
      assert.equal(seen.status_since, first.status_since);
      await stream.waitForEvent("intercom.seen", ({ data }) => data.seen[0][0] === "AA:BB:CC:01");
      assert.deepEqual((await world.events()).map(({ type }) => type), ["online"]);
      // What was heard is stored, at the latest with the next heartbeats.
      await waitFor(
        async () =>
          (await world.sql<{ fresh: boolean }>(
            `select last_seen_at >= '${seen.last_seen_at}' as fresh from intercoms`,
          ))[0]?.fresh,
        { what: "a stored heartbeat" },
      );
      await stream.close();
    },
  },
  {
    name: "a panel that is silent for too long is offline, and online when it speaks again",
    env: SHORT,
    play: async (world) => {
      const stream = await world.admin.stream("intercoms,events");
      const silent = world.panel("AA:BB:CC:01", { heartbeatEverySeconds: 3600 });
      const lively = world.panel("AA:BB:CC:02", { heartbeatEverySeconds: 0.5 });
      await Promise.all([silent.start(), lively.start()]);
      const gone = await stream.waitForEvent(
        "intercom.changed",
        ({ data }) => data.mac === "AA:BB:CC:01" && data.status === "offline",
      );
      assert.equal(gone.data.status_reason, "silence");
      const silentMs = Date.parse(gone.data.status_since) - Date.parse(gone.data.last_seen_at);
      assert.ok(silentMs >= 3_000 && silentMs < 20_000, `offline after ${silentMs} ms`);
      const told = await stream.waitForEvent("event.recorded", ({ data }) => data.type === "offline");
      assert.equal(told.data.payload.reason, "silence");
      assert.equal((await world.admin.api("POST", "/api/intercoms/AA:BB:CC:01/open")).status, 409);
      await silent.beat();
      await stream.waitForEvent(
        "intercom.changed",
        ({ data }) => data.mac === "AA:BB:CC:01" && data.status === "online",
        { from: stream.messages.indexOf(gone) },
      );
      await waitFor(async () => (await world.events("&mac=AA:BB:CC:01")).length >= 3);
      assert.deepEqual(
        (await world.events("&mac=AA:BB:CC:01")).map(({ type }) => type).slice(0, 3),
        ["online", "offline", "online"],
      );
      assert.deepEqual((await world.events("&mac=AA:BB:CC:02")).map(({ type }) => type), ["online"]);
      await stream.close();
    },
  },
  {
    name: "a call is recorded with its apartment, once, and shown",
    play: async (world) => {
      const stream = await world.admin.stream("intercoms,events");
      const panel = world.panel("aa:bb:cc:03");
      await panel.start();
      const sent = await panel.ring(42);
      const told = await stream.waitForEvent("event.recorded", ({ data }) => data.type === "call");
      assert.equal(told.data.mac, "AA:BB:CC:03");
      assert.equal(told.data.apartment, "42");
      assert.equal(told.data.occurred_at, sent.payload.timestamp);
      assert.match(told.data.received_at, ISO);
      const [listed, ...others] = await world.events("&type=call");
      assert.deepEqual(listed, told.data);
      assert.deepEqual(others, []);
      const shown = await get(world, "AA:BB:CC:03");
      assert.equal(shown.last_call.apartment, "42");
      const csv = await world.admin.api("GET", "/api/events.csv?type=call");
      assert.equal(csv.status, 200);
      assert.match(csv.body, /AA:BB:CC:03.*42/);
      await stream.close();
    },
  },
  {
    name: "a key opens the door, with its apartment and its number",
    play: async (world) => {
      const stream = await world.admin.stream("intercoms,events");
      const panel = world.panel("AA:BB:CC:04", { openForMs: 300 });
      await panel.start();
      await panel.useKey(7, "0A1B2C3D");
      await stream.waitForEvent("event.recorded", ({ data }) => data.type === "door_closed");
      await waitFor(async () => (await get(world, "AA:BB:CC:04")).door === "closed");
      const history = await world.events("&mac=AA:BB:CC:04");
      assert.deepEqual(history.map(({ type }) => type), ["online", "key", "door_opened", "door_closed"]);
      const [, key, opened] = history;
      assert.deepEqual([key!.apartment, key!.key_id], ["7", "0A1B2C3D"]);
      assert.equal(opened!.payload.source, "key");
      assert.equal(
        stream.messages.some(({ event, data }) => event === "intercom.changed" && data.door === "open"),
        true,
      );
      assert.equal((await get(world, "AA:BB:CC:04")).alarm, null);
      await stream.close();
    },
  },
  {
    name: "an operator opens the door, and the panel confirms",
    play: async (world) => {
      const stream = await world.admin.stream("intercoms,events");
      const panel = world.panel("AA:BB:CC:01", { openForMs: 500 });
      const ear = await world.ear({ filter: "intercom/AA:BB:CC:01/cmd" });
      await panel.start();
      await waitFor(async () => (await get(world, "AA:BB:CC:01")).status === "online");
      const answer = await world.admin.api("POST", "/api/intercoms/AA:BB:CC:01/open", {
        body: { apartment: "12" },
        headers: { "Idempotency-Key": "once" },
      });
      assert.equal(answer.status, 202);
      const { id, status, expires_at } = answer.body.command;
      assert.ok(["sent", "confirmed"].includes(status), status);
      const lifeMs = Date.parse(expires_at) - Date.parse(answer.body.command.issued_at);
      assert.equal(lifeMs, 10_000);
      await stream.waitForEvent("command.changed", ({ data }) => data.id === id && data.status === "closed");
      const told = stream.messages.filter(({ event, data }) => event === "command.changed" && data.id === id)
        .map(({ data }) => data.status);
      // A quick panel may be heard before its broker says that it took the command.
      const sent = told.includes("sent") ? ["sent"] : [];
      assert.deepEqual(told, ["requested", ...sent, "confirmed", "closed"]);
      const order = await ear.hear("/cmd");
      assert.deepEqual(order.fields, {
        action: "open",
        apartment: "12",
        command_id: id,
        issued_at: answer.body.command.issued_at,
        expires_at,
      });
      assert.equal(order.retained, false);
      assert.deepEqual(panel.opened.map(({ commandId }) => commandId), [id]);
      // The same request again is the same command, and no second pulse.
      const again = await world.admin.api("POST", "/api/intercoms/AA:BB:CC:01/open", {
        body: { apartment: "12" },
        headers: { "Idempotency-Key": "once" },
      });
      assert.equal(again.body.command.id, id);
      const stored = await waitFor(async () => {
        const { body } = await world.admin.api("GET", `/api/commands/${id}`);
        return body.status === "closed" && body;
      });
      assert.equal(stored.late, false);
      await waitFor(async () => (await world.events("&type=door_closed")).length === 1);
      const history = await world.events("&mac=AA:BB:CC:01");
      assert.deepEqual(history.map(({ type }) => type), [
        "online",
        "open_command",
        "door_opened",
        "door_closed",
      ]);
      assert.deepEqual(history.slice(1, 3).map(({ command_id }) => command_id), [id, id]);
      assert.equal(history[2]!.payload.source, "remote");
      assert.equal(ear.heard.length, 1);
      assert.equal(panel.opened.length, 1);
      const audit = await world.admin.api("GET", "/api/audit?action=door.open");
      assert.deepEqual(audit.body.items.map((entry: { result: string }) => entry.result).reverse(), [
        "requested",
        "confirmed",
        "closed",
      ]);
      await stream.close();
    },
  },
];

// deno-lint-ignore no-explicit-any -- a test looks into it and fails when it is something else
async function get(world: World, mac: string): Promise<any> {
  const { status, body } = await world.admin.api("GET", `/api/intercoms/${mac}`);
  assert.equal(status, 200);
  return body;
}
