/**
 * @module
 * What the marks promise, on whatever database it is given.
 */
import assert from "node:assert/strict";
import { readMarks, writeMarks } from "../../db/marks.ts";
import { migrate } from "../../db/migrate.ts";
import { type Ground, NOON, withDatabase } from "./ground.ts";

/** Declares the tests. */
export function marksSuite(name: string, ground: Ground, options: { ignore?: boolean } = {}): void {
  Deno.test({
    name: `marks (${name}): each is what was written last, whatever it is called`,
    ignore: options.ignore ?? false,
    fn: () =>
      withDatabase(ground.address(), async (database) => {
        await migrate(database);
        const names = ["test:heard", `test:with "quotes", {braces} and 'more'`];
        await database.query((sql) => writeMarks(sql, names, new Date(NOON)));
        await database.query((sql) => writeMarks(sql, names.slice(0, 1), new Date(NOON + 1)));
        const marks = await database.query((sql) => readMarks(sql));
        assert.deepEqual(names.map((mark) => marks.get(mark)?.getTime()), [NOON + 1, NOON]);
      }),
  });
}
