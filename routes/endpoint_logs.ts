/**
 * @module
 * Lines of Asterisk's logs: those about an endpoint, or all, with filters, page by page and as a file. They are asked
 * for by the endpoint's name, never by a path.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context, TypedResponse } from "hono";
import type { LogScope } from "../actors/asterisk_log/logs.ts";
import type { LogLineView } from "../machines/endpoint_views.ts";
import { type EndpointsEdge, nameParam, notOne, pbxQuery, withEndpoint } from "./endpoint_names.ts";
import { LogFile, LogLine, LogStats } from "./endpoint_schemas.ts";
import { type AppEnv, route } from "./guard.ts";
import { callId, findCall, type LogFilter, type LogsEdge, noLogs } from "./log_topics.ts";
import { timeParam } from "./paging.ts";
import { defaultHook } from "./problem.ts";
import { limitOf, term } from "./query.ts";
import { page } from "./schemas.ts";

export type { LogsEdge } from "./log_topics.ts";

/** Lines that are made into text at once. */
const FILE_BATCH = 1000;

const filter = {
  level: z.string().max(400).transform((text) => text.toUpperCase().split(",").map((level) => level.trim()))
    .pipe(
      z.array(z.string().regex(/^[A-Z][A-Z0-9_]{0,31}$/, "expected a list of levels such as ERROR,WARNING")),
    ).optional().openapi({ type: "string", description: "One level, or several with commas" }),
  source: term(100).optional().openapi({ description: "A module, res_pjsip" }),
  q: term(200).optional().openapi({ description: "Part of a message" }),
  call: z.string().regex(/^\[?C-[0-9a-fA-F]{1,16}\]?$/, "expected a call such as C-0000000a")
    .transform((text) => callId(text.replace(/[[\]]/g, ""))).optional()
    .openapi({ type: "string", description: "One call's lines, over all endpoints" }),
  from: timeParam.optional().openapi({ description: "At this time or later" }),
  to: timeParam.optional().openapi({ description: "Before this time" }),
};
type Wanted = z.output<z.ZodObject<typeof filter>> & { pbx?: string | undefined };

const ofPbx = {
  pbx: z.string().max(64).optional()
    .openapi({ description: "Lines of one PBX; needed with `call` where the logs of several are followed" }),
};

const paged = {
  ...filter,
  limit: limitOf({ default: 200, max: 1000 }),
  cursor: z.string().regex(/^\d{1,15}$/, "expected `next` of the page before").transform(Number).optional()
    .openapi({ type: "string", description: "`next` of the page before" }),
};

type Paged = Pick<z.output<z.ZodObject<typeof paged>>, "limit" | "cursor">;

const lines = {
  200: {
    description: "The newest lines, oldest first; `next` leads to those before",
    content: {
      "application/json": { schema: page(LogLine).extend({ stats: LogStats, files: z.array(LogFile) }) },
    },
  },
};
/** What a call that is asked for by its id may come to beside. */
const notOneCall = {
  404: { description: "No log of that PBX is followed", content: notOne[404].content },
  409: {
    description: "The logs of several PBXs are followed; `pbxs` names them",
    content: notOne[409].content,
  },
};
const asFile = { 200: { description: "The file", content: { "text/plain": { schema: z.string() } } } };

const allRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/logs",
  summary: "Lines of Asterisk's logs",
  request: { query: z.object({ ...paged, ...ofPbx }) },
  responses: { ...lines, ...notOneCall },
});

const allFileRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/logs.txt",
  summary: "Lines of Asterisk's logs as a file",
  request: { query: z.object({ ...filter, ...ofPbx }) },
  responses: { ...asFile, ...notOneCall },
});

const oneRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/endpoints/{name}/logs",
  summary: "Lines of Asterisk's logs that are about an endpoint",
  request: { params: nameParam, query: pbxQuery.extend(paged) },
  responses: { ...lines, ...notOne },
});

const oneFileRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/endpoints/{name}/logs.txt",
  summary: "Lines of Asterisk's logs that are about an endpoint, as a file",
  request: { params: nameParam, query: pbxQuery.extend(filter) },
  responses: { ...asFile, ...notOne },
});

interface LogRoutesDeps {
  endpoints: Pick<EndpointsEdge, "find">;
  /** Null where no log is configured. */
  logs: LogsEdge | null;
}

/** Routes of log lines. */
export function endpointLogRoutes(deps: LogRoutesDeps): OpenAPIHono<AppEnv> {
  const { endpoints, logs } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  function listed(scope: LogScope, { limit, cursor, ...wanted }: Wanted & Paged) {
    if (logs === null) return NONE;
    const { items, next } = logs.list(scope, filterOf(wanted), {
      limit,
      ...(cursor === undefined ? {} : { before: cursor }),
    });
    return {
      items,
      next: next === null ? null : String(next),
      stats: logs.stats(scope),
      files: logs.files(),
    };
  }

  function file(c: Context, scope: LogScope, { wanted, name }: { wanted: Wanted; name: string }) {
    const text = logs === null ? [] : textOf(logs, scope, filterOf(wanted));
    const answer: Response = c.body(ReadableStream.from(text), 200, {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Disposition": `attachment; filename="${safeName(name)}.txt"`,
    });
    // The library takes text/plain for a text that is there as a whole.
    return answer as Response & TypedResponse<string, 200, "text">;
  }

  /** A call is followed across endpoints: what is counted is counted of it. */
  function withScope<R>(c: Context, { call, pbx }: Wanted, run: (scope: LogScope) => R) {
    if (call === undefined) return run({ kind: "all" });
    const found = findCall(logs, { call, pbx });
    return found.kind === "found" ? run(found.scope) : noLogs(c, found);
  }

  app.openapi(allRoute, (c) => {
    const query = c.req.valid("query");
    return withScope(c, query, (scope) => c.json(listed(scope, query), 200));
  });

  app.openapi(allFileRoute, (c) => {
    const query = c.req.valid("query");
    return withScope(c, query, (scope) => file(c, scope, { wanted: query, name: "asterisk" }));
  });

  app.openapi(oneRoute, (c) => {
    const { pbx, ...query } = c.req.valid("query");
    return withEndpoint(
      c,
      { endpoints, pbx, ...c.req.valid("param") },
      ({ pbx, name }) => c.json(listed({ kind: "endpoint", pbx, name }, query), 200),
    );
  });

  app.openapi(oneFileRoute, (c) => {
    const { pbx, ...query } = c.req.valid("query");
    return withEndpoint(
      c,
      { endpoints, pbx, ...c.req.valid("param") },
      ({ pbx, name }) => file(c, { kind: "endpoint", pbx, name }, { wanted: query, name }),
    );
  });

  return app;
}

const NONE = {
  items: [],
  next: null,
  stats: { lines: 0, per_minute: 0, levels: {}, sources: [] },
  files: [],
};

function filterOf({ level, source, q, call, pbx, from, to }: Wanted): LogFilter {
  return {
    ...(level === undefined ? {} : { levels: level }),
    ...(source === undefined ? {} : { source }),
    ...(q === undefined ? {} : { q }),
    ...(call === undefined ? {} : { call }),
    ...(pbx === undefined ? {} : { pbx }),
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    // The logs take it as the last moment that is wanted.
    ...(to === undefined ? {} : { to: Date.parse(to) - 1 }),
  };
}

/** Oldest first, a batch at a time as the reader takes it: first only where the batches begin is found out. */
async function* textOf(logs: LogsEdge, scope: LogScope, wanted: LogFilter): AsyncGenerator<Uint8Array> {
  const read = (before: number | null) =>
    logs.list(scope, wanted, { limit: FILE_BATCH, ...(before === null ? {} : { before }) });
  const starts: (number | null)[] = [null];
  for (let { next } = read(null); next !== null; next = read(next).next) {
    starts.push(next);
    // Others have their turn between the batches.
    await new Promise((resolve) => setTimeout(resolve));
  }
  const encoder = new TextEncoder();
  for (const before of starts.reverse()) yield encoder.encode(read(before).items.map(lineText).join(""));
}

/** As Asterisk writes it, but with the whole time. */
function lineText({ timestamp, level, call, source, message }: LogLineView): string {
  const about = call === null ? "" : `[${call}]`;
  return `[${timestamp ?? "-"}] ${level}${about} ${source ?? "-"}: ${message}\n`;
}

/** A file name that means the same everywhere: a name may have quotes, slashes and line breaks in it. */
function safeName(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 64);
  return `doorline-logs-${safe}`;
}
