/**
 * @module
 * The first line of a message in each form that Asterisk writes: its default for files, `[plain]` and console,
 * `[json]`, and lines with nothing but a date. What a line says is not judged here.
 */
import { own } from "./own.ts";
import type { Stamps } from "./stamps.ts";

/** What stands before a message, and the message's first line, or for JSON all of it. */
export interface Head {
  /** Milliseconds since 1970; null where it cannot be told. */
  at: number | null;
  level: string;
  /** `res_pjsip/pjsip_distributor.c`. */
  source: string | null;
  /** `C-00000012`. */
  call: string | null;
  text: string;
  /** No more lines can belong to it. */
  whole: boolean;
}

/** Of lines that tell none: those that only have a date are written as verbose ones are. */
const VERBOSE = "VERBOSE";
/** No date that Asterisk writes is longer. */
const LONGEST_DATE = 64;
const LONGEST_LEVEL = 32;
const LONGEST_SOURCE = 128;
/** Levels and sources are few; if they are not, somebody makes them up. */
const MOST_WORDS = 2000;

const OPEN = 91;
const CLOSE = 93;
const COLON = 58;
const BLANK = 32;

/** Reads a line. Null means that it goes on with the message before. */
export function readHead(line: string, stamps: Stamps): Head | null {
  const first = line.charCodeAt(0);
  if (first === OPEN) return readBracketed(line, stamps);
  return first === 123 && line.startsWith('{"') ? readJson(line, stamps) : null;
}

/** The dates of lines that have one in front, in order, each as `Stamps` reads it. */
export function datesOf(text: string): string[] {
  return Array.from(
    text.matchAll(/^(?:\[([^\]\n]{6,64})\] |\{"hostname":"[^"\n]{0,255}","timestamp":"([^"\n]{6,64})")/gm),
    (match) => match[1] ?? match[2]!,
  );
}

function readBracketed(line: string, stamps: Stamps): Head | null {
  const close = line.indexOf("] ", 1);
  if (close === -1 || close > LONGEST_DATE) return null;
  const level = close + 2;
  let at = level;
  while (isOfLevel(line.charCodeAt(at))) at++;
  const levelEnd = at;
  if (levelEnd === level || levelEnd - level > LONGEST_LEVEL || line.charCodeAt(at) !== OPEN) {
    return readDated(line, close, stamps);
  }
  at++;
  while (isDigit(line.charCodeAt(at))) at++;
  if (at === levelEnd + 1 || line.charCodeAt(at) !== CLOSE) return readDated(line, close, stamps);
  at++;
  let call: string | null = null;
  if (line.charCodeAt(at) === OPEN && line.startsWith("[C-", at)) {
    const end = line.indexOf("]", at);
    if (!isCall(line, at + 3, end)) return null;
    call = own(line.slice(at + 1, end));
    at = end + 1;
  }
  const head: Head = {
    at: stamps.read(line.slice(1, close)),
    level: word(line.slice(level, levelEnd)),
    source: null,
    call,
    text: "",
    whole: false,
  };
  const separator = line.charCodeAt(at);
  if (separator === BLANK) return withSource(head, line, at + 1);
  return separator === COLON && line.charCodeAt(at + 1) === BLANK ? withPlace(head, line, at + 2) : null;
}

/** `file.c: message`. */
function withSource(head: Head, line: string, from: number): Head {
  const end = line.indexOf(": ", from);
  if (end === -1 || end - from > LONGEST_SOURCE) {
    // A message may be empty, or begin with a line feed.
    const bare = line.endsWith(":") && line.length - from <= LONGEST_SOURCE;
    if (bare) head.source = word(line.slice(from, -1));
    else head.text = line.slice(from);
    return head;
  }
  head.source = word(line.slice(from, end));
  head.text = line.slice(end + 2);
  return head;
}

/** `file.c:676 log_failed_request: message`; a dialplan's place is `Ext. 777:3 @ context`. */
function withPlace(head: Head, line: string, from: number): Head {
  const end = line.indexOf(": ", from);
  const place = end === -1 ? line.slice(from).replace(/:$/, "") : line.slice(from, end);
  const match = place.length > LONGEST_SOURCE * 2 ? null : /^(.{1,128}?):\d+(?: .*)?$/.exec(place);
  if (match === null) {
    head.text = line.slice(from);
    return head;
  }
  head.source = word(match[1]!);
  head.text = end === -1 ? "" : line.slice(end + 2);
  return head;
}

/** `[date] text`, as the first line of a file and the console's verbose lines. */
function readDated(line: string, close: number, stamps: Stamps): Head | null {
  const at = stamps.read(line.slice(1, close));
  if (at === null) return null;
  return { at, level: VERBOSE, source: null, call: null, text: line.slice(close + 2), whole: false };
}

function readJson(line: string, stamps: Stamps): Head | null {
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return readCutJson(line, stamps);
  }
  const { timestamp, identifiers, logmsg } = said as Record<string, unknown>;
  if (!isObject(logmsg) || typeof logmsg.message !== "string" || typeof timestamp !== "string") return null;
  const callid = isObject(identifiers) ? identifiers.callid : null;
  const filename = isObject(logmsg.location) ? logmsg.location.filename : null;
  return jsonHead(stamps, timestamp, callid, filename, logmsg.level, logmsg.message);
}

/** Asterisk's buffer of 8 KiB cuts a line off: what is there is read in the order in which it writes. */
const CUT_JSON =
  /^\{"hostname":"[^"]*","timestamp":"([^"]*)","identifiers":\{"lwp":-?\d+,"callid":"([^"]*)"\},"logmsg":\{"location":\{"filename":"([^"]*)","function":"[^"]*","line":-?\d+\},"level":"([^"]*)","message":"/;

function readCutJson(line: string, stamps: Stamps): Head | null {
  const match = CUT_JSON.exec(line);
  if (match === null) return null;
  const [all, timestamp, callid, filename, level] = match;
  return jsonHead(stamps, timestamp!, callid, filename, level, unescape(line.slice(all.length)));
}

function unescape(text: string): string {
  // An escape may be cut too.
  const uncut = text.replace(/\\(?:u[\da-f]{0,3})?$/i, "");
  for (const candidate of [uncut, uncut.replace(/"[\s}]*$/, "")]) {
    try {
      return JSON.parse(`"${candidate}"`) as string;
    } catch {
      // As it is, then.
    }
  }
  return text.replaceAll("\\r\\n", "\n").replaceAll("\\n", "\n");
}

/** A line of another format may look like JSON to its end: these must not be able to be what they are not. */
const JSON_LEVEL = /^[\w-]{1,32}$/;
const JSON_SOURCE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,128}$/u;

function jsonHead(
  stamps: Stamps,
  timestamp: string,
  callid: unknown,
  filename: unknown,
  level: unknown,
  message: string,
): Head {
  const call = typeof callid === "string" ? /^\[(C-[\da-f]{8,16})\]$/i.exec(callid)?.[1] ?? null : null;
  return {
    at: stamps.read(timestamp),
    level: typeof level === "string" && JSON_LEVEL.test(level) ? word(level) : VERBOSE,
    source: typeof filename === "string" && JSON_SOURCE.test(filename) ? word(filename) : null,
    call,
    text: withoutEnd(message),
    whole: true,
  };
}

/** Whether 8 hexadecimal digits, or a few more, are between two places. */
function isCall(line: string, begin: number, end: number): boolean {
  if (end - begin < 8 || end - begin > 16) return false;
  for (let at = begin; at < end; at++) {
    const code = line.charCodeAt(at) | 32;
    if (!isDigit(code) && (code < 97 || code > 102)) return false;
  }
  return true;
}

function withoutEnd(message: string): string {
  let end = message.length;
  while (end > 0 && (message.charCodeAt(end - 1) === 10 || message.charCodeAt(end - 1) === 13)) end--;
  return message.slice(0, end);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isOfLevel(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || isDigit(code) || code === 95 ||
    code === 45;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

const words = new Map<string, string>();

/** The same text, once for all lines that have it. */
function word(text: string): string {
  const known = words.get(text);
  if (known !== undefined) return known;
  if (words.size >= MOST_WORDS) words.clear();
  const kept = own(text);
  words.set(kept, kept);
  return kept;
}
