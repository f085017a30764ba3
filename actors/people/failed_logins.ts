/**
 * @module
 * Failed logins in the audit log, at most so many lines a minute: an attacker must not fill the disk.
 * What was left out is counted in one line later. Time is given, in milliseconds.
 */
import { type Database, DatabaseAway } from "../../db/client.ts";
import { insertAudit } from "../../db/audit.ts";
import type { UserRow } from "../../db/users.ts";

/** Lines in a minute. */
export const LINES_PER_MINUTE = 30;
const MINUTE_MS = 60_000;

/** Writes failed logins down, within bounds. */
export class FailedLogins {
  readonly #database: Database;
  readonly #now: () => number;
  #since = -Infinity;
  #written = 0;
  #leftOut = 0;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /**
   * Writes a failed try down. `user` is null for an unknown login, whose text is not kept: people type
   * passwords into that field. A database that is away is no reason to fail the answer.
   */
  async record(
    user: UserRow | null,
    options: { address: string; result: string; way: string },
  ): Promise<void> {
    await this.summarize();
    if (this.#written >= LINES_PER_MINUTE) {
      this.#leftOut++;
      return;
    }
    this.#written++;
    const { address, result, way } = options;
    const actor = user?.login ?? "unknown";
    await this.#write({
      user_id: user?.id ?? null,
      actor,
      action: "login.failed",
      address,
      result,
      detail: { way },
    });
  }

  /** When the minute is over, starts the next one and writes how many tries the last one left out. */
  async summarize(): Promise<void> {
    if (this.#now() - this.#since < MINUTE_MS) return;
    const leftOut = this.#leftOut;
    this.#since = this.#now();
    this.#written = 0;
    this.#leftOut = 0;
    if (leftOut === 0) return;
    await this.#write({
      user_id: null,
      actor: "doorline",
      action: "login.failed",
      result: "left_out",
      detail: { count: leftOut },
    });
  }

  async #write(line: Parameters<typeof insertAudit>[1]): Promise<void> {
    try {
      await this.#database.query((sql) => insertAudit(sql, line));
    } catch (error) {
      if (!(error instanceof DatabaseAway)) throw error;
      this.#leftOut++;
    }
  }
}
