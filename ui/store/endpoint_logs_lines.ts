/**
 * @module
 * The lines of a log that a page holds: joined by their ids, bounded, and cut into blocks that stay the same objects
 * while nothing in them changes, so that a line more draws one block and not five thousand lines. Pure.
 */
import type { LogLine } from "../types.ts";
import type { Fit } from "./endpoint_logs_filter.ts";

/** Lines that a page holds while it follows the end. */
export const HOLD = 5000;
/** And while somebody reads further up: what is read should not be taken away under the eyes. */
export const HOLD_READING = 10_000;
/** Trimming at every line would be work at every line. */
const SLACK = 500;
/** Lines of a block. */
const BLOCK = 64;
const RATE_MS = 60_000;

/** Lines in the order of their ids. */
export interface Held {
  lines: readonly LogLine[];
  /** Number of the first line in a count that does not change when lines are added before or taken away. */
  first: number;
  /** From this id on nothing is missing. */
  wholeFrom: number;
}

/** Lines that are drawn together. */
export interface LogBlock {
  key: number;
  lines: readonly LogLine[];
  /** Local day of the shown line before, so that a new day is told; empty before the first. */
  dayBefore: string;
}

/** What there is to say about the held lines. */
export interface Tally {
  blocks: LogBlock[];
  shown: number;
  /** How many would be shown if their level alone was chosen. */
  levels: Record<string, number>;
}

/** No lines. */
export const NOTHING_HELD: Held = { lines: [], first: 0, wholeFrom: 0 };

/** Adds lines, each once by its id. Those that are given may overlap with those that are held. */
export function join(held: Held, added: readonly LogLine[]): Held {
  if (!added.length) return held;
  const { lines } = held;
  const last = lines.at(-1)?.id ?? -Infinity;
  const start = lines[0]?.id ?? Infinity;
  if (isRising(added)) {
    if (added[0]!.id > last) return { ...held, lines: [...lines, ...added] };
    if (added.at(-1)!.id < start) {
      return { ...held, lines: [...added, ...lines], first: held.first - added.length };
    }
  }
  const byId = new Map(lines.map((line) => [line.id, line]));
  let before = 0;
  for (const line of added) {
    if (byId.has(line.id)) continue;
    byId.set(line.id, line);
    if (line.id < start) before++;
  }
  if (byId.size === lines.length) return held;
  const all = [...byId.values()].sort((a, b) => a.id - b.id);
  return { ...held, lines: all, first: held.first - before };
}

/**
 * Takes the lines with which a stream begins. Ids begin anew with the service, and after a long cut lines may be missing
 * between: then what was held goes, since the rest can be read from the service again.
 */
export function joinSnapshot(held: Held, lines: readonly LogLine[]): Held {
  if (!lines.length) return held.lines.length ? { ...NOTHING_HELD } : held;
  const wholeFrom = lines[0]!.id;
  const known = new Map(held.lines.map((line) => [line.id, line]));
  const overlaps = lines.some((line) => known.has(line.id));
  const isSame = lines.every((line) => {
    const other = known.get(line.id);
    return !other || other.message === line.message && other.timestamp === line.timestamp;
  });
  if (!overlaps || !isSame) return { lines: [...lines], first: 0, wholeFrom };
  return { ...join(held, lines), wholeFrom: Math.min(held.wholeFrom || wholeFrom, wholeFrom) };
}

/** Keeps at most `limit` lines: those that nobody asked to see go first, then the oldest. */
export function trim(held: Held, limit: number, fits: (line: LogLine) => Fit): Held {
  const over = held.lines.length - limit;
  if (over <= SLACK) return held;
  let left = over;
  const lines: LogLine[] = [];
  let wholeFrom = held.wholeFrom;
  for (const line of held.lines) {
    if (left > 0 && fits(line) !== "shown") {
      left--;
      wholeFrom = line.id + 1;
    } else lines.push(line);
  }
  const kept = left > 0 ? lines.slice(left) : lines;
  if (left > 0) wholeFrom = Math.max(wholeFrom, kept[0]?.id ?? 0);
  return { lines: kept, first: held.first + over, wholeFrom };
}

/** Keeps only what is whole: what was read for other filters has gaps. */
export function dropFiltered(held: Held): Held {
  const at = held.lines.findIndex(({ id }) => id >= held.wholeFrom);
  if (at < 0) return { ...NOTHING_HELD };
  return at === 0 ? held : { ...held, lines: held.lines.slice(at), first: held.first + at };
}

/** Counts the held lines and cuts the shown ones into blocks. Blocks of `before` are used again where they are the same. */
export function tally(
  held: Held,
  fits: (line: LogLine) => Fit,
  options: { after: number; before: readonly LogBlock[]; dayOf: (line: LogLine) => string },
): Tally {
  const levels: Record<string, number> = {};
  const grouped = new Map<number, LogLine[]>();
  let shown = 0;
  held.lines.forEach((line, index) => {
    if (line.id <= options.after) return;
    const fit = fits(line);
    if (fit === "none") return;
    levels[line.level] = (levels[line.level] ?? 0) + 1;
    if (fit !== "shown") return;
    shown++;
    const key = Math.floor((held.first + index) / BLOCK);
    const block = grouped.get(key);
    if (block) block.push(line);
    else grouped.set(key, [line]);
  });
  const known = new Map(options.before.map((block) => [block.key, block]));
  let dayBefore = "";
  const blocks = [...grouped].map(([key, lines]) => {
    const made: LogBlock = { key, lines, dayBefore };
    dayBefore = options.dayOf(lines.at(-1)!);
    const old = known.get(key);
    return old && isSameBlock(old, made) ? old : made;
  });
  return { blocks, shown, levels };
}

/** How many lines came within the last minute, whatever became of them. */
export class LineRate {
  #seconds = new Map<number, number>();

  /** Counts lines of a moment, in milliseconds. */
  add(lines: number, atMs: number): void {
    const second = Math.floor(atMs / 1000);
    this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + lines);
  }

  /** Lines of the minute that ends now. */
  perMinute(nowMs: number): number {
    const from = Math.floor((nowMs - RATE_MS) / 1000);
    let sum = 0;
    for (const [second, lines] of this.#seconds) {
      if (second <= from) this.#seconds.delete(second);
      else sum += lines;
    }
    return sum;
  }

  /** Begins anew. */
  clear(): void {
    this.#seconds.clear();
  }
}

function isSameBlock(a: LogBlock, b: LogBlock): boolean {
  return a.dayBefore === b.dayBefore && a.lines.length === b.lines.length &&
    a.lines.every((line, index) => line === b.lines[index]);
}

function isRising(lines: readonly LogLine[]): boolean {
  return lines.every((line, index) => index === 0 || lines[index - 1]!.id < line.id);
}
