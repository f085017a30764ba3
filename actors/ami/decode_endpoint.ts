/**
 * @module
 * What Asterisk's packets say of endpoints, in the words of `machines/endpoint_events.ts`: the events of protocols'
 * section 6, the lists that are asked for at a sync, and the details of one endpoint. Fields were taken from 16.28 and
 * 22.10; what cannot be used is null.
 */
import { addressIn } from "../../machines/endpoint_contacts.ts";
import type { ContactSeen, EndpointEvent } from "../../machines/endpoint_events.ts";
import type { ContactStatus } from "../../machines/endpoint_views.ts";
import type { AmiPacket } from "./packet.ts";

/** An event, and the name of the endpoint that it is of. */
export interface EndpointSaid {
  name: string;
  event: EndpointEvent;
}

/** An endpoint in `PJSIPShowEndpoints`, or the detail of one. */
export interface ListedEndpoint {
  name: string;
  aors: string[];
  auths: string[];
  transport: string | null;
  device: string | null;
  /** Contacts that it was said to have, without their state; of its first AOR only. */
  contacts: { aor: string; uri: string }[];
}

/** Longer names are no names of endpoints: Asterisk's own bound of an object's name is below. */
const LONGEST = 256;
/** Asterisk takes contacts of up to 512 bytes, and those of phones that are woken by a push have hundreds. */
const LONGEST_URI = 1000;

const STATUSES: Record<string, ContactStatus> = {
  reachable: "reachable",
  unreachable: "unreachable",
  nonqualified: "non_qualified",
  // Asterisk 13's word for it.
  created: "non_qualified",
  unknown: "unknown",
};

/** Device states as lists speak of them. */
const SPOKEN: Record<string, string> = {
  "not in use": "NOT_INUSE",
  "in use": "INUSE",
  busy: "BUSY",
  invalid: "INVALID",
  unavailable: "UNAVAILABLE",
  ringing: "RINGING",
  "ring+inuse": "RINGINUSE",
  "on hold": "ONHOLD",
  unknown: "UNKNOWN",
};

/** A packet as an event of an endpoint, or null when it says nothing of one. `at` is on the steady clock. */
export function decodeEndpointEvent(packet: AmiPacket, at: number): EndpointSaid | null {
  switch (packet.event) {
    case "ContactStatus": {
      // The endpoint's name, not the URI, says whose contact it is.
      const [name, uri, aor] = [
        textOf(packet.endpointname),
        textOf(packet.uri, LONGEST_URI),
        textOf(packet.aor),
      ];
      const said = packet.contactstatus?.toLowerCase() ?? "";
      const status = said === "removed" ? "removed" as const : STATUSES[said];
      if (name === null || uri === null || status === undefined) return null;
      const roundtripMs = roundtrip(packet.roundtripusec);
      return { name, event: { type: "contact.changed", at, uri, aor: aor ?? "", status, roundtripMs } };
    }
    case "PeerStatus": {
      const name = deviceName(packet.peer);
      const said = packet.peerstatus?.toLowerCase();
      if (name === null || (said !== "reachable" && said !== "unreachable")) return null;
      return { name, event: { type: "peer.changed", at, reachable: said === "reachable" } };
    }
    case "DeviceStateChange": {
      const name = deviceName(packet.device);
      const state = textOf(packet.state);
      return name === null || state === null ? null : { name, event: { type: "device.changed", at, state } };
    }
    default:
      return null;
  }
}

/** A line of `PJSIPShowEndpoints`; null when it has no name. */
export function decodeListedEndpoint(packet: AmiPacket): ListedEndpoint | null {
  const name = textOf(packet.objectname);
  if (name === null) return null;
  return {
    name,
    aors: listOf(packet.aor ?? packet.aors),
    auths: listOf(packet.auths ?? packet.auth),
    transport: textOf(packet.transport),
    device: SPOKEN[packet.devicestate?.trim().toLowerCase() ?? ""] ?? null,
    contacts: contactsOf(packet.contacts),
  };
}

/**
 * A contact in `PJSIPShowContacts`, or in the details of an endpoint; null when it cannot be read.
 * `toSteady` makes a time of the steady clock of one of the wall.
 */
export function decodeListedContact(
  packet: AmiPacket,
  toSteady: (wall: number) => number,
): ContactSeen | null {
  const uri = textOf(packet.uri, LONGEST_URI);
  // `777;@hash` registered, `trunk@@hash` stands in the configuration.
  const named = /^(.*?)(?:;@|@@)[0-9a-f]+$/i.exec(packet.objectname ?? packet.id ?? "")?.[1];
  const aor = textOf(packet.aor) ?? textOf(named);
  if (uri === null || aor === null) return null;
  const status = STATUSES[packet.status?.toLowerCase() ?? ""] ?? "unknown";
  const [host, port] = [textOf(packet.viaaddr), textOf(packet.viaport)];
  const address = addressIn(uri) ?? textOf(packet.viaaddress) ??
    (host === null ? null : `${host.includes(":") ? `[${host}]` : host}${port === null ? "" : `:${port}`}`);
  const expires = Number(packet.expirationtime ?? packet.regexpire ?? NaN);
  return {
    uri,
    aor,
    status,
    address,
    userAgent: textOf(packet.useragent),
    roundtripMs: status === "reachable" ? roundtrip(packet.roundtripusec) : null,
    expiresAt: Number.isFinite(expires) && expires > 0 && expires < 4e9 ? toSteady(expires * 1000) : null,
  };
}

/** An AOR, in a list or in the details of an endpoint, with whether its contacts are asked; null without a name. */
export function decodeListedAor(
  packet: AmiPacket,
): { name: string; qualified: boolean | null; uris: string[] } | null {
  const name = textOf(packet.objectname);
  if (name === null) return null;
  const uris = contactsOf(packet.contacts).map(({ uri }) => uri);
  return { name, qualified: secondsOf(packet.qualifyfrequency), uris };
}

/** Contacts as lists name them, `AOR/URI,AOR/URI,`. A comma may be part of a URI, and a slash of an AOR. */
function contactsOf(text: string | undefined): { aor: string; uri: string }[] {
  return (text ?? "").split(/,(?=[^,]+\/sips?:)/i).flatMap((part) => {
    const found = /^(.+?)\/(sips?:.+?),?$/i.exec(part.trim());
    return found === null ? [] : [{ aor: found[1]!, uri: found[2]! }];
  });
}

/** Whether a frequency of being asked is one: 0 is none. */
function secondsOf(text: string | undefined): boolean | null {
  const seconds = text === undefined || text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(seconds) ? seconds > 0 : null;
}

function deviceName(text: string | undefined): string | null {
  return text !== undefined && text.startsWith("PJSIP/") ? textOf(text.slice("PJSIP/".length)) : null;
}

function roundtrip(text: string | undefined): number | null {
  const micros = text === undefined || text === "" ? NaN : Number(text);
  return Number.isFinite(micros) && micros > 0 && micros < 1e10 ? micros / 1000 : null;
}

function listOf(text: string | undefined): string[] {
  return (text ?? "").split(",").map((part) => part.trim()).filter((part) => part !== "");
}

function textOf(text: string | undefined, longest = LONGEST): string | null {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" || trimmed === "<none>" || trimmed === "<unknown>" || trimmed.length > longest
    ? null
    : trimmed;
}
