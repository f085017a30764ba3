/**
 * @module
 * Tries to take over a connection fill no disk: so many lines a minute, and one that counts the rest.
 */
import assert from "node:assert/strict";
import { SimulatedClock } from "xstate";
import { LINES_PER_MINUTE, Takeovers } from "../../../actors/mqtt/takeovers.ts";

function setUp() {
  const time = new SimulatedClock();
  const lines: { clientId: string | null; leftOut: number }[] = [];
  const takeovers = new Takeovers({
    clock: {
      now: () => time.now(),
      toWall: (at: number) => at,
      fromWall: (at: number) => at,
      setTimeout: (run: () => void, ms: number) => time.setTimeout(run, ms),
      clearTimeout: (id: unknown) => time.clearTimeout(id as number),
    },
    write: ({ clientId, leftOut }) => void lines.push({ clientId, leftOut }),
  });
  return { time, lines, takeovers };
}

Deno.test("takeovers: at most so many lines a minute, the rest counted when it is over", () => {
  const { time, lines, takeovers } = setUp();
  for (let n = 0; n < LINES_PER_MINUTE + 1000; n++) takeovers.add(`client ${n}`, "192.0.2.1");
  assert.equal(lines.length, LINES_PER_MINUTE);
  time.increment(60_000);
  assert.deepEqual(lines.slice(LINES_PER_MINUTE), [{ clientId: null, leftOut: 1000 }]);
  takeovers.add("again", "192.0.2.1");
  assert.deepEqual(lines.at(-1), { clientId: "again", leftOut: 0 });
  time.increment(60_000);
  assert.equal(lines.length, LINES_PER_MINUTE + 2, "a line that counts nothing");
});

Deno.test("takeovers: what was left out is written when it stops", () => {
  const { time, lines, takeovers } = setUp();
  for (let n = 0; n < LINES_PER_MINUTE + 5; n++) takeovers.add("client", "192.0.2.1");
  takeovers.stop();
  assert.deepEqual(lines.at(-1), { clientId: null, leftOut: 5 });
  time.increment(60_000);
  assert.equal(lines.length, LINES_PER_MINUTE + 1);
});
