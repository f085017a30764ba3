/**
 * @module
 * The way to one client: how far it may fall behind, how long it may take nothing, and when it counts as gone.
 */
import assert from "node:assert/strict";
import { Pipe } from "../../routes/socket_pipe.ts";

function start() {
  const wire = {
    bufferedAmount: 0,
    sent: 0,
    pings: 0,
    ended: null as string | null,
    send: (text: string) => {
      wire.sent++;
      wire.bufferedAmount += text.length;
    },
    close: (code: number) => void (wire.ended = `closed ${code}`),
    terminate: () => void (wire.ended = "terminated"),
    ping: () => void wire.pings++,
  };
  let now = 1000;
  let slow = 0;
  const pipe = new Pipe({
    wire,
    now: () => now,
    maxBehind: 1000,
    maxStallMs: 10_000,
    pingEveryMs: 15_000,
    onSlow: () => void slow++,
  });
  return {
    wire,
    pipe,
    slow: () => slow,
    pass: (ms: number) => {
      now += ms;
      pipe.look();
    },
  };
}

Deno.test("row 22: a client that takes nothing is dropped when a megabyte waits for it", () => {
  const { wire, pipe, slow } = start();
  pipe.send("x");
  for (let i = 0; i < 20; i++) pipe.send("x".repeat(100));
  assert.equal(wire.ended, "terminated");
  assert.equal(slow(), 1);
  assert.ok(wire.bufferedAmount > 1000 && wire.bufferedAmount <= 1110, `${wire.bufferedAmount}`);
  pipe.send("after");
  pipe.look();
  assert.equal(slow(), 1);
});

Deno.test("row 22: a client that keeps up is not dropped for the size of one frame", () => {
  const { wire, pipe } = start();
  for (let i = 0; i < 3; i++) {
    pipe.send("x".repeat(50_000));
    pipe.send("y");
    pipe.look();
    assert.equal(wire.ended, null);
    wire.bufferedAmount = 0;
  }
  pipe.send("x");
  for (let i = 0; i < 20; i++) pipe.send("x".repeat(100));
  assert.equal(wire.ended, "terminated", "and what it was allowed then does not last");
});

Deno.test("row 22: a client that takes nothing for ten seconds is dropped, one that takes a little is not", () => {
  const { wire, pipe, pass } = start();
  pass(60_000 - 1);
  pipe.heard();
  pipe.send("x".repeat(100));
  for (let i = 0; i < 20; i++) {
    pass(9000);
    pipe.heard();
    assert.equal(wire.ended, null, `after ${i}`);
    wire.bufferedAmount -= 5;
  }
  pass(1);
  wire.bufferedAmount = 50;
  pass(1);
  pass(9_998);
  assert.equal(wire.ended, null);
  pass(1);
  assert.equal(wire.ended, "terminated");
});

Deno.test("socket: a ping is sent each 15 s, and a client that does not answer is gone at the next", () => {
  const { wire, pipe, slow, pass } = start();
  pass(14_999);
  assert.equal(wire.pings, 0);
  pass(1);
  assert.equal(wire.pings, 1);
  pipe.heard();
  pass(15_000);
  assert.equal(wire.pings, 2);
  pass(14_999);
  assert.equal(wire.ended, null);
  pass(1);
  assert.equal(wire.ended, "terminated");
  assert.equal(slow(), 0, "being gone is not being slow");
});

Deno.test("socket: what is closed is sent nothing and is not closed twice", () => {
  const { wire, pipe } = start();
  pipe.close(1008, "why");
  pipe.send("after");
  pipe.close(1001, "again");
  assert.deepEqual([wire.ended, wire.sent, pipe.closed], ["closed 1008", 0, true]);
});
