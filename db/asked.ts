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

  #watched<S extends postgres.Sql | postgres.TransactionSql>(sql: S): S {
    return new Proxy(sql, {
      apply: (target, self, given) => {
        const made = Reflect.apply(target as unknown as (...given: unknown[]) => unknown, self, given);
        if (typeof (made as { cancel?: unknown })?.cancel === "function") {
          this.#questions.push(made as Question);
        }
        return made;
      },
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (name !== "begin") return value;
        const begin = value as (...given: unknown[]) => unknown;
        return (...given: unknown[]) => begin(...given.map((one) => this.#begun(one)));
      },
    });
  }

  #begun(work: unknown): unknown {
    if (typeof work !== "function") return work;
    return async (tx: postgres.TransactionSql) => {
      const result = await work(this.#watched(tx));
      if (this.#givenUp) throw new Error("Given up: nobody waits for this transaction any more");
      return result;
    };
  }
}
