/**
 * @module
 * Lists of calls without a database: whether a call in memory matches what was asked for, what a typed text asks
 * for, and how a call looks in a file.
 */
import { type CallCursor, type CallFilter, foldText, searchText } from "../db/calls.ts";
import type { CallView, PartyView } from "../machines/views.ts";

/** Words of a search that are looked at. */
const MOST_WORDS = 8;

/** What somebody typed: numbers and words, all of which have to occur. With nothing but a number, its spaces are its own. */
export function readSearch(typed: string): { numbers: string[]; words: string[] } {
  if (isNumber(typed)) return { numbers: [typed], words: [] };
  const words = foldText(typed).split(/\s+/).filter((word) => word !== "").slice(0, MOST_WORDS);
  return { numbers: words.filter(isNumber), words: words.filter((word) => !isNumber(word)) };
}

function isNumber(text: string): boolean {
  return /\d/.test(text) && /^[\d\s()+.-]+$/.test(text);
}

/** Whether a call in memory is one of those asked for, as `listCalls` asks the table. */
export function matchesCall(view: CallView, wanted: CallFilter, after: CallCursor | undefined): boolean {
  const { status, direction, pbx, from, to, userId, digits = [], words = [] } = wanted;
  const at = Date.parse(view.started_at);
  if (status !== undefined && !status.includes(view.status)) return false;
  if (direction !== undefined && !direction.includes(view.direction)) return false;
  if (pbx !== undefined && view.pbx !== pbx) return false;
  if (from !== undefined && at < Date.parse(from)) return false;
  if (to !== undefined && at >= Date.parse(to)) return false;
  if (userId !== undefined && !view.party_ids.includes(userId)) return false;
  if (after !== undefined) {
    const end = Date.parse(after.startedAt);
    if (at > end || (at === end && view.id >= after.id)) return false;
  }
  if (digits.length === 0 && words.length === 0) return true;
  const text = textOf(view);
  return digits.every((pieces) => pieces.some((piece) => text.includes(piece))) &&
    words.every((word) => text.includes(word));
}

/** What a search looks through. */
function textOf(view: CallView): string {
  const parties: (PartyView | null)[] = [
    view.caller,
    view.receiver,
    view.answered_by,
    ...view.rings,
    ...view.talking,
  ];
  return searchText(
    parties.map((party) => party?.number ?? null),
    [...parties.map((party) => party?.name ?? null), view.company?.name ?? null],
  );
}

/** Columns of a file of calls. */
export const CALL_CSV_COLUMNS = [
  "started_at",
  "answered_at",
  "ended_at",
  "direction",
  "status",
  "end_reason",
  "caller_number",
  "caller_name",
  "company",
  "receiver_number",
  "receiver_name",
  "answered_by_number",
  "answered_by_name",
  "duration",
  "pbx",
  "notes",
  "id",
] as const;

/** A call as a row of a file; its duration in seconds. */
export function csvRow(view: CallView): Record<typeof CALL_CSV_COLUMNS[number], string | number | null> {
  const { started_at, answered_at, ended_at, direction, status, end_reason, duration, pbx, notes, id } = view;
  const { caller, receiver, answered_by, company } = view;
  return {
    started_at,
    answered_at,
    ended_at,
    direction,
    status,
    end_reason,
    caller_number: caller.number,
    caller_name: caller.name,
    company: company?.name ?? null,
    receiver_number: receiver.number,
    receiver_name: receiver.name,
    answered_by_number: answered_by?.number ?? null,
    answered_by_name: answered_by?.name ?? null,
    duration,
    pbx,
    notes,
    id,
  };
}
