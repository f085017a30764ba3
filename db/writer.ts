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
  /** How long to wait before a database that could not take a batch is asked again. */
  retryMs?: number;
  /** Rows in one transaction, about. */
  maxBatchRows?: number;
  /** Rows that may wait; more are refused. */
  maxWaitingRows?: number;
  /** Told when PostgreSQL refuses a unit for what is in it. */
  onRefused?: (error: Error, unit: WriteUnit) => void;
}

/** The same while it stops, when there is little time left. */
const STOPPING_RETRY_MS = 50;

/** Holds the queue of what is to be committed. `stop()` commits what is left. */
export class Writer {
  #queue: Waiting[] = [];
  /** What the transaction that runs is made of. */
  #writing: Waiting[] = [];
  #waitingRows = 0;
  #running: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #stopping = false;
  #gaveUp = false;
  #committedRows = 0;
  readonly #options: Required<WriterOptions>;
  readonly #forget: () => void;

  constructor(options: WriterOptions) {
    this.#options = {
      windowMs: 10,
      retryMs: 500,
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

  /** Whether no more rows may wait, but for those that have to. */
  get isFull(): boolean {
    return this.#waitingRows >= this.#options.maxWaitingRows;
  }

  /** Rows that were committed since the start. */
  get committedRows(): number {
    return this.#committedRows;
  }

  /**
   * Has a unit committed; resolves when it is. Facts are kept until the database takes them, unless `deadlineMs`
   * is given: then the unit is withdrawn when that has passed, and fails. `beyondBound` is for what cannot be taken
   * back any more.
   *
   * @throws DatabaseAway when the queue is full, or the deadline passed
   * @throws Error of PostgreSQL when it refuses the unit for what is in it
   */
  commit(unit: WriteUnit, options: { deadlineMs?: number; beyondBound?: boolean } = {}): Promise<Committed> {
    const rows = countRows(unit);
    if (rows === 0) return Promise.resolve({ eventIds: new Set<string>() });
    if (this.#stopping) return Promise.reject(new DatabaseAway("Cannot commit: the service is stopping"));
    if (!options.beyondBound && this.#waitingRows + rows > this.#options.maxWaitingRows) {
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
      // While the database is away a full queue is no reason to ask it again for each row that comes.
      if (this.#waitingRows >= this.#options.maxBatchRows && this.#options.database.up) this.#wake?.();
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
    this.#gaveUp = true;
    for (const waiting of [...this.#writing, ...this.#queue.splice(0)]) {
      this.#settle(
        waiting,
        new DatabaseAway("Cannot commit: the service stopped before the database came back"),
      );
    }
    this.#wake?.();
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0 && !this.#gaveUp && !(this.#stopping && !this.#options.database.up)) {
        if (this.#waitingRows < this.#options.maxBatchRows && !this.#stopping) {
          await this.#pause(this.#options.windowMs);
        }
        this.#writing = this.#take();
        const left = await this.#write(this.#writing);
        this.#writing = [];
        if (left.length === 0) continue;
        // Back to the front, in the same order, but for what has been answered meanwhile.
        this.#queue.unshift(...left.filter(isUnanswered));
        await this.#pause(this.#stopping ? STOPPING_RETRY_MS : this.#options.retryMs);
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

  /** Writes a batch; returns what is left to be written when the database could not take it now. */
  async #write(batch: Waiting[]): Promise<Waiting[]> {
    const wanted = batch.filter(isUnanswered);
    if (wanted.length === 0) return [];
    try {
      const eventIds = await this.#options.database.query(
        (sql) => writeBatch(sql, wanted.map((waiting) => waiting.unit)),
        { deadlineMs: 10_000 },
      );
      for (const waiting of wanted) this.#settle(waiting, { eventIds });
      return [];
    } catch (error) {
      if (error instanceof DatabaseAway || isConflict(error)) return wanted;
      if (wanted.length > 1) {
        // One bad row must not take the others with it: halve until it stands alone.
        const middle = wanted.length >> 1;
        const left = await this.#write(wanted.slice(0, middle));
        // What came later must not be written before what is left.
        return left.length > 0 ? [...left, ...wanted.slice(middle)] : await this.#write(wanted.slice(middle));
      }
      this.#options.onRefused(error as Error, wanted[0]!.unit);
      this.#settle(wanted[0]!, error as Error);
      return [];
    }
  }

  #withdraw(waiting: Waiting, deadlineMs: number): void {
    const index = this.#queue.indexOf(waiting);
    if (index >= 0) this.#queue.splice(index, 1);
    this.#settle(waiting, new DatabaseAway(`Cannot commit: the database did not answer in ${deadlineMs} ms`));
  }

  /** Answers once. */
  #settle(waiting: Waiting, outcome: Committed | Error): void {
    if (!isUnanswered(waiting)) return;
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

/** A unit that has been answered has no rows any more. */
function isUnanswered(waiting: Waiting): boolean {
  return waiting.rows > 0;
}

/** PostgreSQL's codes for a transaction that met another one and may be tried again: nothing in it is wrong. */
function isConflict(error: unknown): boolean {
  return ["40001", "40P01", "55P03"].includes(String((error as { code?: unknown })?.code));
}

function countRows(unit: WriteUnit): number {
  return (unit.events?.length ?? 0) + (unit.intercom ? 1 : 0) + (unit.touch ? 1 : 0) +
    (unit.command ? 1 : 0) + (unit.calls?.length ?? 0) +
    (unit.audit?.length ?? 0) + (unit.outbox?.length ?? 0) + (unit.deadLetter ? 1 : 0) +
    (unit.removeIntercom ? 1 : 0) +
    (unit.endpoint ? 1 : 0) + (unit.removeEndpoint ? 1 : 0) + (unit.endpointChanges?.length ?? 0) +
    (unit.pbxGap ? 1 : 0) + (unit.endpointAlerts?.length ?? 0);
}
