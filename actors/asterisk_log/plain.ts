/**
 * @module
 * Takes out of a line what a terminal or a page would obey instead of showing it: whoever sends a SIP message writes
 * into logs, and a download of them is looked at in terminals.
 */

// deno-lint-ignore no-control-regex -- these are what is taken out: CSI and OSC sequences, and other escapes
const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])/g;
/**
 * Controls of ASCII but the tab (a carriage return writes over what was shown before), those of Latin-1 (U+009B begins
 * what an escape does), and those that turn the order of letters.
 */
const HOSTILE = "[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]";
const ANY_HOSTILE = new RegExp(HOSTILE);
const EACH_HOSTILE = new RegExp(HOSTILE, "g");

/** A line that shows all that is in it: colours are gone, other controls stand as `\u202e`, six letters. */
export function plain(line: string): string {
  if (!ANY_HOSTILE.test(line)) return line;
  return line.replace(ANSI, "").replace(EACH_HOSTILE, escaped);
}

function escaped(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A line without the carriage returns at its end, which its writer took for a part of the line's end. */
export function withoutReturns(line: string): string {
  let end = line.length;
  while (line.charCodeAt(end - 1) === 13) end--;
  return end === line.length ? line : line.slice(0, end);
}
