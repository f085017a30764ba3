/**
 * @module
 * Reading refused messages. They are written by the batched writer only, which keeps the newest thousand.
 */
import type { Sql } from "./client.ts";
import type { DeadLetterRow } from "./rows.ts";

/** At most `limit` refused messages, newest first, older than the id where one is given. */
export async function listDeadLetters(sql: Sql, limit: number, before?: string): Promise<DeadLetterRow[]> {
  const rows = await sql<(Omit<DeadLetterRow, "received_at"> & { received_at: Date })[]>`
    select * from dead_letters ${before === undefined ? sql`` : sql`where id < ${before}`}
    order by id desc limit ${limit}`;
  return rows.map((row) => ({ ...row, received_at: row.received_at.toISOString() }));
}
