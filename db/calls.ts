/**
 * @module
 * Calls: the list, newest first, one call, those that go on, and what a search looks through. Whole rows are
 * written by the batched writer only; here is but the note of a call that is over.
 */
import type { CallDetailView, CallStatus, CallView } from "../machines/views.ts";
import type { Database, Sql } from "./client.ts";
import type { CallRow } from "./rows.ts";

/** What part of the calls is asked for. Times are ISO 8601; `from` is included, `to` is not. */
export interface CallFilter {
  status?: CallStatus[] | undefined;
  direction?: CallView["direction"][] | undefined;
  pbx?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** Only calls to which this person is or was party. */
  userId?: number | undefined;
  /** Pieces of digits: of each list, one has to occur. */
  digits?: string[][] | undefined;
  /** Pieces of text in lower case, each of which has to occur. */
  words?: string[] | undefined;
}

/** Where a page of calls ended. */
export interface CallCursor {
  startedAt: string;
  id: string;
}

/** A call that goes on, or went on when the service ended, with what its actor is rebuilt from. */
export interface OpenCall extends
  Pick<
    CallRow,
    | "id"
    | "pbx"
    | "epoch"
    | "linked_id"
    | "channel_id"
    | "caller_number"
    | "caller_name"
    | "receiver_number"
    | "notes"
    | "state"
    | "view"
  > {
  started_at: Date;
  answered_at: Date | null;
}

/** Rows read at once for a file. */
const BATCH = 2000;
/** A call that was merged into one that was merged, and so on: more than so often means a ring. */
const MOST_MERGES = 20;

/**
 * What `search` of a row holds: digits of its numbers, each as the PBX and as people write it, and its names.
 * A piece of text that has no space in it is found within one of them or not at all.
 */
export function searchText(numbers: Iterable<string | null>, names: Iterable<string | null>): string {
  const parts = new Set<string>();
  for (const number of numbers) parts.add((number ?? "").replace(/[^\d*#]/g, ""));
  for (const name of names) parts.add(foldText(name ?? ""));
  parts.delete("");
  return [...parts].join(" ");
}

/** Text as it is compared in a search: letters however they were composed, in lower case. */
export function foldText(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/** At most `limit` calls after the cursor, newest first; without those that turned out to be part of another. */
export async function listCalls(
  sql: Sql,
  filter: CallFilter,
  options: { limit: number; after?: CallCursor | undefined },
): Promise<CallView[]> {
  const { status, direction, pbx, from, to, userId, digits = [], words = [] } = filter;
  const { limit, after } = options;
  // Joined by hand: the driver takes a list of fragments for one, but an empty list for a parameter.
  const searched = [...digits, ...words.map((word) => [word])].map((pieces) =>
    pieces.reduce((whole, piece) => sql`${whole} or ${has(sql, piece)}`, sql`false`)
  );
  const rows = await sql<{ view: CallView }[]>`
    select view - 'legs' - 'segments' - 'timeline' as view
    from calls join call_views on call_id = id
    where merged_into is null
      ${status === undefined ? sql`` : sql`and status in ${sql(status)}`}
      ${direction === undefined ? sql`` : sql`and direction in ${sql(direction)}`}
      ${pbx === undefined ? sql`` : sql`and pbx = ${pbx}`}
      ${from === undefined ? sql`` : sql`and started_at >= ${from}`}
      ${to === undefined ? sql`` : sql`and started_at < ${to}`}
      ${userId === undefined ? sql`` : sql`and party_user_ids @> array[${userId}::bigint]`}
      ${searched.reduce((whole, one) => sql`${whole} and (${one})`, sql``)}
      ${after === undefined ? sql`` : sql`and (started_at, id) < (${after.startedAt}, ${after.id})`}
    order by started_at desc, id desc
    limit ${limit}`;
  return rows.map(({ view }) => view);
}

/** All calls that match, in batches as they are taken; each batch is a query of its own. */
export async function* streamCalls(
  database: Pick<Database, "query">,
  filter: CallFilter,
  batch = BATCH,
): AsyncGenerator<CallView[]> {
  let after: CallCursor | undefined;
  for (;;) {
    const views = await database.query((sql) => listCalls(sql, filter, { limit: batch, after }));
    yield views;
    const last = views.at(-1);
    if (last === undefined || views.length < batch) return;
    after = { startedAt: last.started_at, id: last.id };
  }
}

/** One call, or the one that it turned out to be a part of; null when there is none. */
export async function findCall(sql: Sql, id: string): Promise<CallDetailView | null> {
  const [row] = await sql<{ view: CallDetailView }[]>`
    with recursive found as (
      select id, merged_into, 0 as merges from calls where id = ${id}
      union all
      select c.id, c.merged_into, merges + 1 from calls c join found on c.id = found.merged_into
      where merges < ${MOST_MERGES}
    )
    select view from found join call_views on call_id = id where merged_into is null`;
  return row?.view ?? null;
}

/** Calls that are not over for good, oldest first. */
export async function openCalls(sql: Sql): Promise<OpenCall[]> {
  return await sql<OpenCall[]>`
    select id, pbx, epoch, linked_id, channel_id, caller_number, caller_name, receiver_number, started_at,
      answered_at, notes, state, view
    from calls join call_views on call_id = id
    where state is not null order by started_at, id`;
}

/** Notes something at a call that is over for good; null when there is no such call or it goes on. */
export async function noteCall(sql: Sql, id: string, notes: string): Promise<CallDetailView | null> {
  const [row] = await sql<{ view: CallDetailView }[]>`
    with noted as (
      update calls set notes = ${notes} from call_views
      where id = ${id} and call_id = id and state is null and merged_into is null returning id
    )
    update call_views set view = jsonb_set(view, '{notes}', to_jsonb(${notes}::text))
    from noted where call_id = id returning view`;
  return row?.view ?? null;
}

/** No pattern, so no character in it means anything. */
function has(sql: Sql, piece: string) {
  return sql`strpos(search, ${piece}) > 0`;
}
