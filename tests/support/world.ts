/**
 * @module
 * A running service with what is around it, for stories that have to be true of both kinds: the embedded broker and
 * database, and a real Mosquitto with a real PostgreSQL. Panels are emulated; what is stored is read by SQL.
 */
import postgres from "postgres";
import { Panel, type PanelOptions } from "../../emulators/panel.ts";
import { type Mosquitto, type MosquittoOptions, startMosquitto } from "./mosquitto.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import { type Service, type Session, startService } from "./service.ts";
import { type Ear, openEar } from "./test_broker.ts";

/**
 * What the service runs on: its own broker and database, Mosquitto and PostgreSQL, or its own broker and PostgreSQL.
 */
export type WorldKind = "embedded" | "real" | "postgres";

/** A row of the history as the API gives it. */
export interface EventItem {
  id: string;
  mac: string;
  type: string;
  apartment: string | null;
  key_id: string | null;
  command_id: string | null;
  payload: Record<string, unknown>;
  occurred_at: string;
  received_at: string;
}

/** How to set a world up. */
export interface WorldOptions {
  env?: Record<string, string>;
  mosquitto?: MosquittoOptions;
  /** What the service is given instead of the server's own address, such as that of a proxy. */
  brokerUrl?: (broker: Mosquitto) => string | Promise<string>;
  databaseUrl?: (server: Postgres) => string | Promise<string>;
}

/** A service, its servers and its panels. */
export interface World {
  kind: WorldKind;
  service: Service;
  /** Null where the broker is the embedded one. */
  mosquitto: Mosquitto | null;
  /** Null where the database is the embedded one. */
  postgres: Postgres | null;
  /** Where panels connect. */
  brokerUrl: string;
  /** The first administrator, logged in. */
  admin: Session;
  /** Builds a panel that is stopped with the world; it still has to be started. */
  panel(mac: string, options?: Partial<PanelOptions>): Panel;
  /** An ear, or a mouth, that is closed with the world. */
  ear(options: Parameters<typeof openEar>[1]): Promise<Ear>;
  /** A metric's value, by its name with labels as it is printed. */
  metric(name: string): Promise<number>;
  /** Reads the database that the service writes. */
  sql<T extends object>(text: string): Promise<T[]>;
  /** All events that the API gives for a query, oldest first. */
  events(query?: string): Promise<EventItem[]>;
  /** Calls it when the world ends, last first. */
  defer(end: () => unknown): void;
}

/** Plays in a world and takes it down after, whatever happened. */
export async function inWorld(
  kind: WorldKind,
  options: WorldOptions,
  play: (world: World) => Promise<void>,
): Promise<void> {
  const ends: (() => unknown)[] = [];
  try {
    await play(await build(kind, options, ends));
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function build(kind: WorldKind, options: WorldOptions, ends: (() => unknown)[]): Promise<World> {
  const mosquitto = kind === "real" ? await startMosquitto(options.mosquitto) : null;
  if (mosquitto) ends.push(() => mosquitto.stop());
  const server = kind === "embedded" ? null : await startPostgres();
  if (server) ends.push(() => server.stop());
  const service = await startService({
    env: {
      ...(mosquitto ? { DOORLINE_MQTT_URL: await options.brokerUrl?.(mosquitto) ?? mosquitto.url } : {}),
      ...(server ? { DOORLINE_DATABASE_URL: await options.databaseUrl?.(server) ?? server.url } : {}),
      ...options.env,
    },
  });
  ends.push(() => service.stop());
  const brokerUrl = mosquitto?.url ?? `mqtt://127.0.0.1:${service.mqttPort}`;
  const admin = await service.adminLogin();
  return {
    kind,
    service,
    mosquitto,
    postgres: server,
    brokerUrl,
    admin,
    panel: (mac, more = {}) => {
      const panel = new Panel({ mac, apartments: [1, 99], brokerUrl, ...more });
      ends.push(() => panel.crash());
      return panel;
    },
    ear: async (more) => {
      const ear = await openEar(brokerUrl, more);
      ends.push(() => ear.close());
      return ear;
    },
    metric: async (name) => {
      const text = await (await fetch(`${service.url}/metrics`)).text();
      return Number(
        text.split("\n").find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? 0,
      );
    },
    sql: async <T extends object>(text: string) => {
      const options = { max: 1, fetch_types: false, onnotice: () => {} };
      // PGlite stands behind a Unix socket in the data directory; a connection a question keeps no pool to leak.
      const sql = server ? postgres(server.url, options) : postgres({
        ...options,
        path: `${service.dataDir}/postgres.sock`,
        username: "postgres",
        database: "postgres",
      });
      try {
        return [...await sql.unsafe<T[]>(text)];
      } finally {
        await sql.end({ timeout: 1 });
      }
    },
    events: async (query = "") => {
      const items: EventItem[] = [];
      let cursor = "";
      do {
        const { status, body } = await admin.api("GET", `/api/events?limit=200${query}${cursor}`);
        if (status !== 200) throw new Error(`Cannot read events: ${status} ${JSON.stringify(body)}`);
        items.push(...body.items);
        cursor = body.next === null ? "" : `&cursor=${encodeURIComponent(body.next)}`;
      } while (cursor !== "");
      return items.reverse();
    },
    defer: (end) => void ends.push(end),
  };
}
