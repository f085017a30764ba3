/**
 * @module
 * The log: what must not be read in it, wherever it stands.
 */
import assert from "node:assert/strict";
import { createLogger, mask } from "../../actors/logger.ts";

const CANARY = "canary-5f1c";
const PHONES = ["+12025550123", "12025550123", "2025550123", "123456789012345"];

function startLog(format: "json" | "pretty" = "json") {
  const lines: string[] = [];
  const log = createLogger({ level: "trace", format, write: (line) => void lines.push(line) });
  return { log, lines };
}

/** Ten levels around a value. */
function deep(value: unknown): unknown {
  let around = value;
  for (let i = 0; i < 10; i++) around = { inner: around };
  return around;
}

const failure = Object.assign(new Error("refused"), { password: CANARY, options: { api_key: CANARY } });

for (const format of ["json", "pretty"] as const) {
  Deno.test(`row 38: secrets never appear in a ${format} line, by whatever name and however deep`, () => {
    const { log, lines } = startLog(format);
    for (
      const name of [
        "password",
        "pass",
        "secret",
        "token",
        "bot_token",
        "cookie",
        "Authorization",
        "set-cookie",
        "apiKey",
        "api_key",
        "hash",
        "password_hash",
        "access_token",
        "client_secret",
      ]
    ) {
      log.info({ [name]: CANARY, user: "kept" }, "top");
      log.info({ a: [{ b: { [name]: CANARY } }] }, "nested");
      log.info({ a: deep({ [name]: CANARY }) }, "deep");
    }
    log.error({ err: failure }, "an error with fields");
    log.error({ cause: failure }, "an error by another name");
    log.error(failure);
    log.error({ err: new Error("outer", { cause: failure }) }, "a cause");
    assert.deepEqual(lines.filter((line) => line.includes(CANARY)), []);
    assert.ok(lines[0]!.includes("kept"));
  });

  Deno.test(`row 38: whole phone numbers never appear in a ${format} line`, () => {
    const { log, lines } = startLog(format);
    for (const phone of PHONES) {
      log.info(`call from ${phone}.`);
      log.info(`sip:${phone}@192.0.2.1:5060 and tel:${phone}, PJSIP/${phone}-0000002a`);
      log.info({ phone, list: [phone], text: `(${phone})` }, "as text");
      log.info({ phone: Number(phone.replace("+", "")) }, "as a number");
      log.error({ err: new Error(`no route to ${phone}`) }, "in an error");
    }
    const digits = PHONES.map((phone) => phone.replace("+", ""));
    const leak = lines.find((line) => digits.some((phone) => line.includes(phone)));
    assert.equal(leak, undefined);
    assert.ok(lines[0]!.includes("***23"), "two digits remain to tell them apart");
  });
}

Deno.test("row 38: credentials in a URL are masked, also with an at sign among them", () => {
  const masked = [
    "mqtt://user:canary@broker:1883",
    "postgres://user:can@ary@db/doorline?x=1",
    "ami://canary@host:5038/name",
  ].map(mask);
  assert.deepEqual(masked, [
    "mqtt://***@broker:1883",
    "postgres://***@db/doorline?x=1",
    "ami://***@host:5038/name",
  ]);
});

Deno.test("logger: times, fractions, identifiers, MACs and ports are left as they are", () => {
  for (
    const text of [
      "2026-01-02T03:04:05.678Z",
      "0.12345678901234",
      "3f2b8c1e-1234-4abc-9def-123456789012",
      "01JGKXW0Q6RMDWXGAWV5X4PA12",
      "AA:BB:CC:01",
      "127.0.0.1:18830",
      "http://localhost:8000/login",
      "123456789",
    ]
  ) assert.equal(mask(text), text);
});

Deno.test("logger: an error is written with its words, by whatever name it comes", () => {
  const { log, lines } = startLog();
  log.error({ err: new TypeError("first") }, "one");
  log.error({ reason: new TypeError("second") }, "two");
  const [one, two] = lines.map((line) => JSON.parse(line));
  assert.equal(one.err.type, "TypeError");
  assert.match(one.err.stack, /first/);
  assert.equal(two.reason.message, "second");
});

Deno.test("logger: what goes in circles is written all the same, and times stay times", () => {
  const { log, lines } = startLog();
  const circle: Record<string, unknown> = { at: new Date(0) };
  circle.self = circle;
  log.info({ circle }, "round");
  assert.equal(JSON.parse(lines[0]!).circle.at, "1970-01-01T00:00:00.000Z");
});
