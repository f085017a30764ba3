/**
 * @module
 * What of a change stands in a configuration that others may have changed too, and that configuration without it. It
 * looks at the sections that the change was about, and at no others.
 */
import { type Categories, type Category, typeOf } from "./categories.ts";

/**
 * `whole`: the change is there. `none`: it is not. `part`: Asterisk stopped on the way. `others`: somebody else changed
 * the same sections.
 */
export type Standing = "whole" | "none" | "part" | "others";

/** A change: what was there before it and what is to be there after it. */
export interface Change {
  before: Categories;
  after: Categories;
}

/** A name that nobody gives a section: a new one has it until it is complete. */
export function nameOfHalfMade(at: number): string {
  return `doorline-new-${at}`;
}

/** How much of a change stands in what is there now. */
export function standing(change: Change, now: Categories): Standing {
  const keys = changedKeys(change);
  const is = byKey(now);
  const [was, wanted] = [byKey(change.before), byKey(change.after)];
  const half = now.all.some((one) => isHalfMade(one, change.before));
  const every = (held: Map<string, Category[]>) =>
    !half && keys.every((key) => signatures(is.get(key)).join() === signatures(held.get(key)).join());
  if (every(wanted)) return "whole";
  if (every(was)) return "none";
  // Asterisk does one line after another, so that a section on its way has lines of both.
  const ours = keys.every((key) => {
    const lines = [...was.get(key) ?? [], ...wanted.get(key) ?? []].flatMap(linesOf);
    return (is.get(key) ?? []).flatMap(linesOf).every((line) => lines.includes(line));
  });
  return ours ? "part" : "others";
}

/** What is there now without a change: its sections as they were, all others as they are. */
export function withoutChange(change: Change, now: Categories): Categories {
  const keys = new Set(changedKeys(change));
  const all = now.all.filter((one) => !keys.has(keyOf(one)) && !isHalfMade(one, change.before));
  let at = 0;
  for (const one of change.before.all) {
    if (keys.has(keyOf(one))) all.splice(at++, 0, one);
    else {
      const same = all.findIndex((other) => keyOf(other) === keyOf(one));
      if (same >= 0) at = same + 1;
    }
  }
  return { ...now, all };
}

/** Whether two configurations have the same sections with the same lines of their own, in whatever order. */
export function sameOwn(a: Categories, b: Categories): boolean {
  const whole = ({ all }: Categories) => JSON.stringify(all.map((one) => keyOf(one) + signature(one)).sort());
  return whole(a) === whole(b);
}

function changedKeys({ before, after }: Change): string[] {
  const [was, wanted] = [byKey(before), byKey(after)];
  return [...new Set([...was.keys(), ...wanted.keys()])].filter((key) =>
    signatures(was.get(key)).join() !== signatures(wanted.get(key)).join()
  );
}

function byKey({ all }: Categories): Map<string, Category[]> {
  return Map.groupBy(all, keyOf);
}

/** What a section is known by. */
export function keyOf(category: Category): string {
  return JSON.stringify([category.name.toLowerCase(), category.template, typeOf(category)]);
}

function signatures(categories: Category[] = []): string[] {
  return categories.map(signature);
}

function signature(category: Category): string {
  return JSON.stringify([category.inherits, linesOf(category)]);
}

function linesOf({ lines }: Category): string[] {
  return lines.filter(({ inherited }) => !inherited).map(({ name, value }) => `${name}=${value}`);
}

/** Whether it is a new section that was never completed. */
export function isHalfMade({ name }: Category, before?: Categories): boolean {
  return /^doorline-new-\d+$/.test(name) && !before?.all.some((one) => one.name === name);
}
