/**
 * @module
 * Feeds on a simulated clock and readers that are driven step by step, with what they got taken apart.
 */
import { Feed, type LogTopic, type Scope, type Topic } from "../../actors/feed.ts";
import type { LogLineView } from "../../machines/endpoint_views.ts";
import { CountingClock } from "../machines/panel.ts";

/** One message of a stream. */
export interface Message {
  id: string | null;
  event: string;
  // deno-lint-ignore no-explicit-any -- tests look into it as they need
  data: any;
}

/** Takes server-sent events apart; comments are left out. */
export function messagesOf(text: string): Message[] {
  return text.split("\n\n").filter((block) => block !== "" && !block.startsWith(":")).map((block) => {
    const fields = new Map(
      block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    );
    return {
      id: fields.get("id") ?? null,
      event: fields.get("event")!,
      data: JSON.parse(fields.get("data")!),
    };
  });
}

/** Whoever opens a stream in tests. */
export const OWNER = { userId: 1, sessionId: "s1", tokenId: null };

type FeedOptions = ConstructorParameters<typeof Feed>[0];

/** A feed whose snapshot is what the test says. */
export function startFeed(options: Partial<FeedOptions> = {}) {
  const clock = new CountingClock();
  const feed = new Feed({ snapshot: (topics) => ({ topics }), epoch: "e1", clock, ...options });
  return { feed, clock };
}

/** Turns of the microtask queue after which a read that got nothing has nothing to get. */
const IDLE_TURNS = 30;

/** A reader that takes what there is only when it is told to. */
export class StepReader {
  readonly messages: Message[] = [];
  readonly chunks: Uint8Array[] = [];
  ended = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #pending: Promise<void> | null = null;
  #taken = 0;
  /** The beginning of a message. */
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /**
   * Takes all that is there now and returns what came since the last time. It leaves one read waiting, so what comes
   * next is taken at once: a reader that takes nothing is one that never took.
   */
  async take(): Promise<Message[]> {
    let idle = 0;
    while (idle++ < IDLE_TURNS && !this.ended) {
      this.#pending ??= this.#reader.read().then(({ value, done }) => {
        this.#pending = null;
        idle = 0;
        if (done) this.ended = true;
        else {
          this.chunks.push(value);
          const text = this.#text + this.#decoder.decode(value, { stream: true });
          const end = text.includes("\n\n") ? text.lastIndexOf("\n\n") + 2 : 0;
          this.messages.push(...messagesOf(text.slice(0, end)));
          this.#text = text.slice(end);
        }
      });
      await Promise.resolve();
    }
    return this.rest();
  }

  /** What was received since the last time, without taking more. */
  rest(): Message[] {
    const before = this.#taken;
    this.#taken = this.messages.length;
    return this.messages.slice(before);
  }

  /** Identifier of the last message that had one. */
  get lastId(): string | null {
    return this.messages.findLast(({ id }) => id !== null)?.id ?? null;
  }

  /** Ends the stream from the reader's side. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** Opens a stream of a feed. */
export function open(
  feed: Feed,
  topics: readonly Topic[] = ["intercoms"],
  lastEventId: string | null = null,
  owner = OWNER,
  scope: Scope = "all",
  logs: readonly LogTopic[] = [],
): StepReader {
  return new StepReader(feed.open(owner, topics, { scope, lastEventId, logs }));
}

/** A line of a log. */
export function logLine(id: number, more: Partial<LogLineView> = {}): LogLineView {
  return {
    id,
    timestamp: new Date(1_000_000_000 + id).toISOString(),
    level: "NOTICE",
    source: "res_pjsip.c",
    call: null,
    message: `line ${id}`,
    file: "full",
    pbx: "main",
    endpoints: ["777-ep"],
    ...more,
  };
}
