/**
 * @module
 * What Asterisk answers to GetConfig and GetConfigJSON, as the text of a file. Neither tells comments, nor which options
 * a section has of its own: that is what comes behind those of its templates.
 */
import type { AmiPacket } from "../ami/packet.ts";
import { escapeValue } from "./safety.ts";

/** A section with all its lines, `name=value`, inherited ones first. */
export interface AnswerSection {
  name: string;
  template: boolean;
  inherits: string[];
  lines: string[];
}

/** The text of a file that would give this answer. */
export interface AnswerText {
  text: string;
  /** The first section whose own options cannot be told; null when all can. */
  opaque: string | null;
}

/** Sections of an answer to GetConfig. */
export function sectionsOfAnswer(packet: AmiPacket): AnswerSection[] {
  const sections: AnswerSection[] = [];
  for (let at = 0;; at++) {
    const number = String(at).padStart(6, "0");
    const name = packet[`category-${number}`];
    if (name === undefined) return sections;
    const lines: string[] = [];
    for (let line = 0;; line++) {
      const value = packet[`line-${number}-${String(line).padStart(6, "0")}`];
      if (value === undefined) break;
      lines.push(value);
    }
    const inherits = namesIn(packet[`templates-${number}`] ?? "");
    sections.push({ name, template: packet[`istemplate-${number}`] !== undefined, inherits, lines });
  }
}

/**
 * Sections of an answer to GetConfigJSON; null when it cannot be read. Keys come more than once in it, so that no parser
 * of JSON will do, and only `"` and `\\` are escaped.
 */
export function sectionsOfJson(json: string): AnswerSection[] | null {
  const sections: AnswerSection[] = [];
  const reader = new Reader(json);
  if (!reader.take("{")) return null;
  while (!reader.take("}")) {
    if (sections.length > 0 && !reader.take(",")) return null;
    const name = reader.text();
    if (name === null || !reader.take(":{")) return null;
    const section: AnswerSection = { name, template: reader.take('"istemplate":1'), inherits: [], lines: [] };
    let first = !section.template;
    while (!reader.take("}")) {
      if (!first && !reader.take(",")) return null;
      const option = reader.text();
      const value = reader.take(":") ? reader.text() : null;
      if (option === null || value === null) return null;
      if (option === "templates" && section.lines.length === 0) section.inherits = namesIn(value);
      else section.lines.push(`${option}=${value}`);
      first = false;
    }
    sections.push(section);
  }
  return reader.isOver() ? sections : null;
}

/** Writes sections as they would stand in a file. */
export function textOfSections(sections: readonly AnswerSection[]): AnswerText {
  const linesOf = new Map<string, string[]>();
  const parts: string[] = [];
  let opaque: string | null = null;
  for (const { name, template, inherits, lines } of sections) {
    const inherited = inherits.flatMap((base) => linesOf.get(base.toLowerCase()) ?? []);
    const known = inherits.every((base) => linesOf.has(base.toLowerCase()));
    if (!known || inherited.some((line, index) => lines[index] !== line)) opaque ??= name;
    const args = [...(template ? ["!"] : []), ...inherits];
    const head = `[${escapeValue(name)}]${args.length === 0 ? "" : `(${args.join(",")})`}`;
    parts.push(`${[head, ...lines.slice(inherited.length).map(optionLine)].join("\n")}\n`);
    // Of several sections of one name, the first is inherited.
    if (!linesOf.has(name.toLowerCase())) linesOf.set(name.toLowerCase(), lines);
  }
  return { text: parts.join("\n"), opaque };
}

function optionLine(line: string): string {
  const equals = line.indexOf("=");
  const option = line.slice(0, equals);
  return `${/^[[#\\]/.test(option) ? "\\" : ""}${escapeValue(option)} = ${
    escapeValue(line.slice(equals + 1))
  }`;
}

function namesIn(list: string): string[] {
  return list.split(",").filter((one) => one !== "");
}

/** Reads a text from its start to its end. */
class Reader {
  readonly #all: string;
  #at = 0;

  constructor(all: string) {
    this.#all = all;
  }

  take(piece: string): boolean {
    if (!this.#all.startsWith(piece, this.#at)) return false;
    this.#at += piece.length;
    return true;
  }

  /** A text between quotes; null where there is none. */
  text(): string | null {
    if (!this.take('"')) return null;
    let text = "";
    for (let from = this.#at;;) {
      const quote = this.#all.indexOf('"', from);
      if (quote < 0) return null;
      const piece = this.#all.slice(from, quote);
      const escape = piece.indexOf("\\");
      if (escape < 0) {
        this.#at = quote + 1;
        return text + piece;
      }
      text += piece.slice(0, escape) + (this.#all[from + escape + 1] ?? "");
      from += escape + 2;
    }
  }

  isOver(): boolean {
    return this.#at === this.#all.length;
  }
}
