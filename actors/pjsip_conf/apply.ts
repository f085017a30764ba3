/**
 * @module
 * Puts the text of an endpoint's sections into a file: each section goes where it stood, what is new behind the others,
 * and nothing else changes. Whether the text makes sense is not asked here, only whether it is no more than sections.
 */
import type { ConfigProblemView } from "../../machines/endpoint_views.ts";
import { type Categories, type Category, type ConfFile, readCategories } from "./categories.ts";
import {
  applyEdits,
  type Block,
  type ConfDocument,
  type Edit,
  parseConf,
  printConf,
  removal,
} from "./document.ts";
import type { Group } from "./group.ts";
import { ConfigRefused } from "./refusal.ts";
import { isSafeBase, isSafeName, isSafeOption, refused, unsafeValue, whyUnsafeName } from "./safety.ts";

/** A configuration as it was read. */
export interface LoadedConf {
  source: "file" | "ami";
  main: ConfFile;
  categories: Categories;
  /** Fingerprint of all that was read. */
  revision: string;
  /** Why nothing of it can be changed; null when it can. */
  notEditable: string | null;
}

/** Most characters of a text. */
const MAX_TEXT = 65_536;
const SENTINEL = "doorline-end";

/** Blocks of a group that stand in the main file: those that can be changed. */
export function ownBlocks(conf: LoadedConf, group: Group): Block[] {
  return group.members.flatMap(({ category }) => category.places)
    .filter(({ file }) => file === conf.main).map(({ block }) => block)
    .sort((a, b) => a.head - b.head);
}

/**
 * What is wrong with a text before it is looked at as configuration: `unsafe` and `syntax`. Lines that `mayStay` are
 * those that were there before: Asterisk skips them, and a warning will do.
 */
export function textProblems(
  text: string,
  mayStay: (line: string) => boolean = () => false,
): ConfigProblemView[] {
  if (text.length > MAX_TEXT) return [refused("the text", `it is longer than ${MAX_TEXT} characters`)];
  const problems: ConfigProblemView[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    // deno-lint-ignore no-control-regex -- these are what is looked for
    if (!/[\x00-\x08\x0b-\x1f\x7f]/.test(line) && line.isWellFormed()) return;
    problems.push(refused("the line", "it has a control character or no valid Unicode", { line: index + 1 }));
  });
  if (problems.length > 0) return problems;
  const document = parseConf(text);
  const end = parseConf(`${text}\n[${SENTINEL}]\n`).blocks.at(-1);
  if (end?.name !== SENTINEL) {
    problems.push(refused("the text", "a block comment in it does not end, or ends twice"));
  }
  for (const { word, line } of document.directives) {
    problems.push(refused(`#${word}`, "only sections may be written", { line: line + 1 }));
  }
  const skipped = document.skipped.map((one) => ({ ...one, mild: mayStay(document.lines[one.line]!.raw) }));
  for (
    const { line, why, mild } of [...document.broken.map((one) => ({ ...one, mild: false })), ...skipped]
  ) {
    problems.push({
      severity: mild ? "warning" : "error",
      code: "syntax",
      section: null,
      option: null,
      line: line + 1,
      message: `Asterisk cannot read the line: ${why}`,
    });
  }
  for (const block of document.blocks) problems.push(...blockProblems(block));
  return problems;
}

function blockProblems(block: Block): ConfigProblemView[] {
  const at = { section: block.name, line: block.head + 1 };
  if (!isSafeName(block.name)) {
    return [
      refused("a section", `its name ${whyUnsafeName(block.name)}`, { line: at.line }),
    ];
  }
  const problems: ConfigProblemView[] = [];
  if (block.inherits.some((name) => !isSafeBase(name))) {
    problems.push(refused("a section", "a name between ( and ) is none", at));
  }
  for (const { name, value, line } of block.options) {
    const where = { section: block.name, line: line + 1 };
    if (!isSafeOption(name)) problems.push(refused("an option", "its name is none", where));
    else {
      const why = unsafeValue(value);
      if (why !== null) problems.push(refused("a value", why, { ...where, option: name }));
    }
  }
  return problems;
}

/**
 * The configuration with the group's sections replaced by those of the text; without a group they are added.
 *
 * @throws ConfigRefused `unsafe` when anything beside these sections would change
 */
export function applyText(conf: LoadedConf, group: Group | null, text: string): LoadedConf {
  const { document } = conf.main;
  const blocks = group === null ? [] : ownBlocks(conf, group);
  const chunks = cut(text);
  const pairs = pair(blocks, chunks);
  const edits: Edit[] = [];
  for (const block of blocks) {
    const chunk = pairs.get(block);
    if (chunk === undefined) edits.push(removal(document, block));
    else edits.push({ from: block.from, to: block.to, text: chunk.text });
  }
  // New sections go behind the one that they follow in the text, and before all where they follow none: a template has
  // to stand above who inherits it.
  const known = new Map([...pairs].map(([block, chunk]) => [chunk, block]));
  if (chunks.some((chunk) => chunk.block.addsTo !== null && !known.has(chunk))) {
    throw new ConfigRefused("unsafe", "A section cannot add to another", [
      refused("[name](+)", "it adds to a section that may be that of others"),
    ]);
  }
  const added = new Map<number, string[]>();
  let at = blocks[0]?.from ?? document.lines.length;
  for (const chunk of chunks) {
    const block = known.get(chunk);
    if (block !== undefined) at = block.to;
    else added.set(at, [...added.get(at) ?? [], chunk.text]);
  }
  for (const [line, texts] of added) {
    const before = line > 0 && !document.lines[line - 1]!.blank ? "\n" : "";
    const behind = line < document.lines.length && !document.lines[line]!.blank ? "\n" : "";
    edits.push({ from: line, to: line, text: before + texts.join("\n") + behind });
  }
  const next = withDocument(conf, applyEdits(document, joined(edits)));
  assertFrame(conf, next, { group, chunks });
  return next;
}

/** A configuration whose main file has another text. */
export function withDocument(conf: LoadedConf, document: ConfDocument): LoadedConf {
  // Directives are the same and in the same order, which is how the included files are found again.
  const files = [...conf.main.includes.values()];
  const main = {
    ...conf.main,
    document,
    includes: new Map(document.directives.map(({ line }, at) => [line, files[at] ?? null])),
  };
  return { ...conf, main, categories: readCategories(main) };
}

interface Chunk {
  block: Block;
  text: string;
}

/** Cuts a text into one piece for each section, with what stands before its head. */
function cut(text: string): Chunk[] {
  const document = parseConf(text.replaceAll("\r\n", "\n"));
  return document.blocks.map((block, at) => {
    const from = at === 0 ? 0 : block.from;
    const to = document.blocks[at + 1]?.from ?? document.lines.length;
    const lines = document.lines.slice(from, to).map(({ raw }) => raw.replace(/\n$/, ""));
    while (lines.at(-1)?.trim() === "") lines.pop();
    while (lines[0]?.trim() === "") lines.shift();
    return { block, text: `${lines.join("\n")}\n` };
  });
}

/** Which piece takes which block's place: same name and type first, then same name. */
function pair(blocks: Block[], chunks: Chunk[]): Map<Block, Chunk> {
  const pairs = new Map<Block, Chunk>();
  const free = new Set(chunks);
  const take = (same: (a: Block, b: Block) => boolean) => {
    for (const block of blocks) {
      const chunk = pairs.has(block) ? undefined : [...free].find((one) => same(block, one.block));
      if (chunk === undefined) continue;
      pairs.set(block, chunk);
      free.delete(chunk);
    }
  };
  const alike = (a: Block, b: Block) => a.name === b.name && (a.addsTo?.filter === b.addsTo?.filter);
  take((a, b) => alike(a, b) && ownType(a) === ownType(b) && a.inherits.join() === b.inherits.join());
  take((a, b) => alike(a, b) && ownType(a) === ownType(b));
  take((a, b) => alike(a, b) && (ownType(a) === undefined || ownType(b) === undefined));
  return pairs;
}

function ownType(block: Block): string | undefined {
  return block.options.findLast(({ name }) => name === "type")?.value;
}

/** Edits at one place become one: what is replaced first, then what is added behind it. */
function joined(edits: Edit[]): Edit[] {
  const all: Edit[] = [];
  for (const edit of edits.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    const last = all.at(-1);
    const touches = last !== undefined &&
      (edit.from < last.to || edit.from === last.to && (edit.from === edit.to || last.from === last.to));
    if (!touches) all.push({ ...edit });
    else {
      last.text += edit.text;
      last.to = Math.max(last.to, edit.to);
    }
  }
  return all;
}

/** Everything that is not of the group has to be as it was, and in its order. */
function assertFrame(
  before: LoadedConf,
  after: LoadedConf,
  { group, chunks }: { group: Group | null; chunks: Chunk[] },
): void {
  const mine = (group?.members ?? []).map(({ category }) => category)
    .filter(({ places }) => places[0]!.file === before.main);
  // What others get from these sections may change with them; what is their own may not.
  const lends = mine.some(({ name }) =>
    before.categories.all.some(({ inherits }) => inherits.includes(name))
  );
  const others = before.categories.all.filter((one) => !mine.includes(one)).map((one) => partOf(one, !lends));
  const now = after.categories.all.map((one) => partOf(one, !lends));
  let found = 0;
  for (const one of now) if (one === others[found]) found++;
  const heads = chunks.filter(({ block }) => block.addsTo === null).length;
  const directives = ({ main }: LoadedConf) =>
    JSON.stringify(main.document.directives.map(({ word, argument }) => [word, argument]));
  const kept = found === others.length && now.length === others.length + heads &&
    directives(before) === directives(after) && after.main.document.blocks.length ===
      before.main.document.blocks.length - (group === null ? 0 : ownBlocks(before, group).length) +
        chunks.length;
  if (kept) return;
  throw new ConfigRefused("unsafe", "The change would alter more than the sections that it is about", [
    refused("the sections", "something beside them would change"),
  ]);
}

function partOf({ name, template, inherits, lines }: Category, whole: boolean): string {
  const shown = lines.filter(({ inherited }) => whole || !inherited).map((line) => [line.name, line.value]);
  return JSON.stringify([name, template, inherits, shown]);
}

/**
 * Whether two configurations are the same to Asterisk. In what order sections stand does not matter to it any more once
 * each has the lines of its templates.
 */
export function sameCategories(a: Categories, b: Categories): boolean {
  const whole = ({ all }: Categories) =>
    JSON.stringify(
      all.map(({ name, template, inherits, lines }) =>
        JSON.stringify([name, template, inherits, lines.map((line) => [line.name, line.value])])
      ).sort(),
    );
  return whole(a) === whole(b);
}

/** The text of a configuration's main file. */
export function textOf(conf: LoadedConf): string {
  return printConf(conf.main.document);
}
