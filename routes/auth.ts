/**
 * @module
 * Coming in and going out: login by password and by one-time link, logout, oneself, one's password.
 */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Directory } from "../actors/directory.ts";
import type { People } from "../actors/people/people.ts";
import type { Origin } from "../actors/people/who.ts";
import { type AppEnv, type Guard, onlyFor, ROLES_EXTENSION, route, SESSION_COOKIE, whoOf } from "./guard.ts";
import { defaultHook, problem, type ProblemResponse, unreachable } from "./problem.ts";
import { Me, PasswordChange, Problem } from "./schemas.ts";

/** The longest that a session lasts, so the longest that a cookie needs to. */
const COOKIE_SECONDS = 7 * 24 * 3600;

const Login = z.object({
  login: z.string().min(1, "expected a login").max(100),
  password: z.string().min(1, "expected a password").max(200),
}).strict().openapi("Login");

const me = { description: "Oneself", content: { "application/json": { schema: Me } } };
const limited = {
  description: "Too many tries; Retry-After says when to come back",
  content: { "application/problem+json": { schema: Problem } },
};

const loginRoute = route(["public"], {
  method: "post",
  path: "/api/login",
  summary: "Log in",
  request: { body: { content: { "application/json": { schema: Login } } } },
  responses: {
    200: me,
    401: {
      description: "Wrong login or password",
      content: { "application/problem+json": { schema: Problem } },
    },
    429: limited,
  },
});

const logoutRoute = route(["any"], {
  method: "post",
  path: "/api/logout",
  summary: "End this session",
  responses: { 204: { description: "Ended" } },
});

const meRoute = route(["any"], {
  method: "get",
  path: "/api/me",
  summary: "Who am I",
  responses: { 200: me },
});

const passwordRoute = route(["any"], {
  method: "put",
  path: "/api/me/password",
  summary: "Change one's own password; the other sessions end",
  request: { body: { content: { "application/json": { schema: PasswordChange } } } },
  responses: { 204: { description: "Changed" }, 429: limited },
});

/** Routes of logging in and out. `GET /login` without a token falls through to what is mounted later. */
export function authRoutes(
  deps: { people: People; directory: Pick<Directory, "phonesOf">; guard: Guard },
): OpenAPIHono<AppEnv> {
  const { people, directory, guard } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });
  const withPhones = <T extends { id: number }>(view: T) => ({
    ...view,
    phones: directory.phonesOf(view.id),
  });

  function remember(c: Context<AppEnv>, secret: string): void {
    setCookie(c, SESSION_COOKIE, secret, {
      path: "/",
      httpOnly: true,
      sameSite: "Lax",
      secure: guard.isHttps(c),
      maxAge: COOKIE_SECONDS,
    });
  }

  app.openapi(loginRoute, async (c) => {
    const { login, password } = c.req.valid("json");
    const result = await people.login(login, password, originOf(c), getCookie(c, SESSION_COOKIE));
    switch (result.kind) {
      case "in":
        remember(c, result.secret);
        return c.json(withPhones(result.me), 200);
      case "wrong":
        return problem(c, { status: 401, type: "wrong-login", title: "The login or the password is wrong" });
      case "limited":
        return tooMany(c, result.retryAfterSeconds);
      default:
        return unreachable(result);
    }
  });

  app.openapi(logoutRoute, async (c) => {
    await people.logout({ who: whoOf(c), address: c.var.address });
    deleteCookie(c, SESSION_COOKIE, { path: "/", secure: guard.isHttps(c) });
    return c.body(null, 204);
  });

  app.openapi(meRoute, (c) => {
    const view = people.me(whoOf(c));
    // Whoever was identified a moment ago is there, unless removed within this request.
    if (!view) return problem(c, { status: 401, type: "not-logged-in", title: "You are not logged in" });
    return c.json(withPhones(view), 200);
  });

  app.openapi(passwordRoute, async (c) => {
    const by = { who: whoOf(c), address: c.var.address };
    const result = await people.accounts.changePassword(by, c.req.valid("json"));
    switch (result.kind) {
      case "changed":
        return c.body(null, 204);
      case "wrong_current":
        return problem(c, {
          status: 422,
          type: "invalid-values",
          title: "The current password is wrong",
          errors: [{ path: "current", message: "expected the current password" }],
        });
      case "session_needed":
        return sessionNeeded(c);
      case "limited":
        return tooMany(c, result.retryAfterSeconds);
      default:
        return unreachable(result);
    }
  });

  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/login",
    summary: "The login page; with a token, log in by a one-time link",
    [ROLES_EXTENSION]: ["public"],
    security: [],
    request: { query: z.object({ token: z.string().optional() }) },
    responses: {
      200: { description: "The login page" },
      303: { description: "Logged in" },
      410: { description: "The link was used or is too old: a page that says so" },
    },
  });
  app.get("/login", onlyFor(["public"]), async (c, next) => {
    const token = c.req.query("token");
    // What only looks at a link (HEAD, a prefetch) must not use it up.
    const looks = c.req.method !== "GET" || (c.req.header("sec-purpose") ?? "").includes("prefetch");
    if (token === undefined || looks) return await next();
    const result = await people.loginByLink(token, originOf(c), getCookie(c, SESSION_COOKIE));
    if (result.kind !== "in") return c.html(USED_LINK, 410);
    remember(c, result.secret);
    return c.redirect("/", 303);
  });

  return app;
}

/** Says that only a session may do this, not an API token. */
export function sessionNeeded(c: Context): ProblemResponse {
  return problem(c, {
    status: 403,
    type: "session-needed",
    title: "An API token may not do this",
    detail: "expected the session of somebody who is logged in",
  });
}

/** Says how long to wait. */
export function tooMany(c: Context, seconds: number): ProblemResponse {
  return problem(c, {
    status: 429,
    type: "too-many-tries",
    title: "Too many tries",
    detail: `Try again in ${seconds} s`,
    headers: { "Retry-After": String(seconds) },
  });
}

function originOf(c: Context<AppEnv>): Origin {
  return { address: c.var.address, userAgent: c.req.header("user-agent") ?? null };
}

/** Plain on purpose: the content policy allows no style inside a page. */
const USED_LINK = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Doorline: link no longer valid</title>
<h1>This login link is no longer valid</h1>
<p>It was used already, or it is older than ten minutes. Restart Doorline to get a new one, or
<a href="/login">log in with a password</a>.</p>
</html>
`;
