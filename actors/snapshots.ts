/**
 * @module
 * How a panel's machine is kept in the database and rebuilt from it. A stored state that is damaged, or of another
 * version, costs no more than itself: the panel is rebuilt from the plain columns, or from nothing.
 */
import { z } from "zod";
import type { SnapshotFrom } from "xstate";
import type { StoredIntercom } from "../db/intercoms.ts";
import { type IntercomContext, intercomMachine, newIntercomContext } from "../machines/intercom.ts";
import type { Clock } from "./clock.ts";

/** Raised when the shape of the context changes so that an old one cannot be read. */
const VERSION = 1;

/** A time that can be shown; beyond, a date cannot be made of it. */
const ms = z.int().min(0).max(Date.UTC(2100, 0));
const stored = z.object({
  v: z.literal(VERSION),
  value: z.object({
    presence: z.union([
      z.enum(["online", "offline"]),
      z.object({ unknown: z.enum(["deaf", "listening"]) }).strict(),
    ]),
    door: z.union([
      z.enum(["unknown", "closed"]),
      z.object({ open: z.enum(["presumed", "within_time", "held_open"]) }).strict(),
    ]),
  }).strict(),
  context: z.object({
    lastStatus: z.enum(["online", "offline"]).nullable(),
    statusReason: z.enum(["silence", "last_will", "never_heard", "link_down", "restarted"]).nullable(),
    doorSource: z.enum(["remote", "key", "button", "call"]).nullable(),
    openingWatched: z.boolean(),
    alarm: z.enum(["forced", "held_open", "tamper"]).nullable(),
    lastCallApartment: z.string().nullable(),
    times: z.object({
      at: ms,
      statusSince: ms,
      lastSeen: ms.nullable(),
      silence: ms.nullable(),
      doorSince: ms.nullable(),
      held: ms.nullable(),
      alarmSince: ms.nullable(),
      lastCall: ms.nullable(),
      keyReason: ms.nullable(),
      callReason: ms.nullable(),
    }),
  }),
});

type Snapshot = SnapshotFrom<typeof intercomMachine>;

/** Durations that a panel's machine runs by, in milliseconds. */
export interface IntercomSettings {
  offlineAfterMs: number;
  heartbeatEveryMs: number;
  heldOpenAfterMs: number;
}

/** What is stored of a snapshot: its states, and its context with times of the wall clock. */
export function storeSnapshot(snapshot: Snapshot, clock: Clock): unknown {
  const { lastStatus, statusReason, doorSource, openingWatched, alarm, lastCallApartment, times } =
    snapshot.context;
  return {
    v: VERSION,
    value: snapshot.value,
    context: {
      lastStatus,
      statusReason,
      doorSource,
      openingWatched,
      alarm,
      lastCallApartment,
      times: shiftTimes(times, clock.toWall(0)),
    },
  };
}

/**
 * Rebuilds a snapshot. `damaged` says why the stored state was put aside, if it was; the snapshot is good either way.
 */
export function restoreSnapshot(
  row: StoredIntercom,
  settings: IntercomSettings,
  clock: Clock,
): { snapshot: Snapshot; damaged: string | null } {
  const lastSeen = row.last_seen_at === null ? null : clock.fromWall(row.last_seen_at.getTime());
  const fresh = newIntercomContext({ mac: row.mac, at: clock.now(), ...settings });
  const parsed = stored.safeParse(row.state);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return {
      snapshot: fromColumns(row, fresh, lastSeen, clock),
      damaged: `${issue.path.join(".")}: ${issue.message}`,
    };
  }
  const now = clock.now();
  const { held, silence, ...past } = shiftTimes(parsed.data.context.times, clock.fromWall(0));
  // What happened is never in the future: that would keep a silent panel online, or its door explained, for as long
  // as the clock had been wrong. Heartbeats are written to their column alone, so it may be newer.
  const times = upTo(now, { ...past, lastSeen: latest(past.lastSeen, lastSeen) });
  const { value } = parsed.data;
  const waits = typeof value.door === "object" && value.door.open !== "held_open";
  const due = waits ? Math.min(held ?? Infinity, now + settings.heldOpenAfterMs) : held;
  const context = { ...fresh, ...parsed.data.context, times: { ...times, silence, held: due } };
  return { snapshot: intercomMachine.resolveState({ value, context }), damaged: null };
}

function latest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? one ?? other : Math.max(one, other);
}

const REASON = { online: null, offline: "silence" } as const;

function fromColumns(
  row: StoredIntercom,
  fresh: IntercomContext,
  lastSeen: number | null,
  clock: Clock,
): Snapshot {
  const status = row.status === "online" || row.status === "offline" ? row.status : null;
  const door = row.door_status === "open" || row.door_status === "closed" ? row.door_status : "unknown";
  const since = Number.isNaN(row.status_since?.getTime())
    ? clock.now()
    : clock.fromWall(row.status_since.getTime());
  return intercomMachine.resolveState({
    value: {
      presence: status === null || lastSeen === null ? { unknown: "deaf" } : status,
      door: door === "open" ? { open: "within_time" } : door,
    },
    context: {
      ...fresh,
      lastStatus: status,
      statusReason: lastSeen === null ? "never_heard" : status === null ? "restarted" : REASON[status],
      times: {
        ...fresh.times,
        statusSince: since,
        lastSeen: lastSeen === null ? null : Math.min(lastSeen, clock.now()),
        doorSince: door === "unknown" ? null : clock.now(),
        held: door === "open" ? clock.now() + fresh.heldOpenAfterMs : null,
      },
    },
  });
}

/** The difference between the clocks is asked for once, not for each time of a hundred thousand panels. */
function shiftTimes<T extends object>(times: T, by: number): T {
  const shifted: Record<string, number | null> = {};
  for (const [name, at] of Object.entries(times)) shifted[name] = at === null ? null : at + by;
  return shifted as T;
}

function upTo<T extends object>(now: number, times: T): T {
  const past: Record<string, number | null> = {};
  for (const [name, at] of Object.entries(times)) past[name] = at === null ? null : Math.min(at, now);
  return past as T;
}
