/**
 * @module
 * Whether something listens on a port of this machine.
 */
import { connect } from "node:net";

/** Tries one TCP connection to 127.0.0.1 and closes it at once. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const answer = (yes: boolean) => {
      socket.once("close", () => resolve(yes));
      socket.destroy();
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
  });
}
