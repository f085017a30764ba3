/**
 * @module
 * A reader of server-sent events for tests: it keeps what came and waits for what should come.
 * It does not reconnect; a test that wants that opens the stream again with `lastEventId`.
 */
import { createParser } from "eventsource-parser";
import { waitFor } from "./wait.ts";

/** A message of a stream. */
export interface StreamMessage {
  id: string | null;
  event: string;
  /** Parsed from JSON. */
  // deno-lint-ignore no-explicit-any -- a test looks into it and fails when it is something else
  data: any;
}

/** An open stream. */
export interface OpenStream {
  status: number;
  headers: Headers;
  /** All messages, oldest first. */
  messages: StreamMessage[];
  /** Number of comment lines, such as pings. */
  comments(): number;
  /** The last `id` seen, for `lastEventId`. */
  lastId(): string | null;
  /** True when the server ended the stream. */
  ended(): boolean;
  /** Waits for a message of that name, at or after `from` in `messages`. */
  waitForEvent(
    name: string,
    where?: (message: StreamMessage) => boolean,
    options?: { from?: number; timeoutMs?: number },
  ): Promise<StreamMessage>;
  close(): Promise<void>;
}

/**
 * Opens a stream.
 * @throws when the answer is no event stream
 */
export async function openStream(
  url: string,
  { headers = {}, lastEventId }: { headers?: HeadersInit; lastEventId?: string } = {},
): Promise<OpenStream> {
  const cancel = new AbortController();
  const asked = new Headers(headers);
  asked.set("Accept", "text/event-stream");
  if (lastEventId !== undefined) asked.set("Last-Event-ID", lastEventId);
  const response = await fetch(url, { headers: asked, signal: cancel.signal });
  if (!response.ok || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    throw new Error(`Cannot open the stream ${url}: ${response.status} ${await response.text()}`);
  }
  const messages: StreamMessage[] = [];
  let comments = 0;
  let lastId: string | null = null;
  let ended = false;
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      if (id !== undefined) lastId = id;
      messages.push({
        id: id ?? null,
        event: event ?? "message",
        data: data === "" ? null : JSON.parse(data),
      });
    },
    onComment: () => comments++,
  });
  const reading = (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of response.body!) parser.feed(decoder.decode(bytes, { stream: true }));
    } catch (error) {
      // A server that is killed breaks the stream off; that is an end like another here.
      if (!cancel.signal.aborted && !(error instanceof TypeError)) throw error;
    } finally {
      ended = true;
    }
  })();
  return {
    status: response.status,
    headers: response.headers,
    messages,
    comments: () => comments,
    lastId: () => lastId,
    ended: () => ended,
    waitForEvent: (name, where = () => true, { from = 0, timeoutMs } = {}) =>
      waitFor(() => messages.slice(from).find((message) => message.event === name && where(message)), {
        timeoutMs,
        what: `the stream event ${name} (seen: ${
          JSON.stringify(messages.slice(-5).map(({ event }) => event))
        })`,
      }),
    close: async () => {
      cancel.abort();
      await reading;
    },
  };
}
