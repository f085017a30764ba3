/**
 * @module
 * The servers and faults that other tests build on do what their names say.
 */
import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import postgres from "postgres";
import { accepts } from "./accepts.ts";
import { lacks } from "./available.ts";
import { freePort } from "./free_port.ts";
import { startMosquitto, startPostgres } from "./servers.ts";
import { startTcpProxy, type TcpProxy } from "./tcp_proxy.ts";
import { openEar } from "./test_broker.ts";
import { pause, waitFor } from "./wait.ts";

Deno.test({
  name: "mosquitto: comes back on its port after a kill, and with what was retained after a restart",
  ignore: lacks("mosquitto"),
  fn: async () => {
    const broker = await startMosquitto({ persistence: true });
    const pid = broker.pid();
    await broker.kill();
    assert.equal(await accepts(broker.port), false);
    await broker.start();
    assert.notEqual(broker.pid(), pid);
    const before = await openEar(broker.url);
    await before.say("intercom/AA/status", { status: "online" }, { retain: true });
    await before.close();
    await broker.restart();
    const after = await openEar(broker.url);
    assert.equal((await after.hear("/status")).retained, true);
    await after.close();
    await broker.stop();
    await assert.rejects(Deno.stat(broker.dir));
  },
});

Deno.test({
  name: "mosquitto: its users and ACL are kept, and replaced without a restart",
  ignore: lacks("mosquitto"),
  fn: async () => {
    const acl = "user server\ntopic readwrite intercom/#\n";
    const broker = await startMosquitto({ users: { server: "one" }, acl });
    await assert.rejects(openEar(broker.url), /[Nn]ot authorized/);
    const ear = await openEar(broker.url, { username: "server", password: "one" });
    await ear.say("intercom/AA/call", { apartment: 1 });
    await ear.hear("/call");
    await broker.setAccess({ users: { server: "two" }, acl });
    await assert.rejects(openEar(broker.url, { username: "server", password: "one" }), /[Nn]ot authorized/);
    await ear.close();
    await broker.stop();
  },
});

Deno.test("mosquitto: a bad config is told with its log", { ignore: lacks("mosquitto") }, async () => {
  await assert.rejects(
    startMosquitto({ config: "no_such_setting 1" }),
    /Cannot start Mosquitto: exit code \d+\n.*no_such_setting/s,
  );
});

Deno.test({
  name: "postgres: keeps committed rows over kill -9, on the same port",
  ignore: lacks("postgresql"),
  fn: async () => {
    const server = await startPostgres();
    const sql = postgres(server.url, { max: 1 });
    await sql`create table doors (name text)`;
    await sql`insert into doors values ('front')`;
    await sql.end();
    await server.kill();
    assert.equal(await accepts(server.port), false);
    await server.start();
    assert.equal(await server.query("select name from doors"), "front");
    await server.halt();
    await server.start();
    assert.equal(await server.query("show server_encoding"), "UTF8");
    await server.stop();
  },
});

Deno.test(
  "postgres: two clusters run side by side and share nothing",
  { ignore: lacks("postgresql") },
  async () => {
    const [one, other] = await Promise.all([
      startPostgres(),
      startPostgres({ settings: { max_connections: "20" } }),
    ]);
    await one.query("create table only_here ()");
    await assert.rejects(other.query("select from only_here"), /does not exist/);
    assert.equal(await other.query("show max_connections"), "20");
    await Promise.all([one.stop(), other.stop()]);
  },
);

/** A server that sends everything back, behind a proxy, and a client that keeps what it gets. */
async function withEcho(
  play: (proxy: TcpProxy, dial: () => Promise<Client>) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = await startTcpProxy({ target: (server.address() as AddressInfo).port });
  const clients: Client[] = [];
  try {
    await play(proxy, async () => {
      const client = await dialEcho(proxy.port);
      clients.push(client);
      return client;
    });
  } finally {
    for (const { socket } of clients) socket.destroy();
    await proxy.stop();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

interface Client {
  socket: Socket;
  got: () => string;
  chunks: () => number;
  error: () => string | null;
  closed: () => boolean;
}

async function dialEcho(port: number): Promise<Client> {
  const socket = connect(port, "127.0.0.1");
  let got = "";
  let chunks = 0;
  let error: string | null = null;
  let closed = false;
  socket.on("data", (bytes) => {
    got += bytes.toString();
    chunks++;
  });
  socket.on("error", (reason: Error & { code?: string }) => error = reason.code ?? reason.message);
  socket.on("close", () => closed = true);
  const client = { socket, got: () => got, chunks: () => chunks, error: () => error, closed: () => closed };
  await waitFor(() => !socket.connecting || closed, { what: "a connection" });
  return client;
}

Deno.test("proxy: passes bytes both ways, and the end of a connection", async () => {
  await withEcho(async (proxy, dial) => {
    const client = await dial();
    client.socket.end("x".repeat(300_000));
    await waitFor(() => client.closed(), { what: "the end" });
    assert.equal(client.got().length, 300_000);
    assert.deepEqual(proxy.passed(), { up: 300_000, down: 300_000 });
    await waitFor(() => proxy.connections() === 0);
  });
});

Deno.test("proxy: down cuts and refuses, up serves again on the same port", async () => {
  await withEcho(async (proxy, dial) => {
    const first = await dial();
    await proxy.down();
    await waitFor(() => first.closed(), { what: "the cut" });
    assert.equal((await dial()).error(), "ECONNREFUSED");
    await proxy.up();
    const second = await dial();
    second.socket.write("again");
    await waitFor(() => second.got() === "again");
  });
});

Deno.test("proxy: a black hole swallows both ways and tells nobody", async () => {
  await withEcho(async (proxy, dial) => {
    const client = await dial();
    client.socket.write("1");
    await waitFor(() => client.got() === "1");
    proxy.blackHole();
    const late = await dial();
    client.socket.write("2");
    late.socket.write("3");
    await pause(100);
    assert.deepEqual([client.got(), client.closed(), late.got(), late.closed()], ["1", false, "", false]);
    await proxy.heal();
    await waitFor(() => client.closed() && late.closed(), { what: "the reset of damaged connections" });
    const fresh = await dial();
    fresh.socket.write("4");
    await waitFor(() => fresh.got() === "4");
  });
});

Deno.test("proxy: what is held is delivered in order on release, also from a sender that is gone", async () => {
  await withEcho(async (proxy, dial) => {
    const client = await dial();
    proxy.hold("down");
    client.socket.write("1");
    await waitFor(() => proxy.passed().up === 1);
    client.socket.write("2");
    await waitFor(() => proxy.passed().up === 2);
    assert.equal(client.got(), "");
    proxy.release();
    await waitFor(() => client.got() === "12");
    proxy.hold("up");
    client.socket.end("3");
    await pause(50);
    assert.equal(proxy.passed().up, 2);
    proxy.release();
    await waitFor(() => client.closed(), { what: "the end" });
    assert.equal(client.got(), "123");
  });
});

Deno.test("proxy: latency delays, and bytes do not overtake when it ends", async () => {
  await withEcho(async (proxy, dial) => {
    const client = await dial();
    proxy.latency(60);
    const startedMs = performance.now();
    client.socket.write("slow ");
    await pause(20);
    proxy.latency(0);
    client.socket.write("fast");
    await waitFor(() => client.got() === "slow fast");
    assert.ok(performance.now() - startedMs >= 55);
  });
});

Deno.test("proxy: resets open connections, and cuts bytes into slices", async () => {
  await withEcho(async (proxy, dial) => {
    const client = await dial();
    proxy.resetAll();
    await waitFor(() => client.closed(), { what: "the reset" });
    assert.equal(client.error(), "ECONNRESET");
    proxy.slice(1);
    const sliced = await dial();
    sliced.socket.write("intercom");
    await waitFor(() => sliced.got() === "intercom");
    assert.ok(sliced.chunks() > 1);
  });
});

Deno.test("free port: none is given twice", async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  assert.equal(new Set(ports).size, 20);
});
