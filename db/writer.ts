/**
 * @module
 * The batched writer: what actors state is committed together, in the order it was stated, and each who
 * stated it learns when. While the database is away it keeps what it has, refuses more than it can hold,
 * and goes on by itself.
 */
import { type Database, DatabaseAway } from "./client.ts";
import type { WriteUnit } from "./rows.ts";
import { writeBatch } from "./write_batch.ts";

/** What a commit came to: the ids of the unit's events that count, without those counted before. */
export interface Committed {
  eventIds: ReadonlySet<string>;
}

interface Waiting {
  unit: WriteUnit;
  rows: number;
  resolve: (committed: Committed) => void;
  reject: (error: Error) => void;
  deadline: ReturnType<typeof setTimeout> | null;
}

interface WriterOptions {
  database: Database;
  /** How long the first of a batch waits for others. */
  windowMs?: number;
  /** Rows in one transaction, about. */
  maxBatchRows?: number;
  /** Rows that may wait; more are refused. */
  maxWaitingRows?: number;
  /** Told when PostgreSQL refuses a unit for what is in it. */
  onRefused?: (error: Error, unit: WriteUnit) => void;
}

/** Holds the queue of what is to be committed. `stop()` commits what is left. */
export class Writer {
  #queue: Waiting[] = [];
  #waitingRows = 0;
  #running: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #stopping = false;
  #committedRows = 0;
  readonly #options: Required<WriterOptions>;
  readonly #forget: () => void;

  constructor(options: WriterOptions) {
    this.#options = {
      windowMs: 10,
      maxBatchRows: 1000,
      maxWaitingRows: 100_000,
      onRefused: () => {},
      ...options,
    };
    this.#forget = options.database.onState(({ up }) => up && this.#wake?.());
  }

  /** Rows that wait to be committed. */
  get waitingRows(): number {
    return this.#waitingRows;
  }

  /** Rows that were committed since the start. */
  get committedRows(): number {
    return this.#committedRows;
  }

  /**
   * Has a unit committed; resolves when it is. Facts are kept until the database takes them, unless `deadlineMs`
   * is given: then the unit is withdrawn when that has passed, and fails.
   *
   * @throws DatabaseAway when the queue is full, or the deadline passed
   * @throws Error of PostgreSQL when it refuses the unit for what is in it
   */
  commit(unit: WriteUnit, options: { deadlineMs?: number } = {}): Promise<Committed> {
    const rows = countRows(unit);
    if (rows === 0) return Promise.resolve({ eventIds: new Set<string>() });
    if (this.#stopping) return Promise.reject(new DatabaseAway("Cannot commit: the service is stopping"));
    if (this.#waitingRows + rows > this.#options.maxWaitingRows) {
      return Promise.reject(new DatabaseAway(`Cannot commit: ${this.#waitingRows} rows are waiting`));
    }
    if (options.deadlineMs !== undefined && !this.#options.database.up) {
      return Promise.reject(new DatabaseAway("Cannot commit: the database is away"));
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { unit, rows, resolve, reject, deadline: null };
      if (options.deadlineMs !== undefined) {
        waiting.deadline = setTimeout(() => this.#withdraw(waiting, options.deadlineMs!), options.deadlineMs);
      }
      this.#queue.push(waiting);
      this.#waitingRows += rows;
      if (this.#waitingRows >= this.#options.maxBatchRows) this.#wake?.();
      this.#running ??= this.#run();
    });
  }

  /** Commits what waits; gives up after `graceMs` and then fails what is left. */
  async stop(graceMs = 5000): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([this.#running, new Promise((resolve) => timer = setTimeout(resolve, graceMs))]);
    clearTimeout(timer);
    this.#forget();
    for (const waiting of this.#queue.splice(0)) {
      this.#settle(
        waiting,
        new DatabaseAway("Cannot commit: the service stopped before the database came back"),
      );
    }
    this.#wake?.();
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0 && !(this.#stopping && !this.#options.database.up)) {
        if (this.#waitingRows < this.#options.maxBatchRows && !this.#stopping) {
          await this.#pause(this.#options.windowMs);
        }
        const batch = this.#take();
        if (batch.length > 0) await this.#write(batch);
      }
    } finally {
      this.#running = null;
    }
  }

  #take(): Waiting[] {
    let rows = 0;
    let count = 0;
    while (count < this.#queue.length && rows < this.#options.maxBatchRows) {
      rows += this.#queue[count++]!.rows;
    }
    return this.#queue.splice(0, count);
  }

  async #write(batch: Waiting[]): Promise<void> {
    try {
      const eventIds = await this.#options.database.query(
        (sql) => writeBatch(sql, batch.map((waiting) => waiting.unit)),
        { deadlineMs: 10_000 },
      );
      for (const waiting of batch) this.#settle(waiting, { eventIds });
    } catch (error) {
      if (error instanceof DatabaseAway) {
        // Back to the front, in the same order. What had a deadline meanwhile has been withdrawn by it.
        this.#queue.unshift(...batch.filter((waiting) => waiting.rows > 0));
        if (!this.#stopping) await this.#pause(500);
      } else if (batch.length > 1) {
        // One bad row must not take the others with it: halve until it stands alone.
        const middle = batch.length >> 1;
        await this.#write(batch.slice(0, middle));
        await this.#write(batch.slice(middle));
      } else {
        this.#options.onRefused(error as Error, batch[0]!.unit);
        this.#settle(batch[0]!, error as Error);
      }
    }
  }

  #withdraw(waiting: Waiting, deadlineMs: number): void {
    const index = this.#queue.indexOf(waiting);
    if (index >= 0) this.#queue.splice(index, 1);
    this.#settle(waiting, new DatabaseAway(`Cannot commit: the database did not answer in ${deadlineMs} ms`));
  }

  /** Answers once; a unit that has been answered has no rows any more. */
  #settle(waiting: Waiting, outcome: Committed | Error): void {
    if (waiting.rows === 0) return;
    if (waiting.deadline !== null) clearTimeout(waiting.deadline);
    this.#waitingRows -= waiting.rows;
    if (!(outcome instanceof Error)) this.#committedRows += waiting.rows;
    waiting.rows = 0;
    if (outcome instanceof Error) waiting.reject(outcome);
    else waiting.resolve(outcome);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}

function countRows(unit: WriteUnit): number {
  return (unit.events?.length ?? 0) + (unit.intercom ? 1 : 0) + (unit.touch ? 1 : 0) +
    (unit.command ? 1 : 0) +
    (unit.audit?.length ?? 0) + (unit.outbox?.length ?? 0) + (unit.deadLetter ? 1 : 0) +
    (unit.removeIntercom ? 1 : 0);
}
