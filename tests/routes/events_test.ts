/**
 * @module
 * The history through HTTP: filters, pages, what is answered while the database is away, and the CSV file.
 */
import assert from "node:assert/strict";
import { event, NOON, useEmbedded } from "../db/ground.ts";
import { type Edge, onEdge } from "./edge.ts";

const ground = useEmbedded();
const A = "AA:BB:CC:01";
const B = "AA:BB:CC:02";
const BOM = "\ufeff";
const HEADER = "received_at,occurred_at,mac,name,type,apartment,key_id,command_id,payload";

/** Five things that happened, a second after one another. */
async function fill(edge: Edge): Promise<void> {
  await edge.panel(A);
  await edge.panel(B);
  const said: [string, string, Record<string, unknown>][] = [
    [A, "call", { apartment: "7", timestamp: "2026-01-15T12:00:00" }],
    [A, "key", { apartment: 8, key_id: "k1" }],
    [B, "call", { apartment: "7", floor: 3 }],
    [A, "door_opened", { source: "key" }],
    [A, "door_closed", {}],
  ];
  for (const [mac, what, payload] of said) {
    edge.clock.pass(1000);
    await edge.say(mac, what, payload);
  }
}

const at = (seconds: number) => encodeURIComponent(new Date(NOON + seconds * 1000).toISOString());

Deno.test("events: filters by panel, types, apartment and time, newest first", () =>
  onEdge(ground, async (edge) => {
    await fill(edge);
    const of = async (query: string) => {
      const { status, json, text } = await edge.ask("GET", `/api/events?${query}`);
      assert.equal(status, 200, text);
      assert.equal(json.partial, undefined);
      return json.items.map(({ mac, type }: { mac: string; type: string }) => `${mac.slice(-1)} ${type}`);
    };
    const all = ["1 door_closed", "1 door_opened", "2 call", "1 key", "1 call"];
    const asked: [query: string, expected: string[]][] = [
      ["type=call,key,door_opened,door_closed", all],
      ["type=call", ["2 call", "1 call"]],
      [`mac=${A.toLowerCase()}&type=call`, ["1 call"]],
      ["apartment=7", ["2 call", "1 call"]],
      ["apartment=8", ["1 key"]],
      ["apartment=", []],
      ["mac=nobody", []],
      ["type=call,key&apartment=7&mac=AA:BB:CC:02", ["2 call"]],
      [`from=${at(2)}&to=${at(4)}`, ["2 call", "1 key"]],
      [`from=2026-01-15T17:30:04%2B05:30`, ["1 door_closed", "1 door_opened"]],
      [`type=call&to=${at(1)}`, []],
      [`type=call&to=${at(1.001)}`, ["1 call"]],
      [`type=online`, ["2 online", "1 online"]],
    ];
    for (const [query, expected] of asked) assert.deepEqual(await of(query), expected, query);
    // The same from memory, while the database is away.
    edge.database.away = true;
    for (const [query, expected] of asked) {
      const { json } = await edge.ask("GET", `/api/events?${query}`);
      assert.equal(json.partial, true);
      assert.deepEqual(
        json.items.map(({ mac, type }: { mac: string; type: string }) => `${mac.slice(-1)} ${type}`),
        expected,
        `${query}, in memory`,
      );
    }
  }));

Deno.test("events: a row is the same from the database, from memory and in the contract", () =>
  onEdge(ground, async (edge) => {
    await fill(edge);
    const row = async () => (await edge.ask("GET", "/api/events?apartment=7&mac=AA:BB:CC:02")).json.items[0];
    const stored = await row();
    assert.deepEqual(stored.payload, { floor: 3 });
    assert.equal(stored.received_at, new Date(NOON + 3000).toISOString());
    edge.database.away = true;
    assert.deepEqual(await row(), stored);
  }));

Deno.test("events: values that are none are 422 and named", () =>
  onEdge(ground, async (edge) => {
    for (
      const [query, path] of [
        ["type=bell", "type.0"],
        ["type=", "type.0"],
        ["type=call,", "type.1"],
        ["from=yesterday", "from"],
        ["from=2026-01-15", "from"],
        ["from=2026-01-15T12:00:00", "from"],
        ["to=2026-02-30T00:00:00Z", "to"],
        ["from=0000-01-01T00:00:00Z", "from"],
        ["to=9999-12-31T23:59:59-23:59", "to"],
        ["limit=501", "limit"],
        ["limit=0", "limit"],
        ["limit=1.5", "limit"],
        ["mac=a&mac=b", "mac"],
      ] as const
    ) {
      const { status, json, text } = await edge.ask("GET", `/api/events?${query}`);
      assert.equal(status, 422, `${query}: ${text}`);
      assert.equal(json.errors[0].path, path, query);
    }
  }));

Deno.test("events: pages have no gap and no double while events come in, also of one moment", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(A);
    const old = Array.from(
      { length: 61 },
      (_, i) => event({ received_at: new Date(NOON - Math.floor(i / 20)).toISOString() }),
    );
    await edge.writer.commit({ events: old });
    const seen: string[] = [];
    let query = "type=call&limit=7";
    for (let next: string | null = ""; next !== null;) {
      const { json } = await edge.ask("GET", `/api/events?${query}`);
      seen.push(...json.items.map(({ id }: { id: string }) => id));
      next = json.next;
      if (next !== null) query = `type=call&limit=7&cursor=${encodeURIComponent(next)}`;
      edge.clock.pass(10);
      await edge.say(A, "call", { apartment: "new" });
    }
    assert.equal(new Set(seen).size, seen.length);
    assert.deepEqual(new Set(seen), new Set(old.map(({ id }) => id)));
  }));

Deno.test("events: a cursor that nobody gave out is the beginning, never a fault", () =>
  onEdge(ground, async (edge) => {
    await fill(edge);
    const id = "0".repeat(26);
    for (
      const cursor of [
        "",
        "x",
        `2026-13-45T99:99:99Z_${id}`,
        `0000-01-01T00:00:00Z_${id}`,
        `2026-01-15T::::Z_${id}`,
        `2026-01-15T12:00:00.0000000000001Z_${id}`,
        "2026-01-15T12:00:00Z_' or 1=1",
      ]
    ) {
      const { status } = await edge.ask("GET", `/api/events?cursor=${encodeURIComponent(cursor)}`);
      assert.equal(status, 200, cursor);
    }
  }));

/** Parses CSV as RFC 4180 has it. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /("(?:[^"]|"")*"|[^,\n"]*)(,|\r?\n|$)/gy;
  for (let match = cell.exec(text); match !== null && match.index < text.length; match = cell.exec(text)) {
    rows.at(-1)!.push(match[1]!.replace(/^"|"$/g, "").replaceAll('""', '"'));
    if (match[2] === ",") continue;
    if (cell.lastIndex >= text.length) break;
    rows.push([]);
  }
  return rows;
}

Deno.test("events.csv: a header, a BOM, names of panels, and text that no spreadsheet takes for a formula", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(A);
    const hostile = '=HYPERLINK("http://evil.test","x"),\r\n"q"';
    await edge.ask("PUT", `/api/intercoms/${A}`, { body: { name: hostile } });
    await edge.say(A, "call", { apartment: "@SUM(1)" });
    await edge.say(A, "key", { key_id: "-1+2", note: '"quoted", =1' });
    await edge.say(A, "key", { key_id: "+7 000" });
    const answer = await edge.raw("GET", "/api/events.csv?type=call,key");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.equal(answer.headers.get("content-disposition"), 'attachment; filename="doorline-events.csv"');
    const bytes = new Uint8Array(await answer.arrayBuffer());
    assert.deepEqual([...bytes.slice(0, 3)], [0xef, 0xbb, 0xbf]);
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const [header, ...rows] = parse(text.slice(BOM.length));
    assert.equal(header!.join(","), HEADER);
    assert.equal(rows.length, 3);
    const fields = rows.map((row) => Object.fromEntries(header!.map((name, i) => [name, row[i]!])));
    for (const row of fields) {
      assert.equal(row.name, `'${hostile}`);
      for (const value of Object.values(row)) assert.doesNotMatch(value, /^[=+\-@\t\r]/);
    }
    assert.deepEqual(fields.map(({ apartment, key_id }) => apartment || key_id).sort(), [
      "'+7 000",
      "'-1+2",
      "'@SUM(1)",
    ]);
    assert.deepEqual(JSON.parse(fields.find(({ key_id }) => key_id === "'-1+2")!.payload!), {
      note: '"quoted", =1',
    });
  }));

Deno.test("events.csv: of nothing is its header", () =>
  onEdge(ground, async (edge) => {
    assert.equal((await edge.ask("GET", "/api/events.csv?type=alarm")).text.trimEnd(), HEADER);
  }));

Deno.test("events.csv: however many rows match, the file has them all", () =>
  onEdge(ground, async (edge) => {
    const batches = 510;
    const batch = Array.from({ length: 2000 }, () => event({ payload: {} }));
    let asked = 0;
    edge.database.query = (() =>
      Promise.resolve(++asked < batches ? batch : [])) as typeof edge.database.query;
    try {
      const answer = await edge.raw("GET", "/api/events.csv");
      let lines = 0;
      for await (const chunk of answer.body!) for (const byte of chunk) if (byte === 10) lines++;
      assert.equal(lines, 1 + (batches - 1) * 2000);
    } finally {
      Reflect.deleteProperty(edge.database, "query");
    }
  }));

Deno.test("events.csv: more than two batches come as they are read, each row once", () =>
  onEdge(ground, async (edge) => {
    const rows = Array.from(
      { length: 4500 },
      (_, i) => event({ received_at: new Date(NOON + Math.floor(i / 3)).toISOString() }),
    );
    await edge.writer.commit({ events: rows });
    let queries = 0;
    edge.database.before = () => void queries++;
    const answer = await edge.raw("GET", "/api/events.csv");
    const reader = answer.body!.getReader();
    const first = await reader.read();
    assert.equal(queries, 1, "the first bytes come before the second batch is read");
    let text = new TextDecoder().decode(first.value, { stream: true });
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += new TextDecoder().decode(part.value);
    }
    const lines = parse(text);
    assert.equal(lines.length, 4501);
    assert.equal(new Set(lines.map((line) => line.join())).size > 1000, true);
    assert.equal(queries, 3);
    const stamps = lines.slice(1).map(([received]) => received!);
    assert.deepEqual(stamps, rows.map(({ received_at }) => received_at).sort().reverse());
  }));

Deno.test("events.csv: who stops reading stops the reading", () =>
  onEdge(ground, async (edge) => {
    await edge.writer.commit({ events: Array.from({ length: 4100 }, () => event()) });
    const answer = await edge.raw("GET", "/api/events.csv");
    const reader = answer.body!.getReader();
    await reader.read();
    await reader.cancel();
    let queries = 0;
    edge.database.before = () => void queries++;
    await edge.recorder.record({});
    assert.equal(queries, 0);
  }));

Deno.test("events.csv: with the database away it is 503, away in the middle it breaks off and does not look whole", () =>
  onEdge(ground, async (edge) => {
    await edge.writer.commit({ events: Array.from({ length: 2100 }, () => event()) });
    const answer = await edge.raw("GET", "/api/events.csv");
    edge.database.away = true;
    await assert.rejects(answer.text());
    const refused = await edge.ask("GET", "/api/events.csv");
    assert.equal(refused.status, 503);
    assert.equal(refused.json.type, "/problems/database-away");
  }));
