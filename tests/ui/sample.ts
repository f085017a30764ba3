/**
 * @module
 * Panels, events and links for the tests of the pages' pure parts.
 */
import type { Command, Intercom, IntercomEvent, Link } from "../../ui/types.ts";

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
  return { id, state: "up", since: past(600), last_error: null, target: "embedded", ...change };
}
