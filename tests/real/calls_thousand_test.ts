/**
 * @module
 * A thousand calls at once through the emulated Asterisk, and the row of each, on a real PostgreSQL.
 */
import { lacks } from "../support/available.ts";
import { manyCallsAtOnce } from "../support/thousand_calls.ts";

Deno.test({
  name: "calls: 1,000 at once of all kinds with PostgreSQL, and every row is right",
  ignore: lacks("postgresql"),
  fn: () => manyCallsAtOnce("postgres", { seed: 32, count: 1000 }),
});
