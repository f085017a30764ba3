/**
 * @module
 * The states of a call: every one with every event, how it is reached, and how long it takes what comes late.
 */
import assert from "node:assert/strict";
import { getShortestPaths } from "@xstate/graph";
import { createActor } from "xstate";
import { callMachine, LINGER_MS } from "../../machines/call.ts";
import type { CallEvent, CallFact } from "../../machines/call_events.ts";
import { learn } from "../../machines/call_learning.ts";
import { newRecord } from "../../machines/call_record.ts";
import { INTERNAL } from "./call_sets.ts";
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
  over,
  PHONE,
  rings,
  SECOND,
  seen,
  story,
} from "./call_words.ts";
import { CountingClock } from "./panel.ts";
import { checkTable, leavesOf, leavesOfValue, type StateTable } from "./state_tables.ts";

function startCall(options: { clock?: CountingClock; events?: CallEvent[] } = {}) {
  const clock = options.clock ?? new CountingClock();
  const facts: CallFact[] = [];
  const actor = createActor(callMachine, {
    clock,
    input: {
      id: "C1",
      internal: INTERNAL,
      at: clock.now(),
      ...(options.events === undefined ? {} : { record: options.events.reduce(learn, newRecord()) }),
    },
  });
  actor.on("*", (fact) => void facts.push(fact));
  actor.start();
  return {
    clock,
    actor,
    facts,
    send: (...events: CallEvent[]) => {
      for (const event of events) if (actor.getSnapshot().status === "active") actor.send(event);
    },
    state: () => leavesOfValue(actor.getSnapshot().value)[0]!,
    context: () => actor.getSnapshot().context,
    said: () => facts.splice(0),
  };
}

/** How each state is come to; events are at 0 to 100. */
const WAYS: Record<string, CallEvent[]> = {
  incoming: rings(0, PHONE),
  answered: [...rings(0, PHONE), ...lifts(50, PHONE)],
  "over.completed": [...rings(0, PHONE), ...lifts(50, PHONE), ...over(100, PHONE, CALLER)],
  "over.missed": [...rings(0, PHONE), dialEnded(90, PHONE, "NOANSWER"), ...over(100, PHONE, CALLER)],
  "over.rejected": [
    ...rings(0, PHONE),
    dialEnded(90, PHONE, "NOANSWER"),
    hungup(90, PHONE, 21),
    hungup(100, CALLER, 21),
  ],
  closed: [...rings(0, PHONE), ...lifts(50, PHONE), ...over(100, PHONE, CALLER)],
};

/** What may be said, each at 200, after everything that led to the state. */
const SAY: Record<string, CallEvent> = {
  "channel.seen, of it": seen(200, PHONE),
  "channel.seen, another": created(200, SECOND, "s"),
  "channel.answered": { type: "channel.answered", at: 200, channel: PHONE },
  "channel.answered, the caller's": { type: "channel.answered", at: 200, channel: CALLER },
  "channel.hangup_requested": gaveUp(200),
  "channel.hungup": hungup(200, PHONE),
  "dial.began": began(200, SECOND),
  "dial.rang": { type: "dial.rang", at: 200, from: CALLER, to: PHONE },
  "dial.ended": dialEnded(200, PHONE, "ANSWER"),
  "bridge.entered": entered(200, PHONE, "b2"),
  "bridge.left": left(200, PHONE),
  "local.paired": {
    type: "local.paired",
    at: 200,
    one: leg("1.4", "Local/9@internal-1;1"),
    two: leg("1.5", "Local/9@internal-1;2"),
  },
  "call.picked_up": { type: "call.picked_up", at: 200, by: PHONE, target: PHONE },
  "call.transferred": {
    type: "call.transferred",
    at: 200,
    how: "blind",
    by: PHONE,
    others: [CALLER],
    to: "888",
    success: true,
  },
  "queue.joined": { type: "queue.joined", at: 200, channel: CALLER, queue: "support" },
  "queue.left": { type: "queue.left", at: 200, channel: CALLER, queue: "support", abandoned: false },
  "call.parked": { type: "call.parked", at: 200, channel: CALLER, space: "751" },
  "conference.joined": { type: "conference.joined", at: 200, channel: CALLER, conference: "room" },
  "operator.accepted": { type: "operator.accepted", at: 200, by: IVAN },
  "operator.rejected": { type: "operator.rejected", at: 200, by: IVAN, uniqueids: ["1.2"] },
  "operator.hungup": { type: "operator.hungup", at: 200, by: IVAN },
  "operator.transferred": { type: "operator.transferred", at: 200, by: IVAN, to: "888" },
  "operator.noted": { type: "operator.noted", at: 200, notes: "rang back" },
  "sync.listed": {
    type: "sync.listed",
    at: 200,
    lostAt: 150,
    channels: [{ ...SECOND, bridge: null, createdAt: 160, dialled: false }],
  },
  "sync.gone": { type: "sync.gone", at: 200, lostAt: 150, uniqueids: "all" },
  "call.merged": { type: "call.merged", at: 200, record: learn(newRecord(), created(120, SECOND, "s")) },
  "resume": { type: "resume", at: 200, heardUntil: 150 },
};

// Fails to compile when the vocabulary has an event that no name here begins with.
type Forgotten = Exclude<CallEvent["type"], typeof SAID_TYPES[number]>;
const SAID_TYPES = [
  "channel.seen",
  "channel.answered",
  "channel.hangup_requested",
  "channel.hungup",
  "dial.began",
  "dial.rang",
  "dial.ended",
  "bridge.entered",
  "bridge.left",
  "local.paired",
  "call.picked_up",
  "call.transferred",
  "queue.joined",
  "queue.left",
  "call.parked",
  "conference.joined",
  "operator.accepted",
  "operator.rejected",
  "operator.hungup",
  "operator.transferred",
  "operator.noted",
  "sync.listed",
  "sync.gone",
  "call.merged",
  "resume",
] as const;
const complete: Forgotten extends never ? true : Forgotten = true;
void complete;

/** A state may rest in none that only leads on. */
const STATES = leavesOf(callMachine).filter((state) => state !== "over.settling");

function callIn(state: string) {
  const call = startCall();
  call.send(...WAYS[state]!);
  if (state === "closed") call.clock.pass(LINGER_MS);
  call.said();
  assert.equal(call.state(), state);
  return call;
}

function observed(state: string, event: string): string {
  const { clock, actor, send, said, state: now, context } = callIn(state);
  const before = context().record;
  if (event === "time") clock.pass(LINGER_MS);
  else send(SAY[event]!);
  const facts = said().map(({ type }) => type.replace("call.", ""));
  const learned = context().record !== before;
  const moved = now() !== state;
  actor.stop();
  assert.equal(clock.live, 0);
  const words = [...moved ? [now()] : [], ...facts.length > 0 ? [facts.join(", ")] : []];
  return words.length > 0 ? words.join(": ") : learned ? "learned" : "ignored";
}

const LEARNED = Object.fromEntries(Object.keys(SAY).map((name) => [name, "learned"]));
const IGNORED = Object.fromEntries(Object.keys(SAY).map((name) => [name, "ignored"]));

const TABLE: StateTable = {
  incoming: {
    ...LEARNED,
    "channel.answered": "answered: answered",
    "channel.answered, the caller's": "answered: answered",
    "sync.gone": "over.missed: ended",
    "resume": "ignored",
    "time": "ignored",
  },
  answered: {
    ...LEARNED,
    "sync.gone": "over.completed: ended",
    "resume": "ignored",
    "time": "ignored",
  },
  "over.completed": {
    ...LEARNED,
    "channel.seen, another": "answered: reopened, answered",
    "dial.began": "answered: reopened, answered",
    "local.paired": "answered: reopened, answered",
    "sync.listed": "answered: reopened, answered",
    "call.merged": "answered: reopened, answered",
    "sync.gone": "ignored", // it had ended, and is told how
    "resume": "ignored",
    "time": "closed",
  },
  "over.missed": {
    ...LEARNED,
    "channel.answered": "over.completed: ended",
    "channel.answered, the caller's": "over.completed: ended",
    "channel.seen, another": "incoming: reopened",
    "dial.began": "incoming: reopened",
    "local.paired": "incoming: reopened",
    "sync.listed": "incoming: reopened",
    "call.merged": "incoming: reopened",
    "operator.rejected": "learned", // it had rung out before
    "sync.gone": "ignored",
    "resume": "ignored",
    "time": "closed",
  },
  "over.rejected": {
    ...LEARNED,
    "channel.answered": "over.completed: ended",
    "channel.answered, the caller's": "over.completed: ended",
    "channel.seen, another": "incoming: reopened",
    "dial.began": "incoming: reopened",
    "local.paired": "incoming: reopened",
    "sync.listed": "incoming: reopened",
    "call.merged": "incoming: reopened",
    "sync.gone": "ignored",
    "resume": "ignored",
    "time": "closed",
  },
  closed: { ...IGNORED, "time": "ignored" },
};

Deno.test("call machine: each state does with each event what the table says", () => {
  checkTable(TABLE, { states: STATES, events: [...Object.keys(SAY), "time"], observe: observed });
  for (const type of SAID_TYPES) {
    assert.ok(Object.keys(SAY).some((name) => name.split(",")[0] === type), type);
  }
});

Deno.test("call machine: real events reach every state", () => {
  const events = [...new Set([...Object.values(WAYS).flat(), ...Object.values(SAY)])];
  const timers = callMachine.events.filter((type) => type.startsWith("xstate.after"));
  const paths = getShortestPaths(callMachine, {
    input: { id: "C1", internal: INTERNAL, at: 0 },
    events: [...events, ...timers.map((type) => ({ type }))] as CallEvent[],
    serializeState: ({ value, context }) =>
      `${JSON.stringify(value)} ${context.story.answeredAt !== null} ${context.story.endedAt !== null} ` +
      context.story.legs.map(({ state, outcome }) => `${state} ${outcome}`).join(),
    limit: 20_000,
    stopWhen: ({ context }) => Object.keys(context.record.channels).length > 2,
  });
  const reached = new Set(paths.flatMap(({ state }) => leavesOfValue(state.value)));
  assert.deepEqual([...reached].sort(), [...STATES].sort());
});

Deno.test("call: it is answered once somebody talks, and says by whom", () => {
  const call = startCall();
  call.send(...rings(10, PHONE));
  assert.deepEqual(call.said(), []);
  call.send(...lifts(70, PHONE));
  assert.deepEqual(call.said(), [{ type: "call.answered", at: 70, by: "777" }]);
  call.send(...over(99, PHONE, CALLER));
  assert.deepEqual(call.said(), [{ type: "call.ended", at: 99, status: "completed" }]);
  call.actor.stop();
});

Deno.test("call: it takes what comes late until it has been over for five seconds, to the millisecond", () => {
  const call = callIn("over.missed");
  assert.equal(LINGER_MS, 5000);
  call.clock.pass(LINGER_MS - 1);
  assert.equal(call.state(), "over.missed");
  // Told of late, but at moments when it went on.
  call.send(...lifts(50, PHONE));
  assert.equal(call.state(), "over.completed");
  assert.deepEqual(call.said().map(({ type }) => type), ["call.ended"]);
  assert.equal(call.clock.live, 1, "news do not begin it anew");
  call.clock.pass(1);
  assert.equal(call.state(), "closed");
  assert.equal(call.actor.getSnapshot().status, "done");
  assert.equal(call.clock.live, 0);
});

Deno.test("call: one that went on has its five seconds again when it ends", () => {
  const call = callIn("over.completed");
  call.clock.pass(LINGER_MS - 1);
  call.send(created(200, SECOND, "s"));
  assert.equal(call.clock.live, 0);
  call.clock.pass(60_000);
  assert.equal(call.state(), "answered");
  call.send(hungup(300, SECOND));
  call.clock.pass(LINGER_MS - 1);
  assert.equal(call.state(), "over.completed");
  call.clock.pass(1);
  assert.equal(call.state(), "closed");
});

Deno.test("call: started with a record it stands where that says, and is over in its time", () => {
  for (const state of STATES) {
    const call = startCall({ events: WAYS[state]! });
    const resting = state === "closed" ? "over.completed" : state;
    assert.equal(call.state(), resting);
    assert.deepEqual(call.context().story, story(...WAYS[state]!));
    call.clock.pass(LINGER_MS);
    assert.equal(call.state(), resting.startsWith("over") ? "closed" : resting);
    call.actor.stop();
  }
});

Deno.test("call: its context is plain JSON in every state", () => {
  for (const state of STATES) {
    const call = callIn(state);
    assert.deepEqual(JSON.parse(JSON.stringify(call.context())), call.context());
    call.actor.stop();
  }
});

Deno.test("call: of which nothing is known yet it is no story worth telling", () => {
  const call = startCall();
  assert.equal(call.state(), "incoming");
  assert.equal(call.context().story.isWorthTelling, false);
  assert.equal(call.context().story.startedAt, 0);
  call.actor.stop();
});
