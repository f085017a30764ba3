/**
 * @module
 * Logs that real Asterisks write: each format, what a phone and a call leave in them, and every way of rotating them
 * while thousands of lines a second come in.
 */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { AsteriskLogs, type LogScope } from "../../actors/asterisk_log/logs.ts";
import { systemClock } from "../../actors/clock.ts";
import { createLogger } from "../../actors/logger.ts";
import type { LogLineView } from "../../machines/endpoint_views.ts";
import { type Asterisk, startAsterisk } from "../support/asterisk.ts";
import { ASTERISK_VERSIONS, whyNoAsterisk } from "../support/asterisk_chroot.ts";
import { placeCall, startPhone } from "../support/sipp.ts";
import { pause, waitFor } from "../support/wait.ts";

/** Files by the format that they are written in. Both versions have all three. */
const FORMATS = { messages: "", plain: "[plain]", json: "[json]" };
/** Lines that the dialplan writes, in so many channels, with a pause after so many: about 5,000 a second in all. */
const LINES = 8000;
const CHANNELS = 2;
const BATCH = 200;
const PAUSE_S = 0.05;
const CANARY = "c4nARY5ecre7";

function loggerConf(strategy: string, levels: string, dateformat = "%F %T.%3q"): string {
  const files = Object.entries(FORMATS).map(([name, format]) => `${name} => ${format}${levels}`);
  return [
    "[general]",
    `rotatestrategy = ${strategy}`,
    `dateformat = ${dateformat}`,
    "[logfiles]",
    ...files,
    "",
  ].join("\n");
}

const DIALPLAN = `
[flood]
exten => go,1,Answer()
 same => n,Set(i=0)
 same => n(top),Log(NOTICE,flood \${i} of \${UNIQUEID})
 same => n,Set(i=$[\${i}+1])
 same => n,GotoIf($[\${i} % ${BATCH}]?top)
 same => n,Wait(${PAUSE_S})
 same => n,GotoIf($[\${i} < ${LINES}]?top)
 same => n,Wait(0.5)
 same => n,Log(NOTICE,flood over)
 same => n,Hangup()
`;

/** Follows an Asterisk's logs as the service does. */
async function follow(asterisk: Asterisk, onLine: (line: LogLineView) => void): Promise<AsteriskLogs> {
  const logs = new AsteriskLogs({
    sources: Object.keys(FORMATS).map((name) => ({ pbx: "real", path: `${asterisk.dir}/log/${name}` })),
    zone: "UTC",
    clock: systemClock(),
    log: createLogger({ level: "error", format: "json" }),
    feed: { wants: () => false, tell() {} },
    endpoints: () =>
      ["777", "888", "trunk"].map((name) => ({ pbx: "real", name: `${name}-ep`, aors: [name] })),
    onLine,
  });
  await logs.start();
  return logs;
}

/**
 * Numbers of the flood that are in the files, whatever they are called by now, and what stands behind the last line feed
 * of each: a copy that is made while Asterisk writes may end within a line, whose rest is cut off with the log.
 */
async function written(asterisk: Asterisk, name: string): Promise<{ whole: Set<string>; ends: string }> {
  const whole = new Set<string>();
  let ends = "";
  for await (const entry of Deno.readDir(`${asterisk.dir}/log`)) {
    if (!entry.name.startsWith(name)) continue;
    const text = await Deno.readTextFile(`${asterisk.dir}/log/${entry.name}`);
    const end = text.lastIndexOf("\n") + 1;
    for (const [match] of text.slice(0, end).matchAll(/flood \d+ of [\d.]+/g)) whole.add(match);
    ends += text.slice(end);
  }
  return { whole, ends };
}

async function rotate(asterisk: Asterisk): Promise<void> {
  for (const strategy of ["sequential", "rotate", "timestamp"]) {
    await Deno.writeTextFile(`${asterisk.dir}/etc/logger.conf`, loggerConf(strategy, "notice"));
    await asterisk.cli("logger rotate");
    await pause(300);
  }
  // As logrotate's copytruncate does.
  for (let round = 0; round < 2; round++) {
    for (const name of Object.keys(FORMATS)) {
      const path = `${asterisk.dir}/log/${name}`;
      await Deno.copyFile(path, `${path}-2026112${round}`);
      await Deno.truncate(path, 0);
    }
    await pause(300);
  }
}

/** A REGISTER of a phone that has a password; Asterisk traces it, and who sends it does not wait for an answer. */
async function registerWithPassword(asterisk: Asterisk, id: string, length = 0): Promise<void> {
  const lines = [
    `REGISTER sip:127.0.0.1:${asterisk.sipPort} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-${id}`,
    "From: <sip:888-ep@127.0.0.1>;tag=1",
    `To: <sip:888@127.0.0.1:${asterisk.sipPort}>`,
    `Call-ID: ${id}`,
    "CSeq: 1 REGISTER",
    `X-Long: ${"y".repeat(length)}`,
    `aUthorization: Digest username="888", realm="asterisk",`,
    ` nonce="${CANARY}", uri="sip:127.0.0.1",`,
    `\tresponse="${CANARY}"`,
    "Content-Length: 0",
    "",
    "",
  ];
  const socket = createSocket("udp4");
  await new Promise<void>((resolve, reject) =>
    socket.send(
      lines.join("\r\n"),
      asterisk.sipPort,
      "127.0.0.1",
      (error) => error === null ? resolve() : reject(error),
    )
  );
  socket.close();
}

for (const version of ASTERISK_VERSIONS) {
  const why = whyNoAsterisk(version);
  const test = (
    rule: string,
    play: (asterisk: Asterisk, lines: LogLineView[]) => Promise<void>,
    levels: string,
  ) =>
    Deno.test({
      name: `asterisk logs: Asterisk ${version}: ${rule}${why === null ? "" : ` (${why})`}`,
      ignore: why !== null,
      fn: async () => {
        const asterisk = await startAsterisk({
          version,
          instead: { "logger.conf": loggerConf("sequential", levels) },
          extra: { "extensions.conf": DIALPLAN },
        });
        const lines: LogLineView[] = [];
        try {
          await play(asterisk, lines);
        } finally {
          await asterisk.stop();
        }
      },
    });

  test("a phone's lines and a call's, in every format, with no password", async (asterisk, lines) => {
    const logs = await follow(asterisk, (line) => void lines.push(line));
    try {
      await asterisk.cli("pjsip set logger on");
      await registerWithPassword(asterisk, "short-1");
      // Asterisk writes no more than 8 KiB of a message, and not its end either.
      await registerWithPassword(asterisk, "long-1", 9000);
      const phone = await startPhone(asterisk, "777", { does: "answers", ringMs: 100 });
      const call = await placeCall(asterisk, { from: "trunk", to: "777", talkMs: 200 });
      await call.end();
      await phone.stop();
      const of = (scope: LogScope, file: string) =>
        logs.list(scope, {}, { limit: 2000 }).items.filter((line) => line.file === file);
      const about = (name: string, file: string) => of({ kind: "endpoint", pbx: "real", name }, file);
      for (const file of Object.keys(FORMATS)) {
        await waitFor(
          () => about("777-ep", file).some(({ message }) => message.includes("exited non-zero")),
          {
            what: `the call's end in ${file}`,
          },
        );
        const mine = about("777-ep", file);
        for (
          const text of [
            "to AOR '777'",
            "Endpoint 777-ep is now Reachable",
            "Contact 777/sip:",
            "777-ep-00000001 is ringing",
          ]
        ) {
          assert.ok(mine.some(({ message }) => message.includes(text)), `${text} in ${file}`);
        }
        assert.ok(
          mine.some(({ message }) => /^<--- Received SIP request .*\nREGISTER sip:/.test(message)),
          file,
        );
        const other = about("888-ep", file);
        assert.ok(
          other.some(({ message }) => message.includes("aUthorization: [redacted]\nContent-Length")),
          file,
        );
        assert.ok(
          other.some(({ message }) =>
            /^<--- Transmitting SIP response .*\n[^]*\nCall-ID: long-1\n/.test(message)
          ),
          `the message after one that was cut off in ${file}`,
        );
        assert.ok(!other.some(({ call }) => call !== null), "888 took no part");
        const calls = new Set(about("trunk-ep", file).flatMap(({ call }) => call ?? []));
        assert.equal(calls.size, 1);
        const whole = of({ kind: "call", pbx: "real", call: [...calls][0]! }, file);
        assert.ok(whole.some(({ endpoints }) => endpoints.includes("777-ep")));
        assert.ok(whole.some(({ source }) => source === "app_dial.c"));
        const off = whole.map(({ timestamp }) => Math.abs(Date.parse(timestamp!) - Date.now()));
        assert.ok(Math.max(...off) < 60_000, "its dates are of now");
        const raw = await Deno.readTextFile(`${asterisk.dir}/log/${file}`);
        assert.ok(raw.includes(CANARY), "Asterisk itself hides nothing");
      }
      assert.ok(!JSON.stringify([lines, logs.list({ kind: "all" }, {}, { limit: 20_000 })]).includes(CANARY));
      assert.deepEqual(lines.filter(({ timestamp, level }) => timestamp === null || level === "UNKNOWN"), []);
    } finally {
      await logs.stop();
    }
  }, "notice,warning,error,verbose");

  test(
    "a call after a restart has the number of one before it, and none of its lines",
    async (asterisk, lines) => {
      const logs = await follow(asterisk, (line) => void lines.push(line));
      const held = () =>
        logs.list({ kind: "call", pbx: "real", call: "C-00000001" }, {}, { limit: 2000 }).items;
      const talk = async () => {
        const lastId = lines.at(-1)?.id ?? 0;
        const phone = await startPhone(asterisk, "777", { does: "answers", ringMs: 50 });
        const call = await placeCall(asterisk, { from: "trunk", to: "777", talkMs: 100 });
        await call.end();
        await phone.stop();
        for (const file of Object.keys(FORMATS)) {
          const isEnd = (line: LogLineView) =>
            line.id > lastId && line.file === file && line.message.includes("exited non-zero");
          await waitFor(() => held().some(isEnd), { what: `the call's end in ${file}` });
        }
      };
      try {
        await talk();
        const former = new Set(held().map(({ id }) => id));
        await asterisk.restart();
        await talk();
        assert.deepEqual(held().filter(({ id }) => former.has(id)), []);
        const about = logs.list({ kind: "endpoint", pbx: "real", name: "777-ep" }, {}, { limit: 2000 }).items;
        assert.ok(about.some(({ id }) => former.has(id)), "they are still lines of the phone");
      } finally {
        await logs.stop();
      }
    },
    "notice,warning,error,verbose",
  );

  test(
    "row 25: rotated in every way at thousands of lines a second: every line once",
    async (asterisk, lines) => {
      const logs = await follow(asterisk, (line) => void lines.push(line));
      try {
        for (let n = 0; n < CHANNELS; n++) {
          await asterisk.cli("channel originate Local/go@flood application Wait 60");
        }
        await pause(200);
        await rotate(asterisk);
        await waitFor(
          async () => /^0 active channels/m.test(await asterisk.cli("core show channels count")),
          {
            what: "the end of the flood",
            timeoutMs: 30_000,
          },
        );
        await waitFor(
          () =>
            logs.files().every(({ name }) =>
              lines.filter((line) => line.file === name && line.message === "flood over").length === CHANNELS
            ),
          { what: "the last lines" },
        );
      } finally {
        await logs.stop();
      }
      for (const name of Object.keys(FORMATS)) {
        const read = lines.filter(({ file, message }) =>
          file === name && message.startsWith("flood ") && message !== "flood over"
        )
          .map(({ message }) => message);
        const { whole: there, ends } = await written(asterisk, name);
        assert.ok(there.size > LINES * CHANNELS / 2, `only ${there.size} lines were written to ${name}`);
        assert.equal(new Set(read).size, read.length, `lines of ${name} came twice`);
        const missing = there.difference(new Set(read));
        assert.equal(
          missing.size,
          0,
          `${missing.size} of ${there.size} lines of ${name} were lost, such as ${[...missing][0]}`,
        );
        // What came between the copy and the cut is in no file any more, but may have been read.
        const torn = read.filter((text) =>
          !(Number(/^flood (\d+) of [\d.]+$/.exec(text)?.[1] ?? NaN) < LINES) && !ends.includes(text)
        );
        assert.deepEqual(torn, []);
      }
    },
    "notice",
  );
}
