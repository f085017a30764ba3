/**
 * @module
 * The listening HTTP socket.
 */

/** The port cannot be had. The message names the setting. */
export class ServerError extends Error {
  override name = "ServerError";
}

/** A listening server. */
export interface HttpServer {
  port: number;
  /** Takes no new requests and waits for those that run, for `graceMs` at most. */
  stop(graceMs?: number): Promise<void>;
}

/** @throws ServerError when the port is in use or may not be had */
export function serve(
  options: { host: string; port: number },
  fetch: (request: Request, info: Deno.ServeHandlerInfo) => Response | Promise<Response>,
): HttpServer {
  const { host, port } = options;
  const abort = new AbortController();
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname: host, port, signal: abort.signal, onListen: () => {} }, fetch);
  } catch (cause) {
    throw new ServerError(
      cause instanceof Deno.errors.AddrInUse
        ? `DOORLINE_HTTP_PORT: port ${port} is in use on ${host}`
        : `DOORLINE_HTTP_PORT: cannot listen on ${host}:${port}: ${(cause as Error).message}`,
      { cause },
    );
  }
  return {
    port: server.addr.port,
    stop: async (graceMs = 3000) => {
      const timer = setTimeout(() => abort.abort(), graceMs);
      await server.shutdown();
      clearTimeout(timer);
    },
  };
}
