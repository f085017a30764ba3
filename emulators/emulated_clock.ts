/**
 * @module
 * Time as an emulated Asterisk sees it, so that a test may move it.
 */

/** Time; a `SimulatedClock` fits. */
export interface EmulatedClock {
  /** Milliseconds since 1970. */
  now(): number;
  setTimeout(act: () => void, ms: number): unknown;
  /** Takes what `setTimeout` gave, also when that ran out long ago. */
  // deno-lint-ignore no-explicit-any -- a handle is a number here, an object there, and only its own clock reads it
  clearTimeout(handle: any): void;
}

/** The machine's own clock. */
export const SYSTEM_CLOCK: EmulatedClock = {
  now: () => Date.now(),
  setTimeout: (act, ms) => setTimeout(act, ms),
  clearTimeout: (handle) => clearTimeout(handle),
};
