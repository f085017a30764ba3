/**
 * @module
 * Tries to take over another's connection in the audit log, at most so many lines a minute: whoever tries in a loop
 * must not fill the disk. What was left out is counted in one line when the minute is over.
 */
import type { Clock } from "../clock.ts";

interface TakeoversOptions {
  clock: Clock;
  /** Writes one line: one try, or how many were left out, then without a client. */
  write: (line: { clientId: string | null; address: string | null; leftOut: number }) => void;
}

/** Lines in a minute. */
export const LINES_PER_MINUTE = 30;
const MINUTE_MS = 60_000;

/** Counts tries. `stop()` writes what was left out. */
export class Takeovers {
  readonly #options: TakeoversOptions;
  #written = 0;
  #leftOut = 0;
  #minute: unknown = null;

  constructor(options: TakeoversOptions) {
    this.#options = options;
  }

  /** Takes a try down. */
  add(clientId: string, address: string): void {
    this.#minute ??= this.#options.clock.setTimeout(() => this.#summarize(), MINUTE_MS);
    if (this.#written >= LINES_PER_MINUTE) return void this.#leftOut++;
    this.#written++;
    this.#options.write({ clientId, address, leftOut: 0 });
  }

  /** Writes what was left out and stops the timer. */
  stop(): void {
    if (this.#minute === null) return;
    this.#options.clock.clearTimeout(this.#minute);
    this.#summarize();
  }

  #summarize(): void {
    const leftOut = this.#leftOut;
    this.#minute = null;
    this.#written = 0;
    this.#leftOut = 0;
    if (leftOut > 0) this.#options.write({ clientId: null, address: null, leftOut });
  }
}
