/**
 * @module
 * Heartbeats that changed nothing: when a panel was last heard is written in batches, and told to open pages once a
 * second. While the database is away only the newest of each panel is kept, and its sender is not kept waiting:
 * a heartbeat says nothing that the next one does not say better.
 */

import type { Clock } from "./clock.ts";

interface TouchesOptions {
  clock: Pick<Clock, "setTimeout" | "clearTimeout">;
  isDatabaseUp: () => boolean;
  commit: (touch: { mac: string; last_seen_at: string }) => Promise<void>;
  /** Told at most once a second. */
  tell: (seen: [mac: string, lastSeenAt: string][]) => void;
}

const TELL_EVERY_MS = 1000;

/** Holds what is to be written and told. `stop()` ends its timer. */
export class Touches {
  readonly #options: TouchesOptions;
  readonly #unwritten = new Map<string, string>();
  readonly #untold = new Map<string, string>();
  #timer: unknown = null;

  constructor(options: TouchesOptions) {
    this.#options = options;
  }

  /** Takes note that a panel was heard; resolves when that is committed, or at once while it cannot be. */
  add(mac: string, lastSeenAt: string): Promise<void> {
    this.#untold.set(mac, lastSeenAt);
    this.#timer ??= this.#options.clock.setTimeout(() => this.#tell(), TELL_EVERY_MS);
    if (!this.#options.isDatabaseUp()) {
      this.#unwritten.set(mac, lastSeenAt);
      return Promise.resolve();
    }
    return this.#options.commit({ mac, last_seen_at: lastSeenAt });
  }

  /** Commits what could not be committed before. */
  flush(): void {
    for (const [mac, lastSeenAt] of this.#unwritten) {
      this.#options.commit({ mac, last_seen_at: lastSeenAt }).catch(() => {}); // the next heartbeat says it again
    }
    this.#unwritten.clear();
  }

  /** Ends the timer. */
  stop(): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #tell(): void {
    this.#timer = null;
    this.#options.tell([...this.#untold]);
    this.#untold.clear();
  }
}
