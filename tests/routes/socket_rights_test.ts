/**
 * @module
 * Who may come in by the WebSocket, as whom, and that it ends with the rights it came with. By both ports where the
 * ports could differ.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { endStreams } from "../../routes/stream.ts";
import { waitFor } from "../support/wait.ts";
import {
  callView,
  type Client,
  type Dial,
  type SocketGround,
  USERS,
  WAYS,
  withSockets,
} from "./socket_ground.ts";

/** Status of an upgrade: 101 when it was let in. */
async function statusOf(ground: SocketGround, dial: Dial): Promise<number> {
  const client = await ground.dial({ ...dial, unchecked: true });
  const opened = once(client.ws, "open").then(() => 101, () => 0);
  const refused = once(client.ws, "unexpected-response").then(([request, answer]) => {
    // Whoever listens for it has to end it.
    (request as { destroy(): void }).destroy();
    return (answer as IncomingMessage).statusCode!;
  }, () => 0);
  return await Promise.race([opened, refused]);
}

for (const way of WAYS) {
  Deno.test(`row 24: Origin matrix of an upgrade (${way})`, () =>
    withSockets(async (ground) => {
      const own = new URL(ground.urls["/ws"]).host;
      const cookie = { Cookie: "doorline_session=ann" };
      const bearer = { Authorization: "Bearer dl_ann" };
      const cases: [headers: Record<string, string>, status: number][] = [
        [{}, 101],
        [bearer, 101],
        [{ ...cookie, Origin: `http://${own}` }, 101],
        [{ ...cookie, Origin: `http://${own}`, "Sec-Fetch-Site": "same-origin" }, 101],
        [{ ...bearer, Origin: "http://evil.test" }, 101],
        [cookie, 403],
        [{ ...cookie, ...bearer }, 403],
        [{ ...cookie, "Sec-Fetch-Site": "same-origin" }, 403],
        [{ ...cookie, Origin: "http://evil.test" }, 403],
        [{ ...cookie, Origin: "null" }, 403],
        [{ ...cookie, Origin: `http://${own}.evil.test` }, 403],
        [{ ...cookie, Origin: "http://127.0.0.1:1" }, 403],
        [{ Origin: "http://evil.test" }, 403],
        [{ Origin: "null" }, 403],
      ];
      for (const [headers, status] of cases) {
        assert.equal(await statusOf(ground, { way, headers }), status, JSON.stringify(headers));
      }
    }));

  Deno.test(`socket: a cookie, a header or a frame says who it is (${way})`, () =>
    withSockets(async (ground) => {
      for (
        const client of [await ground.dial({ way, as: "ben" }), await ground.dial({ way, token: "ben" })]
      ) {
        assert.deepEqual(client.frames[0], {
          event: "authenticated",
          data: { userId: 2, name: "Name of ben" },
        });
      }
      const client = await ground.dial({ way });
      client.say("requestUpdate");
      assert.equal((await client.heard("error")).data.code, "not_authenticated");
      client.say("authenticate", { token: "dl_nobody" });
      assert.equal((await client.heard("auth-error")).data.code, "wrong_token");
      client.say("authenticate", { token: "dl_ben" });
      await client.heard("authenticated");
      await client.heard("statusUpdate");
      client.say("authenticate", { token: "dl_ben" });
      client.say("authenticate", { token: "dl_ann" });
      await client.caughtUp();
      assert.deepEqual(client.events().slice(2), ["authenticated", "authenticated", "auth-error"]);
      assert.equal(client.frames.at(-1)!.data.code, "already_authenticated");
      const bySession = await ground.dial({ way });
      bySession.say("authenticate", { token: "ann" });
      assert.equal((await bySession.heard("authenticated")).data.userId, 1);
    }));

  Deno.test(`row 24: an unauthenticated socket is closed after 10 s, an authenticated one is not (${way})`, () =>
    withSockets(async (ground) => {
      const [stranger, ann] = [await ground.dial({ way }), await ground.dial({ way, as: "ann" })];
      ground.clock.pass(9_999);
      assert.equal(ground.sockets.size, 2);
      ground.clock.pass(1);
      assert.equal(await stranger.closed(), 1008);
      assert.deepEqual(stranger.frames.map(({ event, data }) => [event, data.code]), [
        ["auth-error", "authentication_timeout"],
      ]);
      await ann.caughtUp();
    }));

  Deno.test(`row 35: sockets end at once with the rights they came with (${way})`, () =>
    withSockets(async (ground) => {
      const [session, token, ben] = [
        await ground.dial({ way, as: "ann" }),
        await ground.dial({ way, token: "ann" }),
        await ground.dial({ way, as: "ben" }),
      ];
      assert.equal(ground.feed.countOf(1), 2);
      assert.equal(ground.feed.owners().length, 3);
      endStreams(ground.feed, { userId: 1, tokenId: 1 });
      assert.equal(ground.feed.owners().length, 2, "at once");
      ground.publish(callView());
      assert.equal(await token.closed(), 1008);
      assert.deepEqual(token.events(), ["authenticated", "auth-error"], "and nothing after that");
      assert.equal(token.frames.at(-1)!.data.code, "logged_out");
      await session.heard("incoming-call");
      endStreams(ground.feed, { userId: 1, sessionId: "session of ann" });
      assert.equal(await session.closed(), 1008);
      await ben.caughtUp();
      endStreams(ground.feed, { userId: 2 });
      assert.equal(await ben.closed(), 1008);
      await waitFor(() => ground.feed.countOf(1) + ground.feed.countOf(2) === 0, { what: "none of them" });
    }));

  Deno.test(`row 36: a stop closes everybody with 1001, and lets nobody in after (${way})`, () =>
    withSockets(async (ground) => {
      const clients = [await ground.dial({ way }), await ground.dial({ way, as: "ann" })];
      ground.feed.stop();
      for (const client of clients) assert.equal(await client.closed(), 1001);
      assert.equal(await statusOf(ground, { way }), 503);
    }));
}

Deno.test("row 24: three wrong tokens close a socket, and thirty keep an address out for a minute", () =>
  withSockets(async (ground) => {
    const guess = (client: Client) => client.say("authenticate", { token: "dl_guess" });
    for (let i = 0; i < 10; i++) {
      const client = await ground.dial();
      for (let n = 0; n < 3; n++) guess(client);
      assert.equal(await client.closed(), 1008);
      assert.deepEqual(client.events(), ["auth-error", "auth-error", "auth-error"]);
    }
    const right = await ground.dial();
    right.say("authenticate", { token: "dl_ann" });
    assert.equal((await right.heard("auth-error")).data.code, "too_many_tries");
    assert.equal(await right.closed(), 1008);
    ground.clock.pass(60_000);
    const later = await ground.dial();
    later.say("authenticate", { token: "dl_ann" });
    await later.heard("authenticated");
  }));

Deno.test("row 23: strangers of one address are counted; one more is 429 until another is gone or somebody", () =>
  withSockets(async (ground) => {
    const clients = [];
    for (let i = 0; i < 20; i++) clients.push(await ground.dial({ way: WAYS[i % 2]! }));
    for (const way of WAYS) assert.equal(await statusOf(ground, { way }), 429);
    assert.equal(await statusOf(ground, { token: "ann" }), 101);
    clients[0]!.say("authenticate", { token: "dl_ann" });
    await clients[0]!.heard("authenticated");
    assert.equal(await statusOf(ground, {}), 101);
    clients[1]!.ws.close();
    await waitFor(() => ground.sockets.size === 21, { what: "the end of one" });
    assert.equal(await statusOf(ground, {}), 101);
  }));

Deno.test("row 23: many upgrades at the same moment do not get past the bound", () =>
  withSockets(async (ground) => {
    const statuses = await Promise.all(Array.from({ length: 60 }, () => statusOf(ground, {})));
    assert.ok(statuses.filter((status) => status === 101).length <= 20, statuses.join());
    assert.ok(ground.sockets.size <= 20);
  }));

Deno.test("row 23: sockets and streams of one user are counted together", () =>
  withSockets(async (ground) => {
    const stream = await ground.stream("ann");
    assert.equal(stream.status, 200);
    const socket = await ground.dial({ as: "ann" });
    assert.equal(await statusOf(ground, { token: "ann" }), 429);
    assert.equal(await statusOf(ground, { way: "/ws", token: "ann" }), 429);
    const second = await ground.stream("ann");
    assert.equal(second.status, 429);
    await second.body!.cancel();
    const byFrame = await ground.dial();
    byFrame.say("authenticate", { token: "dl_ann" });
    assert.equal((await byFrame.heard("auth-error")).data.code, "too_many_streams");
    assert.equal(await byFrame.closed(), 1008);
    assert.equal(await statusOf(ground, { token: "ben" }), 101);
    socket.ws.close();
    await waitFor(() => ground.feed.countOf(1) === 1, { what: "the end of one" });
    await (await ground.dial({ token: "ann" })).caughtUp();
    await stream.body!.cancel();
  }, { streamsPerUser: 2 }));

/** An error of the calls, which the edge knows by name only. */
function refusal(name: string, message: string, kind?: string): Error {
  return Object.assign(new Error(message), { name, ...(kind === undefined ? {} : { kind }) });
}

Deno.test("row 32: a call is accepted and rejected by who may read it; to others there is none", () =>
  withSockets(async (ground) => {
    ground.calls.push(callView());
    const clients = {
      ann: await ground.dial({ as: "ann" }),
      ben: await ground.dial({ as: "ben" }),
      olga: await ground.dial({ as: "olga" }),
    };
    const codeFor = async (client: Client, what: string, callId: string) => {
      const from = client.frames.length;
      client.say(what, { callId });
      return (await client.heard("error", from)).data;
    };
    const none = { code: "no_such_call", message: "There is no such call" };
    for (const what of ["accept-call", "reject-call"]) {
      assert.deepEqual(await codeFor(clients.ben, what, "c1"), none);
      assert.deepEqual(await codeFor(clients.ben, what, "c9"), none);
    }
    assert.deepEqual(ground.asked, []);
    await clients.ann.caughtUp();
    clients.ann.say("accept-call", { callId: "c1" });
    assert.deepEqual((await clients.ann.heard("call-accepted")).data, { id: "c1", phone: "answering" });
    clients.ann.say("reject-call", { callId: "c1" });
    await clients.ann.caughtUp();
    const by = { userId: 1, name: "Name of ann", role: "employee", address: "127.0.0.1" };
    assert.deepEqual(ground.asked, [["accept", "c1", by], ["reject", "c1", by]]);

    ground.acting.act = () => Promise.reject(refusal("CallRefused", "It is over", "not-party"));
    assert.deepEqual(await codeFor(clients.olga, "accept-call", "c1"), {
      code: "not_party",
      message: "It is over",
    });
    ground.acting.act = () => Promise.reject(refusal("NoSuchCall", "secret"));
    assert.deepEqual(await codeFor(clients.olga, "accept-call", "c1"), none);
    ground.acting.act = () => Promise.reject(refusal("TypeError", "inside"));
    assert.equal((await codeFor(clients.olga, "reject-call", "c1")).code, "failed");
    assert.equal(ground.errors.splice(0).length, 1, "what nobody expected is logged");
  }));

Deno.test("row 24: /ws can be kept from strangers", () =>
  withSockets(async (ground) => {
    for (
      const dial of [{}, { headers: { Cookie: "doorline_session=x" } }, { headers: { Authorization: "x" } }]
    ) {
      const { headers = {} } = dial as { headers?: Record<string, string> };
      const own = new URL(ground.urls["/ws"]).host;
      const origin = { Origin: `http://${own}` };
      assert.equal(await statusOf(ground, { way: "/ws", headers: { ...headers, ...origin } }), 401);
    }
    assert.equal(await statusOf(ground, { way: "/ws", as: "ann" }), 101);
    assert.equal(await statusOf(ground, { way: "/ws", token: "ann" }), 101);
    assert.equal(await statusOf(ground, {}), 101);
  }, { strangers: false }));

Deno.test("row 35: a socket that is about to open counts, and ends with the rights it asked with", () =>
  withSockets(async (ground) => {
    const said: string[] = [];
    const wire = {
      bufferedAmount: 0,
      send: (text: string) => void said.push(JSON.parse(text).event),
      close: (code: number) => void said.push(`closed ${code}`),
      terminate: () => {},
      ping: null,
    };
    const who = { ...USERS.ann, login: "ann", name: "Ann", sessionId: "s", tokenId: null };
    const guest = ground.sockets.open(wire, { who, address: "192.0.2.1" });
    assert.equal(ground.feed.countOf(1), 1);
    endStreams(ground.feed, { userId: 1, sessionId: "s" });
    guest.begin();
    ground.publish(callView());
    assert.deepEqual(said, ["auth-error", "closed 1008"]);
    guest.gone();
    assert.equal(ground.feed.countOf(1), 0);
    await Promise.resolve();
  }));
