/**
 * @module
 * From the wire to the panel: what is taken, what is refused and counted, and what the sender is told.
 */
import assert from "node:assert/strict";
import { DeadLetters } from "../../actors/dead_letters.ts";
import { createIntake } from "../../actors/routing.ts";
import { DatabaseAway } from "../../db/client.ts";
import { MAC, startHouse } from "./fakes.ts";

function startIntake(adopt: "auto" | "approve" = "auto") {
  const house = startHouse({ adopt });
  const deadLetters = new DeadLetters({ writer: house.writer.asWriter, clock: house.clock });
  const kinds: string[] = [];
  const intake = createIntake({
    intercoms: house.intercoms,
    deadLetters,
    onMessage: (kind) => void kinds.push(kind),
  });
  const publish = (
    what: string,
    payload: unknown,
    options: { retained?: boolean; redelivered?: boolean; backlog?: boolean } = {},
  ) =>
    intake({
      topic: `intercom/${MAC}/${what}`,
      payload: typeof payload === "string"
        ? new TextEncoder().encode(payload)
        : new TextEncoder().encode(JSON.stringify(payload)),
      retained: options.retained ?? false,
      redelivered: options.redelivered ?? false,
      backlog: options.backlog ?? false,
    });
  return { ...house, deadLetters, kinds, publish };
}

Deno.test("routing: a good message reaches its panel", async () => {
  const { publish, intercoms, kinds, deadLetters, stop } = startIntake();
  await publish("heartbeat", { door_status: "closed" });
  assert.equal(intercoms.get(MAC)!.door, "closed");
  assert.deepEqual(kinds, ["panel.heartbeat"]);
  assert.deepEqual(deadLetters.counts(), {});
  stop();
});

Deno.test("row 15: a refused message is counted, taken off the sender's hands, and a sign of life of a known panel", async () => {
  const { publish, intercoms, clock, deadLetters, stop } = startIntake();
  await publish("call", "{");
  assert.equal(intercoms.size, 0, "no panel comes of rubbish");
  await publish("heartbeat", { door_status: "closed" });
  clock.pass(119_999);
  await publish("call", "\u0000");
  clock.pass(119_999);
  assert.equal(intercoms.get(MAC)!.status, "online");
  assert.deepEqual(deadLetters.counts(), { not_json: 2 });
  stop();
});

Deno.test("routing: a retained message is no sign of life, and an empty one is nothing", async () => {
  const { publish, intercoms, clock, deadLetters, stop } = startIntake();
  await publish("heartbeat", { door_status: "closed" });
  clock.pass(119_999);
  await publish("status", { status: "online" }, { retained: true });
  await publish("call", { apartment: "1" }, { retained: true });
  await publish("status", "", { retained: true });
  clock.pass(1);
  assert.equal(intercoms.get(MAC)!.status, "offline");
  assert.deepEqual(deadLetters.counts(), { retained: 1 });
  stop();
});

Deno.test("routing: a panel for which there is no room is counted, and not asked to come again", async () => {
  const { publish, intercoms, deadLetters, stop } = startIntake("approve");
  for (let i = 0; i < 1000; i++) {
    await intercoms.receive({
      mac: `M${i}`,
      topicMac: `M${i}`,
      event: { type: "panel.heartbeat", door: "closed" },
      occurredAt: null,
      onceKey: "#",
      hasId: false,
      extra: {},
    }, false);
  }
  await publish("heartbeat", { door_status: "closed" });
  assert.deepEqual(deadLetters.counts(), { too_many_unknown: 1 });
  stop();
});

Deno.test("row 1: a message that could not be committed is not taken, so that it comes again", async () => {
  const { publish, writer, stop } = startIntake();
  await publish("heartbeat", { door_status: "closed" });
  writer.failure = new DatabaseAway("full");
  await assert.rejects(publish("call", { apartment: "1", id: "r1" }), DatabaseAway);
  writer.failure = null;
  await publish("call", { apartment: "1", id: "r1" }, { redelivered: true });
  assert.deepEqual(writer.events.map(({ type }) => type), ["online", "call"]);
  stop();
});

Deno.test("routing: what the database will never take is counted, and not asked to come again", async () => {
  const { publish, writer, deadLetters, stop } = startIntake();
  await publish("heartbeat", { door_status: "closed" });
  writer.failure = new Error("invalid input");
  await publish("call", { apartment: "1", id: "r1" });
  assert.deepEqual(deadLetters.counts(), { not_storable: 1 });
  stop();
});

Deno.test("routing: what waited at the broker is history: told of, no sign of life, and a heartbeat of then is nothing", async () => {
  const { publish, intercoms, writer, clock, stop } = startIntake();
  await publish("heartbeat", { door_status: "closed" });
  clock.pass(120_000);
  await publish("heartbeat", { door_status: "open" }, { backlog: true });
  await publish("status", { status: "online" }, { backlog: true });
  await publish("call", { apartment: "1", id: "b1" }, { backlog: true });
  const view = intercoms.get(MAC)!;
  assert.deepEqual([view.status, view.door, view.last_call], ["offline", "closed", null]);
  const { type, payload } = writer.events.at(-1)!;
  assert.deepEqual([type, payload], ["call", { delayed: true }]);
  stop();
});
