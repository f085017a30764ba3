/**
 * @module
 * Shapes of calls in the HTTP API, checked against `machines/views.ts`.
 */
import { z } from "@hono/zod-openapi";
import type {
  CallDetailView,
  CallMomentView,
  CallStatus,
  CallView,
  LegView,
  PartyView,
  SegmentView,
} from "../machines/views.ts";
import { named, phone, storable, time } from "./schemas.ts";

/** How calls stand; the last three are their ends. */
export const CALL_STATUSES = [
  "incoming",
  "answered",
  "completed",
  "missed",
  "rejected",
] as const satisfies readonly CallStatus[];

/** Which way calls go. */
export const DIRECTIONS = [
  "inbound",
  "outbound",
  "internal",
] as const satisfies readonly CallView["direction"][];

const party = {
  number: z.string().nullable(),
  name: z.string().nullable(),
  user_id: z.int().nullable(),
};

/** Somebody or something that takes part in a call. It has no name in the document: with one, null would not fit. */
const Party = z.object(party) satisfies z.ZodType<PartyView>;

const call = {
  id: z.string(),
  pbx: z.string(),
  linked_id: z.string(),
  direction: z.enum(DIRECTIONS),
  status: z.enum(CALL_STATUSES),
  end_reason: z.enum([
    "hangup",
    "no_answer",
    "busy",
    "caller_gave_up",
    "declined",
    "rejected_by_user",
    "unavailable",
    "abandoned",
    "lost",
  ]).nullable(),
  caller: Party,
  receiver: Party,
  company: named.nullable(),
  answered_by: Party.nullable(),
  accepted_by: named.nullable(),
  started_at: time,
  accepted_at: time.nullable(),
  answered_at: time.nullable(),
  ended_at: time.nullable(),
  duration: z.number().openapi({ description: "Seconds in conversation, up to what goes on." }),
  rings: z.array(z.object({ ...party, leg: z.string(), since: time })),
  talking: z.array(Party),
  transferred: z.object({ at: time, by: Party, to: z.string().nullable() }).nullable(),
  unknown_number: z.boolean(),
  uncertain: z.boolean().openapi({ description: "The link to its PBX is down: it may be over." }),
  party_ids: z.array(z.int()),
  notes: z.string(),
};

/** A call. */
export const Call = z.object(call).openapi("Call") satisfies z.ZodType<CallView>;

const Leg = z.object({
  ...party,
  id: z.string(),
  channel: z.string(),
  role: z.enum(["caller", "dialled", "joined"]),
  state: z.enum(["waiting", "ringing", "talking", "up", "ended"]),
  since: time,
  ended_at: time.nullable(),
  outcome: z.enum([
    "answered",
    "no_answer",
    "busy",
    "declined",
    "rejected_by_user",
    "cancelled",
    "unavailable",
  ]).nullable(),
}).openapi("Leg") satisfies z.ZodType<LegView>;

const Segment = z.object({
  legs: z.array(z.string()),
  parties: z.array(Party),
  started_at: time,
  ended_at: time.nullable(),
}).openapi("Segment") satisfies z.ZodType<SegmentView>;

const CallMoment = z.object({
  at: time,
  kind: z.enum([
    "started",
    "ringing",
    "answered",
    "not_answered",
    "talking",
    "transferred",
    "picked_up",
    "queued",
    "dequeued",
    "parked",
    "conference",
    "accepted",
    "rejected",
    "hangup_asked",
    "transfer_asked",
    "lost",
    "ended",
  ]),
  party: Party.nullable(),
  detail: z.string().nullable(),
}).openapi("CallMoment") satisfies z.ZodType<CallMomentView>;

/** A call with all that is known of its course. */
export const CallDetail = z.object({
  ...call,
  legs: z.array(Leg),
  segments: z.array(Segment),
  timeline: z.array(CallMoment),
}).openapi("CallDetail") satisfies z.ZodType<CallDetailView>;

/** Body of a transfer. */
export const TransferRequest = z.object({
  to: phone.openapi({ description: "The extension that gets the call" }),
}).strict().openapi("TransferRequest");

/** Notes on a call. */
export const CallNotes = z.object({
  notes: storable(z.string().trim().max(4000)),
}).strict().openapi("CallNotes");
