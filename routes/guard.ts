/**
 * @module
 * Who may do what at the HTTP edge: says who asks and from where, refuses what another site's page
 * sent, and lets a route name the roles it is for. It knows no passwords and keeps no state.
 */
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { createRoute, type OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import type { Role, Shown, Who } from "../actors/people/who.ts";
import { createClientAddress } from "./client_address.ts";
import { problem } from "./problem.ts";
import { Problem } from "./schemas.ts";

export type { Role, Who };

/** What every handler finds in its context. */
export type AppEnv = {
  Variables: {
    /** Null when nobody is logged in. */
    who: Who | null;
    /** Where the request came from; `unknown` when the server did not say. */
    address: string;
    requestId?: string;
  };
};

/** Whom a route is for: roles, anybody who is logged in, or everybody. */
export type Audience = Role | "any" | "public";

/** Name of the session cookie. */
export const SESSION_COOKIE = "doorline_session";

/** The extension of an OpenAPI operation that names its audience. */
export const ROLES_EXTENSION = "x-doorline-roles";

interface GuardOptions {
  people: { identify(shown: Shown): Who | null };
  /** Addresses or CIDR ranges of proxies whose `X-Forwarded-*` headers are believed. */
  trustProxy: string[];
  /** Origins, beside the own host, whose pages may send: `https://doors.example`. */
  publicOrigins: string[];
  /** The port of Doorline's pages, where what is guarded has another one on the same host. */
  pagesPort?: () => number;
}

/** The guard's parts. */
export interface Guard {
  /** Fills `who` and `address`; refuses nobody. */
  identify: MiddlewareHandler<AppEnv>;
  /** Refuses what another site's page sent; belongs after `identify`. */
  sameOrigin: MiddlewareHandler<AppEnv>;
  /** Whether the browser speaks https, be it to a trusted proxy. */
  isHttps(c: Context): boolean;
}

/** Builds the guard. @throws TypeError when a trusted proxy or an origin cannot be read */
export function createGuard(options: GuardOptions): Guard {
  const { people } = options;
  const client = createClientAddress(options.trustProxy);
  const allowed = new Set(options.publicOrigins.map((origin) => new URL(origin).origin));
  const isAllowed = (origin: string, host: string) => {
    const port = options.pagesPort?.();
    if (allowed.has(origin) || port === undefined) return allowed.has(origin);
    const pages = hostOf(`http://${host}`, port);
    return pages !== null && hostOf(origin) === pages;
  };

  return {
    async identify(c, next) {
      const bearer = bearerOf(c);
      const cookie = getCookie(c, SESSION_COOKIE);
      c.set("address", client.address(c));
      c.set("who", people.identify(bearer === undefined ? { cookie } : { bearer }));
      await next();
    },

    async sameOrigin(c, next) {
      if (needsOwnOrigin(c) && isForeign(c, isAllowed)) {
        return problem(c, {
          status: 403,
          type: "foreign-origin",
          title: "Another site's page may not do this",
          detail: "expected an Origin that is Doorline's own",
        });
      }
      await next();
    },

    isHttps(c) {
      return client.isHttps(c);
    },
  };
}

/**
 * Describes a route that is for `audience` only: `createRoute` with the check, the OpenAPI extension
 * that a test builds its matrix from, and the problems that any such route may answer.
 * A body counts as required unless the route says otherwise, else it could be left out unvalidated.
 */
export function route<P extends string, R extends Omit<RouteConfig, "path"> & { path: P }>(
  audience: readonly Audience[],
  config: R,
): ReturnType<typeof createRoute<P, R>> {
  const open = audience.includes("public");
  const { request, middleware } = config;
  const body = request?.body;
  const given = middleware === undefined ? [] : Array.isArray(middleware) ? middleware : [middleware];
  const whole = {
    ...config,
    ...(body === undefined ? {} : { request: { ...request, body: { required: true, ...body } } }),
    [ROLES_EXTENSION]: [...audience],
    security: open ? [] : [{ session: [] }, { token: [] }],
    middleware: [onlyFor(audience), ...given],
    responses: { ...problemResponses(open, request !== undefined, body !== undefined), ...config.responses },
  };
  // What was added changes nothing that a handler's type is made of.
  return createRoute(whole as R);
}

/** Lets only `audience` through: 401 to nobody, 403 to somebody else. */
export function onlyFor(audience: readonly Audience[]): MiddlewareHandler<AppEnv> {
  return async function role(c, next) {
    const { who } = c.var;
    if (audience.includes("public")) return await next();
    if (!who) {
      return problem(c, {
        status: 401,
        type: "not-logged-in",
        title: "You are not logged in",
        headers: { "WWW-Authenticate": 'Bearer realm="Doorline"' },
      });
    }
    if (!audience.includes("any") && !audience.includes(who.role)) {
      return problem(c, {
        status: 403,
        type: "not-allowed",
        title: "Your role may not do this",
        detail: `expected role ${audience.join(" or ")}`,
      });
    }
    await next();
  };
}

/** Tells OpenAPI how one logs in. */
export function registerSecurity(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: SESSION_COOKIE,
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
}

/** The person that a route which is not public was called by. @throws Error on a public route */
export function whoOf(c: Context<AppEnv>): Who {
  const { who } = c.var;
  if (!who) throw new Error(`Cannot say who asks: ${c.req.method} ${c.req.routePath} has no guard`);
  return who;
}

function problemResponses(open: boolean, hasInput: boolean, hasBody: boolean): RouteConfig["responses"] {
  const codes: [number, string][] = [];
  if (hasBody) codes.push([400, "The body is not JSON"], [413, "The body is too large"]);
  if (!open) codes.push([401, "Not logged in"]);
  codes.push([403, open ? "Sent by another site's page" : "Not allowed"]);
  if (hasBody) codes.push([415, "The body is not application/json"]);
  if (hasInput) codes.push([422, "Values are not as expected"]);
  codes.push([503, "The database is away"]);
  const content = { "application/problem+json": { schema: Problem } };
  return Object.fromEntries(codes.map(([code, description]) => [code, { description, content }]));
}

function bearerOf(c: Context): string | undefined {
  return /^bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "")?.[1];
}

/** A page's script can read neither answer of a plain GET, but it can hold a stream or a socket. */
function needsOwnOrigin(c: Context): boolean {
  const { method, path } = c.req;
  if (method !== "GET" && method !== "HEAD" && method !== "OPTIONS") return true;
  return path === "/api/stream" || isUpgrade(c);
}

/** Whether a request asks for a WebSocket. */
export function isUpgrade(c: Context): boolean {
  return c.req.header("upgrade")?.toLowerCase() === "websocket";
}

/**
 * Browsers say where a request comes from in Origin and in Sec-Fetch-Site; a client that says
 * neither is no browser and holds no cookie that a stranger's page could borrow.
 */
function isForeign(c: Context, isAllowed: (origin: string, host: string) => boolean): boolean {
  const cookie = getCookie(c, SESSION_COOKIE);
  // Another site's page cannot know the token, and cannot send the header without a preflight.
  if (bearerOf(c) !== undefined && cookie === undefined) return false;
  const origin = c.req.header("origin");
  if (origin !== undefined) {
    const host = (c.req.header("host") ?? new URL(c.req.url).host).toLowerCase();
    if (isAllowed(origin, host)) return false;
    if (hostOf(origin) !== host) return true;
  } else if (isUpgrade(c) && cookie !== undefined) {
    // A browser that opens a socket always names the page (RFC 6455, section 4.1), and nobody asks it for a preflight.
    return true;
  }
  const site = c.req.header("sec-fetch-site");
  return site !== undefined && site !== "same-origin" && site !== "none";
}

/** The host of an origin, with that port where one is given. */
function hostOf(origin: string, port?: number): string | null {
  // "null" is what sandboxed frames and redirected posts send; it is no URL.
  if (!URL.canParse(origin)) return null;
  const url = new URL(origin);
  if (port !== undefined) url.port = String(port);
  return url.host;
}
