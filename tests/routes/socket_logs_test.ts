/**
 * @module
 * Endpoints and their log lines over the WebSocket: the state when an endpoint changes, lines to who subscribed, each
 * once, and nothing of either to an employee.
 */
import assert from "node:assert/strict";
import { endStreams } from "../../routes/stream.ts";
import { waitFor } from "../support/wait.ts";
import { endpointView, logLine } from "./fake_endpoints.ts";
import { type Client, type SocketGround, WAYS, withSockets } from "./socket_ground.ts";

/** Ids of the lines so far. */
function ids(client: Client): number[] {
  return client.frames.filter(({ event }) => event === "logUpdate").map(({ data }) => data.id);
}

/** Says it and gives the code of the error that comes back. */
async function codeFor(client: Client, event: string, name: string): Promise<string> {
  const from = client.frames.length;
  client.say(event, name);
  return (await client.heard("error", from)).data.code;
}

function states(client: Client) {
  return client.frames.filter(({ event }) => event === "statusUpdate").map(({ data }) => data);
}

function fill(ground: SocketGround): void {
  ground.endpoints.held = [
    endpointView(),
    endpointView({ name: "888-ep" }),
    endpointView({ name: "9-ep" }),
    endpointView({ name: "9-ep", pbx: "second" }),
  ];
}

for (const way of WAYS) {
  Deno.test(`socket: a subscription begins with the last hundred lines, goes on with each that comes, and ends (${way})`, () =>
    withSockets(async (ground) => {
      fill(ground);
      for (let id = 1; id <= 150; id++) ground.line(logLine(id));
      ground.line(logLine(151, { endpoints: ["888-ep"] }));
      const [olga, adam] = [
        await ground.dial({ way, as: "olga" }),
        await ground.dial({ way, token: "adam" }),
      ];
      olga.say("subscribeLogs", "777-ep");
      await olga.caughtUp();
      assert.deepEqual(ids(olga), Array.from({ length: 100 }, (_, i) => i + 51));
      ground.line(logLine(152, { call: "C-0000000a", level: "WARNING" }));
      ground.line(logLine(153, { endpoints: ["888-ep"] }));
      ground.line(logLine(154, { pbx: "second" }));
      await olga.caughtUp();
      assert.deepEqual(olga.frames.at(-1)!.data, {
        timestamp: logLine(152).timestamp,
        message: "line 152",
        level: "WARNING",
        source: "res_pjsip/pjsip_distributor.c",
        file: "full",
        id: 152,
        call: "C-0000000a",
        pbx: "main",
        endpoints: ["777-ep"],
      });
      olga.say("unsubscribeLogs", "777-ep");
      await olga.caughtUp();
      assert.equal(ground.feed.wants("logs:main/777-ep"), false);
      ground.line(logLine(155));
      await olga.caughtUp();
      assert.equal(ids(olga).at(-1), 152);
      await adam.caughtUp();
      assert.deepEqual(ids(adam), [], "who did not subscribe gets none");
    }));

  Deno.test(`row 32: an employee gets no endpoints, no lines, and no word of whether there are any (${way})`, () =>
    withSockets(async (ground) => {
      fill(ground);
      ground.line(logLine(1));
      const ann = await ground.dial({ way, as: "ann" });
      for (const name of ["777-ep", "nobody", "*", "[C-0000000a]", "9-ep"]) {
        assert.equal(await codeFor(ann, "subscribeLogs", name), "not_allowed", name);
      }
      ann.say("unsubscribeLogs", "777-ep");
      for (const topic of ["logs:*", "logs:main/777-ep", "logs:[main/C-0000000a]"]) {
        assert.equal(ground.feed.wants(topic), false);
      }
      ground.line(logLine(2));
      ground.feed.publish("endpoints", "endpoint.changed", endpointView());
      ground.clock.pass(5000);
      ann.say("requestUpdate");
      await ann.caughtUp();
      assert.deepEqual(states(ann), [{ endpoints: [], calls: [] }, { endpoints: [], calls: [] }]);
      assert.doesNotMatch(JSON.stringify(ann.frames), /777-ep|line/);
    }));
}

Deno.test("socket: a line of several subscriptions comes once, and by each of them alone", () =>
  withSockets(async (ground) => {
    fill(ground);
    const olga = await ground.dial({ as: "olga" });
    const names = ["777-ep", "main/777-ep", "*", "[C-0000000a]", "[main/C-0000000A]", "888-ep"];
    for (const name of names) olga.say("subscribeLogs", name);
    await olga.caughtUp();
    const both = { endpoints: ["777-ep", "888-ep"], call: "C-0000000a" };
    for (let id = 1; names.length > 0; id++) {
      ground.line(logLine(id, both));
      await olga.caughtUp();
      assert.deepEqual(ids(olga), Array.from({ length: id }, (_, i) => i + 1), names.join(" "));
      olga.say("unsubscribeLogs", names.shift());
      await olga.caughtUp();
    }
    ground.line(logLine(9, both));
    await olga.caughtUp();
    assert.deepEqual(ids(olga), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(olga.frames.filter(({ event }) => event === "error"), []);
  }));

Deno.test("socket: an endpoint that there is not, several of a name, and an eleventh subscription are errors", () =>
  withSockets(async (ground) => {
    fill(ground);
    const olga = await ground.dial({ as: "olga" });
    for (const name of ["nobody", "second/777-ep", "../777-ep", "777-ep\0", "777"]) {
      assert.equal(await codeFor(olga, "subscribeLogs", name), "no_such_endpoint", name);
    }
    assert.equal(await codeFor(olga, "subscribeLogs", "9-ep"), "ambiguous_endpoint");
    assert.match(olga.frames.at(-1)!.data.message, /main\/9-ep, second\/9-ep/);
    ground.clock.pass(10_000);
    for (let i = 0; i < 10; i++) olga.say("subscribeLogs", `[C-0000000${i}]`);
    await olga.caughtUp();
    assert.equal(await codeFor(olga, "subscribeLogs", "second/9-ep"), "too_many_subscriptions");
    olga.say("subscribeLogs", "[C-00000003]");
    olga.say("unsubscribeLogs", "[C-00000000]");
    olga.say("unsubscribeLogs", "never subscribed");
    olga.say("subscribeLogs", "second/9-ep");
    await olga.caughtUp();
    assert.equal(ground.feed.wants("logs:second/9-ep"), true);
    for (let i = 0; i < 8; i++) olga.say("subscribeLogs", "nobody");
    await olga.caughtUp();
    assert.equal(olga.frames.at(-1)!.data.code, "too_many", "each may cost a hundred lines");
  }));

Deno.test("socket: a call is of one PBX, which has to be named where several are followed", () =>
  withSockets(async (ground) => {
    fill(ground);
    ground.logs.followed = ["main", "second"];
    const olga = await ground.dial({ as: "olga" });
    assert.equal(await codeFor(olga, "subscribeLogs", "[C-0000000a]"), "ambiguous_call");
    assert.match(olga.frames.at(-1)!.data.message, /\[main\/C-0000000a\], \[second\/C-0000000a\]/);
    assert.equal(await codeFor(olga, "subscribeLogs", "[third/C-0000000a]"), "no_such_pbx");
    olga.say("subscribeLogs", "[second/C-0000000a]");
    await olga.caughtUp();
    ground.line(logLine(1, { call: "C-0000000a" }));
    ground.line(logLine(2, { call: "C-0000000a", pbx: "second" }));
    await olga.caughtUp();
    assert.deepEqual(ids(olga), [2]);
  }));

Deno.test("socket: without a log there is nothing to be told, and no error", () =>
  withSockets(async (ground) => {
    fill(ground);
    const olga = await ground.dial({ as: "olga" });
    olga.say("subscribeLogs", "777-ep");
    await olga.caughtUp();
    assert.deepEqual(olga.events(), ["authenticated"]);
  }, { logs: null }));

Deno.test("row 35: subscriptions end at once with the rights of their socket, and with the socket", () =>
  withSockets(async (ground) => {
    fill(ground);
    const [olga, adam] = [await ground.dial({ as: "olga" }), await ground.dial({ as: "adam" })];
    for (const client of [olga, adam]) client.say("subscribeLogs", "777-ep");
    for (const client of [olga, adam]) await client.caughtUp();
    endStreams(ground.feed, { userId: 3 });
    ground.line(logLine(1));
    await olga.closed();
    await adam.caughtUp();
    assert.deepEqual([ids(olga), ids(adam)], [[], [1]]);
    adam.ws.terminate();
    await waitFor(() => !ground.feed.wants("logs:main/777-ep"), { what: "the end of the subscription" });
  }));

Deno.test("row 22: of more than a thousand lines a second a client is told how many it does not get", () =>
  withSockets(async (ground) => {
    fill(ground);
    const olga = await ground.dial({ as: "olga" });
    olga.say("subscribeLogs", "777-ep");
    await olga.caughtUp();
    for (let id = 1; id <= 1200; id++) ground.line(logLine(id));
    ground.clock.pass(50);
    await olga.caughtUp();
    assert.equal(ids(olga).length, 1000);
    assert.deepEqual(olga.frames.at(-1), { event: "logSkipped", data: { topic: "main/777-ep", count: 200 } });
  }));

Deno.test("socket: who may read endpoints is told the state when one changes, gathered, once a second at most", () =>
  withSockets(async (ground) => {
    fill(ground);
    const [olga, ann] = [await ground.dial({ as: "olga" }), await ground.dial({ as: "ann" })];
    assert.deepEqual(states(olga)[0].endpoints, ground.endpoints.held);
    const change = (status: "online" | "offline") => {
      const view = endpointView({ status });
      ground.endpoints.held[0] = view;
      ground.feed.publish("endpoints", "endpoint.changed", view);
    };
    const told = async () => {
      await olga.caughtUp();
      return states(olga).slice(1).map(({ endpoints }) => endpoints[0].status);
    };
    change("online");
    change("offline");
    assert.deepEqual(await told(), []);
    ground.clock.pass(50);
    assert.deepEqual(await told(), ["offline"]);
    change("online");
    ground.clock.pass(949);
    assert.deepEqual(await told(), ["offline"]);
    change("offline");
    ground.clock.pass(51);
    assert.deepEqual(await told(), ["offline", "offline"]);
    ground.clock.pass(10_000);
    ground.feed.publish("endpoints", "endpoint.removed", { pbx: "main", name: "888-ep" });
    ground.clock.pass(50);
    ground.feed.resync("endpoints");
    ground.clock.pass(1000);
    assert.equal((await told()).length, 4);
    ground.feed.publish("endpoints", "endpoint_alert.changed", {});
    ground.feed.publish("links", "link.changed", {});
    ground.clock.pass(10_000);
    assert.equal((await told()).length, 4, "these are not in it");
    await ann.caughtUp();
    assert.equal(states(ann).length, 1);
  }));
