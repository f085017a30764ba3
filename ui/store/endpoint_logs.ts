/**
 * @module
 * The lines of one log as they come: a stream of its own, held lines, pause and clear. What comes waits for the next
 * animation frame, so that a thousand lines a second draw sixty times at most.
 */
import { type Signal, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { LiveStream, type StreamState } from "../stream.ts";
import type { LogLine } from "../types.ts";
import { type Fit, type LogScope, topicOf } from "./endpoint_logs_filter.ts";
import { closeHole, openHole } from "./endpoint_logs_holes.ts";
import {
  beginWith,
  dropFiltered,
  follow,
  type Held,
  HOLD,
  HOLD_READING,
  joinFill,
  joinPage,
  joinSnapshot,
  LineRate,
  NOTHING_HELD,
  type ReadPage,
  trim,
} from "./endpoint_logs_lines.ts";
import { loadSession } from "./session.ts";

/** Hidden tabs draw no frames; lines may still not pile up there for ever. */
const LONGEST_WAIT_MS = 250;
/** What is said to be left out was left out within this time: the service counts by the second. */
const LEFT_OUT_MS = 1500;
/** How long such a span is, and how many are remembered. */
const MARK_MS = 500;
const MARKS = 8;

/** Lines of a log that are on the page. */
export class LogFollower {
  readonly held = signal<Held>(NOTHING_HELD);
  readonly stream: Signal<StreamState> = signal({ phase: "connecting", heardAt: null, retryAt: null });
  /** Whether the first lines are here, be it none. */
  readonly ready = signal(false);
  /** Lines that came too fast to be told, since the page was opened. */
  readonly skipped = signal(0);
  /** Lines that wait while the page is paused; null while it is not. */
  readonly waiting = signal<number | null>(null);
  /** Lines up to this id are cleared from the view. */
  readonly clearedTo = signal(0);
  /** Counts how often the lines began anew: what was asked for before then has nothing to do with them. */
  readonly begun = signal(0);
  readonly rate = new LineRate();

  #live: LiveStream | null = null;
  #arrived: LogLine[] = [];
  #paused: LogLine[] = [];
  #frame = 0;
  #fallback: ReturnType<typeof setTimeout> | undefined;
  #fits: (line: LogLine) => Fit = () => "shown";
  #reading = false;
  /** The last line of each span of time in which lines were told, and when it began; the oldest first. */
  #marks: { id: number; atMs: number }[] = [];

  constructor(readonly scope: LogScope) {}

  /** Connects. */
  start(): void {
    this.#live = new LiveStream(`/api/stream?topics=${encodeURIComponent(topicOf(this.scope))}`, {
      onState: (state) => {
        this.stream.value = state;
      },
      onMessage: (event, data) => this.take(event, data, Date.now()),
      // Who it is now, the service says.
      onUnauthorized: () => void loadSession(),
    });
    this.#live.start();
  }

  /** Ends the stream. */
  stop(): void {
    this.#live?.stop();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#fallback);
  }

  /** Does not wait for the planned time of the next try. */
  retryNow(): void {
    this.#live?.retryNow();
  }

  /** Takes a message of the stream; `nowMs` is this machine's clock. */
  take(event: string, data: string, nowMs: number): void {
    if (event === "snapshot") return this.#begin(JSON.parse(data) as LogSnapshot, nowMs);
    if (event === "log.line") {
      const told = JSON.parse(data) as LogLine | { line: LogLine };
      const line = "line" in told ? told.line : told;
      this.#arrived.push(line);
      this.rate.add(1, nowMs);
      this.#heard(line.id, nowMs);
      if (this.#fallback !== undefined) return;
      this.#frame = requestAnimationFrame(() => this.flush());
      this.#fallback = setTimeout(() => this.flush(), LONGEST_WAIT_MS);
    }
    if (event === "log.skipped") {
      const { count } = JSON.parse(data) as { count: number };
      this.rate.add(count, nowMs);
      this.skipped.value += count;
      const held = this.held.value;
      const holes = openHole(held.holes, { after: this.#sureTo(nowMs), count });
      this.held.value = { ...held, holes };
    }
    if (event === "bye" && (JSON.parse(data) as { reason?: string }).reason === "logged_out") {
      void loadSession();
    }
  }

  /** Puts what came onto the page, or aside while that is paused. */
  flush(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#fallback);
    this.#fallback = undefined;
    const lines = this.#arrived;
    this.#arrived = [];
    if (this.waiting.value === null) return this.#put(lines);
    // What a pause of an hour cannot hold is read from the service again.
    this.#paused = [...this.#paused, ...lines].slice(-HOLD);
    this.waiting.value += lines.length;
  }

  /** Id before which lines that fit are to be read; null where none are known, 0 where there are none. */
  get cursor(): number | null {
    const { fitFrom } = this.held.value;
    return Number.isFinite(fitFrom) ? fitFrom : null;
  }

  /** Adds lines that fit, as they were read from the service. Answers how many of them are new here. */
  add(page: ReadPage): number {
    const before = this.held.value.lines.length;
    this.held.value = joinPage(this.held.value, page);
    return this.held.value.lines.length - before;
  }

  /** Adds lines, whether they fit or not, where some are missing. */
  fill(page: ReadPage): void {
    this.held.value = this.#trimmed(joinFill(this.held.value, page));
  }

  /** Follows another choice: what was read for the one before goes, since it has gaps. */
  choose(fits: (line: LogLine) => Fit): void {
    this.#fits = fits;
    this.held.value = dropFiltered(this.held.value);
  }

  /** While somebody reads further up, more lines are held. */
  reads(reading: boolean): void {
    this.#reading = reading;
  }

  /** Stops the view; lines wait. */
  pause(): void {
    this.flush();
    this.waiting.value = 0;
  }

  /** Goes on with all that waited. */
  resume(): void {
    this.flush();
    const lines = this.#paused;
    this.#paused = [];
    const missed = (this.waiting.value ?? 0) > lines.length;
    this.waiting.value = null;
    if (!missed) return this.#put(lines);
    this.held.value = beginWith(lines, this.held.value.holes);
    this.begun.value++;
  }

  /** Clears the view. The lines stay on the service, and here until the next ones need the room. */
  clear(): void {
    this.clearedTo.value = this.held.value.lines.at(-1)?.id ?? 0;
  }

  /** Takes the clearing back. */
  unclear(): void {
    this.clearedTo.value = 0;
  }

  #begin(snapshot: LogSnapshot, nowMs: number): void {
    const lines = Object.values(snapshot.logs ?? {}).flat().sort((a, b) => a.id - b.id);
    this.#arrived = [];
    this.#paused = [];
    const before = this.held.value;
    this.held.value = joinSnapshot(before, lines);
    this.#marks = lines.length ? [{ id: lines.at(-1)!.id, atMs: -Infinity }] : [];
    const [oldest] = before.lines;
    // What does not go on where it ended went as a whole.
    if (oldest && !this.held.value.lines.includes(oldest)) this.begun.value++;
    // Ids that begin anew have nothing to do with what was cleared.
    if (this.clearedTo.value > (lines.at(-1)?.id ?? Infinity)) this.clearedTo.value = 0;
    if (this.waiting.value !== null) this.waiting.value = 0;
    const skewMs = Date.parse(snapshot.at) - nowMs;
    this.rate.clear();
    for (const { timestamp } of lines) {
      if (timestamp !== null) this.rate.add(1, Date.parse(timestamp) - (skewMs || 0));
    }
    this.ready.value = true;
  }

  #put(lines: readonly LogLine[]): void {
    if (!lines.length) return;
    this.held.value = this.#trimmed(follow(this.held.value, lines));
  }

  #trimmed(held: Held): Held {
    return trim(held, this.#reading ? HOLD_READING : HOLD, this.#fits);
  }

  #heard(id: number, nowMs: number): void {
    const { holes } = this.held.value;
    const closed = closeHole(holes, id);
    if (closed !== holes) this.held.value = { ...this.held.value, holes: closed };
    const last = this.#marks.at(-1);
    if (last && nowMs - last.atMs < MARK_MS) last.id = id;
    else this.#marks = [...this.#marks.slice(1 - MARKS), { id, atMs: nowMs }];
  }

  /** Up to which line nothing is left out, when it is heard that something is. */
  #sureTo(nowMs: number): number {
    const until = nowMs - LEFT_OUT_MS - MARK_MS;
    return (this.#marks.findLast(({ atMs }) => atMs <= until) ?? this.#marks[0])?.id ?? 0;
  }
}

/** First message of the stream. */
interface LogSnapshot {
  /** Lines by topic, the oldest first. */
  logs?: Record<string, LogLine[]>;
  at: string;
}

/** Follows a log while a component is on the page. */
export function useLogs(scope: LogScope): LogFollower {
  const [follower] = useState(() => new LogFollower(scope));
  useEffect(() => {
    follower.start();
    return () => follower.stop();
  }, [follower]);
  return follower;
}
