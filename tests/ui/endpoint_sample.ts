/**
 * @module
 * Endpoints, contacts, their calls and alerts for the tests of the pages' pure parts.
 */
import type { Contact, Endpoint, EndpointAlert, EndpointCall } from "../../ui/types.ts";
import { past } from "./sample.ts";

/** An endpoint with one reachable contact and no call, changed as told. */
export function endpoint(name: string, change: Partial<Endpoint> = {}): Endpoint {
  return {
    pbx: "main",
    name,
    display_name: name.replace(/-ep$/, ""),
    owner: null,
    status: "online",
    status_since: past(3600),
    status_reason: null,
    last_online_at: past(5),
    flapping: false,
    alert_id: null,
    contacts: [contact("192.0.2.7:5060")],
    device_state: "NOT_INUSE",
    active_calls: [],
    aors: [name],
    auths: [name],
    transport: "transport-udp",
    updated_at: past(60),
    ...change,
  };
}

/** A reachable contact at an address, changed as told. */
export function contact(address: string, change: Partial<Contact> = {}): Contact {
  return {
    uri: `sip:777@${address}`,
    aor: "777",
    status: "reachable",
    usable: true,
    address,
    user_agent: "Phone 1.0",
    roundtrip_ms: 12.5,
    expires_at: past(-300),
    since: past(600),
    ...change,
  };
}

/** A conversation of an endpoint, changed as told. */
export function endpointCall(id: string, change: Partial<EndpointCall> = {}): EndpointCall {
  return {
    call_id: id,
    channel: `PJSIP/777-ep-${id}`,
    state: "talking",
    direction: "in",
    number: "+74950000000",
    name: "Sergey Orlov",
    since: past(30),
    ...change,
  };
}

/** An alert that stands about the named endpoints, changed as told. */
export function alert(id: string, names: string[], change: Partial<EndpointAlert> = {}): EndpointAlert {
  return {
    id,
    pbx: "main",
    site: names.length > 1 ? "192.0.2.0/24" : null,
    endpoints: names.map((name) => ({ name, display_name: name, since: past(900), back_at: null })),
    since: past(900),
    raised_at: past(300),
    ended_at: null,
    ...change,
  };
}
