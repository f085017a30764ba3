/**
 * @module
 * The serving side of the benchmark of streams: the feed behind the route of the service, or Hono's `streamSSE`.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { Feed } from "../actors/feed.ts";
import type { IntercomView } from "../machines/views.ts";
import type { AppEnv } from "../routes/guard.ts";
import { streamRoutes } from "../routes/stream.ts";
import { answer, measure, mustBe, type Used } from "./support.ts";

interface Side {
  fetch: (request: Request) => Response | Promise<Response>;
  readers: () => number;
  publish: (change: IntercomView) => void;
}

const side = Deno.args[0] === "feed" ? feedSide() : honoSide();
let published = 0;
let used: () => Used;

await answer({
  listen: () => {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => side.fetch(request),
    );
    return { port: server.addr.port };
  },
  begin: ({ readers }: { readers: number }) => {
    mustBe("readers", side.readers(), readers);
    used = measure();
  },
  publish: async ({ changes, perSecond }: { changes: number; perSecond: number }) => {
    const start = performance.now();
    for (let i = 0; i < changes; i++) {
      const wait = start + i * 1000 / perSecond - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      side.publish(change(published++));
    }
  },
  finish: () => used(),
});

/** The whole view of a panel, as the feed publishes it; the name tells its number. */
function change(number: number): IntercomView {
  return {
    mac: "02:00:00:00:00:01",
    name: `change ${String(number).padStart(8, "0")}`,
    address: "Main street 1, entrance 2",
    status: "online",
    status_since: new Date().toISOString(),
    status_reason: null,
    door: "closed",
    door_since: new Date().toISOString(),
    door_source: null,
    last_seen_at: new Date().toISOString(),
    adopted: true,
    alarm: null,
    last_call: { apartment: "12", at: new Date().toISOString() },
    command: null,
  };
}

function feedSide(): Side {
  const feed = new Feed({ snapshot: () => ({}) });
  const app = new OpenAPIHono<AppEnv>();
  app.use(async (c, next) => {
    c.set("who", {
      userId: 1,
      login: "bench",
      name: "bench",
      role: "operator",
      sessionId: "bench",
      tokenId: null,
    });
    await next();
  });
  app.route(
    "/",
    streamRoutes({ feed, endpoints: { find: () => null }, logs: null, streamsPerUser: 100_000 }),
  );
  return {
    fetch: (request) => app.fetch(request),
    readers: () => feed.readers,
    publish: (view) => feed.publish("intercoms", "intercom.changed", view),
  };
}

function honoSide(): Side {
  const streams = new Set<SSEStreamingApi>();
  let seq = 0;
  const app = new Hono();
  app.get("/api/stream", (c) =>
    streamSSE(c, async (stream) => {
      streams.add(stream);
      await stream.writeSSE({ event: "snapshot", data: "{}" });
      await new Promise<void>((resolve) => stream.onAbort(resolve));
      streams.delete(stream);
    }));
  return {
    fetch: (request) => app.fetch(request),
    readers: () => streams.size,
    publish: (view) => {
      const message = { id: String(++seq), event: "intercom.changed", data: JSON.stringify(view) };
      for (const stream of streams) void stream.writeSSE(message);
    },
  };
}
