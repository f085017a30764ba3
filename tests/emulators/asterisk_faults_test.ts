/**
 * @module
 * The ways in which the emulated Asterisk fails its clients on demand: cut lines, half-open ones, silence, restarts,
 * and what it does with a client that does not read. And how much it carries.
 */
import assert from "node:assert/strict";
import type { EmulatedCall } from "../../emulators/asterisk.ts";
import { RawAmi, withAsterisk } from "./asterisk_client.ts";
import { header } from "./asterisk_compare.ts";

const CALLER = { from: "74951234567", fromName: "ООО Тестовая Компания", to: "777" };

Deno.test("emulated Asterisk: cuts lines between packets, and goes on without its clients", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const [first, second] = [dial(), dial()];
    await first.login();
    await second.login();
    assert.equal(asterisk.clients, 2);
    const call = asterisk.call(CALLER);
    asterisk.dropClients();
    assert.equal(asterisk.clients, 0);
    await Promise.all([first.ended(), second.ended()]);
    call.callerHangsUp();
    const third = dial();
    await third.login();
    await third.settle();
    assert.deepEqual(third.events("Hangup"), []);
    assert.deepEqual(await third.list("CoreShowChannels", "CoreShowChannelsComplete"), []);
  });
});

Deno.test("emulated Asterisk: cuts a line in the middle of a packet and of a character", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    const bytes: number[] = [];
    ami.socket.removeAllListeners("data");
    // Strings would hide a character that is cut.
    const raw = dial();
    raw.socket.setEncoding("latin1");
    await raw.login();
    raw.socket.on("data", (chunk: string) => bytes.push(...[...chunk].map((one) => one.charCodeAt(0))));
    const call = asterisk.call(CALLER);
    await raw.settle();
    bytes.length = 0;
    asterisk.dropClients({ midPacket: true });
    await raw.ended();
    const tail = new TextDecoder().decode(new Uint8Array(bytes));
    assert.match(tail, /^Event: Newstate\r\n(?:[^\r]+\r\n)*CallerIDName: \ufffd$/);
    call.callerHangsUp();
  });
});

Deno.test("emulated Asterisk: a mute line is open and carries nothing, and breaks when it speaks again", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const [talks, listens] = [dial(), dial()];
    await talks.login("off");
    await listens.login();
    await listens.settle();
    asterisk.mute(true);
    const heard = listens.text;
    const call = asterisk.call(CALLER);
    talks.socket.write("Action: Ping\r\n\r\n");
    const newcomer = dial();
    await new Promise<void>((resolve) => newcomer.socket.once("connect", resolve));
    assert.deepEqual([talks.closed, listens.closed, listens.text], [false, false, heard]);
    asterisk.mute(false);
    await listens.ended();
    const back = new RawAmi(asterisk.port);
    await back.login();
    const listed = await back.list("CoreShowChannels", "CoreShowChannelsComplete");
    assert.equal(listed.length, 2);
    assert.equal(newcomer.text, "");
    back.socket.destroy();
    call.callerHangsUp();
  });
});

Deno.test("emulated Asterisk: while it is quiet events are lost, and actions are answered", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    const call = asterisk.call(CALLER);
    asterisk.quiet(true);
    call.callerHangsUp();
    await ami.settle();
    asterisk.quiet(false);
    await ami.settle();
    assert.deepEqual([ami.events("Newchannel").length, ami.events("Hangup").length], [2, 0]);
  });
});

Deno.test("emulated Asterisk: a restart ends everything without a word and counts anew", async () => {
  await withAsterisk({}, async ({ asterisk, dial, clock }) => {
    const ami = dial();
    await ami.login();
    const call = asterisk.call(CALLER);
    const before = { channels: call.channels, linkedid: call.linkedid };
    const { port } = asterisk;
    clock.increment(60_000);
    const up = asterisk.restart({ downMs: 5_000, bootMs: 2_000 });
    await ami.ended();
    await call.done;
    assert.deepEqual([ami.events("Hangup").length, asterisk.calls.length], [0, 0]);
    const refused = dial();
    await refused.ended();
    assert.equal(refused.text, "");
    clock.increment(5_000);
    await up;
    assert.equal(asterisk.port, port);
    const again = dial();
    await again.login();
    await again.settle();
    assert.deepEqual(again.events("FullyBooted"), []);
    clock.increment(2_000);
    await again.until(() => again.events("FullyBooted").length > 0, "FullyBooted");
    assert.equal(header(again.events("FullyBooted")[0]!, "Uptime"), "2");
    assert.deepEqual(await again.list("CoreShowChannels", "CoreShowChannelsComplete"), []);
    const later = asterisk.call(CALLER);
    assert.deepEqual(later.channels, before.channels);
    assert.notEqual(later.linkedid, before.linkedid);
    later.callerHangsUp();
  });
});

Deno.test("emulated Asterisk: a restart may give the same ids again", async () => {
  await withAsterisk({}, async ({ asterisk, clock }) => {
    const { linkedid } = asterisk.call(CALLER);
    clock.increment(60_000);
    await asterisk.restart({ reuseIds: true });
    assert.equal(asterisk.call(CALLER).linkedid, linkedid);
  });
});

Deno.test("emulated Asterisk: phones tell no state of before a restart", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    asterisk.call(CALLER).answer();
    await asterisk.restart();
    const ami = dial();
    await ami.login();
    const states = await ami.list("DeviceStateList", "DeviceStateListComplete");
    assert.equal(states.every((one) => header(one, "State") === "NOT_INUSE"), true);
    const call = asterisk.call(CALLER);
    call.answer();
    call.callerHangsUp();
    await ami.settle();
    const told = ami.events("DeviceStateChange").filter((one) => header(one, "Privilege") !== "");
    assert.deepEqual(told.map((one) => header(one, "State")), [
      "INUSE",
      "RINGING",
      "INUSE",
      ...["NOT_INUSE", "NOT_INUSE"],
    ]);
  });
});

Deno.test("emulated Asterisk: drops a client that does not read, and serves the others", async () => {
  await withAsterisk({ mostUnreadBytes: 1024 * 1024 }, async ({ asterisk, dial }) => {
    const [lazy, keen] = [dial(), dial()];
    await lazy.login();
    await keen.login("off");
    lazy.socket.pause();
    while (asterisk.clients > 1) {
      for (let times = 0; times < 200; times++) asterisk.call(CALLER).callerHangsUp();
      // Lets what is queued go out.
      await keen.settle();
    }
    assert.equal(asterisk.slowClients, 1);
    assert.equal(keen.closed, false);
  });
});

Deno.test("emulated Asterisk: stops though a client neither reads nor leaves", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    ami.socket.allowHalfOpen = true;
    ami.socket.pause();
    for (let times = 0; times < 2_000; times++) asterisk.call(CALLER).callerHangsUp();
    asterisk.dropClients({ midPacket: true });
    await asterisk.stop();
  });
});

Deno.test("emulated Asterisk: carries a thousand calls at once, each told whole", async () => {
  await withAsterisk({}, async ({ asterisk, dial, clock }) => {
    const ami = dial();
    await ami.login("call");
    const calls: EmulatedCall[] = [];
    for (let index = 0; index < 1_000; index++) {
      calls.push(asterisk.call({
        from: String(74950000000 + index),
        to: ["777", "888", "700", "150"][index % 4]!,
        plan: { answer: { afterMs: 1_000 }, talkMs: 30_000 },
      }));
      clock.increment(10);
    }
    assert.equal(asterisk.calls.length, 1_000);
    // In steps: what a timer starts in the middle of a leap would count from the leap's end.
    for (let second = 0; second < 60; second++) clock.increment(1_000);
    await Promise.all(calls.map((call) => call.done));
    await ami.settle();
    const ids = (event: string) => new Set(ami.events(event).map((one) => header(one, "Uniqueid")));
    assert.equal(ids("Newchannel").size, 2_250);
    assert.deepEqual(ids("Hangup"), ids("Newchannel"));
    assert.equal(ami.events("BridgeEnter").length, 2_000);
    assert.deepEqual([asterisk.calls, asterisk.slowClients], [[], 0]);
  });
});
