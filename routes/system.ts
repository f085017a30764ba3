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

const readiness = z.object({
  state: z.enum(["ready", "degraded", "unavailable", "stopping"]),
  reasons: z.array(z.string()),
});

/** Whether the service can do its work. `reasons` says why not, or what is not as it should be. */
export type Readiness = z.infer<typeof readiness>;

/** Says whether the service can do its work: without its database it cannot, without another part it can. */
export function readinessOf(known: {
  stopping: boolean;
  links: Links;
  /** For what is read. What is written has the link "database". */
  database: Database;
  /** Panels that had to be rebuilt since the start. */
  quarantined: number;
}): Readiness {
  const down = known.links.list().filter(({ state }) => state !== "up").map(({ id }) => id);
  const reasons = down.map((id) => `the ${id} is not connected`);
  const away = down.includes("database") || !known.database.up;
  if (away && !down.includes("database")) reasons.push("the database does not answer to reads");
  if (known.quarantined > 0) reasons.push(`${known.quarantined} actors were put aside and rebuilt`);
  if (known.stopping) return { state: "stopping", reasons };
  return { state: away ? "unavailable" : reasons.length > 0 ? "degraded" : "ready", reasons };
}

/** What pages show of the settings; `credentials` are those of the embedded broker's panels. */
export function shownSettings(
  config: Record<"offlineAfterMs" | "heartbeatEveryMs" | "heldOpenAfterMs", number> & {
    adopt: "auto" | "approve";
  },
  { version, credentials }: { version: string; credentials: unknown },
): z.infer<typeof ShownSettings> {
  return {
    version,
    offline_after: config.offlineAfterMs / 1000,
    heartbeat_every: config.heartbeatEveryMs / 1000,
    held_open_after: config.heldOpenAfterMs / 1000,
    adopt: config.adopt,
    broker: credentials === null ? "external" : "embedded",
  };
}

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
    const can = answer.state === "ready" || answer.state === "degraded";
    return can ? c.json(answer, 200) : c.json(answer, 503);
  });
  app.openapi(
    metricsRoute,
    async (c) =>
      c.text(await deps.metrics(), 200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" }),
  );

  return app;
}
