/**
 * @module
 * The steady clock: what the wall clock does is shown and stored, and moves no deadline.
 */
import assert from "node:assert/strict";
import { systemClock, toIso } from "../../actors/clock.ts";
import { heartbeat, MAC, startHouse } from "./fakes.ts";

/** Runs with a wall clock and a steady one that are moved by hand. */
function withClocks(run: (time: { wall: number; steady: number }) => void): void {
  const time = { wall: Date.UTC(2026, 2, 29, 0, 59), steady: 5000 };
  const [dateNow, performanceNow] = [Date.now, performance.now];
  Date.now = () => time.wall;
  performance.now = () => time.steady;
  try {
    run(time);
  } finally {
    Date.now = dateNow;
    performance.now = performanceNow;
  }
}

for (const jumpMs of [3_600_000, -3_600_000, 86_400_000]) {
  Deno.test(`row 10: a jump of the wall clock by ${jumpMs / 1000} s moves what is shown, not the steady time`, () =>
    withClocks((time) => {
      const clock = systemClock();
      const before = clock.now();
      assert.equal(before, time.wall, "it starts as the wall clock");
      time.wall += jumpMs;
      assert.equal(clock.now(), before);
      time.steady += 1000;
      time.wall += 1000;
      assert.equal(clock.now(), before + 1000);
      assert.equal(clock.toWall(clock.now()), time.wall);
      assert.equal(clock.fromWall(time.wall), clock.now(), "there and back");
      assert.equal(toIso(clock, clock.now()), new Date(time.wall).toISOString());
    }));
}

Deno.test("row 10: jitter between the clocks does not make the same moment two", () =>
  withClocks((time) => {
    const clock = systemClock();
    const at = clock.now();
    const shown = clock.toWall(at);
    for (const jitterMs of [30, -30, 50, -50, 0]) {
      time.wall += jitterMs;
      assert.equal(clock.toWall(at), shown);
      time.wall -= jitterMs;
    }
    time.wall += 51;
    assert.equal(clock.toWall(at), shown + 51);
  }));

Deno.test("clock: nothing is shown of what never happened", () => {
  assert.equal(toIso(systemClock(), null), null);
});

for (const jumpMs of [3_600_000, -3_600_000]) {
  Deno.test(`row 10: a jump by ${jumpMs / 3_600_000} h puts nobody offline, and keeps deadlines`, async () => {
    const house = startHouse();
    for (let i = 0; i < 20; i++) await house.intercoms.receive(heartbeat("closed", `AA:${i}`), false);
    house.clock.pass(60_000);
    house.clock.jump(jumpMs);
    for (let i = 1; i < 20; i++) await house.intercoms.receive(heartbeat("closed", `AA:${i}`), false);
    house.clock.pass(59_999);
    assert.equal(house.intercoms.counts().online, 20);
    house.clock.pass(1);
    assert.deepEqual(house.intercoms.counts(), { online: 19, offline: 1, unknown: 0 });
    await house.settle();
    const event = house.writer.events.at(-1)!;
    assert.equal(event.type, "offline");
    assert.equal(event.received_at, new Date(house.clock.now() + jumpMs).toISOString(), "stored by the wall");
    assert.equal(
      house.intercoms.get("AA:1")!.last_seen_at,
      new Date(house.clock.now() - 60_000 + jumpMs).toISOString(),
    );
    house.stop();
  });

  Deno.test(`row 10: a jump by ${jumpMs / 3_600_000} h lets a command live as long as it should, and events stay in order`, async () => {
    const house = startHouse();
    await house.intercoms.receive(heartbeat(), false);
    const { id } = await house.intercoms.open(MAC, {
      apartment: null,
      by: { id: 1, name: "An Operator", address: null },
      idempotencyKey: null,
    });
    house.clock.jump(jumpMs);
    house.clock.pass(9_999);
    assert.equal(house.commands.get(id)!.status, "sent");
    house.clock.pass(1);
    assert.equal(house.commands.get(id)!.status, "expired");
    const before = house.writer.events.filter(({ type }) => type === "online").map((event) => event.id);
    house.clock.pass(120_000);
    await house.settle();
    const after = house.writer.events.filter(({ type }) => type === "offline").map((event) => event.id);
    assert.ok(before[0]! < after[0]!, "identifiers follow the order in which things happened");
    house.stop();
  });
}
