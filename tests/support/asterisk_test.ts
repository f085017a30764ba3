/**
 * @module
 * The real Asterisk and the SIPp phones that other tests build on do what their names say, in both versions.
 */
import assert from "node:assert/strict";
import { accepts } from "./accepts.ts";
import { type AmiEar, openAmiEar } from "./ami_ear.ts";
import { type Asterisk, startAsterisk } from "./asterisk.ts";
import { ASTERISK_VERSIONS, type AsteriskVersion, mirrorsOf, whyNoAsterisk } from "./asterisk_chroot.ts";
import { AMI_USERS, NUMBERS } from "./asterisk_config.ts";
import {
  type CallOptions,
  type Phone,
  type PhoneConduct,
  placeCall,
  type PlacedCall,
  startPhone,
  transferAttended,
} from "./sipp.ts";

/** An Asterisk, and what is played on it; all of it ends with the test. */
interface Stage {
  asterisk: Asterisk;
  /** Logged in with least rights. */
  ear: AmiEar;
  phone(number: string, conduct: PhoneConduct): Promise<Phone>;
  call(options: CallOptions): Promise<PlacedCall>;
}

async function onStage(version: AsteriskVersion, play: (stage: Stage) => Promise<void>): Promise<void> {
  const asterisk = await startAsterisk({ version });
  const ends = [() => asterisk.stop()];
  try {
    const ear = await openAmiEar(asterisk.ami);
    ends.push(() => ear.close());
    await play({
      asterisk,
      ear,
      phone: async (number, conduct) => {
        const phone = await startPhone(asterisk, number, conduct);
        ends.push(() => phone.stop());
        return phone;
      },
      call: async (options) => {
        const call = await placeCall(asterisk, options);
        ends.push(() => call.stop());
        return call;
      },
    });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

function count(ear: AmiEar, event: string): number {
  return ear.packets.filter((packet) => packet.get("Event") === event).length;
}

for (const version of ASTERISK_VERSIONS) {
  const why = whyNoAsterisk(version);
  const test = (rule: string, fn: (stage: Stage) => Promise<void>) =>
    Deno.test(
      `Asterisk ${version}: ${rule}${why === null ? "" : ` (${why})`}`,
      { ignore: why !== null },
      () => onStage(version, fn),
    );

  test("the AMI user of least rights sees a whole call and nothing else", async ({ ear, phone, call }) => {
    const ivan = await phone("777", { does: "answers", ringMs: 300 });
    const made = await call({ from: "trunk", to: "777", talkMs: 500 });
    assert.equal((await made.end()).word, "hung_up");
    await ear.hear("both hangups", () => count(ear, "Hangup") === 2);
    const told = ear.packets.find((packet) => packet.get("Event") === "DialEnd")!;
    assert.equal(told.get("DialStatus"), "ANSWER");
    assert.equal(told.get("CallerIDName"), "ООО Тестовая Компания");
    assert.deepEqual([count(ear, "Newchannel"), count(ear, "BridgeEnter"), count(ear, "VarSet")], [2, 2, 0]);
    assert.ok(count(ear, "ContactStatus") > 0);
    const refused = await ear.ask({ Action: "Command", Command: "core show version" });
    assert.equal(refused.get("Message"), "Permission denied");
    assert.deepEqual((await ivan.events()).map(({ word }) => word), ["ringing", "answered", "ended"]);
  });

  test("a leg that AMI rejects is cancelled with cause 21, and its caller refused", async ({ ear, phone, call }) => {
    const ivan = await phone("777", { does: "rings" });
    const made = await call({ from: "trunk", to: "777" });
    await ivan.did("ringing");
    const leg = await ear.hear("777 ringing", (packet) => packet.get("DialStatus") === "RINGING");
    await ear.ask({ Action: "Hangup", Channel: leg.get("DestChannel")!, Cause: "21" });
    assert.deepEqual(await made.end(), { word: "refused", details: ["403"] });
    assert.deepEqual((await ivan.did("cancelled")).details, ["Reason: Q.850;cause=21"]);
    const end = await ear.hear("DialEnd", (packet) => packet.get("Event") === "DialEnd");
    assert.equal(end.get("DialStatus"), "NOANSWER");
  });

  test("a phone told to talk answers", async ({ ear, phone, call }) => {
    const ivan = await phone("777", { does: "obeys" });
    const made = await call({ from: "trunk", to: "777", talkMs: 300 });
    const leg = await ear.hear("777 ringing", (packet) => packet.get("DialStatus") === "RINGING");
    await ear.ask({ Action: "PJSIPNotify", Channel: leg.get("DestChannel")!, Variable: "Event=talk" });
    await ivan.did("answered");
    assert.equal((await made.end()).word, "hung_up");
  });

  test("phones refuse, hang up and give up as they are told", async ({ phone, call }) => {
    await phone("777", { does: "refuses", ringMs: 100, status: "486 Busy Here" });
    await phone("888", { does: "hangs_up", ringMs: 100, talkMs: 300 });
    const other = await phone("150", { does: "rings" });
    assert.deepEqual(await (await call({ from: "trunk", to: "777" })).end(), {
      word: "refused",
      details: ["486"],
    });
    assert.equal((await (await call({ from: "151", to: "888" })).end()).word, "ended");
    assert.equal((await (await call({ from: "151", to: "150", patienceMs: 500 })).end()).word, "gave_up");
    await other.did("cancelled");
  });

  test("a phone calls out, through a line that answers", async ({ phone, call }) => {
    const line = await phone("trunk", { does: "answers", ringMs: 100 });
    assert.equal(
      (await (await call({ from: "777", to: "9375291234567", talkMs: 300 })).end()).word,
      "hung_up",
    );
    await line.did("ended");
  });

  test("phones transfer, blind and attended", async ({ asterisk, ear, phone, call }) => {
    const blind = await phone("150", { does: "transfers", ringMs: 100, talkMs: 300, target: "888" });
    const other = await phone("888", { does: "answers", ringMs: 100 });
    const first = await call({ from: "trunk", to: "150", talkMs: 1500 });
    await blind.did("referred");
    await other.did("answered");
    await first.end();
    assert.equal(count(ear, "BlindTransfer"), 1);

    const ivan = await phone("777", { does: "answers", ringMs: 100 });
    const second = await call({ from: "trunk", to: "777", talkMs: 2000 });
    await ivan.did("answered");
    const consult = await call({ from: "777", to: "888" });
    await transferAttended(asterisk, ivan, { call: consult, to: "888" });
    await ear.hear("AttendedTransfer", (packet) => packet.get("Event") === "AttendedTransfer");
    assert.deepEqual([(await consult.end()).word, (await second.end()).word], ["ended", "hung_up"]);
  });

  test("a killed one comes back on its ports and takes its phones again", async ({ asterisk, ear, phone, call }) => {
    const ivan = await phone("777", { does: "answers" });
    const pid = asterisk.pid();
    await asterisk.kill();
    assert.equal(await accepts(asterisk.ami.port), false);
    await asterisk.start();
    assert.notEqual(asterisk.pid(), pid);
    assert.equal(ear.closed(), true);
    await ivan.register();
    assert.equal((await (await call({ from: "trunk", to: "777", talkMs: 300 })).end()).word, "hung_up");
    assert.ok((await asterisk.log()).some((line) => line.includes("Asterisk Ready")));
  });

  test("two at once do not disturb each other", async ({ asterisk, phone, call }) => {
    const beside = await startAsterisk({ version });
    try {
      await phone("777", { does: "answers", ringMs: 100 });
      assert.equal(
        (await (await call({ from: "trunk", to: NUMBERS.localSingle, talkMs: 300 })).end()).word,
        "hung_up",
      );
      assert.doesNotMatch(await beside.cli("pjsip show contacts"), /777\/sip/);
      assert.notEqual(beside.pid(), asterisk.pid());
      await assert.rejects(openAmiEar({ ...beside.ami, secret: "wrong" }), /Authentication failed/);
      await (await openAmiEar({ ...beside.ami, ...AMI_USERS.all })).close();
    } finally {
      await beside.stop();
    }
  });

  test("one that cannot start says why", async () => {
    await assert.rejects(
      startAsterisk({ version, extra: { "modules.conf": "require = no_such_module.so" } }),
      /Cannot start Asterisk[^]*no_such_module/,
    );
  });
}

Deno.test("Asterisk's installation: finds mirrors in both formats of apt's sources", () => {
  const list = "# deb http://no/\ndeb [arch=amd64 signed-by=/k] http://one/debian bookworm main\n" +
    "deb-src http://no/ x\ndeb cdrom:[x]/ y\ndeb https://two/ sid main\n";
  assert.deepEqual(mirrorsOf(list), ["http://one/debian", "https://two/"]);
  const sources = "Types: deb\n# URIs: http://no/\nURIs: http://three/debian http://four/\nSuites: x\n";
  assert.deepEqual(mirrorsOf(sources), ["http://three/debian", "http://four/"]);
});
