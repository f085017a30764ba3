/**
 * @module
 * API tokens in memory: a check never waits for the database. A token is a random secret that the
 * server compares, not a signed claim: nothing in it can be forged, only guessed. Time in milliseconds.
 */
import type { Database } from "../../db/client.ts";
import { type TokenRow, touchTokens } from "../../db/tokens.ts";
import { hashSecret, newSecret } from "./secrets.ts";

const SECRET = /^dl_[A-Za-z0-9_-]{43}$/;
const DAY_MS = 24 * 3_600_000;

/** How many tokens one user may have. */
export const TOKENS_PER_USER = 100;

/** An API token, without its secret. */
export interface ApiToken {
  readonly id: number;
  readonly userId: number;
  readonly name: string;
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  lastUsedAt: number | null;
  /** What the database knows of `lastUsedAt`. */
  savedAt: number | null;
  /** Whether its expiry was already told. */
  over: boolean;
}

/** The API tokens of everybody, expired ones too, for their owners to see. */
export class ApiTokens {
  readonly #now: () => number;
  readonly #byHash = new Map<string, ApiToken>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Replaces what is known by what the database knows. */
  load(rows: TokenRow[]): void {
    this.#byHash.clear();
    for (const row of rows) this.add(row);
  }

  /** Makes a secret and the row to store; it holds once `add` is called with the stored row. */
  mint(
    userId: number,
    options: { name: string; expiresInDays?: number },
  ): { secret: string; row: Omit<TokenRow, "id" | "last_used_at"> } {
    const secret = `dl_${newSecret(32)}`;
    const at = this.#now();
    const { name, expiresInDays } = options;
    const row = {
      user_id: userId,
      name,
      token_hash: hashSecret(secret),
      created_at: new Date(at),
      expires_at: expiresInDays === undefined ? null : new Date(at + expiresInDays * DAY_MS),
    };
    return { secret, row };
  }

  /** Lets a stored token hold. */
  add(row: TokenRow): ApiToken {
    const lastUsedAt = row.last_used_at?.getTime() ?? null;
    const token = {
      id: row.id,
      userId: row.user_id,
      name: row.name,
      hash: row.token_hash,
      createdAt: row.created_at.getTime(),
      expiresAt: row.expires_at?.getTime() ?? null,
      lastUsedAt,
      savedAt: lastUsedAt,
      over: false,
    };
    this.#byHash.set(token.hash, token);
    return token;
  }

  /** The token of a secret, which counts as a use of it; null when it does not hold. */
  find(secret: string): ApiToken | null {
    if (!SECRET.test(secret)) return null;
    const token = this.#byHash.get(hashSecret(secret));
    if (!token || this.#isOver(token)) return null;
    token.lastUsedAt = this.#now();
    return token;
  }

  /** A user's tokens by id. */
  of(userId: number): ApiToken[] {
    return [...this.#byHash.values()].filter((token) => token.userId === userId).sort((a, b) => a.id - b.id);
  }

  /** Forgets a token. */
  remove(hash: string): void {
    this.#byHash.delete(hash);
  }

  /** Tokens that have expired since the last sweep. */
  sweep(): ApiToken[] {
    const over: ApiToken[] = [];
    for (const token of this.#byHash.values()) {
      if (token.over || !this.#isOver(token)) continue;
      token.over = true;
      over.push(token);
    }
    return over;
  }

  /** Writes back last uses. @throws DatabaseAway; then the next flush tries again */
  async flush(database: Database): Promise<void> {
    const used = [...this.#byHash.values()].flatMap((token) =>
      token.lastUsedAt !== null && token.lastUsedAt !== token.savedAt ? [{ token, at: token.lastUsedAt }] : []
    );
    if (used.length === 0) return;
    await database.query((sql) =>
      touchTokens(sql, used.map(({ token, at }) => ({ id: token.id, at: new Date(at).toISOString() })))
    );
    for (const { token, at } of used) token.savedAt = at;
  }

  #isOver(token: ApiToken): boolean {
    return token.expiresAt !== null && this.#now() >= token.expiresAt;
  }
}
