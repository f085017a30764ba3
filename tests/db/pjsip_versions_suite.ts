/**
 * @module
 * What the history of configuration promises, on whatever database it is given.
 */
import assert from "node:assert/strict";
import { migrate } from "../../db/migrate.ts";
import {
  deleteVersion,
  findVersion,
  insertVersions,
  listVersions,
  type PjsipVersionRow,
  settleVersion,
  versionsThatFailed,
} from "../../db/pjsip_versions.ts";
import { type Ground, NOON, withDatabase } from "./ground.ts";

function version(id: string, more: Partial<PjsipVersionRow> = {}): PjsipVersionRow {
  return {
    id,
    pbx: "main",
    name: "777",
    at: new Date(NOON),
    user_id: 1,
    user_name: "admin",
    why: "a test",
    action: "edit",
    result: "saved",
    failure: null,
    text_before: "[777]\ntype=endpoint ; 'quotes' \"\\;\n",
    text_after: "[777]\r\n",
    ...more,
  };
}

/** Declares the tests. */
export function pjsipVersionsSuite(name: string, ground: Ground, options: { ignore?: boolean } = {}): void {
  const test = (
    rule: string,
    fn: (database: Parameters<Parameters<typeof withDatabase>[1]>[0]) => Promise<void>,
  ) =>
    Deno.test({
      name: `pjsip versions (${name}): ${rule}`,
      ignore: options.ignore ?? false,
      fn: () =>
        withDatabase(ground.address(), async (database) => {
          await migrate(database);
          await database.query((sql) => sql`truncate pjsip_versions`);
          await fn(database);
        }),
    });

  test("are listed newest first, page by page, each name by itself", async (database) => {
    const rows = ["A1", "A2", "A3", "A4"].map((id, at) =>
      version(id, { at: new Date(NOON + Math.floor(at / 2)) })
    );
    await database.query((sql) =>
      insertVersions(sql, [...rows, version("B1", { name: "888" }), version("C1", { pbx: "other" })])
    );
    const page = async (after?: PjsipVersionRow) =>
      await database.query((sql) =>
        listVersions(sql, { pbx: "main", name: "777" }, {
          limit: 3,
          after: after === undefined ? undefined : { at: after.at.toISOString(), id: after.id },
        })
      );
    const first = await page();
    assert.deepEqual(first.map(({ id }) => id), ["A4", "A3", "A2"]);
    assert.deepEqual((await page(first[2])).map(({ id }) => id), ["A1"]);
    assert.deepEqual(
      await database.query((sql) => findVersion(sql, { pbx: "main", name: "777", id: "A1" })),
      rows[0],
    );
    assert.equal(
      await database.query((sql) => findVersion(sql, { pbx: "main", name: "888", id: "A1" })),
      null,
    );
  });

  test("say what became of them", async (database) => {
    await database.query((sql) => insertVersions(sql, [version("A1")]));
    await database.query((sql) => settleVersion(sql, "A1", { result: "rolled_back", failure: "why" }));
    const row = await database.query((sql) => findVersion(sql, { pbx: "main", name: "777", id: "A1" }));
    assert.deepEqual([row?.result, row?.failure], ["rolled_back", "why"]);
  });

  test("are found by what their failure ends with, and taken away", async (database) => {
    const ending = "; 50% of it_";
    await database.query((sql) =>
      insertVersions(sql, [
        version("A2", { failure: `more${ending}`, at: new Date(NOON + 1) }),
        version("A1", { failure: ending, name: "888" }),
        version("A3", { failure: `${ending} not` }),
        version("A4"),
        version("B1", { failure: ending, pbx: "other" }),
      ])
    );
    const find = async () =>
      (await database.query((sql) => versionsThatFailed(sql, { pbx: "main", ending }, 9))).map(({ id }) =>
        id
      );
    assert.deepEqual(await find(), ["A1", "A2"]);
    await database.query((sql) => insertVersions(sql, [version("A1", { failure: "again" })]));
    await database.query((sql) => deleteVersion(sql, "A2"));
    assert.deepEqual(await find(), ["A1"]);
  });
}
