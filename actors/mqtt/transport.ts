/**
 * @module
 * The way to the panels: the embedded broker, or the client of the one that the settings name.
 */
import { randomUUID } from "node:crypto";
import { ulid } from "ulid";
import type { Config } from "../../config.ts";
import type { Database } from "../../db/client.ts";
import { type Clock, toIso } from "../clock.ts";
import type { Requester } from "../command_rows.ts";
import type { PanelTransport } from "../door_commands.ts";
import type { Recorder } from "../recorder.ts";
import type { Intake } from "../routing.ts";
import { EmbeddedBroker } from "./broker.ts";
import { BrokerClient } from "./client.ts";
import { PanelCredentials } from "./credentials.ts";
import { LastWords } from "./last_words.ts";
import { Takeovers } from "./takeovers.ts";

/** How long panels have to come back to a broker that was away, before its word that they are gone is believed. */
const SETTLE_MS = 30_000;

/** The way to the panels, whichever it is. */
export interface Transport {
  panels: PanelTransport;
  /** Null with a broker that keeps them itself. */
  credentials: PanelCredentials | null;
  /** Where the link leads, without credentials. */
  target: string;
  /** Where programs on this machine reach the broker. */
  readonly localUrl: string;
  start(): Promise<void>;
  /** Has what could not be taken delivered again, where the broker would not by itself. */
  askAgain(): void;
  /** Takes nothing more and sends no command; what was taken is acknowledged until `stop()`. */
  stopTaking(): void;
  stop(): Promise<void>;
}

interface TransportOptions {
  config: Config;
  clock: Clock;
  dataDir: string;
  database: Database;
  recorder: Recorder;
  intake: Intake;
  onRefused: (refused: { reason: string; topic: string; payload: Uint8Array }) => void;
  onNotTaken: () => void;
  onUp: () => void;
  onDown: (error: string) => void;
}

/** Builds the one that the settings ask for; nothing is opened before `start()`. */
export function openTransport(options: TransportOptions): Transport {
  return options.config.mqttUrl === undefined ? embedded(options) : external(options, options.config.mqttUrl);
}

function embedded(options: TransportOptions): Transport {
  const { config, clock, recorder } = options;
  const audit = (
    action: string,
    target: string | null,
    by: Requester | null,
    address: string | null,
    detail: Record<string, unknown> = {},
  ) => {
    const at = clock.now();
    recorder.record({
      audit: [{
        ref: ulid(clock.toWall(at)),
        at: toIso(clock, at),
        user_id: by?.id ?? null,
        actor: by?.name ?? "mqtt",
        action,
        target,
        address,
        result: by === null ? "refused" : "done",
        detail,
      }],
    }).catch(() => {}); // it happened; that it cannot be written is told by the database's link
  };
  const credentials = new PanelCredentials({
    database: options.database,
    onChanged: (mac, change) => broker.revoke(mac, change),
    audit: (action, mac, by) => audit(action, mac, by, by.address),
  });
  const lastWords = new LastWords({
    clock,
    intake: options.intake,
    // This broker lets nobody leave a last word when it stops itself, or who came back by another connection.
    settleMs: 0,
    holdMs: 0,
    onNotTaken: options.onNotTaken,
  });
  const takeovers = new Takeovers({
    clock,
    write: ({ clientId, address, leftOut }) =>
      audit("mqtt.takeover", clientId, null, address, leftOut === 0 ? {} : { left_out: leftOut }),
  });
  const broker: EmbeddedBroker = new EmbeddedBroker({
    host: config.mqttHost,
    port: config.mqttPort,
    clock,
    intake: (publish) => lastWords.take(publish),
    credentials: credentials.hashes,
    onRefused: options.onRefused,
    onTakeover: (clientId, address) => takeovers.add(clientId, address),
    onNotTaken: options.onNotTaken,
  });
  return {
    panels: broker,
    credentials,
    target: "embedded",
    get localUrl() {
      const host = config.mqttHost === "0.0.0.0" || config.mqttHost === "::" ? "127.0.0.1" : config.mqttHost;
      return `mqtt://${host.includes(":") ? `[${host}]` : host}:${broker.port}`;
    },
    start: async () => {
      await credentials.start();
      await broker.start();
      lastWords.linkUp();
      options.onUp();
    },
    askAgain: () => {}, // a panel that got no PUBACK was disconnected, and says it again when it is back
    stopTaking: () => {
      takeovers.stop();
      broker.stopTaking();
    },
    stop: () => {
      lastWords.stop();
      return broker.stop();
    },
  };
}

function external(options: TransportOptions, url: string): Transport {
  const { clock, config } = options;
  const { protocol, hostname, port } = new URL(url);
  const lastWords = new LastWords({
    clock,
    intake: options.intake,
    settleMs: Math.min(config.offlineAfterMs, SETTLE_MS),
    onNotTaken: options.onNotTaken,
  });
  const target = `${protocol}//${hostname}:${port || (protocol === "mqtts:" ? 8883 : 1883)}`;
  let client: BrokerClient | null = null;
  return {
    panels: {
      sendCommand: (topicMac, payload, sending) =>
        client?.sendCommand(topicMac, payload, sending) ??
          Promise.reject(new Error("the link to the broker is down")),
    },
    credentials: null,
    target,
    localUrl: url,
    start: async () => {
      client = new BrokerClient({
        url,
        clientId: `doorline-${await instanceId(options.dataDir)}`,
        intake: (publish) => lastWords.take(publish),
        onUp: () => {
          lastWords.linkUp();
          options.onUp();
        },
        onDown: (error) => {
          lastWords.linkDown();
          options.onDown(error);
        },
        onNotTaken: options.onNotTaken,
      });
      client.start();
    },
    askAgain: () => client?.askAgain(),
    stopTaking: () => {
      lastWords.stop();
      client?.stopTaking();
    },
    stop: async () => {
      lastWords.stop();
      await client?.stop();
    },
  };
}

/** The name of this instance's session with the broker, made once and kept in the data directory. */
async function instanceId(dataDir: string): Promise<string> {
  const path = `${dataDir}/instance`;
  const known = await Deno.readTextFile(path).catch(() => "");
  if (/^[0-9a-f-]{36}$/.test(known.trim())) return known.trim();
  const made = randomUUID();
  await Deno.writeTextFile(path, `${made}\n`, { mode: 0o600 });
  return made;
}
