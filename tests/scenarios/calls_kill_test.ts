/**
 * @module
 * Kills in the middle of a hundred calls, on the embedded database.
 */
import { killAmongCalls } from "../support/killed_calls.ts";

Deno.test("row 7: kills among 100 calls leave no row wrong, doubled or open for ever", async () => {
  await killAmongCalls("embedded", { seed: 7, kills: 4 });
});
