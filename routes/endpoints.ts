/**
 * @module
 * SIP endpoints: the list with its filters, one of them, its history, asking it anew, and alerts.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type Database, DatabaseAway } from "../db/client.ts";
import { listAlerts, type StoredAlert } from "../db/endpoints.ts";
import type { EndpointAlertView, EndpointView } from "../machines/endpoint_views.ts";
import {
  type EndpointBy,
  type EndpointsEdge,
  nameParam,
  noEndpoint,
  notOne,
  pbxQuery,
  withEndpoint,
} from "./endpoint_names.ts";
import { Endpoint, ENDPOINT_STATUSES, EndpointAlert, EndpointHistory } from "./endpoint_schemas.ts";
import { type AppEnv, route, whoOf } from "./guard.ts";
import { readTimeCursor, timeParam, writeTimeCursor } from "./paging.ts";
import { defaultHook, isNamed, problem, type ProblemResponse } from "./problem.ts";
import { flag, limitOf, oneOf, term } from "./query.ts";
import { page, Problem } from "./schemas.ts";

export type { EndpointsEdge } from "./endpoint_names.ts";

const problemContent = { "application/problem+json": { schema: Problem } };
const one = { "application/json": { schema: Endpoint } };

const filter = {
  status: oneOf(ENDPOINT_STATUSES),
  q: term(100).optional().openapi({ description: "Part of a name, an owner, an address or a user agent" }),
  pbx: z.string().max(64).optional(),
  in_call: flag.optional(),
  flapping: flag.optional(),
};
type Wanted = z.output<z.ZodObject<typeof filter>>;

const listRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/endpoints",
  summary: "SIP endpoints, by PBX and name",
  request: {
    query: z.object({
      ...filter,
      limit: limitOf({ default: 100, max: 1000 }),
      cursor: z.string().max(2000).optional(),
    }),
  },
  responses: { 200: { description: "A page", content: { "application/json": { schema: page(Endpoint) } } } },
});

const getRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/endpoints/{name}",
  summary: "One endpoint with its contacts and calls",
  request: { params: nameParam, query: pbxQuery },
  responses: { 200: { description: "The endpoint", content: one }, ...notOne },
});

const refreshRoute = route(["admin", "operator"], {
  method: "post",
  path: "/api/endpoints/{name}/refresh",
  summary: "Ask the phone whether it is there, and read it anew",
  request: { params: nameParam, query: pbxQuery },
  responses: {
    200: { description: "The endpoint as it is now", content: one },
    ...notOne,
    502: { description: "The PBX refused; `detail` has its words", content: problemContent },
    503: { description: "The link to the PBX is down", content: problemContent },
  },
});

const historyRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/endpoints/{name}/history",
  summary: "How an endpoint came and went, newest first, and how long it was there",
  request: {
    params: nameParam,
    query: pbxQuery.extend({
      limit: limitOf({ default: 50, max: 500 }),
      cursor: z.string().max(160).optional(),
    }),
  },
  responses: {
    200: { description: "A page", content: { "application/json": { schema: EndpointHistory } } },
    ...notOne,
  },
});

const alertsRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/endpoint-alerts",
  summary: "Alerts of endpoints that are, or were, offline for too long, newest first",
  request: {
    query: z.object({
      open: flag.optional().openapi({ description: "Only those that are not over, or only those that are" }),
      limit: limitOf({ default: 50, max: 200 }),
      cursor: z.string().max(160).optional(),
    }),
  },
  responses: {
    200: {
      description: "A page; with `partial` when only the alerts in memory could be asked",
      content: {
        "application/json": { schema: page(EndpointAlert).extend({ partial: z.boolean().optional() }) },
      },
    },
  },
});

interface EndpointRoutesDeps {
  endpoints: EndpointsEdge;
  database: Database;
}

/** Routes of endpoints. */
export function endpointRoutes(deps: EndpointRoutesDeps): OpenAPIHono<AppEnv> {
  const { endpoints, database } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(listRoute, (c) => {
    const { limit, cursor, ...wanted } = c.req.valid("query");
    const all = endpoints.list();
    const from = cursor === undefined ? 0 : positionAfter(all, cursor);
    const found: EndpointView[] = [];
    for (let at = from; at < all.length && found.length <= limit; at++) {
      if (matches(all[at]!, wanted)) found.push(all[at]!);
    }
    const items = found.slice(0, limit);
    return c.json({ items, next: found.length > limit ? cursorOf(items.at(-1)!) : null }, 200);
  });

  app.openapi(getRoute, (c) => {
    const asked = { endpoints, ...c.req.valid("param"), ...c.req.valid("query") };
    return withEndpoint(c, asked, (view) => c.json(view, 200));
  });

  app.openapi(refreshRoute, async (c) => {
    const asked = { endpoints, ...c.req.valid("param"), ...c.req.valid("query") };
    return await withEndpoint(c, asked, async ({ pbx, name }) => {
      try {
        return c.json(await endpoints.refresh(pbx, name, byOf(c)), 200);
      } catch (error) {
        if (isNamed<EndpointRefused>(error, "EndpointRefused")) return refused(c, error);
        throw error;
      }
    });
  });

  app.openapi(historyRoute, async (c) => {
    const { limit, cursor, ...query } = c.req.valid("query");
    const asked = { endpoints, ...c.req.valid("param"), ...query };
    const before = cursor !== undefined && timeParam.safeParse(cursor).success ? cursor : undefined;
    return await withEndpoint(
      c,
      asked,
      async ({ pbx, name }) => c.json(await endpoints.history(pbx, name, { limit, before }), 200),
    );
  });

  app.openapi(alertsRoute, async (c) => {
    const { open, limit, cursor } = c.req.valid("query");
    const read = cursor === undefined ? undefined : readTimeCursor(cursor);
    const before = read === undefined ? null : { at: new Date(read.at), id: read.id };
    // Those that are not over are all in memory, and newer there than in the table.
    if (open) return c.json(alertPage(newestFirst(endpoints.alerts(), read), limit), 200);
    try {
      const rows = await database.query((sql) => listAlerts(sql, { before, limit: limit + 1, open }));
      return c.json(alertPage(rows.map(viewAlert), limit), 200);
    } catch (error) {
      if (!(error instanceof DatabaseAway)) throw error;
      const held = open === false ? [] : newestFirst(endpoints.alerts(), read);
      return c.json({ items: held.slice(0, limit), next: null, partial: true }, 200);
    }
  });

  return app;
}

type Context = Parameters<typeof problem>[0];

/** Why Asterisk was not, or not successfully, asked; known by its name here. */
interface EndpointRefused extends Error {
  /** `gone`: Asterisk does not know it any more. */
  kind: "link-down" | "pbx-refused" | "gone";
}

function refused(c: Context, { kind, message }: EndpointRefused): ProblemResponse {
  if (kind === "gone") return noEndpoint(c);
  return kind === "link-down"
    ? problem(c, { status: 503, type: kind, title: "The link to the PBX is down", detail: message })
    : problem(c, { status: 502, type: "pbx-refused", title: "The PBX refused", detail: message });
}

/** Who does it, and from where. */
export function byOf(c: Context): EndpointBy {
  const { userId, name, role } = whoOf(c);
  return { userId, name, role, address: c.var.address };
}

function matches(view: EndpointView, { status, pbx, in_call, flapping, q }: Wanted): boolean {
  if (status !== undefined && !status.includes(view.status)) return false;
  if (pbx !== undefined && view.pbx !== pbx) return false;
  if (in_call !== undefined && (view.active_calls.length > 0) !== in_call) return false;
  if (flapping !== undefined && view.flapping !== flapping) return false;
  const part = q?.trim().toLowerCase();
  if (!part) return true;
  const texts = [
    view.name,
    view.display_name,
    view.owner?.name,
    ...view.contacts.flatMap(({ uri, address, user_agent }) => [uri, address, user_agent]),
    ...view.active_calls.flatMap(({ number, name }) => [number, name]),
  ];
  return texts.some((text) => text?.toLowerCase().includes(part));
}

function cursorOf({ pbx, name }: EndpointView): string {
  return `${encodeURIComponent(pbx)}/${encodeURIComponent(name)}`;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Where the list goes on: after the endpoint that was last, or after where that would be if it is gone. */
function positionAfter(all: readonly EndpointView[], cursor: string): number {
  const at = all.findIndex((view) => cursorOf(view) === cursor);
  if (at >= 0) return at + 1;
  const [pbx = "", name = ""] = cursor.split("/").map(decoded);
  const next = all.findIndex((view) =>
    (collator.compare(view.pbx, pbx) || collator.compare(view.name, name)) > 0
  );
  return next < 0 ? all.length : next;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function viewAlert(row: StoredAlert): EndpointAlertView {
  return {
    id: row.id,
    pbx: row.pbx,
    site: row.site,
    endpoints: row.endpoints.map((one) => ({ ...one, display_name: one.name.replace(/(?<=.)-ep$/, "") })),
    since: row.since.toISOString(),
    raised_at: row.raised_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
  };
}

function newestFirst(
  alerts: readonly EndpointAlertView[],
  after: { at: string; id: string } | undefined,
): EndpointAlertView[] {
  const key = ({ raised_at, id }: { raised_at: string; id: string }) => `${raised_at} ${id}`;
  const end = after === undefined ? null : key({ raised_at: after.at, id: after.id });
  return alerts.filter((alert) => end === null || key(alert) < end).sort((a, b) => key(a) < key(b) ? 1 : -1);
}

function alertPage(alerts: EndpointAlertView[], limit: number) {
  const items = alerts.slice(0, limit);
  const last = items.at(-1);
  const next = last !== undefined && alerts.length > limit ? writeTimeCursor(last.raised_at, last.id) : null;
  return { items, next };
}
