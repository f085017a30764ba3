/**
 * @module
 * A configuration file as Asterisk reads and writes it: sections, templates, options and the comments about them.
 * It reads no other file that one names; that is not needed for a demonstration.
 */

/** One option. */
export interface ConfLine {
  name: string;
  value: string;
  /** Written with `=>`. */
  arrow: boolean;
  /** It stands in a template, not here. */
  inherited: boolean;
  /** Comments and empty lines above it, each as it was written. */
  above: string[];
  /** The comment behind it. */
  beside: string;
  /** From 1; 0 for one that is not in the file yet. */
  number: number;
}

/** One section. */
export interface ConfSection {
  name: string;
  template: boolean;
  /** Names of those that it takes options from. */
  bases: string[];
  /** Inherited ones first. */
  lines: ConfLine[];
  above: string[];
  beside: string;
}

/** The file cannot be read as a whole, so that nothing of it counts. */
export class ConfSyntaxError extends Error {
  override name = "ConfSyntaxError";
}

/** Reads a file. @throws ConfSyntaxError when Asterisk would take nothing of it */
export function parseConf(text: string): ConfSection[] {
  const sections: ConfSection[] = [];
  let current: ConfSection | null = null;
  let above: string[] = [];
  let deep = 0;
  for (const [index, raw] of text.replace(/^\ufeff/, "").split("\n").entries()) {
    const number = index + 1;
    const line = raw.replace(/\r$/, "");
    if (deep > 0 || /^\s*;--(?!-)/.test(line)) {
      deep += count(line, /;--(?!-)/g) - count(line, /--;/g);
      continue;
    }
    const { code, comment } = split(line);
    if (code.trim() === "") {
      above.push(line);
      continue;
    }
    if (code.trimStart().startsWith("[")) {
      const opened = open(code.trimStart(), sections, number);
      current = opened.section;
      if (opened.fresh) {
        Object.assign(current, { above, beside: comment });
        sections.push(current);
      }
      above = [];
      continue;
    }
    // A file that it includes, or a line that says nothing.
    if (code.trimStart().startsWith("#") || !code.includes("=")) continue;
    if (current === null) throw new ConfSyntaxError(`No category context for line ${number}`);
    const at = code.indexOf("=");
    const joins = code[at - 1] === "+";
    const arrow = code[at + 1] === ">";
    const name = code.slice(0, joins ? at - 1 : at).trim();
    const value = code.slice(at + (arrow ? 2 : 1)).trim();
    const last = joins ? current.lines.findLast((one) => one.name === name) : undefined;
    current.lines.push({
      name,
      value: `${last?.value ?? ""}${value}`,
      arrow,
      inherited: false,
      above,
      beside: comment,
      number,
    });
    above = [];
  }
  return sections;
}

/** How a file is written. */
export interface WriteOptions {
  /** As the head names it. */
  path: string;
  nowMs: number;
  /** Whether who inherits from a changed template keeps, as lines of its own, what it inherited before. */
  preserve: boolean;
}

/** Writes a file the way that the manager interface does. Comments after the last option are lost, as there. */
export function writeConf(
  sections: readonly ConfSection[],
  { path, nowMs, preserve }: WriteOptions,
): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const out = [
    ";!",
    ";! Automatically generated configuration file",
    `;! Filename: ${name} (${path})`,
    ";! Generator: Manager",
    `;! Creation Date: ${dateOf(nowMs)}`,
    ";!",
  ];
  for (const section of sections) {
    const words = [...(section.template ? ["!"] : []), ...section.bases].join(",");
    out.push(...withoutHead(section.above), `[${section.name}]${words && `(${words})`}${beside(section)}`);
    const bases = section.bases.flatMap((name) => sections.find((one) => same(one.name, name))?.lines ?? []);
    for (const line of section.lines) {
      if (line.inherited && !preserve) continue;
      // What a template says too is not written, be it inherited or repeated.
      if (bases.some((one) => same(one.name, line.name) && one.value === line.value)) {
        if (!line.inherited && line.number > 0) out.push(...line.above.map(() => ""), "");
        continue;
      }
      out.push(
        ...line.above,
        `${line.name} ${line.arrow ? "=>" : "="} ${line.value.replaceAll(";", "\\;")}${beside(line)}`,
      );
    }
  }
  return `${out.join("\n")}\n`;
}

/** The date that a generated file carries, as C's ctime words it. */
function dateOf(ms: number): string {
  const date = new Date(ms);
  const [day = "", month = "", number = "", year = ""] = date.toDateString().split(" ").map((one, index) =>
    index === 2 ? String(Number(one)).padStart(2) : one
  );
  return `${day} ${month} ${number} ${date.toTimeString().slice(0, 8)} ${year}`;
}

function beside({ beside }: { beside: string }): string {
  return beside === "" ? "" : ` ${beside}`;
}

/** The head of a generated file is written anew each time. */
function withoutHead(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.startsWith(";!"));
}

function open(code: string, sections: readonly ConfSection[], number: number) {
  const match = /^\[([^\]]*)\](?:\(([^)]*)\))?/.exec(code);
  if (match === null) throw new ConfSyntaxError(`parse error: no closing ']', line ${number}`);
  const [, name = "", words = ""] = match;
  const section: ConfSection = { name, template: false, bases: [], lines: [], above: [], beside: "" };
  for (const word of words.split(",").filter((one) => one !== "")) {
    if (word === "!") {
      section.template = true;
      continue;
    }
    if (word === "+") {
      const first = sections.find((one) => same(one.name, name));
      if (first === undefined) throw new ConfSyntaxError(`Category addition requested, line ${number}`);
      return { section: first, fresh: false };
    }
    const base = sections.find((one) => same(one.name, word));
    if (base === undefined) {
      throw new ConfSyntaxError(
        `Inheritance requested, but category '${word}' does not exist, line ${number}`,
      );
    }
    section.bases.push(word);
    section.lines.push(...base.lines.map((line) => ({ ...line, inherited: true, above: [], beside: "" })));
  }
  return { section, fresh: true };
}

/** Whether two names of sections, or of options, are one. */
export function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Takes a line apart at the first `;` that no backslash stands before. */
function split(line: string): { code: string; comment: string } {
  const at = line.search(/(?<!\\);/);
  const code = at === -1 ? line : line.slice(0, at);
  return { code: code.replaceAll("\\;", ";"), comment: at === -1 ? "" : line.slice(at) };
}

function count(line: string, what: RegExp): number {
  return [...line.matchAll(what)].length;
}
