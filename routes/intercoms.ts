/**
 * @module
 * Panels and their doors: lists, one panel, what operators change in it, and the opening of its door.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { CommandRefused, DoorCommands } from "../actors/door_commands.ts";
import type { Intercoms } from "../actors/intercoms.ts";
import type { PanelCredentials } from "../actors/mqtt/credentials.ts";
import type { Database } from "../db/client.ts";
import { findCommand } from "../db/door_commands.ts";
import type { CommandView, IntercomView } from "../machines/views.ts";
import { type AppEnv, route, whoOf } from "./guard.ts";
import { defaultHook, problem, type ProblemResponse } from "./problem.ts";
import { Command, Intercom, IntercomChange, OpenRequest, page, Problem } from "./schemas.ts";

const problemContent = { "application/problem+json": { schema: Problem } };
const intercom = { "application/json": { schema: Intercom } };
const missing = { 404: { description: "No such panel", content: problemContent } };
const mac = z.object({
  mac: z.string().max(32).transform((value) => value.toUpperCase()).openapi({ example: "AA:BB:CC:01" }),
});

const listRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/intercoms",
  summary: "Panels, by MAC",
  request: {
    query: z.object({
      q: z.string().max(100).optional().openapi({ description: "Part of a name, an address or a MAC" }),
      status: z.enum(["online", "offline", "unknown"]).optional(),
      door: z.enum(["open", "closed", "unknown"]).optional(),
      adopted: z.enum(["true", "false"]).optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      cursor: z.string().max(32).optional(),
    }),
  },
  responses: { 200: { description: "A page", content: { "application/json": { schema: page(Intercom) } } } },
});

const getRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/intercoms/{mac}",
  summary: "One panel",
  request: { params: mac },
  responses: { 200: { description: "The panel", content: intercom }, ...missing },
});

const changeRoute = route(["admin", "operator"], {
  method: "put",
  path: "/api/intercoms/{mac}",
  summary: "Name a panel, say where it is, or say yes to it; what is left out stays",
  request: { params: mac, body: { content: { "application/json": { schema: IntercomChange } } } },
  responses: { 200: { description: "Changed", content: intercom }, ...missing },
});

const removeRoute = route(["admin"], {
  method: "delete",
  path: "/api/intercoms/{mac}",
  summary: "Forget a panel; its history stays",
  request: { params: mac },
  responses: { 204: { description: "Forgotten" }, ...missing },
});

const acknowledgeRoute = route(["admin", "operator"], {
  method: "post",
  path: "/api/intercoms/{mac}/acknowledge",
  summary: "Say that the panel's alarm was seen",
  request: { params: mac },
  responses: { 200: { description: "The panel without its alarm", content: intercom }, ...missing },
});

const openRoute = route(["admin", "operator"], {
  method: "post",
  path: "/api/intercoms/{mac}/open",
  summary: "Open the door",
  description:
    "The command holds for ten seconds, is sent once or never, and is done when the panel says so. " +
    "A request with the same `Idempotency-Key` within a day is answered with the same command.",
  request: {
    params: mac,
    headers: z.object({ "idempotency-key": z.string().min(1).max(128).optional() }),
    body: { required: false, content: { "application/json": { schema: OpenRequest } } },
  },
  middleware: takeEmptyBody,
  responses: {
    202: {
      description: "Recorded, and sent or about to be",
      content: { "application/json": { schema: z.object({ command: Command }) } },
    },
    409: { description: "The door cannot be opened now; `type` says why", content: problemContent },
    ...missing,
  },
});

const credentialsRoute = route(["admin"], {
  method: "post",
  path: "/api/intercoms/{mac}/credentials",
  summary: "Give a panel credentials for the embedded broker; they are shown once",
  request: { params: mac },
  responses: {
    201: {
      description: "Made; former ones do not hold any more",
      content: { "application/json": { schema: z.object({ username: z.string(), password: z.string() }) } },
    },
    409: { description: "The broker is not the embedded one", content: problemContent },
    ...missing,
  },
});

const revokeRoute = route(["admin"], {
  method: "delete",
  path: "/api/intercoms/{mac}/credentials",
  summary: "Take a panel's credentials away and end its session",
  request: { params: mac },
  responses: {
    204: { description: "Taken away" },
    409: { description: "The broker is not the embedded one", content: problemContent },
    ...missing,
  },
});

const commandRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/commands/{id}",
  summary: "One opening, with how far it came",
  request: { params: z.object({ id: z.string().max(64) }) },
  responses: {
    200: { description: "The opening", content: { "application/json": { schema: Command } } },
    404: { description: "No such opening", content: problemContent },
  },
});

interface IntercomRoutesDeps {
  intercoms: Intercoms;
  commands: DoorCommands;
  /** Null when the broker is not the embedded one. */
  credentials: PanelCredentials | null;
  database: Database;
  /** Shows a stored opening; from `actors/command_rows.ts`. */
  viewOfRow: (row: NonNullable<Awaited<ReturnType<typeof findCommand>>>) => CommandView;
}

/** Routes of panels and openings. */
export function intercomRoutes(deps: IntercomRoutesDeps): OpenAPIHono<AppEnv> {
  const { intercoms, commands, credentials, database, viewOfRow } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(listRoute, (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const found = intercoms.list().filter((view) => matches(view, filter))
      .sort((a, b) => a.mac < b.mac ? -1 : 1)
      .filter((view) => cursor === undefined || view.mac > cursor);
    const items = found.slice(0, limit);
    return c.json({ items, next: found.length > limit ? items.at(-1)!.mac : null }, 200);
  });

  app.openapi(getRoute, (c) => {
    const view = intercoms.get(c.req.valid("param").mac);
    return view === null ? noPanel(c) : c.json(view, 200);
  });

  app.openapi(changeRoute, async (c) => {
    const { mac } = c.req.valid("param");
    if (intercoms.get(mac) === null) return noPanel(c);
    return c.json(await intercoms.change(mac, c.req.valid("json"), requester(c)), 200);
  });

  app.openapi(removeRoute, async (c) => {
    const { mac } = c.req.valid("param");
    if (intercoms.get(mac) === null) return noPanel(c);
    // First: who could still connect with them would be known again with its next message.
    await credentials?.revoke(mac, requester(c), { forgotten: true });
    await intercoms.remove(mac, requester(c));
    return c.body(null, 204);
  });

  app.openapi(acknowledgeRoute, async (c) => {
    const { mac } = c.req.valid("param");
    if (intercoms.get(mac) === null) return noPanel(c);
    return c.json(await intercoms.acknowledge(mac, requester(c)), 200);
  });

  app.openapi(openRoute, async (c) => {
    const { mac } = c.req.valid("param");
    if (intercoms.get(mac) === null) return noPanel(c);
    const { apartment } = c.req.valid("json") ?? {};
    try {
      const command = await intercoms.open(mac, {
        apartment: apartment === undefined ? null : String(apartment),
        by: requester(c),
        idempotencyKey: c.req.valid("header")["idempotency-key"] ?? null,
      });
      return c.json({ command }, 202, { Location: `/api/commands/${command.id}` });
    } catch (error) {
      if (isRefusal(error)) return refused(c, error);
      throw error;
    }
  });

  app.openapi(credentialsRoute, async (c) => {
    const { mac } = c.req.valid("param");
    if (credentials === null) return noCredentials(c);
    if (intercoms.get(mac) === null) return noPanel(c);
    return c.json(await credentials.create(mac, requester(c)), 201, { "Cache-Control": "no-store" });
  });

  app.openapi(revokeRoute, async (c) => {
    const { mac } = c.req.valid("param");
    if (credentials === null) return noCredentials(c);
    if (!await credentials.revoke(mac, requester(c))) return noPanel(c);
    return c.body(null, 204);
  });

  app.openapi(commandRoute, async (c) => {
    const { id } = c.req.valid("param");
    const held = commands.get(id);
    if (held !== null) return c.json(held, 200);
    const row = await database.query((sql) => findCommand(sql, id));
    if (row !== null) return c.json(viewOfRow(row), 200);
    return problem(c, { status: 404, type: "not-found", title: "There is no such opening" });
  });

  return app;
}

type Context = Parameters<typeof problem>[0];

/** A client that names the type of a body and then sends none means none; JSON would call that malformed. */
async function takeEmptyBody(c: Context, next: () => Promise<void>): Promise<void> {
  if ((await c.req.text()).trim() === "") c.req.json = <T>() => Promise.resolve({} as T);
  await next();
}

function requester(c: Context) {
  const { userId, name } = whoOf(c);
  return { id: userId, name, address: c.var.address };
}

function noPanel(c: Context): ProblemResponse {
  return problem(c, { status: 404, type: "not-found", title: "There is no such panel" });
}

function noCredentials(c: Context): ProblemResponse {
  return problem(c, {
    status: 409,
    type: "broker-not-embedded",
    title: "Panels' credentials are kept by your own broker",
    detail: "See docs/OPERATIONS.md for its rules",
  });
}

function isRefusal(error: unknown): error is CommandRefused {
  return error instanceof Error && error.name === "CommandRefused";
}

function refused(c: Context, error: CommandRefused): ProblemResponse {
  return problem(c, {
    status: error.kind === "idempotency-key-reused" ? 422 : 409,
    type: error.kind,
    title: error.message,
  });
}

function matches(
  view: IntercomView,
  filter: {
    q?: string | undefined;
    status?: string | undefined;
    door?: string | undefined;
    adopted?: string | undefined;
  },
): boolean {
  if (filter.status !== undefined && view.status !== filter.status) return false;
  if (filter.door !== undefined && view.door !== filter.door) return false;
  if (filter.adopted !== undefined && String(view.adopted) !== filter.adopted) return false;
  const q = filter.q?.trim().toLowerCase();
  return !q || [view.name, view.address, view.mac].some((text) => text.toLowerCase().includes(q));
}
