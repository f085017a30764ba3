/**
 * @module
 * Bytes become the same lines wherever they were cut.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Lines, LONGEST_LINE } from "../../../actors/asterisk_log/lines.ts";

function cut(bytes: Uint8Array, places: readonly number[]): string[] {
  const given: string[] = [];
  const lines = new Lines((line) => given.push(line));
  let from = 0;
  for (const place of [...places].sort((a, b) => a - b)) {
    const to = Math.min(place, bytes.length);
    lines.push(bytes.slice(from, to));
    from = to;
  }
  lines.push(bytes.slice(from));
  lines.end();
  return given;
}

const encoder = new TextEncoder();

Deno.test("log lines: any cut of the bytes gives the same lines", () => {
  const text = fc.array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom("\n", "\r\n", "привет", "日本", "\n\n"),
    ),
  )
    .map((some) => some.join("").replaceAll("\0", ""));
  fc.assert(fc.property(text, fc.array(fc.nat(200)), (all, places) => {
    // Halves of surrogates are not written by anybody; the encoder replaces them.
    const bytes = encoder.encode(all);
    const expected = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split("\n");
    if (expected.at(-1) === "") expected.pop();
    assert.deepEqual(cut(bytes, places), expected);
  }));
});

Deno.test("log lines: bytes that are no text are replaced, wherever they were cut", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.array(fc.nat(100)), (bytes, places) => {
    assert.deepEqual(cut(bytes, places), cut(bytes, []));
  }));
  assert.deepEqual(cut(new Uint8Array([97, 0xff, 98, 10, 0xd0, 10, 99]), [1, 5]), [
    "a\ufffdb",
    "\ufffd",
    "c",
  ]);
});

Deno.test("log lines: a line of 10 MB loses its end and holds no more memory than it may", () => {
  const given: string[] = [];
  const lines = new Lines((line) => given.push(line));
  const block = new Uint8Array(100_000).fill(120);
  for (let n = 0; n < 100; n++) {
    lines.push(block);
    assert.ok(lines.waiting <= LONGEST_LINE);
  }
  lines.push(encoder.encode("end\nnext\n"));
  assert.deepEqual(given.map((line) => line.length), [LONGEST_LINE, 4]);
  assert.deepEqual(cut(encoder.encode(`${"y".repeat(200_000)}\nz`), []).map((line) => line.length), [
    LONGEST_LINE,
    1,
  ]);
});

Deno.test("log lines: the hole that a writer leaves in a file that was cut is no text", () => {
  const bytes = new Uint8Array(300_000);
  bytes.set(encoder.encode("[now] x\ny\n"), 299_990);
  assert.deepEqual(cut(bytes, []), ["[now] x", "y"]);
  assert.deepEqual(cut(bytes, [1, 100_000, 299_995]), ["[now] x", "y"]);
});
