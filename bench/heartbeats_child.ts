/**
 * @module
 * The receiving side of the benchmark of heartbeats: the service's own parts as main.ts builds them, or one of the
 * peers, which have the same session with the broker.
 */
import mqtt, { type IClientOptions } from "mqtt";
import pino from "pino";
import postgres from "postgres";
import { systemClock } from "../actors/clock.ts";
import { PANEL_TOPICS } from "../actors/mqtt/decode.ts";
import { createSystem } from "../actors/system.ts";
import { readConfig } from "../config.ts";
import { openDatabase } from "../db/open.ts";
import { openDirectory } from "./directory.ts";
import { answer, measure, mustBe, type Used } from "./support.ts";

interface Opening {
  brokerUrl: string;
  databaseUrl: string;
  dataDir: string;
}

/** What a side says when it ends. */
export interface Closed {
  /** When each panel was last seen, for those who know. */
  seen: [mac: string, lastSeenAt: string][];
  /** Whether the database was taken for away, for a moment: heartbeats are then acknowledged at once. */
  interrupted: boolean;
}

interface Receiver {
  /** Messages that are done with: counted, or committed. */
  done(): Promise<number> | number;
  close(): Promise<Closed>;
}

const OPENERS = { product, counts, awaits };
/** Asking costs the product the text of its metrics, so not too often. */
const LOOK_EVERY_MS = 100;

let receiver: Receiver;
let target = 0;
let used: () => Used;

await answer({
  open: async (opening: Opening) => {
    receiver = await OPENERS[Deno.args[0] as keyof typeof OPENERS](opening);
  },
  begin: ({ messages }: { messages: number }) => {
    target += messages;
    used = measure();
  },
  finish: async () => {
    let done = await receiver.done();
    for (; done < target; done = await receiver.done()) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    const result = used();
    mustBe("messages", done, target);
    return result;
  },
  close: () => receiver.close(),
});

async function product({ brokerUrl, databaseUrl, dataDir }: Opening): Promise<Receiver> {
  const log = pino({ level: "warn" }, { write: (line: string) => console.error(line) });
  const db = await openDatabase({ url: databaseUrl, dataDir });
  const config = readConfig({
    DOORLINE_DATABASE_URL: databaseUrl,
    DOORLINE_MQTT_URL: brokerUrl,
    DOORLINE_DATA_DIR: dataDir,
  });
  const directory = await openDirectory({ config, database: db.reader });
  const system = createSystem({ config, clock: systemClock(), log, db, directory, amiServers: [], dataDir });
  let interrupted = false;
  system.links.onChange(({ id, state }) => interrupted ||= id === "database" && state !== "up");
  await system.start();
  while (!system.links.isUp("broker")) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    done: async () => {
      const text = await system.metrics.text();
      const read = (name: string) =>
        Number(text.split("\n").find((line) => line.startsWith(name))?.split(" ")[1] ?? 0);
      // A message is handed to the writer in the turn that counts it; it is done when the writer has nothing left.
      return read("doorline_writer_waiting_rows ") > 0 ? 0 : read("doorline_messages_total");
    },
    close: async () => {
      const seen = system.intercoms.list().map(({ mac, last_seen_at }) =>
        [mac, last_seen_at!] as [string, string]
      );
      await system.stop();
      await db.stop();
      return { seen, interrupted };
    },
  };
}

async function counts({ brokerUrl }: Opening): Promise<Receiver> {
  let count = 0;
  const client = await subscribe(brokerUrl);
  client.on("message", () => count++);
  return {
    done: () => count,
    close: async () => {
      await client.endAsync();
      return { seen: [], interrupted: false };
    },
  };
}

/** What one writes first: a statement for each message, and the acknowledgement when it is committed. */
async function awaits({ brokerUrl, databaseUrl }: Opening): Promise<Receiver> {
  const sql = postgres(databaseUrl, { max: 1, fetch_types: false });
  let count = 0;
  const client = await subscribe(brokerUrl);
  client.handleMessage = (packet, done) => {
    const mac = packet.topic.split("/")[1]!;
    const { door_status } = JSON.parse(packet.payload.toString()) as { door_status: string };
    sql`insert into intercoms (mac, topic_mac, status, status_since, door_status, last_seen_at)
      values (${mac}, ${mac}, 'online', now(), ${door_status}, now())
      on conflict (mac) do update set door_status = excluded.door_status, last_seen_at = excluded.last_seen_at`
      .then(() => {
        count++;
        done();
      }, done);
  };
  return {
    done: () => count,
    close: async () => {
      await client.endAsync();
      await sql.end();
      return { seen: [], interrupted: false };
    },
  };
}

/** The session that the product has. */
async function subscribe(brokerUrl: string) {
  const options: IClientOptions = {
    clientId: "doorline-bench",
    clean: false,
    protocolVersion: 5,
    keepalive: 20,
    properties: { sessionExpiryInterval: 3600, receiveMaximum: 20_000, maximumPacketSize: 65 * 1024 },
  };
  const client = await mqtt.connectAsync(brokerUrl, options);
  await client.subscribeAsync(PANEL_TOPICS.map((topic) => `intercom/+/${topic}`), { qos: 1 });
  return client;
}
