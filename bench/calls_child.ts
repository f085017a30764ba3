/**
 * @module
 * The receiving side of the benchmark of calls: the service's own parts as main.ts builds them, or a bare
 * `asterisk-manager` that counts.
 */
import createManager from "asterisk-manager";
import pino from "pino";
import { systemClock } from "../actors/clock.ts";
import { createSystem } from "../actors/system.ts";
import { readConfig } from "../config.ts";
import { openDatabase } from "../db/open.ts";
import { openDirectory } from "./directory.ts";
import { answer, measure, mustBe, type Used } from "./support.ts";

interface Opening {
  amiPort: number;
  databaseUrl: string;
  dataDir: string;
}

/** What a side has used for what it was sent. */
export interface Finished {
  used: Used;
  /** When the last event was read, in seconds since the beginning. */
  readSeconds: number;
  /** Calls in memory at once, those that were over and took what comes late among them. */
  mostCalls: number;
  /** Rows that were committed: each call as it stood, and stood next. */
  rows: number;
}

interface Receiver {
  /** Events that were handed over by the library. */
  seen(): number;
  calls(): number;
  /** Whether nothing of what was seen is left to do. */
  done(): Promise<boolean> | boolean;
  /** Rows committed since the start. */
  rows(): Promise<number> | number;
  close(): Promise<void>;
}

const OPENERS = { product, counts };
const LOOK_EVERY_MS = 50;

let receiver: Receiver;
let target = 0;
let rows = 0;
let used: () => Used;

await answer({
  open: async (opening: Opening) => {
    receiver = await OPENERS[Deno.args[0] as keyof typeof OPENERS](opening);
    target = receiver.seen();
  },
  begin: async ({ events }: { events: number }) => {
    target += events;
    rows = await receiver.rows();
    used = measure();
  },
  finish: async (): Promise<Finished> => {
    let mostCalls = 0;
    const look = async () => {
      mostCalls = Math.max(mostCalls, receiver.calls());
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    };
    while (receiver.seen() < target) await look();
    const readSeconds = used().wall;
    while (!await receiver.done()) await look();
    const result = used();
    mustBe("events", receiver.seen(), target);
    return { used: result, readSeconds, mostCalls, rows: await receiver.rows() - rows };
  },
  close: () => receiver.close(),
});

async function product({ amiPort, databaseUrl, dataDir }: Opening): Promise<Receiver> {
  const log = pino({ level: "info" }, {
    // Written nowhere, but for what must not be.
    write: (line: string) => (JSON.parse(line).level >= 50 ? console.error(line) : undefined),
  });
  const config = readConfig({
    DOORLINE_DATABASE_URL: databaseUrl,
    DOORLINE_DATA_DIR: dataDir,
    DOORLINE_MQTT_PORT: "0",
    DOORLINE_AMI_URL: `ami://bench:bench@127.0.0.1:${amiPort}`,
  });
  const { amiServers } = config;
  const db = await openDatabase({ url: databaseUrl, dataDir });
  await db.writer.query((sql) =>
    sql`
    with person as (
      insert into users (login, role) values ('bench', 'employee') on conflict do nothing returning id
    ), company as (
      insert into companies (name) select 'bench' from person returning id
    ), phone as (
      insert into user_phones (user_id, phone_number, number_key)
      select person.id, number, number from person, unnest(array['777', '888']) as number
    )
    insert into company_phones (company_id, phone_number, number_key)
    select id, '74951234567', '74951234567' from company`
  );
  const directory = await openDirectory({ config, database: db.reader });
  const system = createSystem({ config, clock: systemClock(), log, db, directory, amiServers, dataDir });
  const { calls } = system;
  let seen = 0;
  const event = calls.event.bind(calls);
  calls.event = (...told) => {
    seen++;
    event(...told);
  };
  await system.start();
  const gauge = async (name: string) =>
    Number(new RegExp(`^doorline_writer_${name} (\\d+)$`, "m").exec(await system.metrics.text())![1]);
  while (!system.links.isUp("asterisk")) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    seen: () => seen,
    calls: () => calls.size,
    done: async () => {
      if (calls.size > 0) return false;
      mustBe("calls that failed", calls.quarantined.length, 0);
      return await gauge("waiting_rows") === 0;
    },
    rows: () => gauge("committed_rows"),
    close: async () => {
      await system.stop();
      directory.stop();
      await db.stop();
    },
  };
}

async function counts({ amiPort }: Opening): Promise<Receiver> {
  const ami = createManager(amiPort, "127.0.0.1", "bench", "bench", true);
  let count = 0;
  ami.on("managerevent", () => count++);
  while (count < 1) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    seen: () => count,
    calls: () => 0,
    done: () => true,
    rows: () => 0,
    close: () => new Promise((resolve) => ami.disconnect(resolve)),
  };
}
