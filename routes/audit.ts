/**
 * @module
 * The audit log, for admins: who did what, newest first.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Database } from "../db/client.ts";
import { type AuditLine, listAudit } from "../db/audit.ts";
import { type AppEnv, route } from "./guard.ts";
import { nextOf, pageQuery } from "./paging.ts";
import { defaultHook } from "./problem.ts";
import { AuditEntry, page } from "./schemas.ts";

const listAuditRoute = route(["admin"], {
  method: "get",
  path: "/api/audit",
  summary: "The audit log, newest first",
  request: { query: pageQuery.extend({ action: z.string().max(100).optional() }) },
  responses: {
    200: { description: "A page", content: { "application/json": { schema: page(AuditEntry) } } },
  },
});

/** Routes of the audit log. */
export function auditRoutes(deps: { database: Database }): OpenAPIHono<AppEnv> {
  const { database } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(listAuditRoute, async (c) => {
    const { limit, cursor, action } = c.req.valid("query");
    const lines = await database.query((sql) =>
      listAudit(sql, { before: cursor ?? null, limit: limit + 1, action })
    );
    return c.json(nextOf(lines.map(viewLine), limit), 200);
  });

  return app;
}

function viewLine(line: AuditLine): z.infer<typeof AuditEntry> {
  return { ...line, id: String(line.id), at: line.at.toISOString() };
}
