/**
 * @module
 * Changes of users, passwords and API tokens: one at a time, each committed together with its line in
 * the audit log, then held in memory, then told to whom it ends. Lists are read from memory.
 */
import { type Database, DatabaseAway, type Sql } from "../../db/client.ts";
import { insertAudit } from "../../db/audit.ts";
import { deleteSessionsOf } from "../../db/sessions.ts";
import { allTokens, deleteToken, insertToken } from "../../db/tokens.ts";
import {
  allUsers,
  deleteUser,
  findPassword,
  insertUser,
  lockActiveAdmins,
  type Role,
  updateUser,
  type UserRow,
  type UserStatus,
} from "../../db/users.ts";
import type { LoginLimits } from "./login_limits.ts";
import type { OneTimeLinks } from "./one_time_link.ts";
import { type Passwords, PasswordsBusy } from "./passwords.ts";
import { type Roster, type TokenView, type UserView, viewToken, viewUser } from "./roster.ts";
import type { Sessions } from "./sessions.ts";
import { type ApiTokens, TOKENS_PER_USER } from "./tokens.ts";
import type { By, Ended } from "./who.ts";

/** What makes a new user. */
export interface NewUser {
  login: string;
  first_name: string;
  last_name: string;
  role: Role;
  password: string;
}

/** What may change in a user; what is left out stays. */
export interface UserChange {
  first_name?: string | undefined;
  last_name?: string | undefined;
  role?: Role | undefined;
  status?: UserStatus | undefined;
  password?: string | undefined;
}

/** A page of a list, after the item with the given id. */
export interface Page {
  after: number;
  limit: number;
}

/** Too many passwords at once, or too many tries. */
export interface Limited {
  kind: "limited";
  retryAfterSeconds: number;
}

/** What became of adding a user. */
export type CreatedUser = { kind: "created"; user: UserView } | { kind: "login_taken" } | Limited;

/** What became of a change of a user. */
export type ChangedUser =
  | { kind: "changed"; user: UserView }
  | { kind: "not_found" }
  | { kind: "last_admin" }
  | Limited;

/** What became of removing a user. */
export type RemovedUser = { kind: "removed" } | { kind: "not_found" } | { kind: "last_admin" };

/** What became of a change of one's own password. */
export type ChangedPassword =
  | { kind: "changed" }
  | { kind: "wrong_current" }
  | { kind: "session_needed" }
  | Limited;

/** What became of making an API token. */
export type CreatedToken = { kind: "created"; token: TokenView; secret: string } | { kind: "too_many" } | {
  kind: "session_needed";
};

/** What became of revoking an API token. */
export type RemovedToken = { kind: "removed" } | { kind: "not_found" };

interface Parts {
  database: Database;
  roster: Roster;
  sessions: Sessions;
  tokens: ApiTokens;
  links: OneTimeLinks;
  limits: LoginLimits;
  passwords: Passwords;
  ended: (ended: Ended) => void;
  /** A change may have been committed without an answer: memory is to be read again. */
  uncertain: () => void;
}

/** Lists and changes accounts. Every change throws DatabaseAway when the database is. */
export class AccountChanges {
  readonly #parts: Parts;
  /** Memory must take changes in the order in which they were committed. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A page of users by id. */
  users(page: Page): UserView[] {
    return this.#parts.roster.all().filter((user) => user.id > page.after).slice(0, page.limit).map(viewUser);
  }

  /** A page of a user's API tokens by id, expired ones too. */
  tokens(userId: number, page: Page): TokenView[] {
    return this.#parts.tokens.of(userId).filter((token) => token.id > page.after).slice(0, page.limit).map(
      viewToken,
    );
  }

  /** Adds a user. */
  async createUser(
    input: NewUser,
    by: By,
  ): Promise<CreatedUser> {
    const { password, ...rest } = input;
    const hashed = await this.#hash(password);
    if (hashed.kind === "limited") return hashed;
    return await this.#change<CreatedUser>(async (sql) => {
      const user = await insertUser(sql, { ...rest, password_hash: hashed.hash });
      if (!user) return () => ({ kind: "login_taken" });
      await audit(sql, by, "user.created", user.login, { role: user.role });
      return () => {
        this.#parts.roster.set(user);
        return { kind: "created", user: viewUser(user) };
      };
    });
  }

  /** Changes a user, and ends what they may no longer do. */
  async changeUser(
    id: number,
    change: UserChange,
    by: By,
  ): Promise<ChangedUser> {
    const { password, ...rest } = change;
    const hashed = password === undefined ? null : await this.#hash(password);
    if (hashed?.kind === "limited") return hashed;
    const keep = by.who.userId === id ? by.who.sessionId : null;
    return await this.#change<ChangedUser>(async (sql) => {
      const admins = await lockActiveAdmins(sql);
      const demotes = (rest.role ?? "admin") !== "admin" || rest.status === "disabled";
      if (demotes && isLast(admins, id)) return () => ({ kind: "last_admin" });
      const user = await updateUser(sql, id, { ...rest, password_hash: hashed?.hash });
      if (!user) return () => ({ kind: "not_found" });
      if (user.status === "disabled") await deleteSessionsOf(sql, id, null);
      else if (hashed) await deleteSessionsOf(sql, id, keep);
      await audit(sql, by, "user.changed", user.login, told(change));
      return () => {
        this.#apply(user, { passwordChanged: hashed !== null, keep });
        return { kind: "changed", user: viewUser(user) };
      };
    });
  }

  /** Removes a user with all they could log in by. */
  async removeUser(
    id: number,
    by: By,
  ): Promise<RemovedUser> {
    return await this.#change<RemovedUser>(async (sql) => {
      const admins = await lockActiveAdmins(sql);
      if (isLast(admins, id)) return () => ({ kind: "last_admin" });
      const user = await deleteUser(sql, id);
      if (!user) return () => ({ kind: "not_found" });
      await audit(sql, by, "user.removed", user.login);
      return () => {
        this.#forget(id);
        return { kind: "removed" };
      };
    });
  }

  /**
   * Changes one's own password and ends one's other sessions. Only a session may: a token that
   * leaked must not become an account.
   */
  async changePassword(
    by: By,
    input: { current?: string | undefined; password: string },
  ): Promise<ChangedPassword> {
    const { who, address } = by;
    if (who.sessionId === null) return { kind: "session_needed" };
    const permit = await this.#parts.limits.take(who.login, address);
    if (!permit.ok) return { kind: "limited", retryAfterSeconds: permit.retryAfterSeconds };
    const checked = await this.#checkCurrent(who.login, input.current).catch((error) => {
      permit.giveBack();
      throw error;
    });
    if (checked !== null) {
      if (checked.kind === "limited") permit.giveBack();
      return checked;
    }
    permit.giveBack();
    const hashed = await this.#hash(input.password);
    if (hashed.kind === "limited") return hashed;
    return await this.#change<ChangedPassword>(async (sql) => {
      const user = await updateUser(sql, who.userId, { password_hash: hashed.hash });
      if (!user) return () => ({ kind: "session_needed" });
      await deleteSessionsOf(sql, who.userId, who.sessionId);
      await audit(sql, by, "password.changed", who.login);
      return () => {
        this.#apply(user, { passwordChanged: true, keep: who.sessionId });
        return { kind: "changed" };
      };
    });
  }

  /** Makes an API token for oneself. The secret is shown this once. Only a session may. */
  async createToken(
    by: By,
    input: { name: string; expires_in_days?: number | undefined },
  ): Promise<CreatedToken> {
    if (by.who.sessionId === null) return { kind: "session_needed" };
    const { userId } = by.who;
    const { tokens } = this.#parts;
    const { secret, row } = tokens.mint(userId, { name: input.name, expiresInDays: input.expires_in_days });
    return await this.#change<CreatedToken>(async (sql) => {
      if (tokens.of(userId).length >= TOKENS_PER_USER) return () => ({ kind: "too_many" });
      const stored = await insertToken(sql, row);
      await audit(sql, by, "token.created", String(stored.id), { name: stored.name });
      return () => ({ kind: "created", token: viewToken(tokens.add(stored)), secret });
    });
  }

  /** Revokes one of one's own API tokens. */
  async removeToken(by: By, id: number): Promise<RemovedToken> {
    const { userId } = by.who;
    return await this.#change<RemovedToken>(async (sql) => {
      const token = await deleteToken(sql, userId, id);
      if (!token) return () => ({ kind: "not_found" });
      await audit(sql, by, "token.removed", String(id), { name: token.name });
      return () => {
        this.#parts.tokens.remove(token.token_hash);
        this.#parts.ended({ userId, tokenId: id });
        return { kind: "removed" };
      };
    });
  }

  /**
   * Reads memory again from the database after a change whose commit is uncertain. Whoever turns out
   * to have changed logs in again: what changed is not known. @throws DatabaseAway
   */
  async reload(): Promise<void> {
    const { roster, tokens } = this.#parts;
    await this.#change(async (sql) => {
      const users = await allUsers(sql);
      const rows = await allTokens(sql);
      return () => {
        const found = new Map(users.map((user) => [user.id, user]));
        for (const known of roster.all()) if (!found.has(known.id)) this.#forget(known.id);
        for (const user of users) {
          if (roster.get(user.id)?.version === user.version) continue;
          this.#apply(user, { passwordChanged: true, keep: null });
        }
        tokens.load(rows);
      };
    });
  }

  /** Runs a change in one transaction; what it returns is run once that is committed. */
  #change<T>(run: (sql: Sql) => Promise<() => T>): Promise<T> {
    const { database, uncertain } = this.#parts;
    const turn = this.#last.then(async () => {
      let apply: (() => T) | undefined;
      try {
        await database.query((sql) =>
          sql.begin(async (tx) => {
            apply = await run(tx);
          })
        );
      } catch (error) {
        if (error instanceof DatabaseAway) uncertain();
        throw error;
      }
      return apply!();
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Holds a changed user in memory and ends what follows from the change. */
  #apply(user: UserRow, options: { passwordChanged: boolean; keep: string | null }): void {
    const { roster, sessions, links, ended } = this.#parts;
    const before = roster.get(user.id);
    roster.set(user);
    if (options.passwordChanged) links.revoke(user.id);
    if (user.status === "disabled") {
      sessions.endOf(user.id);
      links.revoke(user.id);
      ended({ userId: user.id });
      return;
    }
    if (options.passwordChanged) {
      for (const { id } of sessions.endOf(user.id, options.keep)) ended({ userId: user.id, sessionId: id });
    }
    // The session stays, but what is open was opened with other rights.
    if (before && before.role !== user.role) ended({ userId: user.id });
  }

  #forget(id: number): void {
    const { roster, sessions, tokens, links, ended } = this.#parts;
    roster.remove(id);
    sessions.endOf(id);
    for (const token of tokens.of(id)) tokens.remove(token.hash);
    links.revoke(id);
    ended({ userId: id });
  }

  async #hash(password: string): Promise<{ kind: "hashed"; hash: string } | Limited> {
    try {
      return { kind: "hashed", hash: await this.#parts.passwords.hash(password) };
    } catch (error) {
      return busy(error);
    }
  }

  /** Null when the current password is right, or there is none yet. */
  async #checkCurrent(
    login: string,
    current: string | undefined,
  ): Promise<{ kind: "wrong_current" } | Limited | null> {
    const found = await this.#parts.database.query((sql) => findPassword(sql, login));
    if (found?.password_hash === null) return null;
    try {
      const right = await this.#parts.passwords.verify(current ?? "", found?.password_hash ?? null);
      return right ? null : { kind: "wrong_current" };
    } catch (error) {
      return busy(error);
    }
  }
}

function busy(error: unknown): Limited {
  if (error instanceof PasswordsBusy) return { kind: "limited", retryAfterSeconds: 2 };
  throw error;
}

function isLast(admins: number[], id: number): boolean {
  return admins.length === 1 && admins[0] === id;
}

/** What the log may tell of a change: everything but the password. */
function told(change: UserChange): Record<string, string | boolean> {
  const { password, ...rest } = change;
  const detail: Record<string, string | boolean> = password === undefined ? {} : { password: true };
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) detail[name] = value;
  return detail;
}

async function audit(
  sql: Sql,
  by: By,
  action: string,
  target: string,
  detail: Record<string, string | boolean> = {},
): Promise<void> {
  const { who, address } = by;
  await insertAudit(sql, {
    user_id: who.userId,
    actor: who.login,
    action,
    target,
    address,
    result: "ok",
    detail,
  });
}
