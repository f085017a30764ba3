/**
 * @module
 * Heartbeats that changed nothing: when a panel was last heard is written in batches, and told to open pages once a
 * second. While the database is away only the newest of each panel is kept, and its sender is not kept waiting:
 * a heartbeat says nothing that the next one does not say better.
 */

interface TouchesOptions {
  isDatabaseUp: () => boolean;
  commit: (touch: { mac: string; last_seen_at: string }) => Promise<void>;
  /** Told at most once a second. */
  tell: (seen: [mac: string, lastSeenAt: string][]) => void;
  tellEveryMs?: number;
}

/** Holds what is to be written and told. `stop()` ends its timer. */
export class Touches {
  readonly #options: TouchesOptions;
  readonly #unwritten = new Map<string, string>();
  readonly #untold = new Map<string, string>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: TouchesOptions) {
    this.#options = options;
  }

  /** Takes note that a panel was heard; resolves when that is committed, or at once while it cannot be. */
  add(mac: string, lastSeenAt: string): Promise<void> {
    this.#untold.set(mac, lastSeenAt);
    this.#timer ??= setTimeout(() => this.#tell(), this.#options.tellEveryMs ?? 1000);
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
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #tell(): void {
    this.#timer = null;
    this.#options.tell([...this.#untold]);
    this.#untold.clear();
  }
}
