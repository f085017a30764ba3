/**
 * @module
 * Places of a log where lines are missing, since they came too fast to be told: where they are, how many, and what is
 * left of them when the service was asked again. Pure.
 */

/** A place where lines are missing. Holes are kept in the order of their ends; they may overlap. */
export interface Hole {
  /** Every line up to this id was told. */
  after: number;
  /** And every line from this id on; null while nothing was told since. */
  before: number | null;
  /** How many are missing, of everything that the log is about. */
  count: number;
  /** The service does not hold them any more. */
  lost: boolean;
}

/** Lines that were read in one piece, whatever is in them. */
export interface Span {
  /** The first one; 0 where the service holds nothing before. */
  from: number;
  /** Id before which was read. */
  to: number;
  /** Nothing before was held by the service. */
  end: boolean;
}

/** Notes that lines were left out at the end. */
export function openHole(holes: readonly Hole[], { after, count }: Pick<Hole, "after" | "count">): Hole[] {
  const last = holes.at(-1);
  if (last?.before !== null) return [...holes, { after, before: null, count, lost: false }];
  return [...holes.slice(0, -1), { ...last, count: last.count + count }];
}

/** Notes that lines are told again, from this id on. */
export function closeHole(holes: readonly Hole[], id: number): readonly Hole[] {
  const last = holes.at(-1);
  return last?.before === null ? [...holes.slice(0, -1), { ...last, before: id }] : holes;
}

/** What is left of the holes when a piece was read; `added` are the ids that were not here before. */
export function fillHoles(holes: readonly Hole[], span: Span, added: readonly number[]): readonly Hole[] {
  return holes.flatMap((hole) => {
    const end = hole.before ?? Infinity;
    if (span.to < end || span.from > end) return hole;
    if (span.from <= hole.after) return [];
    const gained = added.filter((id) => id > hole.after && id < end).length;
    const count = Math.max(0, hole.count - gained);
    return { ...hole, before: Number.isFinite(span.from) ? span.from : null, count, lost: span.end };
  });
}

/** Holes that do not lie wholly before an id: what is not held has no holes. */
export function clipHoles(holes: readonly Hole[], from: number): readonly Hole[] {
  const left = holes.filter(({ before }) => before === null || before > from);
  return left.length === holes.length ? holes : left;
}

/** Holes at one place as one; null for none. */
export function mergeHoles(holes: readonly Hole[]): Hole | null {
  const last = holes.at(-1);
  return last === undefined ? null : {
    after: Math.min(...holes.map(({ after }) => after)),
    before: last.before,
    count: holes.reduce((sum, { count }) => sum + count, 0),
    lost: holes.every(({ lost }) => lost),
  };
}

/** Whether two holes are shown alike. */
export function isSameHole(a: Hole, b: Hole): boolean {
  return a.after === b.after && a.before === b.before && a.count === b.count && a.lost === b.lost;
}
