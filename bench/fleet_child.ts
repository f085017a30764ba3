/**
 * @module
 * The service with a city of panels: one process seeds the tables, as a run of before would have left them, another
 * starts from them.
 */
import pino from "pino";
import { systemClock } from "../actors/clock.ts";
import { intercomRow } from "../actors/intercom_rows.ts";
import { createSystem, type System } from "../actors/system.ts";
import { readConfig } from "../config.ts";
import { writeMarks } from "../db/marks.ts";
import { openDatabase } from "../db/open.ts";
import { writeBatch } from "../db/write_batch.ts";
import { loadMac } from "../emulators/panel_load.ts";
import { intercomMachine, newIntercomContext } from "../machines/intercom.ts";
import { openDirectory } from "./directory.ts";
import { answer, measure, mustBe } from "./support.ts";

interface Seed {
  databaseUrl: string;
  dataDir: string;
  panels: number;
  firstDeadlineMs: number;
  spreadMs: number;
}

const OFFLINE_AFTER_SECONDS = 120;
const settings = {
  offlineAfterMs: OFFLINE_AFTER_SECONDS * 1000,
  heartbeatEveryMs: 30_000,
  heldOpenAfterMs: 60_000,
};
/** The timers of the fleet, and not those of the service's parts, which are short. */
const LONG_MS = 2000;

let troubles = 0;
/** The first is enough: a fleet in trouble says the same a hundred thousand times. */
const log = pino({ level: "error" }, {
  write: (line: string) => void (troubles++ === 0 && console.error(line.slice(0, 300))),
});
const armed = new Set<unknown>();
const system = systemClock();
const clock: typeof system = {
  ...system,
  setTimeout: (run, ms) => {
    const id = system.setTimeout(() => {
      armed.delete(id);
      run();
    }, ms);
    if (ms > LONG_MS) armed.add(id);
    return id;
  },
  clearTimeout: (id) => {
    armed.delete(id);
    system.clearTimeout(id);
  },
};
let doorline: System;
let stop: () => Promise<void>;

await answer({
  seed,
  restore: async ({ databaseUrl, dataDir, panels }: Seed) => {
    const config = readConfig({
      DOORLINE_DATABASE_URL: databaseUrl,
      DOORLINE_DATA_DIR: dataDir,
      DOORLINE_MQTT_PORT: "0",
      DOORLINE_OFFLINE_AFTER: String(OFFLINE_AFTER_SECONDS),
    });
    const used = measure();
    const db = await openDatabase({ url: databaseUrl, dataDir });
    const directory = await openDirectory({ config, database: db.reader });
    doorline = createSystem({ config, clock, log, db, directory, amiServers: [], dataDir });
    await doorline.start();
    const { wall, cpu } = used();
    mustBe("panels online", doorline.intercoms.counts().online, panels);
    mustBe("timers", armed.size >= panels && armed.size < panels + 20 ? panels : armed.size, panels);
    stop = async () => {
      await doorline.stop();
      await db.stop();
    };
    return {
      seconds: wall,
      cpuSeconds: cpu,
      sinceStartSeconds: performance.now() / 1000,
      rssMb: Deno.memoryUsage().rss / 1e6,
    };
  },
  "lose broker": async () => {
    const used = measure();
    doorline.links.lost("broker", "as the benchmark says");
    const toldSeconds = used().wall;
    await written();
    return { toldSeconds, committedSeconds: used().wall };
  },
  "wait for silence": async () => {
    const deadlines = new Map(
      doorline.intercoms.list().map(({ mac, last_seen_at }) => [
        mac,
        clock.fromWall(Date.parse(last_seen_at!)) + settings.offlineAfterMs,
      ]),
    );
    const errors: number[] = [];
    const record = doorline.recorder.record.bind(doorline.recorder);
    doorline.recorder.record = (unit, options) => {
      for (const { mac, type } of unit.events ?? []) {
        if (type === "offline") errors.push(clock.now() - deadlines.get(mac)!);
      }
      return record(unit, options);
    };
    while (errors.length < deadlines.size) await new Promise((resolve) => setTimeout(resolve, 100));
    await written();
    mustBe("panels offline", doorline.intercoms.counts().offline, deadlines.size);
    errors.sort((a, b) => a - b);
    return {
      worstSeconds: errors.at(-1)! / 1000,
      p99Seconds: errors[Math.floor(errors.length * 0.99)]! / 1000,
      lost: troubles,
      early: errors.filter((error) => error < 0).length,
      committedSeconds: (clock.now() - Math.max(...[...deadlines.values()].slice(-1))) / 1000,
    };
  },
  stop: () => stop(),
});

/** Until the writer has nothing left. */
async function written(): Promise<void> {
  for (;;) {
    const text = await doorline.metrics.text();
    if (text.includes("\ndoorline_writer_waiting_rows 0\n")) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Writes panels that were heard so long ago that their deadlines come when the seed says. */
async function seed({ databaseUrl, dataDir, panels, firstDeadlineMs, spreadMs }: Seed): Promise<void> {
  const db = await openDatabase({ url: databaseUrl, dataDir });
  const now = clock.now();
  for (let from = 0; from < panels; from += 1000) {
    const units = Array.from({ length: Math.min(1000, panels - from) }, (_, i) => {
      const mac = loadMac(from + i);
      const lastSeen = now + firstDeadlineMs + Math.round((from + i) * spreadMs / panels) -
        settings.offlineAfterMs;
      const context = newIntercomContext({ mac, at: now, ...settings });
      const times = { ...context.times, lastSeen, statusSince: lastSeen, doorSince: lastSeen };
      const snapshot = intercomMachine.resolveState({
        value: { presence: "online", door: "closed" },
        context: { ...context, lastStatus: "online", statusReason: null, times },
      });
      const words = { name: `Entrance ${from + i}`, address: `Main street ${from + i}` };
      const since = new Date(now).toISOString();
      const profile = { mac, topicMac: mac, adoptedAt: since, createdAt: since, ...words };
      return { intercom: intercomRow(profile, snapshot, clock) };
    });
    await db.writer.query((sql) => writeBatch(sql, units));
  }
  // As the last run's mark says: it listened until just now.
  await db.writer.query((sql) => writeMarks(sql, ["heard_until"], new Date()));
  await db.stop();
}
