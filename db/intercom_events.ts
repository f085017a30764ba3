/**
 * @module
 * Reading panels' history, newest first by the time it was received. It is written by the batched writer only.
 */
import type { EventType, EventView } from "../machines/views.ts";
import type { Sql } from "./client.ts";

/** What part of the history is asked for. Times are ISO 8601; `from` is included, `to` is not. */
export interface EventFilter {
  mac?: string | undefined;
  type?: EventType[] | undefined;
  apartment?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** Where a page of the history ended. */
export interface EventCursor {
  receivedAt: string;
  id: string;
}

type StoredEvent = Omit<EventView, "occurred_at" | "received_at"> & { occurred_at: Date; received_at: Date };

/** At most `limit` rows after the cursor. */
export async function listEvents(
  sql: Sql,
  filter: EventFilter,
  options: { limit: number; after?: EventCursor | undefined },
): Promise<EventView[]> {
  const { after } = options;
  const rows = await sql<StoredEvent[]>`
    select id, mac, type, apartment, key_id, command_id, payload, occurred_at, received_at
    from intercom_events
    where true
      ${filter.mac === undefined ? sql`` : sql`and mac = ${filter.mac}`}
      ${filter.type === undefined ? sql`` : sql`and type in ${sql(filter.type)}`}
      ${filter.apartment === undefined ? sql`` : sql`and apartment = ${filter.apartment}`}
      ${filter.from === undefined ? sql`` : sql`and received_at >= ${filter.from}`}
      ${filter.to === undefined ? sql`` : sql`and received_at < ${filter.to}`}
      ${after === undefined ? sql`` : sql`and (received_at, id) < (${after.receivedAt}, ${after.id})`}
    order by received_at desc, id desc
    limit ${options.limit}`;
  return rows.map((row) => ({
    ...row,
    occurred_at: row.occurred_at.toISOString(),
    received_at: row.received_at.toISOString(),
  }));
}

/** Keys of events received since a time, so that redeliveries are known after a restart. */
export async function recentEventKeys(
  sql: Sql,
  since: Date,
  limit: number,
): Promise<{ mac: string; event_key: string }[]> {
  return await sql<{ mac: string; event_key: string }[]>`
    select mac, event_key from intercom_event_keys
    where received_at > ${since} order by received_at desc limit ${limit}`;
}
