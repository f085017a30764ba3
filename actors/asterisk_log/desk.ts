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

/** What Asterisk says when it starts, and counts calls anew. Its version stands in each new log file too. */
const STARTED = "Asterisk Dynamic Loader Starting:";
/** The same where only notices are logged. */
const ALSO_STARTED = " modules will be loaded.";

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
    if (call === null) {
      if (text.startsWith(STARTED) || text.endsWith(ALSO_STARTED)) this.#calls.clear();
      return all;
    }
    for (const target of this.#calls.of(call, channels, now)) {
      if (!all.includes(target)) all.push(target);
    }
    return all;
  }
}
