/**
 * @module
 * The live stream: server-sent events of the topics that were asked for, as far as the reader may read them.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Feed, Scope, Topic } from "../actors/feed.ts";
import type { Ended, Role } from "../actors/people/who.ts";
import { type AppEnv, route, type Who, whoOf } from "./guard.ts";
import { defaultHook, problem } from "./problem.ts";
import { Problem } from "./schemas.ts";

/** Who may read which topic: the same roles that the API asks for. */
const READERS: Record<Topic, readonly Role[]> = {
  intercoms: ["admin", "operator"],
  events: ["admin", "operator"],
  links: ["admin", "operator", "employee"],
  calls: ["admin", "operator", "employee"],
};

/** How much of the calls somebody reads: an employee only those that are their own, as in the API. */
export function scopeOf({ userId, role }: Pick<Who, "userId" | "role">): Scope {
  return role === "employee" ? { userId } : "all";
}

const streamRoute = route(["any"], {
  method: "get",
  path: "/api/stream",
  summary: "What changes, as it changes (server-sent events)",
  description:
    "First a `snapshot`, then changes. Each has an `id`; a reader that comes back with `Last-Event-ID` " +
    "gets what it missed, or a `reset` and a new `snapshot`. Topics that the reader may not read are left out, " +
    "and of `calls` an employee gets their own.",
  request: {
    query: z.object({
      topics: z.string().max(200).default(Object.keys(READERS).join(",")).openapi({
        example: "intercoms,events,links,calls",
      }),
    }),
    headers: z.object({ "last-event-id": z.string().max(64).optional() }),
  },
  responses: {
    200: { description: "The stream", content: { "text/event-stream": { schema: z.string() } } },
    429: {
      description: "Too many streams of one user",
      content: { "application/problem+json": { schema: Problem } },
    },
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

/** The route of the stream. */
export function streamRoutes(deps: { feed: Feed; streamsPerUser: number }): OpenAPIHono<AppEnv> {
  const { feed, streamsPerUser } = deps;
  const app = new OpenAPIHono<AppEnv>({ defaultHook });

  app.openapi(streamRoute, (c) => {
    const who = whoOf(c);
    const { userId, sessionId, tokenId, role } = who;
    const asked = new Set(c.req.valid("query").topics.split(",").map((topic) => topic.trim()));
    const unknown = [...asked].find((topic) => !Object.hasOwn(READERS, topic));
    if (unknown !== undefined) {
      return problem(c, {
        status: 422,
        type: "invalid-values",
        title: "Some values are not as expected",
        errors: [{ path: "topics", message: `expected a list of ${Object.keys(READERS).join(",")}` }],
      });
    }
    const topics = (Object.keys(READERS) as Topic[]).filter((topic) =>
      asked.has(topic) && READERS[topic].includes(role)
    );
    if (topics.length === 0) {
      return problem(c, { status: 403, type: "not-allowed", title: "Your role may not read these topics" });
    }
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
      lastEventId: c.req.valid("header")["last-event-id"] ?? null,
    });
    return c.body(stream, 200, headers);
  });

  return app;
}
