/**
 * @module
 * Snapshots of the feed, written out and kept for a moment. With thousands of panels one is large, and when the service
 * comes back every page asks for one at once, while everything changes: so readers share it, and get what came after
 * it as well.
 */
import type { FeedClock } from "./feed.ts";
import { format, type Scope, type Topic } from "./feed_entry.ts";

/** A snapshot, written out. */
export interface Snapshot {
  bytes: Uint8Array;
  /** The newest change that is in it. */
  seq: number;
  madeAt: number;
}

/** Whom a snapshot is for: those with the same key get the same one. */
interface SnapshotReader {
  key: string;
  topics: readonly Topic[];
  scope: Scope;
}

interface SnapshotsOptions {
  clock: FeedClock;
  epoch: string;
  state: (topics: readonly Topic[], scope: Scope) => unknown;
}

/** How old a snapshot may be that a reader begins with. */
const SNAPSHOT_MS = 500;
/** What every snapshot of an object ends with: the end of the object, and that of the message. */
const END = "}\n\n";

const encoder = new TextEncoder();

/** Holds the newest one of each set of topics. `clear()` lets go of them and of the timer. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #held = new Map<string, Snapshot>();
  #forgetting: unknown = null;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** Bytes that are held for readers to come. */
  get bytes(): number {
    return this.#held.values().reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** One that was made a moment ago at most, and after which everything can be replayed; `seq` is the newest change. */
  of({ key, topics, scope }: SnapshotReader, { seq, oldest }: { seq: number; oldest: number }): Snapshot {
    const { clock, epoch, state } = this.#options;
    const now = clock.now();
    const before = this.#held.get(key);
    if (before !== undefined && now - before.madeAt < SNAPSHOT_MS && before.seq + 1 >= oldest) return before;
    const text = `id: ${epoch}-${seq}\n${format("snapshot", state(topics, scope))}`;
    const made = { bytes: encoder.encode(text), seq, madeAt: now };
    this.#held.set(key, made);
    this.#forgetLater();
    return made;
  }

  /** Lets go of all of them. */
  clear(): void {
    this.#held.clear();
    if (this.#forgetting !== null) this.#options.clock.clearTimeout(this.#forgetting);
    this.#forgetting = null;
  }

  /** With a hundred thousand panels a snapshot is tens of megabytes: too much to keep for nobody. */
  #forgetLater(): void {
    const { clock } = this.#options;
    this.#forgetting ??= clock.setTimeout(() => {
      this.#forgetting = null;
      const now = clock.now();
      for (const [key, { madeAt }] of this.#held) if (now - madeAt >= SNAPSHOT_MS) this.#held.delete(key);
      if (this.#held.size > 0) this.#forgetLater();
    }, SNAPSHOT_MS);
  }
}

/** A snapshot with one more field, in parts that belong together: what it shares with others is not copied. */
export function withField(
  snapshot: Uint8Array,
  name: string,
  value: unknown,
): [head: Uint8Array, tail: Uint8Array] {
  const tail = `,${JSON.stringify(name)}:${JSON.stringify(value)}${END}`;
  return [snapshot.subarray(0, -END.length), encoder.encode(tail)];
}
