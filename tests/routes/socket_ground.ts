/**
 * @module
 * Real sockets on loopback, by both ports, over a feed and calls that tests hold, on a simulated clock. A client
 * keeps what it was told.
 */
import { once } from "node:events";
import { Hono } from "hono";
import { WebSocket } from "ws";
import { type Audience, Feed } from "../../actors/feed.ts";
import type { Shown, Who } from "../../actors/people/who.ts";
import type { LogLineView } from "../../machines/endpoint_views.ts";
import type { CallView, PartyView } from "../../machines/views.ts";
import { type AppEnv, createGuard } from "../../routes/guard.ts";
import { socketRoutes } from "../../routes/socket.ts";
import { startSocketServer } from "../../routes/socket_server.ts";
import type { CallBy } from "../../routes/calls.ts";
import { Sockets } from "../../routes/sockets.ts";
import { streamRoutes } from "../../routes/stream.ts";
import { CountingClock } from "../machines/panel.ts";
import { FakeEndpoints, FakeLogs } from "./fake_endpoints.ts";
import { waitFor } from "../support/wait.ts";

/** By which port a client comes: the one of its own, or `/ws` beside the pages. */
export const WAYS = ["own port", "/ws"] as const;
/** One of them. */
export type Way = typeof WAYS[number];

/** Who there is. The cookie is the login, the token `dl_` and the login. */
export const USERS = {
  ann: { userId: 1, role: "employee" },
  ben: { userId: 2, role: "employee" },
  olga: { userId: 3, role: "operator" },
  adam: { userId: 4, role: "admin" },
} as const;
/** A login. */
export type Login = keyof typeof USERS;

/** A frame as it came. */
export interface Frame {
  event: string;
  // deno-lint-ignore no-explicit-any -- a test looks into it and fails when it is something else
  data: any;
}

/** A client. */
export interface Client {
  ws: WebSocket;
  frames: Frame[];
  /** Names of the events so far, but for the state. */
  events(): string[];
  say(event: string, data?: unknown): void;
  /** Waits for the first frame of that name at or after `from`. */
  heard(event: string, from?: number): Promise<Frame>;
  /** Waits until it is closed and gives the code. */
  closed(): Promise<number>;
  /** Waits until what the server has sent so far is here. */
  caughtUp(): Promise<void>;
}

/** How to connect. */
export interface Dial {
  way?: Way;
  as?: Login;
  token?: Login;
  headers?: Record<string, string>;
  path?: string;
  /** Does not wait until it is open. */
  unchecked?: boolean;
}

/** The ground under test. */
export interface SocketGround {
  clock: CountingClock;
  feed: Feed;
  sockets: Sockets;
  calls: CallView[];
  endpoints: FakeEndpoints;
  logs: FakeLogs;
  /** What was asked of the calls. */
  asked: [what: "accept" | "reject", id: string, by: CallBy][];
  /** What accepting and rejecting come to; throws to refuse. */
  acting: { act: () => Promise<void> };
  errors: unknown[];
  urls: Record<Way, string>;
  dial(options?: Dial): Promise<Client>;
  /** Keeps a call as it is now and publishes it. */
  publish(view: CallView, audience?: Audience): void;
  /** Keeps a line and tells it on all its topics, as the logs do. */
  line(line: LogLineView): void;
  /** Opens a stream of server-sent events. */
  stream(as: Login): Promise<Response>;
  stop(): Promise<void>;
}

/** A party. */
export function party(number: string, name: string | null = null, userId: number | null = null): PartyView {
  return { number, name, user_id: userId };
}

/** A call that rings at 777, which is Ann's, unless told otherwise. */
export function callView(more: Partial<CallView> = {}): CallView {
  return {
    id: "c1",
    pbx: "main",
    linked_id: "1.1",
    direction: "inbound",
    status: "incoming",
    end_reason: null,
    caller: party("+7 495 123-45-67", "Caller"),
    receiver: party("777", "Ann", 1),
    company: { id: 1, name: "Test Company" },
    answered_by: null,
    accepted_by: null,
    started_at: new Date(1_000_000_000).toISOString(),
    accepted_at: null,
    answered_at: null,
    ended_at: null,
    duration: 0,
    rings: [{ ...party("777", "Ann", 1), leg: "1.2", since: new Date(1_000_000_000).toISOString() }],
    talking: [],
    transferred: null,
    unknown_number: false,
    uncertain: false,
    party_ids: [1],
    notes: "",
    ...more,
  };
}

/** Where it rings, by leg. */
export function ring(leg: string, number: string, userId: number | null): CallView["rings"][number] {
  return { ...party(number, null, userId), leg, since: new Date(1_000_000_000).toISOString() };
}

/** Runs a test with sockets; nothing unexpected may have been logged, unless the test takes it from `errors`. */
export async function withSockets(
  run: (ground: SocketGround) => Promise<void>,
  options: { streamsPerUser?: number; strangers?: boolean; logs?: null } = {},
): Promise<void> {
  const clock = new CountingClock();
  const steady = {
    now: () => clock.now(),
    toWall: (at: number) => at,
    setTimeout: (act: () => void, ms: number) => clock.setTimeout(act, ms),
    clearTimeout: (id: unknown) => clock.clearTimeout(id as number),
  };
  const calls: CallView[] = [];
  const endpoints = new FakeEndpoints();
  const logs = new FakeLogs();
  const feed = new Feed({ snapshot: () => ({}), clock: steady, epoch: "e1" });
  const asked: SocketGround["asked"] = [];
  const acting = { act: () => Promise.resolve() };
  const errors: unknown[] = [];
  const act = async (what: "accept" | "reject", id: string, by: CallBy) => {
    asked.push([what, id, by]);
    await acting.act();
    return { phone: "answering" };
  };
  const streamsPerUser = options.streamsPerUser ?? 50;
  const sockets = new Sockets({
    people: { identify },
    feed,
    calls: {
      list: () => calls,
      visibleTo: (call, who) => who.role !== "employee" || call.party_ids.includes(who.userId),
      get: (id) => calls.find((call) => call.id === id) ?? null,
      accept: (id, by) => act("accept", id, by),
      reject: (id, by) => act("reject", id, by),
    },
    endpoints,
    logs: options.logs === null ? null : logs,
    streamsPerUser,
    clock: steady,
    log: { error: ({ err }) => void errors.push(err) },
  });
  const guard = createGuard({ people: { identify }, trustProxy: [], publicOrigins: [] });
  const app = new Hono<AppEnv>().use(guard.identify, guard.sameOrigin);
  app.route("/", socketRoutes({ sockets, strangers: options.strangers ?? true })).route(
    "/",
    streamRoutes({ feed, endpoints, logs, streamsPerUser }),
  );
  const pages = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
  const own = await startSocketServer({
    host: "127.0.0.1",
    port: 0,
    sockets,
    people: { identify },
    trustProxy: [],
    publicOrigins: [],
    pagesPort: () => pages.addr.port,
  });
  const urls: SocketGround["urls"] = {
    "own port": `ws://127.0.0.1:${own.port}`,
    "/ws": `ws://127.0.0.1:${pages.addr.port}/ws`,
  };
  const origin = `http://127.0.0.1:${pages.addr.port}`;
  const dialled: WebSocket[] = [];
  const ground: SocketGround = {
    clock,
    feed,
    sockets,
    calls,
    endpoints,
    logs,
    asked,
    acting,
    errors,
    urls,
    dial: async ({ way = "own port", as, token, headers = {}, path = "", unchecked = false } = {}) => {
      const ws = new WebSocket(urls[way] + path, {
        perMessageDeflate: false,
        headers: {
          ...(as === undefined ? {} : { Cookie: `doorline_session=${as}`, Origin: origin }),
          ...(token === undefined ? {} : { Authorization: `Bearer dl_${token}` }),
          ...headers,
        },
      });
      dialled.push(ws);
      const client = clientOf(ws);
      if (!unchecked) {
        await once(ws, "open");
        if (as !== undefined || token !== undefined) await client.heard("statusUpdate");
      }
      return client;
    },
    publish: (view, audience = { userIds: view.party_ids }) => {
      const known = calls.findIndex(({ id }) => id === view.id);
      if (known < 0) calls.push(view);
      else calls[known] = view;
      feed.publish("calls", "call.changed", view, audience);
    },
    line: (line) => {
      logs.lines.push(line);
      const topics = [
        "logs:*" as const,
        ...line.endpoints.map((name) => `logs:${line.pbx}/${name}` as const),
        ...(line.call === null ? [] : [`logs:[${line.pbx}/${line.call}]` as const]),
      ];
      for (const topic of topics) if (feed.wants(topic)) feed.tell(topic, "log.line", line);
    },
    stream: (as) =>
      fetch(`${origin}/api/stream?topics=calls`, { headers: { Cookie: `doorline_session=${as}` } }),
    stop: async () => {
      feed.stop();
      await own.stop(200);
    },
  };
  try {
    await run(ground);
    if (errors.length > 0) throw new Error("Something unexpected was logged", { cause: errors[0] });
  } finally {
    await ground.stop();
    for (const ws of dialled) ws.terminate();
    await waitFor(() => sockets.size === 0, { what: "the end of all sockets" });
    await pages.shutdown();
  }
}

function identify({ cookie, bearer }: Shown): Who | null {
  const login = bearer?.replace(/^dl_/, "") ?? cookie ?? "";
  if (!Object.hasOwn(USERS, login) || bearer === login) return null;
  const shown = bearer === undefined
    ? { sessionId: `session of ${login}`, tokenId: null }
    : { sessionId: null, tokenId: 1 };
  return { ...USERS[login as Login], login, name: `Name of ${login}`, ...shown };
}

function clientOf(ws: WebSocket): Client {
  const frames: Frame[] = [];
  let code: number | null = null;
  let pongs = 0;
  ws.on("message", (data) => frames.push(JSON.parse(String(data))));
  ws.on("pong", () => pongs++);
  ws.on("close", (given) => code = given);
  // Refused upgrades are told by `unexpected-response`, ends by `close`.
  ws.on("error", () => {});
  return {
    ws,
    frames,
    events: () => frames.map(({ event }) => event).filter((event) => event !== "statusUpdate"),
    say: (event, data) => ws.send(JSON.stringify({ event, data })),
    heard: (event, from = 0) =>
      waitFor(() => frames.slice(from).find((frame) => frame.event === event), {
        what: event,
        timeoutMs: 5000,
      }),
    closed: () =>
      waitFor(() => code === null ? false : { code }, { what: "the close" }).then(({ code }) => code!),
    caughtUp: async () => {
      const before = pongs;
      ws.ping();
      await waitFor(() => pongs > before, { what: "a pong" });
    },
  };
}
