/**
 * @module
 * What the table of calls promises, on whatever database it is given.
 */
import assert from "node:assert/strict";
import {
  type CallFilter,
  findCall,
  listCalls,
  noteCall,
  openCalls,
  searchText,
  streamCalls,
} from "../../db/calls.ts";
import { migrate } from "../../db/migrate.ts";
import type { CallRow } from "../../db/rows.ts";
import { Writer } from "../../db/writer.ts";
import type { CallDetailView } from "../../machines/views.ts";
import { callRow, callView } from "./call_rows.ts";
import {
  event,
  type Ground,
  NOON,
  storedEvents,
  type TrickyDatabase,
  truncate,
  withDatabase,
} from "./ground.ts";

interface Stage {
  database: TrickyDatabase;
  writer: Writer;
  /** Writes calls and gives them as they were. */
  keep(...rows: CallRow[]): Promise<void>;
  /** Ids of a page, without the zeros that they begin with. */
  ids(filter: CallFilter, limit?: number): Promise<string[]>;
}

/** Declares the tests. */
export function callsSuite(name: string, ground: Ground, options: { ignore?: boolean } = {}): void {
  function test(rule: string, run: (stage: Stage) => Promise<void>): void {
    Deno.test({
      name: `calls (${name}): ${rule}`,
      ignore: options.ignore ?? false,
      fn: () => withDatabase(ground.address(), (database) => onStage(database, run)),
    });
  }

  test("a row comes back as it was written, in each of its columns", async ({ database, keep }) => {
    const at = new Date(NOON).toISOString();
    const row = callRow(callView({ party_ids: [3, 9_007_199_254_740_991] }), {
      accepted_at: at,
      assigned_user_id: 3,
      accepted_by_user_id: 3,
      answered_by_user_id: 4,
      caller_company_id: 5,
      notes: "note",
      state: { v: 1, deep: [null, "x"] },
    });
    await keep(row);
    const [stored] = await database.query((sql) =>
      sql<Record<string, unknown>[]>`select c.*, array_to_json(party_user_ids) as party_user_ids, view, state
        from calls c join call_views on call_id = id`
    );
    const plain = Object.fromEntries(
      Object.entries(stored!).filter(([key]) => key !== "call_id")
        .map(([key, value]) => [key, value instanceof Date ? value.toISOString() : value]),
    );
    assert.deepEqual(plain, row);
    assert.deepEqual(await database.query((sql) => findCall(sql, row.id)), row.view);
  });

  test("the last word of a call in a batch is what its row becomes, and over batches too", async ({ database, writer }) => {
    const view = callView();
    const said = ["incoming", "answered", "completed"] as const;
    await Promise.all(said.map((status, i) =>
      writer.commit({
        calls: [
          callRow({ ...view, status, party_ids: [i] }, { state: status === "completed" ? null : { i } }),
        ],
      })
    ));
    const found = async () => {
      const [row] = await database.query((sql) =>
        sql<{ status: string; parties: number[]; state: unknown }[]>`
          select status, array_to_json(party_user_ids) as parties, state from calls join call_views on call_id = id`
      );
      return { ...row };
    };
    assert.deepEqual(await found(), { status: "completed", parties: [2], state: null });
    await writer.commit({
      calls: [callRow({ ...view, status: "answered", party_ids: [] }, { state: { again: 1 } })],
    });
    assert.deepEqual(await found(), { status: "answered", parties: [], state: { again: 1 } });
  });

  test("the calls of a unit are written together or not at all, and each counts as a row", async ({ database, writer }) => {
    const good = callRow(callView());
    const bad = callRow(callView(), { direction: "sideways" as CallRow["direction"] });
    await assert.rejects(writer.commit({ calls: [good, bad], events: [event()] }));
    assert.deepEqual(await storedEvents(database), []);
    assert.equal(await database.query((sql) => findCall(sql, good.id)), null);
    await writer.commit({ calls: [good, callRow(callView())] });
    assert.equal(writer.committedRows, 2);
  });

  test("are listed newest first, by id where they began at once, and without their course", async ({ database, keep }) => {
    const at = new Date(NOON).toISOString();
    const later = new Date(NOON + 1).toISOString();
    const views = [
      callView({ started_at: at }),
      callView({ started_at: later }),
      callView({ started_at: at }),
    ];
    await keep(...views.map((view) => callRow(view)));
    const listed = await database.query((sql) => listCalls(sql, {}, { limit: 10 }));
    const { legs: _legs, segments: _segments, timeline: _timeline, ...plain } = views[1]!;
    assert.deepEqual(listed.map(({ id }) => id), [views[1]!.id, views[2]!.id, views[0]!.id]);
    assert.deepEqual(listed[0], plain);
  });

  test("are found by status, direction, PBX, time and party, and by all at once", async ({ keep, ids }) => {
    const at = (seconds: number) => new Date(NOON + seconds * 1000).toISOString();
    const rows: [id: string, more: Partial<CallDetailView>][] = [
      ["1", { started_at: at(1), status: "missed", party_ids: [1, 2] }],
      ["2", { started_at: at(2), status: "rejected", direction: "outbound", party_ids: [2] }],
      ["3", { started_at: at(3), pbx: "other", party_ids: [] }],
      ["4", { started_at: at(4), status: "missed", party_ids: [12] }],
    ];
    await keep(...rows.map(([id, more]) => callRow(callView({ id, ...more }))));
    const asked: [filter: CallFilter, expected: string[]][] = [
      [{}, ["4", "3", "2", "1"]],
      [{ status: ["missed"] }, ["4", "1"]],
      [{ status: ["missed", "rejected"] }, ["4", "2", "1"]],
      [{ direction: ["outbound"] }, ["2"]],
      [{ pbx: "other" }, ["3"]],
      [{ pbx: "oth" }, []],
      [{ from: at(2) }, ["4", "3", "2"]],
      [{ to: at(2) }, ["1"]],
      [{ from: at(2), to: at(4) }, ["3", "2"]],
      [{ userId: 2 }, ["2", "1"]],
      [{ userId: 1 }, ["1"]],
      [{ userId: 3 }, []],
      [{ userId: 2, status: ["missed"], from: at(1), to: at(2), pbx: "main", direction: ["inbound"] }, ["1"]],
    ];
    for (const [filter, expected] of asked) {
      assert.deepEqual(await ids(filter), expected, JSON.stringify(filter));
    }
  });

  test("are found by pieces of numbers and names, in any case and however the letters were composed", async ({ keep, ids }) => {
    const named = (id: string, number: string, name: string, more: Partial<CallDetailView> = {}) =>
      callRow(callView({ id, caller: { number, name, user_id: null }, ...more }));
    await keep(
      named("1", "+7 (495) 123-45-67", "Пётр НАЙДЁНОВ"),
      named("2", "88001112233", "100% _sure_ \\'"),
      named("3", "anonymous", "", { company: { id: 1, name: "ООО Тестовая Компания" } }),
    );
    const asked: [filter: CallFilter, expected: string[]][] = [
      [{ digits: [["495123"]] }, ["1"]],
      [{ digits: [["nothing", "8001"]] }, ["2"]],
      [{ digits: [["495"], ["4567"]] }, ["1"]],
      [{ digits: [["495"], ["8001"]] }, []],
      [{ digits: [["777"]] }, ["3", "2", "1"]],
      [{ digits: [[]] }, []],
      [{ digits: [] }, ["3", "2", "1"]],
      [{ words: ["найдёнов"] }, ["1"]],
      [{ words: ["найд", "пётр", "ivan"] }, ["1"]],
      [{ words: ["тестовая"] }, ["3"]],
      [{ words: ["%"] }, ["2"]],
      [{ words: ["_"] }, ["2"]],
      [{ words: ["\\"] }, ["2"]],
      [{ words: ["'"] }, ["2"]],
      [{ words: ["anonymous"] }, []],
    ];
    for (const [filter, expected] of asked) {
      assert.deepEqual(await ids(filter), expected, JSON.stringify(filter));
    }
  });

  test("one that turned out to be part of another is listed no more, and found as the other", async ({ database, keep, ids }) => {
    await keep(
      callRow(callView({ id: "a" }), { merged_into: "b" }),
      callRow(callView({ id: "b" }), { merged_into: "c" }),
      callRow(callView({ id: "c", notes: "the whole" })),
      callRow(callView({ id: "x" }), { merged_into: "y" }),
      callRow(callView({ id: "y" }), { merged_into: "x" }),
      callRow(callView({ id: "z" }), { merged_into: "never" }),
    );
    assert.deepEqual(await ids({}), ["c"]);
    const find = (id: string) => database.query((sql) => findCall(sql, id));
    for (const id of ["a", "b", "c"]) assert.equal((await find(id))?.notes, "the whole");
    for (const id of ["x", "z", "nobody"]) assert.equal(await find(id), null);
  });

  test("those that go on are told with what they are rebuilt from, oldest first", async ({ database, keep }) => {
    const [first, second, over] = [callView(), callView(), callView()];
    await keep(
      callRow(second, { state: { v: 1 } }),
      callRow(over),
      callRow(first, { state: { v: 1, n: 2 }, epoch: "run" }),
    );
    const open = await database.query((sql) => openCalls(sql));
    assert.deepEqual(open.map(({ id }) => id), [first.id, second.id]);
    const { epoch, state, view, started_at, channel_id, pbx } = open[0]!;
    assert.deepEqual({ epoch, state, view, started_at, channel_id, pbx }, {
      epoch: "run",
      state: { v: 1, n: 2 },
      view: first,
      started_at: new Date(first.started_at),
      channel_id: first.linked_id,
      pbx: "main",
    });
  });

  test("a note goes to a call that is over, in its row and in what is shown", async ({ database, keep }) => {
    const [over, open, part] = [callView(), callView(), callView()];
    await keep(callRow(over), callRow(open, { state: {} }), callRow(part, { merged_into: over.id }));
    const note = (id: string, text: string) => database.query((sql) => noteCall(sql, id, text));
    const text = 'a "note"; drop table calls; --\u{1F600}';
    assert.deepEqual(await note(over.id, text), { ...over, notes: text });
    assert.equal((await database.query((sql) => findCall(sql, over.id)))?.notes, text);
    const [row] = await database.query((sql) =>
      sql<{ notes: string }[]>`select notes from calls where id = ${over.id}`
    );
    assert.equal(row!.notes, text);
    for (const id of [open.id, part.id, "nobody"]) assert.equal(await note(id, "x"), null);
  });

  test("pages and streams have no gap and no double while calls come in, also of one moment", async ({ database, keep }) => {
    const old = Array.from(
      { length: 61 },
      (_, i) => callView({ started_at: new Date(NOON - Math.floor(i / 20)).toISOString(), pbx: "old" }),
    );
    await keep(...old.map((view) => callRow(view)));
    const expected = new Set(old.map(({ id }) => id));
    const seen: string[] = [];
    for await (const batch of streamCalls(database, {}, 7)) {
      assert.ok(batch.length <= 7);
      seen.push(...batch.map(({ id }) => id));
      await keep(callRow(callView()));
    }
    assert.equal(new Set(seen).size, seen.length);
    assert.deepEqual(new Set(seen), expected);
    const batches = [];
    for await (const batch of streamCalls(database, { pbx: "nobody" })) batches.push(batch);
    assert.deepEqual(batches, [[]], "the first batch comes though it is empty");
  });
}

async function onStage(database: TrickyDatabase, run: (stage: Stage) => Promise<void>): Promise<void> {
  await migrate(database);
  await truncate(database);
  await database.query((sql) => sql`truncate calls cascade`);
  const writer = new Writer({ database, windowMs: 0, retryMs: 5 });
  try {
    await run({
      database,
      writer,
      keep: async (...rows) => void await writer.commit({ calls: rows }),
      ids: async (filter, limit = 100) =>
        (await database.query((sql) => listCalls(sql, filter, { limit }))).map(({ id }) => id),
    });
  } finally {
    await writer.stop();
  }
}

Deno.test("calls: what a search looks through has each number as digits and each name folded, once", () => {
  assert.equal(
    searchText(["+7 (495) 123", "7495123", null, "anonymous", "*8#"], ["Иван", "ИВАН", null, "", "И\u0306"]),
    "7495123 *8# иван й",
  );
  assert.equal(searchText([], []), "");
});
