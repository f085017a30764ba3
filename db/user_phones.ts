/**
 * @module
 * Whose numbers are whose: SQL only. A number is kept as somebody wrote it, with the key by which it is compared.
 */
import type { Sql } from "./client.ts";

/** A number and how it is compared. */
export interface PhoneRow {
  phone_number: string;
  number_key: string;
}

/** A number of a person. */
export interface UserPhoneRow extends PhoneRow {
  user_id: number;
}

/** All numbers of people, for the memory that calls are matched in. */
export async function allUserPhones(sql: Sql): Promise<UserPhoneRow[]> {
  return await sql<UserPhoneRow[]>`select user_id, phone_number, number_key from user_phones`;
}

/** The login of a person, locked until the transaction ends so that they are not removed meanwhile; null when there is none. */
export async function lockUser(sql: Sql, id: number): Promise<string | null> {
  const [row] = await sql<{ login: string }[]>`select login from users where id = ${id} for key share`;
  return row?.login ?? null;
}

/** Makes these the numbers of a person. Gives those that somebody else has: then nothing may be committed. */
export async function replaceUserPhones(
  sql: Sql,
  userId: number,
  phones: readonly PhoneRow[],
): Promise<UserPhoneRow[]> {
  await sql`delete from user_phones where user_id = ${userId}`;
  if (phones.length === 0) return [];
  const rows = phones.map((phone) => ({ ...phone, user_id: userId }));
  await sql`insert into user_phones ${
    sql(rows, "user_id", "phone_number", "number_key")
  } on conflict do nothing`;
  return await sql<UserPhoneRow[]>`
    select user_id, phone_number, number_key from user_phones
    where user_id <> ${userId} and (number_key in ${sql(phones.map(({ number_key }) => number_key))}
      or phone_number in ${sql(phones.map(({ phone_number }) => phone_number))})`;
}

/** Gives a number another key, after the settings changed; false when somebody's number has that key. */
export async function rekeyUserPhone(sql: Sql, phone: PhoneRow): Promise<boolean> {
  const { phone_number, number_key } = phone;
  const done = await sql`
    update user_phones set number_key = ${number_key} where phone_number = ${phone_number}
      and not exists (select 1 from user_phones where number_key = ${number_key})
    returning 1`;
  return done.length > 0;
}
