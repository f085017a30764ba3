/**
 * @module
 * Remembers which messages were taken, so that a redelivery is not taken twice. A message that comes again while the
 * first is being committed shares its outcome; one whose commit failed may come again. Bounded.
 */

interface Taken {
  at: number;
  outcome: Promise<void>;
}

/** A bounded map of recent keys. */
export class Once {
  readonly #taken = new Map<string, Taken>();
  readonly #limit: number;

  constructor(limit = 200_000) {
    this.#limit = limit;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#taken.size;
  }

  /** The outcome of the message with this key, if it was taken at or after `since`. */
  find(key: string, since = -Infinity): Promise<void> | undefined {
    const taken = this.#taken.get(key);
    return taken !== undefined && taken.at >= since ? taken.outcome : undefined;
  }

  /** Remembers a message that is being taken; forgets it again when that fails. */
  take(key: string, at: number, outcome: Promise<void>): void {
    const taken = { at, outcome };
    this.#taken.delete(key);
    this.#taken.set(key, taken);
    outcome.catch(() => this.#taken.get(key) === taken && this.#taken.delete(key));
    if (this.#taken.size > this.#limit) this.#taken.delete(this.#taken.keys().next().value!);
  }
}
