/**
 * @module
 * The door to PostgreSQL: postgres.js with a deadline on every query, a bound on how many wait,
 * and one opinion on whether the database is there. It holds no SQL but its own probe.
 */
import postgres from "postgres";
import { Asked } from "./asked.ts";

/** A connection or a transaction of postgres.js. */
export type Sql = postgres.Sql | postgres.TransactionSql;

/** The database is not there, or did not answer in time; trying again later may help. */
export class DatabaseAway extends Error {
  override name = "DatabaseAway";
}

/** Where PostgreSQL is: a URL, or the path of a Unix socket. */
export type DatabaseAddress = { url: string } | { socketPath: string };

/** What the database tells its owner. `error` is null when it came back. */
export type DatabaseListener = (state: { up: boolean; error: string | null }) => void;

interface DatabaseOptions {
  address: DatabaseAddress;
  /** Connections at most. */
  connections?: number;
  /** Queries that run or wait, at most; one more is refused. */
  maxWaiting?: number;
  /** How long a query may take if it does not say. */
  deadlineMs?: number;
  /** How often a database that is there is asked whether it still is; one that is away: each second. */
  probeEveryMs?: number;
  onState?: DatabaseListener;
}

/**
 * PostgreSQL's own codes that mean "not now", by class (its documentation, appendix A): connection lost (08), out of
 * disk, memory or connections (53), shutting down, starting up or told to give up (57), a disk that fails (58),
 * and a server that only reads (25006).
 */
const NOT_NOW = /^(08|53|57|58)\w{3}$|^25006$/;
/** A transaction whose client is gone without a word must not keep its locks until the kernel finds out. */
const IDLE_IN_TRANSACTION_MS = 15_000;
/** The longest that anybody here waits for an answer; what was given up on must not run on for ever. */
const STATEMENT_MS = 60_000;

/** Whoever asked got no answer in time. That is their trouble; whether it is everybody's, the probe finds out. */
class Late extends DatabaseAway {}

/** How long a probe waits for its answer. */
const PROBE_MS = 2000;

/** A pool with deadlines. `stop()` ends its connections and its probe. */
export class Database {
  #sql: postgres.Sql;
  #up = true;
  #waiting = 0;
  #probe: ReturnType<typeof setTimeout> | null = null;
  #asking: Promise<void> | null = null;
  /** What is done about questions that were given up, so that the stop can wait for it. */
  readonly #after = new Set<Promise<unknown>>();
  #stopped = false;
  readonly #listeners = new Set<DatabaseListener>();
  readonly #options: Required<Omit<DatabaseOptions, "onState">>;

  constructor(options: DatabaseOptions) {
    this.#options = {
      address: options.address,
      connections: options.connections ?? 4,
      maxWaiting: options.maxWaiting ?? 200,
      deadlineMs: options.deadlineMs ?? 3000,
      probeEveryMs: options.probeEveryMs ?? 5000,
    };
    if (options.onState) this.#listeners.add(options.onState);
    this.#sql = this.#connect();
  }

  /** Whether the last word from the database was good. */
  get up(): boolean {
    return this.#up;
  }

  /** Calls the listener whenever the database goes away or comes back; returns how to stop that. */
  onState(listener: DatabaseListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts asking whether the database is there. */
  watch(): void {
    if (this.#probe === null && !this.#stopped) this.#arm();
  }

  /**
   * Runs a query or a transaction.
   *
   * @throws DatabaseAway when it is known to be away, is too busy, or does not answer in time
   */
  query<T>(run: (sql: postgres.Sql) => Promise<T>, options: { deadlineMs?: number } = {}): Promise<T> {
    if (this.#stopped) return Promise.reject(new DatabaseAway("Cannot query: the database is closed"));
    if (!this.#up) return Promise.reject(new DatabaseAway("Cannot query: the database is away"));
    if (this.#waiting >= this.#options.maxWaiting) {
      return Promise.reject(new DatabaseAway(`Cannot query: ${this.#waiting} queries are waiting`));
    }
    return this.#query(run, options.deadlineMs ?? this.#options.deadlineMs);
  }

  /** Ends the connections; queries that still run are given `graceMs`. */
  async stop(graceMs = 2000): Promise<void> {
    this.#stopped = true;
    if (this.#probe !== null) clearTimeout(this.#probe);
    this.#probe = null;
    this.#listeners.clear();
    await Promise.all([this.#sql.end({ timeout: graceMs / 1000 }).catch(() => {}), ...this.#after]);
  }

  async #query<T>(run: (sql: postgres.Sql) => Promise<T>, deadlineMs: number): Promise<T> {
    const asked = new Asked(this.#sql);
    try {
      return await this.#run(() => run(asked.sql), deadlineMs);
    } catch (error) {
      if (error instanceof Late) {
        asked.giveUp();
        // One slow question must cost nobody else a connection. PGlite knows of no cancelling.
        if ("url" in this.#options.address) this.#follow(asked.cancel());
        this.#follow(this.#ask());
      }
      throw error;
    }
  }

  #follow(work: Promise<unknown>): void {
    const followed = work.finally(() => this.#after.delete(followed));
    this.#after.add(followed);
  }

  /** Finds out whether the database answers. Whoever asks meanwhile shares the answer. */
  #ask(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return this.#asking ??= this.#run((sql) => sql`select 1`, PROBE_MS)
      .then(() => {}, (error) => {
        if (error instanceof Late) this.#lost(error);
      })
      .finally(() => this.#asking = null);
  }

  async #run<T>(run: (sql: postgres.Sql) => Promise<T>, deadlineMs: number): Promise<T> {
    this.#waiting++;
    const sql = this.#sql;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Late(`No answer from the database in ${deadlineMs} ms`)),
        deadlineMs,
      );
    });
    try {
      const work = run(sql);
      work.catch(() => {}); // a late answer may still fail, when nobody waits for it
      const result = await Promise.race([work, late]);
      if (sql === this.#sql) this.#say(true, null);
      return result;
    } catch (error) {
      if (error instanceof Late) throw error;
      const away = asAway(error);
      // What a pool that was given up says of the database is old.
      if (sql === this.#sql) {
        if (away !== null && !isCancelled(error)) this.#lost(away);
        else this.#say(true, null); // it answered, if only to say no
      }
      throw away ?? error;
    } finally {
      clearTimeout(timer);
      this.#waiting--;
    }
  }

  /** postgres.js lets queries wait on a dead connection for ever: a fresh pool is the way out. */
  #lost(away: DatabaseAway): void {
    if (this.#stopped) return;
    this.#sql.end({ timeout: 0 }).catch(() => {});
    this.#sql = this.#connect();
    this.#say(false, away.message);
  }

  #say(up: boolean, error: string | null): void {
    if (this.#stopped || this.#up === up) return;
    this.#up = up;
    if (this.#probe !== null) this.#arm();
    for (const listener of this.#listeners) listener({ up, error });
  }

  #arm(): void {
    if (this.#probe !== null) clearTimeout(this.#probe);
    this.#probe = setTimeout(async () => {
      await this.#ask();
      if (!this.#stopped) this.#arm();
    }, this.#up ? this.#options.probeEveryMs : 1000);
  }

  #connect(): postgres.Sql {
    const { address, connections } = this.#options;
    const common: postgres.Options<Record<string, postgres.PostgresType>> = {
      max: connections,
      connect_timeout: 2,
      fetch_types: false,
      backoff: false,
      onnotice: () => {},
      connection: {
        application_name: "doorline",
        TimeZone: "UTC",
        idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
        statement_timeout: STATEMENT_MS,
      },
      // Identities stay far below 2^53.
      types: { int8: { to: 20, from: [20], parse: Number, serialize: String } },
    };
    return "url" in address
      ? postgres(address.url, common)
      : postgres({ ...common, path: address.socketPath, username: "postgres", database: "postgres" });
  }
}

/** Told to give up by us or by the statement's timeout: the database is there all the same. */
function isCancelled(error: unknown): boolean {
  return (error as { code?: unknown })?.code === "57014" || error instanceof DatabaseAway;
}

function asAway(error: unknown): DatabaseAway | null {
  if (error instanceof DatabaseAway) return error;
  const code = (error as { code?: unknown })?.code;
  if (typeof code !== "string") return null;
  const gone = NOT_NOW.test(code) ||
    /^(CONNECT|ECONN|EPIPE|ENOENT|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET)/.test(code);
  if (!gone) return null;
  return new DatabaseAway(`Cannot reach the database: ${code}`, { cause: error });
}
