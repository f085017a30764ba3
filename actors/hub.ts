/**
 * @module
 * Holds the root actors of one machine, one for each key. It delivers events, gathers what each turn of an actor
 * stated, and puts an actor that fails aside. What to do with a turn is its owner's business.
 */
import {
  type Actor,
  type AnyEventObject,
  type AnyStateMachine,
  createActor,
  type EmittedFrom,
  type EventFrom,
  type SnapshotFrom,
} from "xstate";
import type { Clock } from "./clock.ts";

/** What one event, or one timer, did to an actor. */
export interface Turn<M extends AnyStateMachine> {
  key: string;
  /** The snapshot before; null for the first turn of an actor. */
  before: SnapshotFrom<M> | null;
  after: SnapshotFrom<M>;
  facts: EmittedFrom<M>[];
}

interface Entry<M extends AnyStateMachine> {
  actor: Actor<M>;
  snapshot: SnapshotFrom<M>;
  facts: EmittedFrom<M>[];
}

interface HubOptions<M extends AnyStateMachine> {
  machine: M;
  clock: Clock;
  /** Called for turns that a timer made; those that `send` made are its answer. */
  onTimer: (turn: Turn<M>) => void;
  /** Called when an actor failed and was taken out. Its owner may start it anew. */
  onFailed: (key: string, error: unknown) => void;
}

/** A map of running actors. `stop()` stops them and their timers. */
export class Hub<M extends AnyStateMachine> {
  readonly #entries = new Map<string, Entry<M>>();
  readonly #options: HubOptions<M>;
  #sending: string | null = null;

  constructor(options: HubOptions<M>) {
    this.#options = options;
  }

  /** How many actors there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether there is an actor with the key. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Keys of all actors. */
  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** Starts an actor, from the machine's beginning or from a snapshot. An actor with the same key is stopped. */
  start(key: string, from: { input: unknown } | { snapshot: SnapshotFrom<M> }): void {
    this.remove(key);
    const actor = createActor(
      this.#options.machine,
      {
        ...from,
        clock: this.#options.clock,
        id: key,
      } as unknown as ConstructorParameters<typeof Actor<M>>[1],
    ) as unknown as Actor<M>;
    const entry: Entry<M> = { actor, snapshot: actor.getSnapshot(), facts: [] };
    this.#entries.set(key, entry);
    actor.on("*", (fact) => void entry.facts.push(fact as EmittedFrom<M>));
    // Without an observer of errors the first one ends the process.
    actor.subscribe({
      next: (snapshot) => {
        if (this.#sending !== key) this.#ownTurn(key, entry, snapshot);
      },
      error: (error) => this.#fail(key, entry, error),
    });
    actor.start();
    // XState keeps for good what an actor was restored from, and reads it but once: 90 MB of a fleet of 100,000.
    (actor.options as { snapshot?: unknown }).snapshot = undefined;
    if (this.#entries.get(key) === entry) entry.snapshot = actor.getSnapshot();
  }

  /** Delivers an event and returns what it did; null when there is no such actor, or it failed on it. */
  send(key: string, event: EventFrom<M>): Turn<M> | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    const outer = this.#sending;
    this.#sending = key;
    try {
      entry.actor.send(event as AnyEventObject as EventFrom<M>);
    } finally {
      this.#sending = outer;
    }
    if (this.#entries.get(key) !== entry) return null;
    return this.#turn(key, entry, entry.actor.getSnapshot());
  }

  /** The present snapshot, or undefined. */
  get(key: string): SnapshotFrom<M> | undefined {
    return this.#entries.get(key)?.snapshot;
  }

  /** Stops an actor and forgets it. */
  remove(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    entry.actor.stop();
    return true;
  }

  /** Stops all actors. */
  stop(): void {
    for (const key of [...this.#entries.keys()]) this.remove(key);
  }

  #ownTurn(key: string, entry: Entry<M>, snapshot: SnapshotFrom<M>): void {
    // The first snapshot is the start itself, and a stopped actor says one last time where it stood.
    if (this.#entries.get(key) !== entry || snapshot === entry.snapshot) return;
    try {
      this.#options.onTimer(this.#turn(key, entry, snapshot));
    } catch (error) {
      this.#options.onFailed(key, error); // thrown from a timer it would end the process
    }
  }

  #turn(key: string, entry: Entry<M>, after: SnapshotFrom<M>): Turn<M> {
    const before = entry.snapshot;
    const facts = entry.facts;
    if (facts.length > 0) entry.facts = [];
    entry.snapshot = after;
    return { key, before, after, facts };
  }

  #fail(key: string, entry: Entry<M>, error: unknown): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    this.#options.onFailed(key, error);
  }
}
