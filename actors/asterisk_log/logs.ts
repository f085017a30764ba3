/**
 * @module
 * The logs of all Asterisks: follows their files, finds the endpoints and the call of each message, keeps the newest
 * in memory and tells them to those who read along. Nothing of a log is written to disk or to the service's own log.
 */
import { basename } from "node:path";
import type { LogLineView } from "../../machines/endpoint_views.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { Desk, keyOfCall, keyOfEndpoint, type LogEndpoint, type Target } from "./desk.ts";
import type { Filter } from "./filter.ts";
import { Follower } from "./follower.ts";
import type { Message } from "./messages.ts";
import type { Kept, Ring } from "./ring.ts";
import type { LogSource } from "./sources.ts";
import { BOUNDS, type Bounds, Store } from "./store.ts";
import type { TailState } from "./tail.ts";

/** Whose lines: all, those about an endpoint, or those of a call, `C-0000000a`, since its Asterisk was started. */
export type LogScope =
  | { kind: "all" }
  | { kind: "endpoint"; pbx: string; name: string }
  | { kind: "call"; pbx: string; call: string };

/** Which of them; times are milliseconds since 1970, both inclusive. */
export type LogFilter = Omit<Filter, "isPast">;

/** Where lines are told to those who read along. */
export interface LogFeed {
  /** Whether anybody reads a topic: `logs:*`, `logs:PBX/NAME` or `logs:[PBX/C-0000000a]`. */
  wants(topic: string): boolean;
  tell(topic: string, event: "log.line", line: LogLineView): void;
}

/** What is held of a scope, in numbers. */
export interface LogStats {
  lines: number;
  /** New ones of the last minute. */
  per_minute: number;
  levels: Record<string, number>;
  sources: string[];
}

/** A log file. */
export interface LogFileView {
  /** Without its folder. */
  name: string;
  pbx: string;
  state: TailState;
  /** Messages that were read of it. */
  lines: number;
  error: string | null;
}

interface LogsOptions {
  sources: readonly LogSource[];
  /** IANA zone of dates that have none. */
  zone: string;
  clock: Clock;
  log: Logger;
  feed: LogFeed;
  /** Names to attribute by; asked again after `endpointsChanged()`. */
  endpoints: () => Iterable<LogEndpoint>;
  /** Told every line, before the feed; it must not throw. */
  onLine?: (line: LogLineView) => void;
  bounds?: Partial<Bounds>;
  /** Lines of each file that are read at the start. */
  contextLines?: number;
  /** How often files are looked at, in milliseconds. */
  pollMs?: number;
}

/** Soon enough that a person sees a line as it is written, and that little is lost when a file is cut with no copy. */
const POLL_MS = 100;
const CONTEXT_LINES = 1000;
/** Names are asked for at most so often: thousands of them take longer than thousands of lines. */
const UPDATE_MS = 1000;
const ALL = "logs:*";

/** Follows logs. `start()` begins, `stop()` ends all of it. */
export class AsteriskLogs {
  readonly #options: LogsOptions;
  readonly #store: Store;
  readonly #desks = new Map<string, Desk>();
  readonly #followers: Follower[];
  /** Rings of the message at hand. */
  readonly #rings: Ring[] = [];
  #stale = true;
  #updatedAt = -Infinity;
  /** When what is being worked on was read, by the steady clock and by the wall's. */
  #readAt = NaN;
  #seenAt = NaN;
  #id = 0;
  #running: Promise<void> | null = null;
  #polling: Promise<boolean> | null = null;
  #stopped = false;
  #timer: unknown = null;
  #wake: (() => void) | null = null;

  /** @throws RangeError when there is no such zone */
  constructor(options: LogsOptions) {
    this.#options = options;
    const { clock } = options;
    // Before anything is opened.
    new Intl.DateTimeFormat("en-US", { timeZone: options.zone });
    this.#store = new Store({ ...BOUNDS, ...options.bounds });
    for (const { pbx } of options.sources) {
      if (!this.#desks.has(pbx)) this.#desks.set(pbx, new Desk(pbx, this.#store));
    }
    const claimed = new Map<string, string>();
    this.#followers = options.sources.map((source) =>
      new Follower({
        source,
        claimed,
        zone: options.zone,
        now: () => clock.now(),
        wall: () => clock.toWall(clock.now()),
        contextLines: options.contextLines ?? CONTEXT_LINES,
        log: options.log,
        give: (path, message, fresh, now) => this.#take(source.pbx, path, message, fresh, now),
      })
    );
  }

  /** Reads what is there and goes on by itself. Files that are missing are awaited. */
  async start(): Promise<void> {
    if (this.#running !== null || this.#stopped) return;
    await this.poll();
    this.#running = this.#run();
  }

  /** Ends all of it; what was kept can still be asked for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
    await this.#polling;
    for (const follower of this.#followers) follower.close();
  }

  /** Looks at every file once. True when there is more to read at once. For `start()` and tests. */
  poll(): Promise<boolean> {
    return this.#polling ??= this.#poll().finally(() => this.#polling = null);
  }

  /** Names are asked for again, within a second. */
  endpointsChanged(): void {
    this.#stale = true;
  }

  /** The newest lines of a scope, or those before an id, oldest first. */
  list(
    scope: LogScope,
    filter: LogFilter,
    page: { limit: number; before?: number },
  ): { items: LogLineView[]; next: number | null } {
    const { items, next } = this.#store.list(keyOf(scope), this.#present(filter), page);
    return { items: items.map(view), next };
  }

  /** The PBXs whose logs are followed. */
  pbxs(): string[] {
    return [...this.#desks.keys()];
  }

  /** What is held of a scope. */
  stats(scope: LogScope): LogStats {
    return this.#store.stats(keyOf(scope), this.#options.clock.now());
  }

  /** The files that are read, awaited, or cannot be read. */
  files(): LogFileView[] {
    return this.#followers.flatMap((follower) => follower.files());
  }

  async #poll(): Promise<boolean> {
    let more = false;
    for (const follower of this.#followers) {
      if (!this.#stopped) more = await follower.poll() || more;
    }
    return more;
  }

  async #run(): Promise<void> {
    const { clock, log, pollMs = POLL_MS } = this.#options;
    while (!this.#stopped) {
      try {
        if (await this.poll()) continue;
      } catch (error) {
        // One file's trouble is told with that file; this is a mistake here, and must not end all logs.
        log.error({ error }, "Cannot read Asterisk's logs");
      }
      if (this.#stopped) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#timer = clock.setTimeout(() => resolve(), pollMs);
      });
      clock.clearTimeout(this.#timer);
    }
  }

  #take(pbx: string, path: string, message: Message, fresh: boolean, now: number): void {
    if (this.#stale && now - this.#updatedAt >= UPDATE_MS) this.#update(now);
    if (now !== this.#readAt) {
      this.#readAt = now;
      this.#seenAt = this.#options.clock.toWall(now);
    }
    const { call, text } = message;
    const desk = this.#desks.get(pbx)!;
    const targets = desk.about(text, call, now);
    const kept: Kept = {
      id: ++this.#id,
      at: message.at,
      seenAt: this.#seenAt,
      level: message.level,
      source: message.source,
      call,
      text,
      file: basename(path),
      pbx,
      endpoints: namesOf(targets),
      held: 0,
    };
    this.#rings.length = 0;
    for (const { ring } of targets) this.#rings.push(ring);
    const ofCall = desk.ringOf(kept, now);
    if (ofCall !== null) this.#rings.push(ofCall);
    this.#store.add(kept, this.#rings, fresh ? now : null);
    this.#tell(kept, targets, ofCall !== null);
    desk.heed(kept);
  }

  /** A call is the one of that number since its Asterisk was started, in whatever scope it is asked for. */
  #present(filter: LogFilter): Filter {
    if (filter.call === undefined) return filter;
    return { ...filter, isPast: (message) => this.#desks.get(message.pbx)!.isPast(message) };
  }

  #tell(kept: Kept, targets: readonly Target[], hasCall: boolean): void {
    const { feed, onLine } = this.#options;
    let line: LogLineView | null = null;
    if (onLine !== undefined) onLine(line = view(kept));
    if (feed.wants(ALL)) feed.tell(ALL, "log.line", line ??= view(kept));
    for (const { topic } of targets) {
      if (feed.wants(topic)) feed.tell(topic, "log.line", line ??= view(kept));
    }
    if (!hasCall) return;
    const topic = `logs:${keyOfCall(kept.pbx, kept.call!)}`;
    if (feed.wants(topic)) feed.tell(topic, "log.line", line ?? view(kept));
  }

  #update(now: number): void {
    this.#stale = false;
    this.#updatedAt = now;
    const byPbx = Map.groupBy(this.#options.endpoints(), ({ pbx }) => pbx);
    for (const [pbx, desk] of this.#desks) desk.update(byPbx.get(pbx) ?? []);
  }
}

const NOBODY: readonly string[] = [];

function namesOf(targets: readonly Target[]): readonly string[] {
  if (targets.length === 0) return NOBODY;
  return targets.length === 1 ? targets[0]!.alone : targets.map(({ name }) => name);
}

function keyOf(scope: LogScope): string {
  if (scope.kind === "all") return "";
  return scope.kind === "endpoint" ? keyOfEndpoint(scope.pbx, scope.name) : keyOfCall(scope.pbx, scope.call);
}

function view(kept: Kept): LogLineView {
  return {
    id: kept.id,
    timestamp: kept.at === null ? null : new Date(kept.at).toISOString(),
    level: kept.level,
    source: kept.source,
    call: kept.call,
    message: kept.text,
    file: kept.file,
    pbx: kept.pbx,
    endpoints: [...kept.endpoints],
  };
}
