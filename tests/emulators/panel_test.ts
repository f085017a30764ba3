/**
 * @module
 * The emulated panel keeps the field protocol: what it says by itself, what it obeys and what it refuses.
 * Time is a simulated clock, the broker is in this process.
 */
import assert from "node:assert/strict";
import { SimulatedClock } from "xstate";
import { startIntercoms } from "../../emulators/intercoms.ts";
import { Panel, type PanelOptions } from "../../emulators/panel.ts";
import { loadMac, runPanelLoad } from "../../emulators/panel_load.ts";
import { seededRandom } from "../../emulators/random.ts";
import { freePort } from "../support/free_port.ts";
import { type Ear, openEar, startTestBroker, type TestBroker } from "../support/test_broker.ts";
import { waitFor } from "../support/wait.ts";

const MAC = "AA:BB:CC:01";
const NOON_MS = Date.UTC(2024, 0, 15, 12);

interface Stage {
  broker: TestBroker;
  ear: Ear;
  clock: SimulatedClock;
  panel: Panel;
}

/** Plays a test with one panel that is switched on, and cleans up whatever happens. */
async function withPanel(
  options: Partial<PanelOptions>,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const broker = await startTestBroker();
  const ear = await openEar(broker.url);
  const clock = new SimulatedClock();
  clock.set(NOON_MS);
  const panel = new Panel({
    mac: MAC,
    apartments: [1, 10],
    brokerUrl: broker.url,
    random: seededRandom(7),
    clock,
    ...options,
  });
  try {
    await panel.start();
    await play({ broker, ear, clock, panel });
  } finally {
    await panel.stop();
    await ear.close();
    await broker.stop();
  }
}

function order(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    action: "open",
    command_id: "c1",
    issued_at: new Date(NOON_MS - 1_000).toISOString(),
    expires_at: new Date(NOON_MS + 10_000).toISOString(),
    ...fields,
  };
}

Deno.test("panel: says online, retained, then sends a heartbeat when it connects", async () => {
  await withPanel({}, async ({ broker, ear }) => {
    const beat = await ear.hear("/heartbeat");
    assert.deepEqual(beat.fields, { door_status: "closed", timestamp: "2024-01-15T12:00:00.000Z" });
    const late = await openEar(broker.url);
    const status = await late.hear(`${MAC}/status`);
    assert.deepEqual([status.fields, status.retained], [{ status: "online" }, true]);
    await late.close();
  });
});

Deno.test("panel: sends a heartbeat every 30 seconds of its clock", async () => {
  await withPanel({}, async ({ ear, clock }) => {
    await ear.hear("/heartbeat");
    clock.increment(29_999);
    clock.increment(1);
    await ear.hear("/heartbeat", { where: (beat) => beat.fields.timestamp === "2024-01-15T12:00:30.000Z" });
    assert.equal(ear.heard.filter((message) => message.topic.endsWith("/heartbeat")).length, 2);
  });
});

Deno.test("panel: its last will says offline after a crash, and it comes back when started again", async () => {
  await withPanel({}, async ({ ear, panel }) => {
    await ear.hear("/status", { where: (message) => message.fields.status === "online" });
    await panel.crash();
    await ear.hear("/status", { where: (message) => message.fields.status === "offline" });
    assert.equal(panel.connected, false);
    const from = ear.heard.length;
    await panel.start();
    await ear.hear("/status", { where: (message) => message.fields.status === "online", from });
  });
});

Deno.test("panel: says offline once when it is stopped with grace", async () => {
  await withPanel({}, async ({ broker, ear, panel }) => {
    await panel.stop();
    await ear.hear("/status", { where: (message) => message.fields.status === "offline" });
    const late = await openEar(broker.url);
    await late.hear("/status", {
      where: (message) => message.retained && message.fields.status === "offline",
    });
    await late.close();
    assert.equal(ear.heard.filter((message) => message.fields.status === "offline").length, 1);
  });
});

Deno.test("panel: obeys an order, names its command, and closes after five seconds", async () => {
  await withPanel({}, async ({ ear, clock, panel }) => {
    await ear.say(`intercom/${MAC}/cmd`, order({ apartment: 5 }));
    const opened = await ear.hear("/door_opened");
    assert.deepEqual([opened.fields.source, opened.fields.command_id, opened.fields.apartment], [
      "remote",
      "c1",
      5,
    ]);
    assert.match(String(opened.fields.id), /^[0-9a-f-]{36}$/);
    assert.deepEqual(panel.opened, [{ commandId: "c1", atMs: NOON_MS }]);
    assert.equal(panel.door, "open");
    clock.increment(4_999);
    assert.equal(panel.door, "open");
    clock.increment(1);
    assert.equal(panel.door, "closed");
    const closed = await ear.hear("/door_closed");
    assert.equal(closed.fields.timestamp, "2024-01-15T12:00:05.000Z");
  });
});

Deno.test("panel: refuses an order that has expired", async () => {
  await withPanel({}, async ({ ear, panel }) => {
    await ear.say(`intercom/${MAC}/cmd`, order({ expires_at: new Date(NOON_MS - 1).toISOString() }));
    await waitFor(() => panel.refusedLate === 1, { what: "the refusal" });
    assert.deepEqual([panel.opened, panel.door], [[], "closed"]);
  });
});

Deno.test("panel: takes a deadline without a zone for UTC, and the last millisecond as in time", async () => {
  await withPanel({}, async ({ ear, panel }) => {
    await ear.say(`intercom/${MAC}/cmd`, order({ expires_at: "2024-01-15T12:00:00.000" }));
    await waitFor(() => panel.opened.length === 1, { what: "the opening" });
    await ear.say(`intercom/${MAC}/cmd`, order({ expires_at: "2024-01-15T11:59:59" }));
    await waitFor(() => panel.refusedLate === 1, { what: "the refusal" });
  });
});

Deno.test("panel: an old one opens late and does not name the command", async () => {
  await withPanel({ checksExpiry: false, echoesCommandId: false }, async ({ ear, panel }) => {
    await ear.say(`intercom/${MAC}/cmd`, order({ expires_at: new Date(NOON_MS - 60_000).toISOString() }));
    const opened = await ear.hear("/door_opened");
    assert.equal("command_id" in opened.fields, false);
    assert.equal(panel.opened[0]?.commandId, "c1");
  });
});

Deno.test("panel: counts what is no order and keeps the door shut", async () => {
  await withPanel({}, async ({ ear, panel }) => {
    const hostile = [
      "",
      "null",
      "[]",
      "{",
      '{"action":"close"}',
      JSON.stringify(order({ expires_at: "soon" })),
    ];
    for (const payload of hostile) await ear.say(`intercom/${MAC}/cmd`, payload);
    await waitFor(() => panel.misunderstood === hostile.length, { what: "the count of what was no order" });
    assert.deepEqual(panel.opened, []);
  });
});

Deno.test("panel: a key opens the door, and each event is acknowledged with an id of its own", async () => {
  const history: string[] = [];
  await withPanel({ onAcknowledged: (event) => history.push(event.type) }, async ({ ear, clock, panel }) => {
    const ring = await panel.ring(3);
    const [key, opened] = await panel.useKey(3, "04A1B2C3");
    clock.increment(5_000);
    const closed = await ear.hear("/door_closed");
    await waitFor(() => history.length === 4, { what: "four acknowledged events" });
    assert.deepEqual(history, ["call", "key", "door_opened", "door_closed"]);
    assert.equal(new Set([ring.id, key?.id, opened?.id, closed.fields.id]).size, 4);
    assert.deepEqual([key?.payload.key_id, opened?.payload.source], ["04A1B2C3", "key"]);
  });
});

Deno.test("panel: a second opening keeps the door open for its own five seconds", async () => {
  await withPanel({}, async ({ clock, panel }) => {
    await panel.openDoor("button");
    clock.increment(4_000);
    await panel.openDoor("button");
    clock.increment(4_000);
    assert.equal(panel.door, "open");
    clock.increment(1_000);
    assert.equal(panel.door, "closed");
  });
});

Deno.test("panel: reconnects by itself and announces itself anew", async () => {
  const first = await startTestBroker({ port: await freePort() });
  const panel = new Panel({ mac: MAC, apartments: [1, 10], brokerUrl: first.url, random: () => 0 });
  await panel.start();
  await first.stop();
  await waitFor(() => !panel.connected, { what: "the loss of the broker" });
  await assert.rejects(panel.beat());
  const second = await startTestBroker({ port: first.port });
  const ear = await openEar(second.url);
  await ear.hear("/heartbeat");
  await panel.stop();
  await ear.close();
  await second.stop();
});

Deno.test("panel: a start that is given up rejects and leaves nothing running", async () => {
  const panel = new Panel({
    mac: MAC,
    apartments: [1, 10],
    brokerUrl: "mqtt://127.0.0.1:1",
    eventsPerMinute: 60,
  });
  const started = assert.rejects(panel.start(), /switched off before/);
  await panel.stop();
  await started;
  await assert.rejects(panel.ring(1), /switched off/);
});

Deno.test("intercoms: four panels ring and open of their own accord, one seed one story", async () => {
  const stories: string[][] = [];
  for (const _run of [1, 2]) {
    const broker = await startTestBroker();
    const ear = await openEar(broker.url);
    const clock = new SimulatedClock();
    clock.set(NOON_MS);
    const intercoms = startIntercoms({ brokerUrl: broker.url, seed: 11, clock, eventsPerMinute: 6 });
    await intercoms.ready;
    for (let second = 0; second < 60; second++) clock.increment(1_000);
    await intercoms.stop();
    await waitFor(() => ear.heard.filter(({ fields }) => fields.status === "offline").length === 4, {
      what: "four farewells",
    });
    stories.push(
      ear.heard.filter(({ fields }) => "id" in fields).map(({ topic, fields }) =>
        `${topic} ${fields.timestamp} ${fields.apartment} ${fields.key_id}`
      ).sort(),
    );
    await ear.close();
    await broker.stop();
  }
  assert.deepEqual(stories[0], stories[1]);
  assert.ok(stories[0]!.length > 12, `expected more than 12 events, got ${stories[0]!.length}`);
  assert.ok(stories[0]!.some((line) => line.startsWith("intercom/AA:BB:CC:04/call")));
});

Deno.test("load: sends at the rate that was asked for and has every message acknowledged", async () => {
  const broker = await startTestBroker();
  const result = await runPanelLoad({
    brokerUrl: broker.url,
    count: 100,
    ratePerSecond: 200,
    seconds: 0.5,
    connections: 4,
  });
  await broker.stop();
  assert.deepEqual(result, { sent: 100, acknowledged: 100, lost: 0, heldBack: 0 });
  assert.deepEqual([loadMac(0), loadMac(99_999)], ["02:00:00:00:00:00", "02:00:00:01:86:9F"]);
});
