/**
 * @module
 * What the tables of endpoints promise, on whatever database it is given.
 */
import assert from "node:assert/strict";
import {
  changesSince,
  dropEndpointHistory,
  gapsSince,
  listAlerts,
  listChanges,
  openAlerts,
  openGaps,
  readEndpoints,
} from "../../db/endpoints.ts";
import { migrate } from "../../db/migrate.ts";
import type { EndpointAlertRow, EndpointChangeRow, EndpointRow, PbxGapRow } from "../../db/rows.ts";
import { Writer } from "../../db/writer.ts";
import { type Ground, NOON, type TrickyDatabase, withDatabase } from "./ground.ts";

interface Stage {
  database: TrickyDatabase;
  writer: Writer;
}

const iso = (seconds: number) => new Date(NOON + seconds * 1000).toISOString();
const date = (seconds: number) => new Date(NOON + seconds * 1000);
let count = 0;
const id = () => `01ENDPOINT${String(count++).padStart(16, "0")}`;

function endpoint(name: string, more: Partial<EndpointRow> = {}): EndpointRow {
  return {
    pbx: "main",
    name,
    status: "online",
    status_since: iso(0),
    last_online_at: null,
    state: { v: 1 },
    updated_at: iso(0),
    ...more,
  };
}

function change(name: string, seconds: number, more: Partial<EndpointChangeRow> = {}): EndpointChangeRow {
  return { id: id(), pbx: "main", name, at: iso(seconds), status: "online", reason: null, ...more };
}

function gap(from: number, to: number | null, more: Partial<PbxGapRow> = {}): PbxGapRow {
  return { id: id(), pbx: "main", began_at: iso(from), ended_at: to === null ? null : iso(to), ...more };
}

function alert(seconds: number, more: Partial<EndpointAlertRow> = {}): EndpointAlertRow {
  return {
    id: id(),
    pbx: "main",
    site: "192.0.2.0/24",
    wide: false,
    endpoints: [{ name: "777-ep", since: iso(seconds), back_at: null }],
    since: iso(seconds),
    raised_at: iso(seconds),
    ended_at: null,
    ...more,
  };
}

/** Declares the tests. */
export function endpointsSuite(name: string, ground: Ground, options: { ignore?: boolean } = {}): void {
  function test(rule: string, run: (stage: Stage) => Promise<void>): void {
    Deno.test({
      name: `endpoints (${name}): ${rule}`,
      ignore: options.ignore ?? false,
      fn: () => withDatabase(ground.address(), (database) => onStage(database, run)),
    });
  }

  test("a row comes back as it was written, in each of its columns", async ({ database, writer }) => {
    const row = endpoint("777-ep", {
      last_online_at: iso(1),
      state: { v: 1, deep: [null, "x", "Ω"], n: 1.5 },
    });
    const nobody = endpoint("a'b\"c", { pbx: "other", status: "unknown" });
    await writer.commit({ endpoint: row });
    await writer.commit({ endpoint: nobody });
    const rows = await database.query((sql) => readEndpoints(sql));
    assert.deepEqual(JSON.parse(JSON.stringify(rows)), [row, nobody]);
  });

  test("the last word of an endpoint in a batch is what its row becomes, and over batches too", async ({ database, writer }) => {
    const since = async () =>
      (await database.query((sql) => readEndpoints(sql))).map((row) => [
        row.name,
        row.status,
        row.status_since.getTime(),
      ]);
    await Promise.all([
      writer.commit({ endpoint: endpoint("1") }),
      writer.commit({ endpoint: endpoint("2") }),
      writer.commit({ endpoint: endpoint("1", { status: "offline", status_since: iso(5) }) }),
    ]);
    assert.deepEqual(await since(), [["1", "offline", +date(5)], ["2", "online", +date(0)]]);
    await writer.commit({ endpoint: endpoint("2", { status: "unknown", status_since: iso(9) }) });
    assert.deepEqual(await since(), [["1", "offline", +date(5)], ["2", "unknown", +date(9)]]);
  });

  test("one removed and listed again in one batch is there, listed and removed is not", async ({ database, writer }) => {
    const remove = (name: string) => writer.commit({ removeEndpoint: { pbx: "main", name } });
    await writer.commit({ endpoint: endpoint("a") });
    await writer.commit({ endpoint: endpoint("a", { pbx: "other" }) });
    await Promise.all([
      remove("a"),
      writer.commit({ endpoint: endpoint("a", { status: "offline" }) }),
      writer.commit({ endpoint: endpoint("b") }),
      remove("b"),
    ]);
    const names = async () =>
      (await database.query((sql) => readEndpoints(sql))).map(({ pbx, name, status }) => [pbx, name, status]);
    assert.deepEqual(await names(), [["main", "a", "offline"], ["other", "a", "online"]]);
    await remove("a");
    assert.deepEqual(await names(), [["other", "a", "online"]]);
  });

  test("the same change twice is one, and its endpoint's alone", async ({ database, writer }) => {
    const row = change("777-ep", 1, { status: "offline", reason: "no_contact" });
    await writer.commit({ endpointChanges: [row] });
    await writer.commit({
      endpointChanges: [row, change("888-ep", 1), change("777-ep", 1, { pbx: "other" })],
    });
    const found = await database.query((sql) =>
      listChanges(sql, { pbx: "main", name: "777-ep" }, { before: null, limit: 10 })
    );
    assert.deepEqual(JSON.parse(JSON.stringify(found)), [row]);
  });

  test("changes come newest first, before a moment, and no more than asked for", async ({ database, writer }) => {
    const rows = [1, 2, 3, 3, 4].map((seconds) => change("777-ep", seconds));
    await writer.commit({ endpointChanges: rows });
    const list = async (before: Date | null, limit: number) =>
      (await database.query((sql) => listChanges(sql, { pbx: "main", name: "777-ep" }, { before, limit })))
        .map((row) => rows.findIndex((one) => one.id === row.id));
    assert.deepEqual(await list(null, 3), [4, 3, 2]);
    assert.deepEqual(await list(null, 10), [4, 3, 2, 1, 0]);
    assert.deepEqual(await list(date(3), 10), [1, 0]);
    assert.deepEqual(await list(date(1), 10), []);
  });

  test("changes since a moment come with how it was at that moment", async ({ database, writer }) => {
    const rows = [1, 5, 5, 10].map((seconds) => change("777-ep", seconds));
    await writer.commit({ endpointChanges: [...rows, change("888-ep", 7)] });
    const since = async (seconds: number) =>
      (await database.query((sql) => changesSince(sql, { pbx: "main", name: "777-ep" }, date(seconds))))
        .map((row) => rows.findIndex((one) => one.id === row.id));
    assert.deepEqual(await since(0), [0, 1, 2, 3]);
    assert.deepEqual(await since(1), [0, 1, 2, 3]);
    assert.deepEqual(await since(4), [0, 1, 2, 3]);
    assert.deepEqual(await since(5), [1, 2, 3]);
    assert.deepEqual(await since(9), [1, 2, 3]);
    assert.deepEqual(await since(11), [3]);
  });

  test("a gap is ended in its row, and those that reach into a time are told", async ({ database, writer }) => {
    const [old, ended, open] = [gap(1, 2), gap(5, null), gap(20, null)];
    await writer.commit({ pbxGap: old });
    await writer.commit({ pbxGap: ended });
    await Promise.all([
      writer.commit({ pbxGap: open }),
      writer.commit({ pbxGap: { ...ended, ended_at: iso(10) } }),
      writer.commit({ pbxGap: gap(0, null, { pbx: "other" }) }),
    ]);
    const since = async (seconds: number) =>
      (await database.query((sql) => gapsSince(sql, "main", date(seconds)))).map(({ began_at, ended_at }) => [
        +began_at,
        ended_at === null ? null : +ended_at,
      ]);
    assert.deepEqual(await since(2), [[+date(5), +date(10)], [+date(20), null]]);
    assert.deepEqual(await since(10), [[+date(20), null]]);
    const pbxs = (await database.query((sql) => openGaps(sql))).map(({ pbx }) => pbx);
    assert.deepEqual(pbxs, ["other", "main"]);
  });

  test("alerts are listed newest first, those that go on by themselves, and change in their row", async ({ database, writer }) => {
    const [first, second, third] = [alert(1), alert(2, { site: null }), alert(2)];
    await writer.commit({ endpointAlerts: [first, second, third] });
    const members = [...first.endpoints, { name: "888-ep", since: iso(0), back_at: iso(9) }];
    const ended = { ...first, endpoints: members, since: iso(0), ended_at: iso(9) };
    await writer.commit({ endpointAlerts: [ended] });
    const list = async (page: Parameters<typeof listAlerts>[1]) =>
      (await database.query((sql) => listAlerts(sql, page))).map((row) => JSON.parse(JSON.stringify(row)));
    assert.deepEqual(await list({ before: null, limit: 10 }), [third, second, ended]);
    assert.deepEqual(await list({ before: null, limit: 2 }), [third, second]);
    assert.deepEqual(await list({ before: { at: date(2), id: third.id }, limit: 10 }), [second, ended]);
    assert.deepEqual(await list({ before: null, limit: 10, open: true }), [third, second]);
    assert.deepEqual(await list({ before: null, limit: 10, open: false }), [ended]);
    const open = await database.query((sql) => openAlerts(sql));
    assert.deepEqual(open.map(({ id }) => id), [second.id, third.id]);
  });

  test("what is too old is dropped, but how each endpoint was when the rest begins is kept", async ({ database, writer }) => {
    await writer.commit({
      endpointChanges: [
        ...[1, 5, 20].map((seconds) => change("long", seconds)),
        ...[1, 5].map((seconds) => change("quiet", seconds)),
        ...[1, 10].map((seconds) => change("exact", seconds)),
        change("new", 20),
        change("long", 3, { pbx: "other" }),
      ],
      pbxGap: gap(1, 2),
      endpointAlerts: [alert(1, { ended_at: iso(5) }), alert(1, { ended_at: iso(15) }), alert(1)],
    });
    await writer.commit({ pbxGap: gap(3, 15) });
    await writer.commit({ pbxGap: gap(4, null) });
    await database.query((sql) => dropEndpointHistory(sql, date(10)));
    const rows = await database.query((sql) =>
      sql<{ pbx: string; name: string; at: Date }[]>`
        select pbx, name, at from endpoint_changes order by pbx, name, at`
    );
    assert.deepEqual(rows.map(({ pbx, name, at }) => [pbx, name, (+at - NOON) / 1000]), [
      ["main", "exact", 10],
      ["main", "long", 5],
      ["main", "long", 20],
      ["main", "new", 20],
      ["main", "quiet", 5],
      ["other", "long", 3],
    ]);
    const gaps = await database.query((sql) => gapsSince(sql, "main", date(0)));
    assert.deepEqual(gaps.map(({ began_at }) => (+began_at - NOON) / 1000), [3, 4]);
    const alerts = await database.query((sql) => listAlerts(sql, { before: null, limit: 10 }));
    assert.equal(alerts.length, 2);
    await database.query((sql) => dropEndpointHistory(sql, date(10)));
    assert.equal((await database.query((sql) => sql`select from endpoint_changes`)).length, 6, "no more");
  });

  test("a unit is written together or not at all, and each of its rows counts", async ({ database, writer }) => {
    await assert.rejects(writer.commit({
      endpoint: endpoint("1"),
      endpointChanges: [change("1", 1, { status: "sideways" as EndpointChangeRow["status"] })],
    }));
    assert.equal((await database.query((sql) => readEndpoints(sql))).length, 0);
    const before = writer.committedRows;
    await writer.commit({ endpoint: endpoint("1"), endpointChanges: [change("1", 1), change("1", 2)] });
    assert.equal(writer.committedRows - before, 3);
  });

  test("a crowd of rows is a batch", async ({ database, writer }) => {
    const names = Array.from({ length: 3000 }, (_, index) => `${index}-ep`);
    await Promise.all(
      names.map((name, index) =>
        writer.commit({ endpoint: endpoint(name), endpointChanges: [change(name, index)] })
      ),
    );
    assert.equal((await database.query((sql) => readEndpoints(sql))).length, 3000);
  });
}

async function onStage(database: TrickyDatabase, run: (stage: Stage) => Promise<void>): Promise<void> {
  await migrate(database);
  await database.query((sql) => sql`truncate endpoints, endpoint_changes, pbx_gaps, endpoint_alerts`);
  const writer = new Writer({ database, windowMs: 0, retryMs: 5 });
  try {
    await run({ database, writer });
  } finally {
    await writer.stop();
  }
}
