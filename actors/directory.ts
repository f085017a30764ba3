/**
 * @module
 * Whose number it is: people's and companies' numbers in memory, as the database last told them. Calls are matched
 * here, so that no call waits for the database. Changes are in `directory_changes.ts`.
 */
import type { CountryCode } from "libphonenumber-js/min";
import type { Database } from "../db/client.ts";
import {
  allCompanies,
  allCompanyPhones,
  type CompanyPhoneRow,
  type CompanyRow,
  rekeyCompanyPhone,
} from "../db/companies.ts";
import { allUserPhones, rekeyUserPhone, type UserPhoneRow } from "../db/user_phones.ts";
import { DirectoryChanges } from "./directory_changes.ts";
import { PhoneBook } from "./phone_book.ts";
import { PhoneNumbers } from "./phone_numbers.ts";

/** Somebody, or a company, by name. */
export interface Named {
  id: number;
  name: string;
}

/** A company as the API shows it. */
export interface CompanyView {
  id: number;
  name: string;
  notes: string;
  /** As they were written, in the order in which they are compared. */
  phones: string[];
  created_at: string;
}

/** What the directory asks of `People`. */
export interface Names {
  nameOf(userId: number): string | null;
  onUserChanged(listener: (userId: number) => void): () => void;
}

/** What the directory needs of a logger. */
export interface DirectoryLog {
  warn(detail: Record<string, unknown>, message: string): void;
  error(detail: Record<string, unknown>, message: string): void;
}

interface DirectoryOptions {
  database: Database;
  people: Names;
  log: DirectoryLog;
  /** What counts as an internal number. */
  internalNumbers: RegExp;
  /** Whose national numbers those without a country are. */
  phoneRegion: CountryCode;
  /** How long to wait before the database is read again after a change whose commit is uncertain. */
  retryMs?: number;
}

/** A number that has to be compared in another way than it was. */
type Rekeyed = { row: UserPhoneRow | CompanyPhoneRow; key: string };

/** Many numbers may have to be written again after a change of the settings. */
const LOAD_MS = 30_000;

/** Who and what has which number. `start()` before use, `stop()` after. */
export class Directory {
  readonly #options: DirectoryOptions;
  readonly #numbers: PhoneNumbers;
  readonly #users = new PhoneBook();
  readonly #companyPhones = new PhoneBook();
  readonly #companies = new Map<number, CompanyRow>();
  readonly #listeners = new Set<() => void>();
  #forget: (() => void) | null = null;

  /** Changes of companies and of people's numbers. */
  readonly changes: DirectoryChanges;

  constructor(options: DirectoryOptions) {
    const { database, people, log, internalNumbers, phoneRegion, retryMs = 1000 } = options;
    this.#options = options;
    this.#numbers = new PhoneNumbers({ internal: internalNumbers, region: phoneRegion });
    this.changes = new DirectoryChanges({
      database,
      people,
      log,
      retryMs,
      numbers: this.#numbers,
      users: this.#users,
      companyPhones: this.#companyPhones,
      companies: this.#companies,
      view: (id) => this.company(id)!,
      changed: () => this.#tell(),
      load: () => this.#load(),
    });
  }

  /** Loads all numbers; those that are compared in another way since the settings changed are written so. @throws DatabaseAway */
  async start(): Promise<void> {
    // First: whoever goes while the numbers are read has none after.
    this.#forget = this.#options.people.onUserChanged((id) => {
      if (this.#options.people.nameOf(id) === null) this.#users.remove(id);
      this.#tell();
    });
    await this.#load();
  }

  /** Ends what waits for the database. */
  stop(): void {
    this.#forget?.();
    this.#forget = null;
    this.#listeners.clear();
    this.changes.stop();
  }

  /** How a number is compared; null when there is nothing to compare. See `PhoneNumbers`. */
  keyOf(number: string | null): string | null {
    return this.#numbers.keyOf(number);
  }

  /** Whether a number is internal. */
  isInternal(number: string | null): boolean {
    return this.#numbers.isInternal(number);
  }

  /** A number as people write it. */
  shown(number: string | null): string {
    return this.#numbers.shown(number);
  }

  /** Pieces of digits of which a stored number has one, where somebody typed a number or a part of it. */
  digitsToFind(typed: string): string[] {
    return this.#numbers.digitsToFind(typed);
  }

  /** The person whose number it is, disabled or not; null when it is nobody's. */
  ownerOf(number: string | null): Named | null {
    const id = this.#users.ownerOf(this.keyOf(number));
    const name = id === null ? null : this.#options.people.nameOf(id);
    return id === null || name === null ? null : { id, name };
  }

  /** The company whose number it is; null when it is no company's. */
  companyOf(number: string | null): Named | null {
    const id = this.#companyPhones.ownerOf(this.keyOf(number));
    const company = id === null ? undefined : this.#companies.get(id);
    return company === undefined ? null : { id: company.id, name: company.name };
  }

  /** A person's numbers as they were written, in the order in which they are compared. */
  phonesOf(userId: number): string[] {
    return this.#users.phonesOf(userId);
  }

  /** One company; null when there is none. */
  company(id: number): CompanyView | null {
    const row = this.#companies.get(id);
    if (row === undefined) return null;
    const { name, notes, created_at } = row;
    return {
      id,
      name,
      notes,
      phones: this.#companyPhones.phonesOf(id),
      created_at: created_at.toISOString(),
    };
  }

  /** A page of companies by id, with this in the name, the notes or a number. */
  companiesPage(page: { after: number; limit: number; q?: string | undefined }): CompanyView[] {
    const q = page.q?.trim().toLowerCase() ?? "";
    const pieces = /^[\d\s()+.-]*\d[\d\s()+.-]*$/.test(q) ? this.digitsToFind(q) : [];
    const found: CompanyView[] = [];
    for (const id of [...this.#companies.keys()].sort((a, b) => a - b)) {
      if (id <= page.after) continue;
      const view = this.company(id)!;
      if (q !== "" && !this.#matches(view, q, pieces)) continue;
      found.push(view);
      if (found.length === page.limit) break;
    }
    return found;
  }

  /** Calls the listener when a number or a name may mean somebody else; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #matches(view: CompanyView, q: string, pieces: string[]): boolean {
    if ([view.name, view.notes].some((text) => text.toLowerCase().includes(q))) return true;
    return pieces.length > 0 &&
      view.phones.some((phone) =>
        pieces.some((piece) => `${phone.replace(/\D/g, "")} ${this.keyOf(phone)}`.includes(piece))
      );
  }

  #tell(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.#options.log.error({ err: error }, "A listener failed at a change of the directory");
      }
    }
  }

  async #load(): Promise<void> {
    const { database, people } = this.#options;
    const { phones, companyPhones, companies } = await database.query((sql) =>
      sql.begin(async (tx) => {
        const phones = await allUserPhones(tx);
        const companyPhones = await allCompanyPhones(tx);
        await this.#rekey(phones, (row) => rekeyUserPhone(tx, row));
        await this.#rekey(companyPhones, (row) => rekeyCompanyPhone(tx, row));
        return { phones, companyPhones, companies: await allCompanies(tx) };
      }), { deadlineMs: LOAD_MS });
    this.#users.load(
      phones.filter(({ user_id }) => people.nameOf(user_id) !== null)
        .map(({ user_id, ...phone }) => ({ ...phone, owner: user_id })),
    );
    this.#companyPhones.load(
      companyPhones.map(({ company_id, ...phone }) => ({ ...phone, owner: company_id })),
    );
    this.#companies.clear();
    for (const company of companies) this.#companies.set(company.id, company);
    this.#tell();
  }

  /** Settings may have changed since the keys were written, and the oldest rows have none yet. */
  async #rekey<T extends UserPhoneRow | CompanyPhoneRow>(
    rows: T[],
    write: (row: T) => Promise<boolean>,
  ): Promise<void> {
    let left: Rekeyed[] = rows.flatMap((row) => {
      const key = this.keyOf(row.phone_number);
      return key === null || key === row.number_key ? [] : [{ row, key }];
    });
    // Twice: a key may be free only when the number that had it has got its own.
    for (let pass = 0; pass < 2 && left.length > 0; pass++) {
      const blocked: Rekeyed[] = [];
      for (const { row, key } of left) {
        if (await write({ ...row, number_key: key } as T)) row.number_key = key;
        else blocked.push({ row, key });
      }
      left = blocked;
    }
    for (const { row } of left) {
      const owner = "user_id" in row ? { user: row.user_id } : { company: row.company_id };
      this.#options.log.warn(
        owner,
        "A number is the same as another one by the present settings, and is not matched",
      );
    }
  }
}
