/**
 * @module
 * One message of Asterisk's log. It is text and nothing but text: whoever sends a SIP message writes into it.
 */
import { ChevronDown, ChevronRight } from "lucide";
import { useState } from "preact/hooks";
import { fullTime } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { endpointPath } from "../router.ts";
import { LEVELS, type LogScope, moduleOf, pieces } from "../store/endpoint_logs_filter.ts";
import type { Hole } from "../store/endpoint_logs_holes.ts";
import { type Locale, locale } from "../store/preferences.ts";
import type { LogLine } from "../types.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";

/** Lines of a message that are shown before the rest is folded. */
const FOLD_AFTER = 4;
/** Characters that are shown before the rest is folded: one line may have thousands. */
const FOLD_AFTER_CHARACTERS = 1000;

/** How lines are shown. */
export interface LogLook {
  scope: LogScope;
  /** The searched text; null when nothing is searched. */
  found: RegExp | null;
  /** Long lines go on below; otherwise each message has one line. */
  wrap: boolean;
  /** The lines are of several PBXs, so that each says of which. */
  several: boolean;
  /** Address of the page of a call's lines. */
  callPath: (call: string, pbx: string) => string;
  /** Something is left out by the filters. */
  filtered: boolean;
  /** Reads what is missing at a place. */
  fill: (hole: Hole) => void;
}

/** A message with its time, level, source and whom it is about. */
export function LogRow({ line, look }: { line: LogLine; look: LogLook }) {
  // Its block is drawn anew with every line that comes; what reads a signal is not, while its properties are the same.
  const language = locale.value;
  const level = LEVELS.includes(line.level) ? line.level.toLowerCase() : "other";
  return (
    <div class={`log-line level-${level}`} data-testid="log-line" data-id={line.id}>
      <LineTime line={line} language={language} />
      <span class="log-level" title={line.level}>{line.level}</span>
      <span class="log-source" title={line.source ?? ""}>{moduleOf(line.source)}</span>
      <About line={line} look={look} />
      <Message text={line.message} look={look} />
    </div>
  );
}

/** A place where lines are missing. */
export function LogHole({ hole, look }: { hole: Hole; look: LogLook }) {
  // Of those that are missing, nobody knows how many would fit.
  const known = hole.count > 0 && !look.filtered;
  return (
    <div class="log-hole" data-testid="log-hole">
      <span>{known ? t("logs.hole", { n: hole.count }) : t("logs.hole.some")}</span>
      {hole.lost
        ? <span class="faint">{t("logs.hole.lost")}</span>
        : (
          <button type="button" class="text-button" onClick={() => look.fill(hole)}>
            {t("logs.hole.read")}
          </button>
        )}
    </div>
  );
}

function LineTime({ line, language }: { line: LogLine; language: Locale }) {
  if (line.timestamp === null) return <span class="log-time faint" title={t("logs.no_time")}>–</span>;
  const at = Date.parse(line.timestamp);
  return (
    <time class="log-time" dateTime={line.timestamp} title={`${fullTime(at, language)}\n${line.timestamp}`}>
      {logTime(at)}
    </time>
  );
}

function About({ line, look: { scope, several, callPath } }: { line: LogLine; look: LogLook }) {
  const [first, ...others] = line.endpoints;
  return (
    <span class="log-about">
      {several && <span class="log-pbx" title={line.pbx}>{line.pbx}</span>}
      {scope.kind !== "endpoint" && first !== undefined && (
        <Link to={endpointPath(first, { pbx: line.pbx, part: "logs" })} title={line.endpoints.join(", ")}>
          {first}
          {others.length > 0 && ` +${others.length}`}
        </Link>
      )}
      {scope.kind !== "call" && line.call !== null && (
        <Link to={callPath(line.call, line.pbx)} title={t("logs.call.follow", { call: line.call })}>
          {line.call}
        </Link>
      )}
    </span>
  );
}

function Message({ text, look: { found, wrap } }: { text: string; look: LogLook }) {
  const [open, setOpen] = useState(false);
  const lines = text.split("\n");
  const keep = wrap ? FOLD_AFTER : 1;
  // A fold of one line would take as much room as the line.
  const tall = lines.length > keep + (wrap ? 1 : 0);
  const first = (tall ? lines.slice(0, keep).join("\n") : text).slice(0, FOLD_AFTER_CHARACTERS);
  const foldable = first.length < text.length;
  const folded = foldable && !open;
  const rest = text.slice(first.length);
  const foundInside = folded && found !== null && pieces(rest, found).some(({ hit }) => hit);
  const shown = folded && !foundInside ? first : text;
  return (
    <span class="log-text">
      <span class="log-words">
        {pieces(shown, found).map(({ text, hit }, index) =>
          hit ? <mark key={index}>{legible(text)}</mark> : legible(text)
        )}
      </span>
      {foldable && !foundInside && (
        <button
          type="button"
          class="log-fold"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Icon of={open ? ChevronDown : ChevronRight} size={14} />
          {open
            ? t("logs.fold")
            : tall
            ? t("logs.unfold", { n: lines.length - keep })
            : t("logs.unfold.long", { n: rest.length })}
        </button>
      )}
    </span>
  );
}

/** Controls that turn the order of letters are shown as what they are: a line could look like another one by them. */
function legible(text: string): string {
  return text.replace(
    /[\u202a-\u202e\u2066-\u2069]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16)}`,
  );
}

/** Time of day as a log has it, in the reader's zone; with milliseconds where the log has them. */
export function logTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (n: number) => String(n).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return at.getMilliseconds() === 0 ? time : `${time}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
