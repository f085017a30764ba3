/**
 * @module
 * The lines of a log that a page holds: joined by their ids, bounded, and cut into blocks that stay the same objects
 * while nothing in them changes, so that a line more draws one block and not five thousand lines. Pure.
 */
import type { LogLine } from "../types.ts";
import type { Fit } from "./endpoint_logs_filter.ts";
import { clipHoles, fillHoles, type Hole, isSameHole, mergeHoles } from "./endpoint_logs_holes.ts";

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
  /** From this id on nothing is missing but in the holes; infinite while nothing is held. */
  wholeFrom: number;
  /** From this id on nothing is missing that fits the choice, but in the holes; 0 where the service holds no more. */
  fitFrom: number;
  /** The last id that the stream told: what was read beside it may be newer, and have gaps. */
  liveTo: number;
  /** Where lines were left out. */
  holes: readonly Hole[];
}

/** Lines as they were read from the service. */
export interface ReadPage {
  /** The oldest first. */
  items: readonly LogLine[];
  /** Id before which was read; null from the newest one on. */
  cursor: number | null;
  /** The service holds nothing before. */
  end: boolean;
}

/** Lines that are drawn together. */
export interface LogBlock {
  key: number;
  lines: readonly LogLine[];
  /** Local day of the shown line before, so that a new day is told; empty before the first. */
  dayBefore: string;
  /** Holes before lines, by their ids. */
  holes: ReadonlyMap<number, Hole>;
}

/** What there is to say about the held lines. */
export interface Tally {
  blocks: LogBlock[];
  shown: number;
  /** How many would be shown if their level alone was chosen. */
  levels: Record<string, number>;
  /** The hole behind the last shown line; null where there is none. */
  tail: Hole | null;
}

/** No lines. */
export const NOTHING_HELD: Held = {
  lines: [],
  first: 0,
  wholeFrom: Infinity,
  fitFrom: Infinity,
  liveTo: -Infinity,
  holes: [],
};

const NO_HOLES: ReadonlyMap<number, Hole> = new Map();

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
  let inside = 0;
  for (const line of added) {
    if (byId.has(line.id)) continue;
    byId.set(line.id, line);
    // The end is where most is to be drawn: its blocks keep their numbers.
    if (line.id < last) inside++;
  }
  if (byId.size === lines.length) return held;
  const all = [...byId.values()].sort((a, b) => a.id - b.id);
  return { ...held, lines: all, first: held.first - inside };
}

/** Adds lines as the stream tells them. */
export function follow(held: Held, lines: readonly LogLine[]): Held {
  const last = lines.at(-1)?.id ?? -Infinity;
  return { ...join(held, lines), liveTo: Math.max(held.liveTo, last) };
}

/** Begins with lines of which none before is known. */
export function beginWith(lines: readonly LogLine[], holes: readonly Hole[] = []): Held {
  const from = lines[0]?.id ?? 0;
  const liveTo = lines.at(-1)?.id ?? -Infinity;
  return { lines, first: 0, wholeFrom: from, fitFrom: from, liveTo, holes: clipHoles(holes, from) };
}

/**
 * Takes the lines with which a stream begins. Ids begin anew with the service, and after a long cut lines may be missing
 * between: then what was held goes, since the rest can be read from the service again.
 */
export function joinSnapshot(held: Held, lines: readonly LogLine[]): Held {
  const [first] = lines;
  // Nobody has said anything yet.
  if (first === undefined) return beginWith([]);
  const known = new Map(held.lines.map((line) => [line.id, line]));
  // What was read beside a stream that was cut may be newer than the cut; before the first stream it is all there is.
  const surelyTo = held.liveTo === -Infinity ? Infinity : held.liveTo;
  const overlaps = lines.some(({ id }) => id <= surelyTo && known.has(id));
  const isSame = lines.every((line) => {
    const other = known.get(line.id);
    return !other || other.message === line.message && other.timestamp === line.timestamp;
  });
  if (!overlaps || !isSame) return beginWith([...lines]);
  const span = { from: first.id, to: Infinity, end: false };
  return {
    ...follow(held, lines),
    wholeFrom: Math.min(held.wholeFrom, first.id),
    fitFrom: Math.min(held.fitFrom, first.id),
    holes: fillHoles(held.holes, span, newIds(held, lines)),
  };
}

/** Adds a page of lines that fit the choice. One that does not reach what is held would leave a gap and is left out. */
export function joinPage(held: Held, { items, cursor, end }: ReadPage): Held {
  if (cursor !== null && cursor < held.fitFrom) return held;
  const from = end ? 0 : items[0]?.id ?? cursor ?? Infinity;
  return { ...join(held, items), fitFrom: Math.min(held.fitFrom, from) };
}

/** Adds a page of all lines, whether they fit or not, into the holes that it reaches. */
export function joinFill(held: Held, { items, cursor, end }: ReadPage): Held {
  const to = cursor ?? Infinity;
  const from = items[0]?.id ?? to;
  const added = newIds(held, items);
  return {
    ...join(held, items),
    wholeFrom: to >= held.wholeFrom ? Math.min(held.wholeFrom, from) : held.wholeFrom,
    fitFrom: to >= held.fitFrom ? Math.min(held.fitFrom, from) : held.fitFrom,
    holes: fillHoles(held.holes, { from, to, end }, added),
  };
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
  let { fitFrom } = held;
  if (left > 0) {
    const from = kept[0]?.id ?? 0;
    wholeFrom = Math.max(wholeFrom, from);
    fitFrom = Math.max(fitFrom, from);
  }
  const holes = clipHoles(held.holes, fitFrom);
  return { ...held, lines: kept, first: held.first + over, wholeFrom, fitFrom, holes };
}

/** Keeps only what is whole: what was read for other filters has gaps. */
export function dropFiltered(held: Held): Held {
  const { wholeFrom, holes } = held;
  const at = held.lines.findIndex(({ id }) => id >= wholeFrom);
  const skipped = at < 0 ? held.lines.length : at;
  return {
    ...held,
    lines: skipped === 0 ? held.lines : held.lines.slice(skipped),
    first: held.first + skipped,
    fitFrom: wholeFrom,
    holes: clipHoles(holes, wholeFrom),
  };
}

/** Counts the held lines and cuts the shown ones into blocks. Blocks of `before` are used again where they are the same. */
export function tally(
  held: Held,
  fits: (line: LogLine) => Fit,
  options: { after: number; before: readonly LogBlock[]; dayOf: (line: LogLine) => string },
): Tally {
  const levels: Record<string, number> = {};
  const grouped = new Map<number, LogLine[]>();
  const holes = clipHoles(held.holes, options.after);
  const marked = new Map<number, Map<number, Hole>>();
  let passed = 0;
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
    const before = passed;
    while (passed < holes.length && (holes[passed]!.before ?? Infinity) <= line.id) passed++;
    const hole = mergeHoles(holes.slice(before, passed));
    if (hole) marked.set(key, (marked.get(key) ?? new Map<number, Hole>()).set(line.id, hole));
  });
  const known = new Map(options.before.map((block) => [block.key, block]));
  let dayBefore = "";
  const blocks = [...grouped].map(([key, lines]) => {
    const made: LogBlock = { key, lines, dayBefore, holes: marked.get(key) ?? NO_HOLES };
    dayBefore = options.dayOf(lines.at(-1)!);
    const old = known.get(key);
    return old && isSameBlock(old, made) ? old : made;
  });
  return { blocks, shown, levels, tail: mergeHoles(holes.slice(passed)) };
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
    a.lines.every((line, index) => line === b.lines[index]) && a.holes.size === b.holes.size &&
    [...a.holes].every(([id, hole]) => isSameHole(hole, b.holes.get(id) ?? NO_HOLE));
}

const NO_HOLE: Hole = { after: 0, before: 0, count: -1, lost: false };

function newIds(held: Held, lines: readonly LogLine[]): number[] {
  const known = new Set(held.lines.map(({ id }) => id));
  return lines.map(({ id }) => id).filter((id) => !known.has(id));
}

function isRising(lines: readonly LogLine[]): boolean {
  return lines.every((line, index) => index === 0 || lines[index - 1]!.id < line.id);
}
