/**
 * @module
 * Calls: the list with its filters, the same as a CSV file, one call with its course, and what those who are party
 * to it may do. An employee sees own calls only; any other is to them as if it were not there.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { CallRefused, NoSuchCall } from "../actors/call_errors.ts";
import { type CallCursor, type CallFilter, findCall, listCalls, streamCalls } from "../db/calls.ts";
import { type Database, DatabaseAway } from "../db/client.ts";
import type { CallDetailView, CallView } from "../machines/views.ts";
import { CALL_CSV_COLUMNS, csvRow, matchesCall, readSearch } from "./call_lists.ts";
import { Call, CALL_STATUSES, CallDetail, CallNotes, DIRECTIONS, TransferRequest } from "./call_schemas.ts";
import { csvResponse } from "./csv.ts";
import { type AppEnv, route, type Who, whoOf } from "./guard.ts";
import { readTimeCursor, timeParam, writeTimeCursor } from "./paging.ts";
import { defaultHook, isNamed, problem, type ProblemResponse } from "./problem.ts";
import { oneOf, term } from "./query.ts";
import { page, Problem } from "./schemas.ts";

/** Who does something at a call. */
export interface CallBy extends Pick<Who, "userId" | "name" | "role"> {
  address: string;
}

/** What the edge needs of the running calls. What they refuse is a `CallRefused` or a `NoSuchCall`. */
export interface CallsEdge {
  /** Calls that go on or ended lately, newest first. */
  list(): CallView[];
  get(id: string): CallDetailView | null;
  visibleTo(view: Pick<CallView, "party_ids">, who: Pick<Who, "userId" | "role">): boolean;
  accept(
    id: string,
    by: CallBy,
  ): Promise<{ call: CallView; phone: "answering" | "not_supported" }>;
  reject(id: string, by: CallBy): Promise<CallView>;
  hangup(id: string, by: CallBy): Promise<CallView>;
  transfer(id: string, by: CallBy, to: string): Promise<CallView>;
  /** Also of a call that is over and in the table only. */
  note(id: string, by: CallBy, notes: string): Promise<CallView>;
}

const MAX_LIMIT = 200;

const problemContent = { "application/problem+json": { schema: Problem } };
const missing = { 404: { description: "No such call, or none that you may see", content: problemContent } };
const params = z.object({ id: z.string().max(64) });
const asked = { "application/json": { schema: z.object({ call: Call }) } };

const filter = {
  status: oneOf(CALL_STATUSES),
  direction: oneOf(DIRECTIONS),
  number: term(64).optional().openapi({ description: "A number or a part of one, however it is written" }),
  q: term(100).optional().openapi({ description: "A part of a number or of names" }),
  pbx: term(64).optional(),
  from: timeParam.optional().openapi({ description: "Began at this time or later" }),
  to: timeParam.optional().openapi({ description: "Began before this time" }),
};
type Wanted = z.output<z.ZodObject<typeof filter>>;

const listRoute = route(["any"], {
  method: "get",
  path: "/api/calls",
  summary: "Calls, newest first; an employee's own",
  request: {
    query: z.object({
      ...filter,
      limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50),
      cursor: z.string().max(160).optional(),
    }),
  },
  responses: {
    200: {
      description: "A page; with `partial` when only the calls in memory could be asked",
      content: { "application/json": { schema: page(Call).extend({ partial: z.boolean().optional() }) } },
    },
  },
});

const csvRoute = route(["any"], {
  method: "get",
  path: "/api/calls.csv",
  summary: "Calls as CSV; an employee's own",
  request: { query: z.object(filter) },
  responses: { 200: { description: "The file", content: { "text/csv": { schema: z.string() } } } },
});

const getRoute = route(["any"], {
  method: "get",
  path: "/api/calls/{id}",
  summary: "One call with its legs, who talked when, and what happened",
  request: { params },
  responses: {
    200: { description: "The call", content: { "application/json": { schema: CallDetail } } },
    ...missing,
  },
});

/** What an action may be refused with, beside what any route may. */
const refusals = {
  403: { description: "You are not party to the call", content: problemContent },
  409: { description: "It does not ring, or is over; `type` says which", content: problemContent },
  502: { description: "The PBX refused; `detail` has its words", content: problemContent },
  503: { description: "The link to the PBX is down, or the database is away", content: problemContent },
  ...missing,
};

const acceptRoute = route(["any"], {
  method: "post",
  path: "/api/calls/{id}/accept",
  summary: "Say that you take the call; where your phone can be told, it answers",
  request: { params },
  responses: {
    200: {
      description: "Recorded; `phone` says whether it answers by itself",
      content: {
        "application/json": {
          schema: z.object({
            call: Call,
            phone: z.enum(["answering", "not_supported"]),
          }),
        },
      },
    },
    ...refusals,
  },
});

const rejectRoute = route(["any"], {
  method: "post",
  path: "/api/calls/{id}/reject",
  summary: "Decline the call: your phone stops ringing",
  request: { params },
  responses: { 200: { description: "Your phone is hung up", content: asked }, ...refusals },
});

const hangupRoute = route(["any"], {
  method: "post",
  path: "/api/calls/{id}/hangup",
  summary: "Hang the call up",
  request: { params },
  responses: { 200: { description: "The PBX was told to", content: asked }, ...refusals },
});

const transferRoute = route(["any"], {
  method: "post",
  path: "/api/calls/{id}/transfer",
  summary: "Give the call to another extension",
  request: { params, body: { content: { "application/json": { schema: TransferRequest } } } },
  responses: { 200: { description: "The PBX was told to", content: asked }, ...refusals },
});

const notesRoute = route(["any"], {
  method: "put",
  path: "/api/calls/{id}/notes",
  summary: "Write what the call was about",
  request: { params, body: { content: { "application/json": { schema: CallNotes } } } },
  responses: { 200: { description: "Written", content: asked }, ...refusals },
});

interface CallRoutesDeps {
  calls: CallsEdge;
  database: Database;
  directory: { digitsToFind(typed: string): string[] };
}

/** Routes of calls. */
export function callRoutes(deps: CallRoutesDeps): OpenAPIHono<AppEnv> {
  const { calls, database, directory } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(listRoute, async (c) => {
    const { limit, cursor, ...wanted } = c.req.valid("query");
    const part = filterOf(wanted, whoOf(c));
    const after = cursor === undefined ? undefined : readCursor(cursor);
    try {
      const rows = await database.query((sql) => listCalls(sql, part, { limit: limit + 1, after }));
      // Whether its PBX is heard is known in memory only.
      const items = rows.slice(0, limit).map((row) => ({
        ...row,
        uncertain: calls.get(row.id)?.uncertain ?? false,
      }));
      const last = items.at(-1);
      const next = last !== undefined && rows.length > limit
        ? writeTimeCursor(last.started_at, last.id)
        : null;
      return c.json({ items, next }, 200);
    } catch (error) {
      if (!(error instanceof DatabaseAway)) throw error;
      const items = calls.list().filter((view) => matchesCall(view, part, after)).slice(0, limit);
      return c.json({ items, next: null, partial: true }, 200);
    }
  });

  app.openapi(csvRoute, async (c) => {
    const batches = streamCalls(database, filterOf(c.req.valid("query"), whoOf(c)));
    // The first batch before the answer begins: when the database is away, that can still be said.
    const first = await batches.next();
    const rows = (async function* () {
      for (let batch = first; !batch.done; batch = await batches.next()) yield* batch.value.map(csvRow);
    })();
    return csvResponse(c, { name: "doorline-calls", columns: CALL_CSV_COLUMNS, rows });
  });

  app.openapi(getRoute, async (c) => {
    const found = await find(c.req.valid("param").id, whoOf(c));
    return found === null ? noCall(c) : c.json(found.view, 200);
  });

  app.openapi(acceptRoute, async (c) => {
    return await act(c, (id) => calls.accept(id, byOf(c)), (done) => c.json(done, 200));
  });

  app.openapi(rejectRoute, async (c) => {
    return await act(c, (id) => calls.reject(id, byOf(c)), (call) => c.json({ call }, 200));
  });

  app.openapi(hangupRoute, async (c) => {
    return await act(c, (id) => calls.hangup(id, byOf(c)), (call) => c.json({ call }, 200));
  });

  app.openapi(transferRoute, async (c) => {
    const { to } = c.req.valid("json");
    return await act(c, (id) => calls.transfer(id, byOf(c), to), (call) => c.json({ call }, 200));
  });

  app.openapi(notesRoute, async (c) => {
    const { notes } = c.req.valid("json");
    const write = (id: string) => calls.note(id, byOf(c), notes);
    return await act(c, write, (call) => c.json({ call }, 200), { stored: true });
  });

  function filterOf(wanted: Wanted, who: Who): CallFilter {
    const { number, q, ...rest } = wanted;
    const { words, numbers } = readSearch(q ?? "");
    if (number !== undefined && number.trim() !== "") numbers.push(number);
    return {
      ...rest,
      words,
      digits: numbers.map((text) => directory.digitsToFind(text)),
      ...(who.role === "employee" ? { userId: who.userId } : {}),
    };
  }

  /** A call that this person may see, from memory or the table; null when there is none. */
  async function find(id: string, who: Who): Promise<{ view: CallDetailView; live: boolean } | null> {
    const held = calls.get(id);
    const stored = held === null ? await database.query((sql) => findCall(sql, id)) : null;
    // What it turned out to be a part of may go on.
    const whole = stored === null || stored.id === id ? null : calls.get(stored.id);
    const view = held ?? whole ?? stored;
    if (view === null || !calls.visibleTo(view, who)) return null;
    return { view, live: view !== stored };
  }

  async function act<T, R>(
    c: Context,
    run: (id: string) => Promise<T>,
    answer: (done: T) => R,
    options: { stored?: boolean } = {},
  ): Promise<R | ProblemResponse> {
    const found = await find(c.req.param("id")!, whoOf(c));
    if (found === null) return noCall(c);
    if (!found.live && !options.stored) return refused(c, { kind: "over", message: "It ended a while ago" });
    try {
      return answer(await run(found.view.id));
    } catch (error) {
      if (isNamed<NoSuchCall>(error, "NoSuchCall")) return noCall(c);
      if (isNamed<CallRefused>(error, "CallRefused")) return refused(c, error);
      throw error;
    }
  }

  return app;
}

type Context = Parameters<typeof problem>[0];

function byOf(c: Context): CallBy {
  const { userId, name, role } = whoOf(c);
  return { userId, name, role, address: c.var.address };
}

function readCursor(cursor: string): CallCursor | undefined {
  const read = readTimeCursor(cursor);
  return read && { startedAt: read.at, id: read.id };
}

function noCall(c: Context): ProblemResponse {
  return problem(c, { status: 404, type: "not-found", title: "There is no such call" });
}

const REFUSALS: Record<CallRefused["kind"], { status: 403 | 409 | 422 | 502 | 503; title: string }> = {
  "not-party": { status: 403, title: "You are not party to this call" },
  "not-ringing": { status: 409, title: "It does not ring any more" },
  "over": { status: 409, title: "The call is over" },
  "link-down": { status: 503, title: "The link to the PBX is down" },
  "bad-number": { status: 422, title: "The number cannot be called" },
  "pbx-refused": { status: 502, title: "The PBX refused" },
};

function refused(c: Context, { kind, message }: Pick<CallRefused, "kind" | "message">): ProblemResponse {
  const errors = kind === "bad-number" ? [{ path: "to", message }] : undefined;
  return problem(c, { ...REFUSALS[kind], type: kind, detail: message, ...(errors ? { errors } : {}) });
}
