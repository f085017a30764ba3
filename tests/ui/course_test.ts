/**
 * @module
 * A call's course as lanes.
 */
import assert from "node:assert/strict";
import { courseOf, transferFailed } from "../../ui/store/course.ts";
import type { CallDetail, Leg, Party } from "../../ui/types.ts";
import { call, CALLER, IVAN, NOW, past, PYOTR, ringAt } from "./sample.ts";

function leg(id: string, party: Party, change: Partial<Leg> = {}): Leg {
  return {
    ...party,
    id,
    channel: `PJSIP/${id}`,
    role: "dialled",
    state: "ended",
    since: past(0),
    ended_at: past(0),
    outcome: "answered",
    ...change,
  };
}

const DETAIL: CallDetail = {
  ...call("A", { status: "completed", started_at: past(100), ended_at: past(0) }),
  legs: [
    leg("1", CALLER, { role: "caller", outcome: null }),
    leg("2", IVAN, { ended_at: past(50) }),
    leg("3", PYOTR),
    // The same phone was rung twice.
    leg("4", IVAN, { ended_at: past(5), outcome: "no_answer" }),
  ],
  segments: [
    { legs: ["1", "2"], parties: [CALLER, IVAN], started_at: past(80), ended_at: past(50) },
    { legs: ["1", "3"], parties: [CALLER, PYOTR], started_at: past(30), ended_at: past(0) },
  ],
  timeline: [
    { at: past(100), kind: "started", party: CALLER, detail: "777" },
    { at: past(90), kind: "ringing", party: IVAN, detail: null },
    { at: past(80), kind: "answered", party: IVAN, detail: null },
    { at: past(45), kind: "ringing", party: PYOTR, detail: null },
    { at: past(30), kind: "answered", party: PYOTR, detail: null },
    { at: past(20), kind: "ringing", party: IVAN, detail: null },
    { at: past(5), kind: "not_answered", party: IVAN, detail: "no_answer" },
  ],
};

/** Stretches as seconds from the call's start; by default all but lines. */
function told(
  detail: CallDetail,
  now = NOW,
  shown = (kind: string) => kind !== "line",
): Record<string, string[]> {
  const course = courseOf(detail, now);
  return Object.fromEntries(course.lanes.map(({ party, stretches }) => [
    party.name,
    stretches.filter(({ kind }) => shown(kind)).map(({ kind, from, to }) =>
      `${kind} ${(from - course.from) / 1000}-${(to - course.from) / 1000}`
    ),
  ]));
}

Deno.test("course: a lane for each party, with when it rang and when it talked", () => {
  assert.deepEqual(told(DETAIL), {
    "Sergey Orlov": ["talked 20-50", "talked 70-100"],
    "Ivan Ivanov": ["rang 10-20", "rang 80-95", "talked 20-50"],
    "Pyotr Sidorov": ["rang 55-70", "talked 70-100"],
  });
});

Deno.test("course: between two rings a phone is not on the line", () => {
  assert.deepEqual(told(DETAIL, NOW, (kind) => kind === "line"), {
    "Sergey Orlov": ["line 0-100"],
    "Ivan Ivanov": ["line 10-50", "line 80-95"],
    "Pyotr Sidorov": ["line 55-100"],
  });
});

Deno.test("course: what goes on reaches to now", () => {
  const living: CallDetail = {
    ...DETAIL,
    status: "answered",
    ended_at: null,
    legs: DETAIL.legs.slice(0, 2).map((one) => ({ ...one, ended_at: null, state: "talking" })),
    segments: [{ ...DETAIL.segments[0]!, ended_at: null }],
    timeline: DETAIL.timeline.slice(0, 3),
  };
  assert.deepEqual(told(living, NOW + 20_000)["Ivan Ivanov"], ["rang 10-20", "talked 20-120"]);
});

Deno.test("course: a call over in no time, and one without legs, can be drawn", () => {
  const none: CallDetail = { ...DETAIL, legs: [], segments: [], timeline: [], ended_at: DETAIL.started_at };
  const course = courseOf(none, NOW);
  assert.deepEqual(course.lanes, []);
  assert.ok(course.to > course.from);
});

Deno.test("course: a transfer failed when nobody but who gave the call away talked after it", () => {
  const gave = { at: past(40), by: IVAN, to: "888" };
  const before = { legs: ["1", "2"], parties: [CALLER, IVAN], started_at: past(80), ended_at: past(39) };
  const rung = leg("3", PYOTR, { ended_at: past(10), outcome: "no_answer" });
  const failed: CallDetail = { ...DETAIL, transferred: gave, segments: [before], legs: [rung] };
  assert.equal(transferFailed(failed), true);
  assert.equal(transferFailed({ ...failed, transferred: null }), false);
  assert.equal(transferFailed({ ...failed, transferred: { ...gave, to: null } }), false);
  const live = { ...failed, ended_at: null };
  assert.equal(transferFailed({ ...live, rings: [ringAt(PYOTR)] }), false, "it rings still");
  assert.equal(transferFailed({ ...live, legs: [] }), false, "it is about to ring");
  assert.equal(transferFailed(live), true, "it came back, or waits");
  const back = { ...before, started_at: past(9), ended_at: past(0) };
  assert.equal(transferFailed({ ...failed, segments: [before, back] }), true, "back at who gave it");
  const talk = (party: Party) => ({ ...back, legs: ["1", "3"], parties: [CALLER, party] });
  assert.equal(transferFailed({ ...failed, segments: [before, talk(PYOTR)] }), false);
  const group = { ...failed, transferred: { ...gave, to: "700" }, segments: [before, talk(PYOTR)] };
  assert.equal(transferFailed(group), false, "a group answers by another number");
});
