/**
 * @module
 * The contacts of an endpoint as its machine keeps them, and what they come to. Pure functions of plain JSON.
 */
import type { ContactSeen, EndpointEvent, EndpointListing } from "./endpoint_events.ts";
import type { ContactStatus, EndpointReason } from "./endpoint_views.ts";

/** A contact, and since when it has its status. */
export interface Contact extends Omit<ContactSeen, "presumed"> {
  since: number;
}

/** What is known of where an endpoint can be reached. */
export interface Reach {
  contacts: Contact[];
  /** AORs, and whether Asterisk asks their contacts; null as long as nobody listed them. */
  aors: { name: string; qualified: boolean | null }[] | null;
  /** Asterisk's word for what the endpoint is doing. */
  device: string | null;
  /** What Asterisk last said of it as a whole, after the last list. */
  peer: "reachable" | "unreachable" | null;
  /** Where a contact of it was last seen, also when there is none any more: `192.0.2.7:5060`. */
  lastAddress: string | null;
}

/** What the contacts come to; `waiting`: Asterisk has not heard from any of them yet, and is about to ask. */
export type Verdict = "online" | "offline" | "waiting" | "no_aor";

/** Contacts of one endpoint that are kept. Asterisk's own limit is `max_contacts`. */
const MOST_CONTACTS = 100;

/** Nothing is known. */
export function nowhere(): Reach {
  return { contacts: [], aors: null, device: null, peer: null, lastAddress: null };
}

/** What a list says takes the place of all that was known; a contact that stays as it was has been so since then. */
export function takeListing(reach: Reach, listing: EndpointListing, at: number): Reach {
  const { contacts, lastAddress } = reach;
  return {
    contacts: listing.contacts.slice(0, MOST_CONTACTS).map(({ presumed, ...seen }) => {
      const before = contacts.find(({ uri, aor }) => uri === seen.uri && aor === seen.aor);
      // What was known of it is more than what its endpoint lets presume, unless that can be reached nowhere.
      if (presumed && before !== undefined && seen.status !== "unreachable") return before;
      return { ...seen, since: before?.status === seen.status ? before.since : at };
    }),
    aors: listing.aors,
    device: listing.device,
    peer: null,
    lastAddress: listing.contacts.find(({ address }) => address !== null)?.address ?? lastAddress,
  };
}

/** What Asterisk says of one contact. */
export function takeContact(
  reach: Reach,
  event: Extract<EndpointEvent, { type: "contact.changed" }>,
): Reach {
  const { at, uri, aor, status, roundtripMs } = event;
  const isIt = (contact: Contact) => contact.uri === uri && contact.aor === aor;
  if (status === "removed") {
    return { ...reach, contacts: reach.contacts.filter((contact) => !isIt(contact)) };
  }
  const before = reach.contacts.find(isIt);
  const contact: Contact = {
    uri,
    aor,
    address: before?.address ?? addressIn(uri),
    userAgent: before?.userAgent ?? null,
    expiresAt: before?.expiresAt ?? null,
    status,
    roundtripMs: status === "reachable" ? roundtripMs : null,
    since: before?.status === status ? before.since : at,
  };
  const lastAddress = contact.address ?? reach.lastAddress;
  const contacts = before === undefined
    ? [...reach.contacts.slice(-MOST_CONTACTS + 1), contact]
    : reach.contacts.map((one) => one === before ? contact : one);
  return { ...reach, contacts, lastAddress };
}

/** Whether a call can go to a contact: who answers, or who is not asked. */
export function isUsable({ status, aor }: { status: ContactStatus; aor: string }, reach: Reach): boolean {
  if (status === "reachable") return true;
  return status === "non_qualified" && qualifies(aor, reach) === false;
}

/** What the contacts come to. */
export function verdictOf(reach: Reach): Verdict {
  if (reach.aors !== null && reach.aors.length === 0 && reach.contacts.length === 0) return "no_aor";
  if (reach.contacts.some((contact) => isUsable(contact, reach))) return "online";
  return reach.contacts.some((contact) => isWaiting(contact, reach)) ? "waiting" : "offline";
}

/** Why an endpoint that can be reached nowhere is offline. */
export function offlineReason(reach: Reach): EndpointReason {
  return reach.contacts.length === 0 ? "no_contact" : "unreachable";
}

/** Whether what Asterisk says of the whole cannot be so if what it says of the contacts is. */
export function isContradicted(reach: Reach): boolean {
  const { peer, device } = reach;
  const verdict = verdictOf(reach);
  if (verdict === "online") return peer === "unreachable" || device === "UNAVAILABLE";
  // A device in a call is in use, reachable or not: only one that would be free says that the contacts are wrong.
  if (verdict === "offline") return peer === "reachable" || device === "NOT_INUSE";
  return false;
}

/**
 * Where a contact is by its URI, `192.0.2.7:5060`; null when that has a name. Asterisk writes there where a phone was
 * seen, with `rewrite_contact`; else it is what the phone says of itself, as the Via is in any case.
 */
export function addressIn(uri: string): string | null {
  return /^sips?:(?:[^@]*@)?((?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])(?::\d+)?)(?=[;?>]|$)/i.exec(uri)
    ?.[1] ?? null;
}

function isWaiting({ status, aor }: Contact, reach: Reach): boolean {
  return status === "unknown" || (status === "non_qualified" && qualifies(aor, reach) !== false);
}

/** Whether Asterisk asks the contacts of an AOR; null when nobody said. */
function qualifies(aor: string, { aors }: Reach): boolean | null {
  return aors?.find(({ name }) => name === aor)?.qualified ?? null;
}
