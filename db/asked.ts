/**
 * @module
 * What one caller asked of the database, so that it can be given up when the caller was told that it failed.
 */
import type postgres from "postgres";

/**
 * A query of postgres.js from within: its own `cancel()` drops the promise of the canceller, and a network that is cut
 * meanwhile would end the process with a rejection that nobody can catch.
 */
interface Question {
  active: boolean;
  canceller: ((question: Question) => Promise<void>) | null;
}

/** Codes of a connection that has closed, by postgres.js and by the system. */
const CLOSED = /^(CONNECTION_CLOSED|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/;

/** What one caller asked: every question and transaction of it, to be given up when nobody waits any more. */
export class Asked {
  readonly sql: postgres.Sql;
  readonly #questions: Question[] = [];
  #givenUp = false;

  constructor(sql: postgres.Sql) {
    this.sql = this.#watched(sql);
  }

  /** A transaction that has not come to its end is rolled back: whoever asked was told that it failed. */
  giveUp(): void {
    this.#givenUp = true;
  }

  /** Has PostgreSQL stop what still runs, so that its connection is free again. Never rejects. */
  async cancel(): Promise<void> {
    // Those that are answered, and parts of others, have nothing that could be cancelled.
    const running = this.#questions.filter(({ active }) => active);
    await Promise.allSettled(running.map((question) => question.canceller?.(question)));
  }

  #watched<S extends postgres.Sql | postgres.TransactionSql>(sql: S, transaction?: Transaction): S {
    return new Proxy(sql, {
      apply: (target, self, given) => {
        if (transaction?.isOver) return never();
        const made = Reflect.apply(target as unknown as (...given: unknown[]) => unknown, self, given);
        if (typeof (made as { cancel?: unknown })?.cancel === "function") {
          this.#questions.push(made as Question);
        }
        return made;
      },
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (name !== "begin") return value;
        const begin = value as (...given: unknown[]) => Promise<unknown>;
        return (...given: unknown[]) => {
          const begun: Transaction = { isOver: false };
          const end = begin(...given.map((one) => this.#begun(one, begun)));
          end.catch(() => begun.isOver = true);
          return end;
        };
      },
    });
  }

  /**
   * The work of a transaction. When its connection closes, postgres.js rejects the transaction, and still writes the
   * ROLLBACK of work that fails: to no socket, from a callback of its own, which ends the process (its issue 1208).
   * So work whose connection is gone never comes to an end here; nobody waits for it, and PostgreSQL rolled it back.
   */
  #begun(work: unknown, transaction: Transaction): unknown {
    if (typeof work !== "function") return work;
    return async (tx: postgres.TransactionSql) => {
      try {
        const result = await work(this.#watched(tx, transaction));
        if (this.#givenUp) throw new Error("Given up: nobody waits for this transaction any more");
        return transaction.isOver ? await never() : result;
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (transaction.isOver || (typeof code === "string" && CLOSED.test(code))) return await never();
        throw error;
      }
    };
  }
}

/** A transaction that was begun, and whether it has failed by now. */
interface Transaction {
  isOver: boolean;
}

const never = () => new Promise<never>(() => {});
