/**
 * @module
 * Chance that can be repeated: a small seeded generator and the few draws that emulators need.
 * It is not for secrets.
 */

/** Gives numbers in [0, 1). */
export type Random = () => number;

/**
 * Makes a generator whose numbers depend on the seed alone (mulberry32).
 * Two generators of one seed give one sequence.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws a whole number between two bounds, both included. */
export function wholeBetween(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

/** Draws one of several. */
export function pick<T>(random: Random, among: readonly T[]): T {
  return among[wholeBetween(random, 0, among.length - 1)]!;
}

/**
 * Draws a wait in milliseconds of a process that happens `perMinute` times on average.
 * It stays between half a second and five times the mean, so that no draw stalls a demonstration.
 */
export function waitMs(random: Random, perMinute: number): number {
  const meanMs = 60_000 / perMinute;
  const drawn = -Math.log(1 - random()) * meanMs;
  return Math.min(Math.max(drawn, 500), meanMs * 5);
}

/** Draws an eight-digit key number, as an RFID reader prints it. */
export function keyNumber(random: Random): string {
  return wholeBetween(random, 0, 0xffffffff).toString(16).toUpperCase().padStart(8, "0");
}
