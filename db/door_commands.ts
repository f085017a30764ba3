/**
 * @module
 * Reading door commands. They are written by the batched writer only.
 */
import type { Sql } from "./client.ts";
import type { CommandRow } from "./rows.ts";

type Times = "issued_at" | "expires_at" | "sent_at" | "confirmed_at" | "closed_at";

/** A command as stored. */
export type StoredCommand = Omit<CommandRow, Times> & {
  issued_at: Date;
  expires_at: Date;
  sent_at: Date | null;
  confirmed_at: Date | null;
  closed_at: Date | null;
};

/** Commands of which something may still be learned: not ended, confirmed since a time, or expired since another. */
export async function unfinishedCommands(
  sql: Sql,
  since: { confirmed: Date; expired: Date },
): Promise<StoredCommand[]> {
  return await sql<StoredCommand[]>`
    select * from door_commands
    where status in ('requested', 'sent')
      or (status = 'confirmed' and confirmed_at > ${since.confirmed})
      or (status = 'expired' and not late and expires_at > ${since.expired})`;
}

/** Commands issued since a time that have an idempotency key, newest first. */
export async function keyedCommands(sql: Sql, since: Date, limit: number): Promise<StoredCommand[]> {
  return await sql<StoredCommand[]>`
    select * from door_commands where issued_at > ${since} and idempotency_key is not null
    order by issued_at desc limit ${limit}`;
}

/** One command, or null. */
export async function findCommand(sql: Sql, id: string): Promise<StoredCommand | null> {
  const [row] = await sql<StoredCommand[]>`select * from door_commands where id = ${id}`;
  return row ?? null;
}
