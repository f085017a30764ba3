/**
 * @module
 * The service about itself: its links, its settings, refused messages, health and metrics.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { DeadLetters } from "../actors/dead_letters.ts";
import type { Links } from "../actors/links.ts";
import { type Database } from "../db/client.ts";
import { listDeadLetters } from "../db/dead_letters.ts";
import { type AppEnv, route } from "./guard.ts";
import { nextOf } from "./paging.ts";
import { defaultHook } from "./problem.ts";
import { DeadLetter, Link, page, ShownSettings } from "./schemas.ts";

const linksRoute = route(["any"], {
  method: "get",
  path: "/api/links",
  summary: "Connections to the outside: state, since when, last error",
  responses: { 200: { description: "All of them", content: { "application/json": { schema: page(Link) } } } },
});

const settingsRoute = route(["any"], {
  method: "get",
  path: "/api/settings",
  summary: "Settings that pages show; durations in seconds",
  responses: { 200: { description: "Settings", content: { "application/json": { schema: ShownSettings } } } },
});

const deadLettersRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/dead-letters",
  summary: "Messages that were refused, newest first, and how many by reason since the start",
  request: {
    query: z.object({
      limit: z.coerce.number().int().min(1).max(200).default(50),
      cursor: z.string().max(64).optional(),
    }),
  },
  responses: {
    200: {
      description: "A page",
      content: {
        "application/json": { schema: page(DeadLetter).extend({ counts: z.record(z.string(), z.int()) }) },
      },
    },
  },
});

/** Whether the service can do its work. `reasons` says why not, or what is not as it should be. */
export interface Readiness {
  state: "ready" | "degraded" | "stopping";
  reasons: string[];
}

const readiness = z.object({
  state: z.enum(["ready", "degraded", "stopping"]),
  reasons: z.array(z.string()),
});

const livezRoute = route(["public"], {
  method: "get",
  path: "/livez",
  summary: "Whether the process answers",
  responses: { 200: { description: "It does", content: { "text/plain": { schema: z.string() } } } },
});

const readyzRoute = route(["public"], {
  method: "get",
  path: "/readyz",
  summary: "Whether the service can do its work",
  responses: {
    200: {
      description: "It can, or all but for a part",
      content: { "application/json": { schema: readiness } },
    },
    503: { description: "It cannot", content: { "application/json": { schema: readiness } } },
  },
});

const metricsRoute = route(["public"], {
  method: "get",
  path: "/metrics",
  summary: "Metrics for Prometheus",
  responses: { 200: { description: "Text format", content: { "text/plain": { schema: z.string() } } } },
});

interface SystemRoutesDeps {
  links: Links;
  deadLetters: DeadLetters;
  database: Database;
  settings: z.infer<typeof ShownSettings>;
  readiness: () => Readiness;
  metrics: () => Promise<string>;
}

/** Routes of the service about itself. */
export function systemRoutes(deps: SystemRoutesDeps): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(linksRoute, (c) => c.json({ items: deps.links.list(), next: null }, 200));
  app.openapi(settingsRoute, (c) => c.json(deps.settings, 200));

  app.openapi(deadLettersRoute, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const items = await deps.database.query((sql) => listDeadLetters(sql, limit + 1, cursor));
    return c.json({ ...nextOf(items, limit), counts: deps.deadLetters.counts() }, 200);
  });

  app.openapi(livezRoute, (c) => c.text("ok\n", 200));
  app.openapi(readyzRoute, (c) => {
    const answer = deps.readiness();
    return answer.state === "stopping" || !deps.database.up ? c.json(answer, 503) : c.json(answer, 200);
  });
  app.openapi(
    metricsRoute,
    async (c) =>
      c.text(await deps.metrics(), 200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" }),
  );

  return app;
}
