/**
 * @module
 * What is known of the endpoints of one PBX in its log: by name and address of record, with their rings and topics,
 * and which calls they are in.
 */
import { Calls } from "./calls.ts";
import { findNames, type Known, type Named } from "./names.ts";
import type { Kept, Ring } from "./ring.ts";
import type { Store } from "./store.ts";

/** An endpoint, as lines are told to it. */
export interface Target {
  name: string;
  /** Its name alone, for all lines that are about nobody else. */
  alone: readonly string[];
  /** Name of its ring. */
  key: string;
  topic: string;
  ring: Ring;
}

/** An endpoint to attribute lines to. */
export interface LogEndpoint {
  pbx: string;
  name: string;
  aors: string[];
}

/** Name of an endpoint's ring; no name of a PBX has a slash. */
export function keyOfEndpoint(pbx: string, name: string): string {
  return `${pbx}/${name}`;
}

/** Name of a call's ring: each Asterisk counts its calls from one. No endpoint's begins and ends so. */
export function keyOfCall(pbx: string, call: string): string {
  return `[${pbx}/${call}]`;
}

/** What Asterisk says when it starts, and counts calls anew. Its version stands in each new log file too. */
const STARTED = "Asterisk Dynamic Loader Starting:";
/** The same where only notices are logged. */
const ALSO_STARTED = /^\d{1,6} modules will be loaded\.$/;
/** Who says it. Of other modules it is what somebody sent. */
const LOADER = "loader.c";

/** The endpoints and the calls of one PBX. */
export class Desk {
  readonly #pbx: string;
  readonly #store: Store;
  #targets = new Map<string, Target>();
  #aors = new Map<string, Target[]>();
  readonly #calls = new Calls<Target>();
  readonly #named: Named<Target> = { all: [], channels: [] };
  readonly #known: Known<Target> = {
    endpoint: (name) => this.#targets.get(name),
    aor: (name) => this.#aors.get(name),
  };

  /** When Asterisk was started last, as far as its logs tell. */
  #startedAt = -Infinity;
  /** The line that says so in each file. */
  readonly #starts = new Map<string, { id: number; at: number }>();

  constructor(pbx: string, store: Store) {
    this.#pbx = pbx;
    this.#store = store;
  }

  /** Takes the endpoints that there are now. What was kept of others is forgotten. */
  update(endpoints: Iterable<LogEndpoint>): void {
    const targets = new Map<string, Target>();
    const aors = new Map<string, Target[]>();
    for (const { pbx, name, aors: own } of endpoints) {
      const key = keyOfEndpoint(pbx, name);
      const target = this.#targets.get(name) ??
        { name, alone: [name], key, topic: `logs:${key}`, ring: this.#store.endpoint(key) };
      targets.set(name, target);
      for (const aor of own) aors.set(aor, [...aors.get(aor) ?? [], target]);
    }
    const gone = new Set([...this.#targets.values()].filter(({ name }) => !targets.has(name)));
    for (const { key } of gone) this.#store.forget(key);
    if (gone.size > 0) this.#calls.remove(gone);
    this.#targets = targets;
    this.#aors = aors;
  }

  /** The endpoints that a message is about. What is given is valid until the next message. */
  about(text: string, call: string | null, now: number): readonly Target[] {
    findNames(text, this.#known, this.#named);
    const { all, channels } = this.#named;
    if (call === null) return all;
    for (const target of this.#calls.of(call, channels, now)) {
      if (!all.includes(target)) all.push(target);
    }
    return all;
  }

  /** The ring of a message's call; null where it has none, or is of a call before Asterisk was started anew. */
  ringOf(message: Kept, now: number): Ring | null {
    const { call } = message;
    if (call === null || this.isPast(message)) return null;
    return this.#store.call(keyOfCall(this.#pbx, call), now);
  }

  /** Takes notice when a message says that Asterisk is started, and forgets the calls of before. */
  heed(message: Kept): void {
    const { text, source, call } = message;
    if (call !== null || (source !== null && source !== LOADER)) return;
    if (!text.startsWith(STARTED) && !ALSO_STARTED.test(text)) return;
    this.#calls.clear();
    // A date that is yet to come would make all that is said until then be of before.
    const at = Math.min(message.at ?? message.seenAt, message.seenAt);
    this.#startedAt = Math.max(this.#startedAt, at);
    this.#starts.set(message.file, { id: message.id, at });
    this.#store.dropOfCalls(`[${this.#pbx}/`, (kept) => this.isPast(kept));
  }

  /** Whether a message is of before Asterisk was started last. */
  isPast({ id, at, file }: Kept): boolean {
    if (this.#startedAt === -Infinity) return false;
    const start = this.#starts.get(file);
    if (start !== undefined && id < start.id) return true;
    // Files are read one after another: another one may have told of a start that this one has yet to tell of.
    const hasTold = start !== undefined && start.at >= this.#startedAt;
    return !hasTold && at !== null && at < this.#startedAt;
  }
}
