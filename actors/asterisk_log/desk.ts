/**
 * @module
 * What is known of the endpoints of one PBX in its log: by name and address of record, with their rings and topics,
 * and which calls they are in.
 */
import { Calls } from "./calls.ts";
import { findNames, type Known, type Named } from "./names.ts";
import type { Ring } from "./ring.ts";
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

/** The first line of each run of Asterisk, and of each log file. */
const STARTED = /^Asterisk \d\S* built by /;
const READY = "Asterisk Dynamic Loader Starting:";

/** The endpoints of one PBX. */
export class Desk {
  readonly #store: Store;
  #targets = new Map<string, Target>();
  #aors = new Map<string, Target[]>();
  readonly #calls = new Calls<Target>();
  readonly #named: Named<Target> = { all: [], channels: [] };
  readonly #known: Known<Target> = {
    endpoint: (name) => this.#targets.get(name),
    aor: (name) => this.#aors.get(name),
  };

  constructor(store: Store) {
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
    for (const [name, { key }] of this.#targets) {
      if (!targets.has(name)) this.#store.forget(key);
    }
    // A call may know one that is gone.
    if ([...this.#targets.keys()].some((name) => !targets.has(name))) this.#calls.clear();
    this.#targets = targets;
    this.#aors = aors;
  }

  /** The endpoints that a message is about. What is given is valid until the next message. */
  about(text: string, call: string | null, now: number): readonly Target[] {
    findNames(text, this.#known, this.#named);
    const { all, channels } = this.#named;
    if (call === null) {
      if (text.startsWith(READY) || STARTED.test(text)) this.#restarted(text);
      return all;
    }
    for (const target of this.#calls.of(call, channels, now)) {
      if (!all.includes(target)) all.push(target);
    }
    return all;
  }

  #restarted(text: string): void {
    // A rotated file has the other line too, and its calls go on.
    if (text.startsWith(READY)) this.#calls.clear();
  }
}
