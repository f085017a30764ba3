/**
 * @module
 * What people do to calls from a page: who may, what the PBX is told, what is recorded, why it is refused.
 */
import assert from "node:assert/strict";
import { AmiNotUp, AmiRefused, AmiTimeout, AmiUnsafeValue } from "../../actors/ami/packet.ts";
import { CallDesk, type CallUser } from "../../actors/call_desk.ts";
import { type CallRefusal, CallRefused, NoSuchCall } from "../../actors/call_errors.ts";
import { type Database, DatabaseAway } from "../../db/client.ts";
import { LINGER_MS } from "../../machines/call.ts";
import { channel, inbound, IVAN, OTHER, PBX, SAYS, startCalls } from "./call_house.ts";

const AS_IVAN: CallUser = { userId: IVAN.id, name: IVAN.name, role: "employee", address: "192.0.2.1" };
const AS_OTHER: CallUser = { userId: OTHER.id, name: OTHER.name, role: "employee", address: null };
const AS_OPERATOR: CallUser = { userId: 9, name: "An Operator", role: "operator", address: null };

function startDesk() {
  const house = startCalls();
  const told: { action: string; fields: Record<string, string> }[] = [];
  const answers: { error: Error | null; meanwhile: () => void } = { error: null, meanwhile: () => {} };
  const desk = new CallDesk({
    calls: house.calls,
    // Only for notes to calls that are over, which are tested with a database.
    database: {} as Database,
    book: house.book,
    clock: house.clock,
    pbx: {
      action: (pbx, action, fields) => {
        assert.equal(pbx, PBX);
        told.push({ action, fields });
        answers.meanwhile();
        return answers.error === null ? Promise.resolve({}) : Promise.reject(answers.error);
      },
    },
  });
  return { ...house, desk, told, answers, id: () => house.calls.list()[0]!.id };
}

type Desk = ReturnType<typeof startDesk>;

async function withDesk(run: (house: Desk) => Promise<void>): Promise<void> {
  const house = startDesk();
  try {
    await run(house);
    await house.settle();
  } finally {
    house.calls.stop();
    assert.equal(house.clock.sim.live, 0, "timers after the stop");
  }
}

async function assertRefused(promise: Promise<unknown>, kind: CallRefusal): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof CallRefused, String(error));
    assert.equal(error.kind, kind);
    assert.doesNotMatch(error.message, /\.$/);
    return true;
  });
}

const DOINGS: Record<string, (desk: CallDesk, id: string, by: CallUser) => Promise<unknown>> = {
  accept: (desk, id, by) => desk.accept(id, by),
  reject: (desk, id, by) => desk.reject(id, by),
  hangup: (desk, id, by) => desk.hangup(id, by),
  transfer: (desk, id, by) => desk.transfer(id, by, "888"),
};

Deno.test("call desk: accept takes note of who takes it, and has the phone lift", () =>
  withDesk(async ({ desk, say, told, id, writer, clock }) => {
    const call = inbound();
    say(...call.rings);
    const { call: view, phone } = await desk.accept(id(), AS_IVAN);
    assert.equal(phone, "answering");
    assert.equal(view.accepted_by!.id, IVAN.id);
    assert.equal(view.status, "incoming", "that he lifted is told by the PBX");
    assert.deepEqual(told, [
      { action: "PJSIPNotify", fields: { Channel: call.phone.name, Variable: "Event=talk" } },
    ]);
    const row = writer.units.at(-1)!.calls![0]!;
    assert.equal(row.accepted_by_user_id, IVAN.id);
    assert.equal(row.accepted_at, new Date(clock.toWall(clock.now())).toISOString());
    assert.deepEqual(
      writer.audit.map((
        { action, target, user_id, address, result },
      ) => [action, target, user_id, address, result]),
      [["call.accept", view.id, IVAN.id, "192.0.2.1", "done"]],
    );
  }));

Deno.test("call desk: a phone that cannot be told to lift is no reason not to accept", () =>
  withDesk(async ({ desk, say, id, answers, calls, clock }) => {
    say(...inbound().rings);
    answers.error = new AmiRefused("PJSIPNotify", "No such channel");
    assert.equal((await desk.accept(id(), AS_IVAN)).phone, "not_supported");
    calls.down(PBX, clock.now());
    const answer = await desk.accept(id(), AS_IVAN);
    assert.deepEqual([answer.phone, answer.call.uncertain], ["not_supported", true]);
  }));

Deno.test("call desk: reject hangs up that user's leg with cause 21, and in a group the others ring on", () =>
  withDesk(async ({ desk, say, id, told, writer, clock, settle, ...house }) => {
    const call = inbound({ to: "700", endpoint: "777-ep" });
    const second = channel("888-ep", { linkedid: call.caller.linkedid });
    say(...call.rings, SAYS.newchannel(second, "0"), SAYS.dialBegin(call.caller, second));
    clock.pass(1000);
    await desk.reject(id(), AS_IVAN);
    assert.deepEqual(told, [{ action: "Hangup", fields: { Channel: call.phone.name, Cause: "21" } }]);
    say(SAYS.dialEnd(call.caller, call.phone, "NOANSWER"), SAYS.hangup(call.phone, "21"));
    assert.deepEqual(house.calls.list()[0]!.rings.map(({ user_id }) => user_id), [OTHER.id]);
    assert.equal(house.calls.list()[0]!.status, "incoming");
    await desk.reject(id(), AS_OTHER);
    say(
      SAYS.dialEnd(call.caller, second, "NOANSWER"),
      SAYS.hangup(second, "21"),
      SAYS.hangup(call.caller, "21"),
    );
    clock.pass(LINGER_MS);
    await settle();
    const [row] = house.kept();
    assert.deepEqual([row!.status, row!.end_reason], ["rejected", "rejected_by_user"]);
    assert.deepEqual(writer.audit.map(({ action }) => action), ["call.reject", "call.reject"]);
  }));

Deno.test("call desk: a rejection that the PBX refuses is none, and is not recorded", () =>
  withDesk(async ({ desk, say, id, answers, clock, writer, settle, ...house }) => {
    const call = inbound();
    say(...call.rings);
    answers.error = new AmiRefused("Hangup", "No such channel");
    await assertRefused(desk.reject(id(), AS_IVAN), "pbx-refused");
    clock.pass(1000);
    say(...call.unanswered);
    await settle();
    assert.deepEqual(house.kept().map(({ status, end_reason }) => [status, end_reason]), [[
      "missed",
      "no_answer",
    ]]);
    assert.deepEqual(writer.audit, []);
  }));

Deno.test("call desk: of two phones that ring one may be gone already", () =>
  withDesk(async ({ desk, say, id, answers, book, told, calls }) => {
    book.owners["888"] = IVAN;
    const call = inbound({ to: "700", endpoint: "777-ep" });
    const second = channel("888-ep", { linkedid: call.caller.linkedid });
    say(...call.rings, SAYS.newchannel(second, "0"), SAYS.dialBegin(call.caller, second));
    answers.meanwhile = () => {
      answers.error = told.length === 1 ? new AmiRefused("Hangup", "No such channel") : null;
    };
    await desk.reject(id(), AS_IVAN);
    assert.equal(told.length, 2);
    const { record } = calls.storyOf(id())!;
    assert.deepEqual(record.notes.map((note) => note.kind === "rejected" && note.uniqueids), [[
      second.uniqueid,
    ]]);
  }));

Deno.test("call desk: the PBX may say that the leg is gone before it says that it was done", () =>
  withDesk(async ({ desk, say, id, answers, settle, clock, ...house }) => {
    const call = inbound();
    say(...call.rings);
    answers.meanwhile = () => {
      clock.pass(5);
      say(...call.declined.slice(1));
    };
    await desk.reject(id(), AS_IVAN);
    await settle();
    assert.deepEqual(house.kept().map(({ status, end_reason }) => [status, end_reason]), [
      ["rejected", "rejected_by_user"],
    ]);
  }));

Deno.test("call desk: hang up ends the own leg, and who calls may give up", () =>
  withDesk(async ({ desk, say, id, told, clock, settle, ...house }) => {
    const call = inbound();
    say(...call.rings, ...call.answered);
    await desk.hangup(id(), AS_IVAN);
    assert.deepEqual(told.splice(0), [{
      action: "Hangup",
      fields: { Channel: call.phone.name, Cause: "16" },
    }]);
    clock.pass(10);
    say(...call.ended.slice(1));
    clock.pass(LINGER_MS);
    const own = inbound({ to: "888", from: "777", line: "777-ep" });
    say(...own.rings);
    clock.pass(1000);
    await desk.hangup(id(), AS_IVAN);
    assert.deepEqual(told, [{ action: "Hangup", fields: { Channel: own.caller.name, Cause: "16" } }]);
    say(SAYS.dialEnd(own.caller, own.phone, "CANCEL"), SAYS.hangup(own.phone), SAYS.hangup(own.caller));
    await settle();
    assert.equal(house.kept().at(-1)!.end_reason, "caller_gave_up");
  }));

Deno.test("call desk: whoever talks may end it, and not who was given the number meanwhile", () =>
  withDesk(async ({ desk, say, id, told, book, calls }) => {
    const call = inbound();
    say(...call.rings, ...call.answered);
    book.owners["777"] = OTHER;
    calls.namesChanged();
    const heir: CallUser = { ...AS_IVAN, userId: OTHER.id, name: OTHER.name, role: "operator" };
    await assertRefused(desk.hangup(id(), heir), "not-party");
    assert.deepEqual(told, []);
    await desk.hangup(id(), AS_IVAN);
    assert.deepEqual(told, [{ action: "Hangup", fields: { Channel: call.phone.name, Cause: "16" } }]);
  }));

Deno.test("call desk: transfer sends on whoever the own leg talks to", () =>
  withDesk(async ({ desk, say, id, told, writer }) => {
    const call = inbound();
    say(...call.rings, ...call.answered);
    await desk.transfer(id(), AS_IVAN, "888");
    assert.deepEqual(told, [
      { action: "BlindTransfer", fields: { Channel: call.phone.name, Context: "internal", Exten: "888" } },
    ]);
    assert.deepEqual(writer.audit.map(({ action, detail }) => [action, detail]), [["call.transfer", {
      to: "888",
    }]]);
  }));

Deno.test("call desk: a transfer after which the call went into another is recorded there", () =>
  withDesk(async ({ desk, say, id, answers, writer, calls }) => {
    const [older, call] = [inbound({ to: "888" }), inbound()];
    say(...older.rings);
    const before = id();
    say(...call.rings, ...call.answered);
    const mine = calls.list().find(({ id }) => id !== before)!.id;
    answers.meanwhile = () => say({ ...SAYS.state(call.phone, "6"), linkedid: older.caller.linkedid });
    const view = await desk.transfer(mine, AS_IVAN, "888");
    assert.equal(view.id, before);
    assert.equal(writer.audit.length, 1);
    assert.ok(calls.get(before)!.timeline.some(({ kind }) => kind === "transfer_asked"));
  }));

Deno.test("call desk: nothing but an internal number is transferred to", () =>
  withDesk(async ({ desk, say, id, told }) => {
    const call = inbound();
    say(...call.rings, ...call.answered);
    for (const to of ["", "74951234567", "8&9", "888,s", "abc", "８８８", "1".repeat(30), "8\r\n8"]) {
      await assertRefused(desk.transfer(id(), AS_IVAN, to), "bad-number");
    }
    assert.deepEqual(told, []);
  }));

for (const [doing, act] of Object.entries(DOINGS)) {
  Deno.test(`call desk: ${doing}: there is no such call, or none that may be seen`, () =>
    withDesk(async ({ desk, say, id, told }) => {
      await assert.rejects(act(desk, "none", AS_IVAN), NoSuchCall);
      say(...inbound().rings);
      await assert.rejects(act(desk, id(), AS_OTHER), NoSuchCall);
      assert.deepEqual(told, []);
    }));

  Deno.test(`call desk: ${doing}: who sees all calls is party to none of them by that`, () =>
    withDesk(async ({ desk, say, id, told, writer }) => {
      const call = inbound();
      say(...call.rings);
      await assertRefused(act(desk, id(), AS_OPERATOR), "not-party");
      say(...call.answered);
      await assertRefused(act(desk, id(), AS_OPERATOR), "not-party");
      assert.deepEqual([told, writer.audit], [[], []]);
    }));

  Deno.test(`call desk: ${doing}: of a call that is over nothing is left to do`, () =>
    withDesk(async ({ desk, say, id, clock, told }) => {
      const call = inbound();
      say(...call.rings, ...call.declined);
      await assertRefused(act(desk, id(), AS_IVAN), "over");
      await assertRefused(act(desk, id(), AS_OPERATOR), "over");
      clock.pass(LINGER_MS);
      await assertRefused(act(desk, id(), AS_IVAN), "over");
      assert.deepEqual(told, []);
    }));

  Deno.test(`call desk: ${doing}: whoever is party to it may be in the wrong part of it`, () =>
    withDesk(async ({ desk, say, id, told }) => {
      const call = inbound();
      say(...call.rings);
      if (doing === "hangup" || doing === "transfer") {
        await assertRefused(act(desk, id(), AS_IVAN), "not-ringing");
      } else {
        say(...call.answered);
        await assertRefused(act(desk, id(), AS_IVAN), "not-ringing");
      }
      assert.deepEqual(told, []);
    }));

  if (doing === "accept") continue;

  Deno.test(`call desk: ${doing}: is refused while the link is down, or goes down, or says no`, () =>
    withDesk(async ({ desk, say, id, calls, clock, told, answers, writer }) => {
      const call = inbound();
      say(...call.rings);
      if (doing !== "reject") say(...call.answered);
      const why: [Error, CallRefusal][] = [
        [new AmiNotUp(PBX, true), "link-down"],
        [new AmiTimeout("x", 1), "link-down"],
        [new AmiRefused("x", "Permission denied"), "pbx-refused"],
        [new AmiUnsafeValue("Channel", "it is odd"), "pbx-refused"],
      ];
      for (const [error, kind] of why) {
        answers.error = error;
        await assertRefused(act(desk, id(), AS_IVAN), kind);
      }
      answers.error = new TypeError("a mistake");
      await assert.rejects(act(desk, id(), AS_IVAN), TypeError);
      answers.error = null;
      told.length = 0;
      calls.down(PBX, clock.now());
      await assertRefused(act(desk, id(), AS_IVAN), "link-down");
      assert.deepEqual([told, writer.audit], [[], []]);
    }));
}

Deno.test("call desk: a note is written to a call by whoever may see it", () =>
  withDesk(async ({ desk, say, id, writer, clock }) => {
    const call = inbound();
    say(...call.rings);
    assert.equal((await desk.note(id(), AS_OPERATOR, "rings back")).notes, "rings back");
    clock.pass(1);
    assert.equal((await desk.note(id(), AS_IVAN, "")).notes, "");
    assert.deepEqual(writer.audit.map(({ action, actor }) => [action, actor]), [
      ["call.note", "An Operator"],
      ["call.note", "Ivan Ivanov"],
    ]);
    await assert.rejects(desk.note(id(), AS_OTHER, "x"), NoSuchCall);
  }));

Deno.test("call desk: while the database is away whoever acts is told so in time, and it is recorded when it is back", () =>
  withDesk(async ({ desk, say, id, writer, clock, settle, calls }) => {
    say(...inbound().rings);
    await settle();
    writer.holding = true;
    const doing = desk.accept(id(), AS_IVAN);
    const refused = assert.rejects(doing, DatabaseAway);
    await settle();
    clock.pass(3000);
    await refused;
    assert.equal(calls.get(id())!.accepted_by!.id, IVAN.id);
    writer.release();
    await settle();
    assert.deepEqual(writer.audit.map(({ action }) => action), ["call.accept"]);
  }));

Deno.test("call desk: employees see the calls they are party to, others all", () => {
  const { desk, calls } = startDesk();
  const call = { party_ids: [IVAN.id] };
  assert.equal(desk.visibleTo(call, AS_IVAN), true);
  assert.equal(desk.visibleTo(call, AS_OTHER), false);
  assert.equal(desk.visibleTo(call, AS_OPERATOR), true);
  assert.equal(desk.visibleTo(call, { userId: 3, role: "admin" }), true);
  calls.stop();
});
