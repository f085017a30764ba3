/**
 * @module
 * Numbers of owners of one kind in memory: whose a number is, and which are somebody's.
 */
import type { PhoneRow } from "../db/user_phones.ts";

/** Numbers of people, or of companies, by id of the owner. */
export class PhoneBook {
  readonly #owners = new Map<string, number>();
  readonly #phones = new Map<number, PhoneRow[]>();

  /** Whose number has this key; null when it is nobody's. */
  ownerOf(key: string | null): number | null {
    return key === null ? null : this.#owners.get(key) ?? null;
  }

  /** Somebody's numbers as they were written, in the order of their keys. */
  phonesOf(owner: number): string[] {
    return (this.#phones.get(owner) ?? []).map(({ phone_number }) => phone_number);
  }

  /** Makes these the numbers of an owner. One that another has stays theirs. */
  replace(owner: number, phones: readonly PhoneRow[]): void {
    this.remove(owner);
    if (phones.length === 0) return;
    this.#phones.set(owner, [...phones].sort((a, b) => a.number_key < b.number_key ? -1 : 1));
    for (const { number_key } of phones) {
      if (!this.#owners.has(number_key)) this.#owners.set(number_key, owner);
    }
  }

  /** Forgets an owner; false when they had no number. */
  remove(owner: number): boolean {
    for (const { number_key } of this.#phones.get(owner) ?? []) {
      if (this.#owners.get(number_key) === owner) this.#owners.delete(number_key);
    }
    return this.#phones.delete(owner);
  }

  /** Forgets all and takes these in. */
  load(rows: Iterable<PhoneRow & { owner: number }>): void {
    this.#owners.clear();
    this.#phones.clear();
    const found = new Map<number, PhoneRow[]>();
    for (const { owner, phone_number, number_key } of rows) {
      const phones = found.get(owner) ?? [];
      phones.push({ phone_number, number_key });
      found.set(owner, phones);
    }
    for (const [owner, phones] of found) this.replace(owner, phones);
  }
}
