/**
 * @module
 * A WebSocket client for tests, by npm `ws`, so that it can show any cookie and any origin. It keeps what it hears.
 */
import { WebSocket } from "ws";
import { waitFor } from "./wait.ts";

/** A text frame. */
export interface Heard {
  event: string;
  // deno-lint-ignore no-explicit-any -- a test looks into it and fails when it is something else
  data: any;
}

/** A client that was let in. */
export interface SocketEar {
  /** All frames, oldest first. */
  heard: Heard[];
  /** How the server closed it; null while it is open. */
  closed(): { code: number; reason: string } | null;
  send(event: string, data: unknown): void;
  /** Waits for a frame of that name. */
  waitFor(event: string, where?: (data: Heard["data"]) => boolean, timeoutMs?: number): Promise<Heard>;
  close(): Promise<void>;
}

/** Connects. @throws when the server refuses */
export async function openSocket(
  url: string,
  { cookie, origin }: { cookie?: string; origin: string },
): Promise<SocketEar> {
  const socket = new WebSocket(url, { origin, headers: cookie === undefined ? {} : { Cookie: cookie } });
  const heard: Heard[] = [];
  let closed: { code: number; reason: string } | null = null;
  socket.on("message", (bytes: unknown) => heard.push(JSON.parse(String(bytes)) as Heard));
  const ended = new Promise<void>((resolve) =>
    socket.on("close", (code: number, reason: unknown) => {
      closed = { code, reason: String(reason) };
      resolve();
    })
  );
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("open", resolve);
  });
  return {
    heard,
    closed: () => closed,
    send: (event, data) => socket.send(JSON.stringify({ event, data })),
    waitFor: (event, where = () => true, timeoutMs) =>
      waitFor(() => heard.find((one) => one.event === event && where(one.data)), {
        timeoutMs,
        what: `the frame ${event} (heard: ${JSON.stringify(heard.slice(-5).map((one) => one.event))})`,
      }),
    close: async () => {
      socket.close();
      await ended;
    },
  };
}
