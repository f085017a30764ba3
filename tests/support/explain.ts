/**
 * @module
 * The plan of a query that the product asks, by its own code: EXPLAIN goes before the outermost statement.
 */
import assert from "node:assert/strict";
import type postgres from "postgres";
import type { Database } from "../../db/client.ts";

/** Gives the plan of the statement that begins with `first`; `run` gets no rows. */
export async function planOf(
  database: Database,
  first: RegExp,
  run: (sql: postgres.Sql) => Promise<unknown>,
): Promise<string> {
  let text = "";
  await database.query(async (sql) => {
    // A tagged template is a function of its strings: the outermost one gets a word before its first.
    const explaining = new Proxy(sql, {
      apply: (target, self, [strings, ...values]) => {
        const whole = typeof strings[0] === "string" && first.test(strings[0]);
        if (!whole) return Reflect.apply(target, self, [strings, ...values]);
        const parts = [`explain ${strings[0]}`, ...strings.slice(1)];
        return Reflect.apply(target, self, [Object.assign(parts, { raw: parts }), ...values]).then(
          (rows: Record<string, string>[]) => {
            text = rows.map((row) => row["QUERY PLAN"]).join("\n");
            return [];
          },
        );
      },
    }) as postgres.Sql;
    await run(explaining);
  });
  assert.notEqual(text, "", `no statement begins as ${first}`);
  return text;
}
