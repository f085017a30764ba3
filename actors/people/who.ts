/**
 * @module
 * Who is asking: the words that people, their sessions and the HTTP edge share.
 * Shapes only; nothing here decides anything.
 */
import type { Role } from "../../db/users.ts";

export type { Role };

/** Somebody who showed a session or an API token that holds. */
export interface Who {
  userId: number;
  login: string;
  /** First and last name, or the login where there are none. */
  name: string;
  role: Role;
  /** The session that was shown, null for an API token. It is not the secret in the cookie. */
  sessionId: string | null;
  /** The API token that was shown, null for a session. */
  tokenId: number | null;
}

/** What a request shows to say who it is. */
export interface Shown {
  /** The secret in the session cookie. */
  cookie?: string;
  /** The secret after `Authorization: Bearer`. Where one is shown, the cookie does not count. */
  bearer?: string;
}

/** Where a request came from. */
export interface Origin {
  address: string;
  userAgent: string | null;
}

/** Who did something, for the audit log. */
export interface By {
  who: Who;
  address: string;
}

/**
 * Rights that came to an end or changed. Without `sessionId`, whatever the user has open is meant;
 * `tokenId` names the API token when only that ended.
 */
export interface Ended {
  userId: number;
  sessionId?: string;
  tokenId?: number;
}
