/**
 * @module
 * Ports for servers of tests that are stopped and started again on the same one.
 */
import { connect } from "node:net";
import { shareOf } from "./lane.ts";

/**
 * Below what systems give to outgoing connections (32768 on Linux, 49152 elsewhere), and above what servers usually
 * have. From the other side of that line, a client that dials while its server is away may be given that very port.
 */
const FROM = 20_001;
const TO = 32_000;
/** Not what another lane may give: a port of a server that is stopped for a moment looks free. */
const SHARE = shareOf(TO - FROM);

const given = new Set<number>();

/** Finds a TCP port on 127.0.0.1 that nobody listens on. None is given twice in one process. */
export async function freePort(): Promise<number> {
  while (given.size < SHARE.count) {
    const port = FROM + SHARE.first + Math.floor(Math.random() * SHARE.count);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`Cannot find a free port among ${SHARE.count} from ${FROM + SHARE.first}`);
}

/** By dialling: a listener of its own might not be gone when the port is used. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(true));
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
  });
}
