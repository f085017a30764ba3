/**
 * @module
 * What the monthly partitions of the history promise, on whatever database they are given.
 */
import assert from "node:assert/strict";
import { migrate } from "../../db/migrate.ts";
import { keepPartitions } from "../../db/partitions.ts";
import { writeBatch } from "../../db/write_batch.ts";
import { event, type Ground, type TrickyDatabase, withDatabase } from "./ground.ts";

const TABLES = 3;

/** Declares the tests. */
export function partitionsSuite(name: string, ground: Ground, options: { ignore?: boolean } = {}): void {
  function test(rule: string, run: (database: TrickyDatabase) => Promise<void>): void {
    Deno.test({
      name: `partitions (${name}): ${rule}`,
      ignore: options.ignore ?? false,
      fn: () =>
        withDatabase(ground.address(), async (database) => {
          await migrate(database);
          for (const partition of await partitions(database)) {
            if (partition !== "default") {
              await database.query((sql) => sql`drop table ${sql(`intercom_events_${partition}`)}`);
            }
          }
          await database.query((sql) => sql`truncate intercom_events, intercom_event_keys`);
          await run(database);
        }),
    });
  }

  const keepOrSpare = (database: TrickyDatabase, now: string, months = 1200) =>
    database.query((sql) => keepPartitions(sql, new Date(now), months));
  const keep = async (database: TrickyDatabase, now: string, months = 1200) =>
    (await keepOrSpare(database, now, months)).dropped;

  test("this month and the next two, over the end of a year, made once", async (database) => {
    await keep(database, "2026-11-30T23:59:59.999Z");
    assert.deepEqual(await partitions(database), ["2026_11", "2026_12", "2027_01", "default"]);
    await keep(database, "2026-12-01T00:00:00.000Z");
    await keep(database, "2026-12-31T23:59:59.999Z");
    assert.deepEqual(await partitions(database), ["2026_11", "2026_12", "2027_01", "2027_02", "default"]);
  });

  test("a row goes by UTC to the month it was received in, to the millisecond", async (database) => {
    await keep(database, "2026-12-10T00:00:00Z");
    const times = [
      ["2026-12-01T00:00:00.000Z", "2026_12"],
      ["2026-12-31T23:59:59.999Z", "2026_12"],
      ["2027-01-01T00:00:00.000Z", "2027_01"],
      ["2027-02-28T23:59:59.999Z", "2027_02"],
      ["2026-11-30T23:59:59.999Z", "default"],
      ["2027-03-01T00:00:00.000Z", "default"],
    ] as const;
    for (const [received_at, partition] of times) {
      const row = event({ received_at });
      await database.query((sql) => writeBatch(sql, [{ events: [row] }]));
      assert.equal(await partitionOf(database, row.id), partition, received_at);
    }
  });

  test("rows of a month that sit in the default partition are moved, with their keys and indexes", async (database) => {
    const rows = [
      event({ received_at: "2028-02-29T12:00:00.000Z", payload: { a: [1] } }),
      event({ received_at: "2028-03-01T00:00:00.000Z" }),
      event({ received_at: "2028-06-01T00:00:00.000Z" }),
    ];
    await database.query((sql) => writeBatch(sql, [{ events: rows }]));
    await keep(database, "2028-02-01T00:00:00Z");
    const found = [];
    for (const { id } of rows) found.push(await partitionOf(database, id));
    assert.deepEqual(found, ["2028_02", "2028_03", "default"]);
    const [moved] = await database.query((sql) =>
      sql`select payload from intercom_events where id = ${rows[0]!.id}`
    );
    assert.deepEqual(moved!.payload, { a: [1] });
    // The same row again is still the same row.
    await database.query((sql) => writeBatch(sql, [{ events: rows }]));
    const [{ count } = { count: 0 }] = await database.query((sql) =>
      sql<{ count: number }[]>`select count(*)::int as count from intercom_events`
    );
    assert.equal(count, 3);
    const indexes = await database.query((sql) =>
      sql`select indexname from pg_indexes where tablename = 'intercom_events_2028_02'`
    );
    assert.equal(indexes.length, TABLES + 1, "the primary key and the indexes of the lists");
  });

  test("what ended before the kept months is dropped, over the end of a year, and nothing else", async (database) => {
    for (const month of ["2025-10", "2026-01"]) await keep(database, `${month}-15T00:00:00Z`);
    const old = event({ received_at: "2025-10-31T23:59:59.999Z", once: { key: "old", must_be_new: true } });
    const kept = event({ received_at: "2025-11-01T00:00:00.000Z", once: { key: "kept", must_be_new: true } });
    const stray = event({ received_at: "2024-05-05T00:00:00.000Z" });
    await database.query((sql) => writeBatch(sql, [{ events: [old, kept, stray] }]));
    assert.deepEqual(await keep(database, "2026-02-01T00:00:00Z", 3), ["intercom_events_2025_10"]);
    assert.deepEqual(await partitions(database), [
      "2025_11",
      "2025_12",
      "2026_01",
      "2026_02",
      "2026_03",
      "2026_04",
      "default",
    ]);
    const left = await database.query((sql) => sql<{ id: string }[]>`select id from intercom_events`);
    assert.deepEqual(left.map(({ id }) => id), [kept.id]);
    const keys = await database.query((sql) =>
      sql<{ event_key: string }[]>`select event_key from intercom_event_keys`
    );
    assert.deepEqual(keys.map(({ event_key }) => event_key), ["kept"]);
    const later = event({ received_at: "2026-02-20T00:00:00.000Z" });
    await database.query((sql) => writeBatch(sql, [{ events: [later] }]));
    assert.deepEqual(await keep(database, "2026-02-28T23:59:59Z", 3), []);
    assert.deepEqual(await keep(database, "2026-03-01T00:00:00Z", 3), ["intercom_events_2025_11"]);
  });

  test("a clock far ahead does not take the whole history, nor after it has recorded something", async (database) => {
    const count = async () => {
      const [row] = await database.query((sql) =>
        sql<{ events: number; keys: number }[]>`select (select count(*)::int from intercom_events) as events,
          (select count(*)::int from intercom_event_keys) as keys`
      );
      return [row!.events, row!.keys];
    };
    await keep(database, "2026-01-15T00:00:00Z");
    const newest = "2026-01-14T12:00:00.000Z";
    const rows = ["2024-05-05T00:00:00.000Z", newest].map((received_at) =>
      event({ received_at, once: { key: received_at, must_be_new: true } })
    );
    await database.query((sql) => writeBatch(sql, [{ events: rows }]));
    const spared = { dropped: [], spared: new Date(newest) };
    assert.deepEqual(await keepOrSpare(database, "2036-01-15T00:00:00Z", 24), spared);
    const wrong = event({ received_at: "2036-01-15T00:30:00.000Z" });
    await database.query((sql) => writeBatch(sql, [{ events: [wrong] }]));
    assert.deepEqual(await keepOrSpare(database, "2036-01-15T01:00:00Z", 24), spared);
    assert.deepEqual(await count(), [3, 2]);
    assert.deepEqual(await keepOrSpare(database, "2026-01-16T00:00:00Z", 12), {
      dropped: [],
      spared: null,
    });
    assert.deepEqual(await count(), [2, 1], "by the right clock what is too old goes");
  });

  test("nothing of somebody else's that looks alike is dropped", async (database) => {
    await keep(database, "2020-01-01T00:00:00Z");
    await database.query((sql) => sql`create table if not exists intercom_events_2001_01 (mine int)`);
    const dropped = await keep(database, "2030-01-01T00:00:00Z", 1);
    assert.deepEqual([...dropped].sort(), [1, 2, 3].map((month) => `intercom_events_2020_0${month}`));
    await database.query((sql) => sql`drop table intercom_events_2001_01`);
  });
}

async function partitions(database: TrickyDatabase): Promise<string[]> {
  const rows = await database.query((sql) =>
    sql<{ name: string }[]>`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'intercom_events'::regclass order by 1`
  );
  return rows.map(({ name }) => name.replace("intercom_events_", ""));
}

async function partitionOf(database: TrickyDatabase, id: string): Promise<string> {
  const [row] = await database.query((sql) =>
    sql<{ name: string }[]>`select tableoid::regclass::text as name from intercom_events where id = ${id}`
  );
  return row!.name.replace("intercom_events_", "");
}
