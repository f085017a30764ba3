/**
 * @module
 * What the actors are put between in tests: a clock that is moved by hand, a writer that commits when it is told,
 * a transport that keeps what it was given. No database and no wire.
 */
import type { Clock } from "../../actors/clock.ts";
import { DoorCommands, type PanelTransport } from "../../actors/door_commands.ts";
import { Feed } from "../../actors/feed.ts";
import { Intercoms } from "../../actors/intercoms.ts";
import type { PanelMessage } from "../../actors/mqtt/decode.ts";
import { Recorder } from "../../actors/recorder.ts";
import type { AuditRow, EventRow, WriteUnit } from "../../db/rows.ts";
import type { Committed, Writer } from "../../db/writer.ts";
import { CountingClock, SETTINGS } from "../machines/panel.ts";

/** A clock of the service over a simulated one; `jump` moves the wall clock alone. */
export function fakeClock(sim = new CountingClock()) {
  let offset = 0;
  const clock: Clock = {
    now: () => sim.now(),
    toWall: (at) => at + offset,
    fromWall: (wall) => wall - offset,
    setTimeout: (run, ms) => sim.setTimeout(run, ms),
    clearTimeout: (id) => sim.clearTimeout(id as number),
  };
  return { ...clock, sim, pass: (ms: number) => sim.pass(ms), jump: (ms: number) => void (offset += ms) };
}

/** A clock as `fakeClock` makes it. */
export type FakeClock = ReturnType<typeof fakeClock>;

interface Held {
  unit: WriteUnit;
  settle: (error?: Error) => void;
}

/** Takes units and commits them at once, or, while `holding`, when it is told to. */
export class FakeWriter {
  /** Units that were committed, in order. */
  readonly units: WriteUnit[] = [];
  readonly held: Held[] = [];
  holding = false;
  /** What every commit fails with, if anything. */
  failure: Error | null = null;
  /** Whether it says that so much waits that nothing new may be taken on. */
  isFull = false;
  readonly #keys = new Set<string>();

  commit(unit: WriteUnit, _options: { deadlineMs?: number } = {}): Promise<Committed> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (!this.holding) return Promise.resolve(this.#write(unit));
    return new Promise((resolve, reject) =>
      this.held.push({ unit, settle: (error) => error ? reject(error) : resolve(this.#write(unit)) })
    );
  }

  /** Commits what is held, or fails it. */
  release(error?: Error): void {
    this.holding = false;
    for (const { settle } of this.held.splice(0)) settle(error);
  }

  /** The type that the product asks for. */
  get asWriter(): Writer {
    return this as unknown as Writer;
  }

  get events(): EventRow[] {
    return this.units.flatMap(({ events }) => events ?? []);
  }

  get audit(): AuditRow[] {
    return this.units.flatMap(({ audit }) => audit ?? []);
  }

  #write(unit: WriteUnit): Committed {
    const counted = (unit.events ?? []).filter(({ mac, once }) => {
      if (once === null) return true;
      const key = `${mac} ${once.key}`;
      const known = this.#keys.has(key);
      this.#keys.add(key);
      return !known || !once.must_be_new;
    });
    this.units.push(unit.events === undefined ? unit : { ...unit, events: counted });
    return { eventIds: new Set(counted.map(({ id }) => id)) };
  }
}

/** Keeps the commands it was given. */
export class FakeTransport implements PanelTransport {
  readonly sent: { topicMac: string; payload: Record<string, unknown>; expiresInMs: number }[] = [];
  /** Why it takes nothing, if it does not. */
  refusal: string | null = null;
  /** While true it takes commands and does not say so before `answer` is called. */
  holding = false;
  #waiting: (() => void)[] = [];

  sendCommand(
    topicMac: string,
    payload: Record<string, unknown>,
    options: { expiresInMs: number },
  ): Promise<void> {
    if (this.refusal !== null) return Promise.reject(new Error(this.refusal));
    this.sent.push({ topicMac, payload, ...options });
    return this.holding ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  answer(): void {
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }
}

/** One message of the feed as it was published. */
export interface Published {
  topic: string;
  event: string;
  // deno-lint-ignore no-explicit-any -- tests look into it as they need
  data: any;
}

/** Stands for the feed where only what is published matters; it has no timers. */
export class FakeFeed {
  readonly published: Published[] = [];
  readonly told: Published[] = [];
  resyncs = 0;

  publish(topic: string, event: string, data: unknown): void {
    this.published.push({ topic, event, data });
  }

  tell(topic: string, event: string, data: unknown): void {
    this.told.push({ topic, event, data });
  }

  resync(): void {
    this.resyncs++;
  }

  get asFeed(): Feed {
    return this as unknown as Feed;
  }
}

/** Who asks for doors to be opened. */
export const OPERATOR = { id: 7, name: "An Operator", address: "192.0.2.7" };

/** Panels and commands put together over the fakes. */
export function startHouse(options: { adopt?: "auto" | "approve"; clock?: FakeClock } = {}) {
  const clock = options.clock ?? fakeClock();
  const writer = new FakeWriter();
  const feed = new FakeFeed();
  const transport = new FakeTransport();
  const recorder = new Recorder({ writer: writer.asWriter, feed: feed.asFeed });
  const troubles: { mac: string; what: string; error: unknown }[] = [];
  const state = { linkUp: true, databaseUp: true };
  const commands: DoorCommands = new DoorCommands({
    clock,
    recorder,
    feed: feed.asFeed,
    transport: () => transport,
    onChanged: (mac) => intercoms.shownAgain(mac),
    onError: (mac, error) => troubles.push({ mac, what: "command", error }),
  });
  const intercoms: Intercoms = new Intercoms({
    clock,
    settings: SETTINGS,
    adopt: options.adopt ?? "auto",
    recorder,
    feed: feed.asFeed,
    commands,
    isLinkUp: () => state.linkUp,
    isDatabaseUp: () => state.databaseUp,
    onTrouble: (mac, what, error) => troubles.push({ mac, what, error }),
  });
  return {
    clock,
    writer,
    feed,
    transport,
    recorder,
    commands,
    intercoms,
    troubles,
    state,
    /** Lets promises that are settled be heard. */
    settle: async () => {
      for (let i = 0; i < 20; i++) await Promise.resolve();
    },
    stop: () => {
      intercoms.stop();
      commands.stop();
    },
  };
}

/** A house as `startHouse` makes it. */
export type House = ReturnType<typeof startHouse>;

export const MAC = "AA:BB:CC:01";

let messages = 0;

/** A message of a panel; each is another one unless it is given an id or a key. */
export function message(
  event: PanelMessage["event"],
  options: Partial<PanelMessage> & { id?: string } = {},
): PanelMessage {
  const { id, ...rest } = options;
  const mac = rest.mac ?? MAC;
  return {
    mac,
    topicMac: mac,
    event,
    occurredAt: null,
    onceKey: id ?? `#${++messages}`,
    hasId: id !== undefined,
    extra: {},
    ...rest,
  };
}

export const heartbeat = (door: "open" | "closed" = "closed", mac = MAC) =>
  message({ type: "panel.heartbeat", door }, { mac });

export const opened = (
  commandId: string | null,
  source: "remote" | "key" | null = null,
  mac = MAC,
) => message({ type: "panel.door_opened", source, apartment: null, commandId }, { mac });

export const closed = (mac = MAC) =>
  message({ type: "panel.door_closed", source: null, apartment: null }, { mac });

export const ring = (options: { id?: string; mac?: string; onceKey?: string } = {}) =>
  message({ type: "panel.call", apartment: "12" }, options);
