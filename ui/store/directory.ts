/**
 * @module
 * People and companies for the search: read once somebody searches, and only what they may read.
 */
import { signal } from "@preact/signals";
import { list } from "../api.ts";
import { digitsIn } from "./calls.ts";
import { isAdmin, mayOperate } from "./session.ts";
import type { Company, User } from "../types.ts";

/** How long what was read is taken for true, milliseconds. */
const KEPT_MS = 60_000;
/** More than this nobody types in by hand; the rest is found on their own pages. */
const LIMIT = 200;

/** People with their numbers, and companies with theirs. */
export const directory = signal<{ people: readonly User[]; companies: readonly Company[] }>({
  people: [],
  companies: [],
});

let readAt = -Infinity;

/** Reads both where this person may and they are not here yet. A failure leaves the search without them. */
export async function readDirectory(): Promise<void> {
  if (!mayOperate.peek() || Date.now() - readAt < KEPT_MS) return;
  readAt = Date.now();
  const [people, companies] = await Promise.allSettled([
    isAdmin.peek() ? list<User>("/api/users", { limit: LIMIT }) : { items: [] },
    list<Company>("/api/companies", { limit: LIMIT }),
  ]);
  directory.value = {
    people: people.status === "fulfilled" ? people.value.items : [],
    companies: companies.status === "fulfilled" ? companies.value.items : [],
  };
}

/** Says that what was read is no longer true. */
export function directoryChanged(): void {
  readAt = -Infinity;
}

/** Those whose name has the text in it, or one of whose numbers has its digits. At most `limit`. */
export function findIn<T extends { phones?: readonly string[] }>(
  all: readonly T[],
  text: string,
  nameOf: (one: T) => string,
  limit: number,
): T[] {
  const words = text.trim().toLowerCase();
  const digits = digitsIn(text);
  if (words === "") return [];
  return all.filter((one) =>
    nameOf(one).toLowerCase().includes(words) ||
    digits !== "" && (one.phones ?? []).some((phone) => phone.replace(/\D/g, "").includes(digits))
  ).slice(0, limit);
}
