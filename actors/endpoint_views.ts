/**
 * @module
 * An endpoint as it is shown: its actor's context with times of the wall clock, the calls it takes part in, and the name
 * of whose number it is. It decides nothing about the endpoint.
 */
import { isUsable } from "../machines/endpoint_contacts.ts";
import type { EndpointContext } from "../machines/endpoint.ts";
import type { EndpointCallView, EndpointView } from "../machines/endpoint_views.ts";
import { type Clock, toIso } from "./clock.ts";
import type { EndpointDetails } from "./endpoint_lists.ts";

/** What is known of an endpoint beside its actor. */
export interface EndpointPlace {
  pbx: string;
  name: string;
  details: EndpointDetails;
  /** When anything of it last changed, on the steady clock. */
  updatedAt: number;
}

interface Known {
  context: EndpointContext;
  flapping: boolean;
  calls: EndpointCallView[];
  alertId: string | null;
  owner: { id: number; name: string } | null;
  clock: Clock;
}

/** The suffix that some houses give endpoints to tell them from extensions. */
const SUFFIX = /-ep$/;

/** The name for people. */
export function displayName(name: string): string {
  return name.replace(SUFFIX, "") || name;
}

/** The endpoint with its contacts and calls. */
export function endpointView({ pbx, name, details, updatedAt }: EndpointPlace, known: Known): EndpointView {
  const { context, clock } = known;
  const { reach, shown, reason } = context;
  const iso = (at: number) => toIso(clock, at);
  const now = clock.now();
  return {
    pbx,
    name,
    display_name: displayName(name),
    owner: known.owner,
    status: shown,
    status_since: iso(context.shownSince),
    status_reason: reason,
    last_online_at: toIso(clock, context.lastOnlineAt),
    flapping: known.flapping,
    alert_id: known.alertId,
    contacts: reach.contacts.map((contact) => ({
      uri: contact.uri,
      aor: contact.aor,
      status: contact.status,
      usable: isUsable(contact, reach),
      address: contact.address,
      user_agent: contact.userAgent,
      roundtrip_ms: contact.roundtripMs,
      // A phone that registers again says so to Asterisk, and Asterisk to nobody: what is past is not so.
      expires_at: contact.expiresAt === null || contact.expiresAt < now ? null : iso(contact.expiresAt),
      since: iso(contact.since),
    })),
    device_state: reach.device,
    active_calls: known.calls,
    ...details,
    updated_at: iso(updatedAt),
  };
}

/**
 * Whether two views show the same, but for what changes with every look: round trips, when registrations run out, and
 * when it was last seen to be online.
 */
export function isSameEndpoint(one: EndpointView, other: EndpointView): boolean {
  return essence(one) === essence(other);
}

function essence(view: EndpointView): string {
  const contacts = view.contacts.map(({ roundtrip_ms: _rtt, expires_at: _expires, ...contact }) => contact);
  return JSON.stringify({ ...view, contacts, last_online_at: "", updated_at: "" });
}
