/**
 * @module
 * The directory as the service has it, for benchmarks that have nobody who logs in.
 */
import { Directory } from "../actors/directory.ts";
import type { Config } from "../config.ts";
import type { Database } from "../db/client.ts";

/** Opens it; names are not told of, so that no user has one. */
export async function openDirectory(
  { config, database }: { config: Config; database: Database },
): Promise<Directory> {
  const directory = new Directory({
    ...config,
    database,
    people: { nameOf: (id) => `user ${id}`, onUserChanged: () => () => {} },
    log: { warn: console.error, error: console.error },
  });
  await directory.start();
  return directory;
}
