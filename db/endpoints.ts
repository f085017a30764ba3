/**
 * @module
 * Reading endpoints, their history, the gaps in it, and alerts. They are written by the batched writer only.
 */
import type { Sql } from "./client.ts";
import type { EndpointAlertRow, EndpointChangeRow, EndpointRow, PbxGapRow } from "./rows.ts";

/** An endpoint as stored. */
export type StoredEndpoint =
  & Omit<EndpointRow, "status_since" | "last_online_at" | "updated_at">
  & { status_since: Date; last_online_at: Date | null; updated_at: Date };

/** A change as stored. */
export type StoredChange = Omit<EndpointChangeRow, "at"> & { at: Date };

/** A gap as stored. */
export type StoredGap = Omit<PbxGapRow, "began_at" | "ended_at"> & { began_at: Date; ended_at: Date | null };

/** An alert as stored. */
export type StoredAlert =
  & Omit<EndpointAlertRow, "since" | "raised_at" | "ended_at">
  & { since: Date; raised_at: Date; ended_at: Date | null };

/** All endpoints. */
export async function readEndpoints(sql: Sql): Promise<StoredEndpoint[]> {
  return await sql<StoredEndpoint[]>`
    select pbx, name, status, status_since, last_online_at, state, updated_at from endpoints order by pbx, name`;
}

/** Changes of one endpoint, newest first: those before a moment, and no more than `limit`. */
export async function listChanges(
  sql: Sql,
  { pbx, name }: { pbx: string; name: string },
  page: { before: Date | null; limit: number },
): Promise<StoredChange[]> {
  return await sql<StoredChange[]>`
    select id, pbx, name, at, status, reason from endpoint_changes
    where pbx = ${pbx} and name = ${name} ${page.before === null ? sql`` : sql`and at < ${page.before}`}
    order by at desc, id desc limit ${page.limit}`;
}

/** Changes of one endpoint since a moment, oldest first, with the last one before it. */
export async function changesSince(
  sql: Sql,
  { pbx, name }: { pbx: string; name: string },
  since: Date,
): Promise<StoredChange[]> {
  return await sql<StoredChange[]>`
    select id, pbx, name, at, status, reason from endpoint_changes
    where pbx = ${pbx} and name = ${name} and at >= coalesce(
      (select max(at) from endpoint_changes where pbx = ${pbx} and name = ${name} and at <= ${since}), ${since})
    order by at, id`;
}

/** Times in which a PBX was not heard that reach into those since a moment, oldest first. */
export async function gapsSince(sql: Sql, pbx: string, since: Date): Promise<StoredGap[]> {
  return await sql<StoredGap[]>`
    select id, pbx, began_at, ended_at from pbx_gaps
    where pbx = ${pbx} and (ended_at is null or ended_at > ${since}) order by began_at, id`;
}

/** Gaps that nobody has ended. */
export async function openGaps(sql: Sql): Promise<StoredGap[]> {
  return await sql<StoredGap[]>`
    select id, pbx, began_at, ended_at from pbx_gaps where ended_at is null order by began_at, id`;
}

/** Alerts that are not over. */
export async function openAlerts(sql: Sql): Promise<StoredAlert[]> {
  return await sql<
    StoredAlert[]
  >`select * from endpoint_alerts where ended_at is null order by raised_at, id`;
}

/** A page of alerts, newest first: raised before the given moment and id. */
export async function listAlerts(
  sql: Sql,
  page: { before: { at: Date; id: string } | null; limit: number; open?: boolean | undefined },
): Promise<StoredAlert[]> {
  const { before, limit, open } = page;
  return await sql<StoredAlert[]>`
    select * from endpoint_alerts
    where true
      ${before === null ? sql`` : sql`and (raised_at, id) < (${before.at}, ${before.id})`}
      ${open === undefined ? sql`` : open ? sql`and ended_at is null` : sql`and ended_at is not null`}
    order by raised_at desc, id desc limit ${limit}`;
}

/** Drops what is older than a moment, but for the last change of each endpoint before it: that is how it was then. */
export async function dropEndpointHistory(sql: Sql, before: Date): Promise<void> {
  await sql`
    delete from endpoint_changes c where at < ${before} and exists (
      select 1 from endpoint_changes n where n.pbx = c.pbx and n.name = c.name and n.at > c.at and n.at <= ${before})`;
  await sql`delete from pbx_gaps where ended_at < ${before}`;
  await sql`delete from endpoint_alerts where ended_at < ${before}`;
}
