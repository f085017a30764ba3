/**
 * @module
 * Panels as they come, speak, change and go: what is committed, what is shown, what counts once.
 */
import assert from "node:assert/strict";
import { NoSuchIntercom, TooManyUnknown } from "../../actors/intercoms.ts";
import { DatabaseAway } from "../../db/client.ts";
import { SETTINGS } from "../machines/panel.ts";
import { closed, heartbeat, type House, MAC, message, opened, OPERATOR, ring, startHouse } from "./fakes.ts";

const types = (house: House) => house.writer.events.map(({ type }) => type);

async function withHouse(
  options: Parameters<typeof startHouse>[0],
  run: (house: House) => Promise<void>,
): Promise<void> {
  const house = startHouse(options);
  try {
    await run(house);
  } finally {
    house.stop();
    assert.equal(house.clock.sim.live, 0, "timers after the stop");
  }
}

Deno.test("intercoms: a panel that nobody knows joins by itself when it may", () =>
  withHouse({}, async ({ intercoms, writer, feed }) => {
    await intercoms.receive(heartbeat(), false);
    const view = intercoms.get(MAC)!;
    assert.equal(view.status, "online");
    assert.equal(view.door, "closed");
    assert.equal(view.adopted, true);
    assert.deepEqual(writer.units.flatMap(({ intercom }) => intercom?.mac ?? []), [MAC]);
    assert.deepEqual(writer.events.map(({ type, once }) => [type, once]), [["online", null]]);
    assert.deepEqual(feed.published.at(-1)!.event, "event.recorded");
  }));

Deno.test("intercoms: what a waiting panel does is shown and stored, and is not history", () =>
  withHouse({ adopt: "approve" }, async (house) => {
    const { intercoms, writer } = house;
    await intercoms.receive(heartbeat(), false);
    await intercoms.receive(ring(), false);
    await intercoms.receive(opened(null), false);
    assert.deepEqual(types(house), []);
    assert.equal(intercoms.waiting, 1);
    assert.deepEqual(intercoms.counts(), { online: 0, offline: 0, unknown: 0 });
    assert.equal(intercoms.get(MAC)!.adopted, false);
    assert.ok(writer.units.some(({ intercom }) => intercom?.adopted_at === null));

    const view = await intercoms.change(MAC, { adopted: true, name: "North gate" }, OPERATOR);
    assert.equal(view.adopted, true);
    assert.equal(intercoms.waiting, 0);
    assert.deepEqual(writer.audit.map(({ action, target }) => [action, target]), [["intercom.adopt", MAC]]);
    await intercoms.receive(ring(), false);
    assert.deepEqual(types(house), ["call"]);
  }));

Deno.test("intercoms: of panels that nobody knows so many may wait", () =>
  withHouse({ adopt: "approve" }, async ({ intercoms }) => {
    for (let i = 0; i < 1000; i++) await intercoms.receive(heartbeat("closed", `AA:${i}`), false);
    await assert.rejects(intercoms.receive(heartbeat("closed", "AA:more"), false), TooManyUnknown);
    await intercoms.receive(heartbeat("closed", "AA:0"), false);
    assert.equal(intercoms.size, 1000);
    await intercoms.remove("AA:0", OPERATOR);
    await intercoms.receive(heartbeat("closed", "AA:more"), false);
    assert.equal(intercoms.waiting, 1000);
  }));

Deno.test("intercoms: a message with an id counts once, however often and however late it comes", () =>
  withHouse({}, async (house) => {
    const { intercoms, clock } = house;
    await intercoms.receive(heartbeat(), false);
    await Promise.all([1, 2, 3].map(() => intercoms.receive(ring({ id: "r1" }), false)));
    clock.pass(20 * 60_000);
    await intercoms.receive(ring({ id: "r1" }), false);
    assert.deepEqual(types(house).filter((type) => type === "call"), ["call"]);
    assert.equal(intercoms.get(MAC)!.status, "online", "a repetition is a sign of life");
    await intercoms.receive(ring({ id: "r1", mac: "AA:BB:CC:02" }), false);
    assert.equal(types(house).filter((type) => type === "call").length, 2, "ids are the panel's own");
  }));

Deno.test("intercoms: a message without an id counts again, unless the broker says that it is a redelivery", () =>
  withHouse({}, async (house) => {
    const { intercoms, clock } = house;
    await intercoms.receive(ring({ onceKey: "#a" }), false);
    const before = house.writer.units.length;
    await intercoms.receive(ring({ onceKey: "#a" }), true);
    assert.equal(
      house.writer.units.length,
      before,
      "nothing is made of it, not even for the database to refuse",
    );
    assert.equal(types(house).filter((type) => type === "call").length, 1);
    await intercoms.receive(ring({ onceKey: "#a" }), false);
    assert.equal(types(house).filter((type) => type === "call").length, 2, "somebody rang twice");
    clock.pass(11 * 60_000);
    await intercoms.receive(ring({ onceKey: "#b" }), true);
    assert.equal(
      types(house).filter((type) => type === "call").length,
      3,
      "a redelivery of what was never heard",
    );
    assert.equal(house.writer.events.at(-1)!.once!.must_be_new, true);
  }));

Deno.test("intercoms: what a former run took is known after a restart", () =>
  withHouse({}, async (house) => {
    house.intercoms.restoreKeys([{ mac: MAC, event_key: "r1" }]);
    await house.intercoms.receive(heartbeat(), false);
    await house.intercoms.receive(ring({ id: "r1" }), false);
    assert.deepEqual(types(house), ["online"]);
  }));

Deno.test("row 1: what could not be committed is refused, and may come again", () =>
  withHouse({}, async (house) => {
    const { intercoms, writer } = house;
    await intercoms.receive(heartbeat(), false);
    writer.failure = new DatabaseAway("the queue is full");
    await assert.rejects(intercoms.receive(ring({ id: "r1" }), false), DatabaseAway);
    writer.failure = null;
    await intercoms.receive(ring({ id: "r1" }), false);
    await intercoms.receive(ring({ id: "r1" }), false);
    assert.deepEqual(types(house), ["online", "call"]);
  }));

Deno.test("row 1: a repetition that comes while the first is being committed shares its outcome", () =>
  withHouse({}, async ({ intercoms, writer }) => {
    await intercoms.receive(heartbeat(), false);
    writer.holding = true;
    const [first, second] = [ring({ id: "r1" }), ring({ id: "r1" })].map((one) =>
      intercoms.receive(one, false)
    );
    let told = false;
    second!.catch(() => {}).finally(() => told = true);
    await Promise.resolve();
    assert.equal(told, false, "nobody is told before the commit");
    writer.release(new DatabaseAway("gone"));
    await assert.rejects(first!, DatabaseAway);
    await assert.rejects(second!, DatabaseAway);
  }));

Deno.test("intercoms: heartbeats that change nothing are touches: no event, no row, told once a second", () =>
  withHouse({}, async (house) => {
    const { intercoms, writer, clock } = house;
    await intercoms.receive(heartbeat(), false);
    const before = writer.units.length;
    for (let i = 0; i < 5; i++) {
      clock.pass(SETTINGS.heartbeatEveryMs);
      await intercoms.receive(heartbeat(), false);
    }
    const units = writer.units.slice(before);
    assert.equal(units.length, 5);
    for (const unit of units) assert.deepEqual(Object.keys(unit), ["touch"]);
    clock.pass(1000);
    house.feed.told.length = 0;
    for (let i = 0; i < 9; i++) {
      clock.pass(100);
      await intercoms.receive(heartbeat(), false);
    }
    assert.deepEqual(house.feed.told, [], "the second is not over");
    clock.pass(200);
    const newest = new Date(clock.now() - 200).toISOString();
    assert.deepEqual(house.feed.told.map(({ data }) => data), [{ seen: [[MAC, newest]] }]);
  }));

Deno.test("row 4: while the database is away heartbeats are taken, and the newest is written when it is back", () =>
  withHouse({}, async ({ intercoms, writer, clock, state }) => {
    await intercoms.receive(heartbeat(), false);
    state.databaseUp = false;
    writer.holding = true;
    for (let i = 0; i < 4; i++) {
      clock.pass(10_000);
      await intercoms.receive(heartbeat(), false);
    }
    assert.equal(writer.held.length, 0);
    assert.equal(intercoms.get(MAC)!.last_seen_at, new Date(clock.now()).toISOString(), "read from memory");
    state.databaseUp = true;
    writer.release();
    intercoms.catchUp();
    assert.deepEqual(writer.units.at(-1), {
      touch: { mac: MAC, last_seen_at: new Date(clock.now()).toISOString() },
    });
  }));

Deno.test("intercoms: a silence is recorded with its reason, by the clock of the deadline", () =>
  withHouse({}, async (house) => {
    await house.intercoms.receive(heartbeat(), false);
    house.clock.pass(SETTINGS.offlineAfterMs);
    await house.settle();
    const event = house.writer.events.at(-1)!;
    assert.equal(event.type, "offline");
    assert.deepEqual(event.payload, { reason: "silence" });
    assert.equal(event.received_at, new Date(house.clock.now()).toISOString());
    assert.equal(house.feed.published.at(-1)!.data.type, "offline");
    assert.equal(house.intercoms.get(MAC)!.status, "offline");
  }));

Deno.test("intercoms: an event carries what the panel sent beside, and the panel's own time", () =>
  withHouse({}, async ({ intercoms, writer }) => {
    await intercoms.receive(
      message({ type: "panel.door_opened", source: "key", apartment: "3", commandId: null }, {
        extra: { firmware: "1.2", source: "not this" },
        occurredAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      }),
      false,
    );
    const event = writer.events.find(({ type }) => type === "door_opened")!;
    assert.deepEqual(event.payload, { firmware: "1.2", source: "key" });
    assert.equal(event.occurred_at, "2026-01-02T03:04:05.000Z");
    assert.notEqual(event.received_at, event.occurred_at);
    assert.deepEqual(
      writer.events.find(({ type }) => type === "online")!.payload,
      {},
      "only what it told of",
    );
  }));

Deno.test("row 6: when many panels change at one blow streams begin anew, and each is still written", () =>
  withHouse({}, async ({ intercoms, feed, writer, settle }) => {
    for (let i = 0; i < 501; i++) await intercoms.receive(heartbeat("closed", `AA:${i}`), false);
    feed.published.length = 0;
    const before = writer.units.length;
    intercoms.linkChanged(false);
    await settle();
    assert.equal(feed.resyncs, 1);
    assert.deepEqual(feed.published, []);
    assert.equal(writer.units.length - before, 501);
    assert.equal(
      writer.units.slice(before).flatMap(({ events }) => events ?? []).length,
      0,
      "no news of panels",
    );
    assert.deepEqual(intercoms.counts(), { online: 0, offline: 0, unknown: 501 });
  }));

Deno.test("row 6: when few panels change each is told of", () =>
  withHouse({}, async ({ intercoms, feed }) => {
    for (let i = 0; i < 3; i++) await intercoms.receive(heartbeat("closed", `AA:${i}`), false);
    feed.published.length = 0;
    intercoms.linkChanged(false);
    assert.equal(feed.resyncs, 0);
    assert.deepEqual(feed.published.map(({ data }) => data.status), ["unknown", "unknown", "unknown"]);
  }));

Deno.test("intercoms: operators' words are shown once they are recorded, and taken back when they are not", () =>
  withHouse({}, async ({ intercoms, writer, feed }) => {
    await intercoms.receive(heartbeat(), false);
    writer.holding = true;
    const change = intercoms.change(MAC, { name: "South gate" }, OPERATOR);
    writer.release(new DatabaseAway("gone"));
    await assert.rejects(change, DatabaseAway);
    assert.equal(intercoms.get(MAC)!.name, "");
    assert.equal(feed.published.at(-1)!.data.name, "");
    await intercoms.change(MAC, { name: "South gate", address: "1 Main street" }, OPERATOR);
    assert.equal(feed.published.at(-1)!.data.name, "South gate");
    assert.deepEqual(
      writer.audit.map(({ action, user_id, address, detail }) => [action, user_id, address, detail]),
      [
        ["intercom.change", OPERATOR.id, OPERATOR.address, { name: "South gate", address: "1 Main street" }],
      ],
    );
    await intercoms.receive(closed(), false);
    assert.equal(writer.units.at(-1)!.intercom!.name, "South gate", "rows written later have them too");
  }));

Deno.test("intercoms: an alarm is acknowledged with an audit line, and not while that cannot be written", () =>
  withHouse({}, async ({ intercoms, writer }) => {
    await intercoms.receive(heartbeat(), false);
    await intercoms.receive(opened(null), false);
    assert.equal(intercoms.get(MAC)!.alarm!.kind, "forced");
    writer.failure = new DatabaseAway("away");
    await assert.rejects(intercoms.acknowledge(MAC, OPERATOR), DatabaseAway);
    assert.equal(intercoms.get(MAC)!.alarm!.kind, "forced");
    writer.failure = null;
    assert.equal((await intercoms.acknowledge(MAC, OPERATOR)).alarm, null);
    assert.deepEqual(writer.audit.map(({ action, detail }) => [action, detail]), [
      ["intercom.acknowledge", { alarm: "forced" }],
    ]);
  }));

Deno.test("intercoms: a removed panel leaves nothing behind, and is a new one when it speaks again", () =>
  withHouse({}, async ({ intercoms, feed, clock }) => {
    await intercoms.receive(heartbeat(), false);
    await intercoms.change(MAC, { name: "South gate" }, OPERATOR);
    await intercoms.remove(MAC, OPERATOR);
    assert.equal(intercoms.get(MAC), null);
    assert.deepEqual(intercoms.list(), []);
    assert.equal(clock.sim.live, 0);
    assert.deepEqual(feed.published.at(-1), {
      topic: "intercoms",
      event: "intercom.removed",
      data: { mac: MAC },
    });
    await assert.rejects(intercoms.change(MAC, { name: "x" }, OPERATOR), NoSuchIntercom);
    await intercoms.receive(heartbeat(), false);
    assert.equal(intercoms.get(MAC)!.name, "");
  }));

Deno.test("intercoms: a message that could not be understood is a sign of life of a panel that is known", () =>
  withHouse({}, async ({ intercoms, clock }) => {
    await intercoms.receive(heartbeat(), false);
    clock.pass(SETTINGS.offlineAfterMs - 1);
    intercoms.heard(MAC);
    intercoms.heard("AA:BB:CC:99");
    clock.pass(SETTINGS.offlineAfterMs - 1);
    assert.equal(intercoms.get(MAC)!.status, "online");
    assert.equal(intercoms.size, 1);
  }));

Deno.test("intercoms: writes a panel's topic as the panel writes it", () =>
  withHouse({}, async ({ intercoms, transport }) => {
    await intercoms.receive({ ...heartbeat(), topicMac: "aa:bb:cc:01" }, false);
    await intercoms.open(MAC, { apartment: null, by: OPERATOR, idempotencyKey: null });
    assert.equal(transport.sent[0]!.topicMac, "aa:bb:cc:01");
  }));

Deno.test("row 3: a panel whose actor fails is put aside and started anew, told of, and others go on", () =>
  withHouse({}, async (house) => {
    const { intercoms, clock, troubles, feed } = house;
    await intercoms.receive(heartbeat(), false);
    await intercoms.receive(heartbeat("closed", "AA:BB:CC:02"), false);
    const { setTimeout } = clock;
    clock.setTimeout = () => {
      clock.setTimeout = setTimeout;
      throw new Error("no timer");
    };
    await intercoms.receive(opened(null, "key"), false);
    assert.deepEqual(troubles.map(({ mac, what }) => [mac, what]), [[
      MAC,
      "actor failed and was started anew",
    ]]);
    assert.deepEqual(intercoms.quarantined, [MAC]);
    assert.equal(intercoms.get(MAC)!.status, "unknown");
    assert.equal(feed.published.at(-1)!.data.status, "unknown");
    await intercoms.receive(heartbeat("open"), false);
    assert.deepEqual([intercoms.get(MAC)!.status, intercoms.get(MAC)!.door], ["online", "open"]);
    assert.equal(intercoms.get("AA:BB:CC:02")!.status, "online");
    clock.pass(SETTINGS.offlineAfterMs);
    assert.deepEqual(intercoms.counts(), { online: 0, offline: 2, unknown: 0 });
  }));

Deno.test("row 1: a message for which there is no room changes nothing, so that it can come again whole", () =>
  withHouse({}, async (house) => {
    const { intercoms, writer } = house;
    writer.isFull = true;
    await assert.rejects(intercoms.receive(heartbeat(), false), DatabaseAway);
    assert.equal(intercoms.size, 0, "nobody acted on it");
    writer.isFull = false;
    await intercoms.receive(heartbeat(), true);
    assert.deepEqual(types(house), ["online"]);
  }));

Deno.test("intercoms: what a panel says while its removal is committed does not bring its row back", () =>
  withHouse({}, async ({ intercoms, writer }) => {
    await intercoms.receive(heartbeat(), false);
    writer.holding = true;
    const removal = intercoms.remove(MAC, OPERATOR);
    const said = intercoms.receive(ring({ id: "r1" }), false);
    writer.release();
    await Promise.all([removal, said]);
    const last = writer.units.findLast((unit) => unit.removeIntercom ?? unit.intercom);
    assert.equal(intercoms.get(MAC) === null, last?.removeIntercom === MAC, "memory and row agree");
    assert.equal(intercoms.get(MAC)?.name, "", "it came back as a new one");
  }));

Deno.test("intercoms: a removal that cannot be recorded did not happen", () =>
  withHouse({}, async ({ intercoms, writer, clock }) => {
    await intercoms.receive(heartbeat(), false);
    writer.failure = new DatabaseAway("away");
    await assert.rejects(intercoms.remove(MAC, OPERATOR), DatabaseAway);
    writer.failure = null;
    assert.equal(intercoms.get(MAC)!.status, "online");
    clock.pass(SETTINGS.offlineAfterMs);
    assert.equal(intercoms.get(MAC)!.status, "offline", "its deadline goes on");
  }));

Deno.test("intercoms: timers that fire late do not make later ones as late", () =>
  withHouse({}, async ({ intercoms, clock }) => {
    // A loop that is busy: each timer is told ten milliseconds after it was due.
    const { setTimeout } = clock;
    clock.setTimeout = (run, ms) => setTimeout(run, ms + 10);
    await intercoms.receive(heartbeat(), false);
    for (let minute = 0; minute < 600; minute++) {
      clock.pass(60_000);
      await intercoms.receive(heartbeat(), false);
    }
    clock.pass(SETTINGS.offlineAfterMs - 1);
    assert.equal(intercoms.get(MAC)!.status, "online");
    clock.pass(11);
    assert.equal(
      intercoms.get(MAC)!.status,
      "offline",
      "after ten hours still by the last timer's delay only",
    );
  }));

Deno.test("row 6: a city that falls silent is recorded whole, and told at one blow", () =>
  withHouse({}, async (house) => {
    const { intercoms, clock, feed } = house;
    for (let i = 0; i < 600; i++) await intercoms.receive(heartbeat("closed", `AA:BB:${i}`), false);
    feed.published.length = 0;
    clock.pass(SETTINGS.offlineAfterMs);
    await house.settle();
    assert.equal(types(house).filter((type) => type === "offline").length, 600);
    const told = feed.published.filter(({ event }) => event === "intercom.changed").length;
    assert.equal(told, 500);
    assert.equal(feed.resyncs, 0);
    clock.pass(1000);
    assert.equal(feed.resyncs, 1);
  }));
