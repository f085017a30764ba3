/**
 * @module
 * Monthly partitions of the history: made ahead of time, dropped when they are too old.
 */
import type postgres from "postgres";

const DAY_MS = 86_400_000;

/** What came of it. */
export interface Housekept {
  /** Names of the partitions that were dropped. */
  dropped: string[];
  /** When the newest event was received, if all there is was too old and was spared. */
  spared: Date | null;
}

/**
 * Makes the partitions of this month and the next two, and drops those that ended more than `keepMonths` ago,
 * with the keys that were kept for them. It drops nothing when that would leave nothing but the last day: then the
 * clock is more likely wrong than the whole history old.
 */
export async function keepPartitions(
  sql: postgres.Sql,
  now: Date,
  keepMonths: number,
): Promise<Housekept> {
  return await sql.begin<Housekept>(async (tx) => {
    for (let ahead = 0; ahead <= 2; ahead++) {
      await tx`select make_intercom_events_partition(${monthOf(now, ahead)})`;
    }
    const oldest = monthOf(now, -keepMonths);
    // What this run has recorded by a wrong clock proves nothing of the clock.
    const [newest] = await tx<{ at: Date | null }[]>`select max(received_at) as at from intercom_events
      where received_at < ${new Date(now.getTime() - DAY_MS)}`;
    if (newest?.at && newest.at < oldest) return { dropped: [], spared: newest.at };
    const dropped = await tx<
      { name: string }[]
    >`select name from drop_intercom_events_partitions(${oldest}) as name`;
    await tx`delete from intercom_events_default where received_at < ${oldest}`;
    await tx`delete from intercom_event_keys where received_at < ${oldest}`;
    return { dropped: dropped.map((row) => row.name), spared: null };
  }) as Housekept;
}

function monthOf(now: Date, ahead: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead));
}
