/**
 * @module
 * Which endpoint a request is about. Names are looked up among those that there are, whatever text they are: no path,
 * no file and no query is made of one.
 */
import { z } from "@hono/zod-openapi";
import type { EndpointAlertView, EndpointHistoryView, EndpointView } from "../machines/endpoint_views.ts";
import type { Who } from "./guard.ts";
import { isNamed, problem, type ProblemResponse } from "./problem.ts";
import { Problem } from "./schemas.ts";

/** Who does something at an endpoint or its configuration. */
export interface EndpointBy extends Pick<Who, "userId" | "name" | "role"> {
  address: string;
}

/** What the edge needs of the running endpoints. */
export interface EndpointsEdge {
  /** Sorted by PBX, then by name. */
  list(): EndpointView[];
  /** Null when there is none. @throws AmbiguousEndpoint when several PBXs have that name and none is given */
  find(name: string, pbx?: string): EndpointView | null;
  /** Asks the phone and reads it anew. @throws EndpointRefused */
  refresh(pbx: string, name: string, by: EndpointBy): Promise<EndpointView>;
  /** `before` is a time, and so is `next` of what comes back. */
  history(
    pbx: string,
    name: string,
    page: { limit: number; before?: string | undefined },
  ): Promise<EndpointHistoryView>;
  /** Those that are not over. */
  alerts(): EndpointAlertView[];
}

/** Several PBXs have that name; it is known by its name here. */
export interface AmbiguousEndpoint extends Error {
  pbxs: string[];
}

/** `{name}` in a path: any text that an endpoint may be called by. */
export const nameParam = z.object({
  name: z.string().openapi({ example: "777-ep", description: "As in pjsip.conf" }),
});

/** `pbx` in a query: needed where several PBXs have an endpoint of that name. */
export const pbxQuery = z.object({
  pbx: z.string().max(64).optional().openapi({ description: "Where several PBXs have that name" }),
});

const problemContent = { "application/problem+json": { schema: Problem } };

/** What any route of one endpoint may answer beside. */
export const notOne = {
  404: { description: "No such endpoint", content: problemContent },
  409: { description: "Several PBXs have that name; `pbxs` names them", content: problemContent },
};

type Context = Parameters<typeof problem>[0];

/** Answers with what `run` makes of the endpoint of that name, or says that there is none, or more than one. */
export function withEndpoint<R>(
  c: Context,
  { endpoints, name, pbx }: {
    endpoints: Pick<EndpointsEdge, "find">;
    name: string;
    pbx?: string | undefined;
  },
  run: (view: EndpointView) => R,
): R | ProblemResponse {
  let view: EndpointView | null;
  try {
    view = endpoints.find(name, pbx);
  } catch (error) {
    if (isNamed<AmbiguousEndpoint>(error, "AmbiguousEndpoint")) return ambiguous(c, error.pbxs);
    throw error;
  }
  return view === null ? noEndpoint(c) : run(view);
}

/** Says that there is no such endpoint. */
export function noEndpoint(c: Context): ProblemResponse {
  return problem(c, { status: 404, type: "not-found", title: "There is no such endpoint" });
}

/** Says that the PBX has to be named. */
export function ambiguous(c: Context, pbxs: readonly string[]): ProblemResponse {
  return problem(c, {
    status: 409,
    type: "ambiguous-endpoint",
    title: "Several PBXs have an endpoint of that name",
    detail: `expected pbx to be one of ${pbxs.join(", ")}`,
    extra: { pbxs },
  });
}
