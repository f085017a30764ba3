/**
 * @module
 * Has calls written, the newest state of each: while one write of a call is on its way, what changes meanwhile
 * waits as one more write, however much it is. So a call whose database is away holds one row, not fifty, and when
 * too many rows wait already, none: its row is made when there is room.
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
  /** Calls of which no write is on its way since too much waits. */
  readonly #held = new Set<string>();
  readonly #isBehind: () => boolean;

  /** `isBehind` says that so much waits for the database that rows are better not made yet. */
  constructor(record: (unit: WriteUnit) => Promise<void>, isBehind: () => boolean = () => false) {
    this.#record = record;
    this.#isBehind = isBehind;
  }

  /** Calls whose rows wait to be made. */
  get held(): number {
    return this.#held.size;
  }

  /** Resolves when the call's row, or a newer one, is committed, and `extra` with it. */
  save(id: string, row: RowMaker, extra: WriteUnit = {}): Promise<void> {
    const isBehind = this.#isBehind();
    if (!isBehind && this.#held.size > 0) this.release();
    const waiting = this.#writing.get(id);
    if (waiting === undefined && !isBehind) return this.#write(id, row, extra);
    if (!waiting) {
      const next = { row, extra, done: Promise.withResolvers<void>() };
      this.#writing.set(id, next);
      if (waiting === undefined) this.#held.add(id);
      return next.done.promise;
    }
    waiting.row = row;
    waiting.extra = both(waiting.extra, extra);
    return waiting.done.promise;
  }

  /** Has the rows made that were held back; call it when the database is back. */
  release(): void {
    for (const id of this.#held) this.#go(id);
    this.#held.clear();
  }

  /** Has all that waits written without waiting for what is on its way; call it before the writer stops. */
  flush(): void {
    for (const id of this.#writing.keys()) this.#go(id);
    this.#held.clear();
  }

  /**
   * Has rows written in which a call went into another. What waits to be written of those that are no more would
   * bring them back: what was to go with it goes with this.
   */
  async merge(kept: CallRow, gone: readonly CallRow[]): Promise<void> {
    const waiting = gone.flatMap(({ id }) => this.#writing.get(id) ?? []);
    for (const { id } of gone) {
      if (this.#held.delete(id)) this.#writing.delete(id);
      else if (this.#writing.has(id)) this.#writing.set(id, null);
    }
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
      if (next) this.#begin(id, next);
    }
  }

  #go(id: string): void {
    const next = this.#writing.get(id);
    if (next) this.#begin(id, next);
  }

  #begin(id: string, { row, extra, done }: Pending): void {
    this.#write(id, row, extra).then(done.resolve, done.reject);
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
