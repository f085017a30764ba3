/**
 * @module
 * The guard: whose page may send, whose address is believed, and that each route names its audience.
 */
import assert from "node:assert/strict";
import { Hono } from "hono";
import { type AppEnv, createGuard, ROLES_EXTENSION } from "../../routes/guard.ts";
import { addUser, HOME, inTown, type Town, type TownOptions, useDatabase } from "../support/people.ts";

useDatabase();

const PUBLIC = "https://doors.example";
const JWT_NONE = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwicm9sZSI6ImFkbWluIn0.";

/** Origin, Sec-Fetch-Site, and whether the sender is let through. */
const ORIGINS: [origin: string | null, site: string | null, allowed: boolean][] = [
  [null, null, true],
  ["http://doors.test", null, true],
  ["https://doors.test", null, true],
  ["http://doors.test", "same-origin", true],
  ["HTTP://DOORS.TEST", "same-origin", true],
  [null, "same-origin", true],
  [null, "none", true],
  [PUBLIC, "cross-site", true],
  [PUBLIC, null, true],
  ["null", null, false],
  ["null", "same-origin", false],
  ["", null, false],
  ["http://evil.test", null, false],
  ["http://evil.test", "same-origin", false],
  ["http://doors.test.evil.test", null, false],
  ["http://doors.test:8001", null, false],
  ["http://evil.test#doors.test", null, false],
  ["http://doors.test@evil.test", null, false],
  ["https://doors.example.evil.test", null, false],
  ["http://doors.example", null, false],
  ["http://doors.test", "cross-site", false],
  ["http://doors.test", "same-site", false],
  [null, "cross-site", false],
  [null, "same-site", false],
];

function headersOf(origin: string | null, site: string | null): Record<string, string> {
  return {
    ...(origin === null ? {} : { Origin: origin }),
    ...(site === null ? {} : { "Sec-Fetch-Site": site }),
  };
}

Deno.test("row 24: Origin matrix holds for what changes something, for streams and for sockets", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const upgrade = { Upgrade: "websocket", Connection: "Upgrade" };
    const ways: [method: string, path: string, headers: Record<string, string>][] = [
      ["PUT", "/api/users/1", {}],
      ["GET", "/api/stream", {}],
      ["GET", "/where", upgrade],
    ];
    for (const [origin, site, allowed] of ORIGINS) {
      for (const [method, path, extra] of ways) {
        const body = method === "PUT" ? { first_name: "Ann" } : undefined;
        const headers = { ...headersOf(origin, site), ...extra };
        const answer = await town.ask(method, path, { cookie, headers, body });
        const what = `${method} ${path} from Origin ${origin}, Sec-Fetch-Site ${site}`;
        // A socket has no preflight, and a browser that opens one always says Origin: a cookie without is borrowed.
        const fine = allowed && !(extra === upgrade && origin === null);
        assert.equal(answer.status, fine ? 200 : 403, what);
        if (!fine) assert.equal((await answer.json()).type, "/problems/foreign-origin", what);
      }
      const read = await town.ask("GET", "/api/me", { cookie, headers: headersOf(origin, site) });
      assert.equal(read.status, 200, "a plain read is kept from foreign scripts by the browser");
    }
  }, { publicOrigins: [`${PUBLIC}/`] }));

Deno.test("row 24: a socket without a cookie needs no Origin, and a foreign one is refused all the same", () =>
  inTown(async (town) => {
    const bearer = await tokenOf(town, await town.login());
    const upgrade = { Upgrade: "WebSocket", Connection: "Upgrade" };
    const evil = { ...upgrade, Origin: "http://evil.test" };
    assert.equal((await town.ask("GET", "/where", { headers: upgrade })).status, 200);
    assert.equal((await town.ask("GET", "/where", { headers: upgrade, bearer })).status, 200);
    assert.equal((await town.ask("GET", "/where", { headers: evil })).status, 403);
  }));

Deno.test("row 24: a port of its own takes the pages of the other port of the same host, and of no third", async () => {
  const guard = createGuard({
    people: { identify: () => null },
    trustProxy: [],
    publicOrigins: [PUBLIC],
    pagesPort: () => 8000,
  });
  const app = new Hono<AppEnv>().use(guard.identify, guard.sameOrigin).get("/", (c) => c.text("in"));
  const cases: [host: string, origin: string, status: number][] = [
    ["doors.test:3771", "http://doors.test:8000", 200],
    ["doors.test:3771", "http://doors.test:3771", 200],
    ["[::1]:3771", "http://[::1]:8000", 200],
    ["doors.test:3771", PUBLIC, 200],
    ["doors.test:3771", "http://doors.test:5000", 403],
    ["doors.test:3771", "http://doors.test", 403],
    ["doors.test:3771", "http://evil.test:8000", 403],
    ["doors.test:3771", "null", 403],
    ["a b", "null", 403],
  ];
  for (const [host, origin, status] of cases) {
    const headers = { Host: host, Origin: origin, Upgrade: "websocket", "Sec-Fetch-Site": "same-site" };
    // A page of the very host and port is said to be of the same origin.
    if (origin.endsWith(host)) headers["Sec-Fetch-Site"] = "same-origin";
    const answer = await app.request("http://doors.test:3771/", { headers });
    assert.equal(answer.status, status, `${origin} at ${host}`);
  }
});

Deno.test("row 24: login and logout are held to the own origin too", () =>
  inTown(async (town) => {
    const headers = { Origin: "http://evil.test" };
    const body = { login: "admin", password: "whatever it is" };
    assert.equal((await town.ask("POST", "/api/login", { headers, body })).status, 403);
    const cookie = await town.login();
    assert.equal((await town.ask("POST", "/api/logout", { headers, cookie })).status, 403);
    assert.equal((await town.ask("GET", "/api/me", { cookie })).status, 200);
  }));

Deno.test("origin: API token without a cookie is exempt, with a cookie it is not", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const bearer = await tokenOf(town, cookie);
    const headers = { Origin: "http://evil.test", "Sec-Fetch-Site": "cross-site" };
    const body = { first_name: "Ann" };
    assert.equal((await town.ask("PUT", "/api/users/1", { bearer, headers, body })).status, 200);
    assert.equal((await town.ask("PUT", "/api/users/1", { bearer, cookie, headers, body })).status, 403);
    assert.equal((await town.ask("PUT", "/api/users/1", { bearer: "x", cookie, headers, body })).status, 403);
  }));

Deno.test("address: X-Forwarded-For counts only from a trusted proxy, and only its last word", async () => {
  const cases: [trust: string[], peer: string, forwarded: string | null, address: string][] = [
    [[], HOME, "203.0.113.9", HOME],
    [["10.0.0.1"], HOME, "203.0.113.9", HOME],
    [["10.0.0.1"], "10.0.0.1", "203.0.113.9", "203.0.113.9"],
    [["10.0.0.1"], "10.0.0.1", "198.51.100.66, 203.0.113.9", "203.0.113.9"],
    [["10.0.0.0/8"], "10.1.2.3", "198.51.100.66, 203.0.113.9, 10.9.9.9", "203.0.113.9"],
    [["10.0.0.0/8"], "10.1.2.3", "10.9.9.9", "10.1.2.3"],
    [["10.0.0.0/8"], "10.1.2.3", null, "10.1.2.3"],
    [["10.0.0.0/8"], "10.1.2.3", "198.51.100.66, <script>", "10.1.2.3"],
    [["10.0.0.0/8"], "::ffff:10.1.2.3", "2001:db8::5", "2001:db8::5"],
    [["fd00::/8"], "fd00::1", "203.0.113.9", "203.0.113.9"],
    [["0.0.0.0/0"], HOME, Array(5000).fill("203.0.113.9").join(","), HOME],
  ];
  for (const [trustProxy, peer, forwarded, address] of cases) {
    await inTown(async (town) => {
      const headers: Record<string, string> = forwarded === null ? {} : { "X-Forwarded-For": forwarded };
      const answer = await (await town.ask("GET", "/where", { from: peer, headers })).json();
      assert.equal(answer.address, address, `${peer} saying ${forwarded?.slice(0, 60)}`);
    }, { trustProxy } as TownOptions);
  }
});

Deno.test("address: is the peer's as Deno.serve tells it", () =>
  inTown(async (town) => {
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, town.app.fetch);
    const url = `http://127.0.0.1:${server.addr.port}/where`;
    const answer = await (await fetch(url, { headers: { "X-Forwarded-For": "203.0.113.9" } })).json();
    await server.shutdown();
    assert.deepEqual(answer, { address: "127.0.0.1", https: false });
  }));

Deno.test("address: proxy that is no address stops the start", () => {
  const people = { identify: () => null };
  for (const bad of ["", "proxy.example", "10.0.0.0/33", "10.0.0.1/x", "::/129"]) {
    assert.throws(() => createGuard({ people, trustProxy: [bad], publicOrigins: [] }), TypeError, bad);
  }
});

Deno.test("roles: every route in the OpenAPI document names its audience, and holds to it", () =>
  inTown(async (town) => {
    await addUser(town, "olga", "operator");
    await addUser(town, "emil", "employee");
    const cookies: Record<string, () => Promise<string | undefined>> = {
      nobody: () => Promise.resolve(undefined),
      admin: () => town.login(),
      operator: () => town.login("olga", "password of olga"),
      employee: () => town.login("emil", "password of emil"),
    };
    const document = town.app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "x", version: "1" } });
    const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
      Object.entries(item as Record<string, Record<string, unknown>>).map(([method, operation]) => ({
        method,
        path,
        audience: (operation[ROLES_EXTENSION] ?? []) as string[],
      }))
    );
    assert.equal(operations.length, 13);
    for (const { method, path, audience } of operations) {
      const what = `${method.toUpperCase()} ${path}`;
      assert.ok(audience.length > 0, `${what} names no audience`);
      for (const [role, cookieFor] of Object.entries(cookies)) {
        // Values that no route takes, so that nothing changes: who is refused is refused before they count.
        const answer = await town.ask(method.toUpperCase(), path.replace("{id}", "999999"), {
          cookie: await cookieFor(),
          body: method === "get" || method === "delete" ? undefined : { nothing: true },
        });
        const open = audience.includes("public");
        const allowed = open || audience.includes("any")
          ? open || role !== "nobody"
          : audience.includes(role);
        const expected = allowed ? [200, 204, 404, 422] : [role === "nobody" ? 401 : 403];
        assert.ok(expected.includes(answer.status), `${what} as ${role}: ${answer.status}`);
      }
    }
  }));

Deno.test("row 33: API token that is wrong, expired, revoked or of a disabled user, and alg=none, are 401", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const id = await addUser(town, "robot", "operator");
    const robot = await town.login("robot", "password of robot");
    const refused = async (bearer: string, what: string) => {
      const answer = await town.ask("GET", "/api/me", { bearer });
      assert.equal(answer.status, 401, what);
      assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
    };
    const good = await tokenOf(town, robot);
    assert.equal((await (await town.ask("GET", "/api/me", { bearer: good })).json()).login, "robot");
    assert.equal(
      (await town.ask("GET", "/api/users", { bearer: good })).status,
      403,
      "a token has its user's role",
    );

    await refused(JWT_NONE, "alg=none");
    await refused(`dl_${JWT_NONE}`, "alg=none in disguise");
    const flipped = good.slice(0, -2) + (good.at(-2) === "A" ? "B" : "A") + good.at(-1);
    await refused(flipped, "one character changed");
    await refused(robot.split("=")[1]!, "a session's secret");
    assert.equal((await town.ask("GET", "/api/me", { cookie: `doorline_session=${good}` })).status, 401);
    const both = await town.ask("GET", "/api/me", { bearer: flipped, cookie });
    assert.equal(both.status, 401, "a wrong token does not fall back to the cookie");

    const short = await tokenOf(town, robot, { expires_in_days: 1 });
    town.ended.length = 0;
    town.clock.pass(24 * 3_600_000 - 1);
    assert.equal((await town.ask("GET", "/api/me", { bearer: short })).status, 200);
    town.clock.pass(1);
    await refused(short, "expired");
    town.people.sweep();
    town.people.sweep();
    assert.equal(town.ended.filter((ended) => ended.tokenId !== undefined).length, 1, "told once");

    const fresh = await town.login("robot", "password of robot");
    const list = await (await town.ask("GET", "/api/tokens", { cookie: fresh })).json();
    assert.equal(
      (await town.ask("DELETE", `/api/tokens/${list.items[0].id}`, { cookie: fresh })).status,
      204,
    );
    await refused(good, "revoked");

    const last = await tokenOf(town, fresh);
    const admin = await town.login();
    await town.ask("PUT", `/api/users/${id}`, { cookie: admin, body: { status: "disabled" } });
    await refused(last, "of a disabled user");
    await town.restart();
    for (const bearer of [good, short, last]) await refused(bearer, "after a restart too");
  }));

Deno.test("headers: content policy, no sniffing and no caching are on answers and on problems alike", () =>
  inTown(async (town) => {
    for (const [path, status] of [["/api/me", 401], ["/where", 200], ["/nowhere", 404]] as const) {
      const answer = await town.ask("GET", path);
      assert.equal(answer.status, status);
      const policy = answer.headers.get("content-security-policy") ?? "";
      for (
        const part of [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "frame-ancestors 'none'",
        ]
      ) {
        assert.ok(policy.split("; ").includes(part), `${part} at ${path}`);
      }
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      assert.equal(answer.headers.get("referrer-policy"), "same-origin");
    }
    assert.equal((await town.ask("GET", "/api/me")).headers.get("cache-control"), "no-store");
    assert.match(
      (await town.ask("GET", "/docs/")).headers.get("content-security-policy")!,
      /'unsafe-inline'/,
    );
    assert.doesNotMatch((await town.ask("GET", "/docsx")).headers.get("content-security-policy")!, /unsafe/);
  }));

Deno.test("problem: what nobody expected is logged, and told without its inside", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    await town.sql((sql) => sql`alter table audit_log rename to audit_log_away`);
    const answer = await town.ask("GET", "/api/audit", { cookie });
    await town.sql((sql) => sql`alter table audit_log_away rename to audit_log`);
    assert.equal(answer.status, 500);
    const text = await answer.text();
    assert.doesNotMatch(text, /audit_log|select|at /);
    assert.equal(JSON.parse(text).type, "/problems/internal");
    assert.equal(town.errors.length, 1);
  }));

async function tokenOf(town: Town, cookie: string, more: { expires_in_days?: number } = {}): Promise<string> {
  const answer = await town.ask("POST", "/api/tokens", { cookie, body: { name: "probe", ...more } });
  assert.equal(answer.status, 201);
  return (await answer.json()).token;
}
