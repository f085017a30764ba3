/**
 * @module
 * What the pages ask of calls: which ring for whom, which live, which fit the filters. Pure.
 */
import type { Call, Party } from "../types.ts";

/** Statuses of a call, in their order. */
export const STATUSES = ["incoming", "answered", "completed", "missed", "rejected"] as const;
/** Directions of a call. */
export const DIRECTIONS = ["inbound", "outbound", "internal"] as const;

/** What of the history is wanted. `from` and `to` are ISO 8601; empty means: do not filter by it. */
export interface CallChoice {
  q: string;
  status: "" | Call["status"];
  direction: "" | Call["direction"];
  from: string;
  to: string;
}

/** Where a call rings for a person; null where it does not. */
export function ringFor(call: Call, userId: number | undefined): Call["rings"][number] | null {
  if (userId === undefined) return null;
  return call.rings.find((ring) => ring.user_id === userId) ?? null;
}

/** Who said that they take what rings; null for whoever said so of an earlier ring of the same call. */
export function takenBy(call: Call, ring: Call["rings"][number] | null): Call["accepted_by"] {
  if (call.accepted_at === null || ring === null) return null;
  return Date.parse(call.accepted_at) >= Date.parse(ring.since) ? call.accepted_by : null;
}

/** Whether a person talks in a call at this moment. */
export function talksIn(call: Call, userId: number | undefined): boolean {
  return userId !== undefined && call.talking.some((party) => party.user_id === userId);
}

/** Whether a person is, or was, party to a call. */
export function isParty(call: Call, userId: number | undefined): boolean {
  return userId !== undefined && call.party_ids.includes(userId);
}

/** Whether a call is a person's own at this moment: it rings for them, they talk, or they wait for an answer. */
export function isOwnNow(call: Call, userId: number | undefined): boolean {
  if (isOver(call) || userId === undefined) return false;
  return ringFor(call, userId) !== null || talksIn(call, userId) ||
    call.status === "incoming" && call.caller.user_id === userId;
}

/** How a call stands for a person: one that others talk in and that rings for them, rings. */
export function standing(call: Call, userId: number | undefined): Call["status"] {
  return !isOver(call) && ringFor(call, userId) ? "incoming" : call.status;
}

/** The company's name where the other names do not say it already; empty otherwise. */
export function companyBeside({ company, caller, receiver }: Call): string {
  if (!company) return "";
  const said = [caller, receiver].some(({ name }) => name && fold(name.trim()) === fold(company.name.trim()));
  return said ? "" : company.name;
}

/** Whether a call is over. */
export function isOver(call: Call): boolean {
  return call.ended_at !== null;
}

/** Calls for the list of live ones: what rings first, then what talks, then what is just over; the newest first. */
export function arrangeLive(calls: Iterable<Call>, userId?: number): Call[] {
  return [...calls].sort((a, b) =>
    rank(a, userId) - rank(b, userId) || (a.started_at < b.started_at ? 1 : -1)
  );
}

function rank(call: Call, userId: number | undefined): number {
  if (isOver(call)) return 2;
  return standing(call, userId) === "incoming" ? 0 : 1;
}

/** Since when the conversation, or the wait for one, lasts: milliseconds. */
export function sinceWhen(call: Call): number {
  return Date.parse(call.answered_at ?? call.started_at);
}

/** Joins live views with rows that were read: each call once, in its live view, the newest first. */
export function mergeCalls(fresh: readonly Call[], read: readonly Call[]): Call[] {
  const byId = new Map(read.map((call) => [call.id, call]));
  const oldest = read.at(-1)?.started_at;
  for (const call of fresh) {
    // What is older than the page that was read will come with the next page.
    if (byId.has(call.id) || oldest === undefined || call.started_at >= oldest) byId.set(call.id, call);
  }
  return [...byId.values()].sort((a, b) =>
    a.started_at < b.started_at ? 1 : a.started_at > b.started_at ? -1 : a.id < b.id ? 1 : -1
  );
}

/** Whether a call is one of the wanted: by the same rules as the service's own. */
export function wantedCall(call: Call, choice: CallChoice): boolean {
  const at = Date.parse(call.started_at);
  return (choice.status === "" || call.status === choice.status) &&
    (choice.direction === "" || call.direction === choice.direction) &&
    (choice.from === "" || at >= Date.parse(choice.from)) &&
    (choice.to === "" || at < Date.parse(choice.to)) &&
    mentions(call, choice.q);
}

/** Whether all that was typed occurs in a call: words in its names, numbers in its numbers. */
export function mentions(call: Call, typed: string): boolean {
  const whole = digitsIn(typed);
  // With nothing but a number, its spaces are its own.
  const words = whole !== "" ? [typed] : fold(typed).split(/\s+/).filter((word) => word !== "");
  if (!words.length) return true;
  const parties: (Party | null)[] = [
    call.caller,
    call.receiver,
    call.answered_by,
    ...call.talking,
    ...call.rings,
  ];
  const names = fold([call.company?.name, ...parties.map((party) => party?.name)].join("\n"));
  const numbers = parties.map((party) => party?.number?.replace(/\D/g, "") ?? "");
  return words.every((word) => {
    const digits = digitsIn(word);
    return names.includes(word) || digits !== "" && numbers.some((number) => number.includes(digits));
  });
}

/** As the service compares texts: letters however they were composed, in lower case. */
function fold(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/** The digits of what reads like a number; empty for anything else. The trunk 8 of Russia says nothing. */
export function digitsIn(text: string): string {
  if (!/^\+?[\d\s().-]+$/.test(text.trim())) return "";
  const digits = text.replace(/\D/g, "");
  return digits.length === 11 && digits.startsWith("8") ? digits.slice(1) : digits;
}

/** Reads the filters from an address; what is not known there is ignored. */
export function callChoice(query: URLSearchParams): CallChoice {
  const time = (name: string) => {
    const value = query.get(name) ?? "";
    return Number.isNaN(Date.parse(value)) ? "" : value;
  };
  return {
    q: query.get("q") ?? "",
    status: STATUSES.find((one) => one === query.get("status")) ?? "",
    direction: DIRECTIONS.find((one) => one === query.get("direction")) ?? "",
    from: time("from"),
    to: time("to"),
  };
}
