/**
 * @module
 * The history on a real PostgreSQL with many rows: every filter goes by an index, and pages have neither gaps nor
 * doubles while rows come in.
 */
import assert from "node:assert/strict";
import { listEvents } from "../../db/intercom_events.ts";
import { migrate } from "../../db/migrate.ts";
import { keepPartitions } from "../../db/partitions.ts";
import { writeBatch } from "../../db/write_batch.ts";
import { event, NOON, type TrickyDatabase, withDatabase } from "../db/ground.ts";
import { lacks } from "../support/available.ts";
import { planOf } from "../support/explain.ts";
import { type Postgres, startPostgres } from "../support/servers.ts";

const ignore = lacks("postgresql");
/** Partitions without rows; reading all of nothing is fast enough. */
const EMPTY = / on intercom_events_(2026_03|default) /;
const DAY = 24 * 3600_000;
let server: Postgres | null = null;

Deno.test.beforeAll(async () => {
  if (ignore) return;
  server = await startPostgres();
  await withDatabase({ url: server.url }, async (database) => {
    await migrate(database);
    for (const months of [-1, 0]) {
      const month = new Date(Date.UTC(2026, months, 1));
      await database.query((sql) => keepPartitions(sql, month, 24));
    }
    // 200,000 rows in 60 days, of 500 panels.
    await database.query(
      (sql) =>
        sql`insert into intercom_events (id, mac, type, apartment, occurred_at, received_at)
        select 'S' || lpad(i::text, 25, '0'), 'AA:BB:' || lpad(to_hex(i % 500), 4, '0'),
          (array['call','key','door_opened','door_closed','online','offline'])[1 + i % 6],
          case when i % 3 = 0 then (i % 97)::text end, at, at
        from (select i, ${new Date(NOON - 30 * DAY)}::timestamptz + i * interval '25.92 seconds' as at
          from generate_series(1, 200000) i) s`,
      { deadlineMs: 60_000 },
    );
    await database.query((sql) => sql`analyze intercom_events`, { deadlineMs: 60_000 });
  });
});
Deno.test.afterAll(async () => await server?.stop());

function test(rule: string, run: (database: TrickyDatabase) => Promise<void>): void {
  Deno.test({
    name: `history: ${rule}`,
    ignore,
    fn: () => withDatabase({ url: server!.url }, run),
  });
}

/** The plan of what `listEvents` asks. */
async function plan(
  database: TrickyDatabase,
  ...args: Parameters<typeof listEvents> extends [unknown, ...infer A] ? A : never
): Promise<string> {
  const text = await planOf(database, /^\s*select id, mac/, (sql) => listEvents(sql, ...args));
  assert.match(text, /Limit/);
  return text;
}

const after = { receivedAt: new Date(NOON).toISOString(), id: "S".padEnd(26, "0") };
const from = new Date(NOON - DAY).toISOString();
const to = new Date(NOON).toISOString();
const mac = "AA:BB:0007";

const FILTERS: [name: string, filter: Parameters<typeof listEvents>[1]][] = [
  ["nothing", {}],
  ["a panel", { mac }],
  ["a panel nobody knows", { mac: "nobody" }],
  ["a type", { type: ["call"] }],
  ["several types", { type: ["call", "key"] }],
  ["a type that never was", { type: ["alarm"] }],
  ["an apartment", { apartment: "7" }],
  ["an apartment nobody has", { apartment: "none" }],
  ["a time", { from, to }],
  ["from", { from }],
  ["to", { to }],
  ["a panel and a type", { mac, type: ["call"] }],
  ["a panel, a type and a time", { mac, type: ["call"], from, to }],
  ["an apartment and a time", { apartment: "7", from, to }],
  ["a type and an apartment", { type: ["key"], apartment: "7" }],
];

for (const [name, filter] of FILTERS) {
  test(`by ${name} goes by an index, first page and later ones`, async (database) => {
    for (const options of [{ limit: 51 }, { limit: 51, after }, { limit: 2000, after }]) {
      const text = await plan(database, filter, options);
      const scans = text.split("\n").filter((line) => /Seq Scan/.test(line) && !EMPTY.test(line));
      assert.deepEqual(scans, [], text);
      assert.match(text, /Index (Only )?Scan|Bitmap Index Scan/);
    }
  });
}

test("pages have no gap and no double while rows come in and times are equal", async (database) => {
  const before = await database.query((sql) =>
    sql<
      { id: string }[]
    >`select id from intercom_events where mac = ${mac} order by received_at desc, id desc`
  );
  // Rows of one moment, in the middle of the past and now.
  const moment = new Date(NOON - 5 * DAY).toISOString();
  const same = Array.from({ length: 37 }, () => event({ mac, received_at: moment }));
  await database.query((sql) => writeBatch(sql, [{ events: same }]));
  const seen: string[] = [];
  let cursor: { receivedAt: string; id: string } | undefined;
  for (let page = 0;; page++) {
    const rows = await database.query((sql) => listEvents(sql, { mac }, { limit: 10, after: cursor }));
    seen.push(...rows.map(({ id }) => id));
    const last = rows.at(-1);
    if (last === undefined) break;
    cursor = { receivedAt: last.received_at, id: last.id };
    const news = Array.from(
      { length: 5 },
      () => event({ mac, received_at: new Date(NOON + (40 + page) * DAY).toISOString() }),
    );
    await database.query((sql) => writeBatch(sql, [{ events: news }]));
  }
  assert.equal(new Set(seen).size, seen.length, "no double");
  const expected = new Set([...before, ...same].map(({ id }) => id));
  assert.deepEqual(new Set(seen), expected, "no gap");
});
