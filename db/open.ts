/**
 * @module
 * Opens the database that the settings name, or the embedded one, and brings its tables up to date.
 */
import { Database, type DatabaseAway } from "./client.ts";
import { type EmbeddedDatabase, startEmbedded } from "./embedded.ts";
import { migrate } from "./migrate.ts";

/** The database cannot be used. The message names the setting. */
export class DatabaseError extends Error {
  override name = "DatabaseError";
}

/** A database that is open until `stop()`. `writer` has a connection of its own, so that reads never wait for it. */
export interface OpenDatabase {
  reader: Database;
  writer: Database;
  /** Where it is, without credentials. */
  target: string;
  /** Numbers of the migrations that were applied now. */
  migrated: number[];
  stop(): Promise<void>;
}

/** @throws DatabaseError when it does not answer, or its tables do not fit this program */
export async function openDatabase(
  options: { url: string | undefined; dataDir: string },
): Promise<OpenDatabase> {
  const { url, dataDir } = options;
  const target = url === undefined ? "embedded" : describe(url);
  const opened: Database[] = [];
  let embedded: EmbeddedDatabase | null = null;
  const stop = async () => {
    await Promise.all(opened.map((database) => database.stop()));
    await embedded?.stop();
  };
  const open = (limits: { connections: number; maxWaiting?: number }) => {
    const address = embedded === null ? { url: url! } : { socketPath: embedded.socketPath };
    const database = new Database({ address, ...limits });
    opened.push(database);
    return database;
  };
  try {
    if (url === undefined) embedded = await startEmbedded(dataDir);
    const reader = open({ connections: 4 });
    const writer = open({ connections: 1, maxWaiting: 4 });
    const migrated = await migrate(writer);
    reader.watch();
    writer.watch();
    return { reader, writer, target, migrated, stop };
  } catch (cause) {
    await stop();
    throw new DatabaseError(
      `${settingOf(url)}: cannot use the database ${target}: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

/** Says in one line that the database which was there at the start went away before it was over. */
export function lostAtStart(cause: DatabaseAway, url: string | undefined): DatabaseError {
  return new DatabaseError(`${settingOf(url)}: lost the database while starting: ${cause.message}`, {
    cause,
  });
}

function settingOf(url: string | undefined): string {
  return url === undefined ? "DOORLINE_DATA_DIR" : "DOORLINE_DATABASE_URL";
}

/** `postgres://host:port/name`, without user and password. */
function describe(url: string): string {
  const { protocol, hostname, port, pathname } = new URL(url);
  return `${protocol}//${hostname}:${port || 5432}${pathname}`;
}
