/**
 * @module
 * The audit log: SQL only. Lines are added and read, never changed.
 */
import type { Sql } from "./client.ts";

/** A line to add. */
export interface NewAuditLine {
  user_id: number | null;
  /** The login, or what acted where it was nobody. */
  actor: string;
  /** What was done: `user.created`, `login.failed`. */
  action: string;
  target?: string | null;
  address?: string | null;
  /** `ok`, or why not. */
  result: string;
  detail?: Record<string, string | number | boolean | null>;
}

/** A line of the log. */
export interface AuditLine {
  id: number;
  at: Date;
  user_id: number | null;
  actor: string;
  action: string;
  target: string | null;
  address: string | null;
  result: string;
  detail: Record<string, unknown>;
}

/** Adds a line. */
export async function insertAudit(sql: Sql, line: NewAuditLine): Promise<void> {
  const { user_id, actor, action, target = null, address = null, result, detail = {} } = line;
  await sql`
    insert into audit_log (user_id, actor, action, target, address, result, detail)
    values (${user_id}, ${actor}, ${action}, ${target}, ${address}, ${result}, ${sql.json(detail)})`;
}

/** A page of the log, newest first: lines before the given id, of one action if one is named. */
export async function listAudit(
  sql: Sql,
  page: { before: number | null; limit: number; action?: string },
): Promise<AuditLine[]> {
  const { before, limit, action } = page;
  return await sql<AuditLine[]>`
    select id, at, user_id, actor, action, target, address, result, detail from audit_log
    where true
      ${before === null ? sql`` : sql`and id < ${before}`}
      ${action === undefined ? sql`` : sql`and action = ${action}`}
    order by id desc limit ${limit}`;
}
