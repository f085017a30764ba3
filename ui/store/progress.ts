/**
 * @module
 * How far an opening has come, as the operator reads it in place of the button. Pure.
 */
import type { Command } from "../types.ts";

/** What the operator asked for and the service has not yet shown on the stream. */
export type Attempt =
  | { phase: "posting"; key: string; at: number; over: string }
  | {
    phase: "refused";
    key: string;
    apartment: string;
    at: number;
    /** What was last known of the door's command when this was asked; later news are shown in place of this. */
    over: string;
    why: string;
    advice: string;
    again: boolean;
  };

/** What to show. `status` is the command's, or one of the two that come before a command exists. */
export interface Progress {
  status: Command["status"] | "posting" | "refused";
  tone: "busy" | "good" | "bad";
  /** True while a second press cannot do anything. */
  busy: boolean;
  /** Milliseconds from the operator's yes to the panel's; null before. */
  tookMs: number | null;
  /** Seconds in which the panel may still answer. */
  leftSeconds: number | null;
  late: boolean;
}

/** How long good and bad ends stay in view. */
export const GOOD_STAYS_MS = 15_000;
/** A bad end stays longer: somebody has to read it and decide. */
export const BAD_STAYS_MS = 60_000;

/** Tells how far an opening has come; null when there is nothing to tell. `now` is milliseconds. */
export function progressOf(
  command: Command | null,
  attempt: Attempt | undefined,
  now: number,
): Progress | null {
  if (attempt && !isNews(command, attempt.over)) {
    if (attempt.phase === "posting") return { ...plain("posting"), busy: true };
    if (now - attempt.at < BAD_STAYS_MS) return { ...plain("refused"), tone: "bad" };
  }
  return command ? ofCommand(command, now) : null;
}

/**
 * What is known of a command, as far as it is news to whoever was refused because of it: that it is there, and how it
 * ended. Not by the clock: the page's and the service's may be apart by more than a command takes.
 */
export function newsOf(command: Command | null): string {
  if (!command) return "";
  const { id, status } = command;
  return status === "requested" || status === "sent" ? id : `${id} ${status}`;
}

function isNews(command: Command | null, over: string): boolean {
  if (!command) return false;
  // One's own command that could not be sent says no more than its refusal, and that one has a button to try again.
  if (command.status === "failed" && !over.startsWith(command.id)) return false;
  return newsOf(command) !== over;
}

function ofCommand(command: Command, now: number): Progress | null {
  const issued = Date.parse(command.issued_at);
  const confirmed = command.confirmed_at === null ? null : Date.parse(command.confirmed_at);
  const tookMs = confirmed === null ? null : Math.max(0, confirmed - issued);
  const base = { ...plain(command.status), tookMs, late: command.late };
  switch (command.status) {
    case "requested":
    case "sent": {
      const leftSeconds = Math.max(0, Math.ceil((Date.parse(command.expires_at) - now) / 1000));
      return { ...base, busy: true, leftSeconds };
    }
    case "confirmed":
      return { ...base, tone: "good" };
    case "closed":
      return endedWithin(command.closed_at ?? command.issued_at, GOOD_STAYS_MS)
        ? { ...base, tone: "good" }
        : null;
    case "expired":
      return endedWithin(command.confirmed_at ?? command.expires_at, BAD_STAYS_MS)
        ? { ...base, tone: "bad" }
        : null;
    case "failed":
      return endedWithin(command.sent_at ?? command.issued_at, BAD_STAYS_MS)
        ? { ...base, tone: "bad" }
        : null;
    default:
      return command.status satisfies never;
  }

  function endedWithin(at: string, forMs: number): boolean {
    return now - Date.parse(at) < forMs;
  }
}

function plain(status: Progress["status"]): Progress {
  return { status, tone: "busy", busy: false, tookMs: null, leftSeconds: null, late: false };
}
