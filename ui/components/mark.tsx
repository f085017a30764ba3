/**
 * @module
 * The one mark of a state: a shape and a colour, with its word beside it or for a screen reader.
 */
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import type { Intercom } from "../types.ts";

/** States that have a mark. */
export type MarkKind =
  | "online"
  | "offline"
  | "unknown"
  | "open"
  | "closed"
  | "alarm"
  | "call"
  | "waiting"
  | "ringing"
  | "talking"
  | "completed"
  | "missed"
  | "rejected"
  | "flapping";

const WORDS: Record<MarkKind, Key> = {
  online: "mark.online",
  offline: "mark.offline",
  unknown: "mark.unknown",
  open: "mark.open",
  closed: "mark.closed",
  alarm: "mark.alarm",
  call: "mark.call",
  waiting: "mark.waiting",
  ringing: "mark.ringing",
  talking: "mark.talking",
  completed: "mark.completed",
  missed: "mark.missed",
  rejected: "mark.rejected",
  flapping: "mark.flapping",
};

/** How a mark may be shown. */
export interface MarkProps {
  kind: MarkKind;
  /** Pixels; 12 beside text. */
  size?: number;
  /** Shows the word beside the mark; true for the mark's own word. Without it the word is only read aloud. */
  word?: boolean | string;
}

/** A state as shape, colour and word. */
export function Mark({ kind, size = 12, word = false }: MarkProps) {
  const text = typeof word === "string" ? word : t(WORDS[kind]);
  return (
    <span class={`mark mark-${kind}`}>
      <svg
        width={size}
        height={size}
        viewBox="0 0 12 12"
        role={word ? undefined : "img"}
        aria-hidden={word ? "true" : undefined}
        aria-label={word ? undefined : text}
      >
        <Shape kind={kind} />
      </svg>
      {word && <span class="mark-word">{text}</span>}
    </span>
  );
}

/** The mark that says most about a panel: an alarm before a call before whether it is heard. */
export function markOf(panel: Intercom, rings: boolean): MarkKind {
  if (!panel.adopted) return "waiting";
  if (panel.alarm) return "alarm";
  if (rings) return "call";
  return panel.status;
}

function Shape({ kind }: { kind: MarkKind }) {
  switch (kind) {
    case "online":
      return <circle cx="6" cy="6" r="4.5" fill="currentColor" />;
    case "offline":
      return <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="2" />;
    case "unknown":
      return <path d="M6 1.2 10.8 6 6 10.8 1.2 6Z" fill="none" stroke="currentColor" stroke-width="1.6" />;
    case "open":
      return (
        <rect x="1.75" y="1.75" width="8.5" height="8.5" fill="none" stroke="currentColor" stroke-width="2" />
      );
    case "closed":
      return <rect x="2.5" y="2.5" width="7" height="7" rx="0.5" fill="currentColor" />;
    case "alarm":
      return <path d="M6 0.8 11.6 11H0.4Z" fill="currentColor" />;
    case "call":
    case "talking":
      return (
        <>
          <circle class="pulse" cx="6" cy="6" r="5.25" fill="none" stroke="currentColor" stroke-width="1.5" />
          <circle cx="6" cy="6" r="3" fill="currentColor" />
        </>
      );
    case "ringing":
      return (
        <>
          <circle class="pulse" cx="6" cy="6" r="5.25" fill="none" stroke="currentColor" stroke-width="1.5" />
          <circle cx="6" cy="6" r="2.25" fill="none" stroke="currentColor" stroke-width="1.5" />
        </>
      );
    case "completed":
      return <Strokes d="M1.8 6.6 4.7 9.4 10.2 3" />;
    case "missed":
      return <Strokes d="M1.6 6.6V2.6H5.6M1.6 2.6 6 7 10.6 2.4M1.6 10.4H10.4" />;
    case "rejected":
      return <Strokes d="M2.4 2.4 9.6 9.6M9.6 2.4 2.4 9.6" />;
    case "flapping":
      return <Strokes d="M0.9 6H3L4.4 2 7.6 10 9 6H11.1" />;
    case "waiting":
      return (
        <circle
          cx="6"
          cy="6"
          r="4.5"
          fill="none"
          stroke="currentColor"
          stroke-width="1.6"
          stroke-dasharray="2.6 2.1"
        />
      );
    default:
      return kind satisfies never;
  }
}

function Strokes({ d }: { d: string }) {
  return (
    <path
      d={d}
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  );
}
