/**
 * @module
 * Sessions: SQL only. A row knows the SHA-256 of the cookie's secret, never the secret.
 */
import type { Sql } from "./client.ts";

/** A session. */
export interface SessionRow {
  token_hash: string;
  user_id: number;
  created_at: Date;
  last_used_at: Date;
  address: string | null;
  user_agent: string | null;
}

/** Sessions created after `since` and used after `usedSince`: those that may still hold. */
export async function liveSessions(sql: Sql, since: Date, usedSince: Date): Promise<SessionRow[]> {
  return await sql<SessionRow[]>`
    select token_hash, user_id, created_at, last_used_at, address, user_agent from sessions
    where created_at > ${since} and last_used_at > ${usedSince}`;
}

/** Adds a session. */
export async function insertSession(sql: Sql, session: SessionRow): Promise<void> {
  const { token_hash, user_id, created_at, last_used_at, address, user_agent } = session;
  await sql`insert into sessions ${
    sql({ token_hash, user_id, created_at, last_used_at, address, user_agent })
  }`;
}

/** Writes back when sessions were last used; ignores those that are gone. */
export async function touchSessions(sql: Sql, used: { hash: string; at: string }[]): Promise<void> {
  if (used.length === 0) return;
  await sql`
    update sessions set last_used_at = used.at
    from jsonb_to_recordset(${sql.json(used)}) as used (hash text, at timestamptz)
    where sessions.token_hash = used.hash`;
}

/** Removes sessions by the hashes of their secrets. */
export async function deleteSessions(sql: Sql, hashes: string[]): Promise<void> {
  if (hashes.length === 0) return;
  await sql`delete from sessions where token_hash in ${sql(hashes)}`;
}

/** Removes a user's sessions but for the one to keep. */
export async function deleteSessionsOf(sql: Sql, userId: number, keep: string | null): Promise<void> {
  await sql`delete from sessions where user_id = ${userId} and token_hash is distinct from ${keep}`;
}

/** Removes sessions that are too old to hold. */
export async function deleteOldSessions(sql: Sql, since: Date, usedSince: Date): Promise<void> {
  await sql`delete from sessions where created_at <= ${since} or last_used_at <= ${usedSince}`;
}
