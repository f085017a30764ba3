/**
 * @module
 * One intercom panel with its door: whether it is heard, and what its contact says.
 * Pure: time comes in as `at` on the events, waits are named delays. A message never restarts the timer of silence:
 * that runs to its deadline, and only there looks whether something was heard meanwhile (a lazy timeout).
 */
import { and, assign, enqueueActions, setup, stateIn } from "xstate";
import type {
  AlarmKind,
  DoorSource,
  IntercomEvent,
  IntercomFact,
  OfflineReason,
  UnknownReason,
} from "./events.ts";

/** How long a key or a ring explains an opening that gives no reason of its own. */
const KEY_EXPLAINS_MS = 10_000;
const CALL_EXPLAINS_MS = 60_000;

/** How long an opening that a heartbeat shows waits for the event that tells of it, which may be under way. */
const PROOF_MS = 5000;

/** Which alarm is shown when there are several: the greater. */
const GRAVITY: Record<AlarmKind, number> = { held_open: 1, tamper: 2, forced: 3 };

/** Absolute times in milliseconds of the steady clock; null where it never happened. */
export interface IntercomTimes {
  /** The latest moment this machine knows of. */
  at: number;
  statusSince: number;
  lastSeen: number | null;
  /** When the running timer of silence is due. */
  silence: number | null;
  doorSince: number | null;
  /** When the open door becomes one that is held open. */
  held: number | null;
  alarmSince: number | null;
  lastCall: number | null;
  /** A key or a ring that has not explained an opening yet. */
  keyReason: number | null;
  callReason: number | null;
}

/** What a panel is known by beside its states. Plain JSON. */
export interface IntercomContext {
  mac: string;
  offlineAfterMs: number;
  heartbeatEveryMs: number;
  heldOpenAfterMs: number;
  /** The last certain status, kept while nothing is known, so that coming back is not news. */
  lastStatus: "online" | "offline" | null;
  statusReason: OfflineReason | UnknownReason | null;
  doorSource: DoorSource | null;
  /** Whether the panel was heard all the while when a heartbeat showed its door open. */
  openingWatched: boolean;
  alarm: AlarmKind | null;
  lastCallApartment: string | null;
  times: IntercomTimes;
}

/** What a new panel starts from. Durations in milliseconds, `at` on the steady clock. */
export interface IntercomInput {
  mac: string;
  at: number;
  offlineAfterMs: number;
  heartbeatEveryMs: number;
  heldOpenAfterMs: number;
}

const FORCED = { type: "alarm", params: { kind: "forced" } } as const;
const HELD_OPEN = { type: "alarm", params: { kind: "held_open" } } as const;

/** What the machine of a panel starts with: nothing known, nothing heard. */
export function newIntercomContext(input: IntercomInput): IntercomContext {
  // One by one: whoever starts a panel may hold more than this, and a context is stored and shown.
  const { mac, at, offlineAfterMs, heartbeatEveryMs, heldOpenAfterMs } = input;
  return {
    mac,
    offlineAfterMs,
    heartbeatEveryMs,
    heldOpenAfterMs,
    lastStatus: null,
    statusReason: "never_heard",
    doorSource: null,
    openingWatched: false,
    alarm: null,
    lastCallApartment: null,
    times: {
      at,
      statusSince: at,
      lastSeen: null,
      silence: null,
      doorSince: null,
      held: null,
      alarmSince: null,
      lastCall: null,
      keyReason: null,
      callReason: null,
    },
  };
}

/** The machine of one panel. `after` timers do not survive a restart by themselves: send `resume`. */
export const intercomMachine = setup({
  types: {
    context: {} as IntercomContext,
    events: {} as IntercomEvent,
    emitted: {} as IntercomFact,
    input: {} as IntercomInput,
  },
  delays: {
    silence: ({ context: { times } }) => Math.max(0, (times.silence ?? 0) - times.at),
    heldOpen: ({ context: { times } }) => Math.max(0, (times.held ?? 0) - times.at),
    proof: ({ context: { times } }) => Math.max(0, (times.doorSince ?? 0) + PROOF_MS - times.at),
  },
  guards: {
    spokeSince: ({ context: { times, offlineAfterMs } }) =>
      (times.lastSeen ?? 0) + offlineAfterMs > (times.silence ?? 0),
    saysOffline: ({ event }) => event.type === "panel.status" && event.status === "offline",
    /** A retained message tells what was, not that the panel speaks now. */
    isRetained: ({ event }) => event.type === "panel.status" && event.retained,
    /** The service was away so shortly that the panel cannot have been missed. */
    wasHardlyAway: ({ context, event }) =>
      event.type === "resume" && event.at - event.heardUntil <= context.heartbeatEveryMs,
    isInTime: ({ context: { times, offlineAfterMs }, event }) =>
      (times.lastSeen ?? 0) + offlineAfterMs > timeOf(times, event),
    showsOpen: ({ event }) => event.type === "panel.heartbeat" && event.door === "open",
    showsClosed: ({ event }) => event.type === "panel.heartbeat" && event.door === "closed",
    /** The broker had it waiting while nobody listened: it tells what was. */
    isBacklog: ({ event }) => "backlog" in event && event.backlog === true,
    /** Nothing explains what a heartbeat showed, and the panel was heard when the door opened. */
    isUnexplained: ({ context }) => context.openingWatched && presumedSource(context) === null,
    isExplained: ({ context, event }) => openingSource(context, event) !== null,
    isOnline: stateIn({ presence: "online" }),
    isForced: ({ event }) => event.type === "panel.alarm" && event.kind === "forced",
  },
  actions: {
    heard: assign(({ context: { times }, event }) => {
      const at = timeOf(times, event);
      return { times: { ...times, at, lastSeen: at } };
    }),
    /** The deadline is here; a timer's event brings no time of its own. */
    silencePassed: assign(({ context: { times } }) => ({
      times: { ...times, at: Math.max(times.at, times.silence ?? 0) },
    })),
    heldPassed: assign(({ context: { times } }) => ({
      times: { ...times, at: Math.max(times.at, times.held ?? 0) },
    })),
    proofPassed: assign(({ context: { times } }) => ({
      times: { ...times, at: Math.max(times.at, (times.doorSince ?? 0) + PROOF_MS) },
    })),
    resumed: assign(({ context: { times }, event }) => ({ times: { ...times, at: timeOf(times, event) } })),
    armSilence: assign(({ context: { times, offlineAfterMs } }) => ({
      times: { ...times, silence: (times.lastSeen ?? times.at) + offlineAfterMs },
    })),
    /** One whole timeout from now, for a panel that could not be heard until now. */
    giveGrace: assign(({ context: { times, offlineAfterMs }, event }) => {
      const at = timeOf(times, event);
      return { times: { ...times, at, silence: at + offlineAfterMs } };
    }),
    becomeOnline: enqueueActions(({ context, event, enqueue }) => {
      const at = timeOf(context.times, event);
      enqueue.assign({
        lastStatus: "online",
        statusReason: null,
        times: { ...context.times, at, statusSince: at },
      });
      if (context.lastStatus !== "online") enqueue.emit({ type: "intercom.came_online", at });
    }),
    becomeOffline: enqueueActions(({ context, event, enqueue }) => {
      const at = timeOf(context.times, event);
      const reason = event.type === "panel.status" ? "last_will" : "silence";
      enqueue.assign({
        lastStatus: "offline",
        statusReason: reason,
        times: { ...context.times, at, statusSince: at },
      });
      if (context.lastStatus !== "offline") enqueue.emit({ type: "intercom.went_offline", at, reason });
    }),
    becomeUnknown: assign(({ context: { times }, event }) => {
      const at = timeOf(times, event);
      const reason = event.type === "resume" ? "restarted" : "link_down";
      return {
        statusReason: times.lastSeen === null ? "never_heard" : reason,
        times: { ...times, at, statusSince: at },
      };
    }),
    call: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "panel.call") return;
      const { at, apartment } = event;
      enqueue.assign({
        // Who rang while nobody listened rings no more.
        ...(event.backlog ? {} : { lastCallApartment: apartment }),
        times: { ...context.times, lastCall: event.backlog ? context.times.lastCall : at, callReason: at },
      });
      enqueue.emit({ type: "intercom.called", at, apartment });
    }),
    key: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "panel.key") return;
      const { at, apartment, keyId } = event;
      enqueue.assign({ times: { ...context.times, keyReason: at } });
      enqueue.emit({ type: "intercom.key_used", at, apartment, keyId });
    }),
    /** The first thing known of a door is not news. */
    findDoor: assign(({ context: { times, heldOpenAfterMs }, event }) => {
      const at = timeOf(times, event);
      const isClosed = event.type === "panel.heartbeat" && event.door === "closed";
      const held = isClosed ? null : at + heldOpenAfterMs;
      return { doorSource: null, times: { ...times, doorSince: at, held } };
    }),
    /** A heartbeat shows the door open, and nothing was told of it yet. */
    presume: assign(({ context: { times, heldOpenAfterMs }, event }, params: { watched: boolean }) => {
      const at = timeOf(times, event);
      const source = event.type === "panel.heartbeat" ? event.source ?? null : null;
      return {
        doorSource: source,
        openingWatched: params.watched,
        times: { ...times, doorSince: at, held: at + heldOpenAfterMs },
      };
    }),
    /** What a heartbeat showed is what there is to tell. */
    openPresumed: enqueueActions(({ context, event, enqueue }) => {
      const source = presumedSource(context);
      enqueue.assign({ doorSource: source, times: { ...context.times, keyReason: null, callReason: null } });
      enqueue.emit({
        type: "intercom.door_opened",
        at: timeOf(context.times, event),
        source,
        apartment: null,
        commandId: null,
        inferred: true,
      });
    }),
    open: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "panel.door_opened") return;
      const { at, apartment, commandId } = event;
      const source = openingSource(context, event);
      enqueue.assign({
        doorSource: source,
        times: {
          ...context.times,
          doorSince: at,
          held: at + context.heldOpenAfterMs,
          keyReason: null,
          callReason: null,
        },
      });
      enqueue.emit({
        type: "intercom.door_opened",
        at,
        source,
        apartment,
        commandId,
        inferred: false,
      });
    }),
    close: enqueueActions(({ context, event, enqueue }) => {
      const at = timeOf(context.times, event);
      const told = event.type === "panel.door_closed";
      enqueue.assign({ doorSource: null, times: { ...context.times, doorSince: at, held: null } });
      enqueue.emit({
        type: "intercom.door_closed",
        at,
        source: told ? event.source : null,
        apartment: told ? event.apartment : null,
        inferred: !told,
      });
    }),
    /** An alarm of a door held open ends with it; others wait for an operator. */
    endHeldOpen: assign(({ context: { alarm, times } }) =>
      alarm === "held_open" ? { alarm: null, times: { ...times, alarmSince: null } } : {}
    ),
    holdAgain: assign(({ context: { times, heldOpenAfterMs } }) => ({
      times: { ...times, held: times.at + heldOpenAfterMs },
    })),
    alarm: enqueueActions(({ context, event, enqueue }, params: { kind: AlarmKind }) => {
      const at = timeOf(context.times, event);
      if (context.alarm === null || GRAVITY[params.kind] > GRAVITY[context.alarm]) {
        enqueue.assign(({ context: now }) => ({
          alarm: params.kind,
          times: { ...now.times, alarmSince: at },
        }));
      }
      enqueue.emit({
        type: "intercom.alarm_raised",
        at,
        kind: params.kind,
        by: event.type === "panel.alarm" ? "panel" : "doorline",
      });
    }),
    clearAlarm: assign(({ context: { times } }) => ({ alarm: null, times: { ...times, alarmSince: null } })),
  },
}).createMachine({
  id: "intercom",
  type: "parallel",
  context: ({ input }) => newIntercomContext(input),
  states: {
    presence: {
      initial: "unknown",
      states: {
        unknown: {
          initial: "deaf",
          on: {
            "panel.status": [
              { guard: "saysOffline", target: "offline", actions: "becomeOffline" },
              { guard: "isRetained" },
              { target: "online", actions: ["heard", "becomeOnline"] },
            ],
            "panel.*": [{ guard: "isBacklog" }, { target: "online", actions: ["heard", "becomeOnline"] }],
            "link.down": ".deaf",
            resume: ".deaf",
          },
          states: {
            /** Nothing could be heard even if the panel spoke. */
            deaf: { on: { "link.up": { target: "listening", actions: "giveGrace" } } },
            /** The panel has one timeout to be heard. */
            listening: {
              after: {
                silence: {
                  target: "#intercom.presence.offline",
                  actions: ["silencePassed", "becomeOffline"],
                },
              },
            },
          },
        },
        online: {
          entry: "armSilence",
          after: {
            silence: [
              { guard: "spokeSince", target: "online", reenter: true, actions: "silencePassed" },
              { target: "offline", actions: ["silencePassed", "becomeOffline"] },
            ],
          },
          on: {
            "panel.heartbeat": { actions: "heard" },
            "panel.status": [
              { guard: "saysOffline", target: "offline", actions: "becomeOffline" },
              { guard: "isRetained" },
              { actions: "heard" },
            ],
            "panel.*": [{ guard: "isBacklog" }, { actions: "heard" }],
            "link.down": { target: "unknown", actions: "becomeUnknown" },
            resume: [
              {
                guard: and(["wasHardlyAway", "isInTime"]),
                target: "online",
                reenter: true,
                actions: "resumed",
              },
              { target: "unknown", actions: "becomeUnknown" },
            ],
          },
        },
        offline: {
          on: {
            "panel.status": [
              { guard: "saysOffline" },
              { guard: "isRetained" },
              { target: "online", actions: ["heard", "becomeOnline"] },
            ],
            "panel.*": [{ guard: "isBacklog" }, { target: "online", actions: ["heard", "becomeOnline"] }],
            "link.down": { target: "unknown", actions: "becomeUnknown" },
            resume: [
              { guard: "wasHardlyAway" },
              { target: "unknown", actions: "becomeUnknown" },
            ],
          },
        },
      },
    },
    door: {
      initial: "unknown",
      on: {
        "panel.call": { actions: "call" },
        "panel.key": { actions: "key" },
        "panel.door_opened": [
          { guard: "isExplained", target: ".open", actions: "open" },
          { target: ".open", actions: ["open", FORCED] },
        ],
        "panel.door_closed": { target: ".closed", actions: ["close", "endHeldOpen"] },
        "panel.alarm": { actions: { type: "alarm", params: ({ event }) => ({ kind: event.kind }) } },
        "operator.acknowledged": { actions: "clearAlarm" },
      },
      states: {
        unknown: {
          on: {
            "panel.heartbeat": [
              { guard: "showsOpen", target: "open", actions: "findDoor" },
              { target: "closed", actions: "findDoor" },
            ],
          },
        },
        closed: {
          on: {
            "panel.heartbeat": [
              {
                guard: and(["showsOpen", "isOnline"]),
                target: "#intercom.door.open.presumed",
                actions: { type: "presume", params: { watched: true } },
              },
              // After a silence the reason may have gone unheard.
              {
                guard: "showsOpen",
                target: "#intercom.door.open.presumed",
                actions: { type: "presume", params: { watched: false } },
              },
            ],
            "panel.alarm": {
              guard: "isForced",
              target: "open",
              actions: ["findDoor", { type: "alarm", params: ({ event }) => ({ kind: event.kind }) }],
            },
          },
        },
        open: {
          initial: "within_time",
          on: {
            "panel.heartbeat": { guard: "showsClosed", target: "closed", actions: ["close", "endHeldOpen"] },
          },
          states: {
            /** Shown by a heartbeat. The event that tells why may come a moment later, and is the better witness. */
            presumed: {
              after: {
                proof: [
                  {
                    guard: "isUnexplained",
                    target: "within_time",
                    actions: ["proofPassed", "openPresumed", FORCED],
                  },
                  { target: "within_time", actions: ["proofPassed", "openPresumed"] },
                ],
              },
              on: {
                "panel.heartbeat": [
                  {
                    guard: and(["showsClosed", "isUnexplained"]),
                    target: "#intercom.door.closed",
                    actions: ["openPresumed", FORCED, "close"],
                  },
                  {
                    guard: "showsClosed",
                    target: "#intercom.door.closed",
                    actions: ["openPresumed", "close"],
                  },
                ],
                "panel.door_closed": [
                  {
                    guard: "isUnexplained",
                    target: "#intercom.door.closed",
                    actions: ["openPresumed", FORCED, "close"],
                  },
                  { target: "#intercom.door.closed", actions: ["openPresumed", "close"] },
                ],
                resume: { target: "presumed", reenter: true, actions: "resumed" },
              },
            },
            within_time: {
              after: {
                heldOpen: [
                  {
                    guard: "isOnline",
                    target: "held_open",
                    actions: ["heldPassed", HELD_OPEN],
                  },
                  // Whether it is still open cannot be known now: ask again after as long.
                  { target: "within_time", reenter: true, actions: ["heldPassed", "holdAgain"] },
                ],
              },
              on: { resume: { target: "within_time", reenter: true, actions: "resumed" } },
            },
            held_open: {},
          },
        },
      },
    },
  },
});

function timeOf(times: IntercomTimes, event: { at?: number }): number {
  return event.at ?? times.at;
}

/** Why the door opened: as the panel says, else what it did shortly before; null is nothing at all. */
function openingSource({ times }: IntercomContext, event: IntercomEvent): DoorSource | null {
  if (event.type === "panel.door_opened") {
    if (event.source !== null) return event.source;
    // Whoever names the command that it carried out needs to give no other reason.
    if (event.commandId !== null) return "remote";
  }
  return sourceAt(times, event.at);
}

/** Why the door that a heartbeat showed open was opened. What explains it may have come after it. */
function presumedSource({ doorSource, times }: IntercomContext): DoorSource | null {
  return doorSource ?? sourceAt(times, times.doorSince ?? times.at);
}

function sourceAt({ keyReason, callReason }: IntercomTimes, at: number): DoorSource | null {
  if (keyReason !== null && at - keyReason <= KEY_EXPLAINS_MS) return "key";
  if (callReason !== null && at - callReason <= CALL_EXPLAINS_MS) return "call";
  return null;
}
