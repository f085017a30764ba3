/**
 * @module
 * One SIP endpoint of one Asterisk: whether a call can reach it, whether it comes and goes too often, and whether what
 * Asterisk says of it can all be true. Its contacts decide; what is said of the endpoint as a whole is compared.
 * Pure: time comes in as `at` on the events, waits are named delays whose ends are absolute times in the context.
 */
import { assign, enqueueActions, setup } from "xstate";
import {
  isContradicted,
  nowhere,
  offlineReason,
  type Reach,
  takeContact,
  takeListing,
  verdictOf,
} from "./endpoint_contacts.ts";
import type { EndpointEvent, EndpointFact } from "./endpoint_events.ts";
import type { EndpointReason } from "./endpoint_views.ts";

/** How long Asterisk may say two things that cannot both be so: its events come one after the other. */
export const DOUBT_MS = 2000;

/** What an endpoint is judged by. Durations in milliseconds. */
export interface EndpointSettings {
  /** After being offline for so long an alert is due. */
  alertAfterMs: number;
  /** It flaps when it came or went so many times … */
  flapTurns: number;
  /** … within this time, and does so until it neither came nor went for as long. */
  flapWindowMs: number;
}

/** What an endpoint is known by beside its states. Plain JSON; times of the steady clock, in milliseconds. */
export interface EndpointContext {
  settings: EndpointSettings;
  reach: Reach;
  /** The last certain status, kept while nothing is known, so that coming back to it is not news. */
  known: {
    status: "online" | "offline";
    since: number;
    /** It was found so, when the link came up or at first: when it came to be so is not known. */
    bySync: boolean;
  } | null;
  /** What is shown now, and why. */
  shown: "online" | "offline" | "unknown";
  reason: EndpointReason | null;
  shownSince: number;
  lastOnlineAt: number | null;
  /** That it has been offline for too long was told. */
  alerted: boolean;
  /** When it came and went, the newest last. */
  turns: number[];
  /** When the running timer of calm is due. */
  calmDue: number | null;
  /** The latest moment this machine knows of. */
  at: number;
}

/** What an endpoint starts from; `at` on the steady clock. */
export interface EndpointInput {
  at: number;
  settings: EndpointSettings;
}

/** What the machine of an endpoint starts with: nobody said anything of it. */
export function newEndpointContext({ at, settings }: EndpointInput): EndpointContext {
  return {
    settings,
    reach: nowhere(),
    known: null,
    shown: "unknown",
    reason: "no_data",
    shownSince: at,
    lastOnlineAt: null,
    alerted: false,
    turns: [],
    calmDue: null,
    at,
  };
}

/** When the alert of an endpoint that is offline is due. */
export function alertDueAt({ known, settings, at }: EndpointContext): number {
  return (known?.since ?? at) + settings.alertAfterMs;
}

/** When an endpoint that neither comes nor goes any more flaps no more. */
export function calmAt({ turns, settings, at }: EndpointContext): number {
  return (turns.at(-1) ?? at) + settings.flapWindowMs;
}

/** The machine of one endpoint. `after` timers do not survive a restart by themselves: send `resume`. */
export const endpointMachine = setup({
  types: {
    context: {} as EndpointContext,
    events: {} as EndpointEvent,
    emitted: {} as EndpointFact,
    input: {} as EndpointInput,
  },
  delays: {
    tooLong: ({ context }) => Math.max(0, alertDueAt(context) - context.at),
    calm: ({ context }) => Math.max(0, calmAt(context) - context.at),
    doubt: DOUBT_MS,
  },
  guards: {
    isReachable: ({ context }) => verdictOf(context.reach) === "online",
    isUnreachable: ({ context }) => verdictOf(context.reach) === "offline",
    hasNoAor: ({ context }) => verdictOf(context.reach) === "no_aor",
    /** Asterisk is about to ask it, and until then it is as it was. */
    wasOnline: ({ context }) => context.shown === "online",
    wasOffline: ({ context }) => context.shown === "offline",
    wasAlerted: ({ context }) => context.alerted,
    comesAndGoes: ({ context: { turns, settings } }) =>
      turns.length >= settings.flapTurns &&
      turns.at(-1)! - turns.at(-settings.flapTurns)! <= settings.flapWindowMs,
    turnedSince: ({ context }) => calmAt(context) > (context.calmDue ?? 0),
    isContradicted: ({ context }) => isContradicted(context.reach),
    isConsistent: ({ context }) => !isContradicted(context.reach),
  },
  actions: {
    takeListing: assign(({ context, event }) => {
      if (event.type !== "endpoint.listed") return {};
      return { reach: takeListing(context.reach, event.listing, event.at), at: event.at };
    }),
    takeContact: assign(({ context, event }) => {
      if (event.type !== "contact.changed") return {};
      return { reach: takeContact(context.reach, event), at: event.at };
    }),
    takePeer: assign(({ context, event }) => {
      if (event.type !== "peer.changed") return {};
      const peer = event.reachable ? "reachable" as const : "unreachable" as const;
      return { reach: { ...context.reach, peer }, at: event.at };
    }),
    takeDevice: assign(({ context, event }) => {
      if (event.type !== "device.changed") return {};
      return { reach: { ...context.reach, device: event.state }, at: event.at };
    }),
    becomeOnline: enqueueActions(({ context, event, enqueue }) => {
      const { at, known } = context;
      const isNews = known?.status !== "online";
      enqueue.assign({
        ...turned(context, "online", event),
        reason: null,
        alerted: false,
        lastOnlineAt: at,
      });
      if (isNews) enqueue.emit({ type: "endpoint.came_online", at });
    }),
    becomeOffline: enqueueActions(({ context, event, enqueue }) => {
      const { at, known, reach } = context;
      const isNews = known?.status !== "offline";
      const reason = offlineReason(reach);
      enqueue.assign({
        ...turned(context, "offline", event),
        reason,
        // While nobody heard it, nobody knows that it still was.
        lastOnlineAt: context.shown === "online" ? at : context.lastOnlineAt,
      });
      if (isNews) enqueue.emit({ type: "endpoint.went_offline", at, reason });
    }),
    /** There is nothing that it could be reached by, so that it is neither. */
    becomeUnreachable: enqueueActions(({ context, enqueue }) => {
      const { at, known } = context;
      enqueue.assign({ ...unknown(context, "no_aor"), known: null, alerted: false });
      if (known !== null) enqueue.emit({ type: "endpoint.became_unknown", at, reason: "no_aor" });
    }),
    becomeUncertain: assign(({ context }) => unknown(context, "qualifying")),
    becomeDeaf: assign(({ context, event }) => {
      const heard = { ...context, at: timeOf(context, event) };
      const reach = { ...context.reach, device: null, peer: null };
      const lastOnlineAt = context.shown === "online" ? heard.at : context.lastOnlineAt;
      const reason = context.known === null ? "no_data" : "link_down";
      return { ...unknown(heard, reason), reach, lastOnlineAt, at: heard.at };
    }),
    becomeUnheard: assign(({ context, event }) => {
      const heard = { ...context, at: timeOf(context, event) };
      const reach = { ...context.reach, device: null, peer: null };
      const heardUntil = event.type === "resume" ? Math.min(event.heardUntil, heard.at) : heard.at;
      const lastOnlineAt = context.known?.status === "online"
        ? Math.max(context.lastOnlineAt ?? heardUntil, heardUntil)
        : context.lastOnlineAt;
      return { ...unknown(heard, "no_data"), reach, lastOnlineAt, at: heard.at };
    }),
    tellTooLong: enqueueActions(({ context, enqueue }) => {
      const at = Math.max(context.at, alertDueAt(context));
      enqueue.assign({ alerted: true, at });
      enqueue.emit({ type: "endpoint.offline_too_long", at, since: context.known?.since ?? at });
    }),
    tellFlapping: enqueueActions(({ context, enqueue }) => {
      enqueue.emit({ type: "endpoint.began_flapping", at: context.at });
    }),
    armCalm: assign(({ context }) => ({ calmDue: calmAt(context) })),
    /** The deadline is here; a timer's event brings no time of its own. */
    calmPassed: assign(({ context: { at, calmDue } }) => ({ at: Math.max(at, calmDue ?? at) })),
    calmDown: enqueueActions(({ context, enqueue }) => {
      const at = Math.max(context.at, calmAt(context));
      enqueue.assign({ turns: [], calmDue: null, at });
      enqueue.emit({ type: "endpoint.calmed_down", at });
    }),
    tellDoubt: enqueueActions(({ context, enqueue }) => {
      enqueue.emit({ type: "endpoint.doubted", at: context.at });
    }),
  },
}).createMachine({
  id: "endpoint",
  type: "parallel",
  context: ({ input }) => newEndpointContext(input),
  states: {
    presence: {
      initial: "unknown",
      on: {
        "endpoint.listed": { target: ".judging", actions: "takeListing" },
        "contact.changed": { target: ".judging", actions: "takeContact" },
        "peer.changed": { actions: "takePeer" },
        "device.changed": { actions: "takeDevice" },
        "link.down": { target: ".unknown.deaf", actions: "becomeDeaf" },
        resume: { target: ".unknown.unheard", actions: "becomeUnheard" },
      },
      states: {
        unknown: {
          initial: "unheard",
          states: {
            /** Asterisk has not said anything of it yet. */
            unheard: {},
            /** The link is down: only a list makes it known again. */
            deaf: {
              on: { "contact.changed": {}, "peer.changed": {}, "device.changed": {}, "link.down": {} },
            },
            /** Asterisk knows contacts, and is about to ask whether they are there. */
            qualifying: {},
            no_aor: {},
          },
        },
        online: {},
        offline: {
          initial: "brief",
          states: {
            brief: {
              always: { guard: "wasAlerted", target: "long" },
              after: { tooLong: { target: "long", actions: "tellTooLong" } },
            },
            long: {},
          },
        },
        /** Passed through at each event that says where it can be reached. */
        judging: {
          always: [
            { guard: "isReachable", target: "online", actions: "becomeOnline" },
            { guard: "isUnreachable", target: "offline", actions: "becomeOffline" },
            { guard: "hasNoAor", target: "unknown.no_aor", actions: "becomeUnreachable" },
            { guard: "wasOnline", target: "online" },
            { guard: "wasOffline", target: "offline" },
            { target: "unknown.qualifying", actions: "becomeUncertain" },
          ],
        },
      },
    },
    steadiness: {
      initial: "steady",
      states: {
        steady: { always: { guard: "comesAndGoes", target: "flapping", actions: "tellFlapping" } },
        flapping: {
          entry: "armCalm",
          on: { resume: { target: "flapping", reenter: true } },
          after: {
            calm: [
              { guard: "turnedSince", target: "flapping", reenter: true, actions: "calmPassed" },
              { target: "steady", actions: "calmDown" },
            ],
          },
        },
      },
    },
    trust: {
      initial: "sure",
      states: {
        sure: { always: { guard: "isContradicted", target: "doubtful" } },
        doubtful: {
          always: { guard: "isConsistent", target: "sure" },
          after: { doubt: { target: "asked", actions: "tellDoubt" } },
        },
        /** Asterisk is asked; what it says then is how it is, until it says something else. */
        asked: {
          always: { guard: "isConsistent", target: "sure" },
          on: { "contact.changed": "doubtful", "peer.changed": "doubtful", "device.changed": "doubtful" },
        },
      },
    },
  },
});

function turned(
  context: EndpointContext,
  status: "online" | "offline",
  event: EndpointEvent,
): Pick<EndpointContext, "known" | "shown" | "shownSince" | "turns"> {
  const { at, known, turns, settings } = context;
  // What was never known of it is as much found as what the link was down for.
  const bySync = event.type === "endpoint.listed" && (event.sync || known === null);
  const isNews = known?.status !== status;
  const since = isNews ? at : known.since;
  return {
    known: isNews ? { status, since, bySync } : known,
    shown: status,
    shownSince: since,
    // The first that is known of it is no turn.
    turns: isNews && known !== null ? [...turns, at].slice(-settings.flapTurns) : turns,
  };
}

function unknown(
  { shown, shownSince, reason: before, at }: EndpointContext,
  reason: EndpointReason,
): Pick<EndpointContext, "shown" | "shownSince" | "reason"> {
  const isSame = shown === "unknown" && before === reason;
  return { shown: "unknown", shownSince: isSame ? shownSince : at, reason };
}

/** A timer's event brings no time of its own. */
function timeOf({ at }: EndpointContext, event: EndpointEvent): number {
  return "at" in event ? event.at : at;
}
