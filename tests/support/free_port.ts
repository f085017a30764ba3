/**
 * @module
 * Ports for servers of tests. The system picks them, and none is given twice in one process.
 */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

const given = new Set<number>();

/** Finds a TCP port on 127.0.0.1 that nobody listens on. Another process may still take it first. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await anyPort();
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}

function anyPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
