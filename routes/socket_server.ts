/**
 * @module
 * The WebSocket's own port, by npm `ws`: it answers nothing but upgrades. Who may come in is asked of the same guard
 * as at the HTTP port; what clients are told is the business of `sockets.ts`.
 */
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Hono } from "hono";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { type AppEnv, createGuard, isUpgrade, type Who } from "./guard.ts";
import { problem } from "./problem.ts";
import { ServerError } from "./server.ts";
import { MAX_FRAME_BYTES } from "./socket_frames.ts";
import type { Sockets } from "./sockets.ts";

/** Apart from its use, since the types of `ws` do not know `closeTimeout` yet. */
const SOCKET_OPTIONS = {
  noServer: true,
  clientTracking: false,
  maxPayload: MAX_FRAME_BYTES,
  perMessageDeflate: false,
  /** How long a client has to play along when its socket is closed, in milliseconds. */
  closeTimeout: 5000,
};
/** How long a client has to say what it wants, in milliseconds. */
const HEADERS_MS = 10_000;
/** Connections that have not become sockets. */
const MAX_CONNECTIONS = 20_000;

/** What the port is made of. */
export interface SocketServerOptions {
  host: string;
  /** 0 takes any port that is free. */
  port: number;
  sockets: Sockets;
  people: Parameters<typeof createGuard>[0]["people"];
  trustProxy: string[];
  publicOrigins: string[];
  /** Port of the pages: theirs is another origin than this port's. */
  pagesPort: () => number;
}

/** The listening port. */
export interface SocketServer {
  port: number;
  /** Takes nobody new and ends what the clients have not ended within `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

/** Whoever the guard let through. */
interface Admitted {
  who: Who | null;
  address: string;
}

/** Listens. @throws ServerError naming the setting when the port is in use or may not be had */
export async function startSocketServer(options: SocketServerOptions): Promise<SocketServer> {
  const { host, port, sockets } = options;
  const gate = createGate(options);
  const open = new Set<Duplex>();
  const upgrades = new WebSocketServer(SOCKET_OPTIONS);
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: HEADERS_MS }, (_, response) => {
    response.writeHead(426, { "Upgrade": "websocket", "Connection": "Upgrade, close" });
    response.end("This port speaks WebSocket only\n");
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    // A client that resets the connection at the wrong moment must not end the process.
    socket.on("error", () => {});
  });
  server.on("clientError", (_, socket) => socket.destroy());
  server.on("upgrade", (request, socket, head) => {
    void (async () => {
      const answer = await gate(request);
      if (answer instanceof Response) return await refuse(socket, answer);
      // Asked again at the very moment: many may have come through the gate at once.
      if (sockets.refusal(answer.who, answer.address) !== null) {
        const again = await gate(request);
        return again instanceof Response ? await refuse(socket, again) : socket.destroy();
      }
      upgrades.handleUpgrade(request, socket, head, (ws) => join(ws, sockets, answer));
    })().catch(() => socket.destroy());
  });
  await listen(server, { host, port });
  return {
    port: (server.address() as AddressInfo).port,
    stop: async (graceMs = 1500) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = setTimeout(() => open.forEach((socket) => socket.destroy()), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** Ties a socket to its session. */
function join(ws: WebSocket, sockets: Sockets, admitted: Admitted): void {
  const guest = sockets.open({
    get bufferedAmount() {
      return ws.bufferedAmount;
    },
    send: (text) => ws.send(text, () => {}),
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
    ping: () => ws.ping(),
  }, admitted);
  ws.on(
    "message",
    (data: RawData, isBinary: boolean) => isBinary ? guest.binary() : guest.text(String(data)),
  );
  ws.on("pong", () => guest.alive());
  // Without a listener one oversized frame ends the process; `close` follows and tells the rest.
  ws.on("error", () => {});
  ws.on("close", () => guest.gone());
  guest.begin();
}

/** Asks the guard of the HTTP edge, in its own words: who is it, and may it come in. */
function createGate(options: SocketServerOptions) {
  const { sockets } = options;
  const guard = createGuard(options);
  const app = new Hono<AppEnv>();
  app.use(guard.identify, guard.sameOrigin);
  app.all("*", (c) => {
    const { who, address } = c.var;
    if (!["/", "/ws"].includes(c.req.path)) {
      return problem(c, { status: 404, type: "not-found", title: "There is nothing here" });
    }
    if (!isUpgrade(c)) {
      return problem(c, { status: 426, type: "upgrade-needed", title: "This port speaks WebSocket only" });
    }
    const refusal = sockets.refusal(who, address);
    if (refusal !== null) return problem(c, refusal);
    (c.env as { admit: (admitted: Admitted) => void }).admit({ who, address });
    return c.body(null, 204);
  });

  return async function ask(request: IncomingMessage): Promise<Response | Admitted> {
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
    }
    let admitted: Admitted | null = null;
    const answer = await app.fetch(
      new Request(new URL(request.url ?? "/", "http://socket"), { method: request.method ?? "GET", headers }),
      {
        remoteAddr: { hostname: request.socket.remoteAddress ?? "unknown" },
        admit: (found: Admitted) => void (admitted = found),
      },
    );
    return admitted ?? answer;
  };
}

/** Answers an upgrade with a refusal and ends the connection. */
async function refuse(socket: Duplex, answer: Response): Promise<void> {
  const body = await answer.text();
  const lines = [`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}`];
  answer.headers.forEach((value, name) => lines.push(`${name}: ${value}`));
  lines.push(`content-length: ${new TextEncoder().encode(body).length}`, "connection: close");
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const said = code === "EADDRINUSE"
      ? `DOORLINE_WS_PORT: port ${port} is in use on ${host}`
      : code === "EACCES"
      ? `DOORLINE_WS_PORT: may not listen on port ${port}: ${message}`
      : `DOORLINE_HOST: cannot listen on "${host}": ${message}`;
    throw new ServerError(said, { cause });
  }
}
