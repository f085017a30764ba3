/**
 * @module
 * Sessions in memory: a check never waits for the database and works while that is away.
 * What changes (last use, ends) is written back in batches by `flush`. Time is given, in milliseconds.
 */
import type { Database } from "../../db/client.ts";
import { deleteSessions, type SessionRow, touchSessions } from "../../db/sessions.ts";
import { hashSecret, newSecret } from "./secrets.ts";
import type { Origin } from "./who.ts";

/** A session ends after so long without use. */
export const IDLE_MS = 8 * 3_600_000;
/** A session ends so long after its login, used or not. */
export const ABSOLUTE_MS = 7 * 24 * 3_600_000;
/** A script that logs in for every request must not fill the memory: its oldest sessions end. */
const PER_USER = 50;
/** The secret as it is made here; anything else is not worth a hash. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;
/** User agents are kept for the owner's eyes only. */
const MAX_USER_AGENT = 200;

/** A session; `id` is the hash of its secret. */
export interface Session {
  readonly id: string;
  readonly userId: number;
  readonly createdAt: number;
  lastUsedAt: number;
  /** What the database knows of `lastUsedAt`. */
  savedAt: number;
}

/** The sessions of everybody. */
export class Sessions {
  readonly #now: () => number;
  readonly #sessions = new Map<string, Session>();
  /** Ended, but maybe still in the database. */
  readonly #gone = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many sessions there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Takes in what the database knows. */
  load(rows: SessionRow[]): void {
    for (const row of rows) {
      const lastUsedAt = row.last_used_at.getTime();
      const session = {
        id: row.token_hash,
        userId: row.user_id,
        createdAt: row.created_at.getTime(),
        lastUsedAt,
        savedAt: lastUsedAt,
      };
      this.#sessions.set(session.id, session);
    }
  }

  /** Makes a session that does not hold yet: its row is to be stored, then `add` is to be called. */
  mint(userId: number, origin: Origin): { secret: string; session: Session; row: SessionRow } {
    const secret = newSecret();
    const at = this.#now();
    const session = { id: hashSecret(secret), userId, createdAt: at, lastUsedAt: at, savedAt: at };
    const row = {
      token_hash: session.id,
      user_id: userId,
      created_at: new Date(at),
      last_used_at: new Date(at),
      address: origin.address,
      user_agent: origin.userAgent?.slice(0, MAX_USER_AGENT) ?? null,
    };
    return { secret, session, row };
  }

  /** Lets a session hold; returns the user's oldest ones that had to end for it. */
  add(session: Session): Session[] {
    this.#sessions.set(session.id, session);
    const own = this.#of(session.userId);
    const surplus = own.sort((a, b) => a.lastUsedAt - b.lastUsedAt).slice(
      0,
      Math.max(0, own.length - PER_USER),
    );
    for (const { id } of surplus) this.end(id);
    return surplus;
  }

  /** The session of a cookie's secret, which counts as a use of it; null when it does not hold. */
  find(secret: string): Session | null {
    if (!SECRET.test(secret)) return null;
    const session = this.#sessions.get(hashSecret(secret));
    if (!session || this.#isOver(session)) return null;
    this.touch(session.id);
    return session;
  }

  /** Counts as a use of the session, if it holds. */
  touch(id: string): void {
    const session = this.#sessions.get(id);
    if (session && !this.#isOver(session)) session.lastUsedAt = Math.max(session.lastUsedAt, this.#now());
  }

  /** Ends a session now; returns it, or null when there was none. */
  end(id: string): Session | null {
    const session = this.#sessions.get(id) ?? null;
    if (session) {
      this.#sessions.delete(id);
      this.#gone.add(id);
    }
    return session;
  }

  /** Ends a user's sessions but for the one to keep; returns those that ended. */
  endOf(userId: number, keep: string | null = null): Session[] {
    const ended = this.#of(userId).filter((session) => session.id !== keep);
    for (const { id } of ended) this.end(id);
    return ended;
  }

  /** Ends what is idle or too old; returns it. */
  sweep(): Session[] {
    const over: Session[] = [];
    for (const session of this.#sessions.values()) if (this.#isOver(session)) over.push(session);
    for (const { id } of over) this.end(id);
    return over;
  }

  /** Writes back last uses and ends. @throws DatabaseAway; then the next flush tries again */
  async flush(database: Database): Promise<void> {
    const used = [...this.#sessions.values()].filter((session) => session.lastUsedAt > session.savedAt)
      .map((session) => ({ session, at: session.lastUsedAt }));
    const gone = [...this.#gone];
    if (used.length === 0 && gone.length === 0) return;
    await database.query((sql) =>
      sql.begin(async (tx) => {
        await touchSessions(
          tx,
          used.map(({ session, at }) => ({ hash: session.id, at: new Date(at).toISOString() })),
        );
        await deleteSessions(tx, gone);
      })
    );
    for (const { session, at } of used) session.savedAt = at;
    for (const id of gone) this.#gone.delete(id);
  }

  #of(userId: number): Session[] {
    return [...this.#sessions.values()].filter((session) => session.userId === userId);
  }

  #isOver(session: Session): boolean {
    const now = this.#now();
    return now - session.lastUsedAt >= IDLE_MS || now - session.createdAt >= ABSOLUTE_MS;
  }
}
