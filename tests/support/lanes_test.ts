/**
 * @module
 * Test files run beside those that they may run beside, each once, and what hangs in one lane holds up no other.
 */
import assert from "node:assert/strict";
import { type Company, companyOf } from "./groups.ts";
import { shareOf } from "./lane.ts";
import { runInLanes } from "./lanes.ts";
import { pause } from "./wait.ts";

/** Runs items that end when they are told to, and says what runs at any moment. */
function stage(items: Record<string, Company>) {
  const running = new Map<string, { lane: number; end: () => void }>();
  const all = runInLanes(Object.keys(items), {
    lanes: 2,
    companyOf: (item) => items[item]!,
    run: (item, lane) =>
      new Promise<string>((resolve) =>
        running.set(item, {
          lane,
          end: () => {
            running.delete(item);
            resolve(item);
          },
        })
      ),
  });
  return {
    all,
    running,
    now: () => [...running.keys()].sort(),
    end: async (item: string) => {
      running.get(item)!.end();
      await pause(0); // the lane takes its next
    },
  };
}

Deno.test("lanes: two kinds begin beside each other, no kind beside itself, and what may run beside anything fills up", async () => {
  const { all, now, end } = stage({ a1: "any", p1: "pages", p2: "pages", s1: "asterisk", a2: "any" });
  assert.deepEqual(now(), ["p1", "s1"]);
  await end("s1");
  assert.deepEqual(now(), ["a1", "p1"]);
  await end("p1");
  assert.deepEqual(now(), ["a1", "p2"]);
  await end("a1");
  await end("a2");
  await end("p2");
  assert.deepEqual(await all, ["s1", "p1", "a1", "a2", "p2"]);
});

Deno.test("lanes: a lane that has nothing to take waits for the other, and a lane is never used twice at once", async () => {
  const { all, now, running, end } = stage({ p1: "pages", p2: "pages", p3: "pages" });
  assert.deepEqual(now(), ["p1"]);
  await end("p1");
  assert.deepEqual(now(), ["p2"]);
  assert.ok([0, 1].includes(running.get("p2")!.lane));
  await end("p2");
  await end("p3");
  assert.deepEqual(await all, ["p1", "p2", "p3"]);
});

Deno.test("lanes: what wants to be alone comes last, and alone", async () => {
  const { all, now, end } = stage({ m1: "alone", a1: "any", m2: "alone", a2: "any" });
  assert.deepEqual(now(), ["a1", "a2"]);
  await end("a1");
  assert.deepEqual(now(), ["a2"]);
  await end("a2");
  assert.deepEqual(now(), ["m1"]);
  await end("m1");
  assert.deepEqual(now(), ["m2"]);
  await end("m2");
  assert.deepEqual(await all, ["a1", "a2", "m1", "m2"]);
});

Deno.test("lanes: files are of the company that their names tell", () => {
  const companies: Record<string, Company> = {
    "tests/real/pages_story_test.ts": "pages",
    "tests/real/pages_many_test.ts": "alone",
    "tests/real/calls_asterisk_talks_test.ts": "asterisk",
    "tests/real/endpoints_asterisk_test.ts": "asterisk",
    "tests/real/endpoints_config_asterisk_test.ts": "asterisk",
    "tests/real/asterisk_log_rotation_test.ts": "alone",
    "tests/support/asterisk_test.ts": "asterisk",
    "tests/emulators/asterisk_calls_test.ts": "any",
    "tests/real/mqtt_links_test.ts": "any",
  };
  for (const [path, company] of Object.entries(companies)) assert.equal(companyOf(path), company, path);
});

Deno.test("lanes: shares of ports are all there is, and nobody else's", () => {
  assert.deepEqual(shareOf(11_999, ""), { first: 0, count: 11_999 });
  assert.deepEqual([shareOf(10, "0/2"), shareOf(10, "1/2")], [{ first: 0, count: 5 }, {
    first: 5,
    count: 5,
  }]);
  for (const lane of ["2/2", "-1/2", "one"]) assert.throws(() => shareOf(10, lane), /TEST_LANE is/);
});
