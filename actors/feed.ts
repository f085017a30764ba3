/**
 * @module
 * The numbered stream of changes. What is published is encoded once, gathered for a moment, and the same bytes go
 * to every reader of the same topics. It keeps a ring of what was sent for readers that come back, and lets go of
 * readers that do not keep up.
 */
import { Reader } from "./feed_reader.ts";

/** What a reader may ask for. */
export const TOPICS = ["intercoms", "events", "links"] as const;

/** A topic of the feed. */
export type Topic = typeof TOPICS[number];

interface Entry {
  seq: number;
  topic: Topic;
  text: string;
}

/** Who reads, so that streams can be counted and ended. */
export interface ReaderOwner {
  userId: number;
  sessionId: string | null;
  tokenId: number | null;
}

interface FeedOptions {
  /** What a reader of these topics is told first. */
  snapshot: (topics: readonly Topic[]) => unknown;
  /** How long changes are gathered, in milliseconds. */
  gatherMs?: number;
  /** Characters that the ring keeps. */
  ringSize?: number;
  /** Bytes that a reader may fall behind, beyond its snapshot. */
  maxBehind?: number;
  /** How long a reader may take nothing at all, in milliseconds. */
  maxStallMs?: number;
  pingEveryMs?: number;
  /** Makes the identifiers of this run different from those of another. */
  epoch?: string;
  now?: () => number;
}

const encoder = new TextEncoder();
const PING = encoder.encode(": ping\n\n");

/** Holds the readers and the ring. `stop()` ends them and its timers. */
export class Feed {
  readonly #options: Required<FeedOptions>;
  readonly #readers = new Set<Reader>();
  readonly #ring: Entry[] = [];
  #ringSize = 0;
  #seq = 0;
  /** First number that the ring can still replay. */
  #oldest = 1;
  #pending: Entry[] = [];
  #transient: Entry[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #ping: ReturnType<typeof setInterval>;
  readonly #snapshots = new Map<string, Uint8Array>();
  #dropped = 0;

  constructor(options: FeedOptions) {
    this.#options = {
      gatherMs: 50,
      ringSize: 8_000_000,
      maxBehind: 1_000_000,
      maxStallMs: 10_000,
      pingEveryMs: 15_000,
      epoch: Date.now().toString(36),
      now: () => performance.now(),
      ...options,
    };
    this.#ping = setInterval(() => this.#each((reader) => reader.push(PING)), this.#options.pingEveryMs);
  }

  /** Number of the newest change. */
  get seq(): number {
    return this.#seq;
  }

  /** Readers that are connected. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Readers that were let go because they did not keep up. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Publishes a change to the readers of a topic. */
  publish(topic: Topic, event: string, data: unknown): void {
    const seq = ++this.#seq;
    this.#pending.push({ seq, topic, text: `id: ${this.#options.epoch}-${seq}\n${format(event, data)}` });
    this.#schedule();
  }

  /** Tells readers something that is not worth replaying: it has no number. */
  tell(topic: Topic, event: string, data: unknown): void {
    if (this.#readers.size === 0) return;
    this.#transient.push({ seq: this.#seq, topic, text: format(event, data) });
    this.#schedule();
  }

  /** Makes every reader of the topic begin anew, when too much changed at once to tell one by one. */
  resync(topic: Topic): void {
    this.#flush();
    this.#seq++;
    this.#forgetRing();
    this.#each((reader) => reader.topics.includes(topic) && this.#begin(reader, true));
  }

  /**
   * Opens a stream of the topics for a reader. With `lastEventId` it goes on where that was, or begins anew with a
   * `reset` when that is too long ago or was another run.
   */
  open(
    owner: ReaderOwner,
    topics: readonly Topic[],
    lastEventId: string | null = null,
  ): ReadableStream<Uint8Array> {
    const reader = new Reader({
      owner,
      topics,
      maxBehind: this.#options.maxBehind,
      maxStallMs: this.#options.maxStallMs,
      now: this.#options.now,
      onGone: (dropped) => {
        this.#readers.delete(reader);
        if (dropped) this.#dropped++;
      },
    });
    this.#readers.add(reader);
    const seen = lastEventId === null ? null : this.#parseId(lastEventId);
    if (seen === null) {
      this.#begin(reader, lastEventId !== null);
    } else {
      reader.since = this.#seq;
      const missed = [...this.#ring, ...this.#pending].filter((entry) =>
        entry.seq > seen && topics.includes(entry.topic)
      );
      // A first byte at once, so that the reader knows it is connected.
      reader.push(missed.length === 0 ? PING : encoder.encode(missed.map((entry) => entry.text).join("")));
    }
    return reader.stream;
  }

  /** Open streams of a user. */
  countOf(userId: number): number {
    let count = 0;
    for (const reader of this.#readers) if (reader.owner.userId === userId) count++;
    return count;
  }

  /** Owners of open streams, so that their sessions count as used. */
  owners(): ReaderOwner[] {
    return Array.from(this.#readers, (reader) => reader.owner);
  }

  /** Ends the streams whose owner matches, and says why. */
  end(matches: (owner: ReaderOwner) => boolean, reason: string): void {
    this.#each((reader) => matches(reader.owner) && reader.end(encoder.encode(format("bye", { reason }))));
  }

  /** Ends all streams; they are told to come back in a moment. */
  stop(): void {
    this.#flush();
    clearInterval(this.#ping);
    const bye = encoder.encode(`retry: 2000\n${format("bye", { reason: "stopping" })}`);
    this.#each((reader) => reader.end(bye));
  }

  #schedule(): void {
    this.#snapshots.clear();
    this.#timer ??= setTimeout(() => this.#flush(), this.#options.gatherMs);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const entries = this.#pending;
    const transient = this.#transient;
    this.#pending = [];
    this.#transient = [];
    const first = entries[0]?.seq ?? this.#seq + 1;
    const encoded = new Map<string, Uint8Array>();
    this.#each((reader) => {
      // Readers of the same topics share the same bytes, but for one that came in the middle of the batch.
      const key = reader.since < first ? reader.key : `${reader.key} ${reader.since}`;
      let bytes = encoded.get(key);
      if (bytes === undefined) {
        const wanted = entries.filter((entry) =>
          entry.seq > reader.since && reader.topics.includes(entry.topic)
        );
        const beside = transient.filter((entry) => reader.topics.includes(entry.topic));
        encoded.set(key, bytes = encoder.encode([...wanted, ...beside].map((entry) => entry.text).join("")));
      }
      if (bytes.length > 0) reader.push(bytes);
    });
    for (const entry of entries) {
      this.#ring.push(entry);
      this.#ringSize += entry.text.length;
    }
    this.#trimRing();
  }

  #trimRing(): void {
    let gone = 0;
    while (this.#ringSize > this.#options.ringSize && gone < this.#ring.length) {
      this.#ringSize -= this.#ring[gone]!.text.length;
      this.#oldest = this.#ring[gone]!.seq + 1;
      gone++;
    }
    if (gone > 0) this.#ring.splice(0, gone);
  }

  #forgetRing(): void {
    this.#ring.length = 0;
    this.#ringSize = 0;
    this.#oldest = this.#seq + 1;
  }

  #begin(reader: Reader, reset: boolean): void {
    let bytes = this.#snapshots.get(reader.key);
    if (bytes === undefined) {
      const text = `id: ${this.#options.epoch}-${this.#seq}\n${
        format("snapshot", this.#options.snapshot(reader.topics))
      }`;
      this.#snapshots.set(reader.key, bytes = encoder.encode(text));
    }
    reader.since = this.#seq;
    if (reset) reader.push(encoder.encode(format("reset", {})));
    reader.allow(bytes.length);
    reader.push(bytes);
  }

  /** The number after which to replay, or null when that is not possible. */
  #parseId(id: string): number | null {
    const match = /^([0-9a-z]+)-(\d{1,15})$/.exec(id);
    if (match === null || match[1] !== this.#options.epoch) return null;
    const seq = Number(match[2]);
    return seq + 1 < this.#oldest || seq > this.#seq ? null : seq;
  }

  #each(visit: (reader: Reader) => unknown): void {
    for (const reader of [...this.#readers]) visit(reader);
  }
}

function format(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
