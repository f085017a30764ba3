/**
 * @module
 * Calls through HTTP: filters, pages, what is answered while the database is away, what may be done at a call and
 * why it is refused, and the CSV file.
 */
import assert from "node:assert/strict";
import { type CallRefusal, CallRefused } from "../../actors/call_errors.ts";
import type { CallDetailView } from "../../machines/views.ts";
import { callRow, callView } from "../db/call_rows.ts";
import { NOON, useEmbedded } from "../db/ground.ts";
import { type Edge, onEdge } from "./edge.ts";
import { listed } from "./fake_calls.ts";

const ground = useEmbedded();

/** Writes calls as their actors would, and holds them in memory too. */
async function keep(edge: Edge, ...views: CallDetailView[]): Promise<void> {
  await edge.writer.commit({ calls: views.map((view) => callRow(view)) });
  for (const view of views) edge.calls.held.set(view.id, view);
}

const iso = (seconds: number) => new Date(NOON + seconds * 1000).toISOString();
const at = (seconds: number) => encodeURIComponent(iso(seconds));

const person = (number: string, name: string) => ({ number, name, user_id: null });

/** Four calls, a second after one another; their ids end in 1 to 4. */
async function fill(edge: Edge): Promise<CallDetailView[]> {
  const id = (n: number) => `01CALLS${String(n).padStart(19, "0")}`;
  const views = [
    callView({
      id: id(1),
      started_at: iso(1),
      status: "missed",
      caller: person("74951234567", "Пётр Найдёнов"),
    }),
    callView({
      id: id(2),
      started_at: iso(2),
      direction: "internal",
      caller: person("888", "Olga"),
      company: { id: 1, name: "ООО Тестовая Компания" },
    }),
    callView({
      id: id(3),
      started_at: iso(3),
      status: "rejected",
      pbx: "second",
      caller: person("84957654321", "x"),
    }),
    callView({
      id: id(4),
      started_at: iso(4),
      status: "incoming",
      direction: "outbound",
      caller: person("777", "Ivan Ivanov"),
      receiver: person("9375291234567", ""),
      answered_by: null,
    }),
  ];
  await keep(edge, ...views);
  return views;
}

Deno.test("calls: filters by status, direction, number, name, PBX and time, newest first, from the table and from memory", () =>
  onEdge(ground, async (edge) => {
    await fill(edge);
    const asked: [query: string, expected: string][] = [
      ["", "4321"],
      ["status=missed", "1"],
      ["status=missed,rejected", "31"],
      ["direction=internal,outbound", "42"],
      ["pbx=second", "3"],
      ["pbx=sec", ""],
      ["number=%2B7%20(495)%20123", "1"],
      ["number=8%20495", "31"],
      ["number=74957654321", "3"],
      ["number=%2B7%20(495)%20765-43-21", "3"],
      ["number=9375291234567", "4"],
      ["number=777", "4321"],
      ["number=%20", "4321"],
      ["number=nothing", ""],
      ["q=%D0%9D%D0%90%D0%99%D0%94", "1"],
      ["q=пётр%20найдёнов", "1"],
      ["q=найдёнов%20пётр%20%207495", "1"],
      ["q=тестовая", "2"],
      ["q=888", "2"],
      ["q=8(495)765", "3"],
      ["q=%2B7495%20x", "3"],
      ["q=olga&number=777", "2"],
      ["q=888&number=495", ""],
      ["q=%25", ""],
      ["q=_", ""],
      ["q=%20%20", "4321"],
      [`from=${at(2)}&to=${at(4)}`, "32"],
      ["from=2026-01-15T17:30:04%2B05:30", "4"],
      ["status=missed&direction=outbound", ""],
    ];
    for (const away of [false, true]) {
      edge.database.away = away;
      for (const [query, expected] of asked) {
        const { status, json, text } = await edge.ask("GET", `/api/calls?${query}`);
        assert.equal(status, 200, text);
        assert.equal(json.partial, away ? true : undefined);
        assert.equal(
          json.items.map(({ id }: { id: string }) => id.at(-1)).join(""),
          expected,
          `${query} ${away}`,
        );
      }
    }
  }));

Deno.test("calls: one is the same in lists from the table and from memory, and whole by itself", () =>
  onEdge(ground, async (edge) => {
    const [view] = await fill(edge);
    const one = () => edge.ask("GET", "/api/calls?status=missed");
    assert.deepEqual((await one()).json.items, [listed(view!)]);
    edge.database.away = true;
    assert.deepEqual((await one()).json.items, [listed(view!)]);
    assert.deepEqual((await edge.ask("GET", `/api/calls/${view!.id}`)).json, view);
    edge.database.away = false;
    edge.calls.held.clear();
    assert.deepEqual((await edge.ask("GET", `/api/calls/${view!.id}`)).json, view);
    edge.database.away = true;
    assert.equal((await edge.ask("GET", `/api/calls/${view!.id}`)).status, 503);
  }));

Deno.test("calls: values that are none are 422 and named", () =>
  onEdge(ground, async (edge) => {
    for (
      const [query, path] of [
        ["status=ringing", "status.0"],
        ["status=", "status.0"],
        ["direction=inbound,", "direction.1"],
        ["from=yesterday", "from"],
        ["to=2026-02-30T00:00:00Z", "to"],
        ["from=0000-01-01T00:00:00Z", "from"],
        ["limit=201", "limit"],
        ["limit=0", "limit"],
        ["number=a%00b", "number"],
        [`q=${"x".repeat(101)}`, "q"],
        ["q=a&q=b", "q"],
      ] as const
    ) {
      for (const list of ["calls", "calls.csv"]) {
        if (list === "calls.csv" && path === "limit") continue;
        const { status, json, text } = await edge.ask("GET", `/api/${list}?${query}`);
        assert.equal(status, 422, `${query}: ${text}`);
        assert.equal(json.errors[0].path, path, query);
      }
    }
  }));

Deno.test("calls: pages have no gap and no double while calls come in, also of one moment", () =>
  onEdge(ground, async (edge) => {
    const old = Array.from(
      { length: 41 },
      (_, i) => callView({ started_at: iso(-Math.floor(i / 15)), status: "missed" }),
    );
    await keep(edge, ...old);
    const seen: string[] = [];
    let query = "status=missed&limit=6";
    for (let next: string | null = ""; next !== null;) {
      const { json } = await edge.ask("GET", `/api/calls?${query}`);
      seen.push(...json.items.map(({ id }: { id: string }) => id));
      next = json.next;
      if (next !== null) query = `status=missed&limit=6&cursor=${encodeURIComponent(next)}`;
      await keep(edge, callView({ started_at: iso(100 + seen.length), status: "missed" }));
    }
    assert.equal(new Set(seen).size, seen.length);
    assert.deepEqual(new Set(seen), new Set(old.map(({ id }) => id)));
    edge.database.away = true;
    const rest = await edge.ask("GET", `/api/calls?limit=200&cursor=${iso(-1)}_0`);
    assert.equal(rest.json.items.length, 11, "the cursor holds in memory too");
  }));

Deno.test("calls: a cursor that nobody gave out is the beginning, never a fault", () =>
  onEdge(ground, async (edge) => {
    await fill(edge);
    for (
      const cursor of [
        "",
        "x",
        "2026-13-45T99:99:99Z_1",
        "0000-01-01T00:00:00Z_1",
        "2026-01-15T12:00:00Z_' or 1=1",
      ]
    ) {
      const { json } = await edge.ask("GET", `/api/calls?cursor=${encodeURIComponent(cursor)}`);
      assert.equal(json.items.length, 4, cursor);
    }
  }));

Deno.test("calls: what turned out to be part of another is shown as the other, and acted on as it", () =>
  onEdge(ground, async (edge) => {
    const whole = callView({ status: "answered" });
    const part = callView();
    await edge.writer.commit({ calls: [callRow(whole), callRow(part, { merged_into: whole.id })] });
    assert.deepEqual((await edge.ask("GET", `/api/calls/${part.id}`)).json, whole);
    const live = { ...whole, notes: "as it is now" };
    edge.calls.held.set(whole.id, live);
    assert.deepEqual((await edge.ask("GET", `/api/calls/${part.id}`)).json, live);
    assert.equal((await edge.ask("POST", `/api/calls/${part.id}/hangup`)).status, 200);
    assert.equal(edge.calls.asked[0]!.id, whole.id);
    assert.deepEqual((await edge.ask("GET", "/api/calls")).json.items.length, 1);
  }));

Deno.test("calls: accept, reject, hang up, transfer and note say who asks, and answer with the call", () =>
  onEdge(ground, async (edge) => {
    const view = callView({ status: "incoming" });
    await keep(edge, view);
    const { id: userId, name, role } = (await edge.ask("GET", "/api/me")).json;
    const by = { userId, name, role, address: "192.0.2.10" };
    edge.calls.phone = "not_supported";
    const accepted = await edge.ask("POST", `/api/calls/${view.id}/accept`);
    assert.deepEqual(accepted.json, { call: listed(view), phone: "not_supported" });
    for (const [what, body] of [["reject"], ["hangup"], ["transfer", { to: " 888 " }]] as const) {
      const answer = await edge.ask("POST", `/api/calls/${view.id}/${what}`, body ? { body } : {});
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.json, { call: listed(view) });
    }
    const noted = await edge.ask("PUT", `/api/calls/${view.id}/notes`, { body: { notes: "  call\nback " } });
    assert.deepEqual(noted.json, { call: { ...listed(view), notes: "call\nback" } });
    assert.deepEqual(edge.calls.asked, [
      { what: "accept", id: view.id, by },
      { what: "reject", id: view.id, by },
      { what: "hangup", id: view.id, by },
      { what: "transfer", id: view.id, by, given: "888" },
      { what: "note", id: view.id, by, given: "call\nback" },
    ]);
  }));

Deno.test("calls: why something is refused is told by the problem's type", () =>
  onEdge(ground, async (edge) => {
    const view = callView({ status: "incoming" });
    await keep(edge, view);
    const kinds: [kind: CallRefusal, status: number][] = [
      ["not-party", 403],
      ["not-ringing", 409],
      ["over", 409],
      ["link-down", 503],
      ["bad-number", 422],
      ["pbx-refused", 502],
    ];
    for (const [kind, status] of kinds) {
      edge.calls.refusal = new CallRefused(kind, "No such channel");
      for (const what of ["accept", "reject", "hangup", "transfer"]) {
        const body = what === "transfer" ? { body: { to: "888" } } : {};
        const answer = await edge.ask("POST", `/api/calls/${view.id}/${what}`, body);
        assert.equal(answer.status, status, answer.text);
        assert.equal(answer.json.type, `/problems/${kind}`);
        assert.equal(answer.json.detail, "No such channel");
        if (kind === "bad-number") assert.equal(answer.json.errors[0].path, "to");
      }
    }
    edge.calls.refusal = null;
    assert.equal((await edge.ask("POST", "/api/calls/nobody/accept")).status, 404);
  }));

Deno.test("calls: of one that ended long ago nothing is asked but its notes", () =>
  onEdge(ground, async (edge) => {
    const view = callView();
    await edge.writer.commit({ calls: [callRow(view)] });
    for (const what of ["accept", "reject", "hangup", "transfer"]) {
      const body = what === "transfer" ? { body: { to: "888" } } : {};
      const answer = await edge.ask("POST", `/api/calls/${view.id}/${what}`, body);
      assert.equal(answer.status, 409);
      assert.equal(answer.json.type, "/problems/over");
    }
    assert.deepEqual(edge.calls.asked, []);
    const body = { notes: "sent the papers" };
    assert.equal((await edge.ask("PUT", `/api/calls/${view.id}/notes`, { body })).status, 200);
    assert.equal((await edge.ask("GET", `/api/calls/${view.id}`)).json.notes, "sent the papers");
    for (
      const bad of [{}, { notes: 1 }, { notes: "x".repeat(4001) }, { notes: "a\0" }, { notes: "", more: 1 }]
    ) {
      assert.equal((await edge.ask("PUT", `/api/calls/${view.id}/notes`, { body: bad })).status, 422);
    }
  }));

const HEADER =
  "started_at,answered_at,ended_at,direction,status,end_reason,caller_number,caller_name,company," +
  "receiver_number,receiver_name,answered_by_number,answered_by_name,duration,pbx,notes,id";

Deno.test("row 29: calls.csv has names, numbers and notes that no spreadsheet takes for a formula", () =>
  onEdge(ground, async (edge) => {
    const hostile = '=HYPERLINK("http://evil.test","x")';
    await keep(
      edge,
      callView({
        caller: person("+74951234567", hostile),
        receiver: person("@SUM(1)", "-1+2"),
        answered_by: person("\t=1", "\r=1"),
        company: { id: 1, name: `+cmd|' /C calc'!A0` },
        notes: "=1+1\nsecond line",
      }),
    );
    const answer = await edge.raw("GET", "/api/calls.csv");
    assert.equal(answer.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.equal(answer.headers.get("content-disposition"), 'attachment; filename="doorline-calls.csv"');
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await answer.arrayBuffer());
    assert.ok(text.startsWith(`\ufeff${HEADER}\n`), text);
    const row = text.slice(text.indexOf("\n") + 1);
    assert.doesNotMatch(row, /(^|,)"?[=+\-@\t\r]/);
    for (
      const kept of [
        "'+74951234567",
        `"'=HYPERLINK(""http://evil.test"",""x"")"`,
        "'@SUM(1)",
        "'-1+2",
        "'=1+1\nsecond line",
      ]
    ) {
      assert.ok(row.includes(kept), `${kept} in ${row}`);
    }
  }));

Deno.test("calls.csv: has what the filters ask for, batch by batch, each call once", () =>
  onEdge(ground, async (edge) => {
    const calls = Array.from(
      { length: 4100 },
      (_, i) =>
        callRow(callView({ started_at: iso(Math.floor(i / 3)), status: i % 2 ? "missed" : "completed" })),
    );
    await edge.writer.commit({ calls });
    let queries = 0;
    edge.database.before = () => void queries++;
    const lines = (await edge.ask("GET", "/api/calls.csv")).text.trimEnd().split("\n");
    assert.equal(lines.length, 4101);
    assert.equal(queries, 3);
    assert.equal(new Set(lines.map((line) => line.split(",").at(-1))).size, 4101);
    const missed = (await edge.ask("GET", "/api/calls.csv?status=missed&limit=x")).text.trimEnd().split("\n");
    assert.equal(missed.length, 2051);
    const none = (await edge.ask("GET", "/api/calls.csv?q=nobody")).text;
    assert.equal(none.replace("\ufeff", "").trimEnd(), HEADER);
  }));

Deno.test("calls.csv: with the database away it is 503, away in the middle it breaks off and does not look whole", () =>
  onEdge(ground, async (edge) => {
    await edge.writer.commit({ calls: Array.from({ length: 2100 }, () => callRow(callView())) });
    const answer = await edge.raw("GET", "/api/calls.csv");
    edge.database.away = true;
    await assert.rejects(answer.text());
    const refused = await edge.ask("GET", "/api/calls.csv");
    assert.equal(refused.status, 503);
    assert.equal(refused.json.type, "/problems/database-away");
  }));
