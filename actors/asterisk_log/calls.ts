/**
 * @module
 * Which endpoints a call of the log is of: those whose channels were named in lines of it. Asterisk counts calls from
 * one again after a restart, so what was silent for long is another call.
 */

/** Calls that are remembered, of one PBX. */
const MOST_CALLS = 2000;
/** Endpoints of one call. */
const MOST_ENDPOINTS = 64;
const FORGET_MS = 4 * 3_600_000;

interface Call<T> {
  endpoints: T[];
  heardAt: number;
}

/** The calls of one PBX. */
export class Calls<T> {
  readonly #calls = new Map<string, Call<T>>();

  /** How many are remembered. */
  get size(): number {
    return this.#calls.size;
  }

  /** Takes the endpoints whose channels a line of a call names, and gives all that are known of it. */
  of(id: string, named: readonly T[], now: number): readonly T[] {
    let call = this.#calls.get(id);
    if (call === undefined || now - call.heardAt > FORGET_MS) {
      call = { endpoints: [], heardAt: now };
      this.#calls.set(id, call);
      if (this.#calls.size > MOST_CALLS) this.#calls.delete(this.#calls.keys().next().value!);
    } else if (now - call.heardAt > 1000) {
      // Moved to the end, but not for every line: the order need not be that exact.
      this.#calls.delete(id);
      this.#calls.set(id, call);
      call.heardAt = now;
    }
    for (const endpoint of named) {
      if (!call.endpoints.includes(endpoint) && call.endpoints.length < MOST_ENDPOINTS) {
        call.endpoints.push(endpoint);
      }
    }
    return call.endpoints;
  }

  /** Takes endpoints that are gone out of all calls. */
  remove(gone: ReadonlySet<T>): void {
    for (const call of this.#calls.values()) call.endpoints = call.endpoints.filter((one) => !gone.has(one));
  }

  /** Asterisk began anew. */
  clear(): void {
    this.#calls.clear();
  }
}
