/**
 * @module
 * Who may come in: ties users, passwords, sessions, API tokens and login limits together, and tells
 * when rights end. Changes are committed first and hold in memory after; checks are memory only.
 */
import { type Database, DatabaseAway } from "../../db/client.ts";
import { insertAudit } from "../../db/audit.ts";
import { deleteOldSessions, deleteSessions, insertSession, liveSessions } from "../../db/sessions.ts";
import { allTokens } from "../../db/tokens.ts";
import { allUsers, findPassword, insertUser, updateUser, type UserRow } from "../../db/users.ts";
import { AccountChanges } from "./account_changes.ts";
import { FailedLogins } from "./failed_logins.ts";
import { LoginLimits } from "./login_limits.ts";
import { OneTimeLinks } from "./one_time_link.ts";
import { type Hasher, Passwords, PasswordsBusy } from "./passwords.ts";
import { type MeView, nameOf, Roster, viewMe } from "./roster.ts";
import { hashSecret, newSecret } from "./secrets.ts";
import { ABSOLUTE_MS, IDLE_MS, Sessions } from "./sessions.ts";
import { ApiTokens } from "./tokens.ts";
import type { By, Ended, Origin, Shown, Who } from "./who.ts";

/** How often expired sessions and tokens are looked for: an open stream may outlive them by so much. */
const SWEEP_EVERY_MS = 500;
/** How often last uses are written back. */
const FLUSH_EVERY_MS = 60_000;
/** Login of the user who is there from the first start. */
const FIRST_LOGIN = "admin";

/** What `People` needs of a logger. */
export interface PeopleLog {
  warn(detail: Record<string, unknown>, message: string): void;
  error(detail: Record<string, unknown>, message: string): void;
}

/** What `People` is made of. Times are milliseconds since 1970. */
export interface PeopleOptions {
  database: Database;
  log: PeopleLog;
  /** Password of user `admin`, set only while they have none. */
  adminPassword?: string | undefined;
  now?: () => number;
  hasher?: Hasher;
}

/** What became of a login. `secret` belongs in the cookie and nowhere else. */
export type LoginResult =
  | { kind: "in"; secret: string; me: MeView; who: Who }
  | { kind: "wrong" }
  | { kind: "limited"; retryAfterSeconds: number };

/** The people of this Doorline. `start()` before use, `stop()` after. */
export class People {
  /** Bearer token of this run that acts for the first administrator, for commands on the same machine. */
  readonly localToken = newSecret();
  readonly #localHash = hashSecret(this.localToken);
  readonly #database: Database;
  readonly #log: PeopleLog;
  readonly #now: () => number;
  readonly #adminPassword: string | undefined;
  readonly #roster = new Roster();
  readonly #sessions: Sessions;
  readonly #tokens: ApiTokens;
  readonly #links: OneTimeLinks;
  readonly #limits = new LoginLimits();
  readonly #passwords: Passwords;
  readonly #failed: FailedLogins;
  readonly #listeners = new Set<(ended: Ended) => void>();
  #timer: ReturnType<typeof setInterval> | null = null;
  #flushing: Promise<void> | null = null;
  #flushedAt: number;
  #reloadWanted = false;

  /** Users, tokens and one's own password: lists and changes. */
  readonly accounts: AccountChanges;

  constructor(options: PeopleOptions) {
    this.#database = options.database;
    this.#log = options.log;
    this.#now = options.now ?? Date.now;
    this.#adminPassword = options.adminPassword;
    this.#sessions = new Sessions(this.#now);
    this.#tokens = new ApiTokens(this.#now);
    this.#links = new OneTimeLinks(this.#now);
    this.#passwords = new Passwords(options.hasher);
    this.#failed = new FailedLogins(this.#database, this.#now);
    this.#flushedAt = this.#now();
    this.accounts = new AccountChanges({
      database: this.#database,
      roster: this.#roster,
      sessions: this.#sessions,
      tokens: this.#tokens,
      links: this.#links,
      limits: this.#limits,
      passwords: this.#passwords,
      ended: (ended) => this.#tell(ended),
      uncertain: () => void (this.#reloadWanted = true),
    });
  }

  /**
   * Loads everybody, makes user `admin` where there is nobody, and starts looking for what expires.
   *
   * @throws DatabaseAway
   */
  async start(): Promise<void> {
    await this.#passwords.prepare();
    const { users, tokens, sessions } = await this.#database.query((sql) =>
      sql.begin(async (tx) => {
        const now = this.#now();
        const since = [new Date(now - ABSOLUTE_MS), new Date(now - IDLE_MS)] as const;
        await deleteOldSessions(tx, ...since);
        return {
          users: await allUsers(tx),
          tokens: await allTokens(tx),
          sessions: await liveSessions(tx, ...since),
        };
      })
    );
    for (const user of users) this.#roster.set(user);
    this.#tokens.load(tokens);
    this.#sessions.load(sessions);
    for (const { user_id, address } of sessions) {
      const user = this.#roster.get(user_id);
      if (user && address) this.#limits.succeeded(user.login, address);
    }
    await this.#firstUser();
    this.#timer = setInterval(() => this.sweep(), SWEEP_EVERY_MS);
  }

  /** Stops the timer and writes back what is left, if the database is there. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#listeners.clear();
    await this.#flushing;
    await this.#flush();
    this.#limits.stop();
  }

  /**
   * A token for `GET /login?token=` while user `admin` has no password, else null. It logs in once,
   * within ten minutes; each call makes a new one.
   */
  firstLink(): string | null {
    const admin = this.#roster.byLogin(FIRST_LOGIN);
    if (!admin || admin.has_password || admin.status !== "active" || admin.role !== "admin") return null;
    return this.#links.issue(admin.id);
  }

  /** Who shows this; null when it does not hold. Memory only. A session counts as used. */
  identify(shown: Shown): Who | null {
    if (shown.bearer !== undefined) {
      if (hashSecret(shown.bearer) === this.#localHash) return this.#localAdmin();
      const token = this.#tokens.find(shown.bearer);
      return token && this.#who(token.userId, { sessionId: null, tokenId: token.id });
    }
    if (shown.cookie === undefined) return null;
    const session = this.#sessions.find(shown.cookie);
    return session && this.#who(session.userId, { sessionId: session.id, tokenId: null });
  }

  /** How oneself is shown; null when the user is gone since. */
  me(who: Who): MeView | null {
    const user = this.#roster.active(who.userId);
    return user && viewMe(user);
  }

  /** First and last name of a user, disabled or not, or the login where there are none; null when there is none. */
  nameOf(userId: number): string | null {
    const user = this.#roster.get(userId);
    return user && nameOf(user);
  }

  /** Calls the listener when a user comes, changes or goes; returns how to stop that. It must not throw. */
  onUserChanged(listener: (userId: number) => void): () => void {
    return this.#roster.onChange(listener);
  }

  /** Counts as a use of the session: an open stream calls this now and then. */
  touch(sessionId: string): void {
    this.#sessions.touch(sessionId);
  }

  /** Calls the listener whenever sessions or rights end; returns how to stop that. */
  onEnded(listener: (ended: Ended) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Logs in by password. `previous` is the cookie's secret that came along: that session ends.
   *
   * @throws DatabaseAway; then the try does not count
   */
  async login(given: string, password: string, origin: Origin, previous?: string): Promise<LoginResult> {
    const login = given.trim().toLowerCase().slice(0, 64);
    const { address } = origin;
    const permit = await this.#limits.take(login, address);
    if (!permit.ok) {
      await this.#failed.record(this.#roster.byLogin(login), { address, result: "limited", way: "password" });
      return { kind: "limited", retryAfterSeconds: permit.retryAfterSeconds };
    }
    try {
      const user = this.#roster.byLogin(login);
      const found = await this.#database.query((sql) => findPassword(sql, login));
      const right = await this.#passwords.verify(password, found?.password_hash ?? null);
      if (!right || user?.status !== "active") {
        await this.#failed.record(user, { address, result: "wrong", way: "password" });
        return { kind: "wrong" };
      }
      const result = await this.#open(user, origin, { way: "password", previous });
      permit.giveBack();
      if (result.kind === "in") this.#limits.succeeded(login, address);
      return result;
    } catch (error) {
      permit.giveBack();
      if (error instanceof PasswordsBusy) return { kind: "limited", retryAfterSeconds: 2 };
      throw error;
    }
  }

  /** Logs in by a one-time link. @throws DatabaseAway; then the link still holds */
  async loginByLink(token: string, origin: Origin, previous?: string): Promise<LoginResult> {
    const taken = this.#links.take(token);
    const user = taken && this.#roster.active(taken.userId);
    if (!taken || !user) {
      await this.#failed.record(null, { address: origin.address, result: "wrong", way: "link" });
      return { kind: "wrong" };
    }
    try {
      return await this.#open(user, origin, { way: "link", previous });
    } catch (error) {
      taken.giveBack();
      throw error;
    }
  }

  /** Ends the session of who asks, at once and whether or not the database is there. */
  async logout(by: By): Promise<void> {
    const { userId, login, sessionId } = by.who;
    if (sessionId === null || this.#sessions.end(sessionId) === null) return;
    this.#tell({ userId, sessionId });
    const line = { user_id: userId, actor: login, action: "logout", address: by.address, result: "ok" };
    try {
      await this.#sessions.flush(this.#database);
      await this.#database.query((sql) => insertAudit(sql, line));
    } catch (error) {
      // The end is kept and written at the next flush; only its line in the log is lost.
      if (!(error instanceof DatabaseAway)) throw error;
    }
  }

  /** Ends what has expired and, each minute, writes back. The timer calls it; tests may. */
  sweep(): void {
    for (const { userId, id } of this.#sessions.sweep()) this.#tell({ userId, sessionId: id });
    for (const { userId, id } of this.#tokens.sweep()) this.#tell({ userId, tokenId: id });
    const due = this.#now() - this.#flushedAt >= FLUSH_EVERY_MS;
    if (this.#flushing !== null || !(due || this.#reloadWanted)) return;
    this.#flushing = this.#flush().finally(() => this.#flushing = null);
  }

  /** Waits for a write-back that the last sweep began. */
  async settled(): Promise<void> {
    await this.#flushing;
  }

  async #open(
    user: UserRow,
    origin: Origin,
    options: { way: string; previous: string | undefined },
  ): Promise<LoginResult> {
    const { secret, session, row } = this.#sessions.mint(user.id, origin);
    const line = {
      user_id: user.id,
      actor: user.login,
      action: "login",
      address: origin.address,
      result: "ok",
    };
    await this.#database.query((sql) =>
      sql.begin(async (tx) => {
        await insertSession(tx, row);
        await insertAudit(tx, { ...line, detail: { way: options.way } });
      })
    );
    // A change since the password was read (a new one, a disabled user) has ended sessions without this one.
    if (this.#roster.get(user.id) !== user) {
      await this.#database.query((sql) => deleteSessions(sql, [row.token_hash]));
      return { kind: "wrong" };
    }
    const previous = options.previous === undefined ? null : this.#sessions.find(options.previous);
    const over = this.#sessions.add(session);
    if (previous && this.#sessions.end(previous.id)) over.push(previous);
    for (const { userId, id } of over) this.#tell({ userId, sessionId: id });
    return {
      kind: "in",
      secret,
      me: viewMe(user),
      who: whoIs(user, { sessionId: session.id, tokenId: null }),
    };
  }

  #who(userId: number, shown: { sessionId: string | null; tokenId: number | null }): Who | null {
    const user = this.#roster.active(userId);
    return user && whoIs(user, shown);
  }

  #localAdmin(): Who | null {
    const admin = this.#roster.all().find(({ role, status }) => role === "admin" && status === "active");
    return admin === undefined ? null : whoIs(admin, { sessionId: null, tokenId: null });
  }

  #tell(ended: Ended): void {
    for (const listener of this.#listeners) {
      try {
        listener(ended);
      } catch (error) {
        this.#log.error({ err: error }, "A listener failed at the end of a session");
      }
    }
  }

  async #flush(): Promise<void> {
    this.#flushedAt = this.#now();
    try {
      if (this.#reloadWanted) {
        await this.accounts.reload();
        this.#reloadWanted = false;
      }
      await this.#failed.summarize();
      await this.#sessions.flush(this.#database);
      await this.#tokens.flush(this.#database);
    } catch (error) {
      if (error instanceof DatabaseAway) return; // the link's state says so already
      this.#log.error({ err: error }, "Cannot write back when sessions were last used");
    }
  }

  /** Nobody could ever come in without a first user. */
  async #firstUser(): Promise<void> {
    const admin = this.#roster.byLogin(FIRST_LOGIN);
    const password = this.#adminPassword;
    if (this.#roster.size > 0 && (!admin || admin.has_password || password === undefined)) return;
    const password_hash = password === undefined ? null : await this.#passwords.hash(password);
    const user = await this.#database.query((sql) =>
      sql.begin(async (tx) => {
        const user = admin
          ? await updateUser(tx, admin.id, { password_hash: password_hash ?? undefined })
          : await insertUser(tx, { ...FIRST_USER, password_hash });
        const action = admin ? "password.changed" : "user.created";
        if (user) await insertAudit(tx, { ...BY_START, action, target: FIRST_LOGIN, result: "ok" });
        return user;
      })
    );
    if (user) this.#roster.set(user);
  }
}

const FIRST_USER = { login: FIRST_LOGIN, first_name: "", last_name: "", role: "admin" as const };
const BY_START = { user_id: null, actor: "doorline" };

function whoIs(user: UserRow, shown: { sessionId: string | null; tokenId: number | null }): Who {
  return { userId: user.id, login: user.login, name: nameOf(user), role: user.role, ...shown };
}
