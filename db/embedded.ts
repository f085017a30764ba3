/**
 * @module
 * The embedded PostgreSQL: PGlite behind a Unix socket inside the data directory, so that one driver
 * serves both it and a real server. It does not lock the directory: `db/data_dir.ts` does.
 */
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

/** A running embedded database. */
export interface EmbeddedDatabase {
  socketPath: string;
  stop(): Promise<void>;
}

/**
 * Starts PGlite on a directory, or in memory without one.
 * It runs without fsync: a killed process loses nothing, a power cut may.
 *
 * @param directory the data directory, which no other process may hold
 */
export async function startEmbedded(
  directory: string,
  options: { inMemory?: boolean } = {},
): Promise<EmbeddedDatabase> {
  // A Unix socket, because the socket server asks for no password: only the directory's owner may connect.
  const socketPath = `${directory}/postgres.sock`;
  await Deno.remove(socketPath).catch(() => {});
  const database = await PGlite.create(options.inMemory ? {} : { dataDir: `${directory}/postgres` });
  const server = new PGLiteSocketServer({ db: database, path: socketPath, maxConnections: 16 });
  await server.start();
  return {
    socketPath,
    stop: async () => {
      await server.stop();
      await database.close();
    },
  };
}
