/**
 * @module
 * Whatever bytes come on whatever topic: a typed message or a refusal with a known reason, and never a throw.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decode,
  type Decoded,
  isMac,
  MAX_PAYLOAD,
  PANEL_TOPICS,
  parseTime,
} from "../../../actors/mqtt/decode.ts";

const REASONS = [
  "bad_topic",
  "bad_mac",
  "unknown_topic",
  "oversize",
  "not_utf8",
  "not_json",
  "not_object",
  "too_deep",
  "wrong_type",
  "retained",
];

const encoder = new TextEncoder();
const MAC = "AA:BB:CC:01";

/** Decodes a payload on a topic of a good panel; what is not text or bytes is sent as JSON. */
function say(what: string, payload: unknown, retained = false): Decoded {
  const bytes = payload instanceof Uint8Array
    ? payload
    : encoder.encode(typeof payload === "string" ? payload : JSON.stringify(payload));
  return decode(`intercom/${MAC}/${what}`, bytes, retained);
}

function good(decoded: Decoded) {
  assert.ok(decoded.ok, decoded.ok ? "" : `${decoded.reason}: ${decoded.detail}`);
  return decoded.message;
}

function reasonOf(decoded: Decoded): string {
  return decoded.ok ? "taken" : decoded.reason;
}

/** What PostgreSQL refuses in text and jsonb: NUL, and halves of surrogate pairs. */
function assertStorable(value: unknown): void {
  if (typeof value === "string") {
    assert.ok(value.isWellFormed() && !value.includes("\0"), JSON.stringify(value));
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      assert.notEqual(name, "__proto__");
      assertStorable(name);
      assertStorable(item);
    }
    if (!Array.isArray(value)) assert.equal(Object.getPrototypeOf(value), Object.prototype);
  }
}

/** Holds for every outcome. */
function check(decoded: Decoded): void {
  if (!decoded.ok) {
    assert.ok(REASONS.includes(decoded.reason), decoded.reason);
    if (decoded.mac !== null) assert.ok(isMac(decoded.mac));
    return;
  }
  const { mac, topicMac, event, onceKey, occurredAt, extra } = decoded.message;
  assert.ok(isMac(mac));
  assert.equal(mac, topicMac.toUpperCase());
  assert.ok(onceKey.length > 0 && onceKey.length <= 64);
  assert.ok(occurredAt === null || Number.isSafeInteger(occurredAt));
  assertStorable([event, onceKey, extra]);
  assert.deepEqual(JSON.parse(JSON.stringify(event)), event, "plain JSON");
}

Deno.test("decode: each topic with what the contract says", () => {
  const told = PANEL_TOPICS.map((what) => {
    const { event } = good(say(what, {
      door_status: "open",
      apartment: "12",
      key_id: "K1",
      source: "key",
      command_id: "C1",
      kind: "tamper",
      status: "offline",
    }));
    return event;
  });
  assert.deepEqual(told, [
    { type: "panel.heartbeat", door: "open" },
    { type: "panel.call", apartment: "12" },
    { type: "panel.key", apartment: "12", keyId: "K1" },
    { type: "panel.door_opened", source: "key", apartment: "12", commandId: "C1" },
    { type: "panel.door_closed", source: "key", apartment: "12" },
    { type: "panel.alarm", kind: "tamper" },
    { type: "panel.status", status: "offline", retained: false },
  ]);
});

Deno.test("decode: what may be left out is null, and numbers are words", () => {
  assert.deepEqual(good(say("key", {})).event, { type: "panel.key", apartment: null, keyId: null });
  assert.deepEqual(good(say("door_opened", { apartment: null, source: null })).event, {
    type: "panel.door_opened",
    source: null,
    apartment: null,
    commandId: null,
  });
  assert.deepEqual(good(say("call", { apartment: 12 })).event, { type: "panel.call", apartment: "12" });
});

Deno.test("row 15: wrong types are refused, field by field", () => {
  for (
    const [what, payload] of [
      ["heartbeat", {}],
      ["heartbeat", { door_status: "ajar" }],
      ["heartbeat", { door_status: true }],
      ["call", {}],
      ["call", { apartment: "" }],
      ["call", { apartment: "  " }],
      ["call", { apartment: "\u0000" }],
      ["call", { apartment: null }],
      ["call", { apartment: ["12"] }],
      ["call", { apartment: 1.5 }],
      ["call", { apartment: "1".repeat(65) }],
      ["call", { apartment: "1", timestamp: {} }],
      ["call", { apartment: "1", id: { a: 1 } }],
      ["key", { key_id: [] }],
      ["door_opened", { source: "magic" }],
      ["door_opened", { command_id: "x".repeat(65) }],
      ["door_closed", { apartment: {} }],
      ["alarm", {}],
      ["alarm", { kind: "fire" }],
      ["status", { status: "asleep" }],
      ["status", { status: null }],
      ["status", '{"__proto__": {"status": "online"}}'],
    ] as const
  ) assert.equal(reasonOf(say(what, payload)), "wrong_type", `${what} ${JSON.stringify(payload)}`);
});

Deno.test("row 15: what is no JSON object is refused", () => {
  for (const payload of ["", "{", "null", "NaN", "{'a':1}", '{"a":1}x', "\u0000"]) {
    assert.equal(reasonOf(say("call", payload)), payload === "null" ? "not_object" : "not_json", payload);
  }
  for (const payload of [[], [{}], "text", 12, true]) {
    assert.equal(reasonOf(say("call", JSON.stringify(payload))), "not_object");
  }
});

Deno.test("row 15: oversize is refused before it is read", () => {
  const pad = (bytes: number) => {
    const head = '{"apartment":"1","x":"';
    return encoder.encode(`${head}${"a".repeat(bytes - head.length - 2)}"}`);
  };
  assert.equal(pad(MAX_PAYLOAD).length, MAX_PAYLOAD);
  assert.equal(reasonOf(say("call", pad(MAX_PAYLOAD))), "taken");
  for (const bytes of [MAX_PAYLOAD + 1, 300_000, 5_000_000]) {
    assert.equal(reasonOf(say("call", pad(bytes))), "oversize", `${bytes} bytes`);
  }
});

Deno.test("row 15: binary and invalid UTF-8 are refused, and do not spoil what comes after", () => {
  for (const bytes of [[0xff, 0xfe], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0x7b, 0x22, 0xe2, 0x82]]) {
    assert.equal(reasonOf(say("call", new Uint8Array(bytes))), "not_utf8");
    assert.equal(reasonOf(say("call", { apartment: "\u20ac" })), "taken");
  }
});

Deno.test("row 15: JSON may nest 32 levels; 10,000 are refused in no time", () => {
  const nest = (levels: number) => `{"apartment":"1","x":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
  assert.equal(reasonOf(say("call", nest(32))), "taken");
  assert.equal(reasonOf(say("call", nest(33))), "too_deep");
  assert.equal(reasonOf(say("call", nest(10_000))), "too_deep");
  assert.equal(reasonOf(say("call", '{"x":'.repeat(10_000))), "too_deep");
  const brackets = "[{".repeat(1000);
  assert.equal(
    reasonOf(say("call", { apartment: "1", x: `${brackets}\\"${brackets}` })),
    "taken",
    "in a string",
  );
});

Deno.test("row 15: __proto__, NULs and halves of surrogate pairs do not get past, at any depth", () => {
  const payload =
    `{"apartment":"1\\u00002","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},
    "a":[{"__proto__":{"polluted":1},"\\u0000b":"c\\u0000d","e":"\\ud800","\\udc00":1}],"__pro\\u0000to__":{"polluted":1},
    "apart\\u0000ment":"13"}`;
  const { event, extra } = good(say("call", payload));
  assert.deepEqual(event, { type: "panel.call", apartment: "12" });
  assertStorable(extra);
  assert.deepEqual(extra, {
    constructor: { prototype: { polluted: 1 } },
    a: [{ b: "cd", e: "\ufffd", "\ufffd": 1 }],
  });
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

Deno.test("decode: unknown fields are kept", () => {
  const beside = { firmware: "1.2", rssi: -70, tags: ["a", { b: null }], "": true };
  assert.deepEqual(good(say("call", { apartment: "1", ...beside })).extra, beside);
  assert.deepEqual(good(say("heartbeat", { door_status: "open", ...beside })).extra, beside);
});

Deno.test("row 15: whatever the bytes, the topic and the flag, it is a message or a refusal", () => {
  const segment = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(MAC, ...PANEL_TOPICS, "cmd"),
  );
  const anyTopic = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(segment, { maxLength: 5 }).map((parts) => parts.join("/")),
    fc.constantFrom(...PANEL_TOPICS).map((what) => `intercom/${MAC}/${what}`),
  );
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map((text) => encoder.encode(text)),
    fc.string({ unit: "binary" }).map((text) => encoder.encode(text)),
  );
  fc.assert(
    fc.property(
      anyTopic,
      anyBytes,
      fc.boolean(),
      (topic, bytes, retained) => check(decode(topic, bytes, retained)),
    ),
    { numRuns: 1000 },
  );
});

Deno.test("row 15: whatever stands in the fields, what is kept can be stored", () => {
  const text = fc.string({ unit: "binary", maxLength: 70 });
  const value = fc.oneof(
    text,
    fc.jsonValue({ stringUnit: "binary" }),
    fc.constantFrom("open", "key", "forced", "online"),
  );
  const known = [
    "timestamp",
    "id",
    "door_status",
    "apartment",
    "key_id",
    "source",
    "command_id",
    "kind",
    "status",
  ];
  const payload = fc.dictionary(fc.oneof(fc.constantFrom(...known), text), value, { maxKeys: 8 });
  let taken = 0;
  fc.assert(
    fc.property(fc.constantFrom(...PANEL_TOPICS), payload, (what, fields) => {
      // Made so by hand: JSON.stringify escapes halves of pairs, and NULs, as a hostile panel would.
      const decoded = say(what, JSON.stringify(fields));
      check(decoded);
      if (decoded.ok) taken++;
    }),
    { numRuns: 1500 },
  );
  assert.ok(taken > 50, `only ${taken} were taken: the test shows too little`);
});

Deno.test("row 16: a topic is of one panel, and hostile MACs are none", () => {
  for (
    const mac of ["AA:BB:CC:01", "aa-bb-cc-dd-ee-ff", "AABBCCDDEEFF", "AABBCC", "00:11:22:33:44:55:66:77"]
  ) {
    assert.equal(isMac(mac), true, mac);
    assert.equal(good(decode(`intercom/${mac}/key`, encoder.encode("{}"), false)).mac, mac.toUpperCase());
  }
  for (
    const mac of [
      "",
      "+",
      "#",
      "AA",
      "AA:BB",
      "AA:BB:CC:01:",
      ":AA:BB:CC",
      "AA:BB:CC:0",
      "AA::BB:CC",
      "GG:BB:CC:01",
      "AA:BB:CC:01\n",
      "AA:BB:CC:01 ",
      "\u0000AA:BB:CC:01",
      "..",
      "<script>",
      "AA".repeat(9),
      "\uff21\uff21:BB:CC:01",
    ]
  ) {
    assert.equal(isMac(mac), false, JSON.stringify(mac));
    assert.equal(reasonOf(decode(`intercom/${mac}/key`, encoder.encode("{}"), false)), "bad_mac");
  }
  for (
    const topic of [
      "",
      "/",
      "intercom",
      `intercom/${MAC}`,
      `intercom/${MAC}/key/`,
      `/intercom/${MAC}/key`,
      "$SYS/x/y",
    ]
  ) {
    assert.equal(reasonOf(decode(topic, encoder.encode("{}"), false)), "bad_topic", topic);
  }
  for (const what of ["cmd", "", "KEY", "constructor", "__proto__", "toString"]) {
    assert.equal(reasonOf(say(what, {})), "unknown_topic", what);
  }
});

Deno.test("decode: of what is retained only the status says anything, and nobody is heard by it", () => {
  const { event } = good(say("status", { status: "online" }, true));
  assert.deepEqual(event, { type: "panel.status", status: "online", retained: true });
  const refused = say("heartbeat", { door_status: "open" }, true);
  assert.ok(!refused.ok && refused.reason === "retained" && refused.mac === null);
  const live = say("heartbeat", {});
  assert.ok(!live.ok && live.mac === MAC, "a bad message is a sign of life all the same");
});

Deno.test("decode: an id makes a message one; without it the bytes and the topic do", () => {
  const withId = good(say("call", { apartment: "1", id: 17 }));
  assert.deepEqual([withId.onceKey, withId.hasId], ["17", true]);
  const [a, b, other, topic] = [
    say("call", { apartment: "1" }),
    say("call", { apartment: "1" }),
    say("call", { apartment: "2" }),
    say("key", { apartment: "1" }),
  ].map(good);
  assert.equal(a!.hasId, false);
  assert.equal(a!.onceKey, b!.onceKey);
  assert.notEqual(a!.onceKey, other!.onceKey);
  assert.notEqual(a!.onceKey, topic!.onceKey);
  assert.equal(good(say("call", { apartment: "1", id: "" })).hasId, false, "an empty id is none");
});

Deno.test("decode: a time without a zone is UTC, whatever the zone of this machine", () => {
  assert.notEqual(new Date(2026, 0, 2).getTimezoneOffset(), 0, "the tests run far from UTC");
  const expected = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  for (
    const value of [
      "2026-01-02T03:04:05.678",
      "2026-01-02 03:04:05.678",
      "2026-01-02T03:04:05.678Z",
      "2026-01-02t03:04:05.678z",
      "2026-01-02T03:04:05.678901234",
      "2026-01-02T08:34:05.678+05:30",
      "2026-01-02T08:34:05.678+0530",
      " 2026-01-02T01:04:05.678-02:00 ",
      expected,
      expected / 1000,
    ]
  ) assert.equal(parseTime(value), expected, String(value));
  assert.equal(parseTime("2026-01-02T03:04"), Date.UTC(2026, 0, 2, 3, 4));
});

Deno.test("decode: a time that cannot be is none, and costs nothing else", () => {
  for (
    const value of [
      "",
      "yesterday",
      "2026-13-01T00:00:00Z",
      "2026-01-02T25:00:00",
      "2026-01-02",
      "02.01.2026 03:04:05",
      "1970-01-01T00:00:10",
      "2026-01-02T03:04:05+99:99",
      0,
      -1,
      1e300,
      1e18,
    ]
  ) {
    assert.equal(parseTime(value), null, String(value));
    assert.equal(good(say("call", { apartment: "1", timestamp: value })).occurredAt, null);
  }
});
