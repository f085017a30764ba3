/**
 * @module
 * Users: SQL only. Whether a change is allowed is decided in `actors/people`, but for what only a
 * locked row can tell: that somebody would be left who can administrate.
 */
import type { Sql } from "./client.ts";

/** What a user may do. */
export type Role = "admin" | "operator" | "employee";

/** Whether a user may log in. */
export type UserStatus = "active" | "disabled";

/** A user, without the password's hash. */
export interface UserRow {
  id: number;
  login: string;
  first_name: string;
  last_name: string;
  role: Role;
  status: UserStatus;
  has_password: boolean;
  created_at: Date;
  /** One more with each change. */
  version: number;
}

/** What makes a new user. */
export interface NewUserRow {
  login: string;
  first_name: string;
  last_name: string;
  role: Role;
  password_hash: string | null;
}

/** What may change in a user; what is left out stays. */
export interface UserChangeRow {
  first_name?: string;
  last_name?: string;
  role?: Role;
  status?: UserStatus;
  password_hash?: string | undefined;
}

/** All users, for the memory that checks go to. */
export async function allUsers(sql: Sql): Promise<UserRow[]> {
  return await sql<UserRow[]>`select ${columns(sql)} from users order by id`;
}

/** The id and the password's hash of a login, or null; the hash is null when no password is set. */
export async function findPassword(
  sql: Sql,
  login: string,
): Promise<{ id: number; password_hash: string | null } | null> {
  const [row] = await sql<{ id: number; password_hash: string | null }[]>`
    select id, password_hash from users where login = ${login}`;
  return row ?? null;
}

/** Adds a user; null when the login is taken. */
export async function insertUser(sql: Sql, user: NewUserRow): Promise<UserRow | null> {
  const { login, first_name, last_name, role, password_hash } = user;
  const [row] = await sql<UserRow[]>`
    insert into users ${sql({ login, first_name, last_name, role, password_hash })}
    on conflict (login) do nothing
    returning ${columns(sql)}`;
  return row ?? null;
}

/** Changes a user; null when there is none. */
export async function updateUser(sql: Sql, id: number, change: UserChangeRow): Promise<UserRow | null> {
  const { first_name = null, last_name = null, role = null, status = null, password_hash = null } = change;
  const [row] = await sql<UserRow[]>`
    update users set
      first_name = coalesce(${first_name}::text, first_name),
      last_name = coalesce(${last_name}::text, last_name),
      role = coalesce(${role}::text, role),
      status = coalesce(${status}::text, status),
      password_hash = coalesce(${password_hash}::text, password_hash),
      updated_at = now(),
      version = version + 1
    where id = ${id}
    returning ${columns(sql)}`;
  return row ?? null;
}

/** Removes a user with their phones, sessions and tokens; null when there was none. */
export async function deleteUser(sql: Sql, id: number): Promise<UserRow | null> {
  const [row] = await sql<UserRow[]>`delete from users where id = ${id} returning ${columns(sql)}`;
  return row ?? null;
}

/**
 * Ids of the admins who can log in, locked until the transaction ends, so that two
 * requests cannot each remove the other's last one.
 */
export async function lockActiveAdmins(sql: Sql): Promise<number[]> {
  const rows = await sql<{ id: number }[]>`
    select id from users where role = 'admin' and status = 'active' order by id for update`;
  return rows.map((row) => row.id);
}

function columns(sql: Sql) {
  return sql`id, login, first_name, last_name, role, status, password_hash is not null as has_password,
    created_at, version`;
}
