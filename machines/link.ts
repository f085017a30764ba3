/**
 * @module
 * A connection to something outside: connecting, up or down, since when, and why.
 * Pure; it does not connect anything, it is told how that went.
 */
import { assign, emit, setup } from "xstate";
import type { LinkEvent, LinkFact } from "./events.ts";

/** What a link is known by beside its state. Times on the steady clock, in milliseconds. */
export interface LinkContext {
  id: string;
  since: number;
  lastError: string | null;
}

/** The machine of one link. */
export const linkMachine = setup({
  types: {
    context: {} as LinkContext,
    events: {} as LinkEvent,
    emitted: {} as LinkFact,
    input: {} as { id: string; at: number },
  },
  actions: {
    changed: assign(({ event }) => ({ since: event.at })),
    noteError: assign(({ context, event }) => ({
      lastError: event.type === "link.lost" ? event.error : context.lastError,
    })),
    stateUp: emit(({ event }) => ({ type: "link.came_up" as const, at: event.at })),
    stateDown: emit(({ event }) => ({
      type: "link.went_down" as const,
      at: event.at,
      error: event.type === "link.lost" ? event.error : "stopped",
    })),
  },
}).createMachine({
  id: "link",
  context: ({ input }) => ({ id: input.id, since: input.at, lastError: null }),
  initial: "connecting",
  states: {
    connecting: {
      on: {
        "link.opened": { target: "up", actions: ["changed", "stateUp"] },
        "link.lost": { target: "down", actions: ["changed", "noteError", "stateDown"] },
      },
    },
    up: { on: { "link.lost": { target: "down", actions: ["changed", "noteError", "stateDown"] } } },
    down: {
      on: {
        "link.opened": { target: "up", actions: ["changed", "stateUp"] },
        // One cause, told once: further failures to connect only change the words.
        "link.lost": { actions: "noteError" },
      },
    },
  },
});
