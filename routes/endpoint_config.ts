/**
 * @module
 * The configuration of an endpoint: as it is, its versions, and for admins to make, change, take back and remove.
 * Who is no admin gets it with its secrets masked.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { ConfigRefused } from "../actors/pjsip_conf/refusal.ts";
import type { ConfigChangeOptions, ConfigEdge } from "./config_edge.ts";
import {
  ChangedConfig,
  ConfigChange,
  ConfigRollback,
  ConfigTemplates,
  ConfigVersion,
  EndpointConfig,
  NewConfig,
} from "./config_schemas.ts";
import {
  ambiguous,
  type AmbiguousEndpoint,
  type EndpointsEdge,
  nameParam,
  noEndpoint,
  pbxQuery,
} from "./endpoint_names.ts";
import { byOf } from "./endpoints.ts";
import { type AppEnv, route, whoOf } from "./guard.ts";
import { defaultHook, isNamed, problem, type ProblemResponse } from "./problem.ts";
import { flag, limitOf } from "./query.ts";
import { page, Problem, storable } from "./schemas.ts";

export type { ConfigEdge } from "./config_edge.ts";

const problemContent = { "application/problem+json": { schema: Problem } };
const changed = {
  200: {
    description: "What it did, or would do",
    content: { "application/json": { schema: ConfigChange } },
  },
};

/** What it may be refused with, beside what any route may. */
const refusals = {
  403: { description: "Not allowed, or it cannot be changed from here", content: problemContent },
  404: { description: "No such endpoint or template", content: problemContent },
  409: {
    description: "It changed meanwhile, is there already, or is of several PBXs",
    content: problemContent,
  },
  422: {
    description: "Values are not as expected; `problems` says what is wrong in it",
    content: problemContent,
  },
  502: { description: "The PBX refused; `detail` has its words", content: problemContent },
  503: { description: "The link to the PBX is down, or the database is away", content: problemContent },
};

const getRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/endpoints/{name}/config",
  summary: "An endpoint's sections of pjsip.conf, or a template; secrets are masked for who is no admin",
  request: { params: nameParam, query: pbxQuery },
  responses: {
    200: {
      description: "As it is",
      content: { "application/json": { schema: EndpointConfig } },
    },
    ...refusals,
  },
});

const createRoute = route(["admin"], {
  method: "post",
  path: "/api/endpoints/{name}/config",
  summary: "Make an endpoint from a template, or from text",
  request: {
    params: nameParam,
    query: pbxQuery,
    body: { content: { "application/json": { schema: NewConfig } } },
  },
  responses: { ...changed, ...refusals },
});

const changeRoute = route(["admin"], {
  method: "put",
  path: "/api/endpoints/{name}/config",
  summary: "Change an endpoint's sections, or a template",
  request: {
    params: nameParam,
    query: pbxQuery,
    body: { content: { "application/json": { schema: ChangedConfig } } },
  },
  responses: { ...changed, ...refusals },
});

const removeRoute = route(["admin"], {
  method: "delete",
  path: "/api/endpoints/{name}/config",
  summary: "Remove an endpoint's sections",
  request: {
    params: nameParam,
    query: pbxQuery.extend({
      revision: z.string().min(1).max(200),
      why: storable(z.string().trim().max(500)).default(""),
      dry_run: flag.optional(),
    }),
  },
  responses: { ...changed, ...refusals },
});

const rollbackRoute = route(["admin"], {
  method: "post",
  path: "/api/endpoints/{name}/config/rollback",
  summary: "Make an endpoint's sections what they were in a version",
  request: {
    params: nameParam,
    query: pbxQuery,
    body: { content: { "application/json": { schema: ConfigRollback } } },
  },
  responses: { ...changed, ...refusals },
});

const versionsRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/endpoints/{name}/config/versions",
  summary: "Versions of an endpoint's configuration, newest first; secrets are masked for who is no admin",
  request: {
    params: nameParam,
    query: pbxQuery.extend({
      limit: limitOf({ default: 50, max: 200 }),
      cursor: storable(z.string().max(160)).optional(),
    }),
  },
  responses: {
    200: { description: "A page", content: { "application/json": { schema: page(ConfigVersion) } } },
    ...refusals,
  },
});

const templatesRoute = route(["admin", "operator"], {
  method: "get",
  path: "/api/config-templates",
  summary: "What an endpoint can be made from, and the templates of a PBX",
  request: { query: pbxQuery },
  responses: {
    200: { description: "As it is", content: { "application/json": { schema: ConfigTemplates } } },
    ...refusals,
  },
});

interface ConfigRoutesDeps {
  endpoints: Pick<EndpointsEdge, "find">;
  config: ConfigEdge;
  /** Names of the PBXs. */
  pbxs: readonly string[];
}

/** Routes of configurations. */
export function endpointConfigRoutes(deps: ConfigRoutesDeps): OpenAPIHono<AppEnv> {
  const { endpoints, config, pbxs } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(getRoute, async (c) => {
    return await at(
      c,
      async (pbx, name) => c.json(await config.view(pbx, name, { masked: isMasked(c) }), 200),
    );
  });

  app.openapi(createRoute, async (c) => {
    const { template, values = {}, text, ...rest } = c.req.valid("json");
    const change = template === undefined ? { text: text! } : { template, values };
    const run = async (pbx: string, name: string) =>
      c.json(await config.create(pbx, name, change, { ...optionsOf(c, rest), masked: isMasked(c) }), 200);
    return await at(c, run, { isNew: true });
  });

  app.openapi(changeRoute, async (c) => {
    const { text, sections, revision, ...rest } = c.req.valid("json");
    const change = sections === undefined ? { text: text! } : { sections };
    return await at(
      c,
      async (pbx, name) =>
        c.json(await config.change(pbx, name, change, { ...optionsOf(c, rest), revision }), 200),
    );
  });

  app.openapi(removeRoute, async (c) => {
    const { revision, why, dry_run = false } = c.req.valid("query");
    const options = { ...optionsOf(c, { why, dry_run }), revision };
    return await at(c, async (pbx, name) => c.json(await config.remove(pbx, name, options), 200));
  });

  app.openapi(rollbackRoute, async (c) => {
    const { version, revision, ...rest } = c.req.valid("json");
    const options = { ...optionsOf(c, rest), version, revision };
    return await at(c, async (pbx, name) => c.json(await config.rollback(pbx, name, options), 200));
  });

  app.openapi(versionsRoute, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const options = { limit, before: cursor, masked: isMasked(c) };
    return await at(c, async (pbx, name) => c.json(await config.versions(pbx, name, options), 200));
  });

  app.openapi(templatesRoute, async (c) => {
    const { pbx } = c.req.valid("query");
    const named = pbx ?? (pbxs.length === 1 ? pbxs[0] : undefined);
    if (named === undefined) return pbxNeeded(c, pbxs);
    if (!pbxs.includes(named)) return noPbx(c);
    return await attempt(c, async () => c.json(await config.templates(named), 200));
  });

  /** Finds out on which PBX it is, and says why not where it is refused. What is configured need not be loaded. */
  async function at<R>(
    c: Context,
    run: (pbx: string, name: string) => Promise<R>,
    options: { isNew?: boolean } = {},
  ): Promise<R | ProblemResponse> {
    const name = c.req.param("name")!;
    const asked = c.req.query("pbx");
    if (asked !== undefined && !pbxs.includes(asked)) return noPbx(c);
    if (!isSectionName(name)) return options.isNew ? badName(c) : noEndpoint(c);
    const pbx = asked ?? (pbxs.length === 1 ? pbxs[0]! : options.isNew ? null : pbxOf(name));
    if (pbx === null) return options.isNew ? pbxNeeded(c, pbxs) : noEndpoint(c);
    if (typeof pbx !== "string") return ambiguous(c, pbx);
    return await attempt(c, () => run(pbx, name));
  }

  function pbxOf(name: string): string | string[] | null {
    try {
      return endpoints.find(name)?.pbx ?? null;
    } catch (error) {
      if (isNamed<AmbiguousEndpoint>(error, "AmbiguousEndpoint")) return error.pbxs;
      throw error;
    }
  }

  return app;
}

type Context = Parameters<typeof problem>[0];

async function attempt<R>(c: Context, run: () => Promise<R>): Promise<R | ProblemResponse> {
  try {
    return await run();
  } catch (error) {
    if (isNamed<ConfigRefused>(error, "ConfigRefused")) return refused(c, error);
    throw error;
  }
}

function isMasked(c: Context): boolean {
  return whoOf(c).role !== "admin";
}

function optionsOf(c: Context, { why, dry_run }: { why: string; dry_run: boolean }): ConfigChangeOptions {
  return { why, dryRun: dry_run, by: byOf(c) };
}

/** Anything else is the name of no section, and would be something else in an action to Asterisk. */
function isSectionName(name: string): boolean {
  return name !== "" && name.length <= 200 && name.isWellFormed() && !/\p{Cc}/u.test(name);
}

function badName(c: Context): ProblemResponse {
  const errors = [{ path: "name", message: "expected 1 to 200 characters without control characters" }];
  return problem(c, { ...INVALID, errors });
}

function noPbx(c: Context): ProblemResponse {
  return problem(c, { status: 404, type: "not-found", title: "There is no such PBX" });
}

function pbxNeeded(c: Context, pbxs: readonly string[]): ProblemResponse {
  return problem(c, { ...INVALID, errors: [{ path: "pbx", message: `expected one of ${pbxs.join(", ")}` }] });
}

const INVALID = { status: 422, type: "invalid-values", title: "Some values are not as expected" } as const;

const REFUSALS: Record<
  ConfigRefused["kind"],
  { status: 403 | 404 | 409 | 422 | 502 | 503; type: string; title: string }
> = {
  "not-found": { status: 404, type: "not-found", title: "There is no such endpoint or template" },
  "exists": { status: 409, type: "config-exists", title: "It is there already" },
  "conflict": { status: 409, type: "config-changed", title: "It was changed meanwhile" },
  "invalid": { status: 422, type: "invalid-config", title: "The configuration is not as expected" },
  "unsafe": { status: 422, type: "unsafe-config", title: "The configuration cannot be written safely" },
  "not-editable": { status: 403, type: "not-editable", title: "It cannot be changed from here" },
  "link-down": { status: 503, type: "link-down", title: "The link to the PBX is down" },
  "pbx-refused": { status: 502, type: "pbx-refused", title: "The PBX refused" },
};

/** What Asterisk or a file says of a configuration may quote it: only who may read all of it is told its words. */
function refused(c: Context, { kind, message, problems }: ConfigRefused): ProblemResponse {
  if (isMasked(c)) return problem(c, REFUSALS[kind]);
  const errors = problems.map(({ section, option, message }) => ({
    path: [section, option].filter((part) => part !== null).join("."),
    message,
  }));
  const hasProblems = problems.length > 0 || kind === "invalid";
  return problem(c, {
    ...REFUSALS[kind],
    detail: message,
    ...(hasProblems ? { errors, extra: { problems } } : {}),
  });
}
