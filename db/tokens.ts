/**
 * @module
 * API tokens: SQL only. A row knows the SHA-256 of the secret, never the secret.
 */
import type { Sql } from "./client.ts";

/** An API token. */
export interface TokenRow {
  id: number;
  user_id: number;
  name: string;
  token_hash: string;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

/** All tokens, for the memory that checks go to. */
export async function allTokens(sql: Sql): Promise<TokenRow[]> {
  return await sql<TokenRow[]>`select ${columns(sql)} from api_tokens order by id`;
}

/** Adds a token. */
export async function insertToken(
  sql: Sql,
  token: Omit<TokenRow, "id" | "last_used_at">,
): Promise<TokenRow> {
  const { user_id, name, token_hash, created_at, expires_at } = token;
  const [row] = await sql<TokenRow[]>`
    insert into api_tokens ${sql({ user_id, name, token_hash, created_at, expires_at })}
    returning ${columns(sql)}`;
  return row!; // an insert without a conflict clause returns its row or throws
}

/** Removes a user's token; null when they have no such token. */
export async function deleteToken(sql: Sql, userId: number, id: number): Promise<TokenRow | null> {
  const [row] = await sql<TokenRow[]>`
    delete from api_tokens where id = ${id} and user_id = ${userId} returning ${columns(sql)}`;
  return row ?? null;
}

/** Writes back when tokens were last used; ignores those that are gone. */
export async function touchTokens(sql: Sql, used: { id: number; at: string }[]): Promise<void> {
  if (used.length === 0) return;
  await sql`
    update api_tokens set last_used_at = used.at
    from jsonb_to_recordset(${sql.json(used)}) as used (id bigint, at timestamptz)
    where api_tokens.id = used.id`;
}

function columns(sql: Sql) {
  return sql`id, user_id, name, token_hash, created_at, expires_at, last_used_at`;
}
