/**
 * @module
 * Lists that an emulated Asterisk gives of its endpoints, contacts, AORs and device states.
 * Headers and their order are those of Asterisk 16.28 and 22.10, with two contacts allowed and a qualify of 2 s.
 */
import { createHash } from "node:crypto";
import type { AmiAction, Header } from "./ami_codec.ts";
import type { AmiSession } from "./ami_server.ts";
import type { Phone } from "./asterisk_phones.ts";

type Phones = ReadonlyMap<string, Phone>;

/** Answers PJSIPShowEndpoints. */
export function listEndpoints(
  session: AmiSession,
  action: AmiAction,
  phones: Phones,
  version: 16 | 22,
): void {
  const items = [...phones.values()].map((phone) => ({
    event: "EndpointList",
    headers: [
      ["ObjectType", "endpoint"],
      ["ObjectName", phone.endpoint],
      ["Transport", ""],
      ["Aor", phone.number],
      ["Auths", phone.trunk ? "" : phone.number],
      ["OutboundAuths", ""],
      ["Contacts", phone.contact === null ? "" : `${phone.number}/${phone.contact},`],
      ["DeviceState", phone.spokenState],
      ["ActiveChannels", version === 16 ? "" : phone.channels.length],
    ] as Header[],
  }));
  session.list(
    action,
    "A listing of Endpoints follows, presented as EndpointList events",
    items,
    "EndpointListComplete",
  );
}

/** Answers PJSIPShowContacts: those that registered, not the one that the trunk's configuration names. */
export function listContacts(session: AmiSession, action: AmiAction, phones: Phones, version: 16 | 22): void {
  const items = [...phones.values()].flatMap((phone) => {
    if (phone.contact === null || phone.trunk) return [];
    const [, address = "", port = ""] = /@([^:]+):(\d+)$/.exec(phone.contact) ?? [];
    const headers: Header[] = [
      ["ObjectType", "contact"],
      ["ObjectName", `${phone.number};@${createHash("md5").update(phone.contact).digest("hex")}`],
      ["ViaAddr", address],
      ["QualifyTimeout", "3.000000"],
      ...(version === 16 ? [] : [["Qualify2xxOnly", "false"] as Header]),
      ["CallId", `${phone.number}-${port}@${address}`],
      ["RegServer", ""],
      ["PruneOnBoot", "no"],
      ["Path", ""],
      ["Endpoint", phone.endpoint],
      ["ViaPort", port],
      ["AuthenticateQualify", "no"],
      ["Uri", phone.contact],
      ["QualifyFrequency", 2],
      ["UserAgent", phone.userAgent],
      ["ExpirationTime", phone.expiresAtSeconds],
      ["OutboundProxy", ""],
      ["Status", "Reachable"],
      ["RoundtripUsec", phone.roundtripMicroseconds],
    ];
    return [{ event: "ContactList", headers }];
  });
  if (items.length === 0) return session.fail(action, "No Contacts found\n");
  session.list(
    action,
    "A listing of Contacts follows, presented as ContactList events",
    items,
    "ContactListComplete",
  );
}

/** Answers PJSIPShowAors. */
export function listAors(session: AmiSession, action: AmiAction, phones: Phones, version: 16 | 22): void {
  const items = [...phones.values()].map((phone) => ({
    event: "AorList",
    headers: [
      ["ObjectType", "aor"],
      ["ObjectName", phone.number],
      ["MinimumExpiration", 60],
      ["DefaultExpiration", 3600],
      ["QualifyTimeout", "3.000000"],
      ...(version === 16 ? [] : [["Qualify2xxOnly", "false"] as Header]),
      ["Mailboxes", ""],
      ["SupportPath", "false"],
      ["RemoveUnavailable", "false"],
      ["VoicemailExtension", ""],
      ["MaxContacts", 2],
      ["AuthenticateQualify", "false"],
      ["Contacts", phone.contact === null ? "" : `${phone.number}/${phone.contact}`],
      ["MaximumExpiration", 7200],
      ["QualifyFrequency", 2],
      ["RemoveExisting", "false"],
      ["OutboundProxy", ""],
    ] as Header[],
  }));
  session.list(action, "A listing of AORs follows, presented as AorList events", items, "AorListComplete");
}

/** Answers DeviceStateList. */
export function listDeviceStates(session: AmiSession, action: AmiAction, phones: Phones): void {
  const items = [...phones.values()].map((phone) => ({
    event: "DeviceStateChange",
    headers: [["Device", phone.device], ["State", phone.state]] as Header[],
  }));
  session.list(action, "Device State Changes will follow", items, "DeviceStateListComplete");
}
