/**
 * @module
 * The numbered stream of changes. What is published is encoded once, gathered for a moment, and the same bytes go
 * to every reader of the same topics. It keeps a ring of what was sent for readers that come back, and lets go of
 * readers that do not keep up.
 */
import type { LogLineView } from "../machines/endpoint_views.ts";
import {
  type Audience,
  type Entry,
  format,
  isLogTopic,
  type LogTopic,
  PRIVATE_TOPICS,
  type Published,
  type Scope,
  type Topic,
} from "./feed_entry.ts";
import { LogReaders } from "./feed_logs.ts";
import { Reader } from "./feed_reader.ts";
import { Ring } from "./feed_ring.ts";
import { Snapshots, withField } from "./feed_snapshots.ts";

export {
  type Audience,
  isLogTopic,
  type LogTopic,
  type Published,
  type Scope,
  type Topic,
  TOPICS,
} from "./feed_entry.ts";

/** Who reads, so that streams can be counted and ended. */
export interface ReaderOwner {
  userId: number;
  sessionId: string | null;
  tokenId: number | null;
}

/**
 * Readers that are told by another way than server-sent events, such as WebSockets. They count among a user's
 * streams, and end with the rights they were opened with.
 */
export interface OtherReaders {
  /** Called at each publish, before `publish` returns; it must not throw. */
  published(entry: Published): void;
  /** Whether any of them reads these log lines; asked for each line. */
  wants(topic: LogTopic): boolean;
  owners(): Iterable<ReaderOwner>;
  countOf(userId: number): number;
  end(matches: (owner: ReaderOwner) => boolean, reason: string): void;
  stop(): void;
}

interface FeedOptions {
  /**
   * What a reader of these topics is told first; `scope` says how much of the private ones. An object with at least
   * one field, where there are log topics: their lines are added to it.
   */
  snapshot: (topics: readonly Topic[], scope: Scope) => unknown;
  /** The newest log lines of a topic, oldest first, that a reader of it begins with. */
  lastLines?: (topic: LogTopic) => readonly LogLineView[];
  /** How long changes are gathered, in milliseconds. */
  gatherMs?: number;
  /** How long changes are gathered at most once one of a call is among them: a ringing phone does not wait. */
  urgentMs?: number;
  /** Characters that the ring keeps. */
  ringSize?: number;
  /** Bytes that a reader may fall behind, beyond its snapshot or what it was given while it kept up. */
  maxBehind?: number;
  /** How long a reader may take nothing at all, in milliseconds. */
  maxStallMs?: number;
  pingEveryMs?: number;
  /** Makes the identifiers of this run different from those of another. */
  epoch?: string;
  /** What time is measured by; that of the process unless told. */
  clock?: FeedClock;
}

/** A clock and its timers, in milliseconds. */
export interface FeedClock {
  now(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(id: unknown): void;
}

/** Topics that are told at once, or nearly. */
const URGENT_TOPICS: readonly Topic[] = ["calls"];

const encoder = new TextEncoder();
const PING_TEXT = ": ping\n\n";
const PING = encoder.encode(PING_TEXT);
const SLOW = encoder.encode(format("bye", { reason: "slow" }));
const STOPPING = encoder.encode(`retry: 2000\n${format("bye", { reason: "stopping" })}`);

const PROCESS_CLOCK: FeedClock = {
  now: () => performance.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (id) => clearTimeout(id as number),
};

/** Holds the readers and the ring. `stop()` ends them and its timers. */
export class Feed {
  readonly #options: Required<FeedOptions>;
  readonly #readers = new Set<Reader>();
  readonly #others = new Set<OtherReaders>();
  readonly #logs = new LogReaders();
  readonly #ring: Ring;
  #seq = 0;
  #pending: Entry[] = [];
  #transient: Entry[] = [];
  #timer: unknown = null;
  /** When the timer is due. */
  #dueAt = 0;
  #ping: unknown;
  #stopped = false;
  readonly #snapshots: Snapshots;
  /** Replays, encoded once for readers that come at the same moment. */
  readonly #first = new Map<string, Uint8Array>();
  #dropped = 0;

  constructor(options: FeedOptions) {
    this.#options = {
      gatherMs: 50,
      urgentMs: 5,
      ringSize: 8_000_000,
      maxBehind: 1_000_000,
      maxStallMs: 10_000,
      pingEveryMs: 15_000,
      epoch: Date.now().toString(36),
      clock: PROCESS_CLOCK,
      lastLines: () => [],
      ...options,
    };
    this.#ring = new Ring(this.#options.ringSize);
    this.#snapshots = new Snapshots({ ...this.#options, state: options.snapshot });
    this.#armPing();
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

  /** Bytes of snapshots that are held for readers to come. */
  get snapshotBytes(): number {
    return this.#snapshots.bytes;
  }

  /**
   * Publishes a change to the readers of a topic. With an audience, those of scope "all" and the people named get it,
   * and nobody else: not now, not in a replay.
   */
  publish(topic: Topic, event: string, data: unknown, audience?: Audience): void {
    if (this.#stopped) return;
    const seq = ++this.#seq;
    const text = `id: ${this.#options.epoch}-${seq}\n${format(event, data)}`;
    this.#pending.push({ seq, topic, text, audience: audience?.userIds ?? null });
    this.#schedule(topic);
    for (const others of this.#others) others.published({ topic, event, data, audience });
  }

  /**
   * Whether anybody reads the log lines of a topic: to be asked for each line, before anything is made of it. What is
   * no topic of log lines is not asked about.
   */
  wants(topic: string): boolean {
    if (this.#stopped || !isLogTopic(topic)) return false;
    if (this.#logs.has(topic)) return true;
    for (const others of this.#others) if (others.wants(topic)) return true;
    return false;
  }

  /** Tells readers something that is not worth replaying: it has no number. */
  tell(topic: Topic, event: string, data: unknown, audience?: Audience): void;
  /** Tells a log line; beyond a thousand a second, `log.skipped` says how many of a topic were left out. */
  tell(topic: LogTopic, event: "log.line", line: LogLineView): void;
  tell(topic: Topic | LogTopic, event: string, data: unknown, audience?: Audience): void {
    if (this.#stopped) return;
    if (isLogTopic(topic)) return this.#tellLine(topic, data as LogLineView);
    for (const others of this.#others) others.published({ topic, event, data, audience });
    if (this.#readers.size === 0) return;
    const text = format(event, data);
    this.#transient.push({ seq: this.#seq, topic, text, audience: audience?.userIds ?? null });
    this.#schedule(topic);
  }

  /** Makes every reader of the topic begin anew, when too much changed at once to tell one by one. */
  resync(topic: Topic): void {
    if (this.#stopped) return;
    this.#flush();
    this.#seq++;
    this.#ring.clear(this.#seq + 1);
    this.#snapshots.clear();
    this.#each((reader) => reader.topics.includes(topic) && this.#begin(reader, true));
    for (const others of this.#others) {
      others.published({ topic, event: "reset", data: {}, audience: undefined });
    }
  }

  /** Lets readers of another kind take part; returns how to end that. */
  attach(others: OtherReaders): () => void {
    this.#others.add(others);
    return () => void this.#others.delete(others);
  }

  /**
   * Opens a stream of the topics for a reader. With `lastEventId` it goes on where that was, or begins anew with a
   * `reset` when that is too long ago or was another run. `scope` says how much of the private topics it may read.
   * With `logs` it always begins anew, since lines are not replayed.
   */
  open(
    owner: ReaderOwner,
    topics: readonly Topic[],
    options: { scope: Scope; lastEventId?: string | null; logs?: readonly LogTopic[] },
  ): ReadableStream<Uint8Array> {
    const { lastEventId = null, logs = [] } = options;
    const reader = new Reader({
      owner,
      topics,
      logs,
      // Readers that read nothing private are alike, whoever they are.
      scope: PRIVATE_TOPICS.some((topic) => topics.includes(topic)) ? options.scope : "all",
      maxBehind: this.#options.maxBehind,
      maxStallMs: this.#options.maxStallMs,
      now: () => this.#options.clock.now(),
      farewell: SLOW,
      onGone: (dropped) => {
        this.#readers.delete(reader);
        this.#logs.leave(reader);
        if (dropped) this.#dropped++;
      },
    });
    if (this.#stopped) {
      reader.end(STOPPING);
      return reader.stream;
    }
    this.#readers.add(reader);
    const seen = lastEventId === null || logs.length > 0 ? null : this.#parseId(lastEventId);
    if (seen === null) {
      this.#begin(reader, lastEventId !== null);
      this.#logs.join(reader, this.#options.clock.now());
    } else {
      reader.since = this.#seq;
      reader.push(this.#shared(`${reader.key} ${seen}`, () => this.#missed(reader, seen)));
    }
    return reader.stream;
  }

  /** Open streams of a user, those of other kinds too. */
  countOf(userId: number): number {
    let count = 0;
    for (const others of this.#others) count += others.countOf(userId);
    for (const reader of this.#readers) if (reader.owner.userId === userId) count++;
    return count;
  }

  /** Owners of open streams, so that their sessions count as used. */
  owners(): ReaderOwner[] {
    const own = Array.from(this.#readers, (reader) => reader.owner);
    return [...own, ...Array.from(this.#others, (others) => [...others.owners()]).flat()];
  }

  /** Ends the streams whose owner matches, and says why. */
  end(matches: (owner: ReaderOwner) => boolean, reason: string): void {
    this.#each((reader) => matches(reader.owner) && reader.end(encoder.encode(format("bye", { reason }))));
    for (const others of this.#others) others.end(matches, reason);
  }

  /** Ends all streams; they are told to come back in a moment. */
  stop(): void {
    this.#flush();
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#ping);
    this.#snapshots.clear();
    this.#each((reader) => reader.end(STOPPING));
    for (const others of this.#others) others.stop();
  }

  #tellLine(topic: LogTopic, line: LogLineView): void {
    if (!this.wants(topic)) return;
    this.#gather();
    if (!this.#logs.take(topic, line, this.#options.clock.now())) return;
    const published = { topic, event: "log.line", data: line, audience: undefined };
    for (const others of this.#others) others.published(published);
  }

  #armPing(): void {
    this.#ping = this.#options.clock.setTimeout(() => {
      this.#armPing();
      this.#logs.forget(this.#options.clock.now());
      this.#each((reader) => reader.push(PING));
    }, this.#options.pingEveryMs);
  }

  /** What was encoded of the state before is old, and what was published is sent in a moment. */
  #schedule(topic: Topic): void {
    this.#first.clear();
    this.#gather(URGENT_TOPICS.includes(topic));
  }

  #gather(urgent = false): void {
    if (this.#stopped) return;
    const { clock, gatherMs, urgentMs } = this.#options;
    const waitMs = urgent ? Math.min(urgentMs, gatherMs) : gatherMs;
    const dueAt = clock.now() + waitMs;
    if (this.#timer !== null && this.#dueAt <= dueAt) return;
    if (this.#timer !== null) clock.clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = clock.setTimeout(() => this.#flush(), waitMs);
  }

  #flush(): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#first.clear();
    const entries = this.#pending;
    const transient = this.#transient;
    this.#pending = [];
    this.#transient = [];
    if (entries.length + transient.length > 0) this.#send(entries, transient);
    this.#ring.add(entries);
    for (const { topic, count } of this.#logs.flush()) {
      const published = { topic, event: "log.skipped", data: { topic, count }, audience: undefined };
      for (const others of this.#others) others.published(published);
    }
  }

  #send(entries: readonly Entry[], transient: readonly Entry[]): void {
    const first = entries[0]?.seq ?? this.#seq + 1;
    const concerned = concernedBy(entries, transient);
    const encoded = new Map<string, Uint8Array>();
    this.#each((reader) => {
      // Whom nothing in the batch concerns in person gets what concerns everybody: hundreds share that.
      const mine = reader.scope === "all" || concerned.has(reader.scope.userId);
      const common = mine ? reader.key : reader.commonKey;
      // Readers of the same topics share the same bytes, but for one that came in the middle of the batch.
      const key = reader.since < first ? common : `${common} ${reader.since}`;
      let bytes = encoded.get(key);
      if (bytes === undefined) {
        const wanted = entries.filter((entry) => entry.seq > reader.since && reader.wants(entry));
        const beside = transient.filter((entry) => reader.wants(entry));
        encoded.set(key, bytes = encoder.encode([...wanted, ...beside].map((entry) => entry.text).join("")));
      }
      if (bytes.length > 0) reader.push(bytes);
    });
  }

  #begin(reader: Reader, reset: boolean): void {
    const { bytes, seq } = this.#snapshots.of(reader, { seq: this.#seq, oldest: this.#ring.oldest });
    reader.since = this.#seq;
    if (reset) reader.push(encoder.encode(format("reset", {})));
    reader.allow(bytes.length);
    reader.push(reader.logs.length === 0 ? bytes : this.#withLines(reader, bytes));
    if (seq < this.#seq) reader.push(this.#shared(`${reader.key} ${seq}`, () => this.#missed(reader, seq)));
  }

  /** The lines are those of this very moment, since what is told from now on is not replayed. */
  #withLines(reader: Reader, snapshot: Uint8Array): Uint8Array[] {
    const lines = reader.logs.map((topic) => [topic, this.#options.lastLines(topic)]);
    const [head, tail] = withField(snapshot, "logs", Object.fromEntries(lines));
    reader.allow(tail.length);
    return [head, tail];
  }

  /** What came after a number; never nothing, so that the reader knows at once that it is connected. */
  #missed(reader: Reader, seen: number): string {
    const missed = [...this.#ring.after(seen), ...this.#pending].filter((entry) =>
      entry.seq > seen && reader.wants(entry)
    );
    return missed.length === 0 ? PING_TEXT : missed.map((entry) => entry.text).join("");
  }

  /** Encodes once what many readers that come at the same moment are given first. */
  #shared(name: string, make: () => string): Uint8Array {
    let bytes = this.#first.get(name);
    if (bytes === undefined) {
      this.#first.set(name, bytes = encoder.encode(make()));
      this.#gather(); // it is good for a moment only, and the moment's end clears it away
    }
    return bytes;
  }

  /** The number after which to replay, or null when that is not possible. */
  #parseId(id: string): number | null {
    const match = /^([0-9a-z]+)-(\d{1,15})$/.exec(id);
    if (match === null || match[1] !== this.#options.epoch) return null;
    const seq = Number(match[2]);
    return seq + 1 < this.#ring.oldest || seq > this.#seq ? null : seq;
  }

  #each(visit: (reader: Reader) => unknown): void {
    for (const reader of [...this.#readers]) visit(reader);
  }
}

/** The people whom messages concern in person. */
function concernedBy(...batches: (readonly Entry[])[]): Set<number> {
  const ids = new Set<number>();
  for (const batch of batches) {
    for (const { audience } of batch) {
      if (audience !== null) { for (const id of audience) ids.add(id); }
    }
  }
  return ids;
}
