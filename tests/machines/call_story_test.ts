/**
 * @module
 * What a call's record means: each way a call may end, who answered, who called whom, where it rings.
 */
import assert from "node:assert/strict";
import type { CallEvent } from "../../machines/call_events.ts";
import { endpointOf, ringing, type Story } from "../../machines/call_story.ts";
import type { EndReason } from "../../machines/views.ts";
import {
  began,
  CALLER,
  created,
  dialEnded,
  entered,
  gaveUp,
  hungup,
  IVAN,
  left,
  leg,
  lifts,
  OTHER,
  outcomes,
  over,
  PHONE,
  rings,
  SECOND,
  seen,
  story,
  talks,
} from "./call_words.ts";

const ended = ({ status, endReason }: Story) => `${status} ${endReason}`;

/** A call that came to an end without anybody being reached. */
interface Ending {
  what: string;
  events: CallEvent[];
  ends: string;
  outcomes?: Record<string, string | null>;
}

const rejected = (at: number, by: typeof IVAN, ...uniqueids: string[]): CallEvent => ({
  type: "operator.rejected",
  at,
  by,
  uniqueids,
});

const ENDINGS: Ending[] = [
  {
    what: "they talked and hung up",
    events: [...rings(0, PHONE), ...lifts(10, PHONE), ...over(90, PHONE, CALLER)],
    ends: "completed hangup",
    outcomes: { "777": "answered" },
  },
  {
    what: "nobody lifted in time",
    events: [
      ...rings(0, PHONE),
      dialEnded(90, PHONE, "NOANSWER"),
      hungup(90, PHONE, 0),
      hungup(91, CALLER),
    ],
    ends: "missed no_answer",
    outcomes: { "777": "no_answer" },
  },
  {
    what: "the caller hung up after nobody had lifted in time, as on a voicemail",
    events: [
      ...rings(0, PHONE),
      dialEnded(90, PHONE, "NOANSWER"),
      hungup(90, PHONE, 0),
      seen(91, CALLER, 6),
      gaveUp(99),
      hungup(99, CALLER),
    ],
    ends: "missed no_answer",
    outcomes: { "777": "no_answer" },
  },
  {
    what: "the phone was busy",
    events: [
      ...rings(0, PHONE),
      gaveUp(20, PHONE, 17),
      dialEnded(20, PHONE, "BUSY"),
      ...over(20, PHONE, CALLER),
    ],
    ends: "missed busy",
    outcomes: { "777": "busy" },
  },
  {
    what: "the caller gave up",
    events: [...rings(0, PHONE), gaveUp(30), dialEnded(30, PHONE, "CANCEL"), ...over(31, PHONE, CALLER)],
    ends: "missed caller_gave_up",
    outcomes: { "777": "cancelled" },
  },
  {
    what: "the caller gave up by a page, where the PBX tells of no request",
    events: [
      created(0, { ...CALLER, callerNumber: "888" }),
      began(0, PHONE, { ...CALLER, callerNumber: "888" }),
      { type: "operator.hungup", at: 29, by: OTHER },
      dialEnded(30, PHONE, "CANCEL"),
      ...over(31, PHONE, CALLER),
    ],
    ends: "missed caller_gave_up",
    outcomes: { "777": "cancelled" },
  },
  {
    what: "it was declined on the phone",
    events: [
      ...rings(0, PHONE),
      gaveUp(30, PHONE, 21),
      dialEnded(30, PHONE, "NOANSWER"),
      hungup(30, PHONE, 21),
      hungup(30, CALLER, 21),
    ],
    ends: "rejected declined",
    outcomes: { "777": "declined" },
  },
  {
    what: "it was rejected from a page",
    events: [
      ...rings(0, PHONE),
      rejected(29, IVAN, "1.2"),
      dialEnded(30, PHONE, "NOANSWER"),
      hungup(30, PHONE, 21),
      hungup(30, CALLER, 21),
    ],
    ends: "rejected rejected_by_user",
    outcomes: { "777": "rejected_by_user" },
  },
  {
    what: "it was rejected from a page after it had rung out",
    events: [
      ...rings(0, PHONE),
      dialEnded(30, PHONE, "NOANSWER"),
      ...over(30, PHONE, CALLER),
      rejected(31, IVAN, "1.2"),
    ],
    ends: "missed no_answer",
    outcomes: { "777": "no_answer" },
  },
  {
    what: "the phone could not be had: no dial at all",
    events: [created(0, CALLER, "888"), hungup(5, CALLER, 3)],
    ends: "missed unavailable",
    outcomes: {},
  },
  {
    what: "all of it in one millisecond",
    events: [created(0, CALLER, "888"), hungup(0, CALLER, 3)],
    ends: "missed unavailable",
    outcomes: {},
  },
  {
    what: "the dial failed",
    events: [...rings(0, PHONE), dialEnded(5, PHONE, "CHANUNAVAIL"), ...over(5, PHONE, CALLER)],
    ends: "missed unavailable",
    outcomes: { "777": "unavailable" },
  },
  {
    what: "the far end said that there is no such number, which Asterisk calls no answer",
    events: [
      ...rings(0, PHONE),
      gaveUp(5, PHONE, 1),
      dialEnded(5, PHONE, "NOANSWER"),
      hungup(5, PHONE, 1),
      hungup(5, CALLER, 1),
    ],
    ends: "missed unavailable",
    outcomes: { "777": "unavailable" },
  },
  {
    what: "the caller hung up before anybody was dialled",
    events: [created(0, CALLER, "701"), seen(1, CALLER, 6), gaveUp(9), hungup(9, CALLER)],
    ends: "missed abandoned",
    outcomes: {},
  },
  {
    what: "the dialplan ended it before anybody was dialled",
    events: [created(0, CALLER, "701"), seen(1, CALLER, 6), hungup(9, CALLER)],
    ends: "missed abandoned",
    outcomes: {},
  },
  {
    what: "the dialplan said that it is busy",
    events: [created(0, CALLER, "701"), hungup(9, CALLER, 17)],
    ends: "missed busy",
    outcomes: {},
  },
  {
    what: "the dialplan declined it",
    events: [created(0, CALLER, "701"), hungup(9, CALLER, 21)],
    ends: "rejected declined",
    outcomes: {},
  },
  {
    what: "it was gone when the link came back, before anybody lifted",
    events: [...rings(0, PHONE), { type: "sync.gone", at: 99, lostAt: 40, uniqueids: "all" }],
    ends: "missed lost",
    outcomes: { "777": "no_answer" },
  },
  {
    what: "it was gone when the link came back, after they had talked",
    events: [
      ...rings(0, PHONE),
      ...lifts(10, PHONE),
      { type: "sync.gone", at: 99, lostAt: 40, uniqueids: "all" },
    ],
    ends: "completed lost",
    outcomes: { "777": "answered" },
  },
  {
    what: "the caller waited in a queue, and left",
    events: [
      created(0, CALLER, "702"),
      { type: "queue.joined", at: 1, channel: CALLER, queue: "support" },
      began(2, PHONE),
      dialEnded(50, PHONE, "CANCEL"),
      { type: "queue.left", at: 50, channel: CALLER, queue: "support", abandoned: true },
      ...over(50, PHONE, CALLER),
    ],
    ends: "missed caller_gave_up",
    outcomes: { "777": "cancelled" },
  },
  {
    what: "the caller left a queue in which nobody was called",
    events: [
      created(0, CALLER, "702"),
      { type: "queue.joined", at: 1, channel: CALLER, queue: "support" },
      { type: "queue.left", at: 50, channel: CALLER, queue: "support", abandoned: true },
      hungup(50, CALLER),
    ],
    ends: "missed abandoned",
    outcomes: {},
  },
  {
    what: "in a group one declined and the other rang out",
    events: [
      ...rings(0, PHONE, SECOND),
      hungup(10, PHONE, 21),
      dialEnded(10, PHONE, "NOANSWER"),
      dialEnded(90, SECOND, "NOANSWER"),
      hungup(90, SECOND, 0),
      hungup(90, CALLER),
    ],
    ends: "missed no_answer",
    outcomes: { "777": "declined", "888": "no_answer" },
  },
  {
    what: "in a group one declined on the phone and the other from a page",
    events: [
      ...rings(0, PHONE, SECOND),
      hungup(10, PHONE, 21),
      dialEnded(10, PHONE, "NOANSWER"),
      rejected(20, OTHER, "1.3"),
      dialEnded(20, SECOND, "NOANSWER"),
      hungup(20, SECOND, 21),
      hungup(20, CALLER, 21),
    ],
    ends: "rejected rejected_by_user",
    outcomes: { "777": "declined", "888": "rejected_by_user" },
  },
  {
    what: "in a group one rejected, and the other's phone was away: nobody is left",
    events: [
      ...rings(0, PHONE, SECOND),
      dialEnded(1, SECOND, "CHANUNAVAIL"),
      hungup(1, SECOND, 20),
      rejected(20, IVAN, "1.2"),
      dialEnded(20, PHONE, "NOANSWER"),
      hungup(20, PHONE, 21),
      hungup(20, CALLER, 21),
    ],
    ends: "rejected rejected_by_user",
    outcomes: { "777": "rejected_by_user", "888": "unavailable" },
  },
  {
    what: "in a group one was busy, and the other declined",
    events: [
      ...rings(0, PHONE, SECOND),
      dialEnded(1, SECOND, "BUSY"),
      hungup(1, SECOND, 17),
      dialEnded(20, PHONE, "NOANSWER"),
      hungup(20, PHONE, 21),
      hungup(20, CALLER, 21),
    ],
    ends: "rejected declined",
    outcomes: { "777": "declined", "888": "busy" },
  },
  {
    what: "in a group one declined, and the caller gave up on the other",
    events: [
      ...rings(0, PHONE, SECOND),
      hungup(10, PHONE, 21),
      dialEnded(10, PHONE, "NOANSWER"),
      gaveUp(40),
      dialEnded(40, SECOND, "CANCEL"),
      ...over(41, SECOND, CALLER),
    ],
    ends: "missed caller_gave_up",
    outcomes: { "777": "declined", "888": "cancelled" },
  },
  {
    what: "one was busy, and the next could not be had",
    events: [
      ...rings(0, PHONE),
      dialEnded(5, PHONE, "BUSY"),
      hungup(5, PHONE, 17),
      began(6, SECOND),
      dialEnded(7, SECOND, "CONGESTION"),
      ...over(8, SECOND, CALLER),
    ],
    ends: "missed busy",
    outcomes: { "777": "busy", "888": "unavailable" },
  },
  {
    what: "somebody lifted, and the caller was gone",
    events: [
      ...rings(0, PHONE),
      seen(30, PHONE, 6),
      dialEnded(30, PHONE, "ANSWER"),
      gaveUp(30),
      ...over(31, PHONE, CALLER),
    ],
    ends: "missed caller_gave_up",
    outcomes: { "777": "answered" },
  },
  {
    what: "somebody lifted, and met nobody",
    events: [
      ...rings(0, PHONE),
      seen(30, PHONE, 6),
      dialEnded(30, PHONE, "ANSWER"),
      ...over(31, PHONE, CALLER),
    ],
    ends: "missed no_answer",
    outcomes: { "777": "answered" },
  },
];

for (const { what, events, ends, outcomes: legs } of ENDINGS) {
  Deno.test(`call: ${ends}: ${what}`, () => {
    // That all is gone is said of what is known by then.
    const isInOrder = events.some(({ type }) => type === "sync.gone");
    const orders = [events, events.flatMap((event) => [event, event])];
    for (const order of isInOrder ? orders : [...orders, events.toReversed()]) {
      const told = story(...order);
      assert.equal(ended(told), ends);
      assert.equal(told.isWorthTelling, true);
      if (legs !== undefined) assert.deepEqual(outcomes(told), legs);
    }
  });
}

Deno.test("call: every way to end has a test", () => {
  const reasons: Record<EndReason, true> = {
    hangup: true,
    no_answer: true,
    busy: true,
    caller_gave_up: true,
    declined: true,
    rejected_by_user: true,
    unavailable: true,
    abandoned: true,
    lost: true,
  };
  const tested = new Set(ENDINGS.map(({ ends }) => ends.split(" ")[1]!));
  assert.deepEqual([...tested].sort(), Object.keys(reasons).sort());
});

Deno.test("call: a dialplan that answers by itself is no answer", () => {
  const told = story(created(0, CALLER, "701"), seen(1, CALLER, 6), ...rings(5, PHONE).slice(1));
  assert.equal(told.status, "incoming");
  assert.equal(told.answeredAt, null);
  const answered = story(created(0, CALLER, "701"), seen(1, CALLER, 6), began(5, PHONE), ...lifts(20, PHONE));
  assert.equal(answered.answeredAt, 20);
});

Deno.test("call: somebody answered who lifts and shares a bridge with the caller, not before", () => {
  const lifting = lifts(20, PHONE);
  const told = story(...rings(0, PHONE), ...lifting.slice(0, 4));
  assert.equal(told.status, "incoming");
  assert.deepEqual(ringing(told), [], "and it rings no more");
  const talking = story(...rings(0, PHONE), ...lifting);
  assert.equal(talking.status, "answered");
  assert.equal(talking.answeredBy, "1.2");
});

Deno.test("call: of a group the one who lifted answered, and for the other it was cancelled", () => {
  const told = story(
    ...rings(0, PHONE, SECOND),
    ...lifts(30, SECOND),
    dialEnded(30, PHONE, "CANCEL"),
    hungup(31, PHONE, 26),
    ...over(90, SECOND, CALLER),
  );
  assert.deepEqual(outcomes(told), { "777": "cancelled", "888": "answered" });
  assert.equal(told.answeredBy, "1.3");
  assert.equal(ended(told), "completed hangup");
});

Deno.test("call: it rings where somebody was dialled who neither lifted nor gave up", () => {
  const numbers = (...events: CallEvent[]) => ringing(story(...events)).map(({ number }) => number);
  const base = rings(0, PHONE, SECOND);
  assert.deepEqual(numbers(...base), ["777", "888"]);
  assert.deepEqual(numbers(...base, dialEnded(5, PHONE, "NOANSWER")), ["888"]);
  assert.deepEqual(numbers(...base, hungup(5, SECOND, 21)), ["777"]);
  assert.deepEqual(numbers(...base, seen(5, SECOND, 6)), ["777"]);
  assert.deepEqual(numbers(...base, { type: "channel.answered", at: 5, channel: SECOND }), ["777"]);
  assert.deepEqual(numbers(...base, { type: "sync.gone", at: 9, lostAt: 5, uniqueids: "all" }), []);
});

Deno.test("call: the literal Answer counts where a PBX says it", () => {
  const answer = (at: number, channel = PHONE): CallEvent => ({ type: "channel.answered", at, channel });
  const going = story(...rings(0, PHONE), answer(20));
  assert.equal(going.status, "answered");
  assert.equal(going.answeredAt, 20);
  assert.equal(going.answeredBy, "1.2");
  const done = story(...rings(0, PHONE), answer(20), ...over(70, PHONE, CALLER));
  assert.equal(ended(done), "completed hangup");
  assert.equal(done.durationMs, 50);
  assert.deepEqual(outcomes(done), { "777": "answered" });
  const bridged = story(...rings(0, PHONE), answer(20), ...lifts(25, PHONE), ...over(70, PHONE, CALLER));
  assert.equal(bridged.answeredAt, 20);
  assert.equal(bridged.durationMs, 45, "time in a bridge is what it is");
  const callers = story(...rings(0, PHONE), answer(20, CALLER));
  assert.equal(callers.answeredAt, 20);
  assert.equal(callers.answeredBy, null);
  const late = story(...rings(0, PHONE), ...over(70, PHONE, CALLER), answer(90));
  assert.equal(late.durationMs, 0, "never less than nothing");
});

Deno.test("call: a call that is picked up was answered by who picked it up", () => {
  const picker = { ...SECOND, linkedid: "1.3" };
  const told = story(
    ...rings(0, PHONE),
    created(20, picker, "*8"),
    seen(21, picker, 6),
    { type: "call.picked_up", at: 30, by: picker, target: PHONE },
    dialEnded(30, picker, "ANSWER"),
    hungup(30, PHONE),
    entered(31, picker),
    entered(31, CALLER),
    ...over(90, picker, CALLER),
  );
  assert.deepEqual(outcomes(told), { "777": "cancelled", "888": "answered" });
  assert.equal(told.receiver, "777");
  assert.equal(told.answeredBy, "1.3");
  assert.equal(told.caller.number, "74951234567");
  assert.equal(told.linkedId, "1.1");
  assert.deepEqual(told.notes, [{ kind: "picked_up", at: 30, by: "1.3", target: "1.2" }]);
});

Deno.test("call: transferred and not taken, it was answered all the same, and rang out there", () => {
  const base: CallEvent[] = [
    ...rings(0, PHONE),
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
    left(40, PHONE),
    hungup(40, PHONE),
    began(41, SECOND),
  ];
  const rangOut = story(
    ...base,
    dialEnded(90, SECOND, "NOANSWER"),
    hungup(90, SECOND, 0),
    hungup(90, CALLER),
  );
  assert.equal(ended(rangOut), "completed hangup");
  assert.deepEqual(outcomes(rangOut), { "777": "answered", "888": "no_answer" });
  assert.equal(rangOut.answeredBy, "1.2");
  assert.equal(rangOut.durationMs, 30);
  const given = story(...base, gaveUp(60), dialEnded(60, SECOND, "CANCEL"), ...over(61, SECOND, CALLER));
  assert.deepEqual(outcomes(given), { "777": "answered", "888": "cancelled" });
  const taken = story(...base, ...lifts(60, SECOND, "c"), ...over(90, SECOND, CALLER));
  assert.deepEqual(talks(taken), ["1.1+1.2 10-40", "1.1+1.3 60-90"]);
  assert.equal(taken.durationMs, 60);
});

Deno.test("call: an originated call was made by the phone that lifted first, and to the one it called then", () => {
  const caller = leg("1.1", "PJSIP/777-ep-00000001", { callerNumber: "777" });
  const told = story(
    created(0, caller, "s"),
    began(1, caller, null),
    seen(20, caller, 6),
    dialEnded(20, caller, "ANSWER", null),
    seen(21, { ...caller, exten: "888" }),
    created(21, SECOND, "s"),
    began(22, SECOND, { ...caller, exten: "888" }),
    seen(40, SECOND, 6),
    dialEnded(40, SECOND, "ANSWER", caller),
    entered(40, SECOND),
    entered(40, caller),
    ...over(90, SECOND, caller),
  );
  assert.equal(told.caller.number, "777");
  assert.equal(told.receiver, "888");
  assert.equal(told.direction, "internal");
  assert.equal(told.answeredBy, "1.3");
  assert.equal(told.answeredAt, 40);
});

Deno.test("call: which way it goes is told by who calls and what is dialled", () => {
  const inside = leg("1.1", "PJSIP/777-ep-00000001", { callerNumber: "777" });
  const way = (caller: typeof CALLER, dialled: string) => story(created(0, caller, dialled)).direction;
  assert.equal(way(CALLER, "777"), "inbound");
  assert.equal(way(CALLER, "74950000000"), "inbound");
  assert.equal(way(inside, "888"), "internal");
  assert.equal(way(inside, "9375291234567"), "outbound");
  assert.equal(way(inside, "+375291234567"), "outbound");
  assert.equal(way(inside, "*8"), "internal", "a code leads to the PBX itself");
  const shown = leg("1.1", "PJSIP/777-ep-00000001", { callerNumber: "74950000001" });
  assert.equal(way(shown, "888"), "internal", "whatever number it shows outside");
});

Deno.test("call: a phone of a group is known by its endpoint's number, an outside line by what was dialled", () => {
  const member = { ...PHONE, callerNumber: "700" };
  assert.deepEqual(Object.keys(outcomes(story(...rings(0, member)))), ["777"]);
  const line = leg("1.2", "PJSIP/trunk-ep-00000002", { callerNumber: "9375291234567" });
  assert.deepEqual(Object.keys(outcomes(story(...rings(0, line)))), ["9375291234567"]);
});

Deno.test("call: Local channels are no legs, even where they began the call", () => {
  const half = leg("1.1", "Local/777@internal-00000001;1", { callerNumber: "700" });
  const other = leg("1.4", "Local/777@internal-00000001;2");
  const told = story(created(0, half), created(0, other), began(1, PHONE, other), seen(1, PHONE, 5));
  assert.deepEqual(told.legs.map(({ id, role }) => [id, role]), [["1.2", "dialled"]]);
  assert.equal(told.channelId, "1.1");
});

Deno.test("call: accepted by whoever said so first", () => {
  const accepted = (at: number, by: typeof IVAN): CallEvent => ({ type: "operator.accepted", at, by });
  const told = story(...rings(0, PHONE, SECOND), accepted(20, OTHER), accepted(10, IVAN));
  assert.deepEqual(told.accepted, { at: 10, userId: 1, name: "Ivan Ivanov" });
});

Deno.test("call: of what people write about it the newest counts", () => {
  const noted = (at: number, notes: string): CallEvent => ({ type: "operator.noted", at, notes });
  assert.equal(story(...rings(0, PHONE), noted(20, "new"), noted(10, "old")).remarks, "new");
  assert.equal(story(...rings(0, PHONE), noted(20, "new"), noted(30, "")).remarks, "");
});

Deno.test("call: of which only the ends are heard there is no story", () => {
  const ends = [gaveUp(5), left(5, CALLER), hungup(6, CALLER), hungup(6, PHONE)];
  assert.equal(story(...ends).isWorthTelling, false);
  assert.equal(story(...ends, seen(4, PHONE, 6)).isWorthTelling, true);
});

Deno.test("call: an endpoint is a channel's name without technology and counter", () => {
  assert.equal(endpointOf("PJSIP/777-ep-0000000a"), "777-ep");
  assert.equal(endpointOf("Local/777@internal-0000000a;1"), "777@internal");
  assert.equal(endpointOf("SIP/office-line-0000000a"), "office-line");
  assert.equal(endpointOf("odd"), "odd");
});
