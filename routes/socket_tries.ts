/**
 * @module
 * Bounds on what somebody may try: wrong tokens of an address, and frames of a socket. Time is given, in milliseconds.
 */

/** Wrong tokens that an address may show in a window. */
const PER_ADDRESS = 30;
const WINDOW_MS = 60_000;
/** Addresses that are counted at most; beyond that the longest known are forgotten. */
const MAX_ADDRESSES = 10_000;

/** Counts wrong tokens by address, in windows that end by themselves. */
export class WrongTokens {
  readonly #counts = new Map<string, { count: number; until: number }>();

  /** Whether the address may not try now. */
  isLimited(address: string, now: number): boolean {
    const known = this.#counts.get(address);
    return known !== undefined && now < known.until && known.count >= PER_ADDRESS;
  }

  /** Counts a wrong token. */
  add(address: string, now: number): void {
    const known = this.#counts.get(address);
    if (known !== undefined && now < known.until) {
      known.count++;
      return;
    }
    this.#counts.delete(address);
    this.#counts.set(address, { count: 1, until: now + WINDOW_MS });
    if (this.#counts.size > MAX_ADDRESSES) this.#counts.delete(this.#counts.keys().next().value!);
  }
}

/** A bucket that fills by `perSecond` up to `size`: each thing done takes one out. */
export class Allowance {
  readonly #size: number;
  readonly #perSecond: number;
  #left: number;
  #at: number;

  constructor(options: { size: number; perSecond: number; now: number }) {
    this.#size = options.size;
    this.#perSecond = options.perSecond;
    this.#left = options.size;
    this.#at = options.now;
  }

  /** Takes one out; false when there is none. */
  take(now: number): boolean {
    this.#left = Math.min(this.#size, this.#left + (now - this.#at) / 1000 * this.#perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
