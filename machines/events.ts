/**
 * @module
 * The vocabulary: every event that a machine takes and every fact that it states.
 * Times (`at`) are milliseconds of the service's steady clock, never of the sender's.
 */

/** What made a door open, as the panel says it or as Doorline inferred it. */
export type DoorSource = "remote" | "key" | "button" | "call";

/** Alarms of a panel; `forced` and `held_open` are also raised by Doorline itself. */
export type AlarmKind = "forced" | "held_open" | "tamper";

/** State of a door contact. */
export type DoorContact = "open" | "closed";

/** On what a panel tells: the broker had it waiting while the service was away, so it is history and no sign of life. */
interface Told {
  at: number;
  backlog?: boolean;
}

/** What the intercom machine takes. */
export type IntercomEvent =
  | { type: "panel.heard"; at: number }
  /** `source` is what Doorline itself did to open the door, where nothing of the panel told of it. */
  | { type: "panel.heartbeat"; at: number; door: DoorContact; source?: DoorSource }
  | Told & { type: "panel.call"; apartment: string }
  | Told & { type: "panel.key"; apartment: string | null; keyId: string | null }
  | Told & {
    type: "panel.door_opened";
    source: DoorSource | null;
    apartment: string | null;
    commandId: string | null;
  }
  | Told & { type: "panel.door_closed"; source: DoorSource | null; apartment: string | null }
  | Told & { type: "panel.alarm"; kind: AlarmKind }
  | { type: "panel.status"; at: number; status: "online" | "offline"; retained: boolean }
  | { type: "link.up"; at: number }
  | { type: "link.down"; at: number }
  | { type: "operator.acknowledged"; at: number }
  | ResumeEvent;

/** Sent once to an actor that was rebuilt from the database, so that it re-arms its deadlines. */
export interface ResumeEvent {
  type: "resume";
  at: number;
  /** Until when the service had been listening before it stopped. */
  heardUntil: number;
}

/** What an intercom says happened. `at` is when, on the steady clock. */
export type IntercomFact =
  | { type: "intercom.came_online"; at: number }
  | { type: "intercom.went_offline"; at: number; reason: OfflineReason }
  | { type: "intercom.called"; at: number; apartment: string }
  | { type: "intercom.key_used"; at: number; apartment: string | null; keyId: string | null }
  | {
    type: "intercom.door_opened";
    at: number;
    source: DoorSource | null;
    apartment: string | null;
    commandId: string | null;
    /** True when a heartbeat showed it and no event of the panel did. */
    inferred: boolean;
  }
  | {
    type: "intercom.door_closed";
    at: number;
    source: DoorSource | null;
    apartment: string | null;
    inferred: boolean;
  }
  | { type: "intercom.alarm_raised"; at: number; kind: AlarmKind; by: "panel" | "doorline" };

/** Why a panel is offline. */
export type OfflineReason = "silence" | "last_will";

/** Why nothing is known about a panel. */
export type UnknownReason = "never_heard" | "link_down" | "restarted";

/** What the door command machine takes. */
export type DoorCommandEvent =
  | { type: "command.sent"; at: number }
  | { type: "command.refused"; at: number; reason: string }
  | { type: "door.opened"; at: number; source: DoorSource | null; commandId: string | null }
  | { type: "door.closed"; at: number }
  | ResumeEvent;

/** What a door command says happened. */
export type DoorCommandFact =
  | { type: "command.sent"; at: number }
  | { type: "command.confirmed"; at: number; late: boolean }
  | { type: "command.closed"; at: number }
  | { type: "command.expired"; at: number }
  | { type: "command.failed"; at: number; reason: string };

/** What the link machine takes. */
export type LinkEvent =
  | { type: "link.opened"; at: number }
  | { type: "link.lost"; at: number; error: string };

/** What a link says happened. */
export type LinkFact =
  | { type: "link.came_up"; at: number }
  | { type: "link.went_down"; at: number; error: string };
