/**
 * @module
 * The history of panels: pages of it, and the same as a CSV file. While the database is away it answers from the
 * events in memory and says so.
 */
import { stringify } from "csv-stringify";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type Database, DatabaseAway } from "../db/client.ts";
import { type EventCursor, type EventFilter, listEvents } from "../db/intercom_events.ts";
import type { EventView } from "../machines/views.ts";
import { type AppEnv, route } from "./guard.ts";
import { defaultHook } from "./problem.ts";
import { EVENT_TYPES, IntercomEvent, page } from "./schemas.ts";

const MAX_LIMIT = 500;
/** Rows read at once for a CSV file. */
const CSV_BATCH = 2000;

/** Years that JavaScript and PostgreSQL write alike. */
const FIRST_TIME = Date.parse("0001-01-01T00:00:00Z");
const LAST_TIME = Date.parse("9999-12-31T23:59:59.999Z");

const time = z.iso.datetime({
  offset: true,
  error: "expected a time with zone, such as 2026-01-01T00:00:00Z",
}).refine(isStorable, "expected a time between the years 1 and 9999 in UTC");
const types = z.string().transform((text) => text.split(",")).pipe(
  z.array(z.enum(EVENT_TYPES, { error: `expected a list of ${EVENT_TYPES.join(",")}` })),
);

const filter = {
  mac: z.string().max(32).transform((value) => value.toUpperCase()).optional(),
  type: types.optional().openapi({ type: "string", description: "One type, or several with commas" }),
  apartment: z.string().max(64).optional(),
  from: time.optional().openapi({ description: "Received at this time or later" }),
  to: time.optional().openapi({ description: "Received before this time" }),
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
      return c.json({ items, next: rows.length > limit ? writeCursor(items.at(-1)!) : null }, 200);
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
    const out = stringify({ header: true, columns: CSV_COLUMNS, escape_formulas: true, bom: true });
    return c.body(csvStream(out, rows), 200, {
      "Content-Type": "text/csv; charset=utf-8",
      "Content-Disposition": 'attachment; filename="doorline-events.csv"',
    });
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

/** Rows go in as the reader takes what comes out. */
function csvStream(
  out: ReturnType<typeof stringify>,
  rows: AsyncIterable<unknown>,
): ReadableStream<Uint8Array> {
  const chunks = (async function* () {
    for await (const row of rows) {
      out.write(row);
      for (let chunk = out.read(); chunk !== null; chunk = out.read()) yield encode(chunk);
    }
    out.end();
    for await (const chunk of out) yield encode(chunk);
  })();
  return ReadableStream.from(chunks);
}

function encode(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
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

function writeCursor(event: EventView): string {
  return `${event.received_at}_${event.id}`;
}

/** An unreadable cursor is the beginning: it can only come from somebody who made it up. */
function readCursor(cursor: string): EventCursor | undefined {
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)_([0-9A-Z]{26})$/.exec(cursor);
  return match === null || !isStorable(match[1]!) ? undefined : { receivedAt: match[1]!, id: match[2]! };
}

function isStorable(time: string): boolean {
  const at = Date.parse(time);
  return at >= FIRST_TIME && at <= LAST_TIME;
}
