/**
 * @module
 * Companies and their numbers: SQL only. A number is of one company at most.
 */
import type { Sql } from "./client.ts";
import type { PhoneRow } from "./user_phones.ts";

/** A company, without its numbers. */
export interface CompanyRow {
  id: number;
  name: string;
  notes: string;
  created_at: Date;
}

/** A number of a company. */
export interface CompanyPhoneRow extends PhoneRow {
  company_id: number;
}

/** All companies, for the memory that calls are matched in. */
export async function allCompanies(sql: Sql): Promise<CompanyRow[]> {
  return await sql<CompanyRow[]>`select ${columns(sql)} from companies order by id`;
}

/** All numbers of companies. */
export async function allCompanyPhones(sql: Sql): Promise<CompanyPhoneRow[]> {
  return await sql<CompanyPhoneRow[]>`select company_id, phone_number, number_key from company_phones`;
}

/** Adds a company. */
export async function insertCompany(sql: Sql, company: { name: string; notes: string }): Promise<CompanyRow> {
  const { name, notes } = company;
  const [row] = await sql<CompanyRow[]>`
    insert into companies ${sql({ name, notes })} returning ${columns(sql)}`;
  return row!; // an insert without a conflict clause returns its row or throws
}

/** Changes a company; what is left out stays. Null when there is none. */
export async function updateCompany(
  sql: Sql,
  id: number,
  change: { name?: string | undefined; notes?: string | undefined },
): Promise<CompanyRow | null> {
  const { name = null, notes = null } = change;
  const [row] = await sql<CompanyRow[]>`
    update companies set
      name = coalesce(${name}::text, name), notes = coalesce(${notes}::text, notes), updated_at = now()
    where id = ${id} returning ${columns(sql)}`;
  return row ?? null;
}

/** Removes a company with its numbers; null when there was none. */
export async function deleteCompany(sql: Sql, id: number): Promise<CompanyRow | null> {
  const [row] = await sql<CompanyRow[]>`delete from companies where id = ${id} returning ${columns(sql)}`;
  return row ?? null;
}

/** Makes these the numbers of a company. Gives those that another has: then nothing may be committed. */
export async function replaceCompanyPhones(
  sql: Sql,
  companyId: number,
  phones: readonly PhoneRow[],
): Promise<CompanyPhoneRow[]> {
  await sql`delete from company_phones where company_id = ${companyId}`;
  if (phones.length === 0) return [];
  const rows = phones.map((phone) => ({ ...phone, company_id: companyId }));
  await sql`insert into company_phones ${
    sql(rows, "company_id", "phone_number", "number_key")
  } on conflict do nothing`;
  return await sql<CompanyPhoneRow[]>`
    select company_id, phone_number, number_key from company_phones
    where company_id <> ${companyId} and number_key in ${sql(phones.map(({ number_key }) => number_key))}`;
}

/** Gives a number another key, after the settings changed; false when a company's number has that key. */
export async function rekeyCompanyPhone(sql: Sql, phone: CompanyPhoneRow): Promise<boolean> {
  const { company_id, phone_number, number_key } = phone;
  const done = await sql`
    update company_phones set number_key = ${number_key}
    where company_id = ${company_id} and phone_number = ${phone_number}
      and not exists (select 1 from company_phones where number_key = ${number_key})
    returning 1`;
  return done.length > 0;
}

function columns(sql: Sql) {
  return sql`id, name, notes, created_at`;
}
