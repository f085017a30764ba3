/**
 * @module
 * Has calls written, the newest state of each: while one write of a call is on its way, what changes meanwhile
 * waits as one more write, however much it is. So a call whose database is away holds one row, not fifty.
 */
import type { CallRow, WriteUnit } from "../db/rows.ts";

interface Pending {
  row: RowMaker;
  extra: WriteUnit;
  done: PromiseWithResolvers<void>;
}

/** Makes the row of a call as it is by then. */
export type RowMaker = () => CallRow;

/** Holds what waits to be written. */
export class CallSaver {
  readonly #record: (unit: WriteUnit) => Promise<void>;
  /** Calls of which a write is on its way, with what is to be written after it. */
  readonly #writing = new Map<string, Pending | null>();

  constructor(record: (unit: WriteUnit) => Promise<void>) {
    this.#record = record;
  }

  /** Resolves when the call's row, or a newer one, is committed, and `extra` with it. */
  save(id: string, row: RowMaker, extra: WriteUnit = {}): Promise<void> {
    const waiting = this.#writing.get(id);
    if (waiting === undefined) return this.#write(id, row, extra);
    if (waiting === null) {
      const next = { row, extra, done: Promise.withResolvers<void>() };
      this.#writing.set(id, next);
      return next.done.promise;
    }
    waiting.row = row;
    waiting.extra = both(waiting.extra, extra);
    return waiting.done.promise;
  }

  /**
   * Has rows written in which a call went into another. What waits to be written of those that are no more would
   * bring them back: what was to go with it goes with this.
   */
  async merge(kept: CallRow, gone: readonly CallRow[]): Promise<void> {
    const waiting = gone.flatMap(({ id }) => this.#writing.get(id) ?? []);
    for (const { id } of gone) if (this.#writing.has(id)) this.#writing.set(id, null);
    const extra = waiting.reduce<WriteUnit>((sum, pending) => both(sum, pending.extra), {});
    try {
      await this.#record({ ...extra, calls: [kept, ...gone, ...(extra.calls ?? [])] });
      for (const { done } of waiting) done.resolve();
    } catch (error) {
      for (const { done } of waiting) done.reject(error);
      throw error;
    }
  }

  async #write(id: string, row: RowMaker, extra: WriteUnit): Promise<void> {
    this.#writing.set(id, null);
    try {
      await this.#record({ ...extra, calls: [row(), ...(extra.calls ?? [])] });
    } finally {
      const next = this.#writing.get(id);
      this.#writing.delete(id);
      if (next) this.#write(id, next.row, next.extra).then(next.done.resolve, next.done.reject);
    }
  }
}

function both(one: WriteUnit, other: WriteUnit): WriteUnit {
  return {
    ...one,
    ...other,
    calls: [...(one.calls ?? []), ...(other.calls ?? [])],
    audit: [...(one.audit ?? []), ...(other.audit ?? [])],
  };
}
