/**
 * @module
 * The service's clock: steady, so that deadlines survive a jump of the wall clock, and translated to wall time
 * only where something is stored or shown.
 */

/** A steady clock that machines' timers run on too. */
export interface Clock {
  /** Milliseconds; close to Unix time at the start of the process, never jumping. */
  now(): number;
  /** The wall clock's time for a steady one, in milliseconds since 1970. */
  toWall(at: number): number;
  /** The steady clock's time for one of the wall. */
  fromWall(wall: number): number;
  setTimeout(run: (...args: void[]) => void, ms: number): unknown;
  clearTimeout(id: unknown): void;
}

/** Differences below this are jitter between the two clocks, not a jump. */
const JUMP_MS = 50;

/** The clock of the running system. */
export function systemClock(): Clock {
  const base = Date.now() - performance.now();
  let offset = 0;
  const now = () => Math.round(base + performance.now());
  const shift = () => {
    const seen = Date.now() - now();
    if (Math.abs(seen - offset) > JUMP_MS) offset = seen;
    return offset;
  };
  return {
    now,
    toWall: (at) => at + shift(),
    fromWall: (wall) => wall - shift(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (id) => clearTimeout(id as number),
  };
}

/** A steady time as ISO 8601 in UTC. */
export function toIso(clock: Clock, at: number): string;
export function toIso(clock: Clock, at: number | null): string | null;
export function toIso(clock: Clock, at: number | null): string | null {
  return at === null ? null : new Date(clock.toWall(at)).toISOString();
}
