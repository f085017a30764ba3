-- Panels, their doors, what happened at them, and the openings that operators asked for.

create table intercoms (
  mac text primary key,
  -- As the panel writes it in its topics, which are case-sensitive.
  topic_mac text not null,
  name text not null default '',
  address text not null default '',
  adopted_at timestamptz,
  created_at timestamptz not null default now(),
  status text not null check (status in ('online', 'offline', 'unknown')),
  status_since timestamptz not null,
  door_status text not null check (door_status in ('open', 'closed', 'unknown')),
  last_seen_at timestamptz,
  -- The machine's snapshot, as actors/snapshots.ts writes it.
  state jsonb
) with (fillfactor = 70); -- heartbeats update last_seen_at in place

create table panel_credentials (
  mac text primary key,
  -- SHA-256: the password is random bits of ours, so a slow hash would protect nothing.
  password_sha256 text not null,
  created_at timestamptz not null default now()
);

create table intercom_events (
  id text not null,
  mac text not null,
  type text not null,
  apartment text,
  key_id text,
  payload jsonb not null default '{}',
  command_id text,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  primary key (received_at, id)
) partition by range (received_at);
create index intercom_events_by_mac on intercom_events (mac, received_at desc, id desc);
create index intercom_events_by_type on intercom_events (type, received_at desc, id desc);
create index intercom_events_by_apartment on intercom_events (apartment, received_at desc, id desc)
  where apartment is not null;
-- Nothing is refused for want of a partition; the monthly ones are made ahead of time by db/partitions.ts.
create table intercom_events_default partition of intercom_events default;

-- Makes the partition of the month that begins at the given moment, and moves there what the default one has of it.
create function make_intercom_events_partition(month timestamptz) returns void language plpgsql as $$
declare
  name text := 'intercom_events_' || to_char(month at time zone 'UTC', 'YYYY_MM');
  month_end timestamptz := (month at time zone 'UTC' + interval '1 month') at time zone 'UTC';
begin
  if to_regclass(name) is not null then return; end if;
  execute format('create table %I (like intercom_events including defaults)', name);
  execute format('with moved as (delete from intercom_events_default where received_at >= %L and received_at < %L
    returning *) insert into %I select * from moved', month, month_end, name);
  execute format('alter table intercom_events attach partition %I for values from (%L) to (%L)', name, month, month_end);
end $$;

-- Drops the monthly partitions that ended before the given moment; returns their names.
create function drop_intercom_events_partitions(before timestamptz) returns setof text language plpgsql as $$
declare
  part text;
begin
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'intercom_events'::regclass and c.relname ~ '^intercom_events_\d{4}_\d{2}$'
      and (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC' <= before
  loop
    execute format('drop table %I', part);
    return next part;
  end loop;
end $$;

-- What makes an event count once: the panel's own id, or the fingerprint of a redelivered message.
create table intercom_event_keys (
  mac text not null,
  event_key text not null,
  event_id text not null,
  received_at timestamptz not null,
  primary key (mac, event_key)
);
create index intercom_event_keys_by_time on intercom_event_keys (received_at);

create table door_commands (
  id text primary key,
  mac text not null,
  apartment text,
  status text not null
    check (status in ('requested', 'sent', 'confirmed', 'closed', 'expired', 'failed')),
  requested_by bigint not null,
  requested_by_name text not null,
  requested_from text,
  idempotency_key text,
  request_sha256 text not null,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  sent_at timestamptz,
  confirmed_at timestamptz,
  closed_at timestamptz,
  late boolean not null default false,
  failed_reason text
);
create index door_commands_by_mac on door_commands (mac, issued_at desc);
create index door_commands_by_key on door_commands (issued_at desc) where idempotency_key is not null;
create index door_commands_by_time on door_commands (issued_at desc);
create index door_commands_open on door_commands (status) where status in ('requested', 'sent', 'confirmed', 'expired');

-- Messages that were refused, the newest thousand of them.
create table dead_letters (
  id text primary key,
  source text not null,
  reason text not null,
  topic text not null,
  payload text not null,
  received_at timestamptz not null
);

-- What waits to be told to somebody outside; written with the facts it tells of.
create table outbox (
  id text primary key,
  destination text not null,
  dedupe_key text not null,
  payload jsonb not null,
  created_at timestamptz not null,
  unique (destination, dedupe_key)
);
create index outbox_by_time on outbox (created_at, id);

-- Moments that the service has to know after a restart, such as until when it was listening.
create table service_marks (
  name text primary key,
  at timestamptz not null
);

-- An audit line that is written again after an uncertain commit counts once.
alter table audit_log add column ref text unique;
