/**
 * @module
 * Lines become messages: each form that Asterisk 16 and 22 wrote, lines that go on, and lines that somebody made to
 * look like others.
 */
import assert from "node:assert/strict";
import { LONGEST_MESSAGE, MOST_LINES } from "../../../actors/asterisk_log/messages.ts";
import { messagesOf } from "./ground.ts";

/** What is told of each message, in short. */
function short(lines: readonly string[]): unknown[][] {
  return messagesOf(lines).map(({ at, level, source, call, text }) => [
    at === null ? null : new Date(at).toISOString().slice(5, 23),
    level,
    source,
    call,
    text,
  ]);
}

const AT = "11-20T13:59:45.000";

Deno.test("log messages: every form is read", () => {
  const table: [line: string, ...told: unknown[]][] = [
    // As Asterisk 16 and 22 wrote them.
    [
      "[Nov 20 13:59:45] VERBOSE[28325][C-00000001] app_dial.c: PJSIP/777-ep-00000001 is ringing",
      AT,
      "VERBOSE",
      "app_dial.c",
      "C-00000001",
      "PJSIP/777-ep-00000001 is ringing",
    ],
    [
      "[Nov 20 13:59:45] NOTICE[28333][C-00000002] Ext. go: number 0 of the loop",
      AT,
      "NOTICE",
      "Ext. go",
      "C-00000002",
      "number 0 of the loop",
    ],
    [
      "[Nov 20 13:59:45] NOTICE[28333][C-00000002]: Ext. go:3 @ loop: number 0 of the loop",
      AT,
      "NOTICE",
      "Ext. go",
      "C-00000002",
      "number 0 of the loop",
    ],
    [
      "[Nov 20 13:59:45] WARNING[28254]: res_odbc.c:577 load_odbc_config: Unable to load config file res_odbc.conf",
      AT,
      "WARNING",
      "res_odbc.c",
      null,
      "Unable to load config file res_odbc.conf",
    ],
    [
      "[Nov 20 13:59:45] Asterisk 22.10.1 built by nobody @ buildd on a unknown running Linux",
      AT,
      "VERBOSE",
      null,
      null,
      "Asterisk 22.10.1 built by nobody @ buildd on a unknown running Linux",
    ],
    [
      '{"hostname":"","timestamp":"Nov 20 13:59:45","identifiers":{"lwp":28333,"callid":"[C-00000002]"},"logmsg":{"location":{"filename":"pbx.c","function":"pbx_extension_helper","line":2976},"level":"VERBOSE","message":"Executing [go@loop:3] \\u001B[1;36mLog\\u001B[0m(\\"\\u001B[1;35mLocal/go@loop-00000000;2\\u001B[0m\\")\\n"}}',
      AT,
      "VERBOSE",
      "pbx.c",
      "C-00000002",
      'Executing [go@loop:3] Log("Local/go@loop-00000000;2")',
    ],
    // The console, in colour.
    [
      "[Nov 20 13:59:45] \x1b[1;33mNOTICE\x1b[0m[123][C-0000000a]: \x1b[1;37mres_pjsip/pjsip_distributor.c\x1b[0m:\x1b[1;37m676\x1b[0m \x1b[1;37mlog_failed_request\x1b[0m: no",
      AT,
      "NOTICE",
      "res_pjsip/pjsip_distributor.c",
      "C-0000000a",
      "no",
    ],
    ["[Nov 20 13:59:45]     -- Called PJSIP/777-ep", AT, "VERBOSE", null, null, "    -- Called PJSIP/777-ep"],
    // Other dates, levels of one's own.
    ["[2026-11-20 13:59:45.123] DTMF[1] channel.c: x", "11-20T13:59:45.123", "DTMF", "channel.c", null, "x"],
    ["[2026-11-20T13:59:45.123+0100] FRAUD_2[1] a.c: x", "11-20T12:59:45.123", "FRAUD_2", "a.c", null, "x"],
    ["[1789000000] TRACE[1] a.c: x", "09-10T00:26:40.000", "TRACE", "a.c", null, "x"],
    ["[some day] ERROR[1] a.c: x", null, "ERROR", "a.c", null, "x"],
    [
      '[Nov 20 13:59:45] SECURITY[1] res_security_log.c: SecurityEvent="X"',
      AT,
      "SECURITY",
      "res_security_log.c",
      null,
      'SecurityEvent="X"',
    ],
    ["[Nov 20 13:59:45] ERROR[1] a.c:", AT, "ERROR", "a.c", null, ""],
    ["[Nov 20 13:59:45] ERROR[1] no source here", AT, "ERROR", null, null, "no source here"],
    ["[Nov 20 13:59:45] ERROR[1]: no place here", AT, "ERROR", null, null, "no place here"],
    [
      "[Nov 20 13:59:45] VERBOSE[1]: a.c:1 f: Ünïcode привет 日本",
      AT,
      "VERBOSE",
      "a.c",
      null,
      "Ünïcode привет 日本",
    ],
  ];
  for (const [line, ...told] of table) assert.deepEqual(short([line]), [told], line);
});

Deno.test("log messages: JSON that Asterisk's buffer cut off is read as far as it goes", () => {
  const head =
    '{"hostname":"pbx","timestamp":"Nov 20 13:59:45","identifiers":{"lwp":1,"callid":""},"logmsg":' +
    '{"location":{"filename":"a.c","function":"f","line":1},"level":"VERBOSE","message":"';
  const table: [cut: string, text: string][] = [
    ["one\\r\\ntwo", "one\ntwo"],
    ["one\\r\\ntwo\\", "one\ntwo"],
    ["one \\u00", "one "],
    ['a \\"quoted\\" one', 'a "quoted" one'],
    ['whole\\n"}', "whole"],
    ["", ""],
  ];
  for (const [cut, text] of table) {
    assert.deepEqual(short([head + cut]), [[AT, "VERBOSE", "a.c", null, text]], cut);
  }
  // Before anything could be told of it, it is text.
  assert.deepEqual(short([head.slice(0, 90)]), [[null, "UNKNOWN", null, null, head.slice(0, 90)]]);
  assert.deepEqual(short(['{"no":"log"}', "[1]"]), [[null, "UNKNOWN", null, null, '{"no":"log"}\n[1]']]);
});

Deno.test("log messages: lines without a head go on with the message before", () => {
  const lines = [
    "the end of a message that began before",
    "[Nov 20 13:59:45] VERBOSE[1] res_pjsip_logger.c: <--- Received SIP request (305 bytes) from UDP:192.0.2.1:5060 --->",
    "REGISTER sip:192.0.2.1 SIP/2.0\r",
    "Via: SIP/2.0/UDP 192.0.2.1\r",
    "\r",
    "body\r",
    "\r",
    "",
    "[Nov 20 13:59:46] NOTICE[1] a.c: next",
  ];
  assert.deepEqual(messagesOf(lines).map(({ text }) => text), [
    "the end of a message that began before",
    "<--- Received SIP request (305 bytes) from UDP:192.0.2.1:5060 --->\nREGISTER sip:192.0.2.1 SIP/2.0\n" +
    "Via: SIP/2.0/UDP 192.0.2.1\n\nbody",
    "next",
  ]);
});

Deno.test("log messages: what only looks like a head is part of the message", () => {
  const head = "[Nov 20 13:59:45] NOTICE[1] a.c: real";
  for (
    const fake of [
      " [Nov 20 13:59:45] ERROR[1] b.c: indented",
      "x [Nov 20 13:59:45] ERROR[1] b.c: in a line",
      "[yesterday] no level",
      "[Nov 20 13:59:45]ERROR[1] b.c: no blank",
      "[Nov 20 13:59:45] ERROR[1][C-0000] no end[",
      "[Nov 20 13:59:45] ERROR[1]; b.c: other sign",
      `[${"x".repeat(80)}] ERROR[1] b.c: no date is so long`,
      "[some day] ERROR[] b.c: no thread",
      // A date and text is what Asterisk writes too, but there is none here.
      `[some day] ${"E".repeat(40)}[1] b.c: no level is so long`,
    ]
  ) {
    assert.deepEqual(messagesOf([head, fake]).map(({ text }) => text), [`real\n${fake}`]);
  }
  const [message] = messagesOf([`[Nov 20 13:59:45] NOTICE[1] a.c: x [Nov 20 13:59:45] ERROR[1] b.c: y`]);
  assert.deepEqual([message!.level, message!.text], ["NOTICE", "x [Nov 20 13:59:45] ERROR[1] b.c: y"]);
});

Deno.test("log messages: a message without an end is bounded, and what is left out is counted", () => {
  const head = "[Nov 20 13:59:45] NOTICE[1] a.c: first";
  const [many] = messagesOf([head, ...Array.from({ length: 5000 }, (_, n) => `line ${n}`)]);
  const lines = many!.text.split("\n");
  assert.equal(lines.length, MOST_LINES + 1);
  assert.equal(lines.at(-1), "[… 4001 more lines]");
  const [long] = messagesOf([head, ...Array.from({ length: 100 }, () => "x".repeat(1000)), "short"]);
  assert.ok(!long!.text.includes("short"), "nothing follows what was left out");
  assert.ok(long!.text.length < LONGEST_MESSAGE + 100);
  assert.match(long!.text, /\[… \d+ more lines\]$/);
});

Deno.test("log messages: after one that Asterisk's buffer cut off, the next begins in the middle of a line", () => {
  const next = "[Nov 20 13:59:46] NOTICE[2] b.c: next";
  const cut = (text: string) => {
    // As Asterisk does it, to the byte, be it within a character.
    const bytes = new TextEncoder().encode(text).slice(0, 8191);
    return (new TextDecoder().decode(bytes) + next).split("\n");
  };
  const head = "[Nov 20 13:59:45] VERBOSE[1] a.c: <--- Received SIP request";
  for (const filler of ["y", "я", "日", "\ud83d\ude00", "ay", "\r\n", "aя日\r\n"]) {
    for (const offset of ["", "x", "xx", "xxx"]) {
      const all = messagesOf([...cut(`${head}\nX: ${offset}${filler.repeat(9000)}`), "more of it"]);
      assert.deepEqual(
        all.map(({ level }) => level),
        ["VERBOSE", "NOTICE"],
        JSON.stringify([filler, offset]),
      );
      assert.equal(all[1]!.text, "next\nmore of it");
      if (filler.includes("\n")) continue;
      const one = messagesOf(cut(`${head} ${offset}${filler.repeat(9000)}`));
      assert.deepEqual(one.map(({ source }) => source), ["a.c", "b.c"], JSON.stringify([filler, offset]));
    }
  }
  // In the middle of a password, too.
  const secret = messagesOf(
    cut(`${head}\n${"y\n".repeat(4050)}Authorization: Digest response="c4nARY${"x".repeat(99)}`),
  );
  assert.deepEqual([secret.length, secret[1]!.text, JSON.stringify(secret).includes("c4nARY")], [
    2,
    "next",
    false,
  ]);
  // Elsewhere in a line there is no head.
  const [whole, ...others] = messagesOf([`${head} ${"y".repeat(8000)}${next}`]);
  assert.ok(others.length === 0 && whole!.text.endsWith("next"));
});

Deno.test("log messages: what a terminal or a page would obey does not come through, markup stays text", () => {
  const hostile = "\x1b]0;title\x07a\x1b[31mb\x1b[2Jc\0d\x07e\t<script>alert(1)</script>\x1b" +
    "\rover\x7f\u009b31m\u0085\u202edrow\u202c \u2066x\u2069\r";
  const shown = String.raw`abc\u0000d\u0007e` + "\t<script>alert(1)</script>" +
    String.raw`\u001b\u000dover\u007f\u009b31m\u0085\u202edrow\u202c \u2066x\u2069`;
  const head = "[Nov 20 13:59:45] NOTICE[1] a.c: ";
  const json = (message: string, more: { level?: string; filename?: string } = {}) =>
    JSON.stringify({
      hostname: "",
      timestamp: "Nov 20 13:59:45",
      identifiers: { lwp: 1, callid: "" },
      logmsg: {
        location: { filename: more.filename ?? "a.c", function: "f", line: 1 },
        level: more.level ?? "NOTICE",
        message,
      },
    });
  const ofJson = json(hostile).replaceAll(
    /[\u0080-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  for (const lines of [[`${head}${hostile}\r`], [json(hostile)], [ofJson], [ofJson.slice(0, -3)]]) {
    assert.deepEqual(messagesOf(lines).map(({ text }) => text), [shown], lines[0]!);
  }
  const [several] = messagesOf([`${head}one`, `${hostile}\r`, "end"]);
  assert.equal(several!.text, `one\n${shown}\nend`);
  assert.equal(messagesOf([json(`one\r\n${hostile}\r\nend\r\n`)])[0]!.text, `one\n${shown}\nend`);
  // Somebody's line that looks like JSON, in a log that is none.
  const [made] = messagesOf([
    json("x", { level: "\x1b[31mE", filename: "a.c\n[Nov 20 13:59:45] NOTICE[1] b.c" }),
  ]);
  assert.deepEqual([made!.level, made!.source], ["VERBOSE", null]);
});

Deno.test("log messages: one that waits is given out when nothing was added to it", async () => {
  const { Messages } = await import("../../../actors/asterisk_log/messages.ts");
  const { Stamps } = await import("../../../actors/asterisk_log/stamps.ts");
  const texts: string[] = [];
  const messages = new Messages(new Stamps("UTC", () => 0), (message) => texts.push(message.text));
  messages.line("[Nov 20 13:59:45] NOTICE[1] a.c: one", 0);
  messages.idle(99, 100);
  messages.line("more", 99);
  messages.idle(198, 100);
  assert.deepEqual(texts, []);
  messages.idle(199, 100);
  messages.idle(500, 100);
  assert.deepEqual(texts, ["one\nmore"]);
});
