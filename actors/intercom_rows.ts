/**
 * @module
 * Translates a panel's actor into what is shown and what is stored. No state of its own.
 */
import type { SnapshotFrom } from "xstate";
import type { EventRow, IntercomRow } from "../db/rows.ts";
import type { IntercomFact } from "../machines/events.ts";
import type { intercomMachine } from "../machines/intercom.ts";
import type { CommandView, EventView, IntercomStatus, IntercomView } from "../machines/views.ts";
import { type Clock, toIso } from "./clock.ts";
import type { PanelMessage } from "./mqtt/decode.ts";
import { storeSnapshot } from "./snapshots.ts";

type Snapshot = SnapshotFrom<typeof intercomMachine>;

/** What operators say about a panel, and what it is called by. */
export interface IntercomProfile {
  mac: string;
  topicMac: string;
  name: string;
  address: string;
  /** Wall clock, ISO 8601; null while it waits for an operator's yes. */
  adoptedAt: string | null;
  createdAt: string;
}

/** Whether the panel is heard. */
export function statusOf(snapshot: Snapshot): IntercomStatus {
  const { presence } = snapshot.value;
  return typeof presence === "string" ? presence : "unknown";
}

function doorOf(snapshot: Snapshot): IntercomView["door"] {
  const { door } = snapshot.value;
  return typeof door === "string" ? door : "open";
}

/** Whether a turn changed anything that is shown beside the time of the last sign of life. */
export function isVisible(before: Snapshot | null, after: Snapshot): boolean {
  if (before === null) return true;
  const [a, b] = [before.context, after.context];
  return a.times.statusSince !== b.times.statusSince || a.times.doorSince !== b.times.doorSince ||
    a.times.alarmSince !== b.times.alarmSince || a.times.lastCall !== b.times.lastCall ||
    a.alarm !== b.alarm ||
    a.doorSource !== b.doorSource || statusOf(before) !== statusOf(after) || doorOf(before) !== doorOf(after);
}

/** The panel as it is shown. */
export function intercomView(
  profile: IntercomProfile,
  snapshot: Snapshot,
  command: CommandView | null,
  clock: Clock,
): IntercomView {
  const { times, ...context } = snapshot.context;
  const status = statusOf(snapshot);
  return {
    mac: profile.mac,
    name: profile.name,
    address: profile.address,
    status,
    status_since: toIso(clock, times.statusSince),
    status_reason: status === "online" ? null : context.statusReason,
    door: doorOf(snapshot),
    door_since: toIso(clock, times.doorSince),
    door_source: context.doorSource,
    last_seen_at: toIso(clock, times.lastSeen),
    adopted: profile.adoptedAt !== null,
    alarm: context.alarm === null
      ? null
      : { kind: context.alarm, since: toIso(clock, times.alarmSince ?? times.at) },
    last_call: context.lastCallApartment === null || times.lastCall === null
      ? null
      : { apartment: context.lastCallApartment, at: toIso(clock, times.lastCall) },
    command,
  };
}

/** The panel as it is stored. */
export function intercomRow(profile: IntercomProfile, snapshot: Snapshot, clock: Clock): IntercomRow {
  const { times } = snapshot.context;
  return {
    mac: profile.mac,
    topic_mac: profile.topicMac,
    name: profile.name,
    address: profile.address,
    adopted_at: profile.adoptedAt,
    created_at: profile.createdAt,
    status: statusOf(snapshot),
    status_since: toIso(clock, times.statusSince),
    door_status: doorOf(snapshot),
    last_seen_at: toIso(clock, times.lastSeen),
    state: storeSnapshot(snapshot, clock),
  };
}

/** A fact as a row of the history. The message is the one that caused it, if one did. */
export function eventRow(
  mac: string,
  fact: IntercomFact,
  message: PanelMessage | null,
  options: { id: string; clock: Clock },
): EventRow {
  const receivedAt = toIso(options.clock, fact.at);
  const told = message !== null && isTold(fact, message);
  const row: EventRow = {
    id: options.id,
    mac,
    type: "alarm",
    apartment: null,
    key_id: null,
    command_id: null,
    // `delayed` tells pages that it is no news: nobody stands at that door any more.
    payload: told
      ? {
        ...message.extra,
        ...("backlog" in message.event && message.event.backlog ? { delayed: true } : {}),
      }
      : {},
    occurred_at: told && message.occurredAt !== null
      ? new Date(message.occurredAt).toISOString()
      : receivedAt,
    received_at: receivedAt,
    once: told ? { key: message.onceKey, must_be_new: message.hasId } : null,
  };
  switch (fact.type) {
    case "intercom.came_online":
      return { ...row, type: "online" };
    case "intercom.went_offline":
      return { ...row, type: "offline", payload: { reason: fact.reason } };
    case "intercom.called":
      return { ...row, type: "call", apartment: fact.apartment };
    case "intercom.key_used":
      return { ...row, type: "key", apartment: fact.apartment, key_id: fact.keyId };
    case "intercom.door_opened":
      return {
        ...row,
        type: "door_opened",
        apartment: fact.apartment,
        command_id: fact.commandId,
        payload: { ...row.payload, source: fact.source, ...(fact.inferred ? { inferred: true } : {}) },
      };
    case "intercom.door_closed":
      return {
        ...row,
        type: "door_closed",
        apartment: fact.apartment,
        payload: { ...row.payload, ...(fact.inferred ? { inferred: true } : { source: fact.source }) },
      };
    case "intercom.alarm_raised":
      return { ...row, type: "alarm", payload: { ...row.payload, kind: fact.kind, by: fact.by } };
  }
}

/** A row of the history as it is shown. */
export function eventView(row: EventRow): EventView {
  const { once: _, ...view } = row;
  return view;
}

/** Whether the fact is what the message itself says, and not what Doorline made of it. */
function isTold(fact: IntercomFact, message: PanelMessage): boolean {
  switch (message.event.type) {
    case "panel.call":
      return fact.type === "intercom.called";
    case "panel.key":
      return fact.type === "intercom.key_used";
    case "panel.door_opened":
      return fact.type === "intercom.door_opened";
    case "panel.door_closed":
      return fact.type === "intercom.door_closed";
    case "panel.alarm":
      return fact.type === "intercom.alarm_raised" && fact.by === "panel";
    default:
      return false;
  }
}
