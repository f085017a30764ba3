/**
 * @module
 * The service is killed again and again under load, at moments drawn from a seed, and nothing that was acknowledged
 * may be missing or doubled afterwards. PUBACKs that senders saw and answers that operators got are the history.
 */
import assert from "node:assert/strict";
import type { Panel } from "../../emulators/panel.ts";
import { seededRandom, wholeBetween } from "../../emulators/random.ts";
import { lacks } from "../support/available.ts";
import { pause, waitFor, withDeadline } from "../support/wait.ts";
import { inWorld, type World, type WorldKind } from "../support/world.ts";

const MACS = ["AA:BB:CC:01", "AA:BB:CC:02", "AA:BB:CC:03", "AA:BB:CC:04"];
/** One ring of one panel in so many milliseconds. */
const RING_EVERY_MS = 12;
const OPEN_EVERY_MS = 150;

interface History {
  /** Apartments rung, each once: the number tells the ring. */
  rung: number;
  acknowledged: Set<string>;
  failed: Error[];
  /** Ids of commands that an operator was answered with. */
  answered: Set<string>;
}

Deno.test({
  name: "row 1: 12 kills with Mosquitto and PostgreSQL lose and double nothing that was acknowledged",
  ignore: lacks("mosquitto", "postgresql"),
  fn: () => campaign("real", { seed: 11, kills: 12 }),
});

Deno.test("row 1: 8 kills with the embedded broker and database lose and double nothing", async () => {
  await campaign("embedded", { seed: 23, kills: 8 });
});

async function campaign(kind: WorldKind, { seed, kills }: { seed: number; kills: number }): Promise<void> {
  // A restart takes seconds on a busy machine; nobody is to be offline for that.
  const env = { DOORLINE_OFFLINE_AFTER: "60", DOORLINE_HEARTBEAT_EVERY: "30" };
  await inWorld(kind, { env, mosquitto: { persistence: true } }, async (world) => {
    const random = seededRandom(seed);
    const panels = MACS.map((mac) =>
      world.panel(mac, { openForMs: 200, longestReconnectMs: 300, heartbeatEverySeconds: 1 })
    );
    await Promise.all(panels.map((panel) => panel.start()));
    const ears = await Promise.all(
      kind === "real" ? MACS.map((mac) => world.ear({ filter: `intercom/${mac}/cmd` })) : [],
    );
    const history: History = { rung: 0, acknowledged: new Set(), failed: [], answered: new Set() };
    const load = startLoad(world, panels, history);
    for (let kill = 0; kill < kills; kill++) {
      await pause(wholeBetween(random, 30, 900));
      await world.service.kill9();
      // Now and then so long that what was in flight is overdue, or that much has queued up.
      if (random() < 0.3) await pause(wholeBetween(random, 100, 1_500));
      await world.service.start();
    }
    await pause(500);
    await load.stop();
    // mqtt.js gives a publish up when its connection breaks in the middle of resending older ones, and says so.
    assert.equal(history.acknowledged.size + history.failed.length, history.rung);
    assert.ok(history.acknowledged.size > kills * 20, `only ${history.acknowledged.size} acknowledged rings`);
    await checkEvents(world, history);
    await checkCommands(world, panels, history, ears.flatMap(({ heard }) => heard));
    await checkStates(world);
  });
}

/** Rings at an even rate and lets an operator open doors, through all kills. */
function startLoad(world: World, panels: Panel[], history: History) {
  let on = true;
  const rings: Promise<void>[] = [];
  const ringing = (async () => {
    while (on) {
      const apartment = ++history.rung;
      rings.push(
        panels[apartment % panels.length]!.ring(apartment).then(
          () => void history.acknowledged.add(String(apartment)),
          (error) => void history.failed.push(error),
        ),
      );
      await pause(RING_EVERY_MS);
    }
  })();
  const opening = (async () => {
    for (let count = 0; on; count++) {
      const mac = MACS[count % MACS.length];
      try {
        const { status, body } = await world.admin.api("POST", `/api/intercoms/${mac}/open`, {
          headers: { "Idempotency-Key": `open ${count}` },
        });
        if (status === 202) history.answered.add(body.command.id);
      } catch {
        // The service is down, or went down with the question: an operator sees an error.
      }
      await pause(OPEN_EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      on = false;
      await Promise.all([ringing, opening]);
      await withDeadline(Promise.all(rings), { timeoutMs: 60_000, what: "the last PUBACK" });
    },
  };
}

async function checkEvents(world: World, history: History): Promise<void> {
  const counts = async () => {
    const rows = await world.sql<{ apartment: string; count: number }>(
      "select apartment, count(*)::int as count from intercom_events where type = 'call' group by apartment",
    );
    return new Map(rows.map(({ apartment, count }) => [apartment, count]));
  };
  const missing = async () => {
    const found = await counts();
    return [...history.acknowledged].filter((apartment) => !found.has(apartment));
  };
  // With a broker in between, an acknowledged event may still be on its way to the database.
  await waitFor(async () => (await missing()).length === 0, { what: "all events", timeoutMs: 60_000 })
    .catch(async (error) => {
      throw new Error(`Missing: ${(await missing()).slice(0, 20)}`, { cause: error });
    });
  const doubled = [...await counts()].filter(([, count]) => count !== 1);
  assert.deepEqual(doubled, [], "doubled");
  // What a fact says and what makes it count once are written together or not at all.
  const [{ torn } = { torn: -1 }] = await world.sql<{ torn: number }>(
    `select count(*)::int as torn from intercom_event_keys k
     where not exists (select from intercom_events e where e.id = k.event_id)`,
  );
  assert.equal(torn, 0, "keys without their event");
}

async function checkCommands(
  world: World,
  panels: Panel[],
  history: History,
  heard: { fields: Record<string, unknown>; atMs: number }[],
): Promise<void> {
  const rows = await waitFor(async () => {
    const rows = await world.sql<{ id: string; status: string; failed_reason: string | null; late: boolean }>(
      "select id, status, failed_reason, late from door_commands",
    );
    return rows.every(({ status }) => status !== "requested" && status !== "sent") && rows;
  }, { what: "an end of every command", timeoutMs: 30_000 });
  const statuses = new Map(rows.map(({ id, status }) => [id, status]));
  assert.ok(history.answered.size >= 5, `only ${history.answered.size} openings`);
  for (const id of history.answered) assert.ok(statuses.has(id), `the answered command ${id} is gone`);
  for (const panel of panels) {
    assert.equal(panel.refusedLate, 0, "a command came after its deadline");
    const ids = panel.opened.map(({ commandId }) => commandId!);
    assert.equal(new Set(ids).size, ids.length, "a command came twice");
    for (const id of ids) assert.ok(statuses.has(id), `command ${id} was sent without being recorded`);
  }
  for (const { fields, atMs } of heard) {
    assert.ok(atMs < Date.parse(String(fields.expires_at)), `${fields.command_id} was sent too late`);
  }
  if (world.kind === "real") assert.ok(heard.length >= 5, "the ear is deaf");
  const audited = await world.sql<{ id: string; results: string }>(
    `select detail->>'command_id' as id, string_agg(result, ',' order by id) as results from audit_log
     where action = 'door.open' and detail ? 'command_id' group by 1`,
  );
  const results = new Map(audited.map(({ id, results }) => [id, results]));
  for (const { id, status, failed_reason } of rows) {
    const said = results.get(id) ?? "";
    assert.ok(said.startsWith("requested"), `${id} ${status} has the audit "${said}"`);
    const end = status === "failed" ? `failed: ${failed_reason}` : status;
    assert.ok(said.includes(end), `${id} is ${end}, but its audit says "${said}"`);
  }
}

/** What is stored of a panel, what is shown of it and its history are one story. */
async function checkStates(world: World): Promise<void> {
  await waitFor(async () => {
    const rows = await world.sql<{ mac: string; status: string; door_status: string; apartment: string }>(
      "select mac, status, door_status, state->'context'->>'lastCallApartment' as apartment from intercoms order by mac",
    );
    assert.equal(rows.length, MACS.length);
    for (const row of rows) {
      const [call] = await world.sql<{ apartment: string }>(
        `select apartment from intercom_events where mac = '${row.mac}' and type = 'call'
         order by received_at desc, id desc limit 1`,
      );
      const [door] = await world.sql<{ type: string }>(
        `select type from intercom_events where mac = '${row.mac}' and type in ('door_opened', 'door_closed')
         order by received_at desc, id desc limit 1`,
      );
      assert.equal(row.apartment, call?.apartment, row.mac);
      // Of a door that nobody opened there is no event.
      const known = row.door_status === "open" ? "door_opened" : "door_closed";
      assert.equal(known, door?.type ?? "door_closed", row.mac);
      const { body } = await world.admin.api("GET", `/api/intercoms/${row.mac}`);
      assert.deepEqual([body.status, body.door, body.last_call.apartment], [
        "online",
        row.door_status,
        row.apartment,
      ]);
      assert.equal(row.status, "online");
    }
    return true;
  }, { what: "states that agree with the last events" });
}
