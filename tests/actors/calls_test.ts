/**
 * @module
 * Calls as they come, meet and end: whose event is whose, who is told what, what becomes of it in the table.
 */
import assert from "node:assert/strict";
import { LINGER_MS } from "../../machines/call.ts";
import {
  type CallHouse,
  channel,
  COMPANY,
  headers,
  inbound,
  IVAN,
  MANY,
  OTHER,
  PBX,
  SAYS,
  startCalls,
} from "./call_house.ts";

async function withCalls(run: (house: CallHouse) => Promise<void> | void): Promise<void> {
  const house = startCalls();
  try {
    await run(house);
    await house.settle();
    assert.deepEqual(house.logged.filter(({ level }) => level === "error"), []);
  } finally {
    house.calls.stop();
    assert.equal(house.clock.sim.live, 0, "timers after the stop");
  }
}

/** The newest row of the only call. */
function onlyRow(house: CallHouse) {
  const rows = house.kept();
  assert.equal(rows.length, 1);
  return rows[0]!;
}

const warnings = (house: CallHouse) => house.logged.filter(({ level }) => level === "warn");

Deno.test("calls: a call rings at its owner, is answered, ends, and all of it is one row", () =>
  withCalls(async (house) => {
    const { say, clock, feed, calls } = house;
    const call = inbound();
    say(...call.rings);
    const [ringing] = calls.list();
    assert.equal(ringing!.status, "incoming");
    assert.deepEqual(ringing!.rings.map(({ number, user_id, name }) => ({ number, user_id, name })), [
      { number: "777", user_id: IVAN.id, name: IVAN.name },
    ]);
    assert.deepEqual(ringing!.company, COMPANY);
    assert.deepEqual(ringing!.receiver, { number: "777", name: IVAN.name, user_id: IVAN.id });
    assert.equal(ringing!.caller.number, "74951234567");
    assert.equal(ringing!.unknown_number, false);
    assert.equal(ringing!.uncertain, false);
    clock.pass(4000);
    say(...call.answered);
    assert.deepEqual(calls.list()[0]!.rings, []);
    assert.equal(calls.list()[0]!.answered_by!.name, IVAN.name);
    assert.equal(calls.counts().answered, 1);
    clock.pass(61_000);
    say(...call.ended);
    await house.settle();
    const row = onlyRow(house);
    assert.equal(row.status, "completed");
    assert.equal(row.duration, 61);
    assert.equal(row.answered_by_user_id, IVAN.id);
    assert.equal(row.assigned_user_id, IVAN.id);
    assert.equal(row.caller_company_id, COMPANY.id);
    assert.equal(row.linked_id, call.caller.uniqueid);
    assert.equal(row.channel_id, call.caller.uniqueid);
    assert.equal(Date.parse(row.ended_at!) - Date.parse(row.answered_at!), 61_000);
    assert.equal(Date.parse(row.answered_at!) - Date.parse(row.started_at), 4000);
    assert.match(row.search, /74951234567 777/);
    assert.notEqual(row.state, null, "it takes what comes late");
    clock.pass(LINGER_MS);
    await house.settle();
    assert.equal(onlyRow(house).state, null);
    assert.deepEqual(onlyRow(house).view, { ...row.view });
    assert.ok(feed.told.every(({ userIds }) => userIds!.every((id) => id === IVAN.id)));
    assert.equal(feed.seenBy(IVAN.id).at(-1)!.status, "completed");
  }));

Deno.test("calls: a call that is over is told for a minute to whoever begins to look", () =>
  withCalls((house) => {
    const { say, clock, calls } = house;
    const call = inbound();
    say(...call.rings, ...call.unanswered);
    const { id } = calls.list()[0]!;
    clock.pass(LINGER_MS + 59_000);
    assert.deepEqual(calls.list().map(({ status }) => status), ["missed"]);
    assert.equal(calls.get(id)!.status, "missed");
    assert.equal(calls.storyOf(id), null);
    assert.equal("legs" in calls.list()[0]!, false);
    assert.equal(calls.get(id)!.legs.length, 2);
    clock.pass(2000);
    assert.deepEqual(calls.list(), []);
  }));

Deno.test("calls: nobody but the owner of what rings is told, and only while it rings there", () =>
  withCalls((house) => {
    const { say, feed, calls } = house;
    const call = inbound({ to: "700", endpoint: "777-ep" });
    const second = channel("888-ep", { linkedid: call.caller.linkedid });
    say(...call.rings);
    assert.deepEqual(feed.seenBy(OTHER.id), []);
    say(SAYS.newchannel(second, "0"), SAYS.dialBegin(call.caller, second), SAYS.state(second, "5"));
    assert.deepEqual(calls.list()[0]!.rings.map(({ user_id }) => user_id), [IVAN.id, OTHER.id]);
    assert.deepEqual(calls.list()[0]!.party_ids, [IVAN.id, OTHER.id]);
    say(SAYS.hangupRequest(call.phone, "21"), SAYS.dialEnd(call.caller, call.phone, "NOANSWER"));
    const rings = feed.seenBy(IVAN.id).at(-1)!.rings;
    assert.deepEqual(rings.map(({ user_id }) => user_id), [OTHER.id]);
    say(SAYS.hangup(call.phone, "21"), SAYS.state(second, "6"), SAYS.dialEnd(call.caller, second, "ANSWER"));
    say(SAYS.enter(second, "b1"), SAYS.enter(call.caller, "b1"));
    assert.equal(feed.seenBy(IVAN.id).at(-1)!.answered_by!.name, OTHER.name, "answered elsewhere, by whom");
    assert.deepEqual(feed.seenBy(IVAN.id).at(-1)!.rings, []);
  }));

Deno.test("calls: two calls at once are two", () =>
  withCalls((house) => {
    const [one, two] = [inbound(), inbound({ from: "375291234567" })];
    house.say(...one.rings);
    house.clock.pass(100);
    house.say(...two.rings, ...one.declined);
    assert.deepEqual(house.calls.list().map(({ caller, status }) => [caller.number, status]), [
      ["375291234567", "incoming"],
      ["74951234567", "rejected"],
    ]);
    house.say(...two.answered);
    assert.deepEqual(house.calls.counts(), { incoming: 0, answered: 1 });
  }));

Deno.test("calls: an unknown number is warned of once, in the log and in what is shown", () =>
  withCalls((house) => {
    const call = inbound({ to: "999" });
    house.say(...call.rings);
    assert.equal(house.calls.list()[0]!.unknown_number, true);
    assert.deepEqual(house.calls.list()[0]!.party_ids, []);
    house.clock.pass(1000);
    house.say(...call.answered);
    house.clock.pass(1000);
    house.say(...call.ended);
    assert.deepEqual(warnings(house).map(({ message, detail }) => [message, detail.number]), [
      ["A call came for a number that nobody owns", "999"],
    ]);
  }));

Deno.test("calls: a number that could not even be rung is warned of when that is known", () =>
  withCalls((house) => {
    const caller = channel("trunk-ep", { number: "74951234567", exten: "999" });
    house.say(SAYS.newchannel(caller));
    assert.equal(house.calls.list()[0]!.unknown_number, false, "the dialplan may still ring somebody");
    house.say(SAYS.hangup(caller, "3"));
    assert.equal(house.calls.list()[0]!.unknown_number, true);
    assert.equal(house.calls.list()[0]!.end_reason, "unavailable");
    assert.equal(warnings(house).length, 1);
  }));

Deno.test("calls: a group's number is nobody's, and nothing to warn of when somebody's phone rings", () =>
  withCalls(async (house) => {
    house.say(...inbound({ to: "700", endpoint: "777-ep" }).rings);
    await house.settle();
    assert.equal(house.calls.list()[0]!.unknown_number, false);
    assert.equal(onlyRow(house).assigned_user_id, IVAN.id, "who was rung first");
    assert.deepEqual(warnings(house), []);
  }));

Deno.test("calls: what goes out is warned of never, and the company is that of who is called", () =>
  withCalls(async (house) => {
    const call = inbound({ to: "74951234567", endpoint: "trunk-ep", from: "777", line: "777-ep" });
    house.say(...call.rings, ...call.answered);
    await house.settle();
    const [view] = house.calls.list();
    assert.equal(view!.direction, "outbound");
    assert.deepEqual(view!.company, COMPANY);
    assert.equal(view!.unknown_number, false);
    const row = onlyRow(house);
    assert.equal(row.caller_company_id, null);
    assert.equal(row.assigned_user_id, null);
    assert.deepEqual(row.party_user_ids, [IVAN.id]);
  }));

Deno.test("calls: no whole number of somebody outside is in the log", () =>
  withCalls((house) => {
    house.book.owners["79160000001"] = OTHER;
    house.say(...inbound({ to: "79160000001", endpoint: "trunk-ep" }).rings, ...inbound().rings);
    assert.ok(house.logged.length > 0);
    assert.ok(!/\d{5,}/.test(JSON.stringify(house.logged.map(({ detail }) => ({ ...detail, call: "" })))));
  }));

Deno.test("calls: calls that meet in a bridge are one, in memory, in the table and in the feed", () =>
  withCalls(async (house) => {
    const { say, clock, calls, feed } = house;
    const first = inbound();
    say(...first.rings, ...first.answered);
    clock.pass(2000);
    const second = inbound({ to: "888", from: "777", line: "777-ep" });
    say(...second.rings, ...second.answered);
    await house.settle();
    const [consulted, kept] = calls.list().map(({ id }) => id) as [string, string];
    assert.equal(house.kept().length, 2);
    clock.pass(2000);
    // An attended transfer: the outside caller takes the place of the consulting phone.
    say(SAYS.leave(first.caller, first.bridge), SAYS.leave(second.caller, second.bridge));
    say(SAYS.enter(first.caller, second.bridge));
    assert.equal(calls.list().length, 2, "nothing has said that they are one");
    const phone = { ...second.phone, linkedid: first.caller.linkedid };
    say(SAYS.state(phone, "6"));
    await house.settle();
    assert.deepEqual(calls.list().map(({ id }) => id), [kept]);
    assert.deepEqual(
      feed.told.filter(({ event }) => event === "call.removed").map(({ data, userIds }) => [data, userIds]),
      [[{ id: consulted, into: kept }, [IVAN.id, OTHER.id]]],
    );
    assert.equal(calls.get(consulted)!.id, kept, "its old id leads on");
    assert.equal(calls.storyOf(consulted)!.id, kept);
    const rows = house.rows();
    assert.equal(rows.get(consulted)!.merged_into, kept);
    assert.equal(rows.get(consulted)!.state, null);
    assert.deepEqual(rows.get(kept)!.party_user_ids, [IVAN.id, OTHER.id]);
    say(SAYS.hangup(first.phone), SAYS.hangup(second.caller));
    clock.pass(3000);
    say(SAYS.hangup(first.caller), SAYS.hangup(phone));
    clock.pass(LINGER_MS);
    await house.settle();
    const row = onlyRow(house);
    assert.equal(row.view.segments.length, 3);
    assert.equal(row.duration, 7);
    assert.equal(row.status, "completed");
  }));

Deno.test("calls: no write that waited brings back a call that went into another", () =>
  withCalls(async (house) => {
    const { say, writer } = house;
    const [one, two] = [inbound(), inbound({ to: "888" })];
    writer.holding = true;
    say(...one.rings, ...two.rings, ...two.answered);
    say({ event: "Newstate", ...headers(two.phone, "", "6"), linkedid: one.caller.linkedid });
    writer.release();
    await house.settle();
    assert.equal(house.kept().length, 1);
    assert.equal(house.rows().size, 2);
    const gone = [...house.rows().values()].find(({ merged_into }) => merged_into !== null)!;
    assert.equal(gone.state, null);
    assert.equal(gone.merged_into, house.kept()[0]!.id);
  }));

Deno.test("calls: three calls may become one, by one event, and an id leads on through all of them", () =>
  withCalls(async (house) => {
    const { say, calls } = house;
    const [one, two, three] = [inbound(), inbound({ to: "888" }), inbound({ to: "150" })];
    say(...one.rings, ...two.rings, ...three.rings);
    const ids = calls.list().map(({ id }) => id).sort();
    say({ event: "Newstate", ...headers(three.phone, "", "5"), linkedid: two.caller.linkedid });
    say({ event: "Newstate", ...headers(two.phone, "", "5"), linkedid: one.caller.linkedid });
    assert.equal(calls.list().length, 1);
    for (const id of ids) assert.equal(calls.get(id)!.linked_id, one.caller.linkedid);
    say(...[one, two, three].flatMap(({ caller, phone }) => [SAYS.hangup(phone), SAYS.hangup(caller)]));
    house.clock.pass(LINGER_MS);
    await house.settle();
    assert.equal(onlyRow(house).view.legs.length, 6);
    assert.equal(house.calls.size, 0);
  }));

Deno.test("calls: what comes late of a call that is over makes no other one", () =>
  withCalls(async (house) => {
    const { say, clock, calls } = house;
    const call = inbound();
    say(...call.rings, ...call.answered, ...call.ended);
    clock.pass(LINGER_MS);
    await house.settle();
    const before = house.writer.units.length;
    for (const wait of [0, 100, 30_000]) {
      clock.pass(wait);
      say(...call.ended, ...call.rings, ...call.answered);
    }
    say({ event: "Rename", channel: call.phone.name, newname: "PJSIP/x", uniqueid: call.phone.uniqueid });
    await house.settle();
    assert.equal(calls.size, 0);
    assert.equal(house.writer.units.length, before);
    const another = channel("888-ep", { linkedid: call.caller.linkedid });
    say(SAYS.newchannel(another));
    assert.equal(calls.size, 1, "a channel that is new is none that is over");
  }));

Deno.test("calls: what is left of a call that began before anybody listened is no call", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.ended);
    await house.settle();
    assert.deepEqual(house.calls.list(), []);
    assert.equal(house.calls.get([...house.rows().keys()][0] ?? ""), null);
    house.clock.pass(LINGER_MS);
    await house.settle();
    assert.deepEqual(house.writer.units, []);
    assert.deepEqual(house.feed.told, []);
    assert.equal(house.calls.size, 0);
  }));

Deno.test("calls: a call that comes and goes in one millisecond has its row", () =>
  withCalls(async (house) => {
    const caller = channel("trunk-ep", { number: "74951234567", exten: "888" });
    house.say(SAYS.newchannel(caller), SAYS.hangup(caller, "3"));
    await house.settle();
    assert.equal(onlyRow(house).status, "missed");
    assert.equal(onlyRow(house).end_reason, "unavailable");
  }));

Deno.test("calls: an event that says nothing new is told to nobody and written nowhere", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.rings);
    await house.settle();
    const [told, written] = [house.feed.told.length, house.writer.units.length];
    house.say(...call.rings, ...call.rings);
    house.say({ event: "VarSet", ...headers(call.caller), variable: "X", value: "1" });
    house.say({ event: "Nonsense" }, {}, { event: "Newchannel" }, { event: "__proto__" });
    await house.settle();
    assert.deepEqual([house.feed.told.length, house.writer.units.length], [told, written]);
  }));

Deno.test("calls: a number that gets another owner during a call rings at that one's, and leaves the former's", () =>
  withCalls(async (house) => {
    const { say, feed, book, calls } = house;
    const call = inbound();
    say(...call.rings);
    const { id } = calls.list()[0]!;
    book.owners["777"] = OTHER;
    calls.namesChanged();
    assert.deepEqual(feed.told.slice(-2).map(({ event, userIds }) => [event, userIds]), [
      ["call.removed", [IVAN.id]],
      ["call.changed", [OTHER.id]],
    ]);
    assert.deepEqual(feed.told.at(-2)!.data, { id, into: null });
    assert.equal(feed.seenBy(OTHER.id).at(-1)!.rings[0]!.user_id, OTHER.id);
    const seen = feed.seenBy(IVAN.id).length;
    say(...call.answered, ...call.ended);
    await house.settle();
    assert.equal(feed.seenBy(IVAN.id).length, seen, "it is none of his any more");
    assert.deepEqual(onlyRow(house).party_user_ids, [OTHER.id]);
  }));

Deno.test("calls: whoever talked did, whatever becomes of the number while they talk", () =>
  withCalls(async (house) => {
    const { say, book, calls } = house;
    const call = inbound();
    say(...call.rings, ...call.answered);
    book.owners["777"] = OTHER;
    calls.namesChanged();
    say(...call.ended);
    await house.settle();
    const row = onlyRow(house);
    assert.deepEqual(row.party_user_ids, [IVAN.id]);
    assert.equal(row.answered_by_user_id, IVAN.id);
    assert.equal(row.assigned_user_id, IVAN.id);
    assert.equal(row.view.answered_by!.name, IVAN.name);
  }));

Deno.test("calls: a name that changes during a call is shown, and one that does not is not told again", () =>
  withCalls((house) => {
    house.say(...inbound().rings);
    const before = house.feed.told.length;
    house.calls.namesChanged();
    assert.equal(house.feed.told.length, before);
    house.book.companies["74951234567"] = { id: 6, name: "Another" };
    house.calls.namesChanged();
    assert.equal(house.calls.list()[0]!.company!.name, "Another");
    assert.equal(house.feed.told.length, before + 1);
  }));

Deno.test("calls: when so much changes at once that readers had better begin anew, they are told so", () =>
  withCalls((house) => {
    for (let index = 0; index < MANY; index++) house.say(...inbound().rings);
    house.calls.down(PBX, house.clock.now());
    assert.equal(house.feed.resyncs, 1);
    assert.ok(house.calls.list().every(({ uncertain }) => uncertain));
  }));

Deno.test("calls: an actor that fails is started anew from what was known, and goes on", async () => {
  const house = startCalls();
  const call = inbound();
  house.say(...call.rings);
  const { id } = house.calls.list()[0]!;
  // No PBX says it; it stands for whatever the machine cannot bear.
  const poison = { type: "sync.listed", at: house.clock.now(), lostAt: 0, channels: null } as never;
  await house.calls.act(id, poison, AUDIT);
  assert.deepEqual(house.calls.quarantined, [id]);
  assert.deepEqual(house.logged.filter(({ level }) => level === "error").map(({ message }) => message), [
    "A call's actor failed and was started anew",
  ]);
  assert.equal(house.calls.get(id)!.rings.length, 1);
  house.say(...call.answered);
  house.clock.pass(2000);
  house.say(...call.ended);
  house.clock.pass(LINGER_MS);
  await house.settle();
  assert.equal(onlyRow(house).status, "completed");
  assert.equal(onlyRow(house).duration, 2);
  assert.equal(onlyRow(house).id, id);
  house.calls.stop();
  assert.equal(house.clock.sim.live, 0);
});

Deno.test("calls: what was done to a call that went into another, or is over, is done to what it became", () =>
  withCalls(async (house) => {
    const { say, calls, writer } = house;
    const [one, two] = [inbound(), inbound({ to: "888" })];
    say(...one.rings, ...two.rings);
    const old = calls.list().find(({ receiver }) => receiver.number === "888")!.id;
    say({ event: "Newstate", ...headers(two.phone, "", "5"), linkedid: one.caller.linkedid });
    await calls.act(old, { type: "operator.noted", at: house.clock.now(), notes: "rang back" }, AUDIT);
    assert.equal(calls.get(old)!.notes, "rang back");
    say(...[one, two].flatMap(({ caller, phone }) => [SAYS.hangup(phone), SAYS.hangup(caller)]));
    house.clock.pass(LINGER_MS);
    await calls.act(old, { type: "operator.hungup", at: house.clock.now(), by: BY }, AUDIT);
    assert.equal(writer.audit.length, 2, "the line in the audit log is written all the same");
  }));

Deno.test("calls: a write that fails is told in the log and does no other harm", async () => {
  const house = startCalls();
  house.writer.failure = new Error("no");
  const call = inbound();
  house.say(...call.rings);
  await house.settle();
  assert.ok(house.logged.some(({ message }) => message === "A call could not be recorded"));
  house.writer.failure = null;
  house.say(...call.answered);
  await house.settle();
  assert.equal(onlyRow(house).status, "answered");
  house.calls.stop();
});

Deno.test("calls: those of one PBX are none of another's, whatever their ids", () =>
  withCalls((house) => {
    house.calls.addPbx("second");
    house.calls.synced("second", { at: house.clock.now(), epoch: "e", channels: [], buffered: [] });
    const call = inbound();
    for (const packet of call.rings) {
      house.say(packet);
      house.calls.event("second", packet, house.clock.now());
    }
    assert.deepEqual(house.calls.list().map(({ pbx }) => pbx).sort(), [PBX, "second"].sort());
    assert.throws(() => house.calls.event("third", call.rings[0]!, 0), /third/);
  }));

Deno.test("calls: many short ones leave nothing behind but what is remembered for a while", () =>
  withCalls(async (house) => {
    for (let index = 0; index < 1200; index++) {
      const call = inbound();
      house.say(...call.rings, ...call.declined);
      house.clock.pass(10);
    }
    house.clock.pass(LINGER_MS);
    await house.settle();
    assert.equal(house.calls.size, 0);
    assert.equal(house.kept().length, 1200);
    assert.equal(house.calls.list().length, 1000, "so many are told to whoever begins to look");
    assert.ok(house.kept().every(({ status, state }) => status === "rejected" && state === null));
  }));

const BY = { userId: 1, name: "Ivan Ivanov", number: "777" };
const AUDIT = {
  ref: "A1",
  at: "2026-01-01T00:00:00.000Z",
  user_id: 1,
  actor: "Ivan Ivanov",
  action: "call.note",
  target: null,
  address: null,
  result: "done",
  detail: {},
};
