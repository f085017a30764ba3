/**
 * @module
 * The stream at the route: who reads which topic, how many, and that it ends with the rights it was opened with.
 */
import assert from "node:assert/strict";
import { createParser } from "eventsource-parser";
import { useEmbedded } from "../db/ground.ts";
import { withDeadline } from "../support/wait.ts";
import { type Asked, type Edge, loginAs, onEdge } from "./edge.ts";
import { alertView, endpointView, logLine } from "./fake_endpoints.ts";

const ground = useEmbedded();
const MAC = "AA:BB:CC:01";

interface Message {
  id?: string;
  event: string;
  // deno-lint-ignore no-explicit-any -- a test looks into it and fails when it is something else
  data: any;
}

interface Opened {
  answer: Response;
  /** The next message, comments left out; null at the end. */
  next(): Promise<Message | null>;
  close(): Promise<void>;
}

async function openStream(edge: Edge, topics: string, asked: Asked = {}): Promise<Opened> {
  const answer = await edge.raw("GET", `/api/stream?topics=${topics}`, asked);
  assert.equal(answer.status, 200);
  const reader = answer.body!.getReader();
  const messages: Message[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) =>
      messages.push({ ...(id === undefined ? {} : { id }), event: event!, data: JSON.parse(data) }),
  });
  const decoder = new TextDecoder();
  return {
    answer,
    next: () =>
      withDeadline(
        (async () => {
          while (messages.length === 0) {
            const { done, value } = await reader.read();
            if (done) return null;
            parser.feed(decoder.decode(value, { stream: true }));
          }
          return messages.shift()!;
        })(),
        { what: "the next message" },
      ),
    close: () => reader.cancel(),
  };
}

Deno.test("stream: begins with a snapshot of the topics that were asked for, then tells changes in order", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const stream = await openStream(edge, "events,intercoms");
    assert.equal(stream.answer.headers.get("content-type"), "text/event-stream; charset=utf-8");
    assert.equal(stream.answer.headers.get("cache-control"), "no-store");
    const snapshot = await stream.next();
    assert.equal(snapshot!.event, "snapshot");
    assert.deepEqual(Object.keys(snapshot!.data).sort(), ["at", "events", "intercoms"]);
    const listed = await edge.ask("GET", "/api/intercoms");
    assert.deepEqual(snapshot!.data.intercoms, listed.json.items);
    await edge.say(MAC, "call", { apartment: "7" });
    const changed = await stream.next();
    assert.equal(changed!.event, "intercom.changed");
    const recorded = await stream.next();
    assert.equal(recorded!.event, "event.recorded");
    assert.deepEqual(recorded!.data, (await edge.ask("GET", "/api/events?type=call")).json.items[0]);
    assert.match(recorded!.id!, /^[0-9a-z]+-\d+$/);
    await stream.close();
    assert.equal(edge.feed.readers, 0);

    await edge.say(MAC, "key", { key_id: "k" });
    const again = await openStream(edge, "events,intercoms", { headers: { "Last-Event-ID": recorded!.id! } });
    assert.equal((await again.next())!.data.type, "key", "what was missed, and no snapshot");
    await again.close();
    const lost = await openStream(edge, "events", { headers: { "Last-Event-ID": "other-5" } });
    assert.deepEqual([(await lost.next())!.event, (await lost.next())!.event], ["reset", "snapshot"]);
    await lost.close();
  }));

Deno.test("row 32: an employee's stream has no panels and no events, in the snapshot and after", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const stream = await openStream(edge, "intercoms,events,links", { as: "employee" });
    assert.deepEqual(Object.keys((await stream.next())!.data).sort(), ["at", "links"]);
    await edge.say(MAC, "call", { apartment: "7" });
    await edge.ask("POST", `/api/intercoms/${MAC}/open`);
    edge.links.lost("database", "test");
    const told = await stream.next();
    assert.equal(told!.event, "link.changed");
    await stream.close();
    // What an operator saw before does not help.
    const id = told!.id!.replace(/\d+$/, "0");
    const back = await openStream(edge, "intercoms,links", {
      as: "employee",
      headers: { "Last-Event-ID": id },
    });
    assert.equal((await back.next())!.event, "link.changed");
    await back.close();
    for (const topics of ["intercoms", "events", "intercoms,events"]) {
      assert.equal(
        (await edge.ask("GET", `/api/stream?topics=${topics}`, { as: "employee" })).status,
        403,
        topics,
      );
    }
  }));

Deno.test("row 32: an employee's stream has their own calls only, also what was missed", () =>
  onEdge(ground, async (edge) => {
    const operators = await openStream(edge, "calls");
    const own = await openStream(edge, "calls,events", { as: "employee" });
    for (const stream of [operators, own]) assert.equal((await stream.next())!.event, "snapshot");
    const publish = (id: string, userIds: number[]) =>
      edge.feed.publish("calls", "call.changed", { id }, { userIds });
    publish("others", [OPERATOR]);
    publish("own", [EMPLOYEE, OPERATOR]);
    assert.equal((await operators.next())!.data.id, "others");
    const all = await operators.next();
    assert.deepEqual([all!.event, all!.data.id], ["call.changed", "own"]);
    const told = await own.next();
    assert.deepEqual([told!.id, told!.data.id], [all!.id, "own"]);
    for (const stream of [operators, own]) await stream.close();
    publish("others again", []);
    publish("own again", [EMPLOYEE]);
    // What an operator saw before does not help.
    const headers = { "Last-Event-ID": told!.id!.replace(/\d+$/, "0") };
    const back = await openStream(edge, "calls", { as: "employee", headers });
    assert.deepEqual([(await back.next())!.data.id, (await back.next())!.data.id], ["own", "own again"]);
    await back.close();
  }));

Deno.test("stream: endpoints are among what is told unless topics are named, log lines are not", () =>
  onEdge(ground, async (edge) => {
    edge.endpoints.held = [endpointView()];
    edge.endpoints.open = [alertView()];
    const answer = await edge.raw("GET", "/api/stream");
    await answer.body!.cancel();
    const stream = await openStream(edge, "endpoints");
    const snapshot = await stream.next();
    assert.deepEqual(snapshot!.data.endpoints, [endpointView()]);
    assert.deepEqual(snapshot!.data.endpoint_alerts, [alertView()]);
    assert.equal(edge.feed.wants("logs:*"), false);
    edge.feed.publish("endpoints", "endpoint.changed", endpointView({ status: "offline" }));
    assert.equal((await stream.next())!.data.status, "offline");
    await stream.close();
  }));

Deno.test("stream: log lines of an endpoint, of all and of a call, with the last ones first", () =>
  onEdge(ground, async (edge) => {
    edge.endpoints.held = [
      endpointView(),
      endpointView({ name: "9-ep" }),
      endpointView({ name: "9-ep", pbx: "second" }),
      endpointView({ name: "a,b" }),
    ];
    edge.logs.lines = [logLine(1), logLine(2, { endpoints: ["9-ep"], call: "C-0000000a" })];
    const topics: [asked: string, held: Record<string, number[]>][] = [
      ["logs:777-ep", { "logs:main/777-ep": [1] }],
      ["logs:main/777-ep,logs:777-ep", { "logs:main/777-ep": [1] }],
      ["logs:*", { "logs:*": [1, 2] }],
      ["logs:[C-0000000A],logs:second/9-ep", { "logs:[main/C-0000000a]": [2], "logs:second/9-ep": [] }],
      ["logs:[main/C-0000000a],logs:[C-0000000A]", { "logs:[main/C-0000000a]": [2] }],
      ["logs:a,b,links", { "logs:main/a,b": [] }],
    ];
    for (const [asked, held] of topics) {
      const stream = await openStream(edge, encodeURIComponent(asked));
      const { data } = (await stream.next())!;
      const ids = Object.entries(data.logs as Record<string, { id: number }[]>)
        .map(([topic, lines]) => [topic, lines.map(({ id }) => id)]);
      assert.deepEqual(Object.fromEntries(ids), held, asked);
      assert.equal("links" in data, asked.includes("links"));
      await stream.close();
    }
    const stream = await openStream(edge, "links,logs:main%2F777-ep");
    const first = await stream.next();
    edge.feed.tell("logs:main/777-ep", "log.line", logLine(3));
    const told = await stream.next();
    assert.deepEqual(told, { event: "log.line", data: logLine(3) });
    await stream.close();
    assert.equal(edge.feed.wants("logs:main/777-ep"), false);
    const again = await openStream(edge, "links,logs:777-ep", { headers: { "Last-Event-ID": first!.id! } });
    assert.deepEqual([(await again.next())!.event, (await again.next())!.event], ["reset", "snapshot"]);
    await again.close();
    edge.logs.followed = ["main", "second"];
    edge.logs.lines.push(logLine(4, { pbx: "second", call: "C-0000000a" }));
    const ofCall = await openStream(edge, "logs:[second%2FC-0000000a]");
    assert.deepEqual((await ofCall.next())!.data.logs["logs:[second/C-0000000a]"], [edge.logs.lines.at(-1)]);
    await ofCall.close();
    const several = await edge.ask("GET", "/api/stream?topics=logs:%5BC-0000000a%5D");
    assert.deepEqual(several.json.pbxs, ["main", "second"]);
    const refused: [topics: string, status: number][] = [
      ["logs:[C-0000000a]", 409],
      ["logs:[third/C-0000000a]", 404],
      ["logs:[/C-0000000a]", 404],
      ["logs:nobody", 404],
      ["logs:", 404],
      ["logs:9-ep", 409],
      ["logs:third/9-ep", 404],
      ["logs:777-ep,lnks", 404],
      ["log:777-ep", 422],
      [Array.from({ length: 11 }, (_, i) => `logs:main/${i}`).join(","), 422],
    ];
    for (const [asked, status] of refused) {
      const answer = await edge.ask("GET", `/api/stream?topics=${encodeURIComponent(asked)}`);
      assert.equal(answer.status, status, asked);
    }
    assert.equal(edge.feed.readers, 0);
  }));

Deno.test("row 32: an employee's stream has no endpoints and no log lines, and says nothing of whether there are any", () =>
  onEdge(ground, async (edge) => {
    edge.endpoints.held = [endpointView()];
    edge.logs.lines = [logLine(1)];
    const stream = await openStream(edge, "links,endpoints,logs:777-ep,logs:nobody,logs:*", {
      as: "employee",
    });
    assert.deepEqual(Object.keys((await stream.next())!.data).sort(), ["at", "links"]);
    for (const topic of ["logs:*", "logs:main/777-ep"]) assert.equal(edge.feed.wants(topic), false, topic);
    edge.feed.publish("endpoints", "endpoint.changed", endpointView());
    edge.feed.tell("logs:main/777-ep", "log.line", logLine(2));
    edge.links.lost("database", "test");
    const told = await stream.next();
    assert.equal(told!.event, "link.changed");
    await stream.close();
    const headers = { "Last-Event-ID": told!.id!.replace(/\d+$/, "0") };
    const back = await openStream(edge, "endpoints,links", { as: "employee", headers });
    assert.equal((await back.next())!.event, "link.changed", "not what was missed either");
    await back.close();
    for (const topics of ["endpoints", "logs:*", "logs:777-ep", "logs:nobody", "endpoints,logs:777-ep"]) {
      const answer = await edge.ask("GET", `/api/stream?topics=${topics}`, { as: "employee" });
      assert.equal(answer.status, 403, topics);
      assert.doesNotMatch(answer.text, /endpoint/);
    }
    const plain = await edge.raw("GET", "/api/stream", { as: "employee" });
    const reader = plain.body!.getReader();
    assert.doesNotMatch(new TextDecoder().decode((await reader.read()).value), /endpoint|777/);
    await reader.cancel();
  }));

Deno.test("row 35: a stream of log lines ends with the rights it was opened with", () =>
  onEdge(ground, async (edge) => {
    const stream = await openStream(edge, "logs:*");
    await stream.next();
    await change(edge, { role: "employee" });
    assert.equal(edge.feed.wants("logs:*"), false, "at once");
    edge.feed.tell("logs:*", "log.line", logLine(1));
    assert.deepEqual(await stream.next(), { event: "bye", data: { reason: "logged_out" } });
    assert.equal(await stream.next(), null);
  }));

Deno.test("stream: a topic that does not exist is 422, none at all is all of them", () =>
  onEdge(ground, async (edge) => {
    for (const topics of ["", "doors", "intercoms,", "intercoms,__proto__", "constructor", "a".repeat(300)]) {
      assert.equal((await edge.ask("GET", `/api/stream?topics=${topics}`)).status, 422, topics);
    }
    const answer = await edge.raw("GET", "/api/stream");
    assert.equal(answer.status, 200);
    await answer.body!.cancel();
    assert.equal(edge.feed.readers, 0);
  }));

Deno.test("stream: a look at its headers opens none", () =>
  onEdge(ground, async (edge) => {
    const answer = await edge.raw("HEAD", "/api/stream");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "text/event-stream; charset=utf-8");
    assert.equal(edge.feed.readers, 0);
  }));

Deno.test("row 23: streams of one user are counted; one more is 429 until another ends", () =>
  onEdge(ground, async (edge) => {
    const first = await openStream(edge, "links");
    const second = await openStream(edge, "links", { as: "token of operator" });
    // One that was let in would never end.
    const refused = await withDeadline(edge.ask("GET", "/api/stream?topics=links"));
    assert.equal(refused.status, 429);
    assert.equal(refused.json.type, "/problems/too-many-streams");
    assert.match(refused.headers.get("retry-after")!, /^\d+$/);
    const others = await openStream(edge, "links", { as: "employee" });
    await first.close();
    const third = await openStream(edge, "links");
    for (const stream of [second, others, third]) await stream.close();
    assert.equal(edge.feed.readers, 0);
  }, { streamsPerUser: 2 }));

/** What ends a stream of the operator, who asks with a session or with the token. */
const ENDS: [what: string, as: "operator" | "token of operator", act: (edge: Edge) => Promise<unknown>][] = [
  ["the role is changed", "operator", (edge) => change(edge, { role: "employee" })],
  ["the role is changed, by token", "token of operator", (edge) => change(edge, { role: "admin" })],
  ["the user is disabled", "operator", (edge) => change(edge, { status: "disabled" })],
  ["the user is disabled, by token", "token of operator", (edge) => change(edge, { status: "disabled" })],
  [
    "the user is removed",
    "operator",
    (edge) => edge.ask("DELETE", `/api/users/${OPERATOR}`, { as: "admin" }),
  ],
  ["somebody sets another password", "operator", (edge) => change(edge, { password: "another password" })],
  ["they log out", "operator", (edge) => edge.ask("POST", "/api/logout")],
  ["the token is revoked", "token of operator", (edge) => edge.ask("DELETE", "/api/tokens/1")],
];

/** The admin is the first user. */
const OPERATOR = 2;
const EMPLOYEE = 3;

function change(edge: Edge, body: Record<string, unknown>): Promise<unknown> {
  return edge.ask("PUT", `/api/users/${OPERATOR}`, { as: "admin", body });
}

for (const [what, as, act] of ENDS) {
  Deno.test(`row 35: a stream ends at once when ${what}`, () =>
    onEdge(ground, async (edge) => {
      const stream = await openStream(edge, "links", { as });
      const admins = await openStream(edge, "links", { as: "admin" });
      assert.equal((await stream.next())!.event, "snapshot");
      await act(edge);
      assert.deepEqual(await stream.next(), { event: "bye", data: { reason: "logged_out" } });
      assert.equal(await stream.next(), null, "and nothing after that");
      assert.equal(edge.feed.readers, 1, "that of the admin goes on");
      await admins.close();
    }));
}

Deno.test("row 35: one session that ends, or one token, leaves the other streams of its user", () =>
  onEdge(ground, async (edge) => {
    const cookie = await loginAs(edge, "operator");
    const other = await openStream(edge, "links", { cookie });
    const byToken = await openStream(edge, "links", { as: "token of operator" });
    const mine = await openStream(edge, "links");
    for (const stream of [other, byToken, mine]) await stream.next();
    await edge.ask("DELETE", "/api/tokens/1");
    assert.equal((await byToken.next())!.event, "bye");
    assert.equal(edge.feed.readers, 2);
    await edge.ask("POST", "/api/logout");
    assert.equal((await mine.next())!.event, "bye");
    assert.equal(edge.feed.readers, 1);
    edge.links.lost("database", "test");
    assert.equal((await other.next())!.event, "link.changed");
    await other.close();
  }));

Deno.test("row 36: when the feed stops, streams are told to come back", () =>
  onEdge(ground, async (edge) => {
    const stream = await openStream(edge, "links");
    await stream.next();
    edge.feed.stop();
    assert.deepEqual(await stream.next(), { event: "bye", data: { reason: "stopping" } });
    assert.equal(await stream.next(), null);
  }));
