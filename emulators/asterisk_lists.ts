/**
 * @module
 * Lists that an emulated Asterisk gives of its endpoints, contacts, AORs, auths and device states.
 * Headers and their order are those of Asterisk 16.28 and 22.10.
 */
import type { AmiAction, Header } from "./ami_codec.ts";
import type { AmiSession } from "./ami_server.ts";
import type { Contact } from "./asterisk_contacts.ts";
import type { PhoneBook } from "./asterisk_phone_book.ts";
import { fieldsOf, type PjsipObject } from "./pjsip_fields.ts";
import type { PjsipStore } from "./pjsip_store.ts";

/** What lists are made of. */
export interface Listed {
  book: PhoneBook;
  store: PjsipStore;
  version: 16 | 22;
  nowMs: number;
}

/** Answers PJSIPShowEndpoints. */
export function listEndpoints(session: AmiSession, action: AmiAction, { book, version }: Listed): void {
  const items = [...book.endpoints.values()].map((phone) => {
    const { object, aors } = phone;
    const contacts = [...contactsOf(phone.contacts), ...phone.fixedContacts];
    return {
      event: "EndpointList",
      headers: [
        ["ObjectType", "endpoint"],
        ["ObjectName", phone.endpoint],
        ["Transport", object?.get("transport") ?? ""],
        ["Aor", aors.join(",")],
        ["Auths", object?.all("auth").join(",") ?? ""],
        ["OutboundAuths", object?.all("outbound_auth").join(",") ?? ""],
        // An endpoint without an AOR has no such header at all.
        ...(aors.length === 0
          ? []
          : [["Contacts", contacts.map(({ aor, uri }) => `${aor}/${uri},`).join("")] as Header]),
        ["DeviceState", phone.spokenState],
        ["ActiveChannels", version === 16 ? "" : phone.channels.length],
      ] as Header[],
    };
  });
  session.list(
    action,
    "A listing of Endpoints follows, presented as EndpointList events",
    items,
    "EndpointListComplete",
  );
}

/** Answers PJSIPShowContacts: those that registered, not the one that the trunk's configuration names. */
export function listContacts(session: AmiSession, action: AmiAction, listed: Listed): void {
  const { book, store, version, nowMs } = listed;
  const items = [...book.endpoints.values()].flatMap((phone) =>
    contactsOf(phone.contacts).map((contact) => {
      const { aor, at } = contact;
      const { qualify, timeout } = qualifyOf(store.get("aor", aor));
      const headers: Header[] = [
        ["ObjectType", "contact"],
        ["ObjectName", contact.id],
        ["ViaAddr", at.host],
        ["QualifyTimeout", timeout.toFixed(6)],
        ...(version === 16 ? [] : [["Qualify2xxOnly", "false"] as Header]),
        ["CallId", contact.callId],
        ["RegServer", ""],
        ["PruneOnBoot", "no"],
        ["Path", ""],
        ["Endpoint", phone.endpoint],
        ["ViaPort", at.port],
        ["AuthenticateQualify", "no"],
        ["Uri", contact.uri],
        ["QualifyFrequency", qualify],
        ["UserAgent", at.userAgent],
        ["ExpirationTime", contact.expiresAt(nowMs)],
        ["OutboundProxy", ""],
        ["Status", contact.state],
        ["RoundtripUsec", roundtripOf(contact)],
      ];
      return { event: "ContactList", headers };
    })
  );
  if (items.length === 0) return session.fail(action, "No Contacts found\n");
  session.list(
    action,
    "A listing of Contacts follows, presented as ContactList events",
    items,
    "ContactListComplete",
  );
}

/** Answers PJSIPShowAors. */
export function listAors(session: AmiSession, action: AmiAction, { book, store, version }: Listed): void {
  const contacts = contactsByAor(book);
  const items = store.all("aor").map((aor) => ({
    event: "AorList",
    headers: fieldsOf(aor, version, { Contacts: contactsText(aor, contacts.get(aor.id) ?? []) }),
  }));
  session.list(action, "A listing of AORs follows, presented as AorList events", items, "AorListComplete");
}

/** Answers PJSIPShowAuths. */
export function listAuths(session: AmiSession, action: AmiAction, { store, version }: Listed): void {
  const items = store.all("auth").map((auth) => ({ event: "AuthList", headers: fieldsOf(auth, version) }));
  if (items.length === 0) return session.fail(action, "No Auths found\n");
  session.list(action, "A listing of Auths follows, presented as AuthList events", items, "AuthListComplete");
}

/** Answers DeviceStateList. */
export function listDeviceStates(session: AmiSession, action: AmiAction, { book }: Listed): void {
  const items = [...book.endpoints.values()].map((phone) => ({
    event: "DeviceStateChange",
    headers: [["Device", phone.device], ["State", phone.state]] as Header[],
  }));
  session.list(action, "Device State Changes will follow", items, "DeviceStateListComplete");
}

/** Contacts in the order in which they are told: by their ids. */
export function contactsOf(contacts: readonly Contact[]): Contact[] {
  return contacts.length < 2 ? [...contacts] : contacts.toSorted((one, other) => one.id < other.id ? -1 : 1);
}

/** The contacts of an AOR as `Contacts` has them. */
export function contactsText(aor: PjsipObject, contacts: readonly Contact[]): string {
  const uris = [...contactsOf(contacts).map(({ uri }) => uri), ...aor.all("contact")];
  return uris.map((uri) => `${aor.id}/${uri}`).join(",");
}

/** How often an AOR's contacts are asked, and for how long, in seconds. */
export function qualifyOf(aor: PjsipObject | null): { qualify: number; timeout: number } {
  const [qualify, timeout] = ["qualify_frequency", "qualify_timeout"].map((name) => aor?.get(name) || "");
  return { qualify: Number(qualify || 0), timeout: Number(timeout || 3) };
}

/** The round trip in microseconds, as lists have it. */
export function roundtripOf({ roundtripMicroseconds }: Contact): string {
  return roundtripMicroseconds > 0 ? String(roundtripMicroseconds) : "N/A";
}

function contactsByAor(book: PhoneBook): Map<string, Contact[]> {
  const found = new Map<string, Contact[]>();
  for (const { contacts } of book.endpoints.values()) {
    for (const contact of contacts) {
      const those = found.get(contact.aor);
      if (those === undefined) found.set(contact.aor, [contact]);
      else those.push(contact);
    }
  }
  return found;
}
