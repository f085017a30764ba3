/**
 * @module
 * A row of the history in words and with its icon.
 */
import {
  BellRing,
  DoorClosed,
  DoorOpen,
  type IconNode,
  KeyRound,
  LockOpen,
  Radio,
  TriangleAlert,
  Unplug,
} from "lucide";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import type { EventType, IntercomEvent } from "../types.ts";

/** Icons of the types of event. */
export const EVENT_ICONS: Record<EventType, IconNode> = {
  call: BellRing,
  key: KeyRound,
  door_opened: DoorOpen,
  door_closed: DoorClosed,
  open_command: LockOpen,
  online: Radio,
  offline: Unplug,
  alarm: TriangleAlert,
};

/** Names of the types of event. */
export const EVENT_NAMES: Record<EventType, Key> = {
  call: "event.call",
  key: "event.key",
  door_opened: "event.door_opened",
  door_closed: "event.door_closed",
  open_command: "event.open_command",
  online: "event.online",
  offline: "event.offline",
  alarm: "event.alarm",
};

const SOURCES: Record<string, Key> = {
  remote: "source.remote",
  key: "source.key",
  button: "source.button",
  call: "source.call",
};
const ALARMS: Record<string, Key> = {
  forced: "alarm.forced",
  held_open: "alarm.held_open",
  tamper: "alarm.tamper",
};
const REASONS: Record<string, Key> = { silence: "offline.silence", last_will: "offline.last_will" };

/** What happened, without where: `Door opened`. An alarm says which. */
export function eventTitle(event: IntercomEvent): string {
  const alarm = event.type === "alarm" ? ALARMS[text(event, "kind")] : undefined;
  return t(alarm ?? EVENT_NAMES[event.type]);
}

/** What else is known: apartment, source, reason, person. Empty when nothing is. */
export function eventDetail(event: IntercomEvent): string {
  const parts: string[] = [];
  if (event.apartment) parts.push(t("event.apartment", { apartment: event.apartment }));
  if (event.key_id) parts.push(t("event.key_id", { key: event.key_id }));
  // A closing's source is that of the opening before it: there it has been told already.
  if (event.type === "door_opened") {
    const source = SOURCES[text(event, "source")];
    if (source) parts.push(t(source));
  }
  if (event.type === "offline") {
    const reason = REASONS[text(event, "reason")];
    if (reason) parts.push(t(reason));
  }
  const person = whoAsked(event.payload);
  if (person) parts.push(person);
  return parts.join(", ");
}

function whoAsked(payload: Record<string, unknown>): string {
  const by = payload.requested_by ?? payload.user;
  if (typeof by === "string") return by;
  if (by && typeof by === "object" && "name" in by && typeof by.name === "string") return by.name;
  return "";
}

function text(event: IntercomEvent, name: string): string {
  const value = event.payload[name];
  return typeof value === "string" ? value : "";
}
