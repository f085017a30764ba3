/**
 * @module
 * Differences between two texts by lines: read from a unified diff, found here, and three texts made one. Pure.
 */

/** A line of a difference. */
export interface DiffRow {
  /** `@` begins another place of the text. */
  sign: "+" | "-" | " " | "@";
  text: string;
  /** Numbers of the line, from 1; null on the side where it is not. */
  before: number | null;
  after: number | null;
}

/** How many lines come and go. */
export interface DiffSize {
  added: number;
  removed: number;
}

interface Hunk {
  /** Lines [from, to) of the common text that are replaced. */
  from: number;
  to: number;
  lines: string[];
}

/** Reads a unified diff. Heads with file names are left out. */
export function readDiff(diff: string): DiffRow[] {
  const rows: DiffRow[] = [];
  let before = 1;
  let after = 1;
  let inHunk = false;
  for (const line of diff.replace(/\n$/, "").split("\n")) {
    const head = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)$/.exec(line);
    if (head) {
      before = Number(head[1]);
      after = Number(head[2]);
      inHunk = true;
      rows.push({ sign: "@", text: head[3] ?? "", before: null, after: null });
      continue;
    }
    if (!inHunk && /^(---|\+\+\+|diff |index )/.test(line)) continue;
    const text = line.slice(1);
    if (line.startsWith("+")) rows.push({ sign: "+", text, before: null, after: after++ });
    else if (line.startsWith("-")) rows.push({ sign: "-", text, before: before++, after: null });
    else if (line.startsWith(" ")) rows.push({ sign: " ", text, before: before++, after: after++ });
    else if (line === "" && inHunk) rows.push({ sign: " ", text: "", before: before++, after: after++ });
  }
  return rows;
}

/** Leaves out what is the same, but for `context` lines around each change. */
export function foldDiff(rows: readonly DiffRow[], context = 3): DiffRow[] {
  const near = rows.map((_, index) =>
    rows.slice(Math.max(0, index - context), index + context + 1).some(({ sign }) =>
      sign === "+" || sign === "-"
    )
  );
  const kept: DiffRow[] = [];
  rows.forEach((row, index) => {
    if (near[index] && row.sign !== "@") kept.push(row);
    // A gap is told once, and not before the first line of the text.
    else if (kept.length && kept.at(-1)?.sign !== "@") {
      kept.push({ sign: "@", text: "", before: null, after: null });
    }
  });
  if (kept.at(-1)?.sign === "@") kept.pop();
  return kept;
}

/** Counts the lines that come and go. */
export function diffSize(rows: readonly DiffRow[]): DiffSize {
  return {
    added: rows.filter(({ sign }) => sign === "+").length,
    removed: rows.filter(({ sign }) => sign === "-").length,
  };
}

/** Finds the difference of two texts, with `context` lines around each place. */
export function diffTexts(before: string, after: string, context = 3): DiffRow[] {
  const a = before.split("\n");
  const b = after.split("\n");
  const rows: DiffRow[] = [];
  let at = 0;
  let shift = 0;
  const all = hunks(a, b);
  all.forEach((hunk, index) => {
    const start = Math.max(at, hunk.from - context);
    if (start > at || index === 0 && start > 0) rows.push({ sign: "@", text: "", before: null, after: null });
    for (let line = start; line < hunk.from; line++) rows.push(same(a, line, shift));
    for (let line = hunk.from; line < hunk.to; line++) {
      rows.push({ sign: "-", text: a[line]!, before: line + 1, after: null });
    }
    hunk.lines.forEach((text, offset) =>
      rows.push({ sign: "+", text, before: null, after: hunk.from + shift + offset + 1 })
    );
    shift += hunk.lines.length - (hunk.to - hunk.from);
    at = hunk.to;
    const end = Math.min(a.length, hunk.to + context, all[index + 1]?.from ?? Infinity);
    for (; at < end; at++) rows.push(same(a, at, shift));
  });
  return rows;
}

/** Puts two changes of one text together; null where both changed the same place, each in its way. */
export function merge(base: string, mine: string, theirs: string): string | null {
  const lines = base.split("\n");
  const own = hunks(lines, mine.split("\n"));
  const other = hunks(lines, theirs.split("\n"));
  const merged: Hunk[] = [];
  for (const hunk of own) {
    const clash = other.find((one) => touches(hunk, one));
    if (!clash) merged.push(hunk);
    else if (!isSame(hunk, clash)) return null;
  }
  merged.push(...other);
  merged.sort((a, b) => a.from - b.from);
  const made: string[] = [];
  let at = 0;
  for (const hunk of merged) {
    made.push(...lines.slice(at, hunk.from), ...hunk.lines);
    at = hunk.to;
  }
  return [...made, ...lines.slice(at)].join("\n");
}

function same(lines: readonly string[], at: number, shift: number): DiffRow {
  return { sign: " ", text: lines[at]!, before: at + 1, after: at + shift + 1 };
}

function touches(a: Hunk, b: Hunk): boolean {
  return a.from <= b.to && b.from <= a.to;
}

function isSame(a: Hunk, b: Hunk): boolean {
  return a.from === b.from && a.to === b.to && a.lines.join("\n") === b.lines.join("\n");
}

/** Places where two texts differ, by the longest common subsequence of their lines. */
function hunks(a: readonly string[], b: readonly string[]): Hunk[] {
  // Configurations of one endpoint have tens of lines, so a whole table is cheap.
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] = a[i] === b[j]
        ? table[(i + 1) * width + j + 1]! + 1
        : Math.max(table[(i + 1) * width + j]!, table[i * width + j + 1]!);
    }
  }
  const found: Hunk[] = [];
  let open: Hunk | null = null;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      open = null;
      i++;
      j++;
      continue;
    }
    if (!open) found.push(open = { from: i, to: i, lines: [] });
    const down = i < a.length ? table[(i + 1) * width + j]! : -1;
    const right = j < b.length ? table[i * width + j + 1]! : -1;
    if (i < a.length && down >= right) open.to = ++i;
    else open.lines.push(b[j++]!);
  }
  return found;
}
