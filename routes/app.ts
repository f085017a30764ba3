/**
 * @module
 * The HTTP edge put together: what is asked of every request, the routes, their description, and the pages.
 * Everything it serves from arrives as `deps`; it holds nothing.
 */
import { OpenAPIHono, type z } from "@hono/zod-openapi";
import type { DeadLetters } from "../actors/dead_letters.ts";
import type { Directory } from "../actors/directory.ts";
import type { DoorCommands } from "../actors/door_commands.ts";
import type { Feed } from "../actors/feed.ts";
import type { Intercoms } from "../actors/intercoms.ts";
import type { Links } from "../actors/links.ts";
import type { PanelCredentials } from "../actors/mqtt/credentials.ts";
import type { People } from "../actors/people/people.ts";
import type { Recorder } from "../actors/recorder.ts";
import type { Database } from "../db/client.ts";
import { auditRoutes } from "./audit.ts";
import { authRoutes } from "./auth.ts";
import { callRoutes, type CallsEdge } from "./calls.ts";
import { type ConfigEdge, endpointConfigRoutes } from "./endpoint_config.ts";
import { endpointLogRoutes, type LogsEdge } from "./endpoint_logs.ts";
import { endpointRoutes, type EndpointsEdge } from "./endpoints.ts";
import { companyRoutes } from "./companies.ts";
import { eventRoutes } from "./events.ts";
import { type AppEnv, createGuard, registerSecurity } from "./guard.ts";
import { intercomRoutes } from "./intercoms.ts";
import { numberRoutes } from "./numbers.ts";
import { type PageFile, pageRoutes } from "./pages.ts";
import { peopleRoutes } from "./people.ts";
import { createOnError, defaultHook, type ErrorLog, notFound, refuseWhileStopping } from "./problem.ts";
import type { ShownSettings } from "./schemas.ts";
import { limitBody, securityHeaders } from "./security_headers.ts";
import { socketRoutes } from "./socket.ts";
import type { Sockets } from "./sockets.ts";
import { streamRoutes } from "./stream.ts";
import { type Readiness, systemRoutes } from "./system.ts";
import { type MakeTestCall, testCallRoutes } from "./test_calls.ts";

/** What the edge serves from. */
export interface AppDeps {
  people: People;
  directory: Directory;
  calls: CallsEdge;
  /** Makes a call to try things out; null where Asterisk is a real one. */
  testCall: MakeTestCall | null;
  endpoints: EndpointsEdge;
  /** Null where no log of Asterisk is configured. */
  logs: LogsEdge | null;
  /** The endpoints' configurations. */
  config: ConfigEdge;
  /** Names of the Asterisk servers. */
  pbxs: readonly string[];
  intercoms: Intercoms;
  commands: DoorCommands;
  credentials: PanelCredentials | null;
  recorder: Recorder;
  feed: Feed;
  /** Without it there is no `/ws`. */
  sockets?: Sockets;
  /** Whether strangers may connect to `/ws`, and say who they are when they are connected. */
  strangers?: boolean;
  links: Links;
  deadLetters: DeadLetters;
  database: Database;
  viewOfRow: Parameters<typeof intercomRoutes>[0]["viewOfRow"];
  pages: Map<string, PageFile>;
  settings: z.infer<typeof ShownSettings>;
  trustProxy: string[];
  publicOrigins: string[];
  streamsPerUser: number;
  /** Whether the service ends: then it takes on nothing new. */
  isStopping: () => boolean;
  readiness: () => Readiness;
  metrics: () => Promise<string>;
  log: ErrorLog;
}

/** Builds the app. @throws TypeError when a trusted proxy or an origin cannot be read */
export function createApp(deps: AppDeps): OpenAPIHono<AppEnv> {
  const { intercoms, recorder } = deps;
  const guard = createGuard(deps);
  const app = new OpenAPIHono<AppEnv>({ defaultHook });
  app.use(securityHeaders(guard), refuseWhileStopping(deps.isStopping));
  app.use(limitBody(), guard.identify, guard.sameOrigin);
  app.onError(createOnError(deps.log));
  app.notFound(notFound);
  registerSecurity(app);
  app.route("/", authRoutes({ people: deps.people, directory: deps.directory, guard }));
  app.route("/", peopleRoutes(deps));
  app.route("/", numberRoutes(deps));
  app.route("/", companyRoutes(deps));
  app.route("/", auditRoutes(deps));
  app.route("/", callRoutes(deps));
  app.route("/", testCallRoutes(deps));
  app.route("/", endpointRoutes(deps));
  app.route("/", endpointLogRoutes(deps));
  app.route("/", endpointConfigRoutes(deps));
  app.route("/", intercomRoutes(deps));
  app.route(
    "/",
    eventRoutes({
      database: deps.database,
      recent: () => recorder.recent(),
      nameOf: (mac) => intercoms.get(mac)?.name ?? "",
    }),
  );
  app.route("/", streamRoutes(deps));
  const { sockets, strangers = true } = deps;
  if (sockets !== undefined) app.route("/", socketRoutes({ sockets, strangers }));
  app.route("/", systemRoutes(deps));
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "Doorline",
      version: deps.settings.version,
      description: "Panels, doors and calls of apartment buildings.",
      license: { name: "MIT" },
    },
  });
  app.route("/", pageRoutes(deps.pages));
  return app;
}
