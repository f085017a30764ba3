/**
 * @module
 * The length of MQTT frames is followed across chunks, however they are cut. The guard on the socket is tested with
 * the broker.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FrameLimit } from "../../../actors/mqtt/stream_guard.ts";

const MAX = 300;

/** A frame: its first byte, its length (MQTT 3.1.1 section 2.2.3), its body. */
function frame(bodyLength: number): Uint8Array {
  const digits: number[] = [];
  let rest = bodyLength;
  do {
    digits.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  // A body full of what would look like enormous lengths.
  return Uint8Array.from([0x30, ...digits, ...new Uint8Array(bodyLength).fill(0xff)]);
}

function concat(chunks: Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

/** Feeds bytes in pieces that end at the cuts; false as soon as one is not allowed. */
function feed(limit: FrameLimit, bytes: Uint8Array, cuts: number[]): boolean {
  const ends = [...new Set(cuts.filter((cut) => cut < bytes.length)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    if (!limit.allows(bytes.subarray(from, end))) return false;
    from = end;
  }
  return true;
}

const lengths = fc.array(fc.oneof(fc.nat(MAX), fc.constantFrom(0, 1, 127, 128, 129, MAX)), { maxLength: 8 });
const cuts = fc.array(fc.nat(3000), { maxLength: 40 });

Deno.test("row 15: frames within the cap are allowed, wherever they are cut", () => {
  fc.assert(fc.property(lengths, cuts, (bodies, at) => {
    assert.equal(feed(new FrameLimit(MAX), concat(bodies.map(frame)), at), true);
  }));
});

Deno.test("row 15: a frame beyond the cap is refused, wherever it is cut and whatever came before", () => {
  fc.assert(fc.property(lengths, fc.integer({ min: MAX + 1, max: 3000 }), cuts, (bodies, tooLong, at) => {
    assert.equal(feed(new FrameLimit(MAX), concat([...bodies.map(frame), frame(tooLong)]), at), false);
  }));
});

Deno.test("row 15: it is refused by its announcement, before any of its body has come", () => {
  for (const length of [MAX + 1, 16_384, 2_097_152, 268_435_455]) {
    const head = frame(0).subarray(0, 1);
    const digits: number[] = [];
    for (let rest = length; rest > 0 || digits.length === 0; rest = Math.floor(rest / 128)) {
      digits.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    }
    const limit = new FrameLimit(MAX);
    const last = digits.pop()!;
    for (const byte of [...head, ...digits]) assert.equal(limit.allows(Uint8Array.of(byte)), true);
    assert.equal(limit.allows(Uint8Array.of(last)), false, `${length}`);
  }
});

Deno.test("row 15: a length of more than four bytes is none", () => {
  fc.assert(fc.property(lengths, cuts, fc.integer({ min: 128, max: 255 }), (bodies, at, byte) => {
    const endless = Uint8Array.of(0x30, byte, byte, byte, byte, 0);
    assert.equal(feed(new FrameLimit(268_435_455), concat([...bodies.map(frame), endless]), at), false);
  }));
});

Deno.test("row 15: every byte may come alone", () => {
  const bytes = concat([200, 0, 128, MAX, 1].map(frame));
  const limit = new FrameLimit(MAX);
  for (const byte of bytes) assert.equal(limit.allows(Uint8Array.of(byte)), true);
  assert.equal(limit.allows(new Uint8Array()), true);
});
