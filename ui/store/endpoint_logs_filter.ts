/**
 * @module
 * Which lines of a log are wanted, and where the searched text stands in them. Pure; the address keeps the choice.
 */
import type { LogLine } from "../types.ts";

/** Whose lines a page shows. */
export type LogScope =
  | { kind: "all" }
  | { kind: "endpoint"; name: string; pbx: string | null }
  | { kind: "call"; call: string; pbx: string | null };

/** What of the log is wanted; empty for everything. `from` and `to` are ISO 8601. */
export interface LogChoice {
  q: string;
  levels: string[];
  /** A module, `res_pjsip`. */
  source: string;
  /** Only the lines of this PBX; only of the log of everything, others are of one anyway. */
  pbx: string;
  from: string;
  to: string;
}

/** Levels of Asterisk, the worst first; others are words of their own. */
export const LEVELS = ["ERROR", "WARNING", "NOTICE", "SECURITY", "VERBOSE", "DEBUG"];

/** Where a search was found in a text. */
export interface Piece {
  text: string;
  hit: boolean;
}

/** Reads the choice from an address; what cannot be one is ignored. */
export function logChoice(query: URLSearchParams, scope: LogScope["kind"] = "endpoint"): LogChoice {
  const time = (name: string) => {
    const value = query.get(name) ?? "";
    return Number.isNaN(Date.parse(value)) ? "" : value;
  };
  const levels = (query.get("level") ?? "").split(",").filter((level) => /^[A-Z][A-Z0-9_]*$/.test(level));
  return {
    q: (query.get("q") ?? "").slice(0, 200),
    levels: [...new Set(levels)],
    source: query.get("source") ?? "",
    pbx: scope === "all" ? query.get("pbx") ?? "" : "",
    from: time("from"),
    to: time("to"),
  };
}

/** Whether anything is left out by a choice. */
export function isFiltered({ q, levels, source, pbx, from, to }: LogChoice): boolean {
  return q !== "" || levels.length > 0 || source !== "" || pbx !== "" || from !== "" || to !== "";
}

/** A choice as the service takes it. */
export function choiceQuery(choice: LogChoice): Record<string, string> {
  return {
    q: choice.q,
    level: choice.levels.join(),
    source: choice.source,
    from: choice.from,
    to: choice.to,
    // Where the lines are of one PBX, their address names it.
    ...(choice.pbx === "" ? {} : { pbx: choice.pbx }),
  };
}

/** Whose lines an address is about: a call's lines are followed across endpoints. */
export function scopeOf(
  query: URLSearchParams,
  endpoint: { name: string; pbx: string | null } | null,
): LogScope {
  const call = query.get("call") ?? "";
  if (/^C-[0-9a-fA-F]{1,16}$/.test(call)) {
    // Each Asterisk counts its calls from one; where there is one only, an address need not name it.
    return { kind: "call", call, pbx: query.get("pbx") || (endpoint?.pbx ?? null) };
  }
  return endpoint ? { kind: "endpoint", ...endpoint } : { kind: "all" };
}

/** The topic of the stream. */
export function topicOf(scope: LogScope): string {
  switch (scope.kind) {
    case "all":
      return "logs:*";
    case "endpoint":
      return `logs:${scope.pbx === null ? "" : `${scope.pbx}/`}${scope.name}`;
    case "call":
      return `logs:[${scope.pbx === null ? "" : `${scope.pbx}/`}${scope.call}]`;
    default:
      return scope satisfies never;
  }
}

/** Where the service answers with these lines, and with what query. `file` is the download. */
export function logAddress(
  scope: LogScope,
  options: { file?: boolean } = {},
): { path: string; query: Record<string, string> } {
  const part = options.file ? "logs.txt" : "logs";
  if (scope.kind === "all") return { path: `/api/${part}`, query: {} };
  const query: Record<string, string> = scope.pbx === null ? {} : { pbx: scope.pbx };
  if (scope.kind === "call") return { path: `/api/${part}`, query: { ...query, call: scope.call } };
  return { path: `/api/endpoints/${encodeURIComponent(scope.name)}/${part}`, query };
}

/** The module that a line comes from: the file of Asterisk's source without its folder and `.c`. */
export function moduleOf(source: string | null): string {
  return source === null ? "" : source.replace(/^.*\//, "").replace(/\.c$/, "");
}

/** Looks for a text in any case; null when nothing is searched. Letters only: no pattern gets into it. */
export function needle(q: string): RegExp | null {
  const text = q.trim();
  return text === "" ? null : new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
}

/** Cuts a text where the searched one stands in it. */
export function pieces(text: string, found: RegExp | null): Piece[] {
  if (!found) return [{ text, hit: false }];
  const cut: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(found)) {
    if (match.index > from) cut.push({ text: text.slice(from, match.index), hit: false });
    cut.push({ text: match[0], hit: true });
    from = match.index + match[0].length;
  }
  if (from < text.length || !cut.length) cut.push({ text: text.slice(from), hit: false });
  return cut;
}

/** As the service has it: a module is a file, or the folder that it is in. */
function isOf(source: string | null, wanted: string): boolean {
  return moduleOf(source) === wanted || source !== null && source.split("/").slice(0, -1).includes(wanted);
}

/** What a line is to a choice: whether it is shown, and whether only its level keeps it away. */
export type Fit = "shown" | "other_level" | "none";

/** Makes the test of a choice, which remembers its answers: the same lines are asked about at every drawing. */
export function fitter(choice: LogChoice): (line: LogLine) => Fit {
  const found = needle(choice.q);
  const from = choice.from === "" ? -Infinity : Date.parse(choice.from);
  const to = choice.to === "" ? Infinity : Date.parse(choice.to);
  const bounded = choice.from !== "" || choice.to !== "";
  const known = new WeakMap<LogLine, Fit>();
  function judge(line: LogLine): Fit {
    if (choice.pbx !== "" && line.pbx !== choice.pbx) return "none";
    if (choice.source !== "" && !isOf(line.source, choice.source)) return "none";
    if (bounded) {
      const at = line.timestamp === null ? NaN : Date.parse(line.timestamp);
      // A line whose time nobody knows is in no span of time.
      if (!(at >= from && at < to)) return "none";
    }
    if (found) {
      found.lastIndex = 0;
      if (!found.test(line.message)) return "none";
    }
    return choice.levels.length === 0 || choice.levels.includes(line.level) ? "shown" : "other_level";
  }
  return (line) => {
    let fit = known.get(line);
    if (fit === undefined) known.set(line, fit = judge(line));
    return fit;
  };
}
