/**
 * @module
 * What is known of a call is sets: learning and joining give the same in any order and however often.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { CallEvent, ChannelSeen } from "../../machines/call_events.ts";
import { join, learn } from "../../machines/call_learning.ts";
import { type CallRecord, compareIds, newRecord } from "../../machines/call_record.ts";
import { tell } from "../../machines/call_story.ts";
import { brokenHistory, history } from "./call_histories.ts";
import { INTERNAL } from "./call_sets.ts";

const recordOf = (events: readonly CallEvent[]) => events.reduce(learn, newRecord());

/** A record whose sets stand in one order. */
function sorted(record: CallRecord) {
  const byText = <T>(items: T[]) => items.map((item) => JSON.stringify(item)).sort();
  return { ...record, stays: byText(record.stays), notes: byText(record.notes) };
}

function assertSame(one: CallRecord, other: CallRecord): void {
  assert.deepEqual(sorted(one), sorted(other));
  assert.deepEqual(tell(one, INTERNAL), tell(other, INTERNAL));
}

const SEEN: ChannelSeen = {
  uniqueid: "1.1",
  linkedid: "1.1",
  name: "PJSIP/trunk-ep-00000001",
  state: 4,
  callerNumber: "74951234567",
  callerName: null,
  exten: "777",
  context: "from-trunk",
};

Deno.test("row 12: call record: the order of events does not matter", () => {
  fc.assert(fc.property(history, fc.infiniteStream(fc.nat()), (events, picks) => {
    const rest = [...events];
    const shuffled = events.map(() => rest.splice(picks.next().value % rest.length, 1)[0]!);
    assertSame(recordOf(shuffled), recordOf(events));
  }));
});

Deno.test("call record: an event that was learned is nothing new", () => {
  fc.assert(fc.property(history, (events) => {
    const record = recordOf(events);
    for (const event of events) assert.equal(learn(record, event), record, event.type);
  }));
});

Deno.test("call record: joining takes neither side for the first", () => {
  fc.assert(fc.property(brokenHistory, brokenHistory, (some, others) => {
    const [one, other] = [recordOf(some), recordOf(others)];
    assertSame(join(one, other), join(other, one));
  }));
});

Deno.test("call record: joining three gives the same whichever two come first", () => {
  fc.assert(fc.property(brokenHistory, brokenHistory, brokenHistory, (some, others, more) => {
    const [one, other, third] = [recordOf(some), recordOf(others), recordOf(more)];
    assertSame(join(join(one, other), third), join(one, join(other, third)));
  }));
});

Deno.test("call record: joining what is known already is nothing new", () => {
  fc.assert(fc.property(brokenHistory, brokenHistory, (some, others) => {
    const [one, other] = [recordOf(some), recordOf(others)];
    assert.equal(join(one, one), one);
    const both = join(one, other);
    assert.equal(join(both, other), both);
    assert.equal(join(both, newRecord()), both);
  }));
});

Deno.test("call record: two halves of a history joined are the whole of it", () => {
  fc.assert(fc.property(history, fc.nat(), (events, pick) => {
    const at = events.length === 0 ? 0 : pick % events.length;
    assertSame(join(recordOf(events.slice(0, at)), recordOf(events.slice(at))), recordOf(events));
  }));
});

Deno.test("call record: learning changes no record that somebody holds, and is plain JSON", () => {
  fc.assert(fc.property(brokenHistory, (events) => {
    let record = newRecord();
    for (const event of events) {
      const before = JSON.stringify(record);
      const after = learn(record, event);
      assert.equal(JSON.stringify(record), before, event.type);
      record = after;
    }
    assert.deepEqual(JSON.parse(JSON.stringify(record)), record);
  }));
});

Deno.test("call record: a channel is told by its newest name, and known by its first", () => {
  const named = (name: string, at: number): CallEvent => ({
    type: "channel.seen",
    at,
    channel: { ...SEEN, name },
    created: false,
  });
  const names = ["PJSIP/a-1", "PJSIP/b-2", "PJSIP/a-1<MASQ>", "PJSIP/a-1"].map((name, at) => named(name, at));
  for (const order of [names, names.toReversed()]) {
    const { name, nameNow } = recordOf(order).channels["1.1"]!;
    assert.equal(name.value, "PJSIP/a-1");
    assert.deepEqual(nameNow, { at: 3, value: "PJSIP/a-1" });
  }
  assert.equal(recordOf(names.slice(0, 3)).channels["1.1"]!.nameNow.value, "PJSIP/b-2");
});

Deno.test("call record: places that nobody dials are not what was dialled", () => {
  const created = { ...SEEN, exten: "s" };
  const record = recordOf([
    { type: "channel.seen", at: 1, channel: created, created: true },
    { type: "channel.seen", at: 2, channel: { ...SEEN, exten: "888" }, created: false },
  ]);
  assert.equal(record.channels["1.1"]!.dialledExten, null);
  assert.equal(record.channels["1.1"]!.exten!.value, "888");
});

Deno.test("call record: stays and notes have a bound", () => {
  let record = newRecord();
  for (let at = 0; at < 2100; at++) {
    record = learn(record, { type: "bridge.left", at, channel: SEEN, bridge: "b" });
    record = learn(record, { type: "queue.joined", at, channel: SEEN, queue: "q" });
  }
  assert.equal(record.stays.length, 2000);
  assert.equal(record.notes.length, 2000);
});

Deno.test("call record: ids are compared as they were counted", () => {
  assert.ok(compareIds("100.9", "100.10") < 0);
  assert.ok(compareIds("101.1", "100.10") > 0);
  assert.ok(compareIds("pbx-100.2", "pbx-100.2") === 0);
  assert.ok(compareIds("abc", "abd") < 0, "ids of another form have an order too");
});

Deno.test("call: a caller who waits in a queue for hours costs no more with every attempt", () => {
  const caller = seenChannel("1.1", "PJSIP/trunk-ep-00000001");
  let record = learn(newRecord(), { type: "channel.seen", at: 0, channel: caller, created: true });
  let at = 0;
  for (let attempt = 2; attempt < 1500; attempt++) {
    const to = seenChannel(`1.${attempt}`, `PJSIP/777-ep-${attempt.toString(16).padStart(8, "0")}`);
    record = learn(record, { type: "dial.began", at: at += 1000, from: caller, to });
    record = learn(record, { type: "dial.ended", at: at += 1000, from: caller, to, status: "NOANSWER" });
    record = learn(record, { type: "channel.hungup", at, channel: to, cause: 0 });
  }
  assert.ok(Object.keys(record.channels).length <= 1000, "kept channels");
  assert.deepEqual(Object.keys(record.dials).filter((id) => record.channels[id] === undefined), []);
  const story = tell(record, "^\\d{2,4}$");
  assert.equal(story.channelId, "1.1");
  assert.equal(story.status, "incoming");
  record = learn(record, { type: "channel.hungup", at: at + 1000, channel: caller, cause: 16 });
  assert.equal(tell(record, "^\\d{2,4}$").endReason, "no_answer");
});

function seenChannel(uniqueid: string, name: string) {
  const told = { callerNumber: "74951234567", callerName: null, exten: "800", context: "from-trunk" };
  return { uniqueid, linkedid: "1.1", name, state: null, ...told };
}
