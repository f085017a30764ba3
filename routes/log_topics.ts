/**
 * @module
 * Whose log lines somebody asks for by a name, and what the edge needs of the logs. A name is looked up among the
 * endpoints that there are; it is never part of a path.
 */
import type { AsteriskLogs, LogScope } from "../actors/asterisk_log/logs.ts";
import type { LogTopic } from "../actors/feed.ts";
import type { EndpointView, LogLineView } from "../machines/endpoint_views.ts";
import { ambiguous, type AmbiguousEndpoint, type EndpointsEdge, noEndpoint } from "./endpoint_names.ts";
import { isNamed, problem, type ProblemResponse } from "./problem.ts";

/** What is wanted of log lines. */
export type LogFilter = Parameters<AsteriskLogs["list"]>[1];

/** What the edge needs of the logs. */
export type LogsEdge = Pick<AsteriskLogs, "list" | "stats" | "files" | "pbxs">;

/** What a name of lines comes to. Where it does not come to any, `of` says what was meant. */
export type FoundLogs =
  | { kind: "found"; topic: LogTopic; scope: LogScope }
  | { kind: "none"; of: "endpoint" | "call" }
  | { kind: "ambiguous"; of: "endpoint" | "call"; pbxs: string[] };

/** What a name is looked up in; `logs` is null where none are followed. */
export interface LogPlaces {
  endpoints: Pick<EndpointsEdge, "find">;
  logs: Pick<LogsEdge, "pbxs"> | null;
}

/** Whether a topic of the feed is one of log lines. */
export function isLogs(topic: string): topic is LogTopic {
  return topic.startsWith("logs:");
}

const CALL = /^\[(?:([^/]+)\/)?(C-[0-9a-fA-F]{1,16})\]$/;

/** Finds the lines by `*`, `[C-0000000a]`, `[PBX/C-0000000a]`, an endpoint's name, or PBX/NAME. */
export function findLogs({ endpoints, logs }: LogPlaces, name: string): FoundLogs {
  if (name === "*") return found({ kind: "all" });
  const [, pbx, call] = CALL.exec(name) ?? [];
  if (call !== undefined) return findCall(logs, { call: callId(call), pbx });
  try {
    const view = endpoints.find(name) ?? ofPbx(endpoints, name);
    return view === null
      ? { kind: "none", of: "endpoint" }
      : found({ kind: "endpoint", pbx: view.pbx, name: view.name });
  } catch (error) {
    if (!isNamed<AmbiguousEndpoint>(error, "AmbiguousEndpoint")) throw error;
    return { kind: "ambiguous", of: "endpoint", pbxs: error.pbxs };
  }
}

/** Finds a call's lines; where the logs of one PBX are followed, it need not be named. */
export function findCall(
  logs: LogPlaces["logs"],
  { pbx, call }: { pbx?: string | undefined; call: string },
): FoundLogs {
  // Where nothing is followed there is no line, whatever it is called.
  if (logs === null) return found({ kind: "call", pbx: pbx ?? "", call });
  const pbxs = logs.pbxs();
  const [first] = pbxs;
  if (pbx === undefined && pbxs.length > 1) return { kind: "ambiguous", of: "call", pbxs };
  const wanted = pbx ?? first;
  if (wanted === undefined || !pbxs.includes(wanted)) return { kind: "none", of: "call" };
  return found({ kind: "call", pbx: wanted, call });
}

/** Says why a name of lines comes to none. */
export function noLogs(
  c: Parameters<typeof problem>[0],
  found: Exclude<FoundLogs, { kind: "found" }>,
): ProblemResponse {
  if (found.of === "endpoint") return found.kind === "none" ? noEndpoint(c) : ambiguous(c, found.pbxs);
  if (found.kind === "none") {
    return problem(c, { status: 404, type: "not-found", title: "No log of that PBX is followed" });
  }
  const { pbxs } = found;
  return problem(c, {
    status: 409,
    type: "ambiguous-call",
    title: "Several PBXs count their calls so",
    detail: `expected pbx to be one of ${pbxs.join(", ")}`,
    extra: { pbxs },
  });
}

/** A call's id as Asterisk writes it: its digits are small. */
export function callId(text: string): string {
  return `C-${text.slice(2).toLowerCase()}`;
}

/** No PBX has a slash in its name. */
function ofPbx(endpoints: Pick<EndpointsEdge, "find">, name: string): EndpointView | null {
  const slash = name.indexOf("/");
  return slash < 0 ? null : endpoints.find(name.slice(slash + 1), name.slice(0, slash));
}

function found(scope: LogScope): FoundLogs {
  return { kind: "found", topic: topicOf(scope), scope };
}

function topicOf(scope: LogScope): LogTopic {
  switch (scope.kind) {
    case "all":
      return "logs:*";
    case "endpoint":
      return `logs:${scope.pbx}/${scope.name}`;
    case "call":
      return `logs:[${scope.pbx}/${scope.call}]`;
    default:
      return scope satisfies never;
  }
}

/** Whether a line is told on that topic. */
export function isAbout(topic: LogTopic, line: LogLineView): boolean {
  if (topic === "logs:*") return true;
  if (line.call !== null && topic === `logs:[${line.pbx}/${line.call}]`) return true;
  return line.endpoints.some((name) => topic === `logs:${line.pbx}/${name}`);
}
