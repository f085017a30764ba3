/**
 * @module
 * A configuration file as blocks of lines: each section's head with the comments right above it and its options, apart
 * from what stands between. Printing gives the very text that was parsed; an edit replaces the lines of its block only.
 */
import { diffArrays } from "diff";
import { type ConfLine, readLines, withoutEnd } from "./lines.ts";

/** An option as it stands in a block. */
export interface BlockOption {
  name: string;
  value: string;
  /** What `+=` adds, as it stands; null for a plain option. */
  joined: string | null;
  /** Index of its line in the document. */
  line: number;
}

/** One `[name](…)` with what belongs to it. */
export interface Block {
  name: string;
  template: boolean;
  inherits: string[];
  /** `[name](+)`: its options go to the section of that name which matches the filter, or the first. */
  addsTo: { filter: string } | null;
  options: BlockOption[];
  /** From the first comment above the head to behind the last option, as indexes of lines. */
  from: number;
  head: number;
  to: number;
  /** A directive stands among its options, so that they are not all its own lines. */
  interrupted: boolean;
}

/** A parsed file. Blocks and other lines in their order. */
export interface ConfDocument {
  lines: ConfLine[];
  blocks: Block[];
  /** `#include`, `#tryinclude` and `#exec`, with the block that they stand in or after. */
  directives: { word: string; argument: string; line: number; after: Block | null }[];
  /** What makes Asterisk refuse the file, as far as it can be seen line by line. */
  broken: { line: number; why: string }[];
  /** What Asterisk skips. */
  skipped: { line: number; why: string }[];
}

/** Replaces lines `from` to before `to` by a text. */
export interface Edit {
  from: number;
  to: number;
  text: string;
}

/** Reads a file's text. It takes any text. */
export function parseConf(text: string): ConfDocument {
  const lines = readLines(text);
  const document: ConfDocument = { lines, blocks: [], directives: [], broken: [], skipped: [] };
  let block: Block | null = null;
  lines.forEach(({ code, blank, block: within }, line) => {
    switch (code.kind) {
      case "head":
        block = startBlock(code, lines, { line, previous: block });
        document.blocks.push(block);
        break;
      case "option":
        if (block === null) document.broken.push({ line, why: "it stands before any section" });
        else addOption(block, { ...code, line }, document);
        break;
      case "directive":
        document.directives.push({ word: code.word, argument: code.argument, line, after: block });
        break;
      case "broken":
        document.broken.push({ line, why: code.why });
        break;
      case "skipped":
        document.skipped.push({ line, why: code.why });
        if (block?.to === line) block.to = line + 1;
        break;
      case "nothing":
        // A comment right below an option is of the same section, unless a head follows, which takes it.
        if (block?.to === line && !blank) block.to = line + 1;
        else if (block !== null && within && block.to === line) block.to = line + 1;
    }
  });
  return document;
}

/** The text of a document: that which was parsed. */
export function printConf(document: ConfDocument): string {
  return document.lines.map(({ raw }) => raw).join("");
}

/** A block's lines, with `\n` at the end of each. */
export function blockText(document: ConfDocument, block: Block): string {
  return document.lines.slice(block.from, block.to).map(({ raw }) => `${withoutEnd(raw)}\n`).join("");
}

/** What a block says, comments and the place where it stands left out: two that say the same have the same. */
export function blockKey({ name, template, inherits, addsTo, options }: Block): string {
  const said = options.map((one) => [one.name, one.value, one.joined]);
  return JSON.stringify([name, template, inherits, addsTo, said]);
}

/** How the lines of a document end. */
export function endOfLines(document: ConfDocument): "\n" | "\r\n" {
  return document.lines[0]?.raw.endsWith("\r\n") ? "\r\n" : "\n";
}

/** The document with edits done; lines that stay the same stay to the byte. Edits must not overlap. */
export function applyEdits(document: ConfDocument, edits: readonly Edit[]): ConfDocument {
  const end = endOfLines(document);
  const raws = document.lines.map(({ raw }) => raw);
  const last = raws.at(-1);
  // What is added behind a last line without an end would become part of it.
  if (last !== undefined && !last.endsWith("\n")) raws[raws.length - 1] = last + end;
  for (const edit of edits.toSorted((a, b) => b.from - a.from)) {
    raws.splice(edit.from, edit.to - edit.from, ...merged(raws.slice(edit.from, edit.to), edit.text, end));
  }
  return parseConf(raws.join(""));
}

/** Takes a block away with the blank lines below it, so that no hole stays. */
export function removal(document: ConfDocument, block: Block): Edit {
  let to = block.to;
  while (document.lines[to]?.blank && !document.lines[to]!.block) to++;
  return { from: block.from, to, text: "" };
}

function merged(old: string[], text: string, end: string): string[] {
  const added = text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);
  let at = 0;
  return diffArrays(old.map(withoutEnd), added).flatMap((part) => {
    if (part.added) return part.value.map((line) => line + end);
    const kept = part.removed ? [] : old.slice(at, at + part.value.length);
    at += part.value.length;
    return kept;
  });
}

function startBlock(
  head: { name: string; args: string[] | null },
  lines: ConfLine[],
  { line, previous }: { line: number; previous: Block | null },
): Block {
  let from = line;
  while (from > 0 && isComment(lines[from - 1]!)) from--;
  if (previous !== null) previous.to = Math.min(previous.to, Math.max(from, previous.head + 1));
  const args = head.args ?? [];
  const plus = args.find((arg) => arg.startsWith("+"));
  return {
    name: head.name,
    template: args.some((arg) => arg === "!"),
    inherits: args.filter((arg) => arg !== "!" && !arg.startsWith("+")),
    addsTo: plus === undefined ? null : { filter: plus.slice(1) },
    options: [],
    from,
    head: line,
    to: line + 1,
    interrupted: false,
  };
}

function isComment(line: ConfLine): boolean {
  return line.code.kind === "nothing" && !line.blank;
}

function addOption(block: Block, option: BlockOption, document: ConfDocument): void {
  const { name, value, joined, line } = option;
  if (document.directives.some((one) => one.after === block && one.line >= block.head)) {
    block.interrupted = true;
  }
  block.options.push({ name, value, joined, line });
  block.to = line + 1;
}
