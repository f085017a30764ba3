/**
 * @module
 * One intercom actor on a simulated clock, with everything that it said written down.
 */
import { createActor, SimulatedClock, type SnapshotFrom } from "xstate";
import type { IntercomEvent, IntercomFact } from "../../machines/events.ts";
import { intercomMachine } from "../../machines/intercom.ts";

/** Where simulated time begins. */
export const START = 1_000_000_000;
/** Settings that the tests reckon with, in milliseconds. */
export const SETTINGS = { offlineAfterMs: 120_000, heartbeatEveryMs: 30_000, heldOpenAfterMs: 30_000 };

type Snapshot = SnapshotFrom<typeof intercomMachine>;
/** An event whose time is now. */
export type Now<E> = E extends { at: number } ? Omit<E, "at"> : never;

/** Counts what is asked of a clock. */
export class CountingClock extends SimulatedClock {
  timersSet = 0;
  /** When timers are due, by their id. */
  readonly #live = new Map<number, number>();

  constructor() {
    super();
    this.set(START);
  }

  /** Timers that are neither over nor ended. */
  get live(): number {
    return this.#live.size;
  }

  /** Lets time pass as it does: to each timer's moment, one after another, not over them in one leap. */
  pass(ms: number): void {
    const end = this.now() + ms;
    for (let due = this.#next(); due <= end; due = this.#next()) this.set(Math.max(due, this.now()));
    this.set(end);
  }

  #next(): number {
    return Math.min(...this.#live.values());
  }

  override setTimeout(run: (...args: void[]) => void, ms: number): number {
    this.timersSet++;
    const id = super.setTimeout(() => {
      this.#live.delete(id);
      run();
    }, ms);
    this.#live.set(id, this.now() + ms);
    return id;
  }

  override clearTimeout(id: number): void {
    this.#live.delete(id);
    super.clearTimeout(id);
  }
}

/** Starts a panel, new or from a snapshot. `facts` gathers what it states. */
export function startPanel(options: { clock?: CountingClock; snapshot?: Snapshot } = {}) {
  const clock = options.clock ?? new CountingClock();
  const facts: IntercomFact[] = [];
  const actor = createActor(intercomMachine, {
    clock,
    input: { mac: "AA:BB:CC:01", at: clock.now(), ...SETTINGS },
    ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }),
  });
  actor.on("*", (fact) => void facts.push(fact));
  actor.start();
  const at = () => clock.now();
  return {
    clock,
    actor,
    facts,
    send: (...events: Now<IntercomEvent>[]) =>
      events.forEach((event) => actor.send({ ...event, at: at() } as IntercomEvent)),
    pass: (ms: number) => clock.pass(ms),
    snapshot: () => actor.getSnapshot(),
    presence: () => {
      const { presence } = actor.getSnapshot().value;
      return typeof presence === "string" ? presence : `unknown.${presence.unknown}`;
    },
    door: () => {
      const { door } = actor.getSnapshot().value;
      return typeof door === "string" ? door : `open.${door.open}`;
    },
    /** Facts since the last call, by type alone. */
    said: () => facts.splice(0).map(({ type }) => type.replace("intercom.", "")),
    stop: () => actor.stop(),
  };
}

/** A panel as `startPanel` makes it. */
export type Panel = ReturnType<typeof startPanel>;

/** What a panel may say, by a short name. */
export const SAY = {
  heard: { type: "panel.heard" },
  "heartbeat closed": { type: "panel.heartbeat", door: "closed" },
  "heartbeat open": { type: "panel.heartbeat", door: "open" },
  "heartbeat open, told to": { type: "panel.heartbeat", door: "open", source: "remote" },
  call: { type: "panel.call", apartment: "12" },
  key: { type: "panel.key", apartment: "12", keyId: "K1" },
  "opened by key": {
    type: "panel.door_opened",
    source: "key",
    apartment: "12",
    commandId: null,
  },
  "opened by nothing": { type: "panel.door_opened", source: null, apartment: null, commandId: null },
  closed: { type: "panel.door_closed", source: null, apartment: null },
  "alarm forced": { type: "panel.alarm", kind: "forced" },
  "alarm held open": { type: "panel.alarm", kind: "held_open" },
  "alarm tamper": { type: "panel.alarm", kind: "tamper" },
  "status online": { type: "panel.status", status: "online", retained: false },
  "status offline": { type: "panel.status", status: "offline", retained: false },
  "retained online": { type: "panel.status", status: "online", retained: true },
  "retained offline": { type: "panel.status", status: "offline", retained: true },
  "link up": { type: "link.up" },
  "link down": { type: "link.down" },
  acknowledged: { type: "operator.acknowledged" },
} as const satisfies Record<string, Now<IntercomEvent>>;

// Fails to compile when the vocabulary has an event that no name here stands for; `resume` needs a time of its own.
type Named = typeof SAY[keyof typeof SAY]["type"] | "resume";
type Forgotten = Exclude<IntercomEvent["type"], Named>;
const complete: Forgotten extends never ? true : Forgotten = true;
void complete;
