/**
 * @module
 * One intercom panel with its door, as it behaves on MQTT: heartbeats, rings, keys, alarms, orders to open.
 * It plays the outside world in tests and in `deno task start`, and imports nothing of the service.
 */
import { randomUUID } from "node:crypto";
import {
  decodeOrder,
  encodePayload,
  type OpeningSource,
  type PanelAlarm,
  type PanelEventType,
  panelTime,
  panelTopic,
} from "./panel_codec.ts";
import { PanelLink } from "./panel_link.ts";
import { keyNumber, type Random, waitMs, wholeBetween } from "./random.ts";

/** Time as a panel sees it; a `SimulatedClock` fits. */
export interface PanelClock {
  /** Milliseconds since 1970. */
  now(): number;
  setTimeout(act: () => void, ms: number): unknown;
  /** Takes what `setTimeout` gave. */
  // deno-lint-ignore no-explicit-any -- a handle is a number here, an object there, and only its own clock reads it
  clearTimeout(handle: any): void;
}

/** How a panel is built. */
export interface PanelOptions {
  /** As the panel writes it in its topics. */
  mac: string;
  /** First and last apartment that it rings. */
  apartments: [from: number, to: number];
  brokerUrl: string;
  /** Default 30. */
  heartbeatEverySeconds?: number;
  /** How often it rings and opens of its own accord; 0, the default, leaves that to the test. */
  eventsPerMinute?: number;
  /** How long the door stays open. Default 5000. */
  openForMs?: number;
  /** False plays an old panel that opens late. Default true. */
  checksExpiry?: boolean;
  /** False plays a panel that does not say which command it obeyed. Default true. */
  echoesCommandId?: boolean;
  username?: string;
  password?: string;
  clientId?: string;
  /** False lets commands wait at the broker while the panel is away. Default true. */
  cleanSession?: boolean;
  /** Ceiling of the wait between two tries to reach the broker, in milliseconds. Default 15,000. */
  longestReconnectMs?: number;
  random?: Random;
  clock?: PanelClock;
  /** Hears of every event once the broker acknowledged it, also of those that the panel sent of its own accord. */
  onAcknowledged?: (event: SentEvent) => void;
}

/** An event that a panel sent. */
export interface SentEvent {
  /** The `id` of the payload. */
  id: string;
  mac: string;
  type: PanelEventType;
  payload: Record<string, unknown>;
}

/** A time that a command made the door open. */
export interface ObeyedCommand {
  commandId: string | null;
  /** By the panel's clock, in milliseconds since 1970. */
  atMs: number;
}

const SYSTEM_CLOCK: PanelClock = {
  now: () => Date.now(),
  setTimeout: (act, ms) => setTimeout(act, ms),
  clearTimeout: (handle) => clearTimeout(handle),
};

/** How long somebody at home takes to answer a ring and press the button. */
const ANSWER_MS = [3_000, 9_000] as const;

/** A panel. It is off until `start`, and may be started again after `stop` or `crash`. */
export class Panel {
  readonly mac: string;
  /** Which commands opened the door, in order. A command that arrives twice is here twice: a panel remembers none. */
  readonly opened: ObeyedCommand[] = [];
  /** How many commands came after they had expired, and were refused. */
  refusedLate = 0;
  /** How many messages on `cmd` were no order to open. */
  misunderstood = 0;
  /** How many publishes of its own accord got no PUBACK. */
  lost = 0;

  readonly #options: PanelOptions;
  readonly #clock: PanelClock;
  readonly #random: Random;
  readonly #timers = new Set<unknown>();
  #link: PanelLink | null = null;
  #door: "open" | "closed" = "closed";
  #closing: unknown = null;
  #heartbeat: unknown = null;
  #ready: PromiseWithResolvers<void> | null = null;

  constructor(options: PanelOptions) {
    this.#options = options;
    this.mac = options.mac;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#random = options.random ?? Math.random;
  }

  /** State of the door's contact. */
  get door(): "open" | "closed" {
    return this.#door;
  }

  /** Whether the broker has it. */
  get connected(): boolean {
    return this.#link?.connected ?? false;
  }

  /**
   * Switches the panel on; it tries until it reaches the broker.
   * @returns a promise of its first heartbeat
   * @throws when it is on, or is switched off before it reached the broker
   */
  start(): Promise<void> {
    if (this.#link !== null) return Promise.reject(new Error(`Cannot start panel ${this.mac} twice`));
    const ready = this.#ready = Promise.withResolvers<void>();
    this.#link = new PanelLink({
      brokerUrl: this.#options.brokerUrl,
      clientId: this.#options.clientId ?? `intercom-${this.mac}`,
      username: this.#options.username,
      password: this.#options.password,
      cleanSession: this.#options.cleanSession,
      longestReconnectMs: this.#options.longestReconnectMs,
      random: this.#random,
      will: { topic: panelTopic(this.mac, "status"), payload: encodePayload({ status: "offline" }) },
      onConnected: () => void this.#announce(),
      onMessage: (_topic, payload) => this.#obey(payload),
    });
    this.#link.open();
    this.#scheduleLife();
    return ready.promise;
  }

  /** Switches the panel off, by default with the word that it goes. */
  async stop({ graceful = true }: { graceful?: boolean } = {}): Promise<void> {
    if (!graceful) return await this.crash();
    const link = this.#switchOff();
    if (link?.connected) {
      const farewell = this.#sendStatus(link, "offline").catch(() => this.lost++);
      // The DISCONNECT waits for the PUBACK of the farewell, or for its own deadline.
      await Promise.all([farewell, link.close()]);
    } else {
      await link?.close();
    }
  }

  /** Loses power: the connection drops, and the broker publishes the last will. */
  async crash(): Promise<void> {
    await this.#switchOff()?.cut();
  }

  /** Rings an apartment. */
  ring(apartment: number | string): Promise<SentEvent> {
    return this.#send("call", { apartment });
  }

  /** Holds a key to the reader, which opens the door for a while. */
  useKey(apartment: number | string, keyId: string): Promise<SentEvent[]> {
    return Promise.all([
      this.#send("key", { apartment, key_id: keyId }),
      this.openDoor("key", { apartment }),
    ]);
  }

  /**
   * Opens the door; without a source nobody knows why, as when it is forced.
   * `staysOpen` keeps it open until `closeDoor`, or until the next opening runs out.
   */
  async openDoor(
    source?: OpeningSource,
    { apartment, commandId, staysOpen = false }: {
      apartment?: number | string;
      commandId?: string;
      staysOpen?: boolean;
    } = {},
  ): Promise<SentEvent> {
    this.#on();
    this.#door = "open";
    this.#cancel(this.#closing);
    this.#closing = staysOpen ? null : this.#after(this.#options.openForMs ?? 5_000, () => {
      this.closeDoor(source).catch(() => this.lost++);
    });
    return await this.#send("door_opened", { source, apartment, command_id: commandId });
  }

  /** Closes the door now. */
  async closeDoor(source?: OpeningSource): Promise<SentEvent> {
    this.#on();
    this.#door = "closed";
    this.#cancel(this.#closing);
    return await this.#send("door_closed", { source });
  }

  /** Raises an alarm. */
  raiseAlarm(kind: PanelAlarm): Promise<SentEvent> {
    return this.#send("alarm", { kind });
  }

  /** Sends a heartbeat out of turn. */
  async beat(): Promise<void> {
    const payload = encodePayload({ door_status: this.#door, timestamp: panelTime(this.#clock.now()) });
    await this.#on().publish(panelTopic(this.mac, "heartbeat"), payload, { qos: 0 });
  }

  async #announce(): Promise<void> {
    const link = this.#link;
    if (link === null) return;
    try {
      // First it listens, then it says so: a server may answer "online" with a command at once.
      await link.subscribe(panelTopic(this.mac, "cmd"));
      await this.#sendStatus(link, "online");
      await this.beat();
      this.#scheduleHeartbeat();
      this.#ready?.resolve();
    } catch {
      // The connection broke in between; the next CONNACK starts over.
      this.lost++;
    }
  }

  #sendStatus(link: PanelLink, status: "online" | "offline"): Promise<void> {
    return link.publish(panelTopic(this.mac, "status"), encodePayload({ status }), { qos: 1, retain: true });
  }

  #obey(payload: Uint8Array): void {
    const order = decodeOrder(payload);
    if (order === null) {
      this.misunderstood++;
      return;
    }
    const atMs = this.#clock.now();
    const checks = this.#options.checksExpiry ?? true;
    if (checks && order.expiresAtMs !== null && atMs > order.expiresAtMs) {
      this.refusedLate++;
      return;
    }
    this.opened.push({ commandId: order.commandId, atMs });
    const echoes = this.#options.echoesCommandId ?? true;
    this.openDoor("remote", {
      apartment: order.apartment ?? undefined,
      commandId: (echoes ? order.commandId : null) ?? undefined,
    }).catch(() => this.lost++);
  }

  async #send(type: PanelEventType, fields: Record<string, unknown>): Promise<SentEvent> {
    const id = randomUUID();
    const payload = { ...fields, id, timestamp: panelTime(this.#clock.now()) };
    await this.#on().publish(panelTopic(this.mac, type), encodePayload(payload), { qos: 1 });
    const event = { id, mac: this.mac, type, payload };
    this.#options.onAcknowledged?.(event);
    return event;
  }

  #on(): PanelLink {
    if (this.#link === null) throw new Error(`Cannot use panel ${this.mac}: it is switched off`);
    return this.#link;
  }

  #switchOff(): PanelLink | null {
    for (const handle of this.#timers) this.#clock.clearTimeout(handle);
    this.#timers.clear();
    // Nobody has to wait for a start that is given up, so nobody has to catch this.
    this.#ready?.promise.catch(() => {});
    this.#ready?.reject(new Error(`Panel ${this.mac} was switched off before it reached its broker`));
    const link = this.#link;
    this.#link = null;
    // Until it is on again nobody leans against the door.
    this.#door = "closed";
    return link;
  }

  #scheduleHeartbeat(): void {
    this.#cancel(this.#heartbeat);
    this.#heartbeat = this.#after((this.#options.heartbeatEverySeconds ?? 30) * 1_000, () => {
      this.#scheduleHeartbeat();
      this.beat().catch(() => this.lost++);
    });
  }

  #scheduleLife(): void {
    const perMinute = this.#options.eventsPerMinute ?? 0;
    if (perMinute <= 0) return;
    this.#after(waitMs(this.#random, perMinute), () => {
      this.#live().catch(() => this.lost++);
      this.#scheduleLife();
    });
  }

  /** Lets something happen: mostly rings, some of them answered, else keys, now and then the exit button. */
  async #live(): Promise<void> {
    const apartment = wholeBetween(this.#random, ...this.#options.apartments);
    const chance = this.#random();
    if (chance < 0.35) {
      await this.useKey(apartment, keyNumber(this.#random));
    } else if (chance < 0.45) {
      await this.openDoor("button");
    } else {
      if (this.#random() < 0.5) {
        this.#after(wholeBetween(this.#random, ...ANSWER_MS), () => {
          this.openDoor("call", { apartment }).catch(() => this.lost++);
        });
      }
      await this.ring(apartment);
    }
  }

  #after(ms: number, act: () => void): unknown {
    const handle = this.#clock.setTimeout(() => {
      this.#timers.delete(handle);
      act();
    }, ms);
    this.#timers.add(handle);
    return handle;
  }

  #cancel(handle: unknown): void {
    if (handle === null || !this.#timers.delete(handle)) return;
    this.#clock.clearTimeout(handle);
  }
}
