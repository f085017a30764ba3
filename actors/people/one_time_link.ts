/**
 * @module
 * One-time login links: a token of 128 bits that logs in once within ten minutes. In memory only, so
 * a restart ends them. Time is given, in milliseconds.
 */
import { hashSecret, newSecret } from "./secrets.ts";

/** How long a link holds. */
export const LINK_MS = 10 * 60_000;

interface Link {
  hash: string;
  expiresAt: number;
}

/** The links that hold, at most one a user. */
export class OneTimeLinks {
  readonly #now: () => number;
  readonly #links = new Map<number, Link>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Makes a link's token for a user; an earlier one of theirs no longer holds. */
  issue(userId: number): string {
    const token = newSecret(16);
    this.#links.set(userId, { hash: hashSecret(token), expiresAt: this.#now() + LINK_MS });
    return token;
  }

  /**
   * The user of a token, which does not hold from now on; null when it did not hold before.
   * `giveBack` is for a caller who then could not log in through no fault of the user's.
   */
  take(token: string): { userId: number; giveBack: () => void } | null {
    const hash = hashSecret(token);
    for (const [userId, link] of this.#links) {
      if (link.hash !== hash) continue;
      this.#links.delete(userId);
      if (this.#now() >= link.expiresAt) return null;
      return { userId, giveBack: () => void (this.#links.has(userId) || this.#links.set(userId, link)) };
    }
    return null;
  }

  /** Ends a user's link. */
  revoke(userId: number): void {
    this.#links.delete(userId);
  }
}
