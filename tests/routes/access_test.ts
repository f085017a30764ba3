/**
 * @module
 * Who may do what, for every route of the OpenAPI document, and from whose pages. A route without an entry fails.
 */
import assert from "node:assert/strict";
import { useEmbedded } from "../db/ground.ts";
import { type Asker, ASKERS, type Edge, onEdge } from "./edge.ts";
import type { Operation } from "./openapi.ts";

const ground = useEmbedded();

/** What the contract says: who may call a route. A test of its own, not read from the routes. */
const PUBLIC = "public", ANY = "any", DESK = "admin operator", ADMIN = "admin";
const ENTRIES: Record<string, string> = {
  "POST /api/login": PUBLIC,
  "POST /api/logout": ANY,
  "GET /api/me": ANY,
  "PUT /api/me/password": ANY,
  "GET /login": PUBLIC,
  "GET /api/users": ADMIN,
  "POST /api/users": ADMIN,
  "PUT /api/users/{id}": ADMIN,
  "DELETE /api/users/{id}": ADMIN,
  "PUT /api/users/{id}/phones": ADMIN,
  "GET /api/numbers/{number}": DESK,
  "GET /api/companies": DESK,
  "GET /api/companies/{id}": DESK,
  "POST /api/companies": ADMIN,
  "PUT /api/companies/{id}": ADMIN,
  "DELETE /api/companies/{id}": ADMIN,
  "GET /api/tokens": ANY,
  "POST /api/tokens": ANY,
  "DELETE /api/tokens/{id}": ANY,
  "GET /api/audit": ADMIN,
  "GET /api/intercoms": DESK,
  "GET /api/intercoms/{mac}": DESK,
  "PUT /api/intercoms/{mac}": DESK,
  "DELETE /api/intercoms/{mac}": ADMIN,
  "POST /api/intercoms/{mac}/acknowledge": DESK,
  "POST /api/intercoms/{mac}/open": DESK,
  "POST /api/intercoms/{mac}/credentials": ADMIN,
  "DELETE /api/intercoms/{mac}/credentials": ADMIN,
  "GET /api/commands/{id}": DESK,
  "GET /api/events": DESK,
  "GET /api/events.csv": DESK,
  // An employee's own only: tests/routes/calls_access_test.ts.
  "GET /api/calls": ANY,
  "GET /api/calls.csv": ANY,
  "GET /api/calls/{id}": ANY,
  "POST /api/calls/{id}/accept": ANY,
  "POST /api/calls/{id}/reject": ANY,
  "POST /api/calls/{id}/hangup": ANY,
  "POST /api/calls/{id}/transfer": ANY,
  "PUT /api/calls/{id}/notes": ANY,
  "POST /api/test-calls": ADMIN,
  "GET /api/endpoints": DESK,
  "GET /api/endpoints/{name}": DESK,
  "POST /api/endpoints/{name}/refresh": DESK,
  "GET /api/endpoints/{name}/history": DESK,
  "GET /api/endpoint-alerts": DESK,
  "GET /api/endpoints/{name}/logs": DESK,
  "GET /api/endpoints/{name}/logs.txt": DESK,
  "GET /api/logs": DESK,
  "GET /api/logs.txt": DESK,
  // Who is no admin gets it masked: tests/routes/endpoint_config_test.ts.
  "GET /api/endpoints/{name}/config": DESK,
  "GET /api/endpoints/{name}/config/versions": DESK,
  "GET /api/config-templates": DESK,
  "POST /api/endpoints/{name}/config": ADMIN,
  "PUT /api/endpoints/{name}/config": ADMIN,
  "DELETE /api/endpoints/{name}/config": ADMIN,
  "POST /api/endpoints/{name}/config/rollback": ADMIN,
  "GET /api/stream": ANY,
  "GET /api/links": ANY,
  "GET /api/settings": ANY,
  "GET /api/dead-letters": DESK,
  "GET /livez": PUBLIC,
  "GET /readyz": PUBLIC,
  "GET /metrics": PUBLIC,
};

/** Routes that the app has beside the document: its pages, and the document itself. */
const PAGES = [
  "/",
  "/login",
  "/intercoms",
  "/intercoms/:mac",
  "/calls",
  "/calls/:id",
  "/endpoints",
  "/endpoints/new",
  "/endpoints/:name",
  "/endpoints/:name/logs",
  "/endpoints/:name/config",
  "/logs",
  "/events",
  "/settings",
  // Refuses by itself: tests/routes/socket_rights_test.ts.
  "/ws",
  "/feed",
  "/docs",
  "/favicon.ico",
  "/assets/:name",
  "/openapi.json",
];

/** A path with values that nothing has. */
function pathOf({ path }: Operation): string {
  return path.replace("{id}", "999999").replace("{mac}", "AA:BB:CC:99").replace("{number}", "999999")
    .replace("{name}", "nobody-ep");
}

/** Asks with values that change nothing; a stream is closed at once. */
async function statusOf(
  edge: Edge,
  operation: Operation,
  as: Asker,
  headers: Record<string, string> = {},
): Promise<number> {
  const { method } = operation;
  const withBody = operation.described.requestBody !== undefined;
  const answer = await edge.raw(method, pathOf(operation), {
    as,
    headers,
    ...(withBody ? { body: { nothing: true } } : {}),
  });
  await answer.body?.cancel();
  return answer.status;
}

Deno.test("row 32: every route names its audience as the contract has it, and nothing else is there", () =>
  onEdge(ground, async ({ app, document }) => {
    const found = Object.fromEntries(document.operations.map(({ method, path, audience }) => [
      `${method} ${path}`,
      [...audience].sort().join(" "),
    ]));
    assert.deepEqual(found, ENTRIES);
    await Promise.resolve();
    for (const { method, path } of app.routes) {
      if (method === "ALL" && path === "/*") continue;
      const described = `${method} ${path.replace(/:(\w+)/g, "{$1}")}`;
      assert.ok(described in ENTRIES || PAGES.includes(path), `${described} is in neither list`);
    }
  }));

for (const as of ASKERS) {
  Deno.test(`row 32: ${as} gets in where the audience says so, and nowhere else`, () =>
    onEdge(ground, async (edge) => {
      const role = as === "token of operator" ? "operator" : as;
      for (const operation of edge.document.operations) {
        const entry = ENTRIES[`${operation.method} ${operation.path}`];
        // Logging out would end the matrix; it has a test of its own.
        if (operation.path === "/api/logout" && role !== "nobody") continue;
        const status = await statusOf(edge, operation, as);
        const what = `${operation.method} ${operation.path} as ${as}: ${status}`;
        const open = entry === PUBLIC;
        if (open || (role !== "nobody" && (entry === ANY || entry!.split(" ").includes(role)))) {
          assert.ok([200, 201, 204, 404, 422].includes(status), what);
        } else {
          assert.equal(status, role === "nobody" ? 401 : 403, what);
        }
      }
    }));
}

/** Origin, Sec-Fetch-Site, and whether the sender is let through. */
const ORIGINS: [origin: string | null, site: string | null, allowed: boolean][] = [
  [null, null, true],
  ["http://doors.test", "same-origin", true],
  ["https://doors.example", "cross-site", true],
  ["null", null, false],
  ["http://evil.test", null, false],
  ["http://evil.test", "same-origin", false],
  ["http://doors.test.evil.test", null, false],
  ["http://doors.test:8001", null, false],
  [null, "cross-site", false],
  [null, "same-site", false],
];

Deno.test("row 24: Origin matrix holds for every route that changes something and for the stream", () =>
  onEdge(ground, async (edge) => {
    const held = edge.document.operations.filter(({ method, path }) =>
      method !== "GET" || path === "/api/stream"
    );
    assert.ok(held.length > 12);
    for (const operation of held) {
      for (const [origin, site, allowed] of ORIGINS) {
        if (allowed && operation.path === "/api/logout") continue;
        const headers = {
          ...(origin === null ? {} : { Origin: origin }),
          ...(site === null ? {} : { "Sec-Fetch-Site": site }),
        };
        const status = await statusOf(edge, operation, "admin", headers);
        const what = `${operation.method} ${operation.path} from ${origin} ${site}: ${status}`;
        if (allowed) assert.ok(status !== 403 && status < 500, what);
        else assert.equal(status, 403, what);
      }
    }
    assert.equal(edge.sent.length, 0);
  }, { publicOrigins: ["https://doors.example"] }));

Deno.test("row 32: logout ends the session everywhere", () =>
  onEdge(ground, async (edge) => {
    assert.equal((await edge.ask("POST", "/api/logout")).status, 204);
    for (const path of ["/api/me", "/api/intercoms", "/api/stream"]) {
      assert.equal((await edge.ask("GET", path)).status, 401, path);
    }
  }));
