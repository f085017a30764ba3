/**
 * @module
 * Changes of companies and of people's numbers: one at a time, each committed together with its line in the audit
 * log, then held in memory. A change whose commit is uncertain has memory read again.
 */
import { insertAudit } from "../db/audit.ts";
import { type Database, DatabaseAway, type Sql } from "../db/client.ts";
import {
  type CompanyRow,
  deleteCompany,
  insertCompany,
  replaceCompanyPhones,
  updateCompany,
} from "../db/companies.ts";
import { lockUser, type PhoneRow, replaceUserPhones } from "../db/user_phones.ts";
import type { CompanyView, DirectoryLog, Named, Names } from "./directory.ts";
import type { By } from "./people/who.ts";
import type { PhoneBook } from "./phone_book.ts";
import type { PhoneNumbers } from "./phone_numbers.ts";

/** What makes a company. */
export interface NewCompany {
  name: string;
  notes: string;
  phones: string[];
}

/** What may change in a company; what is left out stays. */
export interface CompanyChange {
  name?: string | undefined;
  notes?: string | undefined;
  phones?: string[] | undefined;
}

/** A number that cannot be taken: it is another's, or nothing in it can be compared. `index` is its place in the list. */
export type PhoneRefused =
  | { kind: "phone_taken"; index: number; phone: string; owner: Named }
  | { kind: "bad_phone"; index: number; phone: string };

/** What became of adding a company. */
export type CreatedCompany = { kind: "created"; company: CompanyView } | PhoneRefused;
/** What became of changing a company. */
export type ChangedCompany = { kind: "changed"; company: CompanyView } | { kind: "not_found" } | PhoneRefused;
/** What became of removing a company. */
export type RemovedCompany = { kind: "removed" } | { kind: "not_found" };
/** What became of giving somebody numbers. */
export type PhonesSet = { kind: "set"; phones: string[] } | { kind: "not_found" } | PhoneRefused;

interface Parts {
  database: Database;
  people: Names;
  log: DirectoryLog;
  retryMs: number;
  numbers: PhoneNumbers;
  users: PhoneBook;
  companyPhones: PhoneBook;
  companies: Map<number, CompanyRow>;
  view: (id: number) => CompanyView;
  changed: () => void;
  load: () => Promise<void>;
}

/** Ends a transaction without its changes, with what is answered instead. */
class Refused extends Error {
  constructor(readonly answer: PhoneRefused) {
    super(`Cannot take a number: ${answer.kind}`);
  }
}

/** Changes the directory. Every change throws DatabaseAway when the database is. */
export class DirectoryChanges {
  readonly #parts: Parts;
  /** Memory must take changes in the order in which they were committed. */
  #last: Promise<unknown> = Promise.resolve();
  /** A change may have been committed without an answer. */
  #uncertain = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #stopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Makes these the numbers of a person; the same number twice counts once. */
  async setPhones(userId: number, phones: readonly string[], by: By): Promise<PhonesSet> {
    const read = this.#read(phones);
    if (!Array.isArray(read)) return read;
    const { users, people } = this.#parts;
    return await this.#change<PhonesSet>(async (sql) => {
      const login = await lockUser(sql, userId);
      if (login === null) return () => ({ kind: "not_found" });
      const [taken] = await replaceUserPhones(sql, userId, read);
      if (taken !== undefined) {
        throw this.#taken(phones, taken, { id: taken.user_id, name: people.nameOf(taken.user_id) ?? "" });
      }
      await audit(sql, by, { action: "phones.changed", target: login, detail: { phones: listed(read) } });
      return () => {
        // Somebody who was removed right after may be forgotten already.
        if (people.nameOf(userId) !== null) users.replace(userId, read);
        return { kind: "set", phones: users.phonesOf(userId) };
      };
    });
  }

  /** Adds a company. */
  async createCompany(input: NewCompany, by: By): Promise<CreatedCompany> {
    const read = this.#read(input.phones);
    if (!Array.isArray(read)) return read;
    return await this.#change<CreatedCompany>(async (sql) => {
      const company = await insertCompany(sql, input);
      await this.#give(sql, company.id, input.phones, read);
      const detail = { name: company.name, phones: listed(read) };
      await audit(sql, by, { action: "company.created", target: String(company.id), detail });
      return () => ({ kind: "created", company: this.#hold(company, read) });
    });
  }

  /** Changes a company. */
  async changeCompany(id: number, change: CompanyChange, by: By): Promise<ChangedCompany> {
    const { phones, ...rest } = change;
    const read = phones === undefined ? undefined : this.#read(phones);
    if (read !== undefined && !Array.isArray(read)) return read;
    return await this.#change<ChangedCompany>(async (sql) => {
      const company = await updateCompany(sql, id, rest);
      if (company === null) return () => ({ kind: "not_found" });
      if (phones !== undefined) await this.#give(sql, id, phones, read!);
      const detail = { ...told(rest), ...(read === undefined ? {} : { phones: listed(read) }) };
      await audit(sql, by, { action: "company.changed", target: String(id), detail });
      return () => ({ kind: "changed", company: this.#hold(company, read) });
    });
  }

  /** Removes a company with its numbers; calls keep its name. */
  async removeCompany(id: number, by: By): Promise<RemovedCompany> {
    const { companies, companyPhones } = this.#parts;
    return await this.#change<RemovedCompany>(async (sql) => {
      const company = await deleteCompany(sql, id);
      if (company === null) return () => ({ kind: "not_found" });
      await audit(sql, by, { action: "company.removed", target: String(id), detail: { name: company.name } });
      return () => {
        companies.delete(id);
        companyPhones.remove(id);
        return { kind: "removed" };
      };
    });
  }

  /** Reads memory again from the database, in turn with the changes. @throws DatabaseAway */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#readAgain());
  }

  /** Ends what waits for the database. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** How each number is compared, or the first that cannot be. */
  #read(phones: readonly string[]): PhoneRow[] | PhoneRefused {
    const rows = new Map<string, PhoneRow>();
    for (const [index, phone] of phones.entries()) {
      const number_key = this.#parts.numbers.keyOf(phone);
      if (number_key === null) return { kind: "bad_phone", index, phone };
      if (!rows.has(number_key)) rows.set(number_key, { phone_number: phone.trim(), number_key });
    }
    return [...rows.values()];
  }

  /** @throws Refused when a number is another company's */
  async #give(sql: Sql, id: number, phones: readonly string[], read: readonly PhoneRow[]): Promise<void> {
    const [taken] = await replaceCompanyPhones(sql, id, read);
    if (taken === undefined) return;
    const name = this.#parts.companies.get(taken.company_id)?.name ?? "";
    throw this.#taken(phones, taken, { id: taken.company_id, name });
  }

  #taken(phones: readonly string[], taken: PhoneRow, owner: Named): Refused {
    const index = phones.findIndex((phone) =>
      this.#parts.numbers.keyOf(phone) === taken.number_key || phone.trim() === taken.phone_number
    );
    return new Refused({ kind: "phone_taken", index, phone: phones[index] ?? "", owner });
  }

  #hold(company: CompanyRow, phones: readonly PhoneRow[] | undefined): CompanyView {
    const { companies, companyPhones, view } = this.#parts;
    companies.set(company.id, company);
    if (phones !== undefined) companyPhones.replace(company.id, phones);
    return view(company.id);
  }

  /** Runs a change in one transaction; what it returns is run once that is committed. */
  #change<T>(run: (sql: Sql) => Promise<() => T>): Promise<T> {
    const { database, changed } = this.#parts;
    return this.#inTurn(async () => {
      if (this.#uncertain) await this.#readAgain();
      let apply: (() => T) | undefined;
      try {
        await database.query((sql) =>
          sql.begin(async (tx) => {
            apply = await run(tx);
          })
        );
      } catch (error) {
        // Thrown by `run` alone, by those that answer so.
        if (error instanceof Refused) return error.answer as T;
        if (error instanceof DatabaseAway) this.#askAgain();
        throw error;
      }
      const answer = apply!();
      changed();
      return answer;
    });
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #readAgain(): Promise<void> {
    await this.#parts.load();
    this.#uncertain = false;
  }

  #askAgain(): void {
    this.#uncertain = true;
    if (this.#timer !== null || this.#stopped) return;
    this.#timer = setTimeout(async () => {
      this.#timer = null;
      if (!this.#uncertain) return;
      try {
        await this.reload();
      } catch (error) {
        if (!(error instanceof DatabaseAway)) {
          this.#parts.log.error({ err: error }, "Cannot read whose numbers are whose");
        }
        this.#askAgain();
      }
    }, this.#parts.retryMs);
  }
}

function listed(phones: readonly PhoneRow[]): string {
  return phones.map(({ phone_number }) => phone_number).join(", ");
}

/** What the log may tell of a change. */
function told(change: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(change).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

async function audit(
  sql: Sql,
  by: By,
  line: { action: string; target: string; detail: Record<string, string> },
): Promise<void> {
  const { userId, login } = by.who;
  await insertAudit(sql, { user_id: userId, actor: login, address: by.address, result: "ok", ...line });
}
