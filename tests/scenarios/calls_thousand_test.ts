/**
 * @module
 * A thousand calls at once through the emulated Asterisk, and the row of each, on the embedded database.
 */
import { manyCallsAtOnce } from "../support/thousand_calls.ts";

Deno.test("calls: 1,000 at once of all kinds, and every row is right", async () => {
  await manyCallsAtOnce("embedded", { seed: 31, count: 1000 });
});
