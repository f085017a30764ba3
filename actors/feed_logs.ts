/**
 * @module
 * Log lines of the feed: topics of their own, as many as there are endpoints and calls. Lines have no number and are
 * never replayed, so they are kept apart from what is: publishing costs the same however many topics are read.
 */
import type { LogLineView } from "../machines/endpoint_views.ts";
import { format, type LogTopic } from "./feed_entry.ts";
import type { Reader } from "./feed_reader.ts";

/** What is told of a topic in a second at most, in lines and in characters. */
const MAX_LINES = 1000;
const MAX_CHARACTERS = 2_000_000;
const WINDOW_MS = 1000;

const encoder = new TextEncoder();

interface Told {
  /** Those of the feed itself; there may be others. */
  readers: Set<Reader>;
  pending: string[];
  windowAt: number;
  lines: number;
  characters: number;
  /** Lines that were left out since the last batch. */
  skipped: number;
}

/** Readers by topic, and what waits for them. */
export class LogReaders {
  readonly #topics = new Map<LogTopic, Told>();
  /** Topics with something to be sent. */
  readonly #waiting = new Map<LogTopic, Told>();
  /** A line is told on several topics in a row: it is written out once. */
  #last: { line: LogLineView; text: string } | null = null;

  /** Whether a reader of the feed reads the topic. */
  has(topic: LogTopic): boolean {
    return (this.#topics.get(topic)?.readers.size ?? 0) > 0;
  }

  /** Lets a reader read its log topics. */
  join(reader: Reader, now: number): void {
    for (const topic of reader.logs) this.#of(topic, now).readers.add(reader);
  }

  /** Forgets a reader; its topics go with `forget`, so that whoever comes back at once is bound all the same. */
  leave(reader: Reader): void {
    for (const topic of reader.logs) this.#topics.get(topic)?.readers.delete(reader);
  }

  /** Takes a line to be sent; false when it is left out, since there were too many within a second. */
  take(topic: LogTopic, line: LogLineView, now: number): boolean {
    const told = this.#of(topic, now);
    this.#waiting.set(topic, told);
    if (now - told.windowAt >= WINDOW_MS) {
      told.windowAt = now;
      told.lines = told.characters = 0;
    }
    if (told.lines >= MAX_LINES || told.characters >= MAX_CHARACTERS) {
      told.skipped++;
      return false;
    }
    if (this.#last?.line !== line) this.#last = { line, text: format("log.line", line) };
    told.lines++;
    told.characters += this.#last.text.length;
    if (told.readers.size > 0) told.pending.push(this.#last.text);
    return true;
  }

  /** Gives the readers what waits, written out once for each topic; returns where lines were left out, and how many. */
  flush(): { topic: LogTopic; count: number }[] {
    this.#last = null;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    const left: { topic: LogTopic; count: number }[] = [];
    for (const [topic, told] of waiting) {
      const { pending, skipped: count } = told;
      told.pending = [];
      told.skipped = 0;
      if (count > 0) left.push({ topic, count });
      if (count > 0) pending.push(format("log.skipped", { topic, count }));
      if (told.readers.size === 0) continue;
      const bytes = encoder.encode(pending.join(""));
      // Whoever does not keep up leaves within the loop.
      for (const reader of [...told.readers]) reader.push(bytes);
    }
    return left;
  }

  /** Forgets topics that nobody reads and of which nothing was told within a second. */
  forget(now: number): void {
    for (const [topic, { readers, windowAt }] of this.#topics) {
      if (readers.size === 0 && now - windowAt >= WINDOW_MS) this.#topics.delete(topic);
    }
  }

  #of(topic: LogTopic, now: number): Told {
    let told = this.#topics.get(topic);
    if (told === undefined) {
      told = { readers: new Set(), pending: [], windowAt: now, lines: 0, characters: 0, skipped: 0 };
      this.#topics.set(topic, told);
    }
    return told;
  }
}
