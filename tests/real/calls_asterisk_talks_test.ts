/**
 * @module
 * The ways a call may go, live: SIPp phones on a real Asterisk, the whole service beside it, and what the API says of
 * each call against the expectations of the traces. All calls of a version go side by side, as calls do.
 */
import assert from "node:assert/strict";
import { EXPECTED, type ExpectedCall, type ExpectedCourse, expectedMore } from "../actors/ami/trace_files.ts";
import { openAmiEar } from "../support/ami_ear.ts";
import { ASTERISK_VERSIONS } from "../support/asterisk_chroot.ts";
import { NUMBERS } from "../support/asterisk_config.ts";
import {
  asteriskTest,
  type CallGround,
  checkCourse,
  isOver,
  type OutsideCall,
  sideBySide,
} from "../support/call_ground.ts";
import { type CallOptions, transferAttended } from "../support/sipp.ts";

/** How a live call differs from its trace. Seconds. */
interface Live {
  /** Numbers by those that take part instead. */
  as?: Record<string, string>;
  /** Of each conversation. */
  segments?: number[];
  /** In all; default the sum of the conversations. */
  talk?: number;
}

/** What a trace's call comes to when somebody else calls. */
function expectedOf(trace: string, caller: string, { as = {}, segments, talk }: Live = {}, index = 0) {
  const found = (EXPECTED[trace] ?? expectedMore("live", trace))?.calls[index];
  assert.ok(found !== undefined, `nobody said what ${trace} comes to`);
  let text = JSON.stringify(found).replaceAll("74951234567", caller);
  for (const [theirs, ours] of Object.entries(as)) {
    text = text.replace(new RegExp(`\\b${theirs}\\b`, "g"), ours);
  }
  const expected = JSON.parse(text) as ExpectedCall | ExpectedCourse;
  for (const [at, s] of (segments ?? []).entries()) {
    if ("segments" in expected) expected.segments[at]!.s = s;
  }
  const sum = segments?.reduce((one, other) => one + other, 0);
  return { ...expected, talk_s: talk ?? sum ?? expected.talk_s };
}

function storiesOn(ground: CallGround) {
  const check = async (trace: string, caller: string, live?: Live, index?: number) => {
    const call = await ground.seen(caller, `the end of ${trace}`, isOver, { timeoutMs: 30_000 });
    checkCourse(call, expectedOf(trace, caller, live, index), trace);
  };
  /** A call from outside that the phones do the rest of. */
  const outside = (trace: string, to: string, options: Partial<CallOptions>, live?: Live) => async () => {
    const call = await ground.outside(to, options);
    await call.end();
    await check(trace, call.number, live);
  };
  const inside = (trace: string, options: CallOptions, live?: Live, index?: number) => async () => {
    await (await ground.call(options)).end();
    await check(trace, options.from, live, index);
  };
  return { check, outside, inside };
}

/** 777 lets ring for ever, 888 answers after a while, and others do what each is for. */
async function whileIvanIsAway(ground: CallGround): Promise<void> {
  const { check, outside, inside } = storiesOn(ground);
  const [consulting, picked] = await Promise.all([
    ground.phone("164", { does: "answers" }),
    ground.phone("165", { does: "rings" }),
    ground.phone("777", { does: "rings" }),
    ground.phone("888", { does: "answers", ringMs: 1500 }),
    ground.phone("151", { does: "refuses", status: "486 Busy Here" }),
    ground.phone("152", { does: "answers" }),
    ground.phone("160", { does: "refuses", status: "603 Decline" }),
    ground.phone("162", { does: "transfers", talkMs: 1500, target: "888" }),
    ground.phone("163", { does: "transfers", talkMs: 1500, target: NUMBERS.park }),
    ground.phone("166", { does: "hangs_up", talkMs: 2000 }),
  ]);
  const ended = async (call: OutsideCall, trace: string, live: Live) => {
    await call.end();
    await check(trace, call.number, live);
  };
  await sideBySide({
    "callee hangs up": outside("answered-callee-hangs-up", "166", {}, { as: { 777: "166" }, talk: 2 }),
    "caller cancels": outside("missed-caller-cancels", "150", { patienceMs: 800 }, { as: { 777: "150" } }),
    "busy": outside("busy", "151", {}, { as: { 777: "151" } }),
    "declined": outside("declined-on-phone", "160", {}, { as: { 777: "160" } }),
    "unregistered": outside("unregistered", "161", {}, { as: { 888: "161" } }),
    "unknown number": outside("unknown-number", "199", {}, { as: { 999: "199" } }),
    "internal": inside("internal-answered", { from: "150", to: "152", talkMs: 2000 }, { talk: 2 }),
    "ring group": outside("ring-group-second-answers", NUMBERS.group, { talkMs: 2000 }, { talk: 2 }),
    "ring group, caller gives up": outside("group-caller-cancels", NUMBERS.group, { patienceMs: 900 }),
    "sequential dial": outside("sequential-dial", NUMBERS.sequence, { talkMs: 2000 }, { segments: [2] }),
    "voicemail": outside("voicemail", NUMBERS.voicemail, {}),
    // One after the other: only who is first in a queue is offered to its members.
    "queue abandoned, queue answered": async () => {
      await outside("queue-abandoned", NUMBERS.queue, { talkMs: 600 })();
      await outside("queue-answered", NUMBERS.queue, { talkMs: 4000 }, { segments: [2.5] })();
    },
    "Local forks": outside("local-forks", NUMBERS.localForks, { talkMs: 2000, silent: true }, {
      segments: [2],
    }),
    "Local forks, optimized": outside("local-forks-optimized", NUMBERS.localForks, { talkMs: 2000 }, {
      segments: [2],
    }),
    "blind transfer": outside("blind-transfer", "162", { talkMs: 5000 }, {
      as: { 777: "162" },
      segments: [1.5, 2],
    }),
    "attended transfer": async () => {
      const call = await ground.outside("164", { talkMs: 5000 });
      await consulting.did("answered");
      const consult = await ground.call({ from: "164", to: "888" });
      await transferAttended(ground.asterisk, consulting, { call: consult, to: "888" });
      await ended(call, "attended-transfer", { as: { 777: "164" }, segments: [2, 0.2, 3], talk: 5 });
    },
    "parking": async () => {
      const call = await ground.outside("163", { talkMs: 5000 });
      await ground.seen(
        call.number,
        "parking",
        ({ timeline }) => timeline.some(({ kind }) => kind === "parked"),
      );
      await ground.call({ from: "888", to: NUMBERS.parked });
      await ended(call, "parking", { as: { 777: "163" }, segments: [1.5, 3] });
    },
    "pickup": async () => {
      const call = await ground.outside("165", {});
      await picked.did("ringing");
      await ground.call({ from: "888", to: NUMBERS.pickup, talkMs: 2000 });
      await ended(call, "pickup", { as: { 777: "165" }, segments: [2] });
    },
    "conference": async () => {
      // Whoever is alone hears of that for two and a half seconds before they are let in.
      const call = await ground.outside(NUMBERS.conference, { talkMs: 5000 });
      await ground.seen(call.number, "conference", ({ status }) => status === "answered");
      await sideBySide({
        "from outside": () => ended(call, "conference", { segments: [2.5] }),
        "from inside": inside("conference", { from: "161", to: NUMBERS.conference, talkMs: 1500 }, {
          as: { 150: "161" },
          segments: [1.5],
        }, 1),
      });
    },
  });
}

/** 777 answers at once. */
async function whileIvanIsThere(ground: CallGround): Promise<void> {
  const { outside, inside } = storiesOn(ground);
  await Promise.all([
    ground.phone("777", { does: "answers" }),
    ground.phone("trunk", { does: "answers" }),
  ]);
  await sideBySide({
    "answered": outside("answered", "777", { talkMs: 2000 }, { talk: 2 }),
    "two calls, the first": outside("two-calls", "777", { talkMs: 3000 }),
    "two calls, the second": inside("two-calls", { from: "151", to: "777", talkMs: 1500 }, {
      as: { 150: "151" },
    }, 1),
    "outbound": inside("outbound-answered", { from: "777", to: "9375291234567", talkMs: 2000 }, { talk: 2 }),
    "IVR, then an answer": outside("ivr-then-answer", NUMBERS.ivr, { talkMs: 5000 }, { segments: [2.5] }),
    "IVR, hung up": outside("ivr-hangup", NUMBERS.ivr, { talkMs: 500 }),
    "one Local channel": outside("local-single", NUMBERS.localSingle, { talkMs: 2000, silent: true }, {
      segments: [2],
    }),
    "one Local channel, optimized": outside("local-single-optimized", NUMBERS.localSingle, {
      talkMs: 2000,
    }, { segments: [2] }),
  });
}

/** Calls that are placed above, each of which has to be one row: those that became part of another are none. */
const CALLS = 30;

for (const version of ASTERISK_VERSIONS) {
  asteriskTest(version, "each way a call may go is one row that tells it as it was", {
    extra: {
      // Who is rung by one call may be rung by another: calls here do not wait for each other.
      "queues.conf": "[support](+)\nringinuse = yes",
      // What 888 picks up is the one call of 165's.
      "pjsip.conf": "[165-ep](+)\ncall_group = 2\n[888-ep](+)\npickup_group = 2",
    },
  }, async (ground) => {
    await ground.linkUp();
    assert.equal(
      (await ground.link()).warning,
      null,
      "the documented account is enough, and no more than that",
    );
    const ear = await openAmiEar(ground.asterisk.ami);
    ground.defer(() => ear.close());
    await ground.phone("150", { does: "rings" });
    const { outside } = storiesOn(ground);
    await sideBySide({
      "dial timeout": outside("missed-dial-timeout", "150", {}, { as: { 777: "150" } }),
      "the others": async () => {
        await whileIvanIsAway(ground);
        await whileIvanIsThere(ground);
      },
    });
    const calls = await ground.calls();
    assert.equal(
      calls.length,
      CALLS,
      calls.map(({ caller, receiver, status }) => `${caller.number} ${receiver.number} ${status}`).join("; "),
    );
    for (const call of calls) {
      const { legs: _legs, segments: _segments, timeline: _timeline, ...told } =
        (await ground.admin.api("GET", `/api/calls/${call.id}`)).body;
      assert.deepEqual(call, told, "its row is not what was shown of it");
    }
    const heard = new Set(ear.packets.map((packet) => packet.get("Event")));
    for (const unread of ["BridgeCreate", "NewConnectedLine", "SoftHangupRequest"]) {
      assert.equal(heard.has(unread), false, `the documented filter lets ${unread} through`);
    }
    assert.equal(await ground.metric("doorline_actors_quarantined"), 0);
    assert.deepEqual(ground.service.stderr().filter((line) => /"level":(50|60)/.test(line)), []);
    assert.equal((await ground.link()).state, "up");
  });
}
