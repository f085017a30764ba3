/**
 * @module
 * How a call is shown: what happened in it in order, with names of people, and when two views show the same.
 */
import assert from "node:assert/strict";
import { callView, isSameView, withoutCourse } from "../../actors/call_views.ts";
import type { CallEvent } from "../../machines/call_events.ts";
import {
  began,
  CALLER,
  dialEnded,
  gaveUp,
  hungup,
  IVAN,
  left,
  lifts,
  over,
  PHONE,
  rings,
  SECOND,
  story,
} from "../machines/call_words.ts";
import { FakeBook } from "./call_house.ts";
import { fakeClock } from "./fakes.ts";

const BASE = 1_000_000_000;

function view(...events: CallEvent[]) {
  const known = {
    id: "C1",
    pbx: "main",
    uncertain: false,
    before: null,
    book: new FakeBook(),
    clock: fakeClock(),
  };
  return callView(story(...events.map((event) => ({ ...event, at: BASE + event.at }))), known);
}

const moments = (...events: CallEvent[]) =>
  view(...events).timeline.map(({ at, kind, party, detail }) =>
    [Date.parse(at) - BASE, kind, party?.name ?? party?.number ?? "-", detail ?? "-"].join(" ")
  );

Deno.test("call view: the timeline tells what happened, in order, by whom", () => {
  assert.deepEqual(
    moments(
      ...rings(0, PHONE),
      { type: "operator.accepted", at: 5, by: IVAN },
      ...lifts(10, PHONE),
      {
        type: "call.transferred",
        at: 40,
        how: "blind",
        by: PHONE,
        others: [CALLER],
        to: "888",
        success: true,
      },
      left(40, CALLER),
      hungup(41, PHONE),
      began(42, SECOND),
      gaveUp(60),
      dialEnded(60, SECOND, "CANCEL"),
      ...over(61, SECOND, CALLER),
    ),
    [
      "0 started 74951234567 777",
      "0 ringing Ivan Ivanov -",
      "5 accepted Ivan Ivanov -",
      "10 answered Ivan Ivanov 74951234567 – 777",
      "40 transferred Ivan Ivanov 888",
      "42 ringing Somebody Else -",
      "61 not_answered Somebody Else cancelled",
      "61 ended - hangup",
    ],
  );
});

Deno.test("call view: queue, parking, conference and pickup have their moments", () => {
  assert.deepEqual(
    moments(
      ...rings(0, PHONE),
      { type: "queue.joined", at: 1, channel: CALLER, queue: "support" },
      { type: "queue.left", at: 2, channel: CALLER, queue: "support", abandoned: false },
      { type: "call.parked", at: 3, channel: CALLER, space: "751" },
      { type: "conference.joined", at: 4, channel: CALLER, conference: "room" },
      { type: "call.picked_up", at: 5, by: SECOND, target: PHONE },
      { type: "operator.rejected", at: 6, by: IVAN, uniqueids: ["1.2"] },
      { type: "operator.hungup", at: 7, by: IVAN },
      { type: "operator.transferred", at: 8, by: IVAN, to: "888" },
    ).slice(2),
    [
      "1 queued 74951234567 support",
      "2 dequeued 74951234567 support",
      "3 parked 74951234567 751",
      "4 conference 74951234567 room",
      "5 picked_up Somebody Else 777",
      "6 rejected Ivan Ivanov -",
      "7 hangup_asked Ivan Ivanov -",
      "8 transfer_asked Ivan Ivanov 888",
    ],
  );
});

Deno.test("call view: whose number it is has that name, others the one that the PBX gives", () => {
  const named = { ...CALLER, callerName: "<img src=x onerror=alert(1)>" };
  const { caller, receiver, legs } = view(...rings(0, PHONE), {
    type: "channel.seen",
    at: 0,
    channel: named,
    created: false,
  });
  assert.deepEqual(caller, { number: "74951234567", name: "<img src=x onerror=alert(1)>", user_id: null });
  assert.equal(receiver.name, "Ivan Ivanov");
  assert.equal(legs[1]!.name, "Ivan Ivanov");
});

Deno.test("call view: lists tell no course", () => {
  const { legs: _legs, segments: _segments, timeline: _timeline, ...rest } = view(...rings(0, PHONE));
  assert.deepEqual(withoutCourse(view(...rings(0, PHONE))), rest);
});

Deno.test("call view: two show the same when nothing in them differs", () => {
  const events = [...rings(0, PHONE), ...lifts(10, PHONE)];
  const one = view(...events);
  assert.equal(isSameView(one, view(...events)), true);
  const differing = [view(...rings(0, PHONE)), view(...events, hungup(20, PHONE)), { ...one, notes: "x" }, {
    ...one,
    party_ids: [],
  }, { ...one, company: null }];
  for (const other of differing) {
    assert.equal(isSameView(one, other), false);
    assert.equal(isSameView(other, one), false);
  }
});
