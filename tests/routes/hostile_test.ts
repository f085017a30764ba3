/**
 * @module
 * Rows 29 and 30 at the edge: whatever text comes in, on every filter, sort, path, cursor, header and body of every
 * route in the OpenAPI document, it is data. No answer is 500, none is undescribed, and the tables stand.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { callRow, callView } from "../db/call_rows.ts";
import { useEmbedded } from "../db/ground.ts";
import { type Edge, onEdge } from "./edge.ts";
import { endpointView, logLine } from "./fake_endpoints.ts";
import type { Operation } from "./openapi.ts";

const ground = useEmbedded();
const MAC = "AA:BB:CC:01";

const HOSTILE = [
  "' or 1=1 --",
  "'; drop table users; --",
  '"; drop table users; --',
  "$1",
  "\\'",
  "%",
  "_",
  "\0",
  "a\0b",
  "\ud800",
  "x\udfff",
  "\ufffe\u202e",
  "\r\nSet-Cookie: x=1",
  "__proto__",
  "constructor",
  "toString",
  "../../etc/passwd",
  "..%2f..%2f",
  "%00",
  "%",
  "{}",
  "[]",
  "null",
  "true",
  "NaN",
  "-0",
  "0",
  "1e400",
  "0x10",
  "9007199254740993",
  "99999999999999999999",
  "2147483648",
  "-9223372036854775809",
  "2026-01-01T00:00:00Z",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:60Z",
  "9999-12-31T23:59:59.999-23:59",
  "2026-01-01T00:00:00Z_00000000000000000000000000",
  "0000-00-00T00:00:00Z_00000000000000000000000000",
  "infinity",
  "now",
  "epoch",
  "<script>alert(1)</script>",
  "=1+1",
  "a".repeat(5000),
  "\u{1F600}".repeat(60),
  "",
  " ",
];

const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constant(MAC),
);
const value = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("admin", "operator", "active", "disabled", true, 1, 0, -1, 1.5, 1e300),
  },
);

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
}

interface Call {
  path: Record<string, string>;
  query: [string, string][];
  header: Record<string, string>;
  body: unknown;
}

function callOf(operation: Operation, fields: string[]): fc.Arbitrary<Call> {
  const parameters = (operation.described.parameters ?? []) as Parameter[];
  const names = (place: string) =>
    parameters.filter((parameter) => parameter.in === place).map(({ name }) => name);
  const some = (of: string[]) =>
    fc.record(Object.fromEntries(of.map((name) => [name, text])), { requiredKeys: [] });
  const [query, header] = [names("query"), names("header")];
  return fc.record({
    path: fc.record(
      Object.fromEntries(names("path").map((name) => [name, text.filter((given) => given !== "")])),
    ),
    query: query.length === 0
      ? fc.constant([])
      : fc.array(fc.tuple(fc.constantFrom(...query), text), { maxLength: 4 }),
    header: some(header) as fc.Arbitrary<Record<string, string>>,
    body: fc.oneof(
      {
        weight: 5,
        arbitrary: fc.dictionary(fc.constantFrom(...fields, "__proto__", "x"), value, { maxKeys: 4 }),
      },
      { weight: 1, arbitrary: fc.jsonValue() },
      { weight: 1, arbitrary: text },
    ),
  });
}

function fieldsOf(edge: Edge, operation: Operation): string[] {
  const body = operation.described.requestBody as
    | { content: Record<string, Record<string, unknown>> }
    | undefined;
  if (body === undefined) return [];
  const schema = edge.document.schemaOf(body.content["application/json"]!);
  const $defs = schema.$defs as Record<string, { properties?: object }>;
  const name = String(schema.$ref ?? "").split("/").at(-1)!;
  return Object.keys($defs[name]?.properties ?? {});
}

/** What a header may carry over HTTP at all. */
function headerText(given: string): string {
  return given.replace(/[^\x20-\xff]/g, "").trim();
}

async function send(edge: Edge, operation: Operation, call: Call): Promise<void> {
  const path = operation.path.replace(
    /\{(\w+)\}/g,
    (_, name) => encodeURIComponent(call.path[name]!.toWellFormed()),
  );
  const query = call.query.map(([name, given]) => `${name}=${encodeURIComponent(given.toWellFormed())}`).join(
    "&",
  );
  const headers = Object.fromEntries(
    Object.entries(call.header).map(([name, given]) => [name, headerText(given)]),
  );
  const hasBody = operation.described.requestBody !== undefined;
  const answer = await edge.raw(operation.method, `${path}${query === "" ? "" : `?${query}`}`, {
    as: "admin",
    headers,
    ...(hasBody ? { body: typeof call.body === "string" ? call.body : JSON.stringify(call.body) } : {}),
  });
  const what = `${operation.method} ${path}?${query}`;
  if (answer.headers.get("content-type")?.startsWith("text/event-stream")) return await answer.body!.cancel();
  const said = await answer.text();
  const inside = edge.errors.map(String).join("; ");
  assert.ok(answer.status < 500, `${what} ${JSON.stringify(call.body)}: ${answer.status} ${said} ${inside}`);
  // A path of dots leads elsewhere before any route sees it.
  if (edge.document.find(operation.method, new URL(`http://x${path}`).pathname) === operation) {
    edge.document.check(operation, answer, said);
  }
  for (const [name, given] of answer.headers) assert.doesNotMatch(`${name}: ${given}`, /[\r\n]/, what);
}

/** A call that goes on, by the id that paths have where they should be as they are, and an endpoint with its log. */
async function keepCall(edge: Edge, name = "Caller"): Promise<void> {
  edge.endpoints.held = [endpointView({ owner: { id: 1, name } })];
  edge.logs.lines = [logLine(1, { message: name })];
  const view = callView({ id: "3", caller: { number: "74951234567", name, user_id: null } });
  await edge.writer.commit({ calls: [callRow(view)] });
  edge.calls.held.set(view.id, view);
}

/** Bodies that would be taken, to which one hostile value is done at a time. */
const BODIES: Record<string, Record<string, unknown>> = {
  "POST /api/login": { login: "admin", password: "wrong password" },
  "PUT /api/me/password": { current: "wrong password", password: "another password" },
  "POST /api/users": { login: "carl", role: "employee", password: "password of carl" },
  "POST /api/tokens": { name: "probe" },
  "POST /api/companies": { name: "Company", notes: "", phones: ["+7 495 123-45-67"] },
  "PUT /api/users/{id}/phones": { phones: ["777"] },
  "POST /api/calls/{id}/transfer": { to: "888" },
  "PUT /api/calls/{id}/notes": { notes: "note" },
  "POST /api/endpoints/{name}/config": { template: "phone", values: { password: "x" }, why: "note" },
  "PUT /api/endpoints/{name}/config": { revision: "r1", text: "[777-ep]", why: "note" },
  "POST /api/endpoints/{name}/config/rollback": { revision: "r1", version: "01VERSION", why: "note" },
};

/** Each hostile value on each parameter and field of an operation, the rest as it should be. */
function* oneAtATime(edge: Edge, operation: Operation): Generator<Call> {
  const parameters = (operation.described.parameters ?? []) as Parameter[];
  const body = BODIES[`${operation.method} ${operation.path}`] ?? {};
  const path: Record<string, string> = { mac: MAC, id: "3", number: "777", name: "777-ep" };
  for (const { name, in: place } of parameters) {
    for (const hostile of HOSTILE) {
      if (place === "path" && hostile !== "") {
        yield { path: { ...path, [name]: hostile }, query: [], header: {}, body };
      }
      if (place === "query") yield { path, query: [[name, hostile]], header: {}, body };
      if (place === "header") yield { path, query: [], header: { [name]: hostile }, body };
    }
  }
  for (const field of fieldsOf(edge, operation)) {
    for (
      const hostile of [...HOSTILE, null, 0, 1e300, true, [], {}, "long enough \0", "long enough \ud800"]
    ) {
      yield { path, query: [], header: {}, body: { ...body, [field]: hostile } };
    }
  }
}

Deno.test("row 30: one hostile text at a time, with all else as it should be, is never 500", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    await edge.say(MAC, "call", { apartment: "7" });
    await keepCall(edge);
    let calls = 0;
    for (const operation of edge.document.operations) {
      if (operation.path === "/api/logout") continue;
      for (const call of oneAtATime(edge, operation)) {
        calls++;
        await send(edge, operation, call);
        if (operation.path.endsWith("/open")) edge.clock.pass(11_000);
        if (edge.intercoms.get(MAC) === null) await edge.panel(MAC);
      }
    }
    assert.ok(calls > 1500, `${calls}`);
    assert.deepEqual(edge.errors, []);
  }));

Deno.test("row 30: hostile text on every parameter and field of every route at once is never 500", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    await edge.say(MAC, "call", { apartment: "7" });
    await keepCall(edge);
    let calls = 0;
    for (const operation of edge.document.operations) {
      // It would end the session that the others are asked with.
      if (operation.path === "/api/logout") continue;
      await fc.assert(
        fc.asyncProperty(callOf(operation, fieldsOf(edge, operation)), async (call) => {
          calls++;
          await send(edge, operation, call);
        }),
        { numRuns: 25, endOnFailure: true },
      );
    }
    assert.ok(calls > 600);
    assert.deepEqual(edge.errors, []);
    const [row] = await edge.database.query((sql) =>
      sql<{ users: number; events: number }[]>`select (select count(*)::int from users) as users,
        (select count(*)::int from intercom_events) as events`
    );
    assert.ok(row!.users >= 1 && row!.events >= 1, "the tables stand");
  }));

Deno.test("row 30: a filter of SQL finds nothing, where the same without finds something", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    await edge.say(MAC, "call", { apartment: "7" });
    const found = async (query: string) =>
      (await edge.ask("GET", `/api/${query}`, { as: "admin" })).json.items.length;
    const always = encodeURIComponent("' or '1'='1");
    await keepCall(edge, "a%b_c'd");
    assert.equal(await found("events?apartment=7"), 1);
    assert.equal(await found("calls?number=495&pbx=main&status=completed"), 1);
    for (const part of ["a%25b", "b_c", "c%27d"]) assert.equal(await found(`calls?q=${part}`), 1, part);
    for (const none of ["a%25c", "b_d", "%25%25", "__", "%5C", "%27%27"]) {
      assert.equal(await found(`calls?q=${none}`), 0, `${none} is no pattern`);
    }
    for (
      const query of [
        `events?apartment=7${always}`,
        `events?mac=${MAC}${always}`,
        `audit?action=login${always}`,
        `calls?pbx=main${always}`,
        `calls?q=caller${always}`,
        `calls?number=495${always}`,
        `companies?q=x${always}`,
        `endpoints?q=777${always}`,
        `endpoints?pbx=main${always}`,
        `logs?q=a%25b${always}`,
      ]
    ) {
      assert.equal(await found(query), 0, query);
    }
    assert.equal(await found("intercoms?q=%25"), 0, "no wildcard");
    assert.equal(await found(`dead-letters?cursor=${always}`), 0);
  }));

Deno.test("row 29: names of panels, apartments and keys come back as they were said, as JSON", () =>
  onEdge(ground, async (edge) => {
    const hostile = `<img src=x onerror=alert(1)>"'&<!--]]>\u2028</script>`;
    await edge.panel(MAC);
    const short = hostile.slice(0, 60);
    await edge.say(MAC, "key", { apartment: short, key_id: short, note: hostile });
    const changed = await edge.ask("PUT", `/api/intercoms/${MAC}`, {
      body: { name: hostile, address: hostile },
    });
    assert.equal(changed.json.name, hostile);
    const [event] = (await edge.ask("GET", "/api/events?type=key")).json.items;
    assert.equal(event.apartment, short);
    assert.equal(event.key_id, short);
    assert.equal(event.payload.note, hostile);
    for (const path of ["/api/intercoms", "/api/events"]) {
      const answer = await edge.ask("GET", path);
      assert.equal(answer.headers.get("content-type"), "application/json");
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    }
    await edge.say(MAC, "nonsense", { note: hostile });
    await edge.writer.commit({ touch: { mac: MAC, last_seen_at: new Date().toISOString() } });
    const letters = await edge.ask("GET", "/api/dead-letters");
    assert.equal(letters.json.items[0].topic, `intercom/${MAC}/nonsense`);
    assert.ok(letters.json.items[0].payload.includes("<img src=x onerror"));
    assert.deepEqual(letters.json.counts, { unknown_topic: 1 });
  }));

Deno.test("row 29: names of callers, companies and people come back as they are, as JSON", () =>
  onEdge(ground, async (edge) => {
    const hostile = `<img src=x onerror=alert(1)>"'&<!--]]>\u2028</script>`;
    await keepCall(edge, hostile);
    const body = { name: hostile, notes: hostile, phones: ["+7 495 123-45-67"] };
    const made = await edge.ask("POST", "/api/companies", { as: "admin", body });
    assert.deepEqual([made.json.name, made.json.notes], [hostile, hostile]);
    await edge.ask("PUT", "/api/calls/3/notes", { body: { notes: hostile } });
    for (
      const path of [
        "/api/calls",
        "/api/calls/3",
        "/api/companies",
        "/api/numbers/74951234567",
        "/api/endpoints",
        "/api/logs",
      ]
    ) {
      const answer = await edge.ask("GET", path);
      assert.ok(answer.text.includes("<img src=x onerror"), path);
      assert.equal(answer.headers.get("content-type"), "application/json");
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    }
    const { caller, notes } = (await edge.ask("GET", "/api/calls/3")).json;
    assert.deepEqual([caller.name, notes], [hostile, hostile]);
  }));
