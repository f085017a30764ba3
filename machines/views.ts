/**
 * @module
 * How actors are shown: plain shapes that the API, the streams and the pages share.
 * Times are ISO 8601 in UTC. Names are those of the contract, in snake_case.
 */
import type { AlarmKind, DoorSource, OfflineReason, UnknownReason } from "./events.ts";

/** Whether a panel is heard: `unknown` means that Doorline cannot know. */
export type IntercomStatus = "online" | "offline" | "unknown";

/** One panel with its door. */
export interface IntercomView {
  /** Upper case; also its key. */
  mac: string;
  name: string;
  address: string;
  status: IntercomStatus;
  status_since: string;
  /** Why it is offline or unknown; null while online. */
  status_reason: OfflineReason | UnknownReason | null;
  /** The last state the panel reported, also while it is not online. */
  door: "open" | "closed" | "unknown";
  door_since: string | null;
  /** What opened the door, null when nothing did or nobody knows. */
  door_source: DoorSource | null;
  last_seen_at: string | null;
  /** False while it waits for an operator's yes. */
  adopted: boolean;
  alarm: { kind: AlarmKind; since: string } | null;
  /** The last ring at this panel. */
  last_call: { apartment: string; at: string } | null;
  /** The last command for this door that is still in motion, or ended less than a minute ago. */
  command: CommandView | null;
}

/** States of a remote opening, in their order; the last two are the bad ends. */
export type CommandStatus = "requested" | "sent" | "confirmed" | "closed" | "expired" | "failed";

/** One remote opening. */
export interface CommandView {
  id: string;
  mac: string;
  apartment: string | null;
  status: CommandStatus;
  requested_by: { id: number; name: string };
  issued_at: string;
  expires_at: string;
  sent_at: string | null;
  confirmed_at: string | null;
  closed_at: string | null;
  /** True when the panel confirmed after the deadline: `status` is then still `expired`. */
  late: boolean;
  failed_reason: string | null;
}

/** Type of a row in a panel's history. */
export type EventType =
  | "call"
  | "key"
  | "door_opened"
  | "door_closed"
  | "open_command"
  | "online"
  | "offline"
  | "alarm";

/** One row of a panel's history. */
export interface EventView {
  id: string;
  mac: string;
  type: EventType;
  apartment: string | null;
  key_id: string | null;
  command_id: string | null;
  /** `source` of a door event, `kind` of an alarm, `reason` of an offline, and what the panel sent beside. */
  payload: Record<string, unknown>;
  /** By the panel's clock where it gave a time, else equal to `received_at`. */
  occurred_at: string;
  received_at: string;
}

/** A connection to something outside. */
export interface LinkView {
  /** `broker`, `database`. */
  id: string;
  state: "connecting" | "up" | "down";
  since: string;
  last_error: string | null;
  /** Where it leads, without credentials: `embedded`, `mqtt://host:port`. */
  target: string;
}
