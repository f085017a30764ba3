/**
 * @module
 * Commits what many actors stated, in one transaction and a handful of statements.
 * Whole rows are upserted and facts have keys of ours, so a batch that is written twice, because the answer
 * to the first commit was lost, leaves what one write would have left.
 */
import type postgres from "postgres";
import { gatherEndpoints, writeEndpoints } from "./endpoint_writes.ts";
import type { CallRow, EventRow, WriteUnit } from "./rows.ts";

/** Refused messages that are kept. */
const DEAD_LETTERS_KEPT = 1000;

/** How long a remembered fingerprint refuses its redelivery. A panel's own id refuses for as long as it is kept. */
const REDELIVERY_WINDOW = "10 minutes";

/**
 * Writes the units; returns the ids of the events that count, leaving out those that had been counted before.
 */
export async function writeBatch(sql: postgres.Sql, units: readonly WriteUnit[]): Promise<Set<string>> {
  const rows = gather(units);
  return await sql.begin(async (tx) => {
    // Sent without waiting for one another: the driver pipelines them in this order.
    const counted = insertEvents(tx, rows.events);
    await Promise.all([
      counted,
      ...(rows.removed.length > 0
        ? [
          tx`delete from intercoms where mac in ${tx(rows.removed)}`,
          tx`delete from panel_credentials where mac in ${tx(rows.removed)}`,
        ]
        : []),
      ...(rows.intercoms.length > 0 ? [upsertIntercoms(tx, rows.intercoms)] : []),
      ...(rows.touches.length > 0 ? [touchIntercoms(tx, rows.touches)] : []),
      ...(rows.commands.length > 0 ? [upsertCommands(tx, rows.commands)] : []),
      ...(rows.calls.length > 0 ? upsertCalls(tx, rows.calls) : []),
      ...writeEndpoints(tx, rows.endpoints),
      ...(rows.audit.length > 0 ? [insertAudit(tx, rows.audit)] : []),
      ...(rows.outbox.length > 0 ? [insertOutbox(tx, rows.outbox)] : []),
      ...(rows.deadLetters.length > 0 ? insertDeadLetters(tx, rows.deadLetters) : []),
    ]);
    return await counted;
  }) as Set<string>;
}

/** The last word of each actor is what its row becomes; facts are all kept. */
function gather(units: readonly WriteUnit[]) {
  const intercoms = new Map<string, NonNullable<WriteUnit["intercom"]>>();
  const touches = new Map<string, NonNullable<WriteUnit["touch"]>>();
  const commands = new Map<string, NonNullable<WriteUnit["command"]>>();
  const calls = new Map<string, CallRow>();
  const removed = new Set<string>();
  for (const unit of units) {
    if (unit.removeIntercom !== undefined) {
      removed.add(unit.removeIntercom);
      intercoms.delete(unit.removeIntercom);
      touches.delete(unit.removeIntercom);
    }
    if (unit.intercom) {
      intercoms.set(unit.intercom.mac, unit.intercom);
      touches.delete(unit.intercom.mac);
    }
    if (unit.touch) touches.set(unit.touch.mac, unit.touch);
    if (unit.command) commands.set(unit.command.id, unit.command);
    for (const call of unit.calls ?? []) calls.set(call.id, call);
  }
  return {
    events: units.flatMap((unit) => unit.events ?? []),
    intercoms: [...intercoms.values()],
    touches: [...touches.values()],
    removed: [...removed],
    commands: [...commands.values()],
    calls: [...calls.values()],
    endpoints: gatherEndpoints(units),
    audit: units.flatMap((unit) => unit.audit ?? []),
    outbox: units.flatMap((unit) => unit.outbox ?? []),
    deadLetters: units.flatMap((unit) => unit.deadLetter ?? []),
  };
}

async function insertEvents(tx: postgres.TransactionSql, events: EventRow[]): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const fresh = await rememberKeys(tx, events);
  const counted = events.filter((event) => event.once === null || fresh.has(event.id));
  if (counted.length === 0) return new Set();
  await tx`
    insert into intercom_events (id, mac, type, apartment, key_id, payload, command_id, occurred_at, received_at)
    select id, mac, type, apartment, key_id, payload, command_id, occurred_at, received_at
    from jsonb_to_recordset(${json(tx, counted)}) as r(
      id text, mac text, type text, apartment text, key_id text, payload jsonb, command_id text,
      occurred_at timestamptz, received_at timestamptz)
    on conflict do nothing`;
  return new Set(counted.map((event) => event.id));
}

/** Remembers the keys and returns the ids of the events that may count. */
async function rememberKeys(tx: postgres.TransactionSql, events: EventRow[]): Promise<Set<string>> {
  // Within the batch the first of a key is the one that counts: an upsert may not meet one key twice.
  const first = new Map<string, EventRow>();
  const fresh = new Set<string>();
  for (const event of events) {
    if (event.once === null) continue;
    const name = `${event.mac} ${event.once.key}`;
    const before = first.get(name);
    if (before === undefined) first.set(name, event);
    else if (!event.once.must_be_new) fresh.add(event.id);
  }
  if (first.size === 0) return fresh;
  const keys = [...first.values()].map((event) => ({
    mac: event.mac,
    event_key: event.once!.key,
    event_id: event.id,
    received_at: event.received_at,
    must_be_new: event.once!.must_be_new,
  }));
  const kept = await tx<{ event_id: string }[]>`
    insert into intercom_event_keys as k (mac, event_key, event_id, received_at)
    select mac, event_key, event_id, received_at
    from jsonb_to_recordset(${json(tx, keys)}) as r(
      mac text, event_key text, event_id text, received_at timestamptz, must_be_new boolean)
    on conflict (mac, event_key) do update set
      event_id = case when k.event_key like '#%' and not exists (
          select 1 from jsonb_to_recordset(${json(tx, keys)}) as n(
            mac text, event_key text, event_id text, received_at timestamptz, must_be_new boolean)
          where n.mac = k.mac and n.event_key = k.event_key and n.must_be_new
            and k.received_at > n.received_at - ${REDELIVERY_WINDOW}::interval)
        then excluded.event_id else k.event_id end,
      received_at = greatest(k.received_at, excluded.received_at)
    returning k.event_id`;
  for (const row of kept) fresh.add(row.event_id);
  return fresh;
}

function upsertIntercoms(tx: postgres.TransactionSql, rows: unknown[]) {
  return tx`
    insert into intercoms (mac, topic_mac, name, address, adopted_at, created_at, status, status_since,
      door_status, last_seen_at, state)
    select mac, topic_mac, name, address, adopted_at, created_at, status, status_since, door_status, last_seen_at, state
    from jsonb_to_recordset(${json(tx, rows)}) as r(
      mac text, topic_mac text, name text, address text, adopted_at timestamptz, created_at timestamptz, status text,
      status_since timestamptz, door_status text, last_seen_at timestamptz, state jsonb)
    on conflict (mac) do update set
      topic_mac = excluded.topic_mac, name = excluded.name, address = excluded.address,
      adopted_at = excluded.adopted_at, status = excluded.status, status_since = excluded.status_since,
      door_status = excluded.door_status, last_seen_at = excluded.last_seen_at, state = excluded.state`;
}

function touchIntercoms(tx: postgres.TransactionSql, rows: { mac: string; last_seen_at: string }[]) {
  return tx`
    update intercoms set last_seen_at = greatest(intercoms.last_seen_at, r.last_seen_at)
    from jsonb_to_recordset(${json(tx, rows)}) as r(mac text, last_seen_at timestamptz)
    where intercoms.mac = r.mac`;
}

function upsertCommands(tx: postgres.TransactionSql, rows: unknown[]) {
  return tx`
    insert into door_commands (id, mac, apartment, status, requested_by, requested_by_name, requested_from,
      idempotency_key, request_sha256, issued_at, expires_at, sent_at, confirmed_at, closed_at, late, failed_reason)
    select * from jsonb_to_recordset(${json(tx, rows)}) as r(
      id text, mac text, apartment text, status text, requested_by bigint, requested_by_name text, requested_from text,
      idempotency_key text, request_sha256 text, issued_at timestamptz, expires_at timestamptz, sent_at timestamptz,
      confirmed_at timestamptz, closed_at timestamptz, late boolean, failed_reason text)
    on conflict (id) do update set
      status = excluded.status, sent_at = excluded.sent_at, confirmed_at = excluded.confirmed_at,
      closed_at = excluded.closed_at, late = excluded.late, failed_reason = excluded.failed_reason`;
}

function upsertCalls(tx: postgres.TransactionSql, rows: CallRow[]) {
  return [
    tx`
      insert into calls (id, pbx, epoch, linked_id, channel_id, direction, caller_number, caller_name, receiver_number,
        started_at, accepted_at, answered_at, ended_at, status, end_reason, assigned_user_id, accepted_by_user_id,
        answered_by_user_id, answered_by_number, caller_company_id, duration, notes, party_user_ids, search, merged_into)
      select * from jsonb_to_recordset(${
      json(tx, rows.map(({ view: _view, state: _state, ...row }) => row))
    }) as r(
        id text, pbx text, epoch text, linked_id text, channel_id text, direction text, caller_number text,
        caller_name text, receiver_number text, started_at timestamptz, accepted_at timestamptz,
        answered_at timestamptz, ended_at timestamptz, status text, end_reason text, assigned_user_id bigint,
        accepted_by_user_id bigint, answered_by_user_id bigint, answered_by_number text, caller_company_id bigint,
        duration int, notes text, party_user_ids bigint[], search text, merged_into text)
      on conflict (id) do update set
        pbx = excluded.pbx, epoch = excluded.epoch, linked_id = excluded.linked_id, channel_id = excluded.channel_id,
        direction = excluded.direction, caller_number = excluded.caller_number, caller_name = excluded.caller_name,
        receiver_number = excluded.receiver_number, started_at = excluded.started_at,
        accepted_at = excluded.accepted_at, answered_at = excluded.answered_at, ended_at = excluded.ended_at,
        status = excluded.status, end_reason = excluded.end_reason, assigned_user_id = excluded.assigned_user_id,
        accepted_by_user_id = excluded.accepted_by_user_id, answered_by_user_id = excluded.answered_by_user_id,
        answered_by_number = excluded.answered_by_number, caller_company_id = excluded.caller_company_id,
        duration = excluded.duration, notes = excluded.notes, party_user_ids = excluded.party_user_ids,
        search = excluded.search, merged_into = excluded.merged_into`,
    tx`
      insert into call_views (call_id, view, state)
      select id, view, state
      from jsonb_to_recordset(${json(tx, rows.map(({ id, view, state }) => ({ id, view, state })))}) as r(
        id text, view jsonb, state jsonb)
      on conflict (call_id) do update set view = excluded.view, state = excluded.state`,
  ];
}

function insertAudit(tx: postgres.TransactionSql, rows: unknown[]) {
  return tx`
    insert into audit_log (ref, at, user_id, actor, action, target, address, result, detail)
    select ref, at, user_id, actor, action, target, address, result, detail
    from jsonb_to_recordset(${json(tx, rows)}) as r(
      ref text, at timestamptz, user_id bigint, actor text, action text, target text, address text, result text,
      detail jsonb)
    on conflict (ref) do nothing`;
}

function insertOutbox(tx: postgres.TransactionSql, rows: unknown[]) {
  return tx`
    insert into outbox (id, destination, dedupe_key, payload, created_at)
    select id, destination, dedupe_key, payload, created_at
    from jsonb_to_recordset(${json(tx, rows)}) as r(
      id text, destination text, dedupe_key text, payload jsonb, created_at timestamptz)
    on conflict do nothing`;
}

function insertDeadLetters(tx: postgres.TransactionSql, rows: unknown[]) {
  return [
    tx`
      insert into dead_letters (id, source, reason, topic, payload, received_at)
      select id, source, reason, topic, payload, received_at
      from jsonb_to_recordset(${json(tx, rows)}) as r(
        id text, source text, reason text, topic text, payload text, received_at timestamptz)
      on conflict do nothing`,
    tx`
      delete from dead_letters where id in (
        select id from dead_letters order by received_at desc, id desc offset ${DEAD_LETTERS_KEPT})`,
  ];
}

/** One parameter for many rows: measured at 212k rows/s, where a statement a row does 5k. */
function json(tx: postgres.TransactionSql, rows: unknown[]) {
  return tx.json(rows as postgres.JSONValue);
}
