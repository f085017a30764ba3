/**
 * @module
 * Refused messages: all are counted, few are kept, and what is kept is text that the database takes.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { DeadLetters } from "../../actors/dead_letters.ts";
import { fakeClock, FakeWriter } from "./fakes.ts";

function startLetters() {
  const clock = fakeClock();
  const writer = new FakeWriter();
  const counted: string[] = [];
  const letters = new DeadLetters({
    writer: writer.asWriter,
    clock,
    onCount: (reason) => void counted.push(reason),
  });
  const kept = () => writer.units.map(({ deadLetter }) => deadLetter!);
  return { clock, writer, counted, letters, kept };
}

const bytes = (text: string) => new TextEncoder().encode(text);
const rubbish = { source: "mqtt", reason: "not_json", topic: "intercom/x/call", payload: bytes("{") };

Deno.test("row 15: all refusals are counted, ten a second are kept", () => {
  const { clock, counted, letters, kept } = startLetters();
  for (let i = 0; i < 5000; i++) letters.add(rubbish);
  letters.add({ ...rubbish, reason: "oversize" });
  assert.deepEqual(letters.counts(), { not_json: 5000, oversize: 1 });
  assert.equal(counted.length, 5001);
  assert.equal(kept().length, 10);
  clock.pass(1000);
  letters.add(rubbish);
  assert.equal(kept().length, 11);
  assert.equal(new Set(kept().map(({ id }) => id)).size, 11);
});

Deno.test("row 15: what is not printable text is shown escaped", () => {
  const { letters, kept } = startLetters();
  letters.add({ ...rubbish, topic: "a\0b\r\n", payload: new Uint8Array([0x41, 0x00, 0xff, 0x0a, 0x7f]) });
  letters.add({ ...rubbish, payload: bytes("caf\u00e9 \u0000 <b>") });
  assert.deepEqual(kept().map(({ topic, payload }) => [topic, payload]), [
    ["a\\x00b\\x0d\\x0a", "A\\x00\\xff\\x0a\\x7f"],
    ["intercom/x/call", "caf\u00e9 \\x00 <b>"],
  ]);
});

Deno.test("row 15: whatever the bytes and the topic, what is kept is bounded text that PostgreSQL takes", () => {
  fc.assert(fc.property(
    fc.oneof(fc.uint8Array({ maxLength: 3000 }), fc.string({ unit: "binary", maxLength: 2000 }).map(bytes)),
    fc.string({ unit: "binary", maxLength: 600 }),
    (payload, topic) => {
      const { letters, kept } = startLetters();
      letters.add({ ...rubbish, payload, topic });
      const [letter] = kept();
      for (const [text, most] of [[letter!.payload, 1024], [letter!.topic, 256]] as const) {
        assert.ok(text.length <= most);
        assert.ok(text.isWellFormed(), "half a surrogate pair");
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f]/);
      }
    },
  ));
});

Deno.test("row 15: a cut through a character leaves no half of it", () => {
  const { letters, kept } = startLetters();
  letters.add({
    ...rubbish,
    topic: `${"a".repeat(255)}\u{1F600}`,
    payload: bytes(`\n${"a".repeat(1019)}\u{1F600}`),
  });
  assert.ok(kept()[0]!.topic.isWellFormed());
  assert.ok(kept()[0]!.payload.isWellFormed());
});

Deno.test("dead letters: when they cannot be kept they are counted, and nobody is told", async () => {
  const { writer, letters } = startLetters();
  writer.failure = new Error("full");
  letters.add(rubbish);
  await Promise.resolve();
  assert.deepEqual(letters.counts(), { not_json: 1 });
});
