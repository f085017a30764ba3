/**
 * @module
 * Reads the text of pjsip.conf line by line: sections and options with their places, and the pieces that are coloured.
 * Follows `main/config.c` of Asterisk: `;` begins a comment unless a backslash stands before it, `;--` one of several
 * lines that `--;` ends. Pure.
 */

/** What a piece of a line is. */
export type TokenKind =
  | "space"
  | "section"
  | "inherits"
  | "option"
  | "operator"
  | "value"
  | "secret"
  | "comment"
  | "directive"
  | "wrong";

/** A piece of a line. All pieces of a line together are the line. */
export interface Token {
  kind: TokenKind;
  text: string;
}

/** A line, read. */
export type ReadLine =
  & { tokens: Token[] }
  & (
    | { kind: "blank" | "comment" | "directive" | "wrong" }
    | { kind: "section"; name: string; template: boolean; inherits: string[] }
    | { kind: "option"; name: string; value: string }
  );

/** An option where it stands; lines count from 1. */
export interface TextOption {
  line: number;
  name: string;
  value: string;
}

/** A section where it stands. */
export interface TextSection {
  line: number;
  /** Last line that belongs to it: comments over the next section are that section's. */
  lastLine: number;
  name: string;
  template: boolean;
  inherits: string[];
  /** By its own option `type`. */
  type: string | null;
  options: TextOption[];
}

/** Options whose value nobody should read over a shoulder. */
const SECRETS = /(password|secret|md5_cred|passwd|token)/i;

/** Whether an option's value is a secret. */
export function isSecretName(name: string): boolean {
  return SECRETS.test(name);
}

/** Reads every line. */
export function readLines(text: string): ReadLine[] {
  let inside = false;
  return text.split("\n").map((line) => {
    const [read, still] = readLine(line, inside);
    inside = still;
    return read;
  });
}

/** Sections of a text with their options. What stands before the first section belongs to none. */
export function readSections(text: string): TextSection[] {
  const sections: TextSection[] = [];
  readLines(text).forEach((read, index) => {
    const line = index + 1;
    if (read.kind === "section") {
      const { name, template, inherits } = read;
      sections.push({ line, lastLine: line, name, template, inherits, type: null, options: [] });
    }
    const section = sections.at(-1);
    if (!section || read.kind !== "option") return;
    section.lastLine = line;
    section.options.push({ line, name: read.name, value: read.value });
    if (read.name === "type") section.type = read.value;
  });
  return sections;
}

/** Reads one line; `inside` is whether a comment of several lines is open. Answers also whether it is after it. */
export function readLine(line: string, inside: boolean): [ReadLine, stillInside: boolean] {
  if (inside) {
    const end = line.indexOf("--;");
    return [{ kind: "comment", tokens: commentTokens(line) }, end < 0];
  }
  const at = commentStart(line);
  const body = line.slice(0, at);
  const comment = line.slice(at);
  const opens = /^;--(?!-)/.test(comment) && !comment.includes("--;", 3);
  const read = readBody(body, comment !== "");
  read.tokens.push(...commentTokens(comment));
  return [read, opens];
}

function readBody(body: string, commented: boolean): ReadLine {
  const text = body.trim();
  if (text === "") return { kind: commented ? "comment" : "blank", tokens: tokens(["space", body]) };
  if (text.startsWith("#")) return { kind: "directive", tokens: tokens(["directive", body]) };
  if (text.startsWith("[")) return readHeader(body);
  // By places and not by one pattern: on a line of sixty thousand spaces that would take minutes.
  const at = body.indexOf("=");
  const name = body.slice(0, Math.max(0, at)).trim();
  if (name === "") return { kind: "wrong", tokens: tokens(["wrong", body]) };
  const nameAt = body.indexOf(name);
  const rest = body.slice(at + (body[at + 1] === ">" ? 2 : 1));
  const value = rest.trim();
  const valueAt = body.length - rest.trimStart().length;
  return {
    kind: "option",
    name,
    value: value.replaceAll("\\;", ";"),
    tokens: tokens(
      ["space", body.slice(0, nameAt)],
      ["option", name],
      ["operator", body.slice(nameAt + name.length, valueAt)],
      [isSecretName(name) ? "secret" : "value", value],
      ["space", body.slice(valueAt + value.length)],
    ),
  };
}

function readHeader(body: string): ReadLine {
  const header = /^(\s*\[([^\]]*)\])(?:(\s*\()([^)]*)(\)))?(\s*)$/.exec(body);
  if (!header) return { kind: "wrong", tokens: tokens(["wrong", body]) };
  const [, named = "", name = "", open = "", inside = "", close = "", end = ""] = header;
  const words = inside.split(",").map((word) => word.trim()).filter(Boolean);
  return {
    kind: "section",
    name: name.trim(),
    template: words.includes("!"),
    inherits: words.filter((word) => word !== "!" && word !== "+"),
    tokens: tokens(["section", named], ["inherits", open + inside + close], ["space", end]),
  };
}

function commentStart(line: string): number {
  for (let at = line.indexOf(";"); at >= 0; at = line.indexOf(";", at + 1)) {
    if (at === 0 || line[at - 1] !== "\\") return at;
  }
  return line.length;
}

/** A line that was commented out keeps its secret. */
function commentTokens(comment: string): Token[] {
  const at = comment.search(/[=:]/);
  const name = /\w+$/.exec(comment.slice(Math.max(0, at - 80), Math.max(0, at)).trimEnd())?.[0] ?? "";
  const from = comment[at + 1] === ">" ? at + 2 : at + 1;
  const secret = comment.slice(from).trimStart();
  if (!isSecretName(name) || secret === "") return tokens(["comment", comment]);
  return tokens(["comment", comment.slice(0, comment.length - secret.length)], ["secret", secret]);
}

function tokens(...made: [TokenKind, string][]): Token[] {
  return made.filter(([, text]) => text !== "").map(([kind, text]) => ({ kind, text }));
}
