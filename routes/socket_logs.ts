/**
 * @module
 * Which clients of the WebSocket read which log lines, by the names that they gave. A client gets a line once, however
 * many of its subscriptions the line belongs to.
 */
import type { LogTopic } from "../actors/feed.ts";
import type { LogLineView } from "../machines/endpoint_views.ts";
import type { EndpointsEdge } from "./endpoint_names.ts";
import { findLogs, type FoundLogs, isAbout, type LogsEdge } from "./log_topics.ts";
import { frameOf } from "./socket_frames.ts";

/** Names that one client may have subscribed to at the same time. */
const MAX_NAMES = 10;
/** Lines that a subscription begins with. */
const FIRST_LINES = 100;

/** A client. */
interface LogReader {
  send(text: string): void;
}

interface Subscription {
  topic: LogTopic;
  /** The newest line that it began with: whatever comes later is newer. */
  lastId: number;
}

interface SocketLogsOptions {
  endpoints: Pick<EndpointsEdge, "find">;
  logs: LogsEdge | null;
}

/** Holds the subscriptions. */
export class SocketLogs {
  readonly #options: SocketLogsOptions;
  readonly #byTopic = new Map<LogTopic, Map<LogReader, Subscription>>();
  /** By name, as it was given; two names may be of the same lines. */
  readonly #byReader = new Map<LogReader, Map<string, Subscription>>();
  /** A line is told on several topics in a row: it is written out once. */
  #last: { line: LogLineView; text: string } | null = null;

  constructor(options: SocketLogsOptions) {
    this.#options = options;
  }

  /** Whether anybody reads the topic. */
  wants(topic: LogTopic): boolean {
    return this.#byTopic.has(topic);
  }

  /** Subscribes, and tells the last lines; says why not when it is refused. */
  subscribe(reader: LogReader, name: string): { code: string; message: string } | null {
    const names = this.#byReader.get(reader) ?? new Map<string, Subscription>();
    if (names.has(name)) return null;
    if (names.size >= MAX_NAMES) {
      return { code: "too_many_subscriptions", message: `Expected at most ${MAX_NAMES} at the same time` };
    }
    const found = findLogs(this.#options, name);
    if (found.kind !== "found") return refusal(found, name);
    this.#byReader.set(reader, names);
    const same = this.#byTopic.get(found.topic)?.get(reader);
    if (same !== undefined) {
      names.set(name, same);
      return null;
    }
    const lines = this.#options.logs?.list(found.scope, {}, { limit: FIRST_LINES }).items ?? [];
    const subscription = { topic: found.topic, lastId: lines.at(-1)?.id ?? -1 };
    names.set(name, subscription);
    const readers = this.#byTopic.get(found.topic) ?? new Map<LogReader, Subscription>();
    this.#byTopic.set(found.topic, readers.set(reader, subscription));
    for (const line of lines) reader.send(lineFrame(line));
    return null;
  }

  /** Ends what was subscribed to by that name, if anything was. */
  unsubscribe(reader: LogReader, name: string): void {
    const names = this.#byReader.get(reader);
    const ended = names?.get(name);
    if (names === undefined || ended === undefined) return;
    names.delete(name);
    if (names.size === 0) this.#byReader.delete(reader);
    if (names.values().some((subscription) => subscription === ended)) return;
    this.#end(reader, ended.topic);
  }

  /** Forgets a client. */
  leave(reader: LogReader): void {
    for (const { topic } of this.#byReader.get(reader)?.values() ?? []) this.#end(reader, topic);
    this.#byReader.delete(reader);
  }

  /** Tells a line on one of its topics. */
  tell(topic: LogTopic, line: LogLineView): void {
    for (const [reader, { lastId }] of this.#byTopic.get(topic) ?? []) {
      if (line.id <= lastId || !this.#isFirst(reader, topic, line)) continue;
      if (this.#last?.line !== line) this.#last = { line, text: lineFrame(line) };
      reader.send(this.#last.text);
    }
  }

  /** Tells that lines were left out, since there were too many. */
  skipped(topic: LogTopic, count: number): void {
    const text = frameOf("logSkipped", { topic: topic.slice("logs:".length), count });
    for (const reader of this.#byTopic.get(topic)?.keys() ?? []) reader.send(text);
  }

  /** Whether the client gets the line by no subscription that it made before that to the topic. */
  #isFirst(reader: LogReader, topic: LogTopic, line: LogLineView): boolean {
    for (const subscription of this.#byReader.get(reader)!.values()) {
      if (subscription.topic === topic) return true;
      if (isAbout(subscription.topic, line)) return false;
    }
    return true;
  }

  #end(reader: LogReader, topic: LogTopic): void {
    const readers = this.#byTopic.get(topic);
    readers?.delete(reader);
    if (readers?.size === 0) this.#byTopic.delete(topic);
  }
}

function refusal(
  found: Exclude<FoundLogs, { kind: "found" }>,
  name: string,
): { code: string; message: string } {
  const isCall = found.of === "call";
  if (found.kind === "none") {
    return isCall
      ? { code: "no_such_pbx", message: "No log of that PBX is followed" }
      : { code: "no_such_endpoint", message: "There is no such endpoint" };
  }
  const ways = found.pbxs.map((pbx) => isCall ? `[${pbx}/${name.slice(1)}` : `${pbx}/${name}`).join(", ");
  return {
    code: isCall ? "ambiguous_call" : "ambiguous_endpoint",
    message: `Several PBXs have it; expected one of ${ways}`,
  };
}

function lineFrame(line: LogLineView): string {
  const { timestamp, message, level, source, file, ...rest } = line;
  return frameOf("logUpdate", { timestamp, message, level, source, file, ...rest });
}
