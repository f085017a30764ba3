/**
 * @module
 * Which endpoints are shown and in what order, and what is asked of one. Pure; the address bar keeps the choice.
 */
import type { Contact, Endpoint, EndpointCall } from "../types.ts";
import { digitsIn } from "./calls.ts";
import { endpointKey } from "./live_endpoints.ts";
import { naturalKey } from "./table.ts";

/** Columns that the endpoints can be ordered by. */
export const ENDPOINT_SORTS = ["name", "status", "call", "contact", "rtt", "changed"] as const;
/** A column that the endpoints can be ordered by. */
export type EndpointSort = typeof ENDPOINT_SORTS[number];

/** What the operator wants to see. Empty means: do not filter by it. */
export interface EndpointChoice {
  q: string;
  status: "" | Endpoint["status"];
  /** `call`: in a call; `flapping`: comes and goes. */
  only: "" | "call" | "flapping";
  pbx: string;
  /** Id of an alert: those that it is about. */
  alert: string;
  sort: EndpointSort;
  descending: boolean;
}

/** Numbers beside the filters. */
export interface EndpointCounts {
  all: number;
  online: number;
  offline: number;
  unknown: number;
  call: number;
  flapping: number;
}

/** A filter with nothing chosen, as the address writes it. */
export const NO_ENDPOINT_FILTER = { q: "", status: "", only: "", pbx: "", alert: "" };

/** Reads the choice from an address; what is not known there is ignored. */
export function endpointChoice(query: URLSearchParams): EndpointChoice {
  const sort = query.get("sort") ?? "";
  return {
    q: query.get("q") ?? "",
    status: oneOf(query.get("status"), ["online", "offline", "unknown"]),
    only: oneOf(query.get("only"), ["call", "flapping"]),
    pbx: query.get("pbx") ?? "",
    alert: query.get("alert") ?? "",
    sort: oneOf(sort.replace(/^-/, ""), ENDPOINT_SORTS) || "name",
    descending: sort.startsWith("-"),
  };
}

/** Filters and orders the endpoints; answers their keys. Equal ones stay in the order of their names. */
export function arrangeEndpoints(endpoints: Iterable<Endpoint>, choice: EndpointChoice): string[] {
  const words = needles(choice.q);
  const shown: { key: string; name: string; by: string | number }[] = [];
  for (const endpoint of endpoints) {
    if (!fits(endpoint, choice) || !matches(endpoint, words)) continue;
    const name = naturalKey(endpoint.display_name);
    const by = choice.sort === "name" ? name : orderOf(endpoint, choice.sort);
    shown.push({ key: endpointKey(endpoint), name, by });
  }
  const sign = choice.descending ? -1 : 1;
  shown.sort((a, b) =>
    a.by < b.by
      ? -sign
      : a.by > b.by
      ? sign
      : a.name < b.name
      ? -1
      : a.name > b.name
      ? 1
      : a.key < b.key
      ? -1
      : 1
  );
  return shown.map(({ key }) => key);
}

/** The best matches for a few typed letters: those whose name is the text or begins with it first. */
export function findEndpoints(endpoints: Iterable<Endpoint>, text: string, limit: number): Endpoint[] {
  const words = needles(text);
  if (!words.length) return [];
  const typed = text.trim().toLowerCase();
  const found: { endpoint: Endpoint; rank: number; name: string }[] = [];
  for (const endpoint of endpoints) {
    if (!matches(endpoint, words)) continue;
    const name = endpoint.display_name.toLowerCase();
    const rank = name === typed ? 0 : name.startsWith(typed) ? 1 : 2;
    found.push({ endpoint, rank, name: naturalKey(name) });
  }
  found.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
  return found.slice(0, limit).map(({ endpoint }) => endpoint);
}

/** Counts for the filters. */
export function countEndpoints(endpoints: Iterable<Endpoint>): EndpointCounts {
  const counts: EndpointCounts = { all: 0, online: 0, offline: 0, unknown: 0, call: 0, flapping: 0 };
  for (const endpoint of endpoints) {
    counts.all++;
    counts[endpoint.status]++;
    if (endpoint.active_calls.length) counts.call++;
    if (endpoint.flapping) counts.flapping++;
  }
  return counts;
}

/** The Asterisks that endpoints are of, in order. */
export function pbxsOf(endpoints: Iterable<Endpoint>): string[] {
  const found = new Set<string>();
  for (const { pbx } of endpoints) found.add(pbx);
  return [...found].sort();
}

/** The name for people, of an endpoint that is not known: as the service makes it. */
export function displayName(name: string): string {
  return name.endsWith("-ep") && name.length > 3 ? name.slice(0, -3) : name;
}

/** The call that says most: what is talked in, then what rings, then what waits; the oldest of its kind. */
export function mainCall(endpoint: Endpoint): EndpointCall | null {
  let best: EndpointCall | null = null;
  for (const call of endpoint.active_calls) {
    const sooner = best === null || CALL_RANK[call.state] < CALL_RANK[best.state] ||
      call.state === best.state && call.since < best.since;
    if (sooner) best = call;
  }
  return best;
}

/** The contact that says most: one that can be called, the quickest of them; else the one that changed last. */
export function mainContact(endpoint: Endpoint): Contact | null {
  let best: Contact | null = null;
  for (const contact of endpoint.contacts) {
    if (best === null || betterContact(contact, best)) best = contact;
  }
  return best;
}

/** The endpoints of a name: of the named PBX only, where one is named. */
export function endpointsNamed(all: Iterable<Endpoint>, name: string, pbx: string | null): Endpoint[] {
  const found: Endpoint[] = [];
  for (const endpoint of all) {
    if (endpoint.name === name && (pbx === null || endpoint.pbx === pbx)) found.push(endpoint);
  }
  return found;
}

const CALL_RANK: Record<EndpointCall["state"], number> = { talking: 0, up: 1, ringing: 2, waiting: 3 };

function betterContact(one: Contact, other: Contact): boolean {
  if (one.usable !== other.usable) return one.usable;
  if (one.usable && one.roundtrip_ms !== other.roundtrip_ms) {
    return (one.roundtrip_ms ?? Infinity) < (other.roundtrip_ms ?? Infinity);
  }
  return one.since > other.since;
}

function fits(endpoint: Endpoint, { status, only, pbx, alert }: EndpointChoice): boolean {
  return (status === "" || endpoint.status === status) &&
    (only !== "call" || endpoint.active_calls.length > 0) &&
    (only !== "flapping" || endpoint.flapping) &&
    (pbx === "" || endpoint.pbx === pbx) &&
    (alert === "" || endpoint.alert_id === alert);
}

/** The worst first, so that one click on the column brings it up. */
const STATUS_RANK = { offline: 1, unknown: 2, online: 3 } as const;

function orderOf(endpoint: Endpoint, sort: Exclude<EndpointSort, "name">): string | number {
  switch (sort) {
    case "status":
      return endpoint.flapping ? 0 : STATUS_RANK[endpoint.status];
    case "call": {
      const call = mainCall(endpoint);
      // The longest first; those without one behind all of them.
      return call ? Date.parse(call.since) : Infinity;
    }
    case "contact":
      // Behind every address, which begins with a digit or a letter.
      return naturalKey(mainContact(endpoint)?.address ?? "~");
    case "rtt":
      return mainContact(endpoint)?.roundtrip_ms ?? Infinity;
    case "changed":
      // Newest first when ascending: "2 s ago" is less than "3 days ago".
      return -Date.parse(endpoint.updated_at);
    default:
      return sort satisfies never;
  }
}

interface Hay {
  text: string;
  digits: string;
}

const hays = new WeakMap<Endpoint, Hay>();

function hay(endpoint: Endpoint): Hay {
  let made = hays.get(endpoint);
  if (!made) {
    const contacts = endpoint.contacts.flatMap(({ uri, address, user_agent }) => [uri, address, user_agent]);
    const calls = endpoint.active_calls;
    const parts = [endpoint.name, endpoint.owner?.name, ...contacts, ...calls.map(({ name }) => name)];
    made = {
      text: parts.filter(Boolean).join("\n").normalize("NFC").toLowerCase(),
      digits: calls.map(({ number }) => (number ?? "").replace(/\D/g, "")).join("\n"),
    };
    hays.set(endpoint, made);
  }
  return made;
}

interface Needle {
  text: string;
  /** As digits of a number; empty where it reads like none. */
  digits: string;
}

function needles(text: string): Needle[] {
  return text.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean)
    .map((word) => ({ text: word, digits: digitsIn(word) }));
}

function matches(endpoint: Endpoint, words: readonly Needle[]): boolean {
  if (!words.length) return true;
  const { text, digits } = hay(endpoint);
  return words.every((word) =>
    text.includes(word.text) || word.digits !== "" && digits.includes(word.digits)
  );
}

function oneOf<T extends string>(value: string | null, allowed: readonly T[]): "" | T {
  return allowed.find((one) => one === value) ?? "";
}
