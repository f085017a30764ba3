/**
 * @module
 * Which panels a table shows and in what order. Pure; the address bar keeps the choice.
 */
import type { Intercom } from "../types.ts";

/** Columns that a table can be ordered by. */
export const SORTS = ["name", "address", "status", "door", "seen", "mac"] as const;
/** A column that a table can be ordered by. */
export type Sort = typeof SORTS[number];

/** What the operator wants to see. Empty means: do not filter by it. */
export interface Choice {
  q: string;
  status: "" | Intercom["status"];
  door: "" | Intercom["door"];
  /** `waiting`: not adopted yet; `alarm`: with an alarm. */
  only: "" | "waiting" | "alarm";
  sort: Sort;
  descending: boolean;
}

/** Numbers beside the filters. */
export interface Counts {
  all: number;
  online: number;
  offline: number;
  unknown: number;
  open: number;
  alarm: number;
  waiting: number;
}

/** Reads the choice from an address; what is not known there is ignored. */
export function choiceOf(query: URLSearchParams): Choice {
  const sort = query.get("sort") ?? "";
  const field = sort.replace(/^-/, "");
  return {
    q: query.get("q") ?? "",
    status: oneOf(query.get("status"), ["online", "offline", "unknown"]),
    door: oneOf(query.get("door"), ["open", "closed", "unknown"]),
    only: oneOf(query.get("only"), ["waiting", "alarm"]),
    sort: oneOf(field, SORTS) || "name",
    descending: sort.startsWith("-"),
  };
}

/** How an order is written into the address; the default one is left out. */
export function sortQuery(sort: string, descending: boolean): string {
  return sort === "name" && !descending ? "" : `${descending ? "-" : ""}${sort}`;
}

/** Filters and orders the panels. Equal ones stay in the order of their MACs. */
export function arrange(
  panels: Iterable<Intercom>,
  choice: Choice,
  seen: ReadonlyMap<string, number>,
): Intercom[] {
  const words = needles(choice.q);
  const shown: Intercom[] = [];
  for (const panel of panels) {
    if (fits(panel, choice) && matches(panel, words)) shown.push(panel);
  }
  const keyed = shown.map((panel) => ({ panel, key: keyOf(panel, choice.sort, seen) }));
  const sign = choice.descending ? -1 : 1;
  keyed.sort((a, b) => a.key < b.key ? -sign : a.key > b.key ? sign : a.panel.mac < b.panel.mac ? -1 : 1);
  return keyed.map(({ panel }) => panel);
}

/** The best matches for a few typed letters: a name's or address's start first. At most `limit`. */
export function find(panels: Iterable<Intercom>, text: string, limit: number): Intercom[] {
  const words = needles(text);
  if (!words.length) return [];
  const first = words[0]!.text;
  const found: { panel: Intercom; rank: number }[] = [];
  for (const panel of panels) {
    if (!matches(panel, words)) continue;
    const rank = panel.name.toLowerCase().startsWith(first) ? 0 : hay(panel).name.includes(first) ? 1 : 2;
    found.push({ panel, rank });
  }
  found.sort((a, b) => a.rank - b.rank || (naturalKey(a.panel.name) < naturalKey(b.panel.name) ? -1 : 1));
  return found.slice(0, limit).map(({ panel }) => panel);
}

/** Counts for the filters. Panels that wait for a yes count only as such. */
export function count(panels: Iterable<Intercom>): Counts {
  const counts: Counts = { all: 0, online: 0, offline: 0, unknown: 0, open: 0, alarm: 0, waiting: 0 };
  for (const panel of panels) {
    if (!panel.adopted) {
      counts.waiting++;
      continue;
    }
    counts.all++;
    counts[panel.status]++;
    if (panel.door === "open") counts.open++;
    if (panel.alarm) counts.alarm++;
  }
  return counts;
}

/** A text that sorts as people count: `Entrance 2` before `Entrance 10`. Comparing these is cheap. */
export function naturalKey(text: string): string {
  let key = naturalKeys.get(text);
  if (key === undefined) {
    key = text.toLowerCase().replaceAll("ё", "е").replace(/\d+/g, (digits) => digits.padStart(12, "0"));
    // Names come from outside: a panel that renames itself for ever must not fill the memory.
    if (naturalKeys.size > 50_000) naturalKeys.clear();
    naturalKeys.set(text, key);
  }
  return key;
}

const naturalKeys = new Map<string, string>();

interface Hay {
  name: string;
  text: string;
  mac: string;
}

const hays = new WeakMap<Intercom, Hay>();

function hay(panel: Intercom): Hay {
  let made = hays.get(panel);
  if (!made) {
    const name = panel.name.toLowerCase();
    made = { name, text: `${name}\n${panel.address.toLowerCase()}`, mac: hexOf(panel.mac) };
    hays.set(panel, made);
  }
  return made;
}

interface Needle {
  text: string;
  /** The same as digits of a MAC; empty where it cannot be one. */
  hex: string;
}

function needles(text: string): Needle[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean).map((word) => ({
    text: word,
    hex: /^[0-9a-f:.-]+$/.test(word) ? hexOf(word) : "",
  }));
}

function matches(panel: Intercom, words: readonly Needle[]): boolean {
  if (!words.length) return true;
  const { text, mac } = hay(panel);
  return words.every((word) => text.includes(word.text) || (word.hex !== "" && mac.includes(word.hex)));
}

function hexOf(text: string): string {
  return text.toLowerCase().replace(/[^0-9a-f]/g, "");
}

function fits(panel: Intercom, { status, door, only }: Choice): boolean {
  if (only === "waiting" ? panel.adopted : !panel.adopted && (status !== "" || door !== "")) return false;
  if (only === "alarm" && !panel.alarm) return false;
  return (status === "" || panel.status === status) && (door === "" || panel.door === door);
}

/** The worst first, so that one click on the column brings it up. */
const STATUS_ORDER = { offline: 1, unknown: 2, online: 3 } as const;
const DOOR_ORDER = { open: 1, unknown: 2, closed: 3 } as const;

function keyOf(panel: Intercom, sort: Sort, seen: ReadonlyMap<string, number>): string | number {
  switch (sort) {
    case "name":
      return naturalKey(panel.name || panel.mac);
    case "address":
      return naturalKey(panel.address);
    case "mac":
      return panel.mac;
    case "status":
      return panel.alarm ? 0 : STATUS_ORDER[panel.status];
    case "door":
      return DOOR_ORDER[panel.door];
    case "seen":
      // Newest first when ascending: "last seen 2 s ago" is less than "3 days ago".
      return -(seen.get(panel.mac) ?? Date.parse(panel.last_seen_at ?? "1970-01-01"));
    default:
      return sort satisfies never;
  }
}

function oneOf<T extends string>(value: string | null, allowed: readonly T[]): "" | T {
  return allowed.find((one) => one === value) ?? "";
}
