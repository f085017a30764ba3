/**
 * @module
 * One remote opening of one door, from the operator's wish to the closed door.
 * It never asks for a second try: what was not confirmed by its deadline is expired, and a confirmation that comes
 * after that is shown as late. Pure; the deadline is absolute and survives a restart by `resume`.
 */
import { assign, emit, setup } from "xstate";
import type { DoorCommandEvent, DoorCommandFact } from "./events.ts";
import type { CommandStatus } from "./views.ts";

/** How long a command may take to be confirmed. */
export const COMMAND_LIFE_MS = 10_000;
/** How long after its deadline a confirmation is still recognised, as late. */
export const LATE_WINDOW_MS = 60_000;
/** How long a confirmed opening waits for the door to close before nobody waits any more. */
export const CLOSE_WINDOW_MS = 300_000;

/** What a command is known by beside its state. Plain JSON; times on the steady clock, in milliseconds. */
export interface DoorCommandContext {
  id: string;
  mac: string;
  apartment: string | null;
  status: CommandStatus;
  late: boolean;
  failedReason: string | null;
  times: {
    at: number;
    issuedAt: number;
    expiresAt: number;
    sentAt: number | null;
    confirmedAt: number | null;
    closedAt: number | null;
  };
}

/** What a new command starts from. */
export interface DoorCommandInput {
  id: string;
  mac: string;
  apartment: string | null;
  issuedAt: number;
  expiresAt: number;
}

/** What the machine of a command starts with. */
export function newDoorCommandContext(input: DoorCommandInput): DoorCommandContext {
  const { issuedAt, expiresAt, ...rest } = input;
  return {
    ...rest,
    status: "requested",
    late: false,
    failedReason: null,
    times: { at: issuedAt, issuedAt, expiresAt, sentAt: null, confirmedAt: null, closedAt: null },
  };
}

/** The machine of one command. It is done when nothing more can be learned about it. */
export const doorCommandMachine = setup({
  types: {
    context: {} as DoorCommandContext,
    events: {} as DoorCommandEvent,
    emitted: {} as DoorCommandFact,
    input: {} as DoorCommandInput,
  },
  delays: {
    deadline: ({ context: { times } }) => Math.max(0, times.expiresAt - times.at),
    lateWindow: ({ context: { times } }) => Math.max(0, times.expiresAt + LATE_WINDOW_MS - times.at),
    closeWindow: ({ context: { times } }) =>
      Math.max(0, (times.confirmedAt ?? 0) + CLOSE_WINDOW_MS - times.at),
  },
  guards: {
    /** A panel that does not echo the id is believed while a command is in flight. */
    isConfirmation: ({ context, event }) => confirms(context, event),
    isLateConfirmation: ({ context, event }) =>
      confirms(context, event) && event.at >= context.times.expiresAt,
    isOverdue: ({ context, event }) => "at" in event && event.at >= context.times.expiresAt,
  },
  actions: {
    markSent: assign(({ context, event }) => ({
      status: "sent" as const,
      times: { ...context.times, at: timeOf(context, event), sentAt: timeOf(context, event) },
    })),
    markConfirmed: assign(({ context, event }) => ({
      status: "confirmed" as const,
      times: { ...context.times, at: timeOf(context, event), confirmedAt: timeOf(context, event) },
    })),
    markLate: assign(({ context, event }) => ({
      late: true,
      times: { ...context.times, at: timeOf(context, event), confirmedAt: timeOf(context, event) },
    })),
    markClosed: assign(({ context, event }) => ({
      status: "closed" as const,
      times: { ...context.times, at: timeOf(context, event), closedAt: timeOf(context, event) },
    })),
    markExpired: assign(({ context }) => ({
      status: "expired" as const,
      times: { ...context.times, at: Math.max(context.times.at, context.times.expiresAt) },
    })),
    markFailed: assign(({ context, event }) => ({
      status: "failed" as const,
      failedReason: event.type === "command.refused" ? event.reason : null,
      times: { ...context.times, at: timeOf(context, event) },
    })),
    resumed: assign(({ context, event }) => ({ times: { ...context.times, at: timeOf(context, event) } })),
    stateSent: emit(({ context }) => ({ type: "command.sent" as const, at: context.times.at })),
    stateConfirmed: emit(({ context }) => ({
      type: "command.confirmed" as const,
      at: context.times.at,
      late: context.late,
    })),
    stateClosed: emit(({ context }) => ({ type: "command.closed" as const, at: context.times.at })),
    stateExpired: emit(({ context }) => ({ type: "command.expired" as const, at: context.times.at })),
    stateFailed: emit(({ context }) => ({
      type: "command.failed" as const,
      at: context.times.at,
      reason: context.failedReason ?? "unknown",
    })),
  },
}).createMachine({
  id: "door_command",
  context: ({ input }) => newDoorCommandContext(input),
  initial: "requested",
  states: {
    /**
     * Wanted and recorded, not known to be with the broker. After a restart it is never sent; whether it had been is
     * not known, so the panel may still confirm it.
     */
    requested: {
      after: { deadline: { target: "expired", actions: ["markExpired", "stateExpired"] } },
      on: {
        "command.sent": { target: "sent", actions: ["markSent", "stateSent"] },
        "command.refused": { target: "failed", actions: ["markFailed", "stateFailed"] },
        // A quick panel is heard before the broker says that it took the command.
        "door.opened": [
          {
            guard: "isLateConfirmation",
            target: "over",
            actions: ["markExpired", "stateExpired", "markLate", "stateConfirmed"],
          },
          {
            guard: "isConfirmation",
            target: "confirmed",
            actions: ["markSent", "stateSent", "markConfirmed", "stateConfirmed"],
          },
        ],
        resume: [
          { guard: "isOverdue", target: "expired", actions: ["markExpired", "stateExpired", "resumed"] },
          { target: "requested", reenter: true, actions: "resumed" },
        ],
      },
    },
    /** With the broker; the panel has until the deadline to confirm. */
    sent: {
      after: { deadline: { target: "expired", actions: ["markExpired", "stateExpired"] } },
      on: {
        "door.opened": [
          {
            guard: "isLateConfirmation",
            target: "over",
            actions: ["markExpired", "stateExpired", "markLate", "stateConfirmed"],
          },
          { guard: "isConfirmation", target: "confirmed", actions: ["markConfirmed", "stateConfirmed"] },
        ],
        "command.refused": { target: "failed", actions: ["markFailed", "stateFailed"] },
        resume: [
          { guard: "isOverdue", target: "expired", actions: ["markExpired", "stateExpired", "resumed"] },
          { target: "sent", reenter: true, actions: "resumed" },
        ],
      },
    },
    /** The panel opened the door. */
    confirmed: {
      after: { closeWindow: "over" },
      on: {
        "door.closed": { target: "closed", actions: ["markClosed", "stateClosed"] },
        resume: { target: "confirmed", reenter: true, actions: "resumed" },
      },
    },
    /** Nobody confirmed it in time; the panel may still say that it opened. */
    expired: {
      after: { lateWindow: "over" },
      on: {
        "door.opened": { guard: "isConfirmation", target: "over", actions: ["markLate", "stateConfirmed"] },
        resume: { target: "expired", reenter: true, actions: "resumed" },
      },
    },
    closed: { type: "final" },
    failed: { type: "final" },
    /** Nothing more will be learned: `context.status` has the last word. */
    over: { type: "final" },
  },
});

function timeOf(context: DoorCommandContext, event: { at?: number }): number {
  return event.at ?? context.times.at;
}

function confirms(context: DoorCommandContext, event: DoorCommandEvent): boolean {
  if (event.type !== "door.opened") return false;
  return event.commandId === null ? event.source === "remote" : event.commandId === context.id;
}
