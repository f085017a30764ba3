/**
 * @module
 * The database is gone, or swallows what it is sent, while panels go on: pages are answered from memory, changes are
 * refused in time, no door opens, and all that was acknowledged is there afterwards, in order.
 */
import assert from "node:assert/strict";
import { lacks } from "../support/available.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import { pause, waitFor, withDeadline } from "../support/wait.ts";
import { inWorld, type World, type WorldKind } from "../support/world.ts";

const MACS = Array.from({ length: 20 }, (_, index) => `AA:BB:CC:${String(index + 10)}`);
const RING_EVERY_MS = 25;
/** Within this an operator has an answer, whatever the database does. */
const ANSWER_MS = 10_000;
const OPERATOR = MACS[0];

Deno.test({
  name: "row 4: the database is down for 30 s under load, with Mosquitto",
  ignore: lacks("mosquitto", "postgresql"),
  fn: () => absence("real", { ms: 30_000, begin: (proxy) => proxy.down() }),
});

Deno.test({
  name: "row 5: the database is a black hole for 10 s under load, with the embedded broker",
  ignore: lacks("postgresql"),
  fn: () => absence("postgres", { ms: 10_000, begin: (proxy) => proxy.blackHole() }),
});

async function absence(
  kind: WorldKind,
  { ms, begin }: { ms: number; begin: (proxy: TcpProxy) => unknown },
): Promise<void> {
  let proxy: TcpProxy | undefined;
  await inWorld(kind, {
    env: { DOORLINE_OFFLINE_AFTER: "8", DOORLINE_HEARTBEAT_EVERY: "2" },
    databaseUrl: async (server) => {
      proxy = await startTcpProxy({ target: server.port });
      return server.url.replace(`:${server.port}/`, `:${proxy.port}/`);
    },
  }, async (world) => {
    world.defer(() => proxy!.stop());
    const panels = MACS.map((mac) => world.panel(mac, { heartbeatEverySeconds: 1 }));
    await Promise.all(panels.map((panel) => panel.start()));
    await waitFor(async () => (await statuses(world)).every((status) => status === "online"));
    const ear = await world.ear({ filter: `intercom/${OPERATOR}/cmd` });
    const stream = await world.admin.stream("events,intercoms,links");
    await world.events(); // all that came before is on the way
    let on = true;
    let rung = 0;
    const rings: Promise<unknown>[] = [];
    const load = (async () => {
      while (on) {
        const apartment = ++rung;
        rings.push(panels[apartment % panels.length]!.ring(apartment));
        await pause(RING_EVERY_MS);
      }
    })();
    await pause(1_000);
    const before = await world.metric("process_resident_memory_bytes");
    await begin(proxy!);
    const most = await live(world, ms);
    assert.ok(most.memory - before < 200_000_000, `memory grew from ${before} to ${most.memory}`);
    assert.ok(most.rows > 20 && most.rows < 20_000, `${most.rows} rows waited`);
    assert.equal(ear.heard.length, 0, "a door was opened");
    await proxy!.heal();
    await stream.waitForEvent("link.changed", ({ data }) => data.id === "database" && data.state === "up");
    on = false;
    await load;
    await withDeadline(Promise.all(rings), { timeoutMs: 30_000, what: "a PUBACK for all" });
    await waitFor(async () => (await world.events("&type=call")).length >= rung, { timeoutMs: 30_000 });
    await checkOrder(world, rung);
    assert.deepEqual(await world.events("&type=offline"), []);
    const told = () =>
      stream.messages.filter(({ event, data }) => event === "event.recorded" && data.type === "call").length;
    await waitFor(() => told() >= rung, { what: "all events on the stream" })
      .catch((error) => assert.fail(`${error.message}: ${told()} of ${rung}`));
    assert.equal(told(), rung);
    assert.deepEqual(
      stream.messages.filter(({ event, data }) => event === "link.changed" && data.id === "database")
        .map(({ data }) => data.state),
      ["down", "up"],
      "one trouble, told once",
    );
    // And all works again.
    const { status } = await world.admin.api("POST", `/api/intercoms/${OPERATOR}/open`);
    assert.equal(status, 202);
    await ear.hear("/cmd");
    await waitFor(() => panels[0]!.opened.length === 1);
    await stream.close();
  });
}

/** What an operator does meanwhile; the greatest that was seen of what must not grow. */
async function live(world: World, ms: number): Promise<{ memory: number; rows: number }> {
  const endMs = performance.now() + ms;
  const most = { memory: 0, rows: 0 };
  let refused = 0;
  for (let round = 0; performance.now() < endMs; round++) {
    const shown = await timed(() => statuses(world));
    assert.ok(shown.every((status) => status === "online"), `round ${round}: ${shown}`);
    for (const path of ["/api/me", "/api/events?type=call", "/api/links", "/api/settings"]) {
      assert.equal((await timed(() => world.admin.api("GET", path))).status, 200, path);
    }
    for (
      const [method, path, body] of [
        ["POST", `/api/intercoms/${OPERATOR}/open`, { apartment: 1 }],
        ["PUT", `/api/intercoms/${MACS[1]}`, { name: `Door ${round}` }],
      ] as const
    ) {
      const { status, headers } = await timed(() => world.admin.api(method, path, { body }));
      assert.equal(status, 503, `${method} ${path}`);
      assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
      refused++;
    }
    most.memory = Math.max(most.memory, await world.metric("process_resident_memory_bytes"));
    most.rows = Math.max(most.rows, await world.metric("doorline_writer_waiting_rows"));
    await pause(300);
  }
  assert.ok(refused >= 4);
  const { body: links } = await world.admin.api("GET", "/api/links");
  const database = links.items.find(({ id }: { id: string }) => id === "database");
  assert.equal(database.state, "down");
  assert.notEqual(database.last_error, null);
  assert.equal((await fetch(`${world.service.url}/livez`).then((answer) => answer.text())).trim(), "ok");
  assert.equal(
    await fetch(`${world.service.url}/readyz`).then(async (answer) => (await answer.text(), answer.status)),
    503,
  );
  // A page that is opened now shows what is known.
  const late = await world.admin.stream("intercoms,events");
  const snapshot = await late.waitForEvent("snapshot");
  assert.equal(snapshot.data.intercoms.length, MACS.length);
  assert.ok(snapshot.data.events.length > 0);
  await late.close();
  const { body } = await world.admin.api("GET", `/api/intercoms/${MACS[1]}`);
  assert.equal(body.name, "", "a change that was refused did not happen");
  return most;
}

async function checkOrder(world: World, rung: number): Promise<void> {
  const rows = await world.sql<{ mac: string; apartment: string }>(
    "select mac, apartment from intercom_events where type = 'call' order by received_at, id",
  );
  assert.equal(rows.length, rung);
  for (const mac of MACS) {
    const apartments = rows.filter((row) => row.mac === mac).map(({ apartment }) => Number(apartment));
    assert.deepEqual(apartments, apartments.toSorted((a, b) => a - b), mac);
  }
}

async function statuses(world: World): Promise<string[]> {
  const { status, body } = await world.admin.api("GET", "/api/intercoms");
  assert.equal(status, 200);
  return body.items.map((item: { status: string }) => item.status);
}

async function timed<T>(ask: () => Promise<T>): Promise<T> {
  return await withDeadline(ask(), { timeoutMs: ANSWER_MS, what: "an answer" });
}
