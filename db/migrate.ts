/**
 * @module
 * Applies the numbered SQL files of `db/migrations` once each, in order, under an advisory lock.
 * There is no way back down: a mistake is mended by the next number.
 */
import type { Database } from "./client.ts";

/** The database's tables do not fit this program. */
export class MigrationError extends Error {
  override name = "MigrationError";
}

/** Any number will do, as long as nobody else's program uses it for something else. */
const LOCK = 7_306_112;

/**
 * Brings the tables up to date; returns the numbers it applied.
 *
 * @throws MigrationError when the database is newer than this program, or an applied file was changed
 */
export function migrate(
  database: Database,
  folder = new URL("./migrations/", import.meta.url),
): Promise<number[]> {
  return database.query((sql) =>
    sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${LOCK})`;
      await tx`create table if not exists schema_migrations (
        number int primary key, name text not null, sha256 text not null,
        applied_at timestamptz not null default now())`;
      const applied = new Map(
        (await tx<
          { number: number; name: string; sha256: string }[]
        >`select number, name, sha256 from schema_migrations`)
          .map((row) => [row.number, row]),
      );
      const files = await migrationFiles(folder);
      const newest = files.at(-1)?.number ?? 0;
      const foreign = [...applied.keys()].find((number) => number > newest);
      if (foreign !== undefined) {
        throw new MigrationError(
          `The database has migration ${foreign}, this program knows ${newest}: start a newer one`,
        );
      }
      const done: number[] = [];
      for (const file of files) {
        const before = applied.get(file.number);
        if (before !== undefined) {
          if (before.sha256 !== file.sha256) {
            throw new MigrationError(`Migration ${file.name} was changed after it had been applied`);
          }
          continue;
        }
        await tx.file(file.path);
        await tx`insert into schema_migrations (number, name, sha256) values (${file.number}, ${file.name}, ${file.sha256})`;
        done.push(file.number);
      }
      return done;
    }), { deadlineMs: 60_000 });
}

async function migrationFiles(folder: URL) {
  const files: { number: number; name: string; path: string; sha256: string }[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const match = /^(\d{4})_\w+\.sql$/.exec(entry.name);
    if (match === null) continue;
    const url = new URL(entry.name, folder);
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(url));
    const sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    files.push({
      number: Number(match[1]),
      name: entry.name,
      path: decodeURIComponent(url.pathname),
      sha256,
    });
  }
  return files.sort((a, b) => a.number - b.number);
}
