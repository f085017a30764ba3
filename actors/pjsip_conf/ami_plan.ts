/**
 * @module
 * The smallest set of UpdateConfig's actions that makes one configuration of another, so that order and comments stay
 * where Asterisk keeps them. Facts about UpdateConfig are of Asterisk 16.28 and 22.10. It sends nothing.
 */
import { diffArrays } from "diff";
import { type Categories, type Category, type CategoryLine, sameName, typeOf } from "./categories.ts";
import { nameOfHalfMade } from "./take_back.ts";
import { codecsOf } from "./values.ts";

/** Characters of a value that is looked for: three bytes each still fit. */
const MAX_MATCH = 300;

/** One action, with the parts of its headers: `Action-000000`, `Cat-000000`… */
export type UpdateAction = Readonly<Record<string, string>>;

/** UpdateConfig cannot do this. */
export class CannotPlan extends Error {
  override name = "CannotPlan";
}

/** Actions that make `after` of `before`. @throws CannotPlan when UpdateConfig has no way to */
export function planUpdate(before: Categories, after: Categories): UpdateAction[] {
  const pairs = pairUp(before.all, after.all);
  const gone: Category[] = [];
  const changed: [Category, Category][] = [];
  for (const old of before.all) {
    const now = pairs.get(old);
    if (now === undefined) gone.push(old);
    else if (changesKind(old, now)) {
      if (before.all.some(({ inherits }) => inherits.some((name) => sameName(name, old.name)))) {
        throw new CannotPlan(`AMI cannot change what [${old.name}] inherits, since others inherit it`);
      }
      gone.push(old);
      pairs.delete(old);
    } else if (keys(own(old)).join("\n") !== keys(own(now)).join("\n")) changed.push([old, now]);
  }
  const kept = new Set(pairs.values());
  return [
    ...gone.map((one) => ({ Action: "DelCat", Cat: one.name, ...filterFor(before, one) })),
    // Its lines are told by numbers, so that nothing may have come in between yet.
    ...changed.flatMap(([old, now]) => lineActions(before, old, now)),
    ...after.all.flatMap((one, at) =>
      kept.has(one) ? [] : additions(one, at, { name: nameOfHalfMade(at), after, before, pairs })
    ),
  ];
}

/**
 * What UpdateConfig would change though nobody asked it to: it leaves out every line that equals one of a template that
 * its section inherits, which matters where the order of lines does. Null when it would change nothing.
 */
export function lostLine({ all }: Categories): { section: string; option: string } | null {
  for (const category of all) {
    const inherited = category.lines.filter((line) => line.inherited);
    if (inherited.length === 0) continue;
    const isLost = (line: CategoryLine) =>
      !line.inherited &&
      inherited.some(({ name, value }) => sameName(name, line.name) && value === line.value);
    for (const line of category.lines.filter(isLost)) {
      const rest = category.lines.filter((one) => !isLost(one));
      const same = isCodec(line.name)
        ? codecsOf(category.lines) !== null && codecsOf(category.lines)!.join() === codecsOf(rest)?.join()
        : lastOf(category.lines, line.name) === lastOf(rest, line.name);
      if (!same) return { section: category.name, option: line.name };
    }
  }
  return null;
}

function isCodec(option: string): boolean {
  return option === "allow" || option === "disallow";
}

function lastOf(lines: CategoryLine[], option: string): string | undefined {
  return lines.findLast(({ name }) => name === option)?.value;
}

/** Which section became which: those that are the same first, then those of one name and type, in their order. */
function pairUp(before: Category[], after: Category[]): Map<Category, Category> {
  const pairs = new Map<Category, Category>();
  const taken = new Set<Category>();
  for (const keyOf of [wholeKey, kindKey]) {
    const free = Map.groupBy(after.filter((one) => !taken.has(one)), keyOf);
    for (const old of before) {
      const now = pairs.has(old) ? undefined : free.get(keyOf(old))?.shift();
      if (now === undefined) continue;
      pairs.set(old, now);
      taken.add(now);
    }
  }
  return pairs;
}

function wholeKey(category: Category): string {
  return JSON.stringify([kindKey(category), category.inherits, keys(own(category))]);
}

function kindKey(category: Category): string {
  return JSON.stringify([category.name, category.template, typeOf(category)]);
}

/** UpdateConfig cannot change a head, and finds sections of one name by their type. */
function changesKind(a: Category, b: Category): boolean {
  const types = (one: Category) =>
    own(one).filter(({ name }) => name === "type").map(({ value }) => value).join();
  return a.inherits.join() !== b.inherits.join() || types(a) !== types(b);
}

function own({ lines }: Category): CategoryLine[] {
  return lines.filter(({ inherited }) => !inherited);
}

function keys(lines: CategoryLine[]): string[] {
  return lines.map(({ name, value }) => `${name}=${value}`);
}

/** Restricts an action to one of the sections that have its name. */
function filterFor(categories: Categories, category: Category): { Options: string } | Record<never, never> {
  const type = typeOf(category);
  const named = categories.all.filter((one) =>
    sameName(one.name, category.name) && one.template === category.template
  );
  const templates = category.template ? ["TEMPLATES=restrict"] : [];
  if (named.length === 1) return templates.length === 0 ? {} : { Options: `catfilter="${templates}"` };
  const rivals = named.filter((one) =>
    one.lines.some(({ name, value }) => name === "type" && value === type)
  );
  if (type === undefined || !/^\w+$/.test(type) || rivals.length !== 1) {
    throw new CannotPlan(`AMI cannot tell the sections with the name [${category.name}] apart`);
  }
  return { Options: `catfilter="${[...templates, `^type$=^${type}$`].join(",")}"` };
}

/** From the last line to the first, so that the numbers of those above stay right. */
function lineActions(before: Categories, old: Category, now: Category): UpdateAction[] {
  const at = { Cat: old.name, ...filterFor(before, old) };
  const inherited = old.lines.length - own(old).length;
  const [olds, nows] = [own(old), own(now)];
  const updates: UpdateAction[] = [];
  const moves: { line: number; action: UpdateAction }[] = [];
  const move = (line: number, action: UpdateAction) =>
    moves.push({ line, action: { ...action, ...at, Line: String(inherited + line) } });
  for (const { from, to, added } of hunks(keys(olds), keys(nows))) {
    let line = from;
    for (const { name, value } of nows.slice(added.from, added.to)) {
      let same = line;
      while (same < to && !(olds[same]!.name === name && isSingle(old, now, olds[same]!))) same++;
      if (same === to || value === "") move(line, { Action: "Insert", Var: name, Value: value });
      else {
        // A line that is deleted takes the comment above it along; one that is updated keeps it.
        updates.push({ Action: "Update", ...at, Var: name, Value: value, Match: olds[same]!.value });
        for (; line < same; line++) move(line, { Action: "Delete" });
        line = same + 1;
      }
    }
    for (; line < to; line++) move(line, { Action: "Delete" });
  }
  // At one place what is deleted goes first, and of what is inserted the last: each pushes the others down.
  const isDelete = ({ action }: { action: UpdateAction }) => Number(action.Action === "Delete");
  const ordered = moves.map((one, index) => ({ ...one, index }))
    .sort((a, b) => b.line - a.line || isDelete(b) - isDelete(a) || b.index - a.index);
  return [...updates, ...ordered.map(({ action }) => action)];
}

/** Where two lists differ: `from` to `to` of the old one became `added` of the new one. */
function hunks(
  old: string[],
  now: string[],
): { from: number; to: number; added: { from: number; to: number } }[] {
  const found: { from: number; to: number; added: { from: number; to: number } }[] = [];
  let [line, next] = [0, 0];
  let open = false;
  for (const { added, removed, value } of diffArrays(old, now)) {
    const isSame = !added && !removed;
    if (!isSame && !open) found.push({ from: line, to: line, added: { from: next, to: next } });
    open = !isSame;
    if (!added) line += value.length;
    if (!removed) next += value.length;
    const last = found.at(-1);
    if (open && last !== undefined) [last.to, last.added.to] = [line, next];
  }
  return found;
}

/** Whether Update finds this one line by its name and value, which it compares without case. */
function isSingle(old: Category, now: Category, line: CategoryLine): boolean {
  const same = (one: CategoryLine) => sameName(one.name, line.name) && sameName(one.value, line.value);
  // The old value has to fit into a line of AMI.
  return line.value !== "" && line.value.length <= MAX_MATCH && old.lines.filter(same).length === 1 &&
    !now.lines.some(same);
}

/**
 * A new section is made under a name that nobody has and then renamed: an action by name reaches every section of it,
 * and there is no type to tell them apart by yet.
 */
function additions(
  category: Category,
  at: number,
  { name, after, before, pairs }: {
    name: string;
    after: Categories;
    before: Categories;
    pairs: Map<Category, Category>;
  },
): UpdateAction[] {
  const { template, inherits } = category;
  const options = [
    "allowdups",
    ...(template ? ["template"] : []),
    ...(inherits.length > 0 ? [`inherit="${inherits}"`] : []),
  ];
  const filter: { Options: string } | Record<never, never> = template
    ? { Options: 'catfilter="TEMPLATES=restrict"' }
    : {};
  const match = successor(at, { after, before, pairs });
  if (
    template && match === null && after.all.slice(at + 1).some((one) => one.inherits.includes(category.name))
  ) {
    throw new CannotPlan(`AMI cannot put the template [${category.name}] above those who inherit it`);
  }
  return [
    { Action: "NewCat", Cat: name, Options: options.join(","), ...(match === null ? {} : { Match: match }) },
    ...own(category).map((line) => ({
      Action: "Append",
      Cat: name,
      Var: line.name,
      Value: line.value,
      ...filter,
    })),
    { Action: "RenameCat", Cat: name, Value: category.name, ...filter },
  ];
}

/** The section that a new one goes before; null for the end, also where no name says which is meant. */
function successor(
  at: number,
  { after, before, pairs }: { after: Categories; before: Categories; pairs: Map<Category, Category> },
): string | null {
  const olds = new Map([...pairs].map(([old, now]) => [now, old]));
  const next = after.all.slice(at + 1).map((one) => olds.get(one)).find((one) => one !== undefined);
  if (next === undefined) return null;
  const remaining = before.all.filter((one) => pairs.has(one));
  return remaining.find(({ name }) => sameName(name, next.name)) === next ? next.name : null;
}
