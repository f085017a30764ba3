-- People: who may log in, by what, and what they did.

create table users (
  id bigint generated always as identity primary key,
  first_name text not null default '',
  last_name text not null default '',
  status text not null default 'active' check (status in ('active', 'disabled')),
  login text not null unique,
  role text not null check (role in ('admin', 'operator', 'employee')),
  -- Null until the one-time link was used to set one.
  password_hash text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Tells whether a row is the one in memory; two changes may fall into one tick of the clock.
  version int not null default 1
);

create table user_phones (
  user_id bigint not null references users (id) on delete cascade,
  phone_number text not null unique
);
create index user_phones_user on user_phones (user_id);

create table sessions (
  -- SHA-256 of the secret in the cookie: who reads this table cannot log in with it.
  token_hash text primary key,
  user_id bigint not null references users (id) on delete cascade,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  address text,
  user_agent text
);
create index sessions_user on sessions (user_id);

create table api_tokens (
  id bigint generated always as identity primary key,
  user_id bigint not null references users (id) on delete cascade,
  name text not null,
  token_hash text not null unique,
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz
);
create index api_tokens_user on api_tokens (user_id, id);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  -- No reference to users: what somebody did outlives them.
  user_id bigint,
  actor text not null,
  action text not null,
  target text,
  address text,
  result text not null,
  detail jsonb not null default '{}'
);
create index audit_log_at on audit_log (at);
create index audit_log_action on audit_log (action, id desc);
