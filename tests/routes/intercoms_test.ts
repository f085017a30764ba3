/**
 * @module
 * Panels and openings through HTTP: what is answered, what is sent to the panel, and what is refused.
 */
import assert from "node:assert/strict";
import { useEmbedded } from "../db/ground.ts";
import { waitFor } from "../support/wait.ts";
import { type Answer, type Edge, onEdge } from "./edge.ts";

const ground = useEmbedded();
const MAC = "AA:BB:CC:01";

function open(edge: Edge, body?: unknown, headers: Record<string, string> = {}, mac = MAC): Promise<Answer> {
  return edge.ask("POST", `/api/intercoms/${mac}/open`, { body, headers });
}

function refused(answer: Answer, status: number, type: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.type, `/problems/${type}`);
}

Deno.test("open: is 202 with the command, which the panel is sent", () =>
  onEdge(ground, async (edge) => {
    await edge.panel("aa:bb:CC:01");
    const answer = await open(edge, { apartment: 7 });
    assert.equal(answer.status, 202);
    const { command } = answer.json;
    assert.equal(answer.headers.get("location"), `/api/commands/${command.id}`);
    assert.equal(command.status, "sent");
    assert.equal(command.apartment, "7");
    assert.equal(Date.parse(command.expires_at) - Date.parse(command.issued_at), 10_000);
    assert.deepEqual(command.requested_by.name, "operator");
    assert.deepEqual(edge.sent, [{
      topicMac: "aa:bb:CC:01",
      payload: {
        action: "open",
        apartment: "7",
        command_id: command.id,
        issued_at: command.issued_at,
        expires_at: command.expires_at,
      },
    }]);
  }));

Deno.test("open: its command is followed to the closed door, and after that from the database", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const { id } = (await open(edge)).json.command;
    const status = async () => (await edge.ask("GET", `/api/commands/${id}`)).json.status;
    assert.equal(await status(), "sent");
    edge.clock.pass(1000);
    await edge.say(MAC, "door_opened", { source: "remote", command_id: id });
    assert.equal(await status(), "confirmed");
    await edge.say(MAC, "door_closed", {});
    assert.equal(await status(), "closed");
    edge.clock.pass(120_000);
    // A newer opening takes its place beside the panel; then only the database knows it.
    await edge.panel(MAC);
    assert.equal((await open(edge)).status, 202);
    assert.equal(edge.commands.get(id), null);
    const stored = await edge.ask("GET", `/api/commands/${id}`);
    assert.equal(stored.json.status, "closed");
    assert.ok(
      stored.json.confirmed_at < stored.json.closed_at || stored.json.confirmed_at === stored.json.closed_at,
    );
    refused(await edge.ask("GET", "/api/commands/nothing"), 404, "not-found");
  }));

Deno.test("open: one that nobody confirms expires after ten seconds", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const { id } = (await open(edge)).json.command;
    edge.clock.pass(10_000);
    assert.equal((await edge.ask("GET", `/api/commands/${id}`)).json.status, "expired");
    await edge.panel(MAC);
    assert.equal((await open(edge)).status, 202);
    assert.equal(edge.sent.length, 2);
  }));

Deno.test("open: needs no body, and one with nothing in it is none", () =>
  onEdge(ground, async (edge) => {
    const bodies: [body: string | undefined, headers: Record<string, string>][] = [
      [undefined, {}],
      ["", {}],
      ["", { "Content-Type": "application/json" }],
      ["{}", {}],
    ];
    for (const [body, headers] of bodies) {
      await edge.panel(MAC);
      const answer = await open(edge, body, headers);
      assert.equal(answer.status, 202, `${JSON.stringify([body, headers])}: ${answer.text}`);
      assert.equal(answer.json.command.apartment, null);
      edge.clock.pass(11_000);
    }
  }));

Deno.test("open: an apartment that is none is 422 and says where", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const bad = ["", "  ", "12345678901234567", -1, 1.5, null, {}, [], true, "a\0b", "\ud800", "x\udc00"];
    for (const apartment of bad) {
      const answer = await open(edge, JSON.stringify({ apartment }));
      refused(answer, 422, "invalid-values");
      assert.equal(answer.json.errors[0].path, "apartment");
    }
    refused(await open(edge, { apartement: 7 }), 422, "invalid-values");
    refused(await open(edge, "[]"), 422, "invalid-values");
    refused(await open(edge, "{"), 400, "malformed");
    refused(await open(edge, {}, { "Idempotency-Key": "k".repeat(129) }), 422, "invalid-values");
    assert.equal(edge.sent.length, 0);
    assert.equal((await open(edge, { apartment: " 7a " })).json.command.apartment, "7a");
  }));

Deno.test("open: a body of another type is refused, not overlooked", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const answer = await open(edge, '{"apartment":"7"}', { "Content-Type": "text/plain" });
    refused(answer, 415, "media-type");
    assert.equal(edge.sent.length, 0);
  }));

Deno.test("open: the MAC counts in any case", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    assert.equal((await open(edge, {}, {}, "aa:bb:cc:01")).status, 202);
    assert.equal((await edge.ask("GET", "/api/intercoms/aA%3abB:Cc:01")).json.mac, MAC);
  }));

Deno.test("open: each reason against it has a type of its own, and nothing is sent", () =>
  onEdge(ground, async (edge) => {
    refused(await open(edge), 404, "not-found");
    await edge.panel(MAC);
    edge.clock.pass(121_000);
    refused(await open(edge), 409, "panel-offline");
    await edge.panel(MAC);
    edge.links.lost("broker", "test");
    refused(await open(edge), 409, "link-down");
    edge.links.opened("broker");
    refused(await open(edge), 409, "panel-unknown");
    assert.equal(edge.sent.length, 0);
    const results = async () => {
      const audit = await edge.ask("GET", "/api/audit?action=door.open", { as: "admin" });
      return audit.json.items.map(({ result }: { result: string }) => result);
    };
    // Who is refused does not wait for the log.
    await waitFor(async () => (await results()).length === 3);
    assert.deepEqual(await results(), [
      "refused: panel-unknown",
      "refused: link-down",
      "refused: panel-offline",
    ]);
  }));

Deno.test("open: a panel that waits for a yes opens only after it", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    refused(await open(edge), 409, "not-adopted");
    assert.equal(
      (await edge.ask("PUT", `/api/intercoms/${MAC}`, { body: { adopted: true } })).json.adopted,
      true,
    );
    assert.equal((await open(edge)).status, 202);
  }, { adopt: "approve" }));

Deno.test("open: a broker that does not take it is told in the command", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    edge.sending.act = () => Promise.reject(new Error("the link to the broker is down"));
    const { command } = (await open(edge)).json;
    assert.equal(command.status, "failed");
    assert.equal(command.failed_reason, "the link to the broker is down");
  }));

Deno.test("open: with the database away it is 503 with Retry-After, and the door stays closed", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    edge.database.away = true;
    const answer = await open(edge, {}, { "Idempotency-Key": "k" });
    refused(answer, 503, "database-away");
    assert.match(answer.headers.get("retry-after")!, /^\d+$/);
    assert.equal(edge.sent.length, 0);
    edge.database.away = false;
    assert.equal((await open(edge, {}, { "Idempotency-Key": "k" })).status, 202, "the key may try again");
    assert.equal(edge.sent.length, 1);
  }));

Deno.test("row 14: the same key with another body, or for another door, is 422", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    await edge.panel("AA:BB:CC:02");
    const key = { "Idempotency-Key": "one" };
    const first = await open(edge, { apartment: "7" }, key);
    refused(await open(edge, { apartment: "8" }, key), 422, "idempotency-key-reused");
    refused(await open(edge, { apartment: "7" }, key, "AA:BB:CC:02"), 422, "idempotency-key-reused");
    const again = await open(edge, { apartment: 7 }, key);
    assert.equal(again.status, 202);
    assert.equal(again.json.command.id, first.json.command.id);
    const other = await edge.ask("POST", `/api/intercoms/${MAC}/open`, {
      as: "admin",
      headers: key,
      body: {},
    });
    refused(other, 409, "command-in-flight");
    assert.equal(edge.sent.length, 1);
  }));

Deno.test("row 14: a repeated key is answered with its command after it ended, and when the panel is offline", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const key = { "Idempotency-Key": "one" };
    const { id } = (await open(edge, {}, key)).json.command;
    edge.clock.pass(3 * 120_000);
    const again = await open(edge, {}, key);
    assert.equal(again.status, 202);
    assert.equal(again.json.command.id, id);
    assert.equal(edge.sent.length, 1);
  }));

Deno.test("row 21: a hundred parallel requests with one key are one opening", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => open(edge, {}, { "Idempotency-Key": "one" })),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
    assert.equal(new Set(answers.map(({ json }) => json.command.id)).size, 1);
    assert.equal(edge.sent.length, 1);
    const events = await edge.ask("GET", "/api/events?type=open_command");
    assert.equal(events.json.items.length, 1);
  }));

Deno.test("row 21: a hundred parallel requests with keys of their own: one opens, the others learn who", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        edge.ask("POST", `/api/intercoms/${MAC}/open`, {
          as: i % 2 === 0 ? "operator" : "admin",
          headers: { "Idempotency-Key": `key ${i}` },
        })),
    );
    const won = answers.filter(({ status }) => status === 202);
    assert.equal(won.length, 1);
    const who = won[0]!.json.command.requested_by.name;
    for (const answer of answers) {
      if (answer === won[0]) continue;
      refused(answer, 409, "command-in-flight");
      assert.ok(answer.json.title.includes(who), answer.json.title);
    }
    assert.equal(edge.sent.length, 1);
  }));

Deno.test("intercoms: filters, their order, and pages without gap or double", () =>
  onEdge(ground, async (edge) => {
    const macs = Array.from({ length: 25 }, (_, i) => `AA:BB:00:${String(i + 10)}`);
    for (const mac of [...macs].reverse()) await edge.panel(mac);
    await edge.ask("PUT", `/api/intercoms/${macs[3]}`, {
      body: { name: "Gate of Straße 5", address: "North" },
    });
    await edge.say(macs[4]!, "door_opened", { source: "key" });
    const list = async (query: string) => {
      const answer = await edge.ask("GET", `/api/intercoms?${query}`);
      assert.equal(answer.status, 200, answer.text);
      return answer.json;
    };
    const of = async (query: string) => (await list(query)).items.map(({ mac }: { mac: string }) => mac);
    assert.deepEqual(await of(""), macs);
    for (const q of ["GATE", "straße", "north", "00:13"]) {
      assert.deepEqual(await of(`q=${encodeURIComponent(q)}`), [macs[3]], q);
    }
    assert.deepEqual(await of("door=open"), [macs[4]]);
    assert.deepEqual(await of("status=offline"), []);
    assert.equal((await of("status=online&adopted=true")).length, 25);
    assert.deepEqual(await of("adopted=false"), []);
    const seen = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: { items: { mac: string }[]; next: string | null } = await list(
        `limit=7${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      seen.push(...page.items.map(({ mac }) => mac));
      cursor = page.next;
    }
    assert.deepEqual(seen, macs);
    assert.equal((await list("limit=25")).next, null);
    for (
      const bad of [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=",
        "status=up",
        "door=ajar",
        "adopted=maybe",
        "limit=1&limit=2",
      ]
    ) {
      refused(await edge.ask("GET", `/api/intercoms?${bad}`), 422, "invalid-values");
    }
  }));

Deno.test("intercoms: a change is kept, audited, and refused when it is none", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const put = (body: unknown) => edge.ask("PUT", `/api/intercoms/${MAC}`, { body });
    const changed = await put({ name: "  Front door ", address: "1 Main Street" });
    assert.equal(changed.json.name, "Front door");
    assert.equal((await put({ name: "Back" })).json.address, "1 Main Street");
    await edge.say(MAC, "door_opened", { source: "key" });
    const [row] = await edge.database.query((sql) => sql`select name, address, door_status from intercoms`);
    assert.deepEqual({ ...row }, { name: "Back", address: "1 Main Street", door_status: "open" });
    for (
      const bad of [{ name: "x".repeat(101) }, { adopted: false }, { mac: "x" }, { name: null }, {
        name: "\ud800",
      }, { address: "\0" }]
    ) {
      refused(await put(JSON.stringify(bad)), 422, "invalid-values");
    }
    refused(await put("nonsense"), 400, "malformed");
    refused(await edge.ask("PUT", "/api/intercoms/AA:BB:CC:77", { body: {} }), 404, "not-found");
    const audit = await edge.ask("GET", "/api/audit?action=intercom.change", { as: "admin" });
    assert.equal(audit.json.items.length, 2);
    assert.deepEqual(audit.json.items[0].detail, { name: "Back" });
    assert.equal(audit.json.items[0].actor, "operator");
    assert.equal(audit.json.items[0].target, MAC);
    edge.database.away = true;
    refused(await put({ name: "never" }), 503, "database-away");
    assert.equal(edge.intercoms.get(MAC)!.name, "Back");
  }));

Deno.test("intercoms: removed, it is gone, its history stays, and it may come again", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    await edge.say(MAC, "call", { apartment: "7" });
    const remove = () => edge.ask("DELETE", `/api/intercoms/${MAC}`, { as: "admin" });
    edge.database.away = true;
    refused(await remove(), 503, "database-away");
    assert.equal((await edge.ask("GET", `/api/intercoms/${MAC}`)).status, 200);
    edge.database.away = false;
    assert.equal((await remove()).status, 204);
    refused(await remove(), 404, "not-found");
    refused(await edge.ask("GET", `/api/intercoms/${MAC}`), 404, "not-found");
    assert.equal((await edge.database.query((sql) => sql`select from intercoms`)).length, 0);
    const events = await edge.ask("GET", "/api/events?type=call");
    assert.equal(events.json.items.length, 1);
    await edge.panel(MAC);
    assert.equal((await edge.ask("GET", `/api/intercoms/${MAC}`)).status, 200);
  }));

Deno.test("intercoms: an alarm stays until it is acknowledged", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    await edge.say(MAC, "alarm", { kind: "tamper" });
    assert.equal((await edge.ask("GET", `/api/intercoms/${MAC}`)).json.alarm.kind, "tamper");
    edge.database.away = true;
    refused(await edge.ask("POST", `/api/intercoms/${MAC}/acknowledge`), 503, "database-away");
    edge.database.away = false;
    assert.equal((await edge.ask("GET", `/api/intercoms/${MAC}`)).json.alarm?.kind, "tamper");
    assert.equal((await edge.ask("POST", `/api/intercoms/${MAC}/acknowledge`)).json.alarm, null);
    assert.equal((await edge.ask("POST", `/api/intercoms/${MAC}/acknowledge`)).status, 200);
    refused(await edge.ask("POST", "/api/intercoms/AA:BB:CC:77/acknowledge"), 404, "not-found");
  }));

Deno.test("credentials: shown once, only their hash is kept, and taken away", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const path = `/api/intercoms/${MAC.toLowerCase()}/credentials`;
    const made = await edge.ask("POST", path, { as: "admin" });
    assert.equal(made.status, 201);
    assert.equal(made.headers.get("cache-control"), "no-store");
    assert.equal(made.json.username, MAC);
    assert.ok(made.json.password.length >= 24);
    const rows = await edge.database.query((sql) => sql`select * from panel_credentials`);
    assert.equal(rows.length, 1);
    assert.ok(!JSON.stringify(rows).includes(made.json.password));
    assert.notEqual((await edge.ask("POST", path, { as: "admin" })).json.password, made.json.password);
    assert.equal((await edge.ask("DELETE", path, { as: "admin" })).status, 204);
    refused(await edge.ask("DELETE", path, { as: "admin" }), 404, "not-found");
    refused(
      await edge.ask("POST", "/api/intercoms/AA:BB:CC:77/credentials", { as: "admin" }),
      404,
      "not-found",
    );
  }));

Deno.test("credentials: a broker that keeps them itself is said to", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    refused(
      await edge.ask("POST", `/api/intercoms/${MAC}/credentials`, { as: "admin" }),
      409,
      "broker-not-embedded",
    );
    refused(
      await edge.ask("DELETE", `/api/intercoms/${MAC}/credentials`, { as: "admin" }),
      409,
      "broker-not-embedded",
    );
  }, { credentials: null }));

Deno.test("open: who asks twice while the first is being recorded waits for the same answer", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    let release = () => {};
    const gate = new Promise<void>((resolve) => release = resolve);
    edge.database.before = () => gate;
    const first = open(edge, {}, { "Idempotency-Key": "one" });
    const second = open(edge, {}, { "Idempotency-Key": "one" });
    await waitFor(() => edge.commands.inFlight === 1);
    assert.equal(edge.sent.length, 0, "not sent before it is recorded");
    release();
    edge.database.before = () => {};
    assert.deepEqual((await first).json, (await second).json);
    assert.equal(edge.sent.length, 1);
  }));
