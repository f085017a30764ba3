/**
 * @module
 * What Asterisk lists of endpoints, AORs and contacts put together: what there is to say of each endpoint. Contacts are
 * found by AOR, since several endpoints may share one and a contact names only who registered it.
 */
import type { ContactSeen, EndpointListing } from "../machines/endpoint_events.ts";
import { decodeListedAor, decodeListedContact, decodeListedEndpoint } from "./ami/decode_endpoint.ts";
import type { AmiPacket } from "./ami/packet.ts";

/** What an endpoint is made of in pjsip.conf. */
export interface EndpointDetails {
  aors: string[];
  auths: string[];
  transport: string | null;
}

/** What lists say of an endpoint. */
export interface ListedState {
  name: string;
  details: EndpointDetails;
  listing: EndpointListing;
  /** It has contacts of which the lists do not say how they are: those in the configuration. */
  incomplete: boolean;
}

interface Lists {
  endpoints: readonly AmiPacket[];
  /** Null where they could not be asked for. */
  aors: readonly AmiPacket[] | null;
  contacts: readonly AmiPacket[] | null;
  /** Makes a time of the steady clock of one of the wall, in milliseconds. */
  toSteady: (wall: number) => number;
}

/** All endpoints that the lists of a sync have, by name. */
export function readEndpointLists(lists: Lists): Map<string, ListedState> {
  const contacts = new Map<string, ContactSeen[]>();
  for (const packet of lists.contacts ?? []) {
    const seen = decodeListedContact(packet, lists.toSteady);
    if (seen !== null) push(contacts, seen.aor, seen);
  }
  const aors = new Map<string, boolean | null>();
  const uris = new Map<string, string[]>();
  for (const packet of lists.aors ?? []) {
    const aor = decodeListedAor(packet);
    if (aor === null) continue;
    aors.set(aor.name, aor.qualified);
    uris.set(aor.name, aor.uris);
  }
  const found = new Map<string, ListedState>();
  for (const packet of lists.endpoints) {
    const endpoint = decodeListedEndpoint(packet);
    if (endpoint === null) continue;
    const { name, auths, transport, device } = endpoint;
    const own = endpoint.aors.flatMap((aor) => contacts.get(aor) ?? []);
    const known = new Set(own.map(({ aor, uri }) => `${aor}/${uri}`));
    const untold = endpoint.aors
      .flatMap((aor) => (uris.get(aor) ?? []).map((uri) => ({ aor, uri })))
      .concat(endpoint.contacts)
      .filter(({ aor, uri }) => !known.has(`${aor}/${uri}`) && known.add(`${aor}/${uri}`));
    found.set(name, {
      name,
      details: { aors: endpoint.aors, auths, transport },
      listing: {
        contacts: [...own, ...untold.map((contact) => presumed(contact, device))],
        aors: endpoint.aors.map((aor) => ({ name: aor, qualified: aors.get(aor) ?? null })),
        device,
      },
      incomplete: untold.length > 0,
    });
  }
  return found;
}

/** What the details of one endpoint say; null when they have none. The packets hold passwords: nothing else is kept. */
export function readEndpointDetail(
  packets: readonly AmiPacket[],
  toSteady: (wall: number) => number,
): ListedState | null {
  const detail = packets.find(({ event }) => event === "EndpointDetail");
  const endpoint = detail === undefined ? null : decodeListedEndpoint(detail);
  if (endpoint === null) return null;
  const qualified = new Map<string, boolean | null>();
  const contacts: ContactSeen[] = [];
  for (const packet of packets) {
    if (packet.event === "AorDetail") {
      const aor = decodeListedAor(packet);
      if (aor !== null) qualified.set(aor.name, aor.qualified);
    }
    if (packet.event === "ContactStatusDetail") {
      const seen = decodeListedContact(packet, toSteady);
      if (seen !== null) contacts.push(seen);
    }
  }
  const { name, aors, auths, transport, device } = endpoint;
  return {
    name,
    details: { aors, auths, transport },
    listing: {
      contacts,
      aors: aors.map((aor) => ({ name: aor, qualified: qualified.get(aor) ?? null })),
      device,
    },
    incomplete: false,
  };
}

/**
 * Until it is asked for, a contact that is only named is as good as Asterisk says that its endpoint is. A device in a call
 * says nothing: it is in use, reachable or not.
 */
function presumed({ aor, uri }: { aor: string; uri: string }, device: string | null): ContactSeen {
  return {
    aor,
    uri,
    status: device === "NOT_INUSE" ? "reachable" : device === "UNAVAILABLE" ? "unreachable" : "unknown",
    address: null,
    userAgent: null,
    roundtripMs: null,
    expiresAt: null,
    presumed: true,
  };
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
