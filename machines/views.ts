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

/** Steps of a link that has more of them than being up or not. */
export type LinkPhase = "connecting" | "logging_in" | "syncing" | "up" | "backing_off" | "refused";

/** A connection to something outside. */
export interface LinkView {
  /** `broker`, `database`, `asterisk` or `asterisk:NAME`. */
  id: string;
  state: "connecting" | "up" | "down";
  /** Where it is on its way, where a link knows that: `logging_in`, `syncing`, `backing_off`, `refused`. */
  phase: LinkPhase | null;
  /** What should be mended although it works, in English; null when all is well. */
  warning: string | null;
  since: string;
  last_error: string | null;
  /** Where it leads, without credentials: `embedded`, `mqtt://host:port`. */
  target: string;
}

/** Where a call stands; the last three are its ends. */
export type CallStatus = "incoming" | "answered" | "completed" | "missed" | "rejected";

/** Why a call ended as it did. */
export type EndReason =
  | "hangup"
  | "no_answer"
  | "busy"
  | "caller_gave_up"
  | "declined"
  | "rejected_by_user"
  | "unavailable"
  | "abandoned"
  | "lost";

/** Somebody or something that takes part in a call. */
export interface PartyView {
  number: string | null;
  /** The person whose number it is, else what the PBX calls it. */
  name: string | null;
  /** The person whose number it is. */
  user_id: number | null;
}

/** One channel of a call, without those that lead from Asterisk to itself. */
export interface LegView extends PartyView {
  /** Uniqueid of the channel. */
  id: string;
  /** `PJSIP/777-ep-0000000a`. */
  channel: string;
  role: "caller" | "dialled" | "joined";
  state: "waiting" | "ringing" | "talking" | "up" | "ended";
  since: string;
  ended_at: string | null;
  /** How the attempt to reach it ended; null for who was not dialled, or while it rings. */
  outcome:
    | "answered"
    | "no_answer"
    | "busy"
    | "declined"
    | "rejected_by_user"
    | "cancelled"
    | "unavailable"
    | null;
}

/** A stretch of time in which the same parties talked. */
export interface SegmentView {
  /** Ids of legs. */
  legs: string[];
  /** Who talked, in the order of the legs. */
  parties: PartyView[];
  started_at: string;
  /** Null while they talk. */
  ended_at: string | null;
}

/** One line of what happened in a call. */
export interface CallMomentView {
  at: string;
  kind:
    | "started"
    | "ringing"
    | "answered"
    | "not_answered"
    | "talking"
    | "transferred"
    | "picked_up"
    | "queued"
    | "dequeued"
    | "parked"
    | "conference"
    | "accepted"
    | "rejected"
    | "hangup_asked"
    | "transfer_asked"
    | "lost"
    | "ended";
  party: PartyView | null;
  /** What belongs to the kind: an outcome, an extension, a queue's name. */
  detail: string | null;
}

/** One call. */
export interface CallView {
  id: string;
  pbx: string;
  linked_id: string;
  direction: "inbound" | "outbound" | "internal";
  status: CallStatus;
  end_reason: EndReason | null;
  caller: PartyView;
  /** What was dialled, with whose number that is. */
  receiver: PartyView;
  company: { id: number; name: string } | null;
  /** The name of whoever first lifted, or null. */
  answered_by: PartyView | null;
  /** The person who said in a page that they take it. */
  accepted_by: { id: number; name: string } | null;
  started_at: string;
  accepted_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  /** Seconds in conversation; of a call that goes on, up to the beginning of what goes on. */
  duration: number;
  /** Where it rings at this moment. */
  rings: (PartyView & { leg: string; since: string })[];
  /** Who talks at this moment. */
  talking: PartyView[];
  /** Who last sent the call on to whom; `to` is null where that was not a number. */
  transferred: { at: string; by: PartyView; to: string | null } | null;
  /** True when it was dialled to an internal number that is nobody's. */
  unknown_number: boolean;
  /** True while the link to its PBX is down: what is shown may be over. */
  uncertain: boolean;
  /** Ids of the people who were or are party to it. */
  party_ids: number[];
  notes: string;
}

/** One call with all that is known of its course. */
export interface CallDetailView extends CallView {
  legs: LegView[];
  segments: SegmentView[];
  timeline: CallMomentView[];
}
