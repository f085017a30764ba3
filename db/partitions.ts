/**
 * @module
 * Monthly partitions of the history: made ahead of time, dropped when they are too old.
 */
import type postgres from "postgres";

/**
 * Makes the partitions of this month and the next two, and drops those that ended more than `keepMonths` ago,
 * with the keys that were kept for them. Returns the names of those it dropped.
 */
export async function keepPartitions(sql: postgres.Sql, now: Date, keepMonths: number): Promise<string[]> {
  return await sql.begin(async (tx) => {
    for (let ahead = 0; ahead <= 2; ahead++) {
      await tx`select make_intercom_events_partition(${monthOf(now, ahead)})`;
    }
    const oldest = monthOf(now, -keepMonths);
    const dropped = await tx<
      { name: string }[]
    >`select name from drop_intercom_events_partitions(${oldest}) as name`;
    await tx`delete from intercom_events_default where received_at < ${oldest}`;
    await tx`delete from intercom_event_keys where received_at < ${oldest}`;
    return dropped.map((row) => row.name);
  }) as string[];
}

function monthOf(now: Date, ahead: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead));
}
