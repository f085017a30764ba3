/**
 * @module
 * A call as it is stored, and how its actor's record is read back. A stored record that is damaged costs no more
 * than itself: the call is rebuilt from what was shown of it.
 */
import { z } from "zod";
import { searchText } from "../db/calls.ts";
import type { CallRow } from "../db/rows.ts";
import { type CallRecord, newRecord } from "../machines/call_record.ts";
import type { Story } from "../machines/call_story.ts";
import type { CallDetailView } from "../machines/views.ts";
import type { Clock } from "./clock.ts";

/** Raised when the shape of the record changes so that an old one cannot be read. */
const VERSION = 1;

/** What is kept of a call beside its story. */
export interface CallPlace {
  pbx: string;
  epoch: string;
}

/** The row of a call. `record` is null once it is over for good. */
export function callRow(
  { story, view, place, record, mergedInto = null }: {
    story: Story;
    view: CallDetailView;
    place: CallPlace;
    record: CallRecord | null;
    mergedInto?: string | null;
  },
  clock: Clock,
): CallRow {
  const { caller, receiver, answered_by } = view;
  const parties = [caller, receiver, ...view.legs];
  const owner = view.direction === "outbound" ? null : receiver.user_id ?? firstRung(view);
  return {
    id: view.id,
    pbx: place.pbx,
    epoch: place.epoch,
    linked_id: view.linked_id,
    channel_id: story.channelId,
    direction: view.direction,
    caller_number: caller.number,
    caller_name: caller.name,
    receiver_number: receiver.number,
    started_at: view.started_at,
    accepted_at: view.accepted_at,
    answered_at: view.answered_at,
    ended_at: view.ended_at,
    status: view.status,
    end_reason: view.end_reason,
    assigned_user_id: owner,
    accepted_by_user_id: view.accepted_by?.id ?? null,
    answered_by_user_id: answered_by?.user_id ?? null,
    answered_by_number: answered_by?.number ?? null,
    caller_company_id: view.direction === "inbound" ? view.company?.id ?? null : null,
    duration: view.duration,
    notes: view.notes,
    party_user_ids: view.party_ids,
    search: searchText(parties.map(({ number }) => number), [
      ...parties.map(({ name }) => name),
      view.company?.name ?? null,
    ]),
    view,
    // With times of this run's clock, and how that differs from the wall: a copy of all of it would cost more.
    state: record === null ? null : { v: VERSION, wall: clock.toWall(0), record },
    merged_into: mergedInto,
  };
}

/** A stored call's record with times of the steady clock. `damaged` says why it was rebuilt from what was shown, if so. */
export function restoreRecord(
  row: { linked_id: string; view: CallDetailView; state: unknown },
  clock: Clock,
): { record: CallRecord; damaged: string | null } {
  const parsed = stored.safeParse(row.state);
  const shift = clock.fromWall(0);
  if (parsed.success) {
    const { record, wall } = parsed.data;
    return { record: shiftTimes(record, wall + shift), damaged: null };
  }
  const issue = parsed.error.issues[0]!;
  const time = (iso: string | null) => iso === null ? null : Date.parse(iso) + shift;
  const { view, linked_id } = row;
  const at = time(view.started_at)!;
  const stamp = (value: string | null) => value === null ? null : { at, value };
  const name = { at, value: view.legs[0]?.channel ?? "" };
  const id = view.legs[0]?.id ?? linked_id;
  return {
    damaged: `${issue.path.join(".")}: ${issue.message}`,
    record: {
      ...newRecord(),
      linkedIds: linked_id === "" ? [] : [linked_id],
      notes: view.accepted_by === null ? [] : [{
        kind: "accepted",
        at: time(view.accepted_at) ?? at,
        by: { userId: view.accepted_by.id, name: view.accepted_by.name, number: null },
      }],
      remarks: stamp(view.notes === "" ? null : view.notes),
      channels: {
        [id]: {
          uniqueid: id,
          name,
          nameNow: name,
          createdAt: at,
          begun: true,
          dialledExten: view.receiver.number,
          exten: null,
          context: null,
          callerNumber: stamp(view.caller.number),
          callerName: stamp(view.caller.name),
          upAt: null,
          ringingAt: null,
          answerAt: time(view.answered_at),
          hangupRequest: null,
          hangup: null,
          lost: null,
          dialled: false,
        },
      },
    },
  };
}

function firstRung(view: CallDetailView): number | null {
  return view.legs.find((leg) => leg.role === "dialled" && leg.user_id !== null)?.user_id ?? null;
}

const TIMES = new Set(["at", "createdAt", "upAt", "ringingAt", "answerAt", "lost", "beganAt"]);

/** Moves every time of a record from one clock to the other. */
function shiftTimes<T>(value: T, by: number): T {
  if (Array.isArray(value)) return value.map((item) => shiftTimes(item, by)) as T;
  if (value === null || typeof value !== "object") return value;
  const shifted: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    shifted[key] = typeof item === "number" && TIMES.has(key) ? item + by : shiftTimes(item, by);
  }
  return shifted as T;
}

const MOST = Date.UTC(2100, 0);
const at = z.number().min(-MOST).max(MOST);
const text = z.string().max(1000);
const stampedText = z.object({ at, value: text });
const stampedCause = z.object({ at, value: z.int().nullable() });
const actor = z.object({ userId: z.int(), name: text, number: text.nullable() });
const channel = z.object({
  uniqueid: text,
  name: stampedText,
  nameNow: stampedText,
  createdAt: at,
  begun: z.boolean(),
  dialledExten: text.nullable(),
  exten: stampedText.nullable(),
  context: stampedText.nullable(),
  callerNumber: stampedText.nullable(),
  callerName: stampedText.nullable(),
  upAt: at.nullable(),
  ringingAt: at.nullable(),
  answerAt: at.nullable(),
  hangupRequest: stampedCause.nullable(),
  hangup: stampedCause.nullable(),
  lost: at.nullable(),
  dialled: z.boolean(),
});
const status = z.enum(["ANSWER", "ABORT", "BUSY", "CANCEL", "CHANUNAVAIL", "CONGESTION", "NOANSWER"]);
const note = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("picked_up"), at, by: text, target: text }),
  z.object({
    kind: z.literal("transferred"),
    at,
    how: z.enum(["blind", "attended"]),
    by: text,
    to: text.nullable(),
    success: z.boolean(),
  }),
  z.object({ kind: z.enum(["queued", "dequeued", "queue_abandoned"]), at, channel: text, queue: text }),
  z.object({ kind: z.literal("parked"), at, channel: text, space: text }),
  z.object({ kind: z.literal("conference"), at, channel: text, conference: text }),
  z.object({ kind: z.enum(["accepted", "hangup_asked"]), at, by: actor }),
  z.object({ kind: z.literal("rejected"), at, by: actor, uniqueids: z.array(text) }),
  z.object({ kind: z.literal("transfer_asked"), at, by: actor, to: text }),
]);
const stored = z.object({
  v: z.literal(VERSION),
  /** What the wall clock showed at the steady clock's zero. */
  wall: z.number().min(-MOST).max(MOST),
  record: z.object({
    linkedIds: z.array(text),
    channels: z.record(text, channel),
    dials: z.record(
      text,
      z.object({
        to: text,
        from: text.nullable(),
        beganAt: at,
        end: z.object({ at, value: status }).nullable(),
      }),
    ),
    stays: z.array(z.object({ channel: text, bridge: text, at, enters: z.boolean() })),
    rooms: z.record(text, z.enum(["waiting", "conference"])),
    notes: z.array(note),
    remarks: z.object({ at, value: z.string().max(10_000) }).nullable(),
  }) satisfies z.ZodType<CallRecord>,
});
