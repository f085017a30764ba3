/**
 * @module
 * Users in memory, as the database last told them, and how they are shown. Roles are read from here
 * at every request, so a change holds from the next one on.
 */
import type { Role, UserRow, UserStatus } from "../../db/users.ts";
import type { ApiToken } from "./tokens.ts";

/** A user as the API shows it. */
export interface UserView {
  id: number;
  login: string;
  first_name: string;
  last_name: string;
  role: Role;
  status: UserStatus;
  has_password: boolean;
  created_at: string;
}

/** Oneself as the API shows it. */
export interface MeView {
  id: number;
  login: string;
  name: string;
  role: Role;
  has_password: boolean;
}

/** An API token as the API shows it. */
export interface TokenView {
  id: number;
  name: string;
  user_id: number;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

/** All users. */
export class Roster {
  readonly #users = new Map<number, UserRow>();
  readonly #listeners = new Set<(id: number) => void>();

  /** How many users there are. */
  get size(): number {
    return this.#users.size;
  }

  /** Takes in a user as stored. */
  set(user: UserRow): void {
    this.#users.set(user.id, user);
    this.#tell(user.id);
  }

  /** Forgets a user. */
  remove(id: number): void {
    this.#users.delete(id);
    this.#tell(id);
  }

  /** Calls the listener when a user comes, changes or goes; returns how to stop that. It must not throw. */
  onChange(listener: (id: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** A user by id. */
  get(id: number): UserRow | null {
    return this.#users.get(id) ?? null;
  }

  /** A user by id who may log in. */
  active(id: number): UserRow | null {
    const user = this.get(id);
    return user?.status === "active" ? user : null;
  }

  /** A user by login. */
  byLogin(login: string): UserRow | null {
    for (const user of this.#users.values()) if (user.login === login) return user;
    return null;
  }

  /** Everybody by id. */
  all(): UserRow[] {
    return [...this.#users.values()].sort((a, b) => a.id - b.id);
  }

  #tell(id: number): void {
    for (const listener of this.#listeners) listener(id);
  }
}

/** A user's name, or the login where there is none. */
export function nameOf(user: UserRow): string {
  return `${user.first_name} ${user.last_name}`.trim() || user.login;
}

/** Shows a user. */
export function viewUser(user: UserRow): UserView {
  const { id, login, first_name, last_name, role, status, has_password } = user;
  return {
    id,
    login,
    first_name,
    last_name,
    role,
    status,
    has_password,
    created_at: user.created_at.toISOString(),
  };
}

/** Shows oneself. */
export function viewMe(user: UserRow): MeView {
  return {
    id: user.id,
    login: user.login,
    name: nameOf(user),
    role: user.role,
    has_password: user.has_password,
  };
}

/** Shows an API token. */
export function viewToken(token: ApiToken): TokenView {
  const { id, name, userId } = token;
  return {
    id,
    name,
    user_id: userId,
    created_at: iso(token.createdAt),
    expires_at: token.expiresAt === null ? null : iso(token.expiresAt),
    last_used_at: token.lastUsedAt === null ? null : iso(token.lastUsedAt),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
