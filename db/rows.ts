/**
 * @module
 * Rows that actors have written, as plain JSON. Times are ISO 8601 in UTC.
 */
import type { EndpointStatus } from "../machines/endpoint_views.ts";
import type {
  CallDetailView,
  CallStatus,
  CommandStatus,
  EndReason,
  EventType,
  IntercomStatus,
} from "../machines/views.ts";

/** State of a panel; the whole row, each time. */
export interface IntercomRow {
  mac: string;
  topic_mac: string;
  name: string;
  address: string;
  adopted_at: string | null;
  created_at: string;
  status: IntercomStatus;
  status_since: string;
  door_status: "open" | "closed" | "unknown";
  last_seen_at: string | null;
  state: unknown;
}

/** A row of a panel's history. */
export interface EventRow {
  id: string;
  mac: string;
  type: EventType;
  apartment: string | null;
  key_id: string | null;
  payload: Record<string, unknown>;
  command_id: string | null;
  occurred_at: string;
  received_at: string;
  /** What makes it count once, if anything does. */
  once: OnceKey | null;
}

/**
 * A key under which an event counts once. `must_be_new` refuses an event whose key is known;
 * without it the key is only remembered, for a redelivery that may come.
 */
export interface OnceKey {
  key: string;
  must_be_new: boolean;
}

/** A remote opening; the whole row, each time. */
export interface CommandRow {
  id: string;
  mac: string;
  apartment: string | null;
  status: CommandStatus;
  requested_by: number;
  requested_by_name: string;
  requested_from: string | null;
  idempotency_key: string | null;
  request_sha256: string;
  issued_at: string;
  expires_at: string;
  sent_at: string | null;
  confirmed_at: string | null;
  closed_at: string | null;
  late: boolean;
  failed_reason: string | null;
}

/** A line of the audit log. */
export interface AuditRow {
  /** The same line written twice counts once by this. */
  ref: string;
  at: string;
  user_id: number | null;
  actor: string;
  action: string;
  target: string | null;
  address: string | null;
  result: string;
  detail: Record<string, unknown>;
}

/** A call; the whole row, each time. */
export interface CallRow {
  id: string;
  pbx: string;
  /** Which run of the PBX it belongs to. */
  epoch: string;
  linked_id: string;
  channel_id: string;
  direction: "inbound" | "outbound" | "internal";
  caller_number: string | null;
  caller_name: string | null;
  receiver_number: string | null;
  started_at: string;
  accepted_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  status: CallStatus;
  end_reason: EndReason | null;
  assigned_user_id: number | null;
  accepted_by_user_id: number | null;
  answered_by_user_id: number | null;
  answered_by_number: string | null;
  caller_company_id: number | null;
  duration: number;
  notes: string;
  party_user_ids: number[];
  /** Digits of its numbers and its names in lower case, for searching. */
  search: string;
  view: CallDetailView;
  /** What its actor is rebuilt from; null once it is over for good. */
  state: unknown;
  /** The call that it is a part of, by id. */
  merged_into: string | null;
}

/** State of an endpoint; the whole row, each time. */
export interface EndpointRow {
  pbx: string;
  name: string;
  /** What was last known. */
  status: EndpointStatus;
  status_since: string;
  last_online_at: string | null;
  state: unknown;
  updated_at: string;
}

/** A change of what is known of an endpoint. */
export interface EndpointChangeRow {
  id: string;
  pbx: string;
  name: string;
  at: string;
  status: EndpointStatus;
  reason: string | null;
}

/** A time in which a PBX was not heard; the whole row, each time. */
export interface PbxGapRow {
  id: string;
  pbx: string;
  began_at: string;
  ended_at: string | null;
}

/** Endpoints that were offline for too long by one cause; the whole row, each time. */
export interface EndpointAlertRow {
  id: string;
  pbx: string;
  site: string | null;
  /** It is of the whole PBX, not of one network. */
  wide: boolean;
  endpoints: { name: string; since: string; back_at: string | null }[];
  since: string;
  raised_at: string;
  ended_at: string | null;
}

/** Something to be told outside. */
export interface OutboxRow {
  id: string;
  destination: string;
  dedupe_key: string;
  payload: unknown;
  created_at: string;
}

/** A refused message. */
export interface DeadLetterRow {
  id: string;
  source: string;
  reason: string;
  topic: string;
  payload: string;
  received_at: string;
}

/** What one actor wants committed together: all of it or nothing. */
export interface WriteUnit {
  events?: EventRow[];
  intercom?: IntercomRow;
  /** A panel that was heard and did not change: its `last_seen_at`. */
  touch?: { mac: string; last_seen_at: string };
  removeIntercom?: string;
  command?: CommandRow;
  /** Calls that change together: one, or two that turned out to be one. */
  calls?: CallRow[];
  endpoint?: EndpointRow;
  removeEndpoint?: { pbx: string; name: string };
  endpointChanges?: EndpointChangeRow[];
  pbxGap?: PbxGapRow;
  endpointAlerts?: EndpointAlertRow[];
  audit?: AuditRow[];
  outbox?: OutboxRow[];
  deadLetter?: DeadLetterRow;
}
