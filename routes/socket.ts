/**
 * @module
 * The WebSocket at the HTTP port, `/ws`. `Deno.serve` does not hand out its connections, so here the runtime holds the
 * socket. It takes no bound on frames: what is too large is refused only once it has come whole.
 */
import { Hono } from "hono";
import { type AppEnv, isUpgrade } from "./guard.ts";
import { problem } from "./problem.ts";
import { MAX_FRAME_BYTES } from "./socket_frames.ts";
import type { Wire } from "./socket_pipe.ts";
import type { Sockets } from "./sockets.ts";

/** The runtime asks for a sign of life after half of it, and gives up at its end. */
const IDLE_SECONDS = 30;

const encoder = new TextEncoder();

/** What the route is made of. */
interface SocketRouteDeps {
  sockets: Sockets;
  /**
   * Whether a client may come without a cookie or token and say who it is by a frame; true unless told. The runtime
   * gathers the fragments of a message without a bound, and a socket that was closed for as long as its client
   * wants: where strangers can connect, they are better sent to the port of its own.
   */
  strangers?: boolean;
}

/** The route of the socket. Its guard is that of the app, which looks at Origin for each upgrade. */
export function socketRoutes({ sockets, strangers = true }: SocketRouteDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/ws", (c) => {
    const { who, address } = c.var;
    if (!isUpgrade(c)) {
      return problem(c, {
        status: 426,
        type: "upgrade-needed",
        title: "This path speaks WebSocket only",
        headers: { Upgrade: "websocket", Connection: "Upgrade" },
      });
    }
    if (who === null && !strangers) {
      return problem(c, {
        status: 401,
        type: "not-logged-in",
        title: "You are not logged in",
        detail:
          "expected a session cookie, or a token in the header; the WebSocket's own port takes it in a frame",
        headers: { "WWW-Authenticate": 'Bearer realm="Doorline"' },
      });
    }
    const refusal = sockets.refusal(who, address);
    if (refusal !== null) return problem(c, refusal);
    const upgraded = upgrade(c.req.raw);
    if (upgraded === null) {
      return problem(c, {
        status: 400,
        type: "bad-upgrade",
        title: "This is no upgrade to WebSocket",
        detail: "expected Connection: Upgrade and a Sec-WebSocket-Key, as in RFC 6455, section 4.1",
      });
    }
    const { socket, response } = upgraded;
    const guest = sockets.open(wireOf(socket), { who, address });
    socket.onopen = () => guest.begin();
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") guest.binary();
      else if (isOversized(data)) guest.oversized();
      else guest.text(data);
    };
    // Such as invalid UTF-8: `close` follows and tells the rest.
    socket.onerror = () => {};
    socket.onclose = () => guest.gone();
    return response;
  });
  return app;
}

/** Null when a part of the handshake is missing, which the runtime knows best. */
function upgrade(request: Request): Deno.WebSocketUpgrade | null {
  try {
    return Deno.upgradeWebSocket(request, { idleTimeout: IDLE_SECONDS });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function wireOf(socket: WebSocket): Wire {
  const close = (code: number, reason: string) => {
    if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
    else if (socket.readyState === WebSocket.CONNECTING) socket.close();
  };
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (text) => socket.readyState === WebSocket.OPEN && socket.send(text),
    close,
    // The runtime has no harder way; a client that does not play along is let go at its next missing sign of life.
    terminate: () => close(1008, "slow"),
    ping: null,
  };
}

function isOversized(text: string): boolean {
  return text.length > MAX_FRAME_BYTES ||
    (text.length * 3 > MAX_FRAME_BYTES && encoder.encode(text).length > MAX_FRAME_BYTES);
}
