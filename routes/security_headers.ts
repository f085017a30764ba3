/**
 * @module
 * Headers that tell browsers what a page of Doorline may do, and the bound on what a body may weigh.
 */
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AppEnv } from "./guard.ts";
import { problem } from "./problem.ts";

/** Bytes of a body that the API takes. */
export const MAX_BODY_BYTES = 64 * 1024;

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Swagger UI writes style attributes. */
const DOCS_CSP = CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

/**
 * Sets the headers on every answer. HSTS only where the browser already speaks https: on plain http
 * it would say nothing, and a proxy that ends TLS may have a better word on it.
 */
export function securityHeaders(options: { isHttps(c: Context): boolean }): MiddlewareHandler<AppEnv> {
  return async function headers(c, next) {
    await next();
    // The answer to an upgrade is the runtime's own, and no page.
    if (c.res.status === 101) return;
    const set = c.res.headers;
    const { path } = c.req;
    set.set("Content-Security-Policy", path === "/docs" || path.startsWith("/docs/") ? DOCS_CSP : CSP);
    set.set("X-Content-Type-Options", "nosniff");
    set.set("Referrer-Policy", "same-origin");
    set.set("Cross-Origin-Opener-Policy", "same-origin");
    set.set("Cross-Origin-Resource-Policy", "same-origin");
    if (options.isHttps(c)) set.set("Strict-Transport-Security", "max-age=15552000");
    // What one person may read must not lie in a cache that another opens.
    if (path.startsWith("/api/") && !set.has("Cache-Control")) set.set("Cache-Control", "no-store");
  };
}

/** Refuses bodies above {@link MAX_BODY_BYTES} with 413. */
export function limitBody(): MiddlewareHandler<AppEnv> {
  return bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c) =>
      problem(c, {
        status: 413,
        type: "too-large",
        title: "The body is too large",
        detail: `expected at most ${MAX_BODY_BYTES} bytes`,
      }),
  });
}
