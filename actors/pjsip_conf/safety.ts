/**
 * @module
 * What may be written into a configuration file without becoming more than it is: another option, another section, an
 * include, or a comment that swallows what follows. Names are held to letters that Asterisk gives no meaning to.
 */
import type { ConfigProblemView } from "../../machines/endpoint_views.ts";

/** Letters and digits of any script, and what names of sections have beside them. */
const SECTION = /^[\p{L}\p{N}_.@*+-](?:[\p{L}\p{N}_.@+:/*&%~$' -]{0,77}[\p{L}\p{N}_.@+:/*&%~$'-])?$/u;
const OPTION = /^@?[A-Za-z0-9][A-Za-z0-9_]{0,63}$/;
/** Characters of a section's name. */
const MAX_NAME = 79;
/** CR and LF end a line, NUL what Asterisk reads of it. */
// deno-lint-ignore no-control-regex -- these are what is looked for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
/** Asterisk's AMI takes no line of more than 1,022 bytes, and there is a name before the value. */
export const MAX_VALUE_BYTES = 900;
/** What stands for a secret; it must not come back as one. */
export const MASK = "••••••";

/** Whether a section may have this name. */
export function isSafeName(name: string): boolean {
  return SECTION.test(name) && name.length <= MAX_NAME;
}

/** Why a section may not have this name, in English: `has ]`. */
export function whyUnsafeName(name: string): string {
  if (name === "") return "is empty";
  if (name.length > MAX_NAME) return `is longer than ${MAX_NAME} characters`;
  const at = [...name].find((char) => !/[\p{L}\p{N}_.@+:/*&%~$' -]/u.test(char));
  if (at !== undefined) {
    // deno-lint-ignore no-control-regex -- these cannot be shown
    const shown = /[\x00-\x1f\x7f]|\p{C}/u.test(at) || !at.isWellFormed() ? codeOf(at) : at;
    return `has ${shown}, which may mean more to Asterisk`;
  }
  if (name !== name.trim()) return "has blanks at its start or end";
  return `begins with ${name[0]}, which may mean more to Asterisk`;
}

function codeOf(char: string): string {
  return `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Whether a section may be named between `(` and `)`, where a leading `+` or `!` is no name. */
export function isSafeBase(name: string): boolean {
  return isSafeName(name) && !name.startsWith("+");
}

/** Whether an option may have this name. */
export function isSafeOption(name: string): boolean {
  return OPTION.test(name);
}

/** Why a value cannot be written, in English; null when it can be. */
export function unsafeValue(value: string): string | null {
  if (CONTROL.test(value)) return "it has CR, LF, NUL or another control character";
  if (!value.isWellFormed()) return "it is no valid Unicode";
  if (value !== value.trim()) return "it has blanks at its start or end, which Asterisk drops";
  if (value.startsWith(">")) return "a > at its start is part of => for Asterisk";
  if (value.includes(MASK)) return "it is a masked secret";
  return null;
}

/** A value as it is written into a file: each `;` would begin a comment. */
export function escapeValue(value: string): string {
  return value.replaceAll(";", "\\;");
}

/** The problem of something unsafe. Neither a name nor a value is told as it came. */
export function refused(
  what: string,
  why: string,
  where: Partial<Pick<ConfigProblemView, "section" | "option" | "line">> = {},
): ConfigProblemView {
  return {
    severity: "error",
    code: "unsafe",
    section: null,
    option: null,
    line: null,
    ...where,
    message: `Cannot write ${what}: ${why}`,
  };
}
