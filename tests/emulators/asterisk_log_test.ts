/**
 * @module
 * The log of the emulated Asterisk: lines as the default formatter writes them, of calls and of phones, in a file that is
 * rotated and never grows beyond its bound.
 */
import assert from "node:assert/strict";
import type { AsteriskOptions } from "../../emulators/asterisk.ts";
import { AsteriskLog } from "../../emulators/asterisk_log.ts";
import { type AsteriskStage, NOON_MS, withAsterisk } from "./asterisk_client.ts";

const HEAD =
  /^\[([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)\] ([A-Z]+)\[\d+\](?:\[(C-[0-9a-f]{8})\])? ([\w./]+): (.*)$/;

async function withLog(
  play: (stage: AsteriskStage & { lines: () => Promise<string[]> }) => Promise<void>,
  options: Partial<AsteriskOptions> = {},
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await withAsterisk({ dir, ...options }, async (stage) => {
      const lines = async () => (await Deno.readTextFile(stage.asterisk.logFile!)).split("\n").slice(0, -1);
      await play({ ...stage, lines });
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Lines without date and thread, and what is the run's own: bridges, ports, round trips. */
function told(lines: readonly string[]): string[] {
  return lines.map((line) => {
    const [, , level, call, source, message] = HEAD.exec(line) ?? assert.fail(line);
    const text = message!.replace(/<[0-9a-f-]{36}>/, "<bridge>").replace(/:\d{5}\b/g, ":PORT")
      .replace(/RTT: (?!0\.000)[\d.]+/, "RTT: x").replace(/callid: (\w+)-\d+@/, "callid: $1@");
    return `${level}${call ? ` ${call}` : ""} ${source} ${text}`;
  });
}

Deno.test("emulated log: a line has the local date without a year, level, thread, call and file", async () => {
  await withLog(async ({ asterisk, lines }) => {
    asterisk.call({ from: "74951234567", to: "777" }).callerHangsUp();
    const [ready, executing] = await lines();
    const noon = new Date(NOON_MS);
    const clock = `${String(noon.getHours()).padStart(2, "0")}:${
      String(noon.getMinutes()).padStart(2, "0")
    }:00`;
    assert.equal(ready, `[Nov 20 ${clock}] VERBOSE[1201] asterisk.c: Asterisk Ready.`);
    assert.match(executing!, HEAD);
    assert.match(executing!, /VERBOSE\[\d+\]\[C-00000001\] pbx\.c: Executing/);
  });
});

Deno.test("emulated log: a call is told step by step, in the words of real ones", async () => {
  await withLog(async ({ asterisk, lines }) => {
    const call = asterisk.call({ from: "74951234567", to: "777" });
    call.answer();
    call.callerHangsUp();
    assert.deepEqual(told((await lines()).slice(1)), [
      'VERBOSE C-00000001 pbx.c Executing [777@from-trunk:1] Dial("PJSIP/trunk-ep-00000000", "PJSIP/777-ep,15") in new stack',
      "VERBOSE C-00000001 app_dial.c Called PJSIP/777-ep",
      "VERBOSE C-00000001 app_dial.c PJSIP/777-ep-00000001 is ringing",
      "VERBOSE C-00000001 app_dial.c PJSIP/777-ep-00000001 answered PJSIP/trunk-ep-00000000",
      "VERBOSE C-00000001 bridge_channel.c Channel PJSIP/777-ep-00000001 joined 'simple_bridge' basic-bridge <bridge>",
      "VERBOSE C-00000001 bridge_channel.c Channel PJSIP/trunk-ep-00000000 joined 'simple_bridge' basic-bridge <bridge>",
      "VERBOSE C-00000001 bridge_channel.c Channel PJSIP/trunk-ep-00000000 left 'native_rtp' basic-bridge <bridge>",
      "VERBOSE C-00000001 bridge_channel.c Channel PJSIP/777-ep-00000001 left 'native_rtp' basic-bridge <bridge>",
      "VERBOSE C-00000001 pbx.c Spawn extension (from-trunk, 777, 1) exited non-zero on 'PJSIP/trunk-ep-00000000'",
    ]);
  });
});

Deno.test("emulated log: says what a dial came to", async () => {
  await withLog(async ({ asterisk, lines }) => {
    const outcome = async (to: string, act: (call: ReturnType<typeof asterisk.call>) => void) => {
      const before = (await lines()).length;
      const call = asterisk.call({ from: "74951234567", to });
      act(call);
      return told((await lines()).slice(before)).filter((line) => /busy|picked|Unable/.test(line))
        .map((line) => line.replace(/ C-\w+/, ""));
    };
    const everyone = (counts: string) =>
      `VERBOSE app_dial.c Everyone is busy/congested at this time (${counts})`;
    assert.deepEqual(await outcome("777", (call) => call.busy()), [everyone("1:1/0/0")]);
    assert.deepEqual(await outcome("777", (call) => call.decline()), [everyone("1:0/0/1")]);
    assert.deepEqual(await outcome("777", (call) => call.timeOut()), [
      "VERBOSE app_dial.c Nobody picked up in 15000 ms",
    ]);
    asterisk.vanish("151");
    assert.deepEqual(await outcome("151", () => {}), [
      "NOTICE app_dial.c Unable to create channel of type 'PJSIP' (cause 3 - No route to destination)",
      everyone("1:0/0/1"),
    ]);
  });
});

Deno.test("emulated log: phones that come, go and guess are told in the words of real ones", async () => {
  await withLog(async ({ asterisk, lines }) => {
    asterisk.unregister("151");
    asterisk.register("151");
    asterisk.vanish("151");
    asterisk.register("151", { another: true, password: "no" });
    asterisk.register("888", { another: true });
    asterisk.register("888", { another: true });
    asterisk.knock("admin", "203.0.113.66");
    const mine = told((await lines()).slice(1)).filter((line) => !line.startsWith("SECURITY"));
    const uri = "sip:151@127.0.0.1:PORT";
    assert.deepEqual(mine, [
      `VERBOSE res_pjsip_registrar.c Removed contact '${uri}' from AOR '151' due to request`,
      `VERBOSE res_pjsip/pjsip_options.c Contact 151/${uri} has been deleted`,
      "VERBOSE res_pjsip/pjsip_configuration.c Endpoint 151-ep is now Unreachable",
      `VERBOSE res_pjsip_registrar.c Added contact '${uri}' to AOR '151' with expiration of 3600 seconds`,
      "VERBOSE res_pjsip/pjsip_configuration.c Endpoint 151-ep is now Reachable",
      `VERBOSE res_pjsip/pjsip_options.c Contact 151/${uri} is now Reachable.  RTT: x msec`,
      "VERBOSE res_pjsip/pjsip_configuration.c Endpoint 151-ep is now Unreachable",
      `VERBOSE res_pjsip/pjsip_options.c Contact 151/${uri} is now Unreachable.  RTT: 0.000 msec`,
      "NOTICE res_pjsip/pjsip_distributor.c Request 'REGISTER' from '<sip:151-ep@127.0.0.1>' failed for " +
      "'127.0.0.1:PORT' (callid: 151@127.0.0.1) - Failed to authenticate",
      "VERBOSE res_pjsip_registrar.c Added contact 'sip:888@127.0.0.1:PORT' to AOR '888' with expiration of 3600 seconds",
      "VERBOSE res_pjsip/pjsip_options.c Contact 888/sip:888@127.0.0.1:PORT is now Reachable.  RTT: x msec",
      "WARNING res_pjsip_registrar.c Registration attempt from endpoint '888-ep' (127.0.0.1:PORT) to AOR '888' will " +
      "exceed max contacts of 2",
      ...["No matching endpoint found", "Failed to authenticate"].map((why) =>
        `NOTICE res_pjsip/pjsip_distributor.c Request 'REGISTER' from '<sip:admin@127.0.0.1>' failed for ` +
        `'203.0.113.66:PORT' (callid: admin@203.0.113.66) - ${why}`
      ),
    ]);
    const security = (await lines()).filter((line) => line.includes("SECURITY"));
    assert.ok(security.some((line) => line.includes('SecurityEvent="ChallengeResponseFailed"')));
    assert.ok(security.every((line) => HEAD.test(line)));
  });
});

Deno.test("emulated log: a traced message goes on in lines of its own, with its credentials", async () => {
  await withLog(async ({ asterisk, lines }) => {
    asterisk.trace("777");
    const [, head, first, ...rest] = await lines();
    assert.match(
      head!,
      /VERBOSE\[\d+\] res_pjsip_logger\.c: <--- Received SIP request \(\d+ bytes\) from UDP:127\.0\.0\.1:\d+ --->$/,
    );
    assert.equal(first, "REGISTER sip:127.0.0.1:5060 SIP/2.0\r");
    assert.ok(rest.some((line) => line.startsWith('Authorization: Digest username="777"')));
  });
});

Deno.test("emulated log: it is rotated by renaming, loses no line at that, and old files are few", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const clock = { now: () => NOON_MS, setTimeout: () => 0, clearTimeout: () => {} };
    const log = new AsteriskLog({ dir, clock, mostBytes: 1_000, keep: 3 });
    for (let number = 0; number < 100; number++) log.write("NOTICE", "test.c", `line ${number}`);
    const names = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
    assert.deepEqual(names, ["messages.log", "messages.log.0", "messages.log.1", "messages.log.2"]);
    const seen: number[] = [];
    for (const name of ["messages.log.2", "messages.log.1", "messages.log.0", "messages.log"]) {
      const text = await Deno.readTextFile(`${dir}/${name}`);
      assert.ok(text.length <= 1_000);
      for (const [, number] of text.matchAll(/line (\d+)/g)) seen.push(Number(number));
    }
    assert.deepEqual(seen, Array.from({ length: seen.length }, (_, index) => 100 - seen.length + index));
    log.close();
    log.write("NOTICE", "test.c", "after the end");
    const again = new AsteriskLog({ dir, clock, mostBytes: 1_000, keep: 3 });
    again.write("NOTICE", "test.c", "a new beginning");
    again.close();
    const text = await Deno.readTextFile(`${dir}/messages.log`);
    assert.match(text, /line 99\n.*a new beginning\n$/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("emulated log: a restart begins its calls anew in the same file", async () => {
  await withLog(async ({ asterisk, lines }) => {
    asterisk.call({ from: "74951234567", to: "777" });
    await asterisk.restart();
    assert.equal((await lines()).filter((line) => line.endsWith("asterisk.c: Asterisk Ready.")).length, 2);
  });
});
