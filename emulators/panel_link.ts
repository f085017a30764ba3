/**
 * @module
 * A panel's connection to its broker: last will, reconnecting with jitter, publishing with a promise of the PUBACK.
 * It knows topics only as strings; what they mean is the panel's affair.
 */
import type { Buffer } from "node:buffer";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { Random } from "./random.ts";

/** What a connection needs to know. */
export interface PanelLinkOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  brokerUrl: string;
  clientId: string;
  username?: string;
  password?: string;
  /** False keeps the session at the broker, so that commands wait there for a panel that is away. Default true. */
  cleanSession?: boolean;
  /** Published, retained, by the broker when the connection breaks. */
  will?: { topic: string; payload: Buffer };
  /** Ceiling of the wait between two tries, in milliseconds. Default 15,000. */
  longestReconnectMs?: number;
  random: Random;
  /** Called after each CONNACK, the first and every later one. */
  onConnected?: () => void;
  onMessage?: (topic: string, payload: Uint8Array) => void;
}

/** How long a panel without a broker waits before its first new try. */
const FIRST_RECONNECT_MS = 500;
const LONGEST_RECONNECT_MS = 15_000;
/** A panel has little memory: what it cannot send beyond this many messages is lost, and said to be. */
const MOST_UNSENT = 1_000;
const FAREWELL_MS = 2_000;

/** One MQTT connection, owned by one panel, or by a load that stands for many. */
export class PanelLink {
  readonly #options: PanelLinkOptions;
  #client: MqttClient | null = null;
  readonly #unacknowledged = new Set<(error: Error) => void>();
  /** The last reason for being without a broker; null when there was none. */
  lastError: string | null = null;

  constructor(options: PanelLinkOptions) {
    this.#options = options;
  }

  /** True between CONNACK and the end of the connection. */
  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  /** How many publishes have no PUBACK yet. */
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /**
   * Connects, and keeps connecting until `close` or `cut`.
   * @throws when it is open already, or when the URL is none of MQTT
   */
  open(): void {
    if (this.#client !== null) throw new Error(`Cannot open the link of ${this.#options.clientId} twice`);
    const { random, will, longestReconnectMs = LONGEST_RECONNECT_MS } = this.#options;
    const firstMs = Math.min(FIRST_RECONNECT_MS, longestReconnectMs);
    const options: IClientOptions = {
      clientId: this.#options.clientId,
      username: this.#options.username,
      password: this.#options.password,
      clean: this.#options.cleanSession ?? true,
      keepalive: 30,
      connectTimeout: 10_000,
      reconnectPeriod: jittered(firstMs, random),
      // A heartbeat of a minute ago would be a lie: what is not sent at once is dropped.
      queueQoSZero: false,
      // The panel subscribes after every CONNACK itself, in its own order.
      resubscribe: false,
      // mqtt.js may otherwise put its timers into a worker that outlives the connection.
      timerVariant: "native",
      will: will && { ...will, qos: 1, retain: true },
    };
    const client = mqtt.connect(this.#options.brokerUrl, options);
    this.#client = client;
    let waitMs = firstMs;
    // mqtt.js reads its period when the connection ends, so each try sets the wait of the next one.
    client.on("reconnect", () => {
      waitMs = Math.min(waitMs * 2, longestReconnectMs);
      client.options.reconnectPeriod = jittered(waitMs, random);
    });
    client.on("connect", () => {
      waitMs = firstMs;
      client.options.reconnectPeriod = jittered(waitMs, random);
      this.lastError = null;
      this.#options.onConnected?.();
    });
    client.on("error", (error) => this.lastError = error.message);
    client.on("message", (topic, payload) => this.#options.onMessage?.(topic, payload));
  }

  /** Subscribes with QoS 1. */
  subscribe(topic: string): Promise<void> {
    return this.#await((client, done) => client.subscribe(topic, { qos: 1 }, done));
  }

  /**
   * Publishes; with QoS 1 the promise resolves at the PUBACK, also when that comes after a reconnect.
   * @throws when the link is closed first, or has too much unsent already
   */
  publish(topic: string, payload: Buffer, how: { qos: 0 | 1; retain?: boolean }): Promise<void> {
    if (this.#unacknowledged.size >= MOST_UNSENT && !this.connected) {
      return Promise.reject(new Error(`Cannot keep more than ${MOST_UNSENT} unsent messages`));
    }
    return this.#await((client, done) => client.publish(topic, payload, how, done));
  }

  /** Ends with a DISCONNECT, so that the broker forgets the last will. */
  async close(): Promise<void> {
    const client = this.#client;
    if (!client?.connected) return await this.cut();
    this.#client = null;
    // mqtt.js waits for outstanding PUBACKs before it says goodbye, and a hung broker sends none.
    const impatience = setTimeout(() => client.stream.destroy(), FAREWELL_MS);
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    await Promise.race([client.endAsync(false), closed]);
    clearTimeout(impatience);
    this.#giveUp();
  }

  /** Drops the TCP connection without a DISCONNECT, as a loss of power does. */
  async cut(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    this.#giveUp();
    await client?.endAsync(true);
  }

  /** Settles what mqtt.js leaves pending for ever when it is ended by force. */
  #giveUp(): void {
    for (const reject of [...this.#unacknowledged]) {
      reject(new Error(`Cannot publish: the link of ${this.#options.clientId} was closed`));
    }
  }

  #await(act: (client: MqttClient, done: (error?: Error | null) => void) => void): Promise<void> {
    const client = this.#client;
    if (client === null) {
      return Promise.reject(new Error(`Cannot publish: the link of ${this.#options.clientId} is closed`));
    }
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        this.#unacknowledged.delete(fail);
        reject(error);
      };
      this.#unacknowledged.add(fail);
      act(client, (error) => {
        if (error) return fail(error);
        this.#unacknowledged.delete(fail);
        resolve();
      });
    });
  }
}

/** Spreads reconnects over half to one and a half times the wait, so that panels do not return as one. */
function jittered(waitMs: number, random: Random): number {
  return Math.round(waitMs * (0.5 + random()));
}
