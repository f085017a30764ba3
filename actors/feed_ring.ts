/**
 * @module
 * What was sent, for readers that come back: bounded by its size, and it knows from which number on it is whole.
 */
import type { Entry } from "./feed_entry.ts";

/** The newest entries, oldest first. */
export class Ring {
  readonly #size: number;
  readonly #entries: Entry[] = [];
  #held = 0;
  #oldest = 1;

  /** `size` is in characters. */
  constructor(size: number) {
    this.#size = size;
  }

  /** First number that can still be replayed. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Keeps entries and lets the oldest go. */
  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#held += entry.text.length;
    }
    let gone = 0;
    while (this.#held > this.#size && gone < this.#entries.length) {
      this.#held -= this.#entries[gone]!.text.length;
      this.#oldest = this.#entries[gone]!.seq + 1;
      gone++;
    }
    if (gone > 0) this.#entries.splice(0, gone);
  }

  /** Entries after a number, oldest first. */
  after(seq: number): Entry[] {
    return this.#entries.slice(this.#entries.findLastIndex((entry) => entry.seq <= seq) + 1);
  }

  /** Forgets everything; what comes next begins at that number. */
  clear(next: number): void {
    this.#entries.length = 0;
    this.#held = 0;
    this.#oldest = next;
  }
}
