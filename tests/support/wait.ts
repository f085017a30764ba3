/**
 * @module
 * Waiting in tests for something that another process, or a socket, will do.
 * The one place in tests where a timer waits; where the clock is the test's own, move that clock instead.
 */

/** How often a condition is looked at. */
const POLL_MS = 20;

/** How long to wait, and for what. */
export interface WaitOptions {
  /** Default 20 seconds: generous, since a slow machine must not fail a right program. */
  timeoutMs?: number;
  /** Names the condition in the error. */
  what?: string;
}

/**
 * Waits until a condition gives something other than false, null or undefined, and returns that.
 * A condition that throws, or rejects, counts as not yet; its last error becomes the cause.
 * @throws when the time is over
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 20_000, what = "a condition" }: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const giveUpAt = performance.now() + timeoutMs;
  let cause: unknown;
  while (true) {
    try {
      const value = await condition();
      cause = undefined;
      if (value !== false && value !== null && value !== undefined) {
        return value as Exclude<T, false | null | undefined>;
      }
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= giveUpAt) {
      throw new Error(`Cannot see ${what} after ${timeoutMs} ms`, { cause });
    }
    await pause(POLL_MS);
  }
}

/**
 * Waits for a promise, but not for ever.
 * @throws when the time is over; the promise itself goes on
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  { timeoutMs = 20_000, what = "a promise" }: WaitOptions = {},
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Cannot see ${what} after ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Lets real time pass. Only to show that something does *not* happen, where no event says so;
 * keep it short.
 */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
