/**
 * @module
 * Changes to the text of pjsip.conf as the form makes them: the text stays the one truth, so that comments and order
 * stay and the form and the text are never apart. What is typed into a field can only ever be that field. Pure.
 */
import { readLines, readSections } from "./endpoint_config_lex.ts";

/** Types of sections that an endpoint is made of. */
export const SECTION_TYPES = ["endpoint", "auth", "aor", "identify"];

/** Puts another value on an option's line; its name, its way of writing `=` and its comment stay. */
export function setValue(text: string, line: number, value: string): string {
  return changeOption(text, line, { value });
}

/** Gives an option another name. */
export function setName(text: string, line: number, name: string): string {
  return changeOption(text, line, { name });
}

/** Adds an option behind the last one of a section, written as that one is. */
export function addOption(text: string, section: number, name: string, value: string): string {
  const found = readSections(text)[section];
  if (!found) return text;
  const lines = text.split("\n");
  const like = readLines(text)[found.lastLine - 1]?.tokens.find(({ kind }) => kind === "operator")?.text;
  lines.splice(found.lastLine, 0, `${safeName(name)}${like ?? " = "}${safeValue(value)}`);
  return lines.join("\n");
}

/** Takes an option's line away. */
export function removeOption(text: string, line: number): string {
  const lines = text.split("\n");
  lines.splice(line - 1, 1);
  return lines.join("\n");
}

/** Line of the option that a move would change places with, which is where the moved one stands then; null for none. */
export function lineBeside(text: string, line: number, by: -1 | 1): number | null {
  const section = readSections(text).find(({ options }) => options.some((option) => option.line === line));
  const at = section?.options.findIndex((option) => option.line === line) ?? -1;
  return section?.options[at + by]?.line ?? null;
}

/** Line of the option that takes the place of a removed one, in the text without it; null where none is left. */
export function lineAfterRemoval(text: string, line: number): number | null {
  const next = lineBeside(text, line, 1);
  return next === null ? lineBeside(text, line, -1) : next - 1;
}

/** Lets an option change places with the one before (-1) or behind it (1), within its section. */
export function moveOption(text: string, line: number, by: -1 | 1): string {
  const other = lineBeside(text, line, by);
  if (other === null) return text;
  const lines = text.split("\n");
  [lines[line - 1], lines[other - 1]] = [lines[other - 1]!, lines[line - 1]!];
  return lines.join("\n");
}

/** Adds a section at the end. */
export function addSection(text: string, name: string, type: string): string {
  const body = text.replace(/\n+$/, "");
  const section = `[${safeName(name)}]\ntype = ${safeName(type)}\n`;
  return body === "" ? section : `${body}\n\n${section}`;
}

/** Takes a section away. Comments over the next section stay with that one. */
export function removeSection(text: string, section: number): string {
  const found = readSections(text)[section];
  if (!found) return text;
  const lines = text.split("\n");
  lines.splice(found.line - 1, found.lastLine - found.line + 1);
  // Two blank lines where one stood before and one behind it.
  if (lines[found.line - 2]?.trim() === "" && lines[found.line - 1]?.trim() === "") {
    lines.splice(found.line - 1, 1);
  }
  return lines.join("\n").replace(/^\n+/, "");
}

/** Keys that stay with their rows while others come and go: the name, and the how-manieth of that name it is. */
export function keysByName(rows: readonly { name: string }[]): string[] {
  const met = new Map<string, number>();
  return rows.map(({ name }) => {
    const times = met.get(name) ?? 0;
    met.set(name, times + 1);
    return `${times} ${name}`;
  });
}

/** A secret of letters and digits that cannot be taken for one another, at about 5.8 bits each. */
export function generateSecret(
  length = 24,
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes),
): string {
  const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  let secret = "";
  while (secret.length < length) {
    for (const byte of random(new Uint8Array(length))) {
      // Bytes over the last whole round would make the first letters likelier.
      if (byte < 256 - 256 % letters.length && secret.length < length) {
        secret += letters[byte % letters.length];
      }
    }
  }
  return secret;
}

function changeOption(text: string, line: number, change: { name?: string; value?: string }): string {
  const read = readLines(text)[line - 1];
  if (read?.kind !== "option") return text;
  const { name = read.name, value = read.value } = change;
  const part = (kind: string) => read.tokens.find((token) => token.kind === kind)?.text ?? "";
  const indent = read.tokens[0]?.kind === "space" ? read.tokens[0].text : "";
  const comment = part("comment");
  const end = comment === "" ? "" : spaceBeforeComment(read.tokens.at(-2));
  const lines = text.split("\n");
  // A value that begins with `>` would make another operator of a bare `=`.
  const operator = part("operator").replace(/=$/, value.startsWith(">") ? "= " : "=");
  lines[line - 1] = `${indent}${safeName(name)}${operator}${safeValue(value)}${end}${comment}`;
  return lines.join("\n");
}

function spaceBeforeComment(token: { kind: string; text: string } | undefined): string {
  return token?.kind === "space" ? token.text : " ";
}

/** A name cannot end its line, nor begin a section, a comment, a directive or a value. */
function safeName(name: string): string {
  return name.replace(/[\r\n\0;=\[\]]/g, "").replace(/^[\s#]+/, "");
}

/** A value cannot end its line nor begin a comment. */
function safeValue(value: string): string {
  return value.replace(/[\r\n\0]/g, " ").replace(/;/g, "\\;");
}
