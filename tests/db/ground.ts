/**
 * @module
 * A database for tests of `db/`: the embedded one in memory, or one that the caller runs. Rows of its tables, made up.
 */
import { Database, type DatabaseAddress, DatabaseAway } from "../../db/client.ts";
import { startEmbedded } from "../../db/embedded.ts";
import { migrate } from "../../db/migrate.ts";
import type { EventRow, IntercomRow, WriteUnit } from "../../db/rows.ts";

/** Where a suite runs: on PGlite or on a real server. */
export interface Ground {
  address(): DatabaseAddress;
}

/** Noon of a day in the month whose partition no test makes. */
export const NOON = Date.UTC(2026, 0, 15, 12);

/** Starts the embedded database before the file's first test and stops it after its last. */
export function useEmbedded(): Ground {
  let started: { stop(): Promise<void>; socketPath: string } | null = null;
  let folder = "";
  Deno.test.beforeAll(async () => {
    folder = await Deno.makeTempDir({ prefix: "doorline-db-" });
    started = await startEmbedded(folder, { inMemory: true });
    await withDatabase({ socketPath: started.socketPath }, (database) => migrate(database));
  });
  Deno.test.afterAll(async () => {
    await started?.stop();
    await Deno.remove(folder, { recursive: true });
  });
  return { address: () => ({ socketPath: started!.socketPath }) };
}

/** A database that a test takes away, holds up, or has lose an answer. */
export class TrickyDatabase extends Database {
  away = false;
  /** Called before each query; what it throws is what the query comes to. */
  before: () => Promise<void> | void = () => {};
  /** Called after each query has committed; what it throws hides the answer. */
  after: () => Promise<void> | void = () => {};

  override get up(): boolean {
    return !this.away && super.up;
  }

  override async query<T>(
    run: Parameters<Database["query"]>[0] extends (sql: infer S) => unknown ? (sql: S) => Promise<T> : never,
    options?: { deadlineMs?: number },
  ): Promise<T> {
    await this.before();
    if (this.away) throw new DatabaseAway("Cannot query: this test took the database away");
    const result = await super.query(run, options);
    await this.after();
    return result;
  }
}

/** Runs with a database and closes it. */
export async function withDatabase<T>(
  address: DatabaseAddress,
  run: (database: TrickyDatabase) => Promise<T>,
): Promise<T> {
  const database = new TrickyDatabase({ address });
  try {
    return await run(database);
  } finally {
    await database.stop();
  }
}

/** Empties all tables that units are written to. */
export function truncate(database: Database): Promise<unknown> {
  return database.query((sql) =>
    sql`truncate intercoms, panel_credentials, intercom_events, intercom_event_keys, door_commands, dead_letters,
      outbox, audit_log restart identity`
  );
}

let count = 0;

/** A row of the history, each with an id of its own, a millisecond after the one before. */
export function event(more: Partial<EventRow> = {}): EventRow {
  const at = new Date(NOON + count).toISOString();
  return {
    id: `01TEST${String(count++).padStart(20, "0")}`,
    mac: "AA:BB:CC:01",
    type: "call",
    apartment: "7",
    key_id: null,
    command_id: null,
    payload: {},
    occurred_at: at,
    received_at: at,
    once: null,
    ...more,
  };
}

/** A panel. */
export function intercom(mac: string, more: Partial<IntercomRow> = {}): IntercomRow {
  const at = new Date(NOON).toISOString();
  return {
    mac,
    topic_mac: mac.toLowerCase(),
    name: "",
    address: "",
    adopted_at: at,
    created_at: at,
    status: "online",
    status_since: at,
    door_status: "closed",
    last_seen_at: at,
    state: { v: 1 },
    ...more,
  };
}

/** A unit that PostgreSQL refuses for what is in it. */
export function poison(): WriteUnit {
  return { intercom: intercom("AA:BB:CC:FF", { status: "never heard of" as IntercomRow["status"] }) };
}

/** Ids of the stored history, in the order in which they were committed where they have equal times. */
export async function storedEvents(database: Database): Promise<string[]> {
  const rows = await database.query((sql) =>
    sql<{ id: string }[]>`select id from intercom_events order by received_at, id`
  );
  return rows.map(({ id }) => id);
}
