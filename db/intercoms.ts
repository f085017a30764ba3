/**
 * @module
 * Reading panels and their credentials. Panels are written by the batched writer only.
 */
import type { Sql } from "./client.ts";
import type { IntercomRow } from "./rows.ts";

/** A panel as stored; what it says is checked by whoever rebuilds an actor from it. */
export type StoredIntercom =
  & Omit<IntercomRow, "adopted_at" | "created_at" | "status_since" | "last_seen_at">
  & {
    adopted_at: Date | null;
    created_at: Date;
    status_since: Date;
    last_seen_at: Date | null;
  };

/** Every panel, in batches, so that a city of them is never in memory twice. */
export async function* readIntercoms(sql: Sql, batch = 5000): AsyncGenerator<StoredIntercom[]> {
  for await (const rows of sql<StoredIntercom[]>`select * from intercoms`.cursor(batch)) yield rows;
}

/** Adds panels that an operator already said yes to, before anything was heard of them. Those that are known stay as they are. */
export async function addPanels(
  sql: Sql,
  panels: readonly { mac: string; name: string; address: string }[],
): Promise<void> {
  for (const { mac, name, address } of panels) {
    await sql`
      insert into intercoms (mac, topic_mac, name, address, adopted_at, status, status_since, door_status)
      values (${mac}, ${mac}, ${name}, ${address}, now(), 'unknown', now(), 'unknown')
      on conflict (mac) do nothing`;
  }
}

/** Password hashes of all panels that have credentials, by MAC. */
export async function readCredentials(sql: Sql): Promise<Map<string, string>> {
  const rows = await sql<
    { mac: string; password_sha256: string }[]
  >`select mac, password_sha256 from panel_credentials`;
  return new Map(rows.map((row) => [row.mac, row.password_sha256]));
}

/** Gives a panel a new password, of which only the hash is kept. */
export async function writeCredentials(sql: Sql, mac: string, passwordSha256: string): Promise<void> {
  await sql`
    insert into panel_credentials (mac, password_sha256) values (${mac}, ${passwordSha256})
    on conflict (mac) do update set password_sha256 = excluded.password_sha256, created_at = now()`;
}

/** Takes a panel's credentials away; false when it had none. */
export async function deleteCredentials(sql: Sql, mac: string): Promise<boolean> {
  return (await sql`delete from panel_credentials where mac = ${mac}`).count > 0;
}
