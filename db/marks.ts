/**
 * @module
 * Moments that the service has to know after a restart.
 */
import type { Sql } from "./client.ts";

/** Reads a moment; null when it was never written. */
export async function readMark(sql: Sql, name: string): Promise<Date | null> {
  const [row] = await sql<{ at: Date }[]>`select at from service_marks where name = ${name}`;
  return row?.at ?? null;
}

/** Writes a moment. */
export async function writeMark(sql: Sql, name: string, at: Date): Promise<void> {
  await sql`insert into service_marks (name, at) values (${name}, ${at})
    on conflict (name) do update set at = excluded.at`;
}
