/**
 * @module
 * Who talked with whom, and when, from who was in which bridge.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { learn } from "../../machines/call_learning.ts";
import { newRecord } from "../../machines/call_record.ts";
import { conversations, talkedMs } from "../../machines/call_talk.ts";
import { history } from "./call_histories.ts";
import {
  CALLER,
  created,
  entered,
  hungup,
  left,
  leg,
  lifts,
  PHONE,
  rings,
  SECOND,
  story,
  talks,
} from "./call_words.ts";

const HALF_1 = leg("1.8", "Local/777@internal-00000001;1");
const HALF_2 = leg("1.9", "Local/777@internal-00000001;2");

Deno.test("talk: begins with the second who comes and ends with the second to last who goes", () => {
  const { segments, durationMs, answeredAt } = story(
    entered(10, PHONE),
    entered(12, CALLER),
    left(90, CALLER),
    left(95, PHONE),
  );
  assert.deepEqual(segments, [{ legs: ["1.1", "1.2"], from: 12, to: 90 }]);
  assert.equal(durationMs, 78);
  assert.equal(answeredAt, 12);
});

Deno.test("talk: nobody talks alone", () => {
  assert.deepEqual(talks(story(entered(10, PHONE), left(50, PHONE), entered(60, CALLER))), []);
});

Deno.test("talk: of three each change of who is there begins another conversation, and time counts once", () => {
  const told = story(
    entered(0, CALLER),
    entered(10, PHONE),
    entered(20, SECOND),
    left(30, PHONE),
    left(50, SECOND),
  );
  assert.deepEqual(talks(told), ["1.1+1.2 10-20", "1.1+1.2+1.3 20-30", "1.1+1.3 30-50"]);
  assert.equal(told.durationMs, 40);
});

Deno.test("talk: two conversations at once are two, and time counts once", () => {
  const third = leg("1.4", "PJSIP/777-ep-00000004");
  const told = story(
    entered(0, CALLER),
    entered(0, PHONE),
    entered(10, third, "c"),
    entered(12, SECOND, "c"),
    left(40, PHONE),
    left(40, third, "c"),
  );
  assert.deepEqual(talks(told), ["1.1+1.2 0-40", "1.3+1.4 12-40"]);
  assert.equal(told.durationMs, 40);
});

Deno.test("talk: the halves of a Local channel lead from one bridge to the other, and are nobody", () => {
  const told = story(
    created(0, HALF_1),
    created(0, HALF_2),
    entered(10, PHONE, "far"),
    entered(11, HALF_2, "far"),
    entered(12, HALF_1, "near"),
    entered(13, CALLER, "near"),
    left(50, CALLER, "near"),
    left(50, HALF_1, "near"),
    left(51, HALF_2, "far"),
    left(51, PHONE, "far"),
  );
  assert.deepEqual(talks(told), ["1.1+1.2 13-50"]);
});

Deno.test("talk: goes on unbroken while a Local channel takes itself out", () => {
  const told = story(
    created(0, HALF_1),
    created(0, HALF_2),
    entered(10, PHONE, "far"),
    entered(10, HALF_2, "far"),
    entered(10, HALF_1, "near"),
    entered(10, CALLER, "near"),
    left(20, CALLER, "near"),
    left(20, HALF_2, "far"),
    entered(20, CALLER, "far"),
    left(20, HALF_1, "near"),
    hungup(21, HALF_1),
    hungup(21, HALF_2),
    left(60, CALLER, "far"),
  );
  assert.deepEqual(talks(told), ["1.1+1.2 10-60"]);
});

Deno.test("talk: who is parked talks to nobody", () => {
  const told = story(
    entered(0, CALLER),
    entered(0, PHONE),
    left(20, CALLER),
    entered(20, CALLER, "lot", "waiting"),
    entered(25, SECOND, "lot", "waiting"),
    left(60, CALLER, "lot"),
    left(60, SECOND, "lot"),
    entered(60, CALLER, "c"),
    entered(61, SECOND, "c"),
    left(90, CALLER, "c"),
  );
  assert.deepEqual(talks(told), ["1.1+1.2 0-20", "1.1+1.3 61-90"]);
});

Deno.test("talk: in a conference one talks to those of other calls, through a Local channel too", () => {
  assert.deepEqual(talks(story(entered(5, CALLER, "room", "conference"), left(50, CALLER, "room"))), [
    "1.1 5-50",
  ]);
  const through = [
    created(0, HALF_1),
    created(0, HALF_2),
    entered(10, HALF_1, "near"),
    entered(10, CALLER, "near"),
    entered(10, HALF_2, "room", "conference"),
    left(50, HALF_2, "room"),
    left(50, CALLER, "near"),
  ];
  assert.deepEqual(talks(story(...through)), ["1.1 10-50"]);
  assert.deepEqual(talks(story(...through.toReversed())), ["1.1 10-50"], "whichever bridge comes first");
});

Deno.test("talk: who comes back to a bridge talks again", () => {
  const told = story(
    entered(0, CALLER),
    entered(0, PHONE),
    left(1000, PHONE),
    entered(3000, PHONE),
    left(4000, PHONE),
  );
  assert.deepEqual(talks(told), ["1.1+1.2 0-1000", "1.1+1.2 3000-4000"]);
  assert.equal(told.durationMs, 2000);
});

Deno.test("talk: a leg that is moved to another bridge, with a moment between, talks on", () => {
  const told = story(
    entered(0, CALLER),
    entered(0, PHONE),
    left(1000, PHONE),
    entered(1003, PHONE),
    left(4000, PHONE),
  );
  assert.deepEqual(talks(told), ["1.1+1.2 0-4000"]);
});

Deno.test("talk: leaving and coming in the same millisecond breaks nothing, coming and leaving is nothing", () => {
  const base = [entered(0, CALLER), entered(0, PHONE)];
  for (const both of [[left(10, PHONE), entered(10, PHONE)], [entered(10, PHONE), left(10, PHONE)]]) {
    assert.deepEqual(talks(story(...base, ...both, left(40, PHONE))), ["1.1+1.2 0-40"]);
  }
  assert.deepEqual(talks(story(...base, entered(10, SECOND), left(10, SECOND), left(40, PHONE))), [
    "1.1+1.2 0-40",
  ]);
});

Deno.test("talk: what comes late, all in one moment, was a talk all the same where there is no other", () => {
  const all = [...rings(7, PHONE, SECOND), ...lifts(7, PHONE), left(7, CALLER), left(7, PHONE)];
  const ends = [hungup(7, SECOND, 26), hungup(7, PHONE), hungup(7, CALLER)];
  for (const events of [[...all, ...ends], [...all, ...ends].toReversed(), [...all.slice(0, -2), ...ends]]) {
    const told = story(...events);
    assert.deepEqual(talks(told), ["1.1+1.2 7-7"]);
    assert.equal(told.status, "completed");
    assert.equal(told.answeredBy, "1.2");
    assert.equal(told.durationMs, 0);
  }
});

Deno.test("talk: a hangup ends it where no leaving was told, and what is said of the dead does not count", () => {
  assert.deepEqual(talks(story(entered(0, CALLER), entered(5, PHONE), hungup(30, PHONE))), ["1.1+1.2 5-30"]);
  const ghostly = story(
    entered(0, CALLER),
    entered(5, PHONE),
    hungup(30, PHONE),
    entered(31, PHONE),
    left(40, PHONE),
  );
  assert.deepEqual(talks(ghostly), ["1.1+1.2 5-30"]);
});

Deno.test("talk: who left where nobody saw them come had not been there", () => {
  assert.deepEqual(talks(story(entered(0, CALLER), left(30, PHONE), left(40, CALLER))), []);
});

Deno.test("talk: what goes on has no end, and counts when it has", () => {
  const told = story(
    entered(0, CALLER),
    entered(0, PHONE),
    left(10, PHONE),
    entered(20, SECOND),
  );
  assert.deepEqual(talks(told), ["1.1+1.2 0-10", "1.1+1.3 20-"]);
  assert.equal(told.durationMs, 10);
  assert.equal(told.legs.find(({ id }) => id === "1.3")!.state, "talking");
  assert.equal(told.legs.find(({ id }) => id === "1.2")!.state, "waiting");
});

Deno.test("talk: conversations have a length, are in order, and are never longer together than all of them", () => {
  fc.assert(fc.property(history, (events) => {
    const record = events.reduce(learn, newRecord());
    const found = conversations(record);
    for (const [index, { legs, from, to }] of found.entries()) {
      assert.ok(to === null || to >= from);
      assert.deepEqual(legs, [...new Set(legs)].sort());
      assert.ok(legs.every((id) => !record.channels[id]!.name.value.startsWith("Local/")));
      if (index > 0) assert.ok(found[index - 1]!.from <= from);
    }
    const sum = found.reduce((total, { from, to }) => total + (to === null ? 0 : to - from), 0);
    assert.ok(talkedMs(found) >= 0 && talkedMs(found) <= sum);
  }));
});
