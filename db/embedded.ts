/**
 * @module
 * The embedded PostgreSQL: PGlite behind a Unix socket inside the data directory, so that one driver
 * serves both it and a real server. It does not lock the directory: `db/data_dir.ts` does.
 */
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

/** Bytes that the path of a Unix socket may have (`sun_path` of unix(7), less its end). */
const MAX_SOCKET_PATH = 107;

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
 * @throws Error when the directory cannot be used
 */
export async function startEmbedded(
  directory: string,
  options: { inMemory?: boolean } = {},
): Promise<EmbeddedDatabase> {
  // A Unix socket, because the socket server asks for no password: only the directory's owner may connect.
  const socketPath = `${directory}/postgres.sock`;
  const length = new TextEncoder().encode(socketPath).length;
  if (length > MAX_SOCKET_PATH) {
    throw new Error(`its path is ${length - MAX_SOCKET_PATH} bytes too long for a socket in it`);
  }
  await Deno.remove(socketPath).catch(() => {});
  const database = await PGlite.create(options.inMemory ? {} : { dataDir: `${directory}/postgres` });
  const server = new PGLiteSocketServer({
    db: keepQuestionsWhole(database),
    path: socketPath,
    maxConnections: 16,
  });
  await server.start().catch(async (error) => {
    await database.close();
    throw error;
  });
  return {
    socketPath,
    stop: async () => {
      await server.stop();
      await database.close();
    },
  };
}

/**
 * Messages of the extended protocol: Parse, Bind, Describe, Execute, Close, Flush. What they begin is whole with
 * Sync only (PostgreSQL documentation, "Message Flow").
 */
const BEGINS = new Set(["P", "B", "D", "E", "C", "H"].map((letter) => letter.charCodeAt(0)));
const SYNC = Uint8Array.of("S".charCodeAt(0), 0, 0, 0, 4);

/** ReadyForQuery, which ends the answer to a question that is whole in one message. */
const READY = Uint8Array.of("Z".charCodeAt(0), 0, 0, 0, 5, "I".charCodeAt(0));

/** An ErrorResponse of class 58, a failure of the system: whoever asked knows that it was not the question. */
function failure(text: string): Uint8Array {
  const fields = new TextEncoder().encode(`SERROR\0VERROR\0C58030\0M${text.replaceAll("\0", "")}\0\0`);
  const message = new Uint8Array(fields.length + 5);
  message[0] = "E".charCodeAt(0);
  new DataView(message.buffer).setInt32(1, fields.length + 4);
  message.set(fields, 5);
  return message;
}

/**
 * All connections share PGlite's one backend, and pglite-socket 0.2 lets another connection in between any two
 * messages unless a transaction is open: an Execute then runs what somebody else has bound. It asks
 * `isInTransaction()` before it lets another in, so that is where it is told that a question is not whole yet.
 */
function keepQuestionsWhole(database: PGlite): PGlite {
  let asking = false;
  let failed = false;
  const ways: Partial<PGlite> = {
    isInTransaction: () => asking || database.isInTransaction(),
    execProtocolRawStream: async (message, options) => {
      asking = BEGINS.has(message[0]!);
      // As PostgreSQL has it: after an error, what is left of the question does not count.
      if (asking && failed) return;
      failed = false;
      try {
        await database.execProtocolRawStream(message, options);
      } catch (error) {
        // pglite-socket would take no message of anybody any more, and every later query would hang.
        failed = asking;
        options?.onRawData?.(failure((error as Error).message));
        if (!asking) options?.onRawData?.(READY);
      }
    },
    // Called with ROLLBACK when a connection is gone, and not waited for. After an error nothing is heard until Sync.
    exec: async (query, options) => {
      asking = failed = false;
      try {
        await database.execProtocolRaw(SYNC);
        return await database.exec(query, options);
      } catch {
        return []; // a backend that cannot do even this fails the next question too, and that is told
      }
    },
  };
  return new Proxy(database, {
    get(target, name) {
      if (Object.hasOwn(ways, name)) return Reflect.get(ways, name);
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
