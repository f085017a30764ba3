/**
 * @module
 * What Asterisk makes of configuration files: categories with their lines after templates, additions and includes, in
 * the order in which it reads them. It knows nothing of what the options mean.
 */
import type { Block, ConfDocument } from "./document.ts";

/** One file that was read, with what it includes. */
export interface ConfFile {
  /** As it is shown to people. */
  name: string;
  document: ConfDocument;
  /** Files by the line of the directive; null where they cannot be read. */
  includes: Map<number, ConfFile[] | null>;
}

/** A block with the file that it stands in. */
export interface Place {
  file: ConfFile;
  block: Block;
}

/** A line of a category. */
export interface CategoryLine {
  /** In lower case. */
  name: string;
  value: string;
  /** It came from a template. */
  inherited: boolean;
}

/** What Asterisk calls a category: a section with all that it gets from elsewhere. */
export interface Category {
  name: string;
  template: boolean;
  inherits: string[];
  lines: CategoryLine[];
  /** Where it stands: its own head first, then additions. */
  places: Place[];
}

/** All categories, in order. */
export interface Categories {
  all: Category[];
  /** Why Asterisk would refuse all of it. */
  broken: { file: ConfFile; line: number; why: string }[];
  /** There are files that could not be read, so that something may be there all the same. */
  incomplete: boolean;
}

/** Reads categories of a file with all that it includes. */
export function readCategories(main: ConfFile): Categories {
  const found: Categories = { all: [], broken: [], incomplete: false };
  walk(main, null, found);
  return found;
}

/** The last value of an option, which is the one that counts; undefined where there is none. */
export function valueOf(category: Category, option: string): string | undefined {
  return category.lines.findLast(({ name }) => name === option)?.value;
}

/** What kind of object a category is. */
export function typeOf(category: Category): string | undefined {
  return valueOf(category, "type");
}

/** Names in a list with commas. */
export function listOf(value: string | undefined): string[] {
  return (value ?? "").split(",").map((one) => one.trim()).filter((one) => one !== "");
}

function walk(file: ConfFile, current: Category | null, found: Categories): void {
  const { document, includes } = file;
  found.broken.push(
    ...document.broken
      .filter(({ why }) => current === null || why !== "it stands before any section")
      .map((one) => ({ file, ...one })),
  );
  const blocks = new Map(document.blocks.map((block) => [block.head, block]));
  let category = current;
  document.lines.forEach(({ code }, line) => {
    if (code.kind === "head") category = enter({ file, block: blocks.get(line)! }, found) ?? category;
    else if (code.kind === "option" && category !== null) add(category, code);
    else if (code.kind === "directive") {
      const files = code.word === "exec" ? null : includes.get(line) ?? null;
      if (files === null) found.incomplete = true;
      for (const included of files ?? []) walk(included, category, found);
    }
  });
}

function enter(place: Place, found: Categories): Category | null {
  const { block, file } = place;
  const refuse = (why: string) => void found.broken.push({ file, line: block.head, why });
  let category: Category;
  if (block.addsTo === null) {
    category = { name: block.name, template: block.template, inherits: [], lines: [], places: [place] };
  } else {
    const target = found.all.find((one) =>
      sameName(one.name, block.name) && matches(one, block.addsTo!.filter)
    );
    if (target === undefined) {
      refuse(`there is no section [${block.name}] to add to`);
      return null;
    }
    target.places.push(place);
    category = target;
  }
  for (const name of block.inherits) {
    const base = found.all.find((one) => sameName(one.name, name));
    if (base === undefined) {
      refuse(`there is no section [${name}] above to inherit`);
      continue;
    }
    category.inherits.push(base.name);
    category.lines.push(...base.lines.map((one) => ({ ...one, inherited: true })));
  }
  if (block.addsTo === null) found.all.push(category);
  return category;
}

function add(category: Category, option: { name: string; value: string; joined: string | null }): void {
  // Asterisk looks for options without case (16.28, 22.10): who compares names must not miss a `Password`.
  const name = option.name.toLowerCase();
  const { value, joined } = option;
  const last = joined === null ? undefined : category.lines.findLast((line) => line.name === name);
  if (last === undefined) category.lines.push({ name, value, inherited: false });
  else last.value += joined;
}

/** Asterisk compares names of sections without case. */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** `name=value` of regular expressions with commas; `TEMPLATES=include` and `=restrict` say whether templates count. */
function matches(category: Category, filter: string): boolean {
  const terms = filter.split(",").filter((term) => term !== "").map((term) =>
    term.split("=", 2) as [string, string?]
  );
  const templates = terms.find(([name]) => name === "TEMPLATES")?.[1];
  if (templates === undefined && category.template) return false;
  if (templates === "restrict" && !category.template) return false;
  return terms.every(([name, value = ""]) =>
    name === "TEMPLATES" || category.lines.some((line) => found(name, line.name) && found(value, line.value))
  );
}

function found(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return false;
  }
}
