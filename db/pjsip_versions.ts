/**
 * @module
 * What was written into pjsip.conf for an endpoint or template: SQL only. The texts hold secrets as they are.
 */
import type { ConfigVersionView } from "../machines/endpoint_views.ts";
import type { Sql } from "./client.ts";

/** A version. Times are dates. */
export interface PjsipVersionRow {
  /** Sorts by time. */
  id: string;
  pbx: string;
  name: string;
  at: Date;
  user_id: number | null;
  user_name: string;
  why: string;
  action: ConfigVersionView["action"];
  result: ConfigVersionView["result"];
  failure: string | null;
  text_before: string;
  text_after: string;
}

/** Where a page of versions ended. */
export interface VersionCursor {
  at: string;
  id: string;
}

/** Adds versions. */
export async function insertVersions(sql: Sql, rows: readonly PjsipVersionRow[]): Promise<void> {
  for (const row of rows) {
    const { id, pbx, name, at, user_id, user_name, why, action, result, failure, text_before, text_after } =
      row;
    // Told again where nobody knows whether it was taken the first time.
    await sql`insert into pjsip_versions ${
      sql({ id, pbx, name, at, user_id, user_name, why, action, result, failure, text_before, text_after })
    } on conflict (id) do nothing`;
  }
}

/** Notes what became of a version that was written ahead. */
export async function settleVersion(
  sql: Sql,
  id: string,
  outcome: { result: ConfigVersionView["result"]; failure: string | null },
): Promise<void> {
  const { result, failure } = outcome;
  await sql`update pjsip_versions set result = ${result}, failure = ${failure} where id = ${id}`;
}

/** Takes away a version of what was never written. */
export async function deleteVersion(sql: Sql, id: string): Promise<void> {
  await sql`delete from pjsip_versions where id = ${id}`;
}

/** At most `limit` versions of a PBX whose failure ends with these words, oldest first. */
export async function versionsThatFailed(
  sql: Sql,
  of: { pbx: string; ending: string },
  limit: number,
): Promise<PjsipVersionRow[]> {
  return await sql<PjsipVersionRow[]>`
    select ${columns(sql)} from pjsip_versions
    where pbx = ${of.pbx} and right(failure, ${of.ending.length}::int) = ${of.ending}
    order by at, id limit ${limit}`;
}

/** At most `limit` versions of a name after the cursor, newest first. */
export async function listVersions(
  sql: Sql,
  of: { pbx: string; name: string },
  page: { limit: number; after?: VersionCursor | undefined },
): Promise<PjsipVersionRow[]> {
  const { limit, after } = page;
  return await sql<PjsipVersionRow[]>`
    select ${columns(sql)} from pjsip_versions
    where pbx = ${of.pbx} and name = ${of.name}
      ${after === undefined ? sql`` : sql`and (at, id) < (${after.at}, ${after.id})`}
    order by at desc, id desc limit ${limit}`;
}

/** One version of a name; null where there is none. */
export async function findVersion(
  sql: Sql,
  of: { pbx: string; name: string; id: string },
): Promise<PjsipVersionRow | null> {
  const [row] = await sql<PjsipVersionRow[]>`
    select ${columns(sql)} from pjsip_versions
    where id = ${of.id} and pbx = ${of.pbx} and name = ${of.name}`;
  return row ?? null;
}

function columns(sql: Sql) {
  return sql`id, pbx, name, at, user_id, user_name, why, action, result, failure, text_before, text_after`;
}
