/**
 * @module
 * The live stream: server-sent events of the topics that were asked for, as far as the reader may read them.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Feed, LogTopic, Scope, Topic } from "../actors/feed.ts";
import type { Ended, Role } from "../actors/people/who.ts";
import { type AppEnv, route, type Who, whoOf } from "./guard.ts";
import { findLogs, type LogPlaces, noLogs } from "./log_topics.ts";
import { defaultHook, problem, type ProblemResponse } from "./problem.ts";
import { Problem } from "./schemas.ts";

/** Who may read which topic: the same roles that the API asks for. */
const READERS: Record<Topic, readonly Role[]> = {
  intercoms: ["admin", "operator"],
  events: ["admin", "operator"],
  links: ["admin", "operator", "employee"],
  calls: ["admin", "operator", "employee"],
  endpoints: ["admin", "operator"],
};

/** Who may read log lines, and how many topics of them in one stream. */
const LOG_READERS: readonly Role[] = ["admin", "operator"];
const MAX_LOG_TOPICS = 10;

/** How much of the calls somebody reads: an employee only those that are their own, as in the API. */
export function scopeOf({ userId, role }: Pick<Who, "userId" | "role">): Scope {
  return role === "employee" ? { userId } : "all";
}

const problemContent = { "application/problem+json": { schema: Problem } };

const streamRoute = route(["any"], {
  method: "get",
  path: "/api/stream",
  summary: "What changes, as it changes (server-sent events)",
  description:
    "First a `snapshot`, then changes. Each has an `id`; a reader that comes back with `Last-Event-ID` " +
    "gets what it missed, or a `reset` and a new `snapshot`. Topics that the reader may not read are left out, " +
    "and of `calls` an employee gets their own. `logs:NAME` has the log lines of an endpoint (`logs:PBX/NAME` where " +
    "several PBXs have it), `logs:*` all and `logs:[C-0000000a]` those of a call (`logs:[PBX/C-0000000a]` " +
    "where the logs of several are followed); the `snapshot` has the last ones, and lines are not replayed.",
  request: {
    query: z.object({
      topics: z.string().max(2000).default(Object.keys(READERS).join(",")).openapi({
        example: "intercoms,events,links,calls,endpoints",
      }),
    }),
    headers: z.object({ "last-event-id": z.string().max(64).optional() }),
  },
  responses: {
    200: { description: "The stream", content: { "text/event-stream": { schema: z.string() } } },
    404: { description: "There is no endpoint of that name, or no log of that PBX", content: problemContent },
    409: { description: "Several PBXs have that name; `pbxs` names them", content: problemContent },
    429: { description: "Too many streams of one user", content: problemContent },
  },
});

/** Ends the streams and sockets that were opened with rights which ended; others of the same user go on. */
export function endStreams(feed: Feed, { userId, sessionId, tokenId }: Ended): void {
  feed.end(
    (owner) =>
      owner.userId === userId &&
      (sessionId === undefined || owner.sessionId === sessionId) &&
      (tokenId === undefined || owner.tokenId === tokenId),
    "logged_out",
  );
}

interface StreamRouteDeps extends LogPlaces {
  feed: Feed;
  streamsPerUser: number;
}

/** The route of the stream. */
export function streamRoutes(deps: StreamRouteDeps): OpenAPIHono<AppEnv> {
  const { feed, streamsPerUser } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(streamRoute, (c) => {
    const who = whoOf(c);
    const { userId, sessionId, tokenId, role } = who;
    const asked = readTopics(c.req.valid("query").topics);
    if (asked === null || asked.logs.length > MAX_LOG_TOPICS) {
      const expected = `${Object.keys(READERS).join(",")}, and at most ${MAX_LOG_TOPICS} of logs:NAME`;
      return problem(c, {
        status: 422,
        type: "invalid-values",
        title: "Some values are not as expected",
        errors: [{ path: "topics", message: `expected a list of ${expected}` }],
      });
    }
    const topics = (Object.keys(READERS) as Topic[]).filter((topic) =>
      asked.topics.has(topic) && READERS[topic].includes(role)
    );
    // Whether there is an endpoint of that name is nothing that everybody learns.
    const names = LOG_READERS.includes(role) ? asked.logs : [];
    if (topics.length + names.length === 0) {
      return problem(c, { status: 403, type: "not-allowed", title: "Your role may not read these topics" });
    }
    const logs = logTopics(c, deps, names);
    if (logs instanceof Response) return logs;
    if (feed.countOf(userId) >= streamsPerUser) {
      return problem(c, {
        status: 429,
        type: "too-many-streams",
        title: `You have ${streamsPerUser} streams open already`,
        headers: { "Retry-After": "30" },
      });
    }
    const headers = {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store",
      "X-Accel-Buffering": "no",
    };
    // Nobody would read the stream of a HEAD, nor close it.
    if (c.req.method === "HEAD") return c.body(null, 200, headers);
    const stream = feed.open({ userId, sessionId, tokenId }, topics, {
      scope: scopeOf(who),
      logs,
      lastEventId: c.req.valid("header")["last-event-id"] ?? null,
    });
    return c.body(stream, 200, headers);
  });

  return app;
}

/** Reads a list of topics; null when something in it is none. */
function readTopics(list: string): { topics: Set<string>; logs: string[] } | null {
  const topics = new Set<string>();
  const logs: string[] = [];
  let inName = false;
  for (const part of list.split(",")) {
    const topic = part.trim();
    if (topic.startsWith("logs:")) {
      logs.push(topic.slice("logs:".length));
      inName = true;
    } else if (Object.hasOwn(READERS, topic)) {
      topics.add(topic);
      inName = false;
    } else if (inName) {
      // What is no topic after a name is a part of it: endpoints may have commas in their names.
      logs.push(`${logs.pop()},${part}`);
    } else return null;
  }
  return { topics, logs: [...new Set(logs)] };
}

function logTopics(
  c: Parameters<typeof problem>[0],
  places: LogPlaces,
  names: readonly string[],
): LogTopic[] | ProblemResponse {
  const topics = new Set<LogTopic>();
  for (const name of names) {
    const found = findLogs(places, name);
    if (found.kind !== "found") return noLogs(c, found);
    topics.add(found.topic);
  }
  return [...topics];
}
