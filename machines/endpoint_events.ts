/**
 * @module
 * The vocabulary of SIP endpoints: what their machine takes and what it states. Times (`at`) are milliseconds of the
 * service's steady clock.
 */
import type { ResumeEvent } from "./events.ts";
import type { ContactStatus, EndpointReason } from "./endpoint_views.ts";

/** What a list says of a contact. */
export interface ContactSeen {
  uri: string;
  aor: string;
  status: ContactStatus;
  /** `192.0.2.7:5060`; null where the list does not say. */
  address: string | null;
  userAgent: string | null;
  roundtripMs: number | null;
  /** When the registration runs out; null where it does not. */
  expiresAt: number | null;
  /** It was named, and nothing was said of it: `status` follows from that of its endpoint. */
  presumed?: boolean;
}

/** All that Asterisk says of an endpoint when it is asked. */
export interface EndpointListing {
  contacts: ContactSeen[];
  /** Its AORs, and whether Asterisk asks their contacts whether they are there; null where nobody said. */
  aors: { name: string; qualified: boolean | null }[];
  /** `NOT_INUSE`, `UNAVAILABLE`, …; null where it was not said. */
  device: string | null;
}

/** What the endpoint machine takes. */
export type EndpointEvent =
  /** `sync` is true when the link had been down, so that when it came to be so is not known. */
  | { type: "endpoint.listed"; at: number; sync: boolean; listing: EndpointListing }
  | {
    type: "contact.changed";
    at: number;
    uri: string;
    aor: string;
    status: ContactStatus | "removed";
    roundtripMs: number | null;
  }
  | { type: "peer.changed"; at: number; reachable: boolean }
  | { type: "device.changed"; at: number; state: string }
  | { type: "link.down"; at: number }
  | ResumeEvent;

/** What an endpoint says happened. */
export type EndpointFact =
  | { type: "endpoint.came_online"; at: number }
  | { type: "endpoint.went_offline"; at: number; reason: EndpointReason }
  /** It cannot be known any more, for a reason of its own: that the link is down is said by the link. */
  | { type: "endpoint.became_unknown"; at: number; reason: EndpointReason }
  | { type: "endpoint.offline_too_long"; at: number; since: number }
  | { type: "endpoint.began_flapping"; at: number }
  | { type: "endpoint.calmed_down"; at: number }
  /** Asterisk says two things that cannot both be so. */
  | { type: "endpoint.doubted"; at: number };
