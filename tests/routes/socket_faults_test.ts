/**
 * @module
 * Clients of the WebSocket that misbehave, over real connections: they are closed with the right code, and nobody
 * else notices. By both ports where the ports could differ.
 */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { startSocketServer } from "../../routes/socket_server.ts";
import { waitFor } from "../support/wait.ts";
import { callView, type Client, type SocketGround, WAYS, withSockets } from "./socket_ground.ts";

/** Shows that another client, and so the process, is well. */
async function isWell(ground: SocketGround, other: Client): Promise<void> {
  const from = other.frames.length;
  ground.publish(callView({ id: `c${from}` }));
  await other.heard("incoming-call", from);
}

for (const way of WAYS) {
  Deno.test(`row 24: a frame above 64 KB closes with 1009, one below is read (${way})`, () =>
    withSockets(async (ground) => {
      const other = await ground.dial({ way, as: "ann" });
      for (const bytes of [64 * 1024 + 1, 300_000, 10_000_000]) {
        const client = await ground.dial({ way });
        client.ws.send("x".repeat(bytes));
        assert.equal(await client.closed(), 1009, `${bytes}`);
        assert.deepEqual(client.frames, []);
        await isWell(ground, other);
      }
      const wide = await ground.dial({ way });
      wide.ws.send("\u{20ac}".repeat(30_000));
      assert.equal(await wide.closed(), 1009, "bytes count, not characters");
      const client = await ground.dial({ way, as: "ben" });
      client.say("subscribeLogs", "x".repeat(65_000));
      assert.equal((await client.heard("error")).data.code, "bad_data");
    }));

  Deno.test(`row 24: five frames that are none close with 1007, a binary one with 1003 (${way})`, () =>
    withSockets(async (ground) => {
      const other = await ground.dial({ way, as: "ann" });
      const client = await ground.dial({ way, as: "ben" });
      for (const text of ["", "{", "[1]", "null"]) client.ws.send(text);
      client.say("dance");
      await client.caughtUp();
      const codes = client.frames.filter(({ event }) => event === "error").map(({ data }) => data.code);
      assert.deepEqual(codes, [...Array(4).fill("bad_frame"), "unknown_event"]);
      client.ws.send("}");
      assert.equal(await client.closed(), 1007);
      const binary = await ground.dial({ way, as: "ben" });
      binary.ws.send(new Uint8Array([1, 2, 3]));
      assert.equal(await binary.closed(), 1003);
      await isWell(ground, other);
    }));

  Deno.test(`row 24: too many frames close with 1008, and so does a stranger's insisting (${way})`, () =>
    withSockets(async (ground) => {
      const client = await ground.dial({ way, as: "ben" });
      for (let i = 0; i < 60; i++) client.say("subscribeLogs", "777-ep");
      const code = await client.closed();
      if (way === "own port") {
        assert.equal(code, 1008);
        const errors = client.frames.filter(({ event }) => event === "error").map(({ data }) => data.code);
        assert.deepEqual(errors, [...Array(50).fill("not_allowed"), "too_many_frames"]);
      } // At /ws the runtime may reset a connection that has unread frames, and its last words are lost.
      const eager = await ground.dial({ way, as: "ben" });
      for (let i = 0; i < 7; i++) eager.say("requestUpdate");
      await eager.caughtUp();
      assert.equal(eager.frames.filter(({ event }) => event === "statusUpdate").length, 1 + 5);
      assert.deepEqual(eager.events().slice(1), ["error", "error"]);
      const stranger = await ground.dial({ way });
      for (let i = 0; i < 5; i++) stranger.say("requestUpdate");
      assert.equal(await stranger.closed(), 1008);
    }));

  Deno.test(`row 22: sockets that are not read are let go, and a reader misses nothing (${way})`, () =>
    withSockets(async (ground) => {
      const good = await ground.dial({ way, as: "olga" });
      const SLOW = 10;
      const slow = [];
      for (let i = 0; i < SLOW; i++) slow.push(await ground.dial({ way, as: "olga" }));
      for (const { ws } of slow) ws.pause();
      ground.calls.push(callView({ notes: "x".repeat(500_000) }));
      let told = 0;
      while (ground.sockets.dropped < SLOW) {
        assert.ok(++told < 60, `dropped ${ground.sockets.dropped} after ${told} states`);
        const from = good.frames.length;
        ground.feed.resync("calls");
        await good.heard("statusUpdate", from);
      }
      assert.equal(good.frames.filter(({ event }) => event === "statusUpdate").length, 1 + told);
      assert.equal(ground.feed.owners().length, 1, "the good one");
      for (const { ws } of slow) ws.resume();
      for (const client of slow) await client.closed();
    }));
}

Deno.test("row 24: invalid UTF-8 closes with 1007 at the own port, and ends the connection at /ws", () =>
  withSockets(async (ground) => {
    const other = await ground.dial({ as: "ann" });
    for (const [way, code] of [["own port", 1007], ["/ws", 1006]] as const) {
      const client = await ground.dial({ way });
      client.ws.send(new Uint8Array([0x7b, 0xff, 0xfe]), { binary: false });
      // The runtime ends it without a word at /ws, which a client sees as 1006.
      assert.equal(await client.closed(), code, way);
      await isWell(ground, other);
    }
  }));

Deno.test("row 24: fragments count together at the own port", () =>
  withSockets(async (ground) => {
    const client = await ground.dial();
    for (let i = 0; i < 3; i++) client.ws.send("x".repeat(30_000), { fin: false });
    assert.equal(await client.closed(), 1009);
  }));

Deno.test("row 22: a client that does not answer a ping is gone at the next", () =>
  withSockets(async (ground) => {
    const [dead, live] = [await ground.dial({ as: "ben" }), await ground.dial({ as: "ann" })];
    dead.ws.pause();
    const pinged = new Promise((resolve) => live.ws.once("ping", resolve));
    ground.clock.pass(15_000);
    await pinged;
    // A pong is on its way after the ping's answer: what comes behind it shows that it is there.
    await live.caughtUp();
    ground.clock.pass(15_000);
    assert.deepEqual(ground.feed.owners().map(({ userId }) => userId), [1]);
    await isWell(ground, live);
    dead.ws.resume();
    await dead.closed();
  }));

Deno.test("socket: the own port answers nothing but upgrades", () =>
  withSockets(async (ground) => {
    const url = ground.urls["own port"].replace("ws:", "http:");
    for (const [method, path] of [["GET", "/"], ["GET", "/api/me"], ["POST", "/api/login"]] as const) {
      const answer = await fetch(url + path, { method });
      assert.equal(answer.status, 426, path);
      assert.equal(answer.headers.get("upgrade"), "websocket");
      await answer.body!.cancel();
    }
    const beside = await fetch(ground.urls["/ws"].replace("ws:", "http:"));
    assert.equal(beside.status, 426);
    await beside.body!.cancel();
    const elsewhere = await ground.dial({ path: "/other", unchecked: true });
    await elsewhere.closed();
    assert.equal(ground.sockets.size, 0);
  }));

Deno.test("socket: an upgrade that lacks a part of it is 400 at /ws, and nobody comes in", () =>
  withSockets(async (ground) => {
    const port = Number(new URL(ground.urls["/ws"]).port);
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    for (const lines of [[key], [key, "Connection: close"], ["Connection: Upgrade"]]) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const request = ["GET /ws HTTP/1.1", "Host: doorline.test", "Upgrade: websocket", ...lines, "", ""];
      await connection.write(new TextEncoder().encode(request.join("\r\n")));
      const bytes = new Uint8Array(1000);
      const answer = new TextDecoder().decode(bytes.subarray(0, await connection.read(bytes) ?? 0));
      connection.close();
      assert.match(answer, /^HTTP\/1\.1 400 /, lines.join());
      assert.match(answer, /application\/problem\+json/);
    }
    assert.equal(ground.sockets.size, 0);
    await isWell(ground, await ground.dial({ way: "/ws", as: "ann" }));
  }));

Deno.test("socket: garbage and broken connections at the own port leave it well", () =>
  withSockets(async (ground) => {
    const port = Number(new URL(ground.urls["own port"]).port);
    for (const text of ["\0\0\0", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"]) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(new TextEncoder().encode(text));
      connection.close();
    }
    for (let i = 0; i < 5; i++) {
      const client = await ground.dial({ unchecked: true });
      client.ws.terminate();
    }
    await isWell(ground, await ground.dial({ as: "ann" }));
    await waitFor(() => ground.sockets.size === 1, { what: "the end of the others" });
  }));

Deno.test("socket: a port that is taken is named by its setting", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", () => resolve()));
  const { port } = taken.address() as AddressInfo;
  try {
    await withSockets(async ({ sockets }) => {
      const people = { identify: () => null };
      const rest = { sockets, people, trustProxy: [], publicOrigins: [], pagesPort: () => 0 };
      await assert.rejects(
        startSocketServer({ host: "127.0.0.1", port, ...rest }),
        { name: "ServerError", message: `DOORLINE_WS_PORT: port ${port} is in use on 127.0.0.1` },
      );
    });
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});
