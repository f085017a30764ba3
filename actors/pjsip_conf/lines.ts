/**
 * @module
 * Lines of an Asterisk configuration file as Asterisk's own reader (main/config.c) takes them, tried on 16.28 and 22.10:
 * what of each is comment, and whether the rest is a section's head, an option or a directive. It loses nothing: the raw
 * lines together are the text.
 */

/** What a line says. */
export type LineCode =
  | { kind: "nothing" }
  | { kind: "head"; name: string; args: string[] | null }
  | {
    kind: "option";
    name: string;
    value: string;
    /** `joined`: with `+=` it goes to the end of the value that was there, blanks and all. */
    joined: string | null;
    arrow: boolean;
  }
  | { kind: "directive"; word: string; argument: string }
  /** Asterisk skips it with a warning. */
  | { kind: "skipped"; why: string }
  /** Asterisk refuses the whole file for it. */
  | { kind: "broken"; why: string };

/** One line with all that is in it. */
export interface ConfLine {
  /** With its end, `\n` or `\r\n`, where it has one. */
  raw: string;
  code: LineCode;
  /** Nothing but blanks. */
  blank: boolean;
  /** A block comment begins, goes on or ends here. */
  block: boolean;
}

/** Asterisk skips lines of so many bytes, their end among them. */
export const MAX_LINE = 8191;
const NOTHING: LineCode = { kind: "nothing" };
const encoder = new TextEncoder();

/** Cuts a text into its lines. */
export function readLines(text: string): ConfLine[] {
  const lines: ConfLine[] = [];
  const state = { depth: 0 };
  for (const [index, raw] of splitLines(text).entries()) {
    const before = state.depth;
    const blank = raw.trim() === "";
    if (raw.length * 3 >= MAX_LINE && encoder.encode(raw).length >= MAX_LINE) {
      lines.push({ raw, code: { kind: "skipped", why: "it is too long" }, blank, block: before !== 0 });
      continue;
    }
    const { rest, block } = withoutComments(index === 0 ? raw.replace(/^\ufeff/, "") : raw, state);
    lines.push({ raw, code: decode(stripped(rest)), blank, block });
  }
  return lines;
}

/** A text's lines, each with its end. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Without its end. */
export function withoutEnd(raw: string): string {
  return raw.replace(/\r?\n$/, "");
}

/** Asterisk's blanks are all to 32. */
export function stripped(text: string): string {
  // deno-lint-ignore no-control-regex -- Asterisk's blanks have control characters among them
  return text.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, "");
}

/**
 * Asterisk's search for comments, with its quirks: a `--;` outside of a comment counts below zero, after which all
 * that follows is one. `state.depth` is how deep block comments are nested.
 */
function withoutComments(raw: string, state: { depth: number }): { rest: string; block: boolean } {
  // It reads C strings.
  let text = raw.split("\0", 1)[0]!;
  let block = state.depth !== 0;
  let begin: number | null = state.depth === 0 ? 0 : null;
  let from = 0;
  for (;;) {
    const at = text.indexOf(";", from);
    if (at < 0) break;
    if (at > from && text[at - 1] === "\\") {
      text = text.slice(0, at - 1) + text.slice(at);
      from = at;
    } else if (text.startsWith("--", at + 1) && text[at + 3] !== "-") {
      text = `${text.slice(0, at)}\0${text.slice(at + 1)}`;
      from = at + 3;
      state.depth++;
      block = true;
    } else if (at >= from + 2 && text[at - 1] === "-" && text[at - 2] === "-") {
      from = at + 1;
      state.depth--;
      block = true;
      if (state.depth !== 0) continue;
      if (begin === null) begin = from;
      else {
        const end = endOf(text, begin);
        text = text.slice(0, end) + text.slice(from);
        from = end;
      }
    } else if (state.depth === 0) {
      text = text.slice(0, at);
      break;
    } else from = at + 1;
  }
  return { rest: begin === null ? "" : text.slice(begin, endOf(text, begin)), block };
}

function endOf(text: string, from: number): number {
  const at = text.indexOf("\0", from);
  return at < 0 ? text.length : at;
}

function decode(code: string): LineCode {
  if (code === "") return NOTHING;
  if (code[0] === "[") return decodeHead(code);
  if (code[0] === "#") return decodeDirective(code);
  return decodeOption(code);
}

function decodeHead(code: string): LineCode {
  const close = code.indexOf("]");
  if (close < 0) return { kind: "broken", why: "there is no closing ]" };
  const name = code.slice(1, close);
  if (code[close + 1] !== "(") return { kind: "head", name, args: null };
  const end = code.indexOf(")", close + 2);
  if (end < 0) return { kind: "broken", why: "there is no closing )" };
  return { kind: "head", name, args: code.slice(close + 2, end).split(",") };
}

function decodeDirective(code: string): LineCode {
  // deno-lint-ignore no-control-regex -- Asterisk's blanks have control characters among them
  const [, word = "", rest = ""] = /^#([^\x00-\x20]*)([^]*)$/.exec(code) ?? [];
  const known = /^(include|tryinclude|exec)$/i.test(word);
  if (!known) return { kind: "skipped", why: `#${word} is no directive` };
  const argument = stripped(rest).replace(/^[<"]+|[>"]+$/g, "");
  if (argument === "") return { kind: "skipped", why: `#${word} names nothing` };
  return { kind: "directive", word: word.toLowerCase(), argument };
}

function decodeOption(code: string): LineCode {
  const escaped = code[0] === "\\" ? 1 : 0;
  const text = code.slice(escaped);
  const at = text.indexOf("=", escaped);
  if (at < 0) return { kind: "skipped", why: "there is no =" };
  if (at > escaped && text[at - 1] === "+") {
    const joined = text.slice(at + 1);
    return {
      kind: "option",
      name: stripped(text.slice(0, at - 1)),
      value: stripped(joined),
      joined,
      arrow: false,
    };
  }
  const arrow = text[at + 1] === ">";
  const name = stripped(text.slice(0, at));
  if (name === "") return { kind: "skipped", why: "there is no name before =" };
  return { kind: "option", name, value: stripped(text.slice(at + (arrow ? 2 : 1))), joined: null, arrow };
}
