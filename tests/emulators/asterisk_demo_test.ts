/**
 * @module
 * The demonstration's calls: they come by the clock, end in many ways, are bounded, and stop.
 */
import assert from "node:assert/strict";
import { startDemoCalls } from "../../emulators/asterisk_demo.ts";
import { DEMO_ENDPOINTS, startDemoPhones } from "../../emulators/asterisk_demo_phones.ts";
import { startDemoAsterisk } from "../../emulators/demo_asterisk.ts";
import { seededRandom } from "../../emulators/random.ts";
import { withAsterisk } from "./asterisk_client.ts";
import { header } from "./asterisk_compare.ts";

Deno.test("demonstration: calls come every 20 to 60 seconds and end in every way", async () => {
  await withAsterisk({}, async ({ asterisk, clock, dial }) => {
    const ami = dial();
    await ami.login("call");
    const demo = startDemoCalls(asterisk, { clock, random: seededRandom(11) });
    for (let second = 0; second < 3 * 3_600; second++) {
      clock.increment(1_000);
      assert.ok(asterisk.calls.length <= 4);
    }
    demo.stop();
    const { made } = demo;
    assert.ok(made >= 180 && made <= 540, `${made} calls in three hours`);
    clock.increment(3_600_000);
    assert.deepEqual([demo.made, asterisk.calls], [made, []]);
    await ami.settle();
    const outcomes = new Set(ami.events("DialEnd").map((one) => header(one, "DialStatus")));
    assert.deepEqual([...outcomes].sort(), ["ANSWER", "BUSY", "CANCEL", "NOANSWER"]);
    const callers = new Set(ami.events("Newchannel").map((one) => header(one, "CallerIDName")));
    assert.ok(callers.has("ООО Ромашка") && callers.has("User 150"));
    const begun = ami.events("Newchannel").map((one) => Number(header(one, "Uniqueid").split(".")[0]));
    assert.equal(ami.events("Hangup").length, begun.length);
  });
});

Deno.test("demonstration: phones come and go for hours, most are there, and the log stays small", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await withAsterisk(
      { dir, endpoints: DEMO_ENDPOINTS, mostLogBytes: 200_000 },
      async ({ asterisk, clock, dial }) => {
        const ami = dial();
        await ami.login("system,call");
        const random = seededRandom(5);
        const phones = startDemoPhones(asterisk, { clock, random });
        const calls = startDemoCalls(asterisk, { clock, random });
        let least = Infinity;
        for (let second = 0; second < 3 * 3_600; second++) {
          clock.increment(1_000);
          const there = [...asterisk.phones.values()].filter(({ reachable }) => reachable).length;
          least = Math.min(least, there);
          assert.equal(asterisk.phones.get("155")!.reachable, false);
          assert.ok(asterisk.phones.get("777")!.reachable && asterisk.phones.get("888")!.reachable);
        }
        assert.ok(least >= 8 && least < 14, `${least} phones at the least`);
        phones.stop();
        calls.stop();
        await ami.settle();
        const seen = new Set(ami.events("ContactStatus").map((one) => header(one, "ContactStatus")));
        assert.deepEqual([...seen].sort(), ["NonQualified", "Reachable", "Removed", "Unreachable"]);
        assert.ok(ami.events("Newchannel").some((one) => header(one, "CallerIDName") === "Gate"));
        const names = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
        const logs = names.filter((name) => name.startsWith("messages.log"));
        assert.ok(logs.length <= 4);
        let text = "";
        for (const name of logs) {
          const part = await Deno.readTextFile(`${dir}/${name}`);
          assert.ok(part.length <= 200_000);
          text += part;
        }
        for (const level of ["NOTICE", "SECURITY", "VERBOSE"]) assert.ok(text.includes(`] ${level}[`), level);
        assert.ok(text.includes("Authorization: Digest"));
      },
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("demonstration: an endpoint that is written gets a phone, and one that is deleted stops nothing", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await withAsterisk({ dir, endpoints: DEMO_ENDPOINTS }, async ({ asterisk, clock }) => {
      const phones = startDemoPhones(asterisk, { clock, random: seededRandom(5) });
      const calls = startDemoCalls(asterisk, { clock, random: seededRandom(6) });
      const path = `${dir}/pjsip.conf`;
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, `${text}\n[170-ep](phone)\naors = 170\n[170](phone-aor)\n`);
      asterisk.reload();
      assert.equal(asterisk.phones.get("170")!.reachable, false);
      for (let second = 0; second < 8; second++) clock.increment(1_000);
      assert.equal(asterisk.phones.get("170")!.reachable, true);
      await Deno.writeTextFile(path, "");
      asterisk.reload();
      assert.equal(asterisk.phones.size, 0);
      for (let second = 0; second < 3_600; second++) clock.increment(1_000);
      phones.stop();
      calls.stop();
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("demonstration: the Asterisk of a service without one starts, logs, takes a call, and stops", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const demo = await startDemoAsterisk({ dir: `${dir}/emulated-asterisk` });
    const call = demo.testCall({
      from: "74951234567",
      from_name: "",
      to: "777",
      gives_up_after: 5,
      talk_for: 5,
    });
    assert.match(call, /^\d+\.\d+$/);
    assert.equal(demo.logFile, `${dir}/emulated-asterisk/messages.log`);
    await demo.stop();
    assert.match(await Deno.readTextFile(demo.logFile), /Executing \[777@from-trunk:1\]/);
    assert.match(
      await Deno.readTextFile(`${dir}/emulated-asterisk/pjsip.conf`),
      /^\[panel-gate\]\(phone\)$/m,
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
