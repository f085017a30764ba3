/**
 * @module
 * Sections that were edited as a form, as text: of a section that is there only the lines that differ are written anew,
 * so that comments, order and manner of writing stay.
 */
import { diffArrays } from "diff";
import type { ConfigProblemView } from "../../machines/endpoint_views.ts";
import { type Block, blockText, type ConfDocument } from "./document.ts";
import { withoutEnd } from "./lines.ts";
import { ConfigRefused } from "./refusal.ts";
import {
  escapeValue,
  isSafeBase,
  isSafeName,
  isSafeOption,
  refused,
  unsafeValue,
  whyUnsafeName,
} from "./safety.ts";

/** A section as a form has it. */
export interface SectionInput {
  name: string;
  /** Becomes the option `type` where the options have none and no template says it. */
  type?: string | null | undefined;
  template?: boolean | undefined;
  inherits?: readonly string[] | undefined;
  /** Its own options, in their order. */
  options: readonly { name: string; value: string }[];
}

/** What cannot be written of a form. Values are not told. */
export function formProblems(sections: readonly SectionInput[]): ConfigProblemView[] {
  return sections.flatMap(({ name, type, inherits = [], options }) => {
    if (!isSafeName(name)) {
      return [refused("a section", `its name ${whyUnsafeName(name)}`)];
    }
    const problems = options.flatMap((option) => {
      const where = { section: name };
      if (!isSafeOption(option.name)) return [refused("an option", "its name is none", where)];
      const why = unsafeValue(option.value);
      return why === null ? [] : [refused("a value", why, { ...where, option: option.name })];
    });
    if (!inherits.every(isSafeBase) || (type ?? null) !== null && !isSafeOption(type!)) {
      problems.push(refused("a section", "a template or its type has no name", { section: name }));
    }
    return problems;
  });
}

/** The text of sections; `blocks` are those of the document that they take the places of. */
export function formText(
  sections: readonly SectionInput[],
  document: ConfDocument,
  blocks: readonly Block[],
): string {
  const free = new Set(blocks);
  return sections.map((given) => {
    const section = withType(given);
    const type = typeOf(section);
    const block = [...free].find((one) =>
      one.name === section.name && one.addsTo === null && typeOf(one) === type
    ) ??
      [...free].find((one) => one.name === section.name && one.addsTo === null && typeOf(one) === undefined);
    if (block === undefined) {
      return sectionText(section);
    }
    free.delete(block);
    return mergedText(section, document, block);
    // Additions to a section stand by themselves; a form does not show them.
  }).concat([...free].filter(({ addsTo }) => addsTo !== null).map((block) => blockText(document, block)))
    .join("\n");
}

/** A section's text in the manner of the house. */
export function sectionText(section: SectionInput): string {
  const lines = section.options.map(({ name, value }) => optionLine(name, value));
  return `${[headLine(section), ...lines].join("\n")}\n`;
}

function optionLine(name: string, value: string, between = " = "): string {
  // Whoever forgot to ask for problems before must not write another line.
  if (unsafeValue(value) !== null) throw new ConfigRefused("unsafe", `Cannot write a value of ${name}`);
  return `${name}${between}${escapeValue(value)}`.trimEnd();
}

function headLine({ name, template, inherits = [] }: SectionInput): string {
  const args = [...(template ? ["!"] : []), ...inherits];
  return `[${name}]${args.length > 0 ? `(${args.join(",")})` : ""}`;
}

function withType(section: SectionInput): SectionInput {
  const { type, options, inherits = [] } = section;
  if (typeof type !== "string" || inherits.length > 0 || options.some(({ name }) => name === "type")) {
    return section;
  }
  return { ...section, options: [{ name: "type", value: type }, ...options] };
}

function typeOf({ options }: { options: readonly { name: string; value: string }[] }): string | undefined {
  return options.findLast(({ name }) => name === "type")?.value;
}

function mergedText(section: SectionInput, document: ConfDocument, block: Block): string {
  const raw = (line: number) => withoutEnd(document.lines[line]!.raw);
  const sameHead = block.template === (section.template ?? false) &&
    block.inherits.join() === (section.inherits ?? []).join();
  const comments = range(block.from, block.head).map(raw);
  const first = block.options[0];
  // As its neighbours are written.
  const between = first === undefined ? " = " : /^[^=]*?(\s*=>?\s*)/.exec(raw(first.line))?.[1] ?? " = ";
  /** New text by line; null takes the line away. */
  const instead = new Map<number, string | null>();
  const behind = new Map<number, string[]>();
  let last = block.head;
  let at = 0;
  let removed: number[] = [];
  const keys = (options: readonly { name: string; value: string }[]) =>
    options.map(({ name, value }) => `${name.toLowerCase()}\0${value}`);
  for (const part of diffArrays(keys(block.options), keys(section.options))) {
    const lines = part.added ? [] : block.options.slice(at, at + part.value.length).map(({ line }) => line);
    at += lines.length;
    if (part.removed) {
      removed = lines;
      for (const line of lines) instead.set(line, null);
    } else if (part.added) {
      for (const key of part.value) {
        const [name = "", value = ""] = key.split("\0");
        const line = removed.find((one) => instead.get(one) === null && nameOn(document, one) === name);
        if (line !== undefined) {
          instead.set(line, rewritten(raw(line), name, value) ?? optionLine(name, value, between));
        } else behind.set(last, [...behind.get(last) ?? [], optionLine(name, value, between)]);
        if (line !== undefined) last = line;
      }
      removed = [];
    } else {
      removed = [];
      last = lines.at(-1) ?? last;
    }
  }
  const body = range(block.head, block.to).flatMap((line) => {
    const own = line === block.head && !sameHead
      ? headLine(section)
      : instead.has(line)
      ? instead.get(line)
      : raw(line);
    return [...(own === null || own === undefined ? [] : [own]), ...behind.get(line) ?? []];
  });
  return `${[...comments, ...body].join("\n")}\n`;
}

function nameOn(document: ConfDocument, line: number): string | null {
  const { code, block } = document.lines[line]!;
  return code.kind === "option" && !block ? code.name.toLowerCase() : null;
}

/** A line with another value: its name, its manner of writing and its comment stay. Null where it is not that simple. */
function rewritten(raw: string, name: string, value: string): string | null {
  const [, before, rest] = /^(\s*[A-Za-z0-9_@]+\s*=>?\s*)(.*)$/.exec(raw) ?? [];
  if (before === undefined || rest === undefined || before.includes("+")) return null;
  const comment = /(?:^|[^\\])(\s*;.*)$/.exec(rest)?.[1] ?? "";
  return unsafeValue(value) === null && before.trimStart().toLowerCase().startsWith(name)
    ? `${before}${escapeValue(value)}${comment}`
    : null;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}
