/**
 * @module
 * People over a real embedded database, with a clock that tests move and a hash that costs nothing,
 * and the app of their routes. One database serves a file; each test begins with empty tables.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { Directory } from "../../actors/directory.ts";
import type { Hasher } from "../../actors/people/passwords.ts";
import { People } from "../../actors/people/people.ts";
import type { Ended } from "../../actors/people/who.ts";
import { Database, DatabaseAway, type Sql } from "../../db/client.ts";
import { type EmbeddedDatabase, startEmbedded } from "../../db/embedded.ts";
import { migrate } from "../../db/migrate.ts";
import { auditRoutes } from "../../routes/audit.ts";
import { authRoutes } from "../../routes/auth.ts";
import { type AppEnv, createGuard, registerSecurity } from "../../routes/guard.ts";
import { peopleRoutes } from "../../routes/people.ts";
import { createOnError, defaultHook, notFound } from "../../routes/problem.ts";
import { limitBody, securityHeaders } from "../../routes/security_headers.ts";

/** The password of `admin` in these tests. */
export const ADMIN_PASSWORD = "correct horse battery";

/** Where the requests of these tests come from, unless they say otherwise. */
export const HOME = "192.0.2.10";

/** A database that stops answering when told. */
class FailingDatabase extends Database {
  away = false;
  /** Commits, but the answer is lost, once. */
  losesAnswer = false;

  override async query<T>(
    run: Parameters<Database["query"]>[0] extends (sql: infer S) => unknown ? (sql: S) => Promise<T> : never,
    options?: { deadlineMs?: number },
  ): Promise<T> {
    if (this.away) throw new DatabaseAway("Cannot query: this test took the database away");
    const result = await super.query(run, options);
    if (this.losesAnswer) {
      this.losesAnswer = false;
      throw new DatabaseAway("No answer: this test lost it");
    }
    return result;
  }
}

/** A clock for what is given one, and for libraries that ask `Date.now`. */
export interface Clock {
  now(): number;
  pass(ms: number): void;
}

/** People under test. */
export interface Town {
  people: People;
  directory: Directory;
  database: FailingDatabase;
  clock: Clock;
  app: OpenAPIHono<AppEnv>;
  /** What `onEnded` told, oldest first. */
  ended: Ended[];
  /** What was logged as unexpected. */
  errors: unknown[];
  /** How often a password was compared, and with whose hash: `dummy` for nobody's. */
  verified: string[];
  sql<T extends readonly object[]>(run: (sql: Sql) => Promise<T>): Promise<T>;
  /** Sends JSON from an address. */
  ask(method: string, path: string, options?: AskOptions): Promise<Response>;
  /** Logs in and gives the cookie header. */
  login(login?: string, password?: string): Promise<string>;
  /** Stops and starts again on the same data, as a restart does. */
  restart(options?: { adminPassword?: string }): Promise<void>;
}

/** How to ask. */
export interface AskOptions {
  body?: unknown;
  cookie?: string;
  bearer?: string;
  headers?: Record<string, string>;
  from?: string;
}

/** How to set up. */
export interface TownOptions {
  /** Null: none is set, so that the first start prints a link. */
  adminPassword?: string | null;
  trustProxy?: string[];
  publicOrigins?: string[];
}

let embedded: { database: EmbeddedDatabase; folder: string } | null = null;

/** Starts the file's database before its first test and stops it after its last. */
export function useDatabase(): void {
  Deno.test.beforeAll(async () => {
    const folder = await Deno.makeTempDir({ prefix: "doorline-people-" });
    embedded = { database: await startEmbedded(folder, { inMemory: true }), folder };
    const database = new Database({ address: { socketPath: embedded.database.socketPath } });
    await migrate(database);
    await database.stop();
  });
  Deno.test.afterAll(async () => {
    await embedded?.database.stop();
    if (embedded) await Deno.remove(embedded.folder, { recursive: true });
    embedded = null;
  });
}

/** Runs a test on empty tables. */
export async function inTown(run: (town: Town) => Promise<void>, options: TownOptions = {}): Promise<void> {
  if (!embedded) throw new Error("Cannot run without a database: the file has to call useDatabase()");
  const database = new FailingDatabase({ address: { socketPath: embedded.database.socketPath } });
  const realNow = Date.now;
  // Ahead of the real time, since the rate limiter's own timers run on that.
  let at = Date.UTC(2031, 4, 5, 12);
  const clock = { now: () => at, pass: (ms: number) => void (at += ms) };
  Date.now = clock.now;
  const verified: string[] = [];
  const ended: Ended[] = [];
  const errors: unknown[] = [];
  const log = { warn: () => {}, error: (detail: { err?: unknown }) => void errors.push(detail.err) };
  let hashed = 0;
  // The first hash that People makes is the one for nobody.
  const hasher: Hasher = {
    hash: (password) => Promise.resolve(`${hashed++ === 0 ? "dummy" : "plain"}:${password}`),
    verify: (password, encoded) => {
      verified.push(encoded.split(":")[0]!);
      return Promise.resolve(encoded === `plain:${password}`);
    },
  };
  const build = (adminPassword: string | undefined) => {
    hashed = 0;
    const people = new People({ database, log, now: clock.now, hasher, adminPassword });
    people.onEnded((event) => ended.push(event));
    return people;
  };
  const directoryOf = (people: People) =>
    new Directory({ database, people, log, internalNumbers: /^\d{2,4}$/, phoneRegion: "RU", retryMs: 1 });
  const firstPassword = options.adminPassword === null ? undefined : options.adminPassword ?? ADMIN_PASSWORD;
  let people = build(firstPassword);
  let directory = directoryOf(people);
  try {
    await database.query((sql) =>
      sql`truncate users, sessions, api_tokens, audit_log, companies restart identity cascade`
    );
    await people.start();
    await directory.start();
    const appOf = () => {
      const guard = createGuard({
        people,
        trustProxy: options.trustProxy ?? [],
        publicOrigins: options.publicOrigins ?? [],
      });
      const app = new OpenAPIHono<AppEnv>({ defaultHook });
      app.use(securityHeaders(guard), limitBody(), guard.identify, guard.sameOrigin);
      app.onError(createOnError(log));
      app.notFound(notFound);
      registerSecurity(app);
      app.route("/", authRoutes({ people, directory, guard }));
      app.route("/", peopleRoutes({ people, directory }));
      app.route("/", auditRoutes({ database }));
      app.get("/login", (c) => c.text("the login page"));
      app.get("/api/stream", (c) => c.text("a stream"));
      app.get("/where", (c) => c.json({ address: c.var.address, https: guard.isHttps(c) }));
      return app;
    };
    const town: Town = {
      people,
      directory,
      database,
      clock,
      app: appOf(),
      ended,
      errors,
      verified,
      sql: (run) => database.query(run),
      ask: async (method, path, { body, cookie, bearer, headers = {}, from = HOME } = {}) => {
        const given = new Headers({ Host: "doors.test", ...headers });
        if (body !== undefined) given.set("Content-Type", "application/json");
        if (cookie !== undefined) given.set("Cookie", cookie);
        if (bearer !== undefined) given.set("Authorization", `Bearer ${bearer}`);
        const init = {
          method,
          headers: given,
          ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        };
        return await town.app.request(`http://doors.test${path}`, init, { remoteAddr: { hostname: from } });
      },
      login: async (login = "admin", password = ADMIN_PASSWORD) => {
        const answer = await town.ask("POST", "/api/login", { body: { login, password } });
        if (answer.status !== 200) throw new Error(`Cannot log in: ${answer.status} ${await answer.text()}`);
        return cookieOf(answer);
      },
      restart: async (again = {}) => {
        directory.stop();
        await people.stop();
        people = build(again.adminPassword);
        directory = directoryOf(people);
        await people.start();
        await directory.start();
        town.people = people;
        town.directory = directory;
        town.app = appOf();
      },
    };
    await run(town);
  } finally {
    database.away = false;
    directory.stop();
    await people.stop();
    Date.now = realNow;
    await database.stop();
  }
}

/** The cookie header that a browser would send back. */
export function cookieOf(answer: Response): string {
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
}

/** Adds a user and gives their id. Their password is `password of LOGIN`. */
export async function addUser(
  town: Town,
  login: string,
  role: "admin" | "operator" | "employee" = "operator",
): Promise<number> {
  const cookie = await town.login();
  const body = { login, role, password: `password of ${login}` };
  const answer = await town.ask("POST", "/api/users", { cookie, body });
  if (answer.status !== 201) throw new Error(`Cannot add ${login}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).id;
}
