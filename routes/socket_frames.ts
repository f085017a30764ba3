/**
 * @module
 * What goes over a WebSocket: text frames `{event, data}`. Reads what a client sent, and words what it is told of
 * calls. It knows nobody and keeps nothing.
 */
import { z } from "zod";
import type { CallStatus, CallView } from "../machines/views.ts";

/** Bytes of the largest frame that a client may send. */
export const MAX_FRAME_BYTES = 64 * 1024;

/** What a client says. */
export type Said =
  | { event: "authenticate"; token: string }
  | { event: "accept-call" | "reject-call"; callId: string }
  | { event: "subscribeLogs" | "unsubscribeLogs"; name: string }
  | { event: "requestUpdate" };

/** A frame that is none, or that asks for what there is not. */
export interface Misunderstood {
  event: null;
  code: "bad_frame" | "unknown_event" | "bad_data";
  message: string;
}

const frame = z.object({ event: z.string().max(64), data: z.unknown().optional() });
const call = z.object({ callId: z.string().min(1).max(100) });
/** An endpoint's name, PBX/NAME, `*`, or `[C-0000000a]`. */
const lines = z.string().min(1).max(300).transform((name) => ({ name }));

/** What belongs to each event. */
const DATA = {
  authenticate: z.object({ token: z.string().min(1).max(200) }),
  "accept-call": call,
  "reject-call": call,
  subscribeLogs: lines,
  unsubscribeLogs: lines,
  requestUpdate: z.unknown().transform(() => ({})),
} satisfies Record<Said["event"], z.ZodType>;

/** Reads a frame; it never throws. */
export function readFrame(text: string): Said | Misunderstood {
  const parsed = frame.safeParse(parse(text));
  if (!parsed.success) {
    return { event: null, code: "bad_frame", message: 'Expected JSON like {"event": "…", "data": {}}' };
  }
  const { event, data } = parsed.data;
  if (!isEvent(event)) {
    const known = Object.keys(DATA).join(", ");
    return { event: null, code: "unknown_event", message: `Expected one of ${known}` };
  }
  const given = DATA[event].safeParse(data);
  if (!given.success) {
    const [issue] = given.error.issues;
    const path = ["data", ...issue!.path].join(".");
    return { event: null, code: "bad_data", message: `${event}: ${path}: ${issue!.message}` };
  }
  // The schema of this very event took it.
  return { ...given.data, event } as Said;
}

/** Writes a frame. */
export function frameOf(event: string, data: unknown): string {
  return JSON.stringify({ event, data });
}

/** Tells an owner that it rings at one of their numbers. */
export function incomingCall(view: CallView, ring: CallView["rings"][number]): string {
  return frameOf("incoming-call", {
    id: view.id,
    caller: view.caller.number,
    callerName: view.caller.name,
    // In a group it rings elsewhere than was dialled, and then the own number says why it rings here.
    receiver: view.receiver.user_id === ring.user_id ? view.receiver.number : ring.number,
    company: view.company?.name ?? null,
    status: view.status,
    startedAt: view.started_at,
  });
}

/** Names of what is told when a call comes to stand so. */
const TURNS = {
  answered: "call-answered",
  completed: "call-completed",
  missed: "call-missed",
  rejected: "call-rejected",
} as const satisfies Record<Exclude<CallStatus, "incoming">, string>;

/** Tells that a call was answered, or how it ended. */
export function turnOf(view: CallView & { status: keyof typeof TURNS }): string {
  const by = view.answered_by;
  return frameOf(TURNS[view.status], {
    id: view.id,
    status: view.status,
    caller: view.caller.number,
    receiver: view.receiver.number,
    answeredBy: by === null ? null : { number: by.number, name: by.name, userId: by.user_id },
    duration: view.duration,
    endReason: view.end_reason,
    endedAt: view.ended_at,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isEvent(event: string): event is Said["event"] {
  return Object.hasOwn(DATA, event);
}
