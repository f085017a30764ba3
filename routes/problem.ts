/**
 * @module
 * Errors as RFC 9457 problems: one way to say what went wrong, for handlers, for validation and for
 * what nobody expected. Nothing of the inside (a query, a stack, a given value) is told.
 */
import type { Context, ErrorHandler, MiddlewareHandler, NotFoundHandler, TypedResponse } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "@hono/zod-openapi";
import { DatabaseAway } from "../db/client.ts";
import type { AppEnv } from "./guard.ts";

/** What a problem says. */
export interface ProblemOptions {
  status: ContentfulStatusCode;
  /** The last part of the problem's type: `panel-offline` becomes `/problems/panel-offline`. */
  type: string;
  title: string;
  detail?: string;
  /** Which parts of the input were wrong, and what was expected. */
  errors?: { path: string; message: string }[];
  /** What else the problem says, in fields of its own. */
  extra?: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** The part of a logger that problems need. */
export interface ErrorLog {
  error(detail: Record<string, unknown>, message: string): void;
}

/** Seconds after which a client may ask again when the database is away. */
const RETRY_AFTER_SECONDS = 5;

/** A response that fits whatever a typed route declares: every route may end in a problem. */
export type ProblemResponse = Response & TypedResponse<never, never, never>;

/** Answers with a problem. */
export function problem(c: Context, options: ProblemOptions): ProblemResponse {
  const { status, type, title, detail, errors, extra, headers } = options;
  const body = JSON.stringify({ type: `/problems/${type}`, title, status, detail, errors, ...extra });
  return c.body(body, status, { ...headers, "Content-Type": "application/problem+json" }) as ProblemResponse;
}

/** Turns a failed validation into 422 with the path of each wrong value and what was expected there. */
export function defaultHook(
  result: { success: true } | { success: false; error: z.ZodError; target: string },
  c: Context,
): Response | undefined {
  if (result.success) return undefined;
  const errors = result.error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    // An unknown key is reported at its parent, where nobody would look for it.
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: [...path, key].join("."),
        message: "expected no such field",
      }));
    }
    return [{ path: path.join("."), message: issue.message }];
  });
  return problem(c, {
    status: 422,
    type: "invalid-values",
    title: "Some values are not as expected",
    detail: `The ${PLACES[result.target] ?? result.target} is not as expected`,
    errors,
  });
}

const PLACES: Record<string, string> = { json: "body", param: "path", header: "headers" };

/** Maps what was thrown to a problem; what nobody expected is logged and told as a bare 500. */
export function createOnError(log: ErrorLog): ErrorHandler<AppEnv> {
  return function onError(error, c) {
    if (error instanceof DatabaseAway) return databaseAway(c);
    if (UNSTORABLE.has(String((error as { code?: unknown }).code))) return unstorable(c);
    if (error instanceof HTTPException) {
      const [type, title] = HTTP_PROBLEMS[error.status] ?? ["request", "The request was not taken"];
      return problem(c, { status: error.status, type, title, detail: error.message || undefined });
    }
    log.error(
      { err: error, method: c.req.method, path: c.req.path, request_id: c.var.requestId },
      "A request failed in a way that nobody expected",
    );
    return problem(c, { status: 500, type: "internal", title: "Something failed inside Doorline" });
  };
}

/** PostgreSQL's codes for text it cannot store: a NUL, in text and in JSON. */
const UNSTORABLE = new Set(["22021", "22P05"]);

function unstorable(c: Context): ProblemResponse {
  return problem(c, {
    status: 422,
    type: "invalid-values",
    title: "Some values are not as expected",
    detail: "A text has a character that cannot be stored; expected none below U+0001",
  });
}

/** Says that the database is away and when to ask again. */
export function databaseAway(c: Context): ProblemResponse {
  return problem(c, {
    status: 503,
    type: "database-away",
    title: "The database is away",
    detail: "Nothing was changed; try again later",
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
  });
}

/** Answers everything of the API with 503 once the service ends; its health and its pages go on. */
export function refuseWhileStopping(isStopping: () => boolean): MiddlewareHandler<AppEnv> {
  return async function stopping(c, next) {
    if (!c.req.path.startsWith("/api/") || !isStopping()) return await next();
    return problem(c, {
      status: 503,
      type: "stopping",
      title: "Doorline is stopping",
      detail: "Nothing was changed; try again later",
      headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
    });
  };
}

/** Says that nothing is there. */
export const notFound: NotFoundHandler<AppEnv> = function notFound(c) {
  return problem(c, { status: 404, type: "not-found", title: "There is nothing here" });
};

/** Whether an error is the named one: the edge knows types of actors only, and no classes. */
export function isNamed<T extends Error>(error: unknown, name: string): error is T {
  return error instanceof Error && error.name === name;
}

/** Marks where no result is left to answer for; the compiler checks it. @throws Error if one is */
export function unreachable(result: never): never {
  throw new Error(`Cannot answer for ${JSON.stringify((result as { kind?: unknown }).kind)}`);
}

const HTTP_PROBLEMS: Record<number, [type: string, title: string]> = {
  400: ["malformed", "The request cannot be read"],
  413: ["too-large", "The body is too large"],
  415: ["media-type", "The body is not of an expected type"],
};
