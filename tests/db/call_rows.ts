/**
 * @module
 * Calls made up for tests: as they are shown, and as rows of the table.
 */
import { searchText } from "../../db/calls.ts";
import type { CallRow } from "../../db/rows.ts";
import type { CallDetailView } from "../../machines/views.ts";
import { NOON } from "./ground.ts";

let count = 0;

/** A call that was answered and is over, a second after the one before. */
export function callView(more: Partial<CallDetailView> = {}): CallDetailView {
  const at = new Date(NOON + 1000 * count).toISOString();
  const id = `01CALL${String(count++).padStart(20, "0")}`;
  const caller = { number: "74951234567", name: "Caller", user_id: null };
  const receiver = { number: "777", name: "Ivan Ivanov", user_id: null };
  return {
    id,
    pbx: "main",
    linked_id: `1768478400.${count}`,
    direction: "inbound",
    status: "completed",
    end_reason: "hangup",
    caller,
    receiver,
    company: null,
    answered_by: receiver,
    accepted_by: null,
    started_at: at,
    accepted_at: null,
    answered_at: at,
    ended_at: at,
    duration: 7,
    rings: [],
    talking: [],
    transferred: null,
    unknown_number: false,
    uncertain: false,
    party_ids: [],
    notes: "",
    legs: [{
      ...receiver,
      id: "1768478400.2",
      channel: "PJSIP/777-ep-00000001",
      role: "dialled",
      state: "ended",
      since: at,
      ended_at: at,
      outcome: "answered",
    }],
    segments: [{ legs: ["1768478400.2"], parties: [caller, receiver], started_at: at, ended_at: at }],
    timeline: [{ at, kind: "started", party: caller, detail: null }],
    ...more,
  };
}

/** The row of a call. */
export function callRow(view: CallDetailView, more: Partial<CallRow> = {}): CallRow {
  const { caller, receiver, answered_by } = view;
  return {
    id: view.id,
    pbx: view.pbx,
    epoch: "epoch",
    linked_id: view.linked_id,
    channel_id: view.linked_id,
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
    assigned_user_id: receiver.user_id,
    accepted_by_user_id: view.accepted_by?.id ?? null,
    answered_by_user_id: answered_by?.user_id ?? null,
    answered_by_number: answered_by?.number ?? null,
    caller_company_id: view.company?.id ?? null,
    duration: view.duration,
    notes: view.notes,
    party_user_ids: view.party_ids,
    search: searchText([caller.number, receiver.number], [
      caller.name,
      receiver.name,
      view.company?.name ?? null,
    ]),
    view,
    state: null,
    merged_into: null,
    ...more,
  };
}
