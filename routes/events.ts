/**
 * @module
 * The history of panels: pages of it, and the same as a CSV file. While the database is away it answers from the
 * events in memory and says so.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type Database, DatabaseAway } from "../db/client.ts";
import { type EventCursor, type EventFilter, listEvents } from "../db/intercom_events.ts";
import type { EventView } from "../machines/views.ts";
import { csvResponse } from "./csv.ts";
import { type AppEnv, route } from "./guard.ts";
import { readTimeCursor, timeParam, writeTimeCursor } from "./paging.ts";
import { defaultHook } from "./problem.ts";
import { EVENT_TYPES, IntercomEvent, page } from "./schemas.ts";

const MAX_LIMIT = 500;
/** Rows read at once for a CSV file. */
const CSV_BATCH = 2000;

const types = z.string().transform((text) => text.split(",")).pipe(
  z.array(z.enum(EVENT_TYPES, { error: `expected a list of ${EVENT_TYPES.join(",")}` })),
);

const filter = {
  mac: z.string().max(32).transform((value) => value.toUpperCase()).optional(),
  type: types.optional().openapi({ type: "string", description: "One type, or several with commas" }),
  apartment: z.string().max(64).optional(),
  from: timeParam.optional().openapi({ description: "Received at this time or later" }),
  to: timeParam.optional().openapi({ description: "Received before this time" }),
};

const listRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/events",
  summary: "What happened at panels, newest first by when it was received",
  request: {
    query: z.object({
      ...filter,
      limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50),
      cursor: z.string().max(128).optional(),
    }),
  },
  responses: {
    200: {
      description: "A page; with `partial` when only the events in memory could be asked",
      content: {
        "application/json": { schema: page(IntercomEvent).extend({ partial: z.boolean().optional() }) },
      },
    },
  },
});

const csvRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/events.csv",
  summary: "What happened at panels, as CSV",
  request: { query: z.object(filter) },
  responses: { 200: { description: "The file", content: { "text/csv": { schema: z.string() } } } },
});

const CSV_COLUMNS = [
  "received_at",
  "occurred_at",
  "mac",
  "name",
  "type",
  "apartment",
  "key_id",
  "command_id",
  "payload",
];

/** Routes of the history. */
export function eventRoutes(deps: {
  database: Database;
  recent: () => EventView[];
  nameOf: (mac: string) => string;
}): OpenAPIHono<AppEnv> {
  const { database, recent, nameOf } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(listRoute, async (c) => {
    const { limit, cursor, ...wanted } = c.req.valid("query");
    const after = cursor === undefined ? undefined : readCursor(cursor);
    try {
      const rows = await database.query((sql) => listEvents(sql, wanted, { limit: limit + 1, after }));
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const next = last !== undefined && rows.length > limit
        ? writeTimeCursor(last.received_at, last.id)
        : null;
      return c.json({ items, next }, 200);
    } catch (error) {
      if (!(error instanceof DatabaseAway)) throw error;
      const items = recent().filter((event) => isWanted(event, wanted, after)).slice(0, limit);
      return c.json({ items, next: null, partial: true }, 200);
    }
  });

  app.openapi(csvRoute, async (c) => {
    const wanted = c.req.valid("query");
    // The first batch before the answer begins: when the database is away, that can still be said.
    const first = await database.query((sql) => listEvents(sql, wanted, { limit: CSV_BATCH }));
    const rows = csvRows(database, wanted, first, nameOf);
    return csvResponse(c, { name: "doorline-events", columns: CSV_COLUMNS, rows });
  });

  return app;
}

async function* csvRows(
  database: Database,
  wanted: EventFilter,
  first: EventView[],
  nameOf: (mac: string) => string,
) {
  let batch = first;
  for (;;) {
    for (const event of batch) {
      yield { ...event, name: nameOf(event.mac), payload: JSON.stringify(event.payload) };
    }
    const last = batch.at(-1);
    if (last === undefined || batch.length < CSV_BATCH) return;
    const after = { receivedAt: last.received_at, id: last.id };
    batch = await database.query((sql) => listEvents(sql, wanted, { limit: CSV_BATCH, after }));
  }
}

function isWanted(event: EventView, wanted: EventFilter, after: EventCursor | undefined): boolean {
  const { mac, type, apartment, from, to } = wanted;
  const received = Date.parse(event.received_at);
  return (mac === undefined || event.mac === mac) && (type === undefined || type.includes(event.type)) &&
    (apartment === undefined || event.apartment === apartment) &&
    (from === undefined || received >= Date.parse(from)) &&
    (to === undefined || received < Date.parse(to)) &&
    (after === undefined || received < Date.parse(after.receivedAt) ||
      (event.received_at === after.receivedAt && event.id < after.id));
}

function readCursor(cursor: string): EventCursor | undefined {
  const read = readTimeCursor(cursor);
  return read && { receivedAt: read.at, id: read.id };
}
