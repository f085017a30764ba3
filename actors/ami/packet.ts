/**
 * @module
 * What goes over AMI in both directions: packets as they are read, and the rules for what may be written. It refuses
 * whatever Asterisk, or the library, could take for more than the one action that was meant.
 */

/** One packet: header names in lower case, the first value of a repeated one. */
export type AmiPacket = Readonly<Record<string, string>>;

/** Headers of an action, without `Action` and `ActionID`. Only `Variable` may come more than once: `NAME=value` each. */
export type AmiFields = Readonly<Record<string, string | readonly string[]>>;

/** A name or value of an action that could become another header, another action, or more than was meant. */
export class AmiUnsafeValue extends Error {
  override name = "AmiUnsafeValue";
  /** The header that it is about. The value is not told: it may be a secret, and is not safe in a log either. */
  readonly field: string;

  constructor(field: string, why: string) {
    super(`Cannot send AMI header ${JSON.stringify(field.slice(0, 50))}: ${why}`);
    this.field = field;
  }
}

/** There is no connection that is logged in, or it went away before the answer came. */
export class AmiNotUp extends Error {
  override name = "AmiNotUp";
  /** True when the action had been written: Asterisk may have done it. */
  readonly sent: boolean;

  constructor(pbx: string, sent: boolean) {
    super(`The link to Asterisk ${JSON.stringify(pbx)} ${sent ? "went down before the answer" : "is down"}`);
    this.sent = sent;
  }
}

/** Asterisk did not answer in time; it may have done the action. */
export class AmiTimeout extends Error {
  override name = "AmiTimeout";

  constructor(action: string, deadlineMs: number) {
    super(`Asterisk did not answer ${action} within ${deadlineMs} ms`);
  }
}

/** Asterisk answered `Response: Error`. */
export class AmiRefused extends Error {
  override name = "AmiRefused";
  /** Asterisk's own words, such as `No such channel` or `Permission denied`. */
  readonly reason: string;

  constructor(action: string, reason: string) {
    super(`Asterisk refused ${action}: ${reason}`);
    this.reason = reason;
  }
}

/**
 * The longest line without its CR LF. Asterisk 16.28 and 22.10 take 1022 bytes; 1023 they read as two actions, both
 * wrong, and longer ones as a line that is too long.
 */
export const MAX_LINE_BYTES = 1022;
/** Most headers of an action, `Action` and `ActionID` among them. */
export const MAX_HEADERS = 128;

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
/** CR, LF and NUL end what Asterisk reads. */
const ENDS_LINE = /[\r\n\0]/;
/** Hangup takes a regular expression between slashes, and Asterisk skips blanks, which are all to 32, before it. */
// deno-lint-ignore no-control-regex -- Asterisk's blanks have control characters among them
const PATTERN = /^[\x00-\x20]*\//;
/** Headers that name one thing, where `&` or `,` would make several of it once it is in a dialplan's Dial. */
const ONE_THING = /^(extra)?(channel|exten|context|priority)$|^endpoint$/;
/** What the adapter says itself, and `Command`, whose answer the library misreads when it comes in pieces. */
const NOT_FOR_CALLERS = /^(login|logoff|challenge|command|events)$/i;

const encoder = new TextEncoder();

/** Throws unless the text may be the value of a header. @throws AmiUnsafeValue */
export function checkValue(field: string, value: string): void {
  if (ENDS_LINE.test(value)) throw new AmiUnsafeValue(field, "its value has CR, LF or NUL");
  // It would become another text on the way.
  if (!value.isWellFormed()) throw new AmiUnsafeValue(field, "its value is no valid Unicode");
  // No character takes more than three bytes for each of its units.
  const units = field.length + 2 + value.length;
  if (units * 3 > MAX_LINE_BYTES && encoder.encode(value).length + field.length + 2 > MAX_LINE_BYTES) {
    throw new AmiUnsafeValue(field, `its line is longer than ${MAX_LINE_BYTES} bytes`);
  }
}

/**
 * The headers of an action as the library takes them: one line each, and nothing that is more than it looks.
 *
 * @throws AmiUnsafeValue naming the header
 */
export function encodeFields(action: string, fields: AmiFields): Record<string, unknown> {
  if (!NAME.test(action) || NOT_FOR_CALLERS.test(action)) {
    throw new AmiUnsafeValue("Action", "it is no action that may be asked for");
  }
  checkValue("Action", action);
  const encoded: Record<string, unknown> = {};
  const seen = new Set(["action", "actionid"]);
  let headers = 2;
  for (const [name, given] of Object.entries(fields)) {
    if (!NAME.test(name)) throw new AmiUnsafeValue(name, "it is no name of a header");
    const key = name.toLowerCase();
    if (seen.has(key)) throw new AmiUnsafeValue(name, "it comes twice, or is not the caller's to set");
    seen.add(key);
    const values = typeof given === "string" ? [given] : given;
    for (const value of values) {
      if (typeof value !== "string") throw new AmiUnsafeValue(name, "its value is no text");
      checkValue(name, value);
    }
    headers += values.length;
    if (headers > MAX_HEADERS) throw new AmiUnsafeValue(name, `there are more than ${MAX_HEADERS} headers`);
    encoded[key] = key === "variable" ? encodeVariables(name, values) : encodeOne(name, key, values);
  }
  return encoded;
}

function encodeOne(name: string, key: string, values: readonly string[]): string {
  const [value] = values;
  // The library would join them with commas.
  if (value === undefined || values.length > 1) throw new AmiUnsafeValue(name, "it has to come exactly once");
  if (/channel$/.test(key) && PATTERN.test(value)) {
    throw new AmiUnsafeValue(name, "a value that begins with / is a pattern for many channels");
  }
  if (ONE_THING.test(key) && /[,&]/.test(value)) {
    throw new AmiUnsafeValue(name, "a value with , or & may be several");
  }
  return value;
}

/** Of an object the library makes a line for each entry. */
function encodeVariables(name: string, values: readonly string[]): Record<string, string> {
  const variables: Record<string, string> = Object.create(null);
  for (const value of values) {
    if (value.includes(",")) {
      throw new AmiUnsafeValue(name, "Asterisk takes a comma for the end of a variable");
    }
    const at = value.indexOf("=");
    if (at < 1) throw new AmiUnsafeValue(name, "it is no NAME=value");
    const variable = value.slice(0, at);
    if (variable in variables) throw new AmiUnsafeValue(name, "a variable comes twice");
    variables[variable] = value.slice(at + 1);
  }
  return variables;
}

/**
 * Makes a packet of what the library parsed, in its own place: nobody else keeps it, and a copy of each would cost more
 * than the rest of the way. Repeated headers are arrays there, `Variable` and `ChanVariable` objects. `onTwice` is
 * called where a header was repeated.
 */
export function flatten(parsed: Record<string, unknown>, onTwice?: (name: string) => void): AmiPacket {
  for (const key in parsed) {
    const value = parsed[key];
    if (typeof value === "string") continue;
    if (Array.isArray(value)) onTwice?.(key);
    parsed[key] = firstText(value);
  }
  return parsed as Record<string, string>;
}

function firstText(value: unknown): string {
  if (Array.isArray(value)) return value.find((one) => typeof one === "string") ?? "";
  // Without a list of entries, which took a sixth of all that a busy Asterisk costs.
  for (const name in value as Record<string, unknown>) {
    return `${name}=${(value as Record<string, unknown>)[name]}`;
  }
  return "";
}
