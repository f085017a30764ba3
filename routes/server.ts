/**
 * @module
 * The listening HTTP socket.
 */

/** The address or the port cannot be had. The message names the setting. */
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
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname: host, port, onListen: () => {} }, fetch);
  } catch (cause) {
    const why = (cause as Error).message;
    const said = cause instanceof Deno.errors.AddrInUse
      ? `DOORLINE_HTTP_PORT: port ${port} is in use on ${host}`
      : cause instanceof Deno.errors.PermissionDenied
      ? `DOORLINE_HTTP_PORT: may not listen on port ${port}: ${why}`
      : `DOORLINE_HOST: cannot listen on "${host}": ${why}`;
    throw new ServerError(said, { cause });
  }
  return {
    port: server.addr.port,
    stop: async (graceMs = 3000) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, graceMs));
      // Deno 2.9 throws when a server that shuts down is aborted: what does not end, ends with the process.
      await Promise.race([server.shutdown(), late]);
      clearTimeout(timer);
    },
  };
}
