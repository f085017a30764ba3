/**
 * @module
 * What a batch writes of endpoints. It is part of `write_batch.ts`, of which it is one party.
 */
import type postgres from "postgres";
import type { EndpointAlertRow, EndpointChangeRow, EndpointRow, PbxGapRow, WriteUnit } from "./rows.ts";

/** The last word of each endpoint, gap and alert; changes are all kept. */
export interface EndpointWrites {
  endpoints: EndpointRow[];
  removed: { pbx: string; name: string }[];
  changes: EndpointChangeRow[];
  gaps: PbxGapRow[];
  alerts: EndpointAlertRow[];
}

/** Gathers what units say of endpoints. */
export function gatherEndpoints(units: readonly WriteUnit[]): EndpointWrites {
  const endpoints = new Map<string, EndpointRow>();
  const removed = new Map<string, { pbx: string; name: string }>();
  const gaps = new Map<string, PbxGapRow>();
  const alerts = new Map<string, EndpointAlertRow>();
  const keyOf = ({ pbx, name }: { pbx: string; name: string }) => JSON.stringify([pbx, name]);
  for (const { endpoint, removeEndpoint, pbxGap, endpointAlerts } of units) {
    if (removeEndpoint !== undefined) {
      removed.set(keyOf(removeEndpoint), removeEndpoint);
      endpoints.delete(keyOf(removeEndpoint));
    }
    if (endpoint !== undefined) endpoints.set(keyOf(endpoint), endpoint);
    if (pbxGap !== undefined) gaps.set(pbxGap.id, pbxGap);
    for (const alert of endpointAlerts ?? []) alerts.set(alert.id, alert);
  }
  return {
    endpoints: [...endpoints.values()],
    removed: [...removed.values()],
    changes: units.flatMap((unit) => unit.endpointChanges ?? []),
    gaps: [...gaps.values()],
    alerts: [...alerts.values()],
  };
}

/** Statements in the order in which they have to be sent. */
export function writeEndpoints(tx: postgres.TransactionSql, writes: EndpointWrites): Promise<unknown>[] {
  const json = (rows: unknown[]) => tx.json(rows as postgres.JSONValue);
  const { endpoints, removed, changes, gaps, alerts } = writes;
  const statements: postgres.PendingQuery<postgres.Row[]>[] = [];
  if (removed.length > 0) {
    statements.push(tx`
      delete from endpoints e using jsonb_to_recordset(${json(removed)}) as r(pbx text, name text)
      where e.pbx = r.pbx and e.name = r.name`);
  }
  if (endpoints.length > 0) {
    statements.push(tx`
      insert into endpoints (pbx, name, status, status_since, last_online_at, state, updated_at)
      select pbx, name, status, status_since, last_online_at, state, updated_at
      from jsonb_to_recordset(${json(endpoints)}) as r(
        pbx text, name text, status text, status_since timestamptz, last_online_at timestamptz, state jsonb,
        updated_at timestamptz)
      on conflict (pbx, name) do update set
        status = excluded.status, status_since = excluded.status_since, last_online_at = excluded.last_online_at,
        state = excluded.state, updated_at = excluded.updated_at`);
  }
  if (changes.length > 0) {
    statements.push(tx`
      insert into endpoint_changes (id, pbx, name, at, status, reason)
      select id, pbx, name, at, status, reason
      from jsonb_to_recordset(${json(changes)}) as r(
        id text, pbx text, name text, at timestamptz, status text, reason text)
      on conflict do nothing`);
  }
  if (gaps.length > 0) {
    statements.push(tx`
      insert into pbx_gaps (id, pbx, began_at, ended_at)
      select id, pbx, began_at, ended_at
      from jsonb_to_recordset(${json(gaps)}) as r(
        id text, pbx text, began_at timestamptz, ended_at timestamptz)
      on conflict (id) do update set began_at = excluded.began_at, ended_at = excluded.ended_at`);
  }
  if (alerts.length > 0) {
    statements.push(tx`
      insert into endpoint_alerts (id, pbx, site, wide, endpoints, since, raised_at, ended_at)
      select id, pbx, site, wide, endpoints, since, raised_at, ended_at
      from jsonb_to_recordset(${json(alerts)}) as r(
        id text, pbx text, site text, wide boolean, endpoints jsonb, since timestamptz, raised_at timestamptz,
        ended_at timestamptz)
      on conflict (id) do update set
        endpoints = excluded.endpoints, since = excluded.since, ended_at = excluded.ended_at`);
  }
  return statements;
}
