/**
 * @module
 * Users, for admins, and one's own API tokens.
 */
import type { Context } from "hono";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { People } from "../actors/people/people.ts";
import type { UserView } from "../actors/people/roster.ts";
import { sessionNeeded, tooMany } from "./auth.ts";
import { type AppEnv, route, whoOf } from "./guard.ts";
import { idParam, nextOf, pageQuery } from "./paging.ts";
import { defaultHook, problem, type ProblemResponse, unreachable } from "./problem.ts";
import { NewToken, NewTokenAnswer, NewUser, page, Problem, Token, User, UserChange } from "./schemas.ts";

const problemContent = { "application/problem+json": { schema: Problem } };
const user = { "application/json": { schema: User } };

const listUsersRoute = route(["admin"], {
  method: "get",
  path: "/api/users",
  summary: "Users",
  request: { query: pageQuery },
  responses: { 200: { description: "A page", content: { "application/json": { schema: page(User) } } } },
});

const createUserRoute = route(["admin"], {
  method: "post",
  path: "/api/users",
  summary: "Add a user",
  request: { body: { content: { "application/json": { schema: NewUser } } } },
  responses: {
    201: { description: "Added", content: user },
    409: { description: "The login is taken", content: problemContent },
    429: { description: "Too many passwords at once", content: problemContent },
  },
});

const changeUserRoute = route(["admin"], {
  method: "put",
  path: "/api/users/{id}",
  summary: "Change a user; what is left out stays",
  request: { params: idParam, body: { content: { "application/json": { schema: UserChange } } } },
  responses: {
    200: { description: "Changed", content: user },
    404: { description: "No such user", content: problemContent },
    409: { description: "The last active admin has to stay one", content: problemContent },
    429: { description: "Too many passwords at once", content: problemContent },
  },
});

const removeUserRoute = route(["admin"], {
  method: "delete",
  path: "/api/users/{id}",
  summary: "Remove a user; what they did stays in the log",
  request: { params: idParam },
  responses: {
    204: { description: "Removed" },
    404: { description: "No such user", content: problemContent },
    409: { description: "The last active admin has to stay", content: problemContent },
  },
});

const listTokensRoute = route(["any"], {
  method: "get",
  path: "/api/tokens",
  summary: "One's own API tokens",
  request: { query: pageQuery },
  responses: { 200: { description: "A page", content: { "application/json": { schema: page(Token) } } } },
});

const createTokenRoute = route(["any"], {
  method: "post",
  path: "/api/tokens",
  summary: "Make an API token for oneself; its secret is shown this once",
  request: { body: { content: { "application/json": { schema: NewToken } } } },
  responses: {
    201: { description: "Made", content: { "application/json": { schema: NewTokenAnswer } } },
    409: { description: "Too many tokens", content: problemContent },
  },
});

const removeTokenRoute = route(["any"], {
  method: "delete",
  path: "/api/tokens/{id}",
  summary: "Revoke one of one's own API tokens",
  request: { params: idParam },
  responses: {
    204: { description: "Revoked" },
    404: { description: "No such token of one's own", content: problemContent },
  },
});

/** What is asked of the directory: which numbers are somebody's. */
interface Phones {
  phonesOf(userId: number): string[];
}

/** Routes of users and API tokens. */
export function peopleRoutes(deps: { people: People; directory: Phones }): OpenAPIHono<AppEnv> {
  const { people: { accounts }, directory } = deps;
  const withPhones = (view: UserView) => ({ ...view, phones: directory.phonesOf(view.id) });
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(listUsersRoute, (c) => {
    const { limit, cursor } = c.req.valid("query");
    const items = accounts.users({ after: cursor ?? 0, limit: limit + 1 });
    return c.json(nextOf(items.map(withPhones), limit), 200);
  });

  app.openapi(createUserRoute, async (c) => {
    const result = await accounts.createUser(c.req.valid("json"), byOf(c));
    switch (result.kind) {
      case "created":
        return c.json(withPhones(result.user), 201);
      case "login_taken":
        return problem(c, {
          status: 409,
          type: "login-taken",
          title: "Another user has this login",
          errors: [{ path: "login", message: "expected a login that nobody has" }],
        });
      case "limited":
        return tooMany(c, result.retryAfterSeconds);
      default:
        return unreachable(result);
    }
  });

  app.openapi(changeUserRoute, async (c) => {
    const result = await accounts.changeUser(c.req.valid("param").id, c.req.valid("json"), byOf(c));
    switch (result.kind) {
      case "changed":
        return c.json(withPhones(result.user), 200);
      case "not_found":
        return notThere(c, "user");
      case "last_admin":
        return lastAdmin(c);
      case "limited":
        return tooMany(c, result.retryAfterSeconds);
      default:
        return unreachable(result);
    }
  });

  app.openapi(removeUserRoute, async (c) => {
    const result = await accounts.removeUser(c.req.valid("param").id, byOf(c));
    switch (result.kind) {
      case "removed":
        return c.body(null, 204);
      case "not_found":
        return notThere(c, "user");
      case "last_admin":
        return lastAdmin(c);
      default:
        return unreachable(result);
    }
  });

  app.openapi(listTokensRoute, (c) => {
    const { limit, cursor } = c.req.valid("query");
    const items = accounts.tokens(whoOf(c).userId, { after: cursor ?? 0, limit: limit + 1 });
    return c.json(nextOf(items, limit), 200);
  });

  app.openapi(createTokenRoute, async (c) => {
    const result = await accounts.createToken(byOf(c), c.req.valid("json"));
    switch (result.kind) {
      case "created":
        return c.json({ ...result.token, token: result.secret }, 201);
      case "too_many":
        return problem(c, { status: 409, type: "too-many-tokens", title: "You have too many API tokens" });
      case "session_needed":
        return sessionNeeded(c);
      default:
        return unreachable(result);
    }
  });

  app.openapi(removeTokenRoute, async (c) => {
    const result = await accounts.removeToken(byOf(c), c.req.valid("param").id);
    return result.kind === "removed" ? c.body(null, 204) : notThere(c, "token");
  });

  return app;
}

function byOf(c: Context<AppEnv>) {
  return { who: whoOf(c), address: c.var.address };
}

function notThere(c: Context, what: string): ProblemResponse {
  return problem(c, { status: 404, type: "not-found", title: `There is no such ${what}` });
}

function lastAdmin(c: Context): ProblemResponse {
  return problem(c, {
    status: 409,
    type: "last-admin",
    title: "The last active admin has to stay one",
    detail: "Make somebody else an admin first",
  });
}
