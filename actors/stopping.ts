/**
 * @module
 * Stops the service when it is told to: in order on the first signal, at once on the second.
 */
import type { Logger } from "./logger.ts";

/** How long an orderly stop may take. */
const GRACE_MS = 9500;

/** Calls `stop` on SIGTERM or SIGINT and ends the process when it is done. */
export function stopOnSignal(options: { log: Logger }, stop: () => Promise<void>): void {
  let told = false;
  const onSignal = () => {
    if (told) Deno.exit(130);
    told = true;
    const late = setTimeout(() => {
      options.log.error(`An orderly stop took more than ${GRACE_MS} ms`);
      Deno.exit(1);
    }, GRACE_MS);
    stop().then(() => {
      clearTimeout(late);
      Deno.exit(0);
    }, (err) => {
      options.log.error({ err }, "The service could not stop in order");
      Deno.exit(1);
    });
  };
  Deno.addSignalListener("SIGTERM", onSignal);
  Deno.addSignalListener("SIGINT", onSignal);
}
