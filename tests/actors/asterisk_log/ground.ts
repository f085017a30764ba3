/**
 * @module
 * Logs in a folder of their own, a clock that is moved by hand, and a feed that keeps what it is told.
 */
import { basename } from "node:path";
import type { LogEndpoint } from "../../../actors/asterisk_log/desk.ts";
import { AsteriskLogs, type LogFeed } from "../../../actors/asterisk_log/logs.ts";
import { type Message, Messages } from "../../../actors/asterisk_log/messages.ts";
import type { Kept } from "../../../actors/asterisk_log/ring.ts";
import type { LogSource } from "../../../actors/asterisk_log/sources.ts";
import { Stamps } from "../../../actors/asterisk_log/stamps.ts";
import { Tail, type TailOptions } from "../../../actors/asterisk_log/tail.ts";
import { createLogger } from "../../../actors/logger.ts";
import type { LogLineView } from "../../../machines/endpoint_views.ts";
import { fakeClock } from "../fakes.ts";

/** When the tests play, a time without a change of clocks. */
export const NOW = Date.UTC(2026, 10, 20, 14, 0, 0);
/** Longer than a message is waited for. */
export const IDLE = 200;

const encoder = new TextEncoder();

/** A folder that goes with the test. */
export async function inFolder(play: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "doorline-log-" });
  try {
    await play(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Adds to a file, as a writer that holds it open for appending does. */
export function append(path: string, text: string | Uint8Array): void {
  Deno.writeFileSync(path, typeof text === "string" ? encoder.encode(text) : text, { append: true });
}

/** Line number `n` as Asterisk writes it. */
export function numbered(n: number): string {
  return `[Nov 20 14:00:00] NOTICE[1] app.c: number ${n}\n`;
}

/** Messages of lines, in the time of the tests. */
export function messagesOf(
  lines: readonly string[],
  options: { zone?: string; now?: number } = {},
): Message[] {
  const messages: Message[] = [];
  const made = new Messages(
    new Stamps(options.zone ?? "UTC", () => options.now ?? NOW),
    (message) => messages.push({ ...message }),
  );
  for (const line of lines) made.line(line, 0);
  made.end();
  return messages;
}

/** A tail with what it gave. `read()` polls until there is no more, twice, so that no message waits. */
export function startTail(path: string, options: Partial<TailOptions> = {}) {
  let now = 0;
  const texts: string[] = [];
  const fresh: string[] = [];
  const tail = new Tail({
    path,
    zone: "UTC",
    now: () => now,
    wall: () => NOW + now,
    contextLines: 1000,
    give: (message, isFresh) => {
      texts.push(message.text);
      if (isFresh) fresh.push(message.text);
    },
    ...options,
  });
  const poll = async () => {
    while (await tail.poll());
  };
  return {
    tail,
    texts,
    fresh,
    poll,
    pass: (ms: number) => void (now += ms),
    read: async () => {
      await poll();
      now += IDLE;
      await poll();
      return texts;
    },
  };
}

/** What the service's own log was told, and logs that are polled by hand. */
export function startLogs(
  sources: LogSource[],
  options: {
    endpoints?: () => Iterable<LogEndpoint>;
    /** Topics that are read; all unless told. */
    wants?: (topic: string) => boolean;
    bounds?: ConstructorParameters<typeof AsteriskLogs>[0]["bounds"];
    zone?: string;
  } = {},
) {
  const clock = fakeClock();
  // The simulated clock begins long ago; lines are of the time of the tests.
  clock.jump(NOW - clock.now());
  const told: { topic: string; line: LogLineView }[] = [];
  const said: string[] = [];
  const feed: LogFeed = {
    wants: options.wants ?? (() => true),
    tell: (topic, _event, line) => void told.push({ topic, line }),
  };
  const logs = new AsteriskLogs({
    sources,
    zone: options.zone ?? "UTC",
    clock,
    log: createLogger({ level: "info", format: "json", write: (line) => void said.push(line) }),
    feed,
    endpoints: options.endpoints ?? (() => []),
    bounds: options.bounds,
  });
  return {
    logs,
    clock,
    told,
    said,
    /** Reads all that is there, and lets the last message out. */
    read: async () => {
      while (await logs.poll());
      clock.pass(IDLE);
      while (await logs.poll());
    },
    topics: () => told.map(({ topic, line }) => `${topic} ${line.message}`),
  };
}

/** A message as it is kept; its id is a second of its time. */
export function kept(id: number, more: Partial<Kept> = {}): Kept {
  return {
    id,
    at: id * 1000,
    seenAt: id * 1000,
    level: "NOTICE",
    source: "a.c",
    call: null,
    text: `text ${id}`,
    file: "messages",
    pbx: "a",
    endpoints: [],
    held: 0,
    ...more,
  };
}

/** Names of files in a folder, sorted. */
export function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => basename(name)).sort();
}
