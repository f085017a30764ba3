/**
 * @module
 * Moments that the service has to know after a restart.
 */
import type { Sql } from "./client.ts";

/** All moments, by name. */
export async function readMarks(sql: Sql): Promise<Map<string, Date>> {
  const rows = await sql<{ name: string; at: Date }[]>`select name, at from service_marks`;
  return new Map(rows.map(({ name, at }) => [name, at]));
}

/** Writes the same moment under each of the names. */
export async function writeMarks(sql: Sql, names: readonly string[], at: Date): Promise<void> {
  await sql`insert into service_marks (name, at)
    select name, ${at}::timestamptz from jsonb_array_elements_text(${sql.json([...names])}) as n(name)
    on conflict (name) do update set at = excluded.at`;
}
