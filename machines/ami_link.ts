/**
 * @module
 * The way to one Asterisk over AMI: connect, log in, wait until it has booted, learn what is there, follow it; and
 * what to do when any of that fails. Pure: the connection and the sync are effects of whoever provides them, and
 * random numbers come in with the events.
 */
import { assign, emit, setup } from "xstate";

/** What each step may take, in milliseconds. */
export const AMI_DEADLINES_MS = { connect: 10_000, login: 10_000, boot: 120_000, sync: 30_000 };
/** The first wait after a failure and the longest one, in milliseconds, before jitter takes up to half of it away. */
export const AMI_BACKOFF_MS = { first: 500, most: 30_000 };
/** How long a link that was refused leaves Asterisk alone: it guards against guessing of passwords, and so may its host. */
export const AMI_REFUSED_RETRY_MS = 60_000;

/** What the link machine takes. `random` is in [0, 1). */
export type AmiLinkEvent =
  /** The socket is open. */
  | { type: "ami.connected"; at: number }
  | { type: "ami.login_accepted"; at: number }
  /** Asterisk does not want this account: its login, or an action that cannot be done without. */
  | { type: "ami.refused"; at: number; error: string }
  /** FullyBooted: it may come before the login is known to be accepted, and again on a connection that is up. */
  | { type: "ami.booted"; at: number }
  | { type: "ami.synced"; at: number }
  /** The connection is gone, or is of no use any more. */
  | { type: "ami.lost"; at: number; error: string; random: number };

/** What a link says happened. */
export type AmiLinkFact =
  | { type: "ami.came_up"; at: number }
  | { type: "ami.went_down"; at: number; error: string }
  /** It did not come up this time either. */
  | { type: "ami.failed"; at: number; error: string };

/** What a link is known by beside its state. Plain JSON; times on the steady clock, in milliseconds. */
export interface AmiLinkContext {
  at: number;
  /** Failures since it was last up. */
  failures: number;
  random: number;
  lastError: string | null;
  /** FullyBooted came with the answer to the login, or before it. */
  booted: boolean;
  /** When the step that it stands in is given up, or the wait is over. */
  deadlineAt: number | null;
}

/** How long a link waits after so many failures in a row, in milliseconds. */
export function amiBackoffMs(failures: number, random: number): number {
  const { first, most } = AMI_BACKOFF_MS;
  const ceiling = Math.min(most, first * 2 ** Math.min(Math.max(0, failures - 1), 10));
  return Math.round(ceiling * (1 - random / 2));
}

/** How often it is asked what is there, although all is well. */
export const AMI_AUDIT_EVERY_MS = 300_000;

const TOO_LATE = {
  connect: `no connection within ${AMI_DEADLINES_MS.connect / 1000} s`,
  login: `no answer to the login within ${AMI_DEADLINES_MS.login / 1000} s`,
  boot: `no FullyBooted within ${AMI_DEADLINES_MS.boot / 1000} s: ` +
    `Asterisk is still booting, or the account has no read = system`,
  sync: `no end of the lists within ${AMI_DEADLINES_MS.sync / 1000} s`,
};

/** The machine of one link to Asterisk. */
export const amiLinkMachine = setup({
  types: {
    context: {} as AmiLinkContext,
    events: {} as AmiLinkEvent,
    emitted: {} as AmiLinkFact,
    input: {} as { at: number; random: number },
  },
  delays: {
    connectDeadline: AMI_DEADLINES_MS.connect,
    loginDeadline: AMI_DEADLINES_MS.login,
    bootDeadline: AMI_DEADLINES_MS.boot,
    syncDeadline: AMI_DEADLINES_MS.sync,
    audit: AMI_AUDIT_EVERY_MS,
    backoff: ({ context }) => amiBackoffMs(context.failures, context.random),
    refusedRetry: AMI_REFUSED_RETRY_MS,
  },
  guards: {
    hasBooted: ({ context }) => context.booted,
  },
  actions: {
    /** Effect: opens a fresh connection. */
    openConnection: () => {},
    /** Effect: ends the connection, of which nothing more is heard. */
    closeConnection: () => {},
    /** Effect: asks for the lists; a sync that is under way is forgotten. */
    beginSync: () => {},
    /** Begins a step that has a deadline. */
    beginStep: assign(({ context, event }, step: keyof typeof AMI_DEADLINES_MS) => {
      // The end of a wait is a timer, which has no time of its own: it is the one that was waited for.
      const at = "at" in event ? event.at : context.deadlineAt ?? context.at;
      return { at, deadlineAt: at + AMI_DEADLINES_MS[step] };
    }),
    noteBooted: assign({ booted: true }),
    forgetBooted: assign({ booted: false }),
    noteFailure: assign(({ context, event }, late: keyof typeof TOO_LATE | null) => {
      const told = "at" in event ? event : null;
      const at = told?.at ?? context.deadlineAt ?? context.at;
      const random = told?.type === "ami.lost" ? told.random : context.random;
      const failures = context.failures + 1;
      return {
        at,
        random,
        failures,
        lastError: told !== null && "error" in told ? told.error : late === null ? null : TOO_LATE[late],
        deadlineAt: at + amiBackoffMs(failures, random),
      };
    }),
    noteRefusal: assign(({ context, event }) => ({
      at: timeOf(context, event),
      failures: context.failures + 1,
      lastError: event.type === "ami.refused" ? event.error : context.lastError,
      deadlineAt: timeOf(context, event) + AMI_REFUSED_RETRY_MS,
    })),
    noteUp: assign(({ context, event }) => ({
      at: timeOf(context, event),
      failures: 0,
      deadlineAt: null,
    })),
    stateUp: emit(({ context }) => ({ type: "ami.came_up" as const, at: context.at })),
    stateDown: emit(({ context }) => ({
      type: "ami.went_down" as const,
      at: context.at,
      error: context.lastError ?? "unknown",
    })),
    stateFailed: emit(({ context }) => ({
      type: "ami.failed" as const,
      at: context.at,
      error: context.lastError ?? "unknown",
    })),
  },
}).createMachine({
  id: "ami_link",
  context: ({ input }) => ({
    at: input.at,
    failures: 0,
    random: input.random,
    lastError: null,
    booted: false,
    deadlineAt: input.at,
  }),
  initial: "trying",
  states: {
    trying: {
      initial: "connecting",
      on: {
        "ami.refused": { target: "refused", actions: ["noteRefusal", "stateFailed"] },
        "ami.lost": {
          target: "backing_off",
          actions: [{ type: "noteFailure", params: null }, "stateFailed"],
        },
      },
      states: {
        connecting: {
          entry: ["forgetBooted", { type: "beginStep", params: "connect" }, "openConnection"],
          after: {
            connectDeadline: {
              target: "#ami_link.backing_off",
              actions: [{ type: "noteFailure", params: "connect" }, "stateFailed"],
            },
          },
          on: { "ami.connected": "logging_in" },
        },
        logging_in: {
          entry: { type: "beginStep", params: "login" },
          after: {
            loginDeadline: {
              target: "#ami_link.backing_off",
              actions: [{ type: "noteFailure", params: "login" }, "stateFailed"],
            },
          },
          on: {
            "ami.login_accepted": [{ guard: "hasBooted", target: "syncing" }, { target: "booting" }],
            "ami.booted": { actions: "noteBooted" },
          },
        },
        /** Logged in; Asterisk may still be loading its modules, and what it would list now would not be all. */
        booting: {
          entry: { type: "beginStep", params: "boot" },
          after: {
            bootDeadline: {
              target: "#ami_link.backing_off",
              actions: [{ type: "noteFailure", params: "boot" }, "stateFailed"],
            },
          },
          on: { "ami.booted": "syncing" },
        },
        syncing: {
          entry: [{ type: "beginStep", params: "sync" }, "beginSync"],
          after: {
            syncDeadline: {
              target: "#ami_link.backing_off",
              actions: [{ type: "noteFailure", params: "sync" }, "stateFailed"],
            },
          },
          on: {
            "ami.synced": { target: "#ami_link.up", actions: ["noteUp", "stateUp"] },
            "ami.booted": { target: "syncing", reenter: true },
          },
        },
      },
    },
    up: {
      initial: "live",
      on: {
        "ami.refused": { target: "refused", actions: ["noteRefusal", "stateDown"] },
        "ami.lost": {
          target: "backing_off",
          actions: [{ type: "noteFailure", params: null }, "stateDown"],
        },
      },
      states: {
        /** Asked anew now and then: one event that was lost would leave a call open for ever. */
        live: { on: { "ami.booted": "resyncing" }, after: { audit: "resyncing" } },
        /** Also when Asterisk says on a live connection that it has booted: what is known may be over. */
        resyncing: {
          entry: [{ type: "beginStep", params: "sync" }, "beginSync"],
          after: {
            syncDeadline: {
              target: "#ami_link.backing_off",
              actions: [{ type: "noteFailure", params: "sync" }, "stateDown"],
            },
          },
          on: {
            "ami.synced": { target: "live", actions: "noteUp" },
            "ami.booted": { target: "resyncing", reenter: true },
          },
        },
      },
    },
    backing_off: { entry: "closeConnection", after: { backoff: "trying" } },
    /** Trying again soon would help nobody: somebody has to mend the account. */
    refused: { entry: "closeConnection", after: { refusedRetry: "trying" } },
  },
});

function timeOf(context: AmiLinkContext, event: { at?: number }): number {
  return event.at ?? context.at;
}
