/**
 * @module
 * Kills in the middle of a hundred calls, with a real PostgreSQL.
 */
import { lacks } from "../support/available.ts";
import { killAmongCalls } from "../support/killed_calls.ts";

Deno.test({
  name: "row 7: kills among 100 calls with PostgreSQL leave no row wrong, doubled or open for ever",
  ignore: lacks("postgresql"),
  fn: () => killAmongCalls("postgres", { seed: 17, kills: 6 }),
});
