/**
 * @module
 * Calls through the emulated Asterisk tell, channel by channel and header by header, what real ones told in traces.
 */
import assert from "node:assert/strict";
import type { CallOptions, EmulatedAsterisk, EmulatedCall } from "../../emulators/asterisk.ts";
import { DEFAULT_ENDPOINTS } from "../../emulators/asterisk_phones.ts";
import { type RawAmi, withAsterisk } from "./asterisk_client.ts";
import { header, readTrace, storyOf } from "./asterisk_compare.ts";

/** A trace, and how to make the emulated one tell the same. */
interface Case {
  trace: string;
  call: Partial<CallOptions>;
  play(call: EmulatedCall, ami: RawAmi, asterisk: EmulatedAsterisk): void | Promise<void>;
}

const INBOUND = { from: "74951234567", fromName: "ООО Тестовая Компания" };

/** The name of a channel that is up. */
function channelOf(call: EmulatedCall, endpoint: string): string {
  const name = call.channels.find((one) => one.startsWith(`PJSIP/${endpoint}-ep-`));
  assert.ok(name, `a channel of ${endpoint}`);
  return name;
}

const CASES: readonly Case[] = [
  { trace: "answered", call: { to: "777" }, play: (call) => (call.answer("777"), call.callerHangsUp()) },
  {
    trace: "answered-callee-hangs-up",
    call: { to: "777" },
    play: (call) => (call.answer("777"), call.calleeHangsUp("777")),
  },
  { trace: "busy", call: { to: "777" }, play: (call) => call.busy("777") },
  { trace: "declined-on-phone", call: { to: "777" }, play: (call) => call.decline("777") },
  { trace: "missed-caller-cancels", call: { to: "777" }, play: (call) => call.callerHangsUp() },
  { trace: "missed-dial-timeout", call: { to: "777" }, play: (call) => call.timeOut() },
  { trace: "unregistered", call: { to: "888" }, play: () => {} },
  { trace: "unknown-number", call: { to: "999" }, play: () => {} },
  {
    trace: "ring-group-second-answers",
    call: { to: "700" },
    play: (call) => (call.answer("888"), call.callerHangsUp()),
  },
  {
    trace: "group-all-decline",
    call: { to: "700" },
    play: (call) => (call.decline("777"), call.decline("888")),
  },
  { trace: "group-caller-cancels", call: { to: "700" }, play: (call) => call.callerHangsUp() },
  {
    trace: "internal-answered",
    call: { from: "150", fromName: undefined, to: "152" },
    play: (call) => (call.answer(), call.callerHangsUp()),
  },
  {
    trace: "outbound-answered",
    call: { from: "777", fromName: undefined, to: "9375291234567" },
    play: (call) => (call.answer(), call.calleeHangsUp()),
  },
  {
    trace: "ivr-then-answer",
    call: { to: "701" },
    play: (call) => (call.timeOut(), call.timeOut(), call.answer(), call.callerHangsUp()),
  },
  { trace: "ivr-hangup", call: { to: "701" }, play: (call) => call.callerHangsUp() },
  {
    trace: "queue-answered",
    call: { to: "702" },
    play: (call) => (call.answer("888"), call.callerHangsUp()),
  },
  { trace: "queue-abandoned", call: { to: "702" }, play: (call) => call.callerHangsUp() },
  {
    trace: "queue-one-by-one",
    call: { to: "709" },
    play: (call) => (call.timeOut(), call.answer("888"), call.callerHangsUp()),
  },
  {
    trace: "sequential-dial",
    call: { to: "703" },
    play: (call) => (call.timeOut(), call.answer("888"), call.callerHangsUp()),
  },
  {
    trace: "voicemail",
    call: { to: "706" },
    play: (call) => (call.timeOut(), call.timeOut()),
  },
  {
    trace: "busy-then-next",
    call: { to: "703" },
    play: (call) => (call.busy("777"), call.answer("888"), call.callerHangsUp()),
  },
  {
    trace: "blind-transfer",
    call: { to: "777" },
    play: (call) => {
      call.answer();
      call.blindTransfer("777", "888");
      call.answer("888");
      call.callerHangsUp();
    },
  },
  {
    trace: "blind-transfer-unanswered",
    call: { to: "777" },
    play: (call) => (call.answer(), call.blindTransfer("777", "888"), call.callerHangsUp()),
  },
  {
    trace: "blind-transfer-outside",
    call: { to: "777" },
    play: (call) => {
      call.answer();
      call.blindTransfer("777", "9375291234567");
      call.answer("9375291234567");
      call.callerHangsUp();
    },
  },
  {
    trace: "attended-transfer",
    call: { to: "777" },
    play: (call) => {
      call.answer();
      const transfer = call.attendedTransfer("777", "888");
      transfer.consult.answer("888");
      transfer.complete();
      call.callerHangsUp();
    },
  },
  { trace: "local-forks", call: { to: "704" }, play: (call) => (call.answer("888"), call.callerHangsUp()) },
  { trace: "local-single", call: { to: "705" }, play: (call) => (call.answer("777"), call.callerHangsUp()) },
  {
    trace: "reject-ami",
    call: { to: "777" },
    play: async (call, ami) => void await ami.act("Hangup", { Channel: channelOf(call, "777"), Cause: "21" }),
  },
  {
    trace: "reject-ami-group",
    call: { to: "700" },
    play: async (call, ami) => {
      await ami.act("Hangup", { Channel: channelOf(call, "777"), Cause: "21" });
      call.answer("888");
      call.callerHangsUp();
    },
  },
  {
    trace: "reject-ami-sequence",
    call: { to: "703" },
    play: async (call, ami) => {
      await ami.act("Hangup", { Channel: channelOf(call, "777"), Cause: "21" });
      call.answer("888");
      call.callerHangsUp();
    },
  },
  {
    trace: "notify-talk",
    call: { to: "777" },
    play: async (call, ami) => {
      await ami.act("PJSIPNotify", { Channel: channelOf(call, "777"), Variable: "Event=talk" });
      call.callerHangsUp();
    },
  },
  {
    trace: "redirect-ami",
    call: { to: "777" },
    play: async (call, ami) => {
      call.answer();
      await ami.act("Redirect", {
        Channel: channelOf(call, "trunk"),
        Context: "internal",
        Exten: "888",
        Priority: "1",
      });
      call.answer("888");
      call.callerHangsUp();
    },
  },
  {
    trace: "blind-transfer-ami",
    call: { to: "777" },
    play: async (call, ami) => {
      call.answer();
      await ami.act("BlindTransfer", { Channel: channelOf(call, "777"), Context: "internal", Exten: "888" });
      call.answer("888");
      call.callerHangsUp();
    },
  },
];

for (const version of [16, 22] as const) {
  for (const { trace, call: options, play } of CASES) {
    Deno.test(`emulated Asterisk ${version}: ${trace} is told as a real one tells it`, async () => {
      const endpoints = DEFAULT_ENDPOINTS.map((one) =>
        trace === "unregistered" && one.number === "888" ? { ...one, registered: false } : one
      );
      await withAsterisk({ version, noise: true, endpoints }, async ({ asterisk, dial }) => {
        const ami = dial();
        await ami.login();
        const call = asterisk.call({ ...INBOUND, to: "", ...options });
        await play(call, ami, asterisk);
        await call.done;
        await ami.settle();
        assert.deepEqual(storyOf(ami.packets), storyOf(await readTrace(version, trace)));
        assert.deepEqual(asterisk.calls, []);
      });
    });
  }

  Deno.test(`emulated Asterisk ${version}: Originate is told as a real one tells it`, async () => {
    await withAsterisk({ version, noise: true }, async ({ asterisk, dial }) => {
      const ami = dial();
      await ami.login();
      await ami.act("Originate", {
        ActionID: "ear-5",
        Channel: "PJSIP/777-ep",
        Context: "internal",
        Exten: "888",
        Priority: "1",
        CallerID: '"Doorline" <777>',
        Async: "true",
      });
      const [call] = asterisk.calls;
      assert.ok(call);
      call.answer("777");
      call.answer("888");
      await ami.act("Hangup", { Channel: channelOf(call, "777") });
      await call.done;
      await ami.settle();
      const wanted = storyOf(await readTrace(version, "originate"));
      const told = storyOf(ami.packets);
      assert.deepEqual(Object.keys(told).sort(), Object.keys(wanted).sort());
      // In the trace it was the other one that was hung up, so only the way to the talk is the same.
      for (const [channel, events] of Object.entries(wanted)) {
        const isEnd = (text: string) => /^Event: (BridgeLeave|BridgeDestroy|Soft|Hangup)/.test(text);
        assert.deepEqual(told[channel]!.filter((one) => !isEnd(one)), events.filter((one) => !isEnd(one)));
      }
    });
  });
}

Deno.test("emulated Asterisk: a rejected leg of a group leaves the others ringing", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    const call = asterisk.call({ ...INBOUND, to: "700" });
    await ami.act("Hangup", { Channel: channelOf(call, "777"), Cause: "21" });
    assert.deepEqual(call.ringing, ["888"]);
    await ami.act("Hangup", { Channel: channelOf(call, "888"), Cause: "21" });
    await call.done;
    await ami.settle();
    assert.deepEqual(ami.events("Hangup").map((one) => header(one, "Cause")), ["21", "21", "21"]);
  });
});

Deno.test("emulated Asterisk: a caller that is redirected while it rings leaves those who rang", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    const call = asterisk.call({ ...INBOUND, to: "777" });
    await ami.act("Redirect", {
      Channel: channelOf(call, "trunk"),
      Context: "internal",
      Exten: "888",
      Priority: "1",
    });
    assert.deepEqual(call.ringing, ["888"]);
    await ami.settle();
    assert.deepEqual(ami.events("DialEnd").map((one) => header(one, "DialStatus")), ["CANCEL"]);
    call.answer("888");
    call.calleeHangsUp("888");
    await call.done;
  });
});

Deno.test("emulated Asterisk: who was called may be redirected too, and walks on alone", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    const call = asterisk.call({ ...INBOUND, to: "777" });
    call.answer("777");
    await ami.act("Redirect", {
      Channel: channelOf(call, "777"),
      Context: "internal",
      Exten: "888",
      Priority: "1",
    });
    call.answer("888");
    await ami.settle();
    assert.deepEqual(call.channels.map((name) => name.slice(0, 9)), ["PJSIP/777", "PJSIP/888"]);
    call.callerHangsUp();
    await call.done;
  });
});

Deno.test("emulated Asterisk: the caller of a call may transfer the one who was called", async () => {
  await withAsterisk({}, async ({ asterisk }) => {
    const blind = asterisk.call({ from: "150", to: "777" });
    blind.answer("777");
    blind.blindTransfer("150", "888");
    blind.answer("888");
    assert.deepEqual(blind.channels.map((name) => name.slice(0, 9)), ["PJSIP/777", "PJSIP/888"]);
    blind.callerHangsUp();
    await blind.done;
    const attended = asterisk.call({ from: "150", to: "777" });
    attended.answer("777");
    const { consult, complete } = attended.attendedTransfer("150", "888");
    consult.answer("888");
    complete();
    await consult.done;
    assert.deepEqual(attended.channels.map((name) => name.slice(0, 9)), ["PJSIP/777", "PJSIP/888"]);
    attended.calleeHangsUp("888");
    await attended.done;
  });
});

Deno.test("emulated Asterisk: Atxfer begins a talk with the third, which a person completes", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login("off");
    const call = asterisk.call({ ...INBOUND, to: "777" });
    call.answer("777");
    const answer = await ami.act("Atxfer", {
      Channel: channelOf(call, "777"),
      Context: "internal",
      Exten: "888",
    });
    assert.equal(header(answer, "Message"), "Atxfer successfully queued");
    assert.ok(call.transfer);
    assert.throws(() => call.transfer?.complete(), /the third has not answered/);
    call.transfer.consult.answer("888");
    call.transfer.complete();
    assert.deepEqual(call.channels.map((name) => name.slice(0, 9)), ["PJSIP/tru", "PJSIP/888"]);
    call.calleeHangsUp("888");
    await call.done;
  });
});

Deno.test("emulated Asterisk: a plan answers, talks and hangs up by the clock", async () => {
  await withAsterisk({}, async ({ asterisk, clock }) => {
    const call = asterisk.call({
      ...INBOUND,
      to: "700",
      plan: { answer: { afterMs: 3_000, by: "888" }, talkMs: 5_000, hangsUp: "callee" },
    });
    clock.increment(2_999);
    assert.equal(call.isUp, false);
    clock.increment(1);
    assert.equal(call.isUp, true);
    clock.increment(4_999);
    assert.equal(call.isOver, false);
    clock.increment(1);
    await call.done;
  });
});

Deno.test("emulated Asterisk: a plan without an answer rings 15 s, or until the caller gives up", async () => {
  await withAsterisk({}, async ({ asterisk, clock }) => {
    const missed = asterisk.call({ ...INBOUND, to: "777", plan: {} });
    const left = asterisk.call({ ...INBOUND, to: "888", plan: { callerGivesUpAfterMs: 4_000 } });
    clock.increment(4_000);
    assert.deepEqual([missed.isOver, left.isOver], [false, true]);
    clock.increment(11_000);
    await missed.done;
    const queued = asterisk.call({ ...INBOUND, to: "709", plan: {} });
    clock.increment(4_000);
    assert.deepEqual(queued.ringing, ["888"]);
    clock.increment(4_000);
    await queued.done;
  });
});

Deno.test("emulated Asterisk: tells those who ask of each call that begins", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const begun: string[] = [];
    const stop = asterisk.onCall((call) => begun.push(call.channel.slice(0, 9)));
    asterisk.call({ ...INBOUND, to: "777" });
    const ami = dial();
    await ami.login("off");
    const to = { Context: "internal", Exten: "888", Priority: "1", Async: "true" };
    await ami.act("Originate", { Channel: "PJSIP/150-ep", ...to });
    stop();
    asterisk.call({ ...INBOUND, to: "888" });
    assert.deepEqual(begun, ["PJSIP/tru", "PJSIP/150"]);
  });
});

Deno.test("emulated Asterisk: says what cannot be done", async () => {
  await withAsterisk({}, ({ asterisk }) => {
    const call = asterisk.call({ ...INBOUND, to: "777" });
    assert.throws(() => call.answer("888"), /"888" does not ring/);
    assert.throws(() => call.calleeHangsUp(), /does not talk/);
    assert.throws(() => call.blindTransfer("777", "888"), /"777" does not talk/);
    assert.throws(() => asterisk.call({ from: "1", to: "2", via: "3" }), /no such endpoint/);
    assert.throws(() => asterisk.register("3"), /no such endpoint/);
    return Promise.resolve();
  });
});
