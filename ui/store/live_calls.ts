/**
 * @module
 * What the stream says of calls, folded into the live state. Pure; the collections are copied once a batch.
 */
import type { Call } from "../types.ts";

/** How long a call that is over stays: as long as in the service's own snapshot. */
export const OVER_FOR_MS = 60_000;

/** The calls' part of the live state. */
export interface LiveCalls {
  calls: ReadonlyMap<string, Call>;
  merged: ReadonlyMap<string, string>;
}

/** The calls while a batch of messages is taken. */
export class CallsDraft {
  #before: LiveCalls;
  #calls: Map<string, Call> | null = null;
  #merged: Map<string, string> | null = null;

  constructor(before: LiveCalls) {
    this.#before = before;
  }

  /** A snapshot: nothing that was known before it holds. */
  replace(calls: readonly Call[]): void {
    this.#calls = new Map(calls.map((call) => [call.id, call]));
    this.#merged = new Map();
  }

  /** A call's newest view. `now` is the service's time, milliseconds: what ended long before it leaves. */
  changed(call: Call, now: number): void {
    if (this.#calls === null) {
      this.#calls = new Map(this.#before.calls);
      for (const other of this.#calls.values()) if (!isFresh(other, now)) this.#calls.delete(other.id);
    }
    this.#calls.set(call.id, call);
  }

  /** A call that is none: it was deleted, or it is a part of another. */
  removed({ id, into }: { id: string; into: string | null }): void {
    this.#calls ??= new Map(this.#before.calls);
    this.#calls.delete(id);
    if (into === null) return;
    this.#merged ??= new Map(this.#before.merged);
    this.#merged.set(id, into);
  }

  /** The calls after the batch; what nothing touched is the same object. */
  result(): LiveCalls {
    return { calls: this.#calls ?? this.#before.calls, merged: this.#merged ?? this.#before.merged };
  }
}

/** Whether a call lives, or ended less than a minute ago. `now` is milliseconds. */
export function isFresh(call: Call, now: number): boolean {
  return call.ended_at === null || now - Date.parse(call.ended_at) < OVER_FOR_MS;
}
