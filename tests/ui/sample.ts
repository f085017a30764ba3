/**
 * @module
 * Panels, events, links and calls for the tests of the pages' pure parts.
 */
import type { Call, Command, Intercom, IntercomEvent, Link, Party } from "../../ui/types.ts";

/** The moment that the tests call now, milliseconds. */
export const NOW = Date.parse("2026-01-15T12:00:00.000Z");

/** A moment so many seconds before now, ISO 8601. */
export function past(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

/** A quiet panel, online with its door closed, changed as told. */
export function panel(mac: string, change: Partial<Intercom> = {}): Intercom {
  return {
    mac,
    name: `Panel ${mac}`,
    address: "",
    status: "online",
    status_since: past(3600),
    status_reason: null,
    door: "closed",
    door_since: past(1800),
    door_source: null,
    last_seen_at: past(10),
    adopted: true,
    alarm: null,
    last_call: null,
    command: null,
    ...change,
  };
}

/** A command that was just requested, changed as told. */
export function command(id: string, change: Partial<Command> = {}): Command {
  return {
    id,
    mac: "A",
    apartment: null,
    status: "requested",
    requested_by: { id: 1, name: "Operator" },
    issued_at: past(2),
    expires_at: past(-8),
    sent_at: null,
    confirmed_at: null,
    closed_at: null,
    late: false,
    failed_reason: null,
    ...change,
  };
}

/** An event so many seconds ago, changed as told. */
export function event(id: string, seconds: number, change: Partial<IntercomEvent> = {}): IntercomEvent {
  return {
    id,
    mac: "A",
    type: "call",
    apartment: null,
    key_id: null,
    command_id: null,
    payload: {},
    occurred_at: past(seconds),
    received_at: past(seconds),
    ...change,
  };
}

/** A link that is up, changed as told. */
export function link(id: string, change: Partial<Link> = {}): Link {
  return {
    id,
    state: "up",
    phase: null,
    warning: null,
    since: past(600),
    last_error: null,
    target: "embedded",
    ...change,
  };
}

/** The person whose pages the tests look at. */
export const IVAN: Party = { number: "777", name: "Ivan Ivanov", user_id: 7 };
/** Somebody else with a number. */
export const PYOTR: Party = { number: "888", name: "Pyotr Sidorov", user_id: 8 };
/** Somebody outside. */
export const CALLER: Party = { number: "+74951234567", name: "Sergey Orlov", user_id: null };

/** A call that rings nowhere yet, changed as told. */
export function call(id: string, change: Partial<Call> = {}): Call {
  return {
    id,
    pbx: "main",
    linked_id: `${id}.1`,
    direction: "inbound",
    status: "incoming",
    end_reason: null,
    caller: CALLER,
    receiver: IVAN,
    company: null,
    answered_by: null,
    accepted_by: null,
    started_at: past(10),
    accepted_at: null,
    answered_at: null,
    ended_at: null,
    duration: 0,
    rings: [],
    talking: [],
    transferred: null,
    unknown_number: false,
    uncertain: false,
    party_ids: [7],
    notes: "",
    ...change,
  };
}

/** A ring at somebody's number, so many seconds old. */
export function ringAt(party: Party, seconds = 5): Call["rings"][number] {
  return { ...party, leg: `leg ${party.number}`, since: past(seconds) };
}
