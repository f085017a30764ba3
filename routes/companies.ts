/**
 * @module
 * Companies and their numbers: by these a caller is known.
 */
import type { Context } from "hono";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Directory } from "../actors/directory.ts";
import { type AppEnv, route } from "./guard.ts";
import { byOf, phoneRefused } from "./numbers.ts";
import { idParam, nextOf, pageQuery } from "./paging.ts";
import { defaultHook, problem, type ProblemResponse, unreachable } from "./problem.ts";
import { Company, CompanyChange, NewCompany, page, Problem } from "./schemas.ts";

const problemContent = { "application/problem+json": { schema: Problem } };
const company = { "application/json": { schema: Company } };
const missing = { 404: { description: "No such company", content: problemContent } };
const taken = { 409: { description: "A number is another company's", content: problemContent } };

const listRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/companies",
  summary: "Companies",
  request: {
    query: pageQuery.extend({
      q: z.string().max(100).optional().openapi({ description: "A part of a name, of notes or of a number" }),
    }),
  },
  responses: { 200: { description: "A page", content: { "application/json": { schema: page(Company) } } } },
});

const getRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/companies/{id}",
  summary: "One company",
  request: { params: idParam },
  responses: { 200: { description: "The company", content: company }, ...missing },
});

const createRoute = route(["admin"], {
  method: "post",
  path: "/api/companies",
  summary: "Add a company",
  request: { body: { content: { "application/json": { schema: NewCompany } } } },
  responses: { 201: { description: "Added", content: company }, ...taken },
});

const changeRoute = route(["admin"], {
  method: "put",
  path: "/api/companies/{id}",
  summary: "Change a company; what is left out stays",
  request: { params: idParam, body: { content: { "application/json": { schema: CompanyChange } } } },
  responses: { 200: { description: "Changed", content: company }, ...missing, ...taken },
});

const removeRoute = route(["admin"], {
  method: "delete",
  path: "/api/companies/{id}",
  summary: "Remove a company; its calls keep its name",
  request: { params: idParam },
  responses: { 204: { description: "Removed" }, ...missing },
});

/** Routes of companies. */
export function companyRoutes(deps: { directory: Directory }): OpenAPIHono<AppEnv> {
  const { directory } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(listRoute, (c) => {
    const { limit, cursor, q } = c.req.valid("query");
    return c.json(nextOf(directory.companiesPage({ after: cursor ?? 0, limit: limit + 1, q }), limit), 200);
  });

  app.openapi(getRoute, (c) => {
    const view = directory.company(c.req.valid("param").id);
    return view === null ? noCompany(c) : c.json(view, 200);
  });

  app.openapi(createRoute, async (c) => {
    const result = await directory.changes.createCompany(c.req.valid("json"), byOf(c));
    switch (result.kind) {
      case "created":
        return c.json(result.company, 201);
      case "phone_taken":
      case "bad_phone":
        return phoneRefused(c, result, "company");
      default:
        return unreachable(result);
    }
  });

  app.openapi(changeRoute, async (c) => {
    const result = await directory.changes.changeCompany(
      c.req.valid("param").id,
      c.req.valid("json"),
      byOf(c),
    );
    switch (result.kind) {
      case "changed":
        return c.json(result.company, 200);
      case "not_found":
        return noCompany(c);
      case "phone_taken":
      case "bad_phone":
        return phoneRefused(c, result, "company");
      default:
        return unreachable(result);
    }
  });

  app.openapi(removeRoute, async (c) => {
    const result = await directory.changes.removeCompany(c.req.valid("param").id, byOf(c));
    return result.kind === "removed" ? c.body(null, 204) : noCompany(c);
  });

  return app;
}

function noCompany(c: Context): ProblemResponse {
  return problem(c, { status: 404, type: "not-found", title: "There is no such company" });
}
