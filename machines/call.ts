/**
 * @module
 * A call: it rings, somebody answers, it is over, and for a moment longer it takes what comes late. Pure; what it
 * knows is a record of sets, so that order and repetition of events do not matter.
 */
import { assign, emit, setup } from "xstate";
import type { CallEvent, CallFact } from "./call_events.ts";
import { learn } from "./call_learning.ts";
import { type CallRecord, newRecord } from "./call_record.ts";
import { type Story, tell } from "./call_story.ts";

/** How long a call that is over takes what comes late, before nothing of it can change any more. */
export const LINGER_MS = 5000;

/** What a call is known by. Times on the steady clock, in milliseconds. */
export interface CallContext {
  id: string;
  /** Pattern of internal numbers. */
  internal: string;
  record: CallRecord;
  /** What the record means; made anew whenever that changes. */
  story: Story;
  /** Of the last event. */
  at: number;
}

/** The machine of one call. */
export const callMachine = setup({
  types: {
    context: {} as CallContext,
    events: {} as CallEvent,
    emitted: {} as CallFact,
    input: {} as { id: string; internal: string; at: number; record?: CallRecord },
  },
  guards: {
    isOver: ({ context }) => context.story.endedAt !== null,
    isAnswered: ({ context }) => context.story.endedAt === null && context.story.answeredAt !== null,
    isIncoming: ({ context }) => context.story.endedAt === null && context.story.answeredAt === null,
    isCompleted: ({ context }) => context.story.status === "completed",
    isMissed: ({ context }) => context.story.status === "missed",
    isRejected: ({ context }) => context.story.status === "rejected",
  },
  delays: { linger: LINGER_MS },
  actions: {
    learn: assign(({ context, event }) => {
      const record = learn(context.record, event);
      if (record === context.record) return { at: event.at };
      return { at: event.at, record, story: tell(record, context.internal) };
    }),
    tellAnswered: emit(({ context }) => {
      const leg = context.story.legs.find(({ id }) => id === context.story.answeredBy);
      return { type: "call.answered" as const, at: context.story.answeredAt!, by: leg?.number ?? null };
    }),
    tellEnded: emit(({ context }) => ({
      type: "call.ended" as const,
      at: context.story.endedAt!,
      status: context.story.status as "completed" | "missed" | "rejected",
    })),
    tellReopened: emit(({ context }) => ({ type: "call.reopened" as const, at: context.at })),
  },
}).createMachine({
  id: "call",
  context: ({ input: { id, internal, at, record = newRecord() } }) => ({
    id,
    internal,
    at,
    record,
    story: tell(record, internal),
  }),
  initial: "incoming",
  on: { "*": { actions: "learn" } },
  states: {
    incoming: {
      always: [
        { guard: "isOver", target: "over" },
        { guard: "isAnswered", target: "answered" },
      ],
    },
    answered: {
      entry: "tellAnswered",
      always: [
        { guard: "isOver", target: "over" },
        { guard: "isIncoming", target: "incoming" },
      ],
    },
    over: {
      initial: "settling",
      // A leg that is told of late is as much a part of it as any other.
      always: [
        { guard: "isAnswered", target: "answered", actions: "tellReopened" },
        { guard: "isIncoming", target: "incoming", actions: "tellReopened" },
      ],
      after: { linger: "closed" },
      states: {
        settling: {
          always: [
            { guard: "isCompleted", target: "completed" },
            { guard: "isRejected", target: "rejected" },
            { target: "missed" },
          ],
        },
        completed: {
          entry: "tellEnded",
          always: [{ guard: "isMissed", target: "missed" }, { guard: "isRejected", target: "rejected" }],
        },
        missed: {
          entry: "tellEnded",
          always: [{ guard: "isCompleted", target: "completed" }, {
            guard: "isRejected",
            target: "rejected",
          }],
        },
        rejected: {
          entry: "tellEnded",
          always: [{ guard: "isCompleted", target: "completed" }, { guard: "isMissed", target: "missed" }],
        },
      },
    },
    closed: { type: "final" },
  },
});
