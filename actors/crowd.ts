/**
 * @module
 * Notices when so many panels change by themselves at one blow that open pages are better told to begin anew than of
 * each of them: a city that falls silent together, for one.
 */
import type { Clock } from "./clock.ts";

/** When more panels than this change within a second, they are a crowd. */
export const CROWD = 500;
const WINDOW_MS = 1000;

/** Counts changes. `stop()` ends its timer. */
export class Crowd {
  readonly #options: { clock: Clock; onOver: () => void };
  #count = 0;
  #timer: unknown = null;

  constructor(options: { clock: Clock; onOver: () => void }) {
    this.#options = options;
  }

  /** Counts a change; true when it is one of a crowd, of which `onOver` tells at the end of the second. */
  isCrowded(): boolean {
    this.#timer ??= this.#options.clock.setTimeout(() => this.#end(), WINDOW_MS);
    return ++this.#count > CROWD;
  }

  /** Ends the timer. */
  stop(): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #end(): void {
    const crowded = this.#count > CROWD;
    this.#timer = null;
    this.#count = 0;
    if (crowded) this.#options.onOver();
  }
}
