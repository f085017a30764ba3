/**
 * @module
 * Numbers: which are whose, for admins, and what is known of one.
 */
import type { Context } from "hono";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Directory } from "../actors/directory.ts";
import type { PhoneRefused } from "../actors/directory_changes.ts";
import type { By } from "../actors/people/who.ts";
import { type AppEnv, route, whoOf } from "./guard.ts";
import { idParam } from "./paging.ts";
import { defaultHook, problem, type ProblemResponse, unreachable } from "./problem.ts";
import { NumberInfo, Problem, UserPhones } from "./schemas.ts";

const problemContent = { "application/problem+json": { schema: Problem } };

const setPhonesRoute = route(["admin"], {
  method: "put",
  path: "/api/users/{id}/phones",
  summary: "Say which numbers are a person's",
  request: { params: idParam, body: { content: { "application/json": { schema: UserPhones } } } },
  responses: {
    200: { description: "As they are now", content: { "application/json": { schema: UserPhones } } },
    404: { description: "No such user", content: problemContent },
    409: { description: "A number is somebody else's", content: problemContent },
  },
});

const numberRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/numbers/{number}",
  summary: "What is known of a number",
  request: { params: z.object({ number: z.string().max(64) }) },
  responses: {
    200: { description: "What is known", content: { "application/json": { schema: NumberInfo } } },
  },
});

/** Routes of numbers. */
export function numberRoutes(deps: { directory: Directory }): OpenAPIHono<AppEnv> {
  const { directory } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(setPhonesRoute, async (c) => {
    const { phones } = c.req.valid("json");
    const result = await directory.changes.setPhones(c.req.valid("param").id, phones, byOf(c));
    switch (result.kind) {
      case "set":
        return c.json({ phones: result.phones }, 200);
      case "not_found":
        return problem(c, { status: 404, type: "not-found", title: "There is no such user" });
      case "phone_taken":
      case "bad_phone":
        return phoneRefused(c, result, "person");
      default:
        return unreachable(result);
    }
  });

  app.openapi(numberRoute, (c) => {
    const { number } = c.req.valid("param");
    return c.json({
      number,
      shown: directory.shown(number),
      key: directory.keyOf(number),
      internal: directory.isInternal(number),
      owner: directory.ownerOf(number),
      company: directory.companyOf(number),
    }, 200);
  });

  return app;
}

/** Says which number cannot be taken, and whose it is. */
export function phoneRefused(c: Context, result: PhoneRefused, whose: "person" | "company"): ProblemResponse {
  const path = `phones.${result.index}`;
  if (result.kind === "bad_phone") {
    return problem(c, {
      status: 422,
      type: "invalid-values",
      title: "Some values are not as expected",
      detail: `${result.phone} is no number that calls could be compared with`,
      errors: [{ path, message: "expected a phone number" }],
    });
  }
  return problem(c, {
    status: 409,
    type: "phone-taken",
    title: `Another ${whose} has this number`,
    detail: `${result.phone} belongs to ${result.owner.name}`,
    errors: [{ path, message: "expected a number that nobody else has" }],
  });
}

/** Who asks, for the audit log. */
export function byOf(c: Context<AppEnv>): By {
  return { who: whoOf(c), address: c.var.address };
}
