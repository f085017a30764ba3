/**
 * @module
 * Logging in and out over HTTP, and what becomes of sessions and links.
 */
import assert from "node:assert/strict";
import {
  addUser,
  ADMIN_PASSWORD,
  cookieOf,
  HOME,
  inTown,
  type Town,
  useDatabase,
} from "../support/people.ts";

useDatabase();

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface From {
  from?: string;
  headers?: Record<string, string>;
  cookie?: string;
}

function tryLogin(town: Town, login: string, password: string, options: From = {}) {
  return town.ask("POST", "/api/login", { body: { login, password }, ...options });
}

async function statusOf(town: Town, cookie: string): Promise<number> {
  return (await town.ask("GET", "/api/me", { cookie })).status;
}

function logOf(town: Town, action: string) {
  return town.sql((sql) =>
    sql<{ actor: string; result: string; detail: Record<string, unknown> }[]>`
      select actor, result, detail from audit_log where action = ${action} order by id`
  );
}

Deno.test("login: right password answers who one is and sets a cookie that scripts and other sites cannot use", () =>
  inTown(async (town) => {
    const answer = await tryLogin(town, " Admin ", ADMIN_PASSWORD);
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), {
      id: 1,
      login: "admin",
      name: "admin",
      role: "admin",
      has_password: true,
      phones: [],
    });
    const cookie = answer.headers.get("set-cookie") ?? "";
    assert.match(cookie, /^doorline_session=[A-Za-z0-9_-]{43}; /);
    for (const flag of ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"]) {
      assert.ok(cookie.split("; ").includes(flag), `${flag} in ${cookie}`);
    }
    assert.ok(!cookie.includes("Secure"), "plain http has no use for Secure");
    assert.equal(await statusOf(town, cookieOf(answer)), 200);
    assert.deepEqual((await logOf(town, "login")).map((line) => [line.actor, line.detail.way]), [[
      "admin",
      "password",
    ]]);
  }));

Deno.test("login: cookie is Secure when a trusted proxy speaks https, and only a trusted one is believed", () =>
  inTown(async (town) => {
    const headers = { "X-Forwarded-Proto": "https" };
    const near = await tryLogin(town, "admin", ADMIN_PASSWORD, { from: "10.0.0.1", headers });
    const far = await tryLogin(town, "admin", ADMIN_PASSWORD, { from: HOME, headers });
    assert.match(near.headers.get("set-cookie") ?? "", /; Secure/);
    assert.ok(near.headers.has("strict-transport-security"));
    assert.doesNotMatch(far.headers.get("set-cookie") ?? "", /; Secure/);
    assert.ok(!far.headers.has("strict-transport-security"));
  }, { trustProxy: ["10.0.0.0/8"] }));

Deno.test("login: database keeps the hash of the cookie's secret, never the secret", () =>
  inTown(async (town) => {
    const secret = (await town.login()).split("=")[1]!;
    const [row] = await town.sql((sql) =>
      sql<{ whole: string }[]>`select sessions::text as whole from sessions`
    );
    assert.ok(row && !row.whole.includes(secret));
  }));

Deno.test("login: body that is no JSON is 400, wrong shapes are 422 with what was expected, huge ones 413", () =>
  inTown(async (town) => {
    const malformed = await town.ask("POST", "/api/login", { body: '{"login":' });
    assert.equal(malformed.status, 400);
    assert.match(malformed.headers.get("content-type") ?? "", /^application\/problem\+json/);
    const wrong = await town.ask("POST", "/api/login", { body: { login: 7, password: "x", admin: true } });
    assert.equal(wrong.status, 422);
    const problem = await wrong.json();
    assert.deepEqual(problem.errors.map((error: { path: string }) => error.path).sort(), ["admin", "login"]);
    assert.match(
      problem.errors.find((error: { path: string }) => error.path === "login").message,
      /expected string/,
    );
    const huge = await town.ask("POST", "/api/login", { body: { login: "a", password: "x".repeat(70_000) } });
    assert.equal(huge.status, 413);
    const typeless = await town.ask("POST", "/api/login", {
      headers: { "Content-Type": "text/plain" },
      body: undefined,
    });
    assert.ok([415, 422].includes(typeless.status));
  }));

Deno.test("session: login ends the session that came along and makes a new secret", () =>
  inTown(async (town) => {
    const first = await town.login();
    const second = cookieOf(await tryLogin(town, "admin", ADMIN_PASSWORD, { cookie: first }));
    assert.notEqual(first, second);
    assert.equal(await statusOf(town, first), 401);
    assert.equal(await statusOf(town, second), 200);
    assert.equal(town.ended.length, 1);
  }));

Deno.test("session: ends after 8 hours without use, and an open stream counts as use", () =>
  inTown(async (town) => {
    const idle = await town.login();
    const streaming = await town.login();
    const { sessionId } = town.people.identify({ cookie: streaming.split("=")[1]! })!;
    for (let hour = 0; hour < 8; hour++) {
      town.clock.pass(HOUR - 1);
      town.people.touch(sessionId!);
    }
    town.people.sweep();
    assert.equal(town.ended.length, 0, "8 ms are left");
    town.clock.pass(8);
    assert.equal(await statusOf(town, idle), 401);
    assert.equal(await statusOf(town, streaming), 200);
    town.people.sweep();
    assert.equal(town.ended.length, 1);
    assert.equal(town.ended[0]!.userId, 1);
    assert.notEqual(town.ended[0]!.sessionId, sessionId);
  }));

Deno.test("session: ends 7 days after its login however much it is used", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    for (let hour = 0; hour < 7 * 24; hour++) {
      assert.equal(await statusOf(town, cookie), 200);
      town.clock.pass(HOUR);
    }
    assert.equal(await statusOf(town, cookie), 401);
    town.people.sweep();
    assert.equal(town.ended.length, 1);
  }));

Deno.test("session: last use is written back in batches, at most once a minute", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const saved = async () => {
      town.people.sweep();
      await town.people.settled();
      const [row] = await town.sql((sql) => sql<{ last_used_at: Date }[]>`select last_used_at from sessions`);
      return row!.last_used_at.getTime();
    };
    const atLogin = await saved();
    town.clock.pass(30_000);
    await statusOf(town, cookie);
    assert.equal(await saved(), atLogin);
    town.clock.pass(30_000);
    assert.equal(await saved(), atLogin + 30_000);
  }));

Deno.test("session: holds over a restart, as does its end", () =>
  inTown(async (town) => {
    const stays = await town.login();
    const left = await town.login();
    assert.equal((await town.ask("POST", "/api/logout", { cookie: left })).status, 204);
    await town.restart();
    assert.equal(await statusOf(town, stays), 200);
    assert.equal(await statusOf(town, left), 401);
  }));

Deno.test("session: checks and logout work while the database is away, login says to come back", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const other = await town.login();
    town.database.away = true;
    assert.equal(await statusOf(town, cookie), 200);
    const login = await tryLogin(town, "admin", ADMIN_PASSWORD);
    assert.equal(login.status, 503);
    assert.equal(login.headers.get("retry-after"), "5");
    assert.equal((await login.json()).type, "/problems/database-away");
    assert.equal((await town.ask("POST", "/api/logout", { cookie: other })).status, 204);
    assert.equal(await statusOf(town, other), 401);
    town.database.away = false;
    await town.restart();
    assert.equal(await statusOf(town, cookie), 200);
    assert.equal(await statusOf(town, other), 401, "the end was kept until it could be written");
  }));

Deno.test("session: tries that fail for the database do not count as failed logins", () =>
  inTown(async (town) => {
    town.database.away = true;
    for (let i = 0; i < 60; i++) assert.equal((await tryLogin(town, "admin", "whatever")).status, 503);
    town.database.away = false;
    assert.equal((await tryLogin(town, "admin", ADMIN_PASSWORD)).status, 200);
  }));

Deno.test("session: one user has 50 at most, the least used end first", () =>
  inTown(async (town) => {
    const cookies: string[] = [];
    for (let i = 0; i < 52; i++) {
      town.clock.pass(1);
      cookies.push(await town.login());
    }
    assert.equal(town.ended.length, 2);
    assert.equal(await statusOf(town, cookies[0]!), 401);
    assert.equal(await statusOf(town, cookies[1]!), 401);
    assert.equal(await statusOf(town, cookies[2]!), 200);
  }));

Deno.test("password: a change needs the current one and ends one's other sessions only", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const other = await town.login();
    const change = (body: unknown) => town.ask("PUT", "/api/me/password", { cookie, body });
    const wrong = await change({ current: "not this one", password: "a new long password" });
    assert.equal(wrong.status, 422);
    assert.equal((await wrong.json()).errors[0].path, "current");
    assert.equal((await change({ password: "a new long password" })).status, 422);
    assert.equal((await change({ current: ADMIN_PASSWORD, password: "short" })).status, 422);
    assert.equal((await change({ current: ADMIN_PASSWORD, password: "a new long password" })).status, 204);
    assert.equal(await statusOf(town, cookie), 200);
    assert.equal(await statusOf(town, other), 401);
    assert.deepEqual(town.ended.length, 1);
    assert.equal((await tryLogin(town, "admin", ADMIN_PASSWORD)).status, 401);
    assert.equal((await tryLogin(town, "admin", "a new long password")).status, 200);
  }));

Deno.test("password: current one cannot be guessed from a stolen session", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const answers: number[] = [];
    for (let i = 0; i < 12; i++) {
      const body = { current: `guess ${i}`, password: "a new long password" };
      answers.push((await town.ask("PUT", "/api/me/password", { cookie, body })).status);
    }
    assert.deepEqual(answers, [...Array(10).fill(422), 429, 429]);
  }));

Deno.test("link: logs in once, asks for no current password, and is gone once one is set", () =>
  inTown(async (town) => {
    const token = town.people.firstLink()!;
    assert.match(token, /^[A-Za-z0-9_-]{22}$/);
    const answer = await town.ask("GET", `/login?token=${token}`);
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get("location"), "/");
    const cookie = cookieOf(answer);
    assert.equal((await (await town.ask("GET", "/api/me", { cookie })).json()).has_password, false);
    const again = await town.ask("GET", `/login?token=${token}`);
    assert.equal(again.status, 410);
    assert.match(await again.text(), /no longer valid/);
    assert.equal(again.headers.get("set-cookie"), null);
    const body = { password: "a first long password" };
    assert.equal((await town.ask("PUT", "/api/me/password", { cookie, body })).status, 204);
    assert.equal(town.people.firstLink(), null);
    assert.equal((await tryLogin(town, "admin", "a first long password")).status, 200);
  }, { adminPassword: null }));

Deno.test("link: holds for 10 minutes, only the newest one, and not over a restart", () =>
  inTown(async (town) => {
    const first = town.people.firstLink()!;
    const second = town.people.firstLink()!;
    assert.equal((await town.ask("GET", `/login?token=${first}`)).status, 410);
    town.clock.pass(10 * MINUTE);
    assert.equal((await town.ask("GET", `/login?token=${second}`)).status, 410);
    const third = town.people.firstLink()!;
    town.clock.pass(10 * MINUTE - 1);
    assert.equal((await town.ask("GET", `/login?token=${third}`)).status, 303);
    const fourth = town.people.firstLink()!;
    await town.restart();
    assert.equal((await town.ask("GET", `/login?token=${fourth}`)).status, 410);
  }, { adminPassword: null }));

Deno.test("link: survives a look by HEAD or prefetch and a database that is away, and no token is the login page", () =>
  inTown(async (town) => {
    const path = `/login?token=${town.people.firstLink()}`;
    await town.ask("HEAD", path);
    await town.ask("GET", path, { headers: { "Sec-Purpose": "prefetch;prerender" } });
    town.database.away = true;
    assert.equal((await town.ask("GET", path)).status, 503);
    town.database.away = false;
    assert.equal((await town.ask("GET", path)).status, 303);
    assert.equal(await (await town.ask("GET", "/login")).text(), "the login page");
  }, { adminPassword: null }));

Deno.test("link: user without a password cannot log in by any password", () =>
  inTown(async (town) => {
    for (const password of ["x", "null", "dummy"]) {
      assert.equal((await tryLogin(town, "admin", password)).status, 401);
    }
    await town.restart({ adminPassword: ADMIN_PASSWORD });
    assert.equal((await tryLogin(town, "admin", ADMIN_PASSWORD)).status, 200);
    await town.restart({ adminPassword: "another one, set later" });
    assert.equal((await tryLogin(town, "admin", ADMIN_PASSWORD)).status, 200, "only a missing one is set");
  }, { adminPassword: null }));

Deno.test("row 34: 1,000 login tries at one account stop at its limit, whatever X-Forwarded-For they forge", () =>
  inTown(async (town) => {
    const statuses = new Map<number, number>();
    for (let i = 0; i < 1000; i++) {
      const answer = await tryLogin(town, "admin", `guess ${i}`, {
        from: "198.51.100.7",
        headers: { "X-Forwarded-For": `203.0.113.${i % 250}`, "Forwarded": `for=203.0.113.${i % 250}` },
      });
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status === 429) {
        const wait = Number(answer.headers.get("retry-after"));
        assert.ok(wait >= 1 && wait <= 900, `Retry-After ${wait}`);
      }
    }
    assert.deepEqual([...statuses], [[401, 10], [429, 990]]);
    assert.equal(town.verified.length, 10, "a blocked try costs no hash");
    const right = await tryLogin(town, "admin", ADMIN_PASSWORD, { from: "198.51.100.7" });
    assert.equal(right.status, 429);
    town.clock.pass(15 * MINUTE);
    const later = await tryLogin(town, "admin", ADMIN_PASSWORD, { from: "198.51.100.7" });
    assert.equal(later.status, 200, "the block ended by itself");
    town.people.sweep();
    await town.people.settled();
    const lines = await logOf(town, "login.failed");
    assert.equal(lines.at(-1)?.detail.count, 971);
    assert.equal(lines.length, 31, "30 lines in the minute and one that counts the rest");
    assert.equal(lines.filter((line) => line.result === "wrong").length, 10);
  }));

Deno.test("row 34: 1,000 addresses that try one account are stopped, and its owner comes in from where they were", () =>
  inTown(async (town) => {
    await town.login(); // from HOME
    let passed = 0;
    for (let i = 0; i < 1000; i++) {
      const from = `198.51.${100 + Math.floor(i / 250)}.${i % 250}`;
      if ((await tryLogin(town, "admin", `guess ${i}`, { from })).status === 401) passed++;
    }
    assert.equal(passed, 10);
    assert.equal((await tryLogin(town, "admin", ADMIN_PASSWORD, { from: "203.0.113.1" })).status, 429);
    assert.equal((await tryLogin(town, "admin", ADMIN_PASSWORD, { from: HOME })).status, 200);
    await town.restart();
    assert.equal((await tryLogin(town, "admin", ADMIN_PASSWORD, { from: HOME })).status, 200);
  }));

Deno.test("row 34: one network that tries 1,000 accounts is stopped, and what it tries then blocks nobody", () =>
  inTown(async (town) => {
    let passed = 0;
    for (let i = 0; i < 1000; i++) {
      const from = `2001:db8:1:2::${i.toString(16)}`; // one customer's /64
      const answer = await tryLogin(town, i < 60 ? `user${i}` : "admin", "guess", { from });
      if (answer.status === 401) passed++;
    }
    assert.equal(passed, 50);
    const elsewhere = await tryLogin(town, "admin", ADMIN_PASSWORD, { from: "2001:db8:1:3::1" });
    assert.equal(elsewhere.status, 200);
  }));

Deno.test("row 34: unknown, disabled and passwordless users take the same path and answer as a wrong password", () =>
  inTown(async (town) => {
    const id = await addUser(town, "gone");
    const cookie = await town.login();
    await town.ask("PUT", `/api/users/${id}`, { cookie, body: { status: "disabled" } });
    town.verified.length = 0;
    const answers = [
      await tryLogin(town, "nobody", ADMIN_PASSWORD),
      await tryLogin(town, "admin", "wrong password"),
      await tryLogin(town, "gone", "password of gone"),
    ];
    const told = await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]));
    assert.deepEqual(told[0], told[1]);
    assert.deepEqual(told[2], told[1]);
    assert.deepEqual(town.verified, ["dummy", "plain", "plain"], "each cost one comparison");
    const lines = await logOf(town, "login.failed");
    assert.deepEqual(lines.map((line) => line.actor), ["unknown", "admin", "gone"]);
  }));

Deno.test("row 34: parallel tries count before their passwords are looked at", () =>
  inTown(async (town) => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => tryLogin(town, "admin", `guess ${i}`)),
    );
    assert.equal(answers.filter((answer) => answer.status === 401).length, 10);
    assert.equal(town.verified.length, 10);
  }));

Deno.test("row 38: passwords, cookies and tokens are in no log line and no error", () =>
  inTown(async (town) => {
    await tryLogin(town, "canary-password-in-login-field", "canary-password");
    const cookie = await town.login();
    const made = await town.ask("POST", "/api/tokens", { cookie, body: { name: "probe" } });
    const { token } = await made.json();
    await town.ask("POST", "/api/users", {
      cookie,
      body: { login: "x y", role: "admin", password: "canary-password" },
    });
    await town.ask("PUT", "/api/users/1", { cookie, body: { password: "canary-password-2" } });
    const dump = await town.sql((sql) =>
      sql<{ whole: string }[]>`
      select audit_log::text as whole from audit_log
      union all select sessions::text from sessions union all select api_tokens::text from api_tokens`
    );
    const told = JSON.stringify(dump) + JSON.stringify(town.errors);
    for (const secret of ["canary", cookie.split("=")[1]!, token]) assert.ok(!told.includes(secret));
  }));
