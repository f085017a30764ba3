/**
 * @module
 * One reader of the feed: a byte stream with a bound on how far it may fall behind. It knows nothing of topics'
 * meaning, and it is let go, never waited for.
 */
import type { ReaderOwner } from "./feed.ts";
import { type Entry, isWanted, type LogTopic, type Scope, type Topic } from "./feed_entry.ts";

interface ReaderOptions {
  owner: ReaderOwner;
  topics: readonly Topic[];
  /** Topics of log lines, beside. */
  logs: readonly LogTopic[];
  /** How much of the private topics it reads. */
  scope: Scope;
  maxBehind: number;
  maxStallMs: number;
  now: () => number;
  /** Last bytes of a reader that is let go for being slow. */
  farewell: Uint8Array;
  /** Called once; `dropped` when it was let go for being slow. */
  onGone: (dropped: boolean) => void;
}

/** What is handed over at one blow. */
type Chunk = Uint8Array | readonly Uint8Array[];

/** A queue of bytes that a stream pulls from. */
export class Reader {
  readonly owner: ReaderOwner;
  readonly topics: readonly Topic[];
  readonly logs: readonly LogTopic[];
  readonly scope: Scope;
  /** Readers with the same key get the same bytes, but for log lines: of these each topic has its own. */
  readonly key: string;
  /** The same where nothing concerns its person. */
  readonly commonKey: string;
  /** Changes up to this number are known to the reader. */
  since = 0;
  readonly stream: ReadableStream<Uint8Array>;
  readonly #options: ReaderOptions;
  #queue: Chunk[] = [];
  #bytes = 0;
  #allowance = 0;
  #waitingSince = 0;
  #pulled: (() => void) | null = null;
  #gone = false;
  #ending = false;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.owner = options.owner;
    this.topics = options.topics;
    this.logs = options.logs;
    this.scope = options.scope;
    const topics = [...options.topics].sort().join(",");
    this.key = options.scope === "all" ? topics : `${topics}@${options.scope.userId}`;
    this.commonKey = options.scope === "all" ? topics : `${topics}@`;
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pull(),
      cancel: () => this.#leave(false),
    }, { highWaterMark: 0 });
  }

  /** Whether the reader may and wants to have it. */
  wants(entry: Entry): boolean {
    return isWanted(entry, this.topics, this.scope);
  }

  /** Lets the reader be behind by that many bytes more, until it has caught up once. */
  allow(bytes: number): void {
    this.#allowance += bytes;
  }

  /**
   * Gives the reader bytes, or lets it go when it is too far behind or has not taken any for too long. The parts of a
   * message belong together: nothing, not even a farewell, comes between them.
   */
  push(chunk: Chunk): void {
    if (this.#gone || this.#ending) return;
    const length = lengthOf(chunk);
    const now = this.#options.now();
    if (this.#queue.length === 0) {
      this.#waitingSince = now;
      // Whoever keeps up may be given any amount at one blow: dropped for that, it would come back for the same.
      this.allow(length);
    }
    const stalled = this.#queue.length > 0 && now - this.#waitingSince > this.#options.maxStallMs;
    if (stalled || this.#bytes + length > this.#options.maxBehind + this.#allowance) {
      this.#leave(true);
      this.#controller.enqueue(this.#options.farewell);
      this.#controller.close();
      return;
    }
    this.#queue.push(chunk);
    this.#bytes += length;
    this.#hand();
  }

  /** Gives the reader its last bytes and ends the stream once it has taken them. */
  end(bytes: Uint8Array): void {
    if (this.#gone || this.#ending) return;
    this.#queue.push(bytes);
    this.#bytes += bytes.length;
    this.#ending = true;
    this.#options.onGone(false);
    this.#hand();
  }

  #pull(): Promise<void> | void {
    if (this.#gone) return;
    if (this.#queue.length > 0) return this.#take();
    return new Promise((resolve) => this.#pulled = resolve);
  }

  #hand(): void {
    const pulled = this.#pulled;
    if (pulled === null) return;
    this.#pulled = null;
    this.#take();
    pulled();
  }

  /** One at a time and as they are: hundreds of readers hold the same snapshot, joined it would be one each. */
  #take(): void {
    const chunk = this.#queue.shift()!;
    this.#bytes -= lengthOf(chunk);
    this.#waitingSince = this.#options.now();
    if (chunk instanceof Uint8Array) this.#controller.enqueue(chunk);
    else for (const part of chunk) this.#controller.enqueue(part);
    if (this.#queue.length > 0) return;
    this.#allowance = 0;
    if (this.#ending) {
      this.#gone = true;
      this.#controller.close();
    }
  }

  #leave(dropped: boolean): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#queue = [];
    this.#bytes = 0;
    this.#pulled?.();
    this.#pulled = null;
    if (!this.#ending) this.#options.onGone(dropped);
  }
}

function lengthOf(chunk: Chunk): number {
  return chunk instanceof Uint8Array ? chunk.length : chunk.reduce((sum, { length }) => sum + length, 0);
}
