/**
 * @module
 * 200,000 calls on a real PostgreSQL: every page goes by an index, and a search reads no more than the narrow table.
 */
import assert from "node:assert/strict";
import { type CallFilter, listCalls } from "../../db/calls.ts";
import { migrate } from "../../db/migrate.ts";
import { callView } from "../db/call_rows.ts";
import { NOON, type TrickyDatabase, withDatabase } from "../db/ground.ts";
import { lacks } from "../support/available.ts";
import { planOf } from "../support/explain.ts";
import { type Postgres, startPostgres } from "../support/servers.ts";

const ignore = lacks("postgresql");
const MINUTE = 60_000;
const COUNT = 200_000;
let server: Postgres | null = null;

Deno.test.beforeAll(async () => {
  if (ignore) return;
  server = await startPostgres();
  await withDatabase({ url: server.url }, async (database) => {
    await migrate(database);
    const view = JSON.parse(JSON.stringify(callView()));
    // Two minutes apart, among 300 people; numbers that do not repeat.
    await database.query(
      (sql) =>
        sql`insert into calls (id, pbx, epoch, linked_id, channel_id, direction, started_at, status, search,
            party_user_ids)
          select 'C' || lpad(i::text, 25, '0'), 'main', 'run', i::text, i::text, 'inbound',
            ${new Date(NOON)}::timestamptz - i * interval '2 minutes',
            (array['completed','missed','rejected'])[1 + i % 3],
            '7495' || lpad((i * 7919 % 10000000)::text, 7, '0') || ' ' || 100 + i % 300 || ' caller ' || i,
            array[i % 300]::bigint[]
          from generate_series(1, ${COUNT}::int) i`,
      { deadlineMs: 60_000 },
    );
    await database.query(
      (sql) => sql`insert into call_views (call_id, view) select id, ${sql.json(view)} from calls`,
      { deadlineMs: 60_000 },
    );
    await database.query((sql) => sql`analyze`, { deadlineMs: 60_000 });
  });
});
Deno.test.afterAll(async () => await server?.stop());

function test(rule: string, run: (database: TrickyDatabase) => Promise<void>): void {
  Deno.test({ name: `history of calls: ${rule}`, ignore, fn: () => withDatabase({ url: server!.url }, run) });
}

const after = { startedAt: new Date(NOON - COUNT * MINUTE).toISOString(), id: "C" };
const from = new Date(NOON - 2 * COUNT * MINUTE / 3).toISOString();
const to = new Date(NOON - COUNT * MINUTE / 2).toISOString();

const FILTERS: [name: string, filter: CallFilter][] = [
  ["nothing", {}],
  ["a status", { status: ["missed"] }],
  ["several statuses", { status: ["missed", "rejected"] }],
  ["a status that no call has", { status: ["incoming"] }],
  ["a party", { userId: 7 }],
  ["a party to nothing", { userId: 7000 }],
  ["a party and a status", { userId: 7, status: ["missed"] }],
  ["a time", { from, to }],
  ["a party and a time", { userId: 7, from, to }],
  ["a number that many have", { digits: [["7495"]] }],
  ["a number of one's own calls", { userId: 7, digits: [["7495"]] }],
];

for (const [name, filter] of FILTERS) {
  test(`by ${name} goes by an index, first page and later ones`, async (database) => {
    for (const options of [{ limit: 51 }, { limit: 51, after }]) {
      const text = await planOf(
        database,
        /^\s*select view - 'legs'/,
        (sql) => listCalls(sql, filter, options),
      );
      assert.doesNotMatch(text, /Seq Scan/, text);
    }
  });
}

test("what a search finds is right, however rare", async (database) => {
  const found = async (filter: CallFilter) =>
    (await database.query((sql) => listCalls(sql, filter, { limit: 51 }))).length;
  assert.equal(await found({ words: ["caller", "199999"] }), 1);
  assert.equal(await found({ digits: [["74959999999", "74950007919"]] }), 1);
  assert.equal(await found({ words: ["nobody"] }), 0);
});
