-- SIP endpoints of the Asterisk servers, when they were there, and what was written into pjsip.conf.

create table endpoints (
  pbx text not null,
  name text not null,
  -- What was last known: `unknown` only as long as nothing ever was.
  status text not null check (status in ('online', 'offline', 'unknown')),
  status_since timestamptz not null,
  last_online_at timestamptz,
  -- What its actor is rebuilt from: contacts, where it was last seen, when it came and went.
  state jsonb not null,
  updated_at timestamptz not null,
  primary key (pbx, name)
) with (fillfactor = 80);

-- Each change of what is known of an endpoint: that nobody knows is told once, in pbx_gaps.
create table endpoint_changes (
  id text not null,
  pbx text not null,
  name text not null,
  at timestamptz not null,
  status text not null check (status in ('online', 'offline', 'unknown')),
  reason text,
  primary key (pbx, name, at, id)
);
create index endpoint_changes_by_time on endpoint_changes (at);

-- Times in which an Asterisk was not heard, or nobody listened.
create table pbx_gaps (
  id text primary key,
  pbx text not null,
  began_at timestamptz not null,
  ended_at timestamptz
);
create index pbx_gaps_by_pbx on pbx_gaps (pbx, began_at desc);

create table endpoint_alerts (
  id text primary key,
  pbx text not null,
  site text,
  -- It is of the whole PBX, not of one network.
  wide boolean not null default false,
  endpoints jsonb not null,
  since timestamptz not null,
  raised_at timestamptz not null,
  ended_at timestamptz
);
create index endpoint_alerts_by_time on endpoint_alerts (raised_at desc, id desc);
create index endpoint_alerts_open on endpoint_alerts (pbx) where ended_at is null;

-- What was written into an Asterisk's pjsip.conf for one endpoint or template, and why. It holds secrets.
create table pjsip_versions (
  id text primary key,
  pbx text not null,
  name text not null,
  at timestamptz not null,
  user_id bigint,
  user_name text not null,
  why text not null,
  action text not null check (action in ('create', 'edit', 'delete', 'rollback', 'auto_rollback', 'found')),
  result text not null check (result in ('saved', 'rolled_back')),
  failure text,
  -- The sections before and after; empty where there were or are none.
  text_before text not null,
  text_after text not null
);
create index pjsip_versions_by_name on pjsip_versions (pbx, name, at desc, id desc);
