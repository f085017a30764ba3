/**
 * @module
 * Holds one stream of the service open. Not an EventSource: that one hides the pings, and without
 * them a dead connection cannot be told from a quiet night. Knows nothing of what the messages mean.
 */
import { createParser } from "eventsource-parser";

/** The service pings every 15 s; two lost pings and a bit is a dead connection. */
export const SILENCE_MS = 35_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;

/** How the stream is. Times are milliseconds of this machine's clock. */
export interface StreamState {
  phase: "connecting" | "live" | "cut";
  /** When something was last heard; null before the first time. */
  heardAt: number | null;
  /** When the next try is planned, while cut. */
  retryAt: number | null;
  /** The status with which the service refused the last try; null when it was not heard at all. */
  refused?: number | null;
}

/** Who is told what. */
export interface StreamListeners {
  onState: (state: StreamState) => void;
  onMessage: (event: string, data: string) => void;
  onUnauthorized: () => void;
}

/** What the stream needs of the browser; tests bring their own. */
export interface StreamTools {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  now: () => number;
  random: () => number;
  /** Answers how to call it off. */
  after: (run: () => void, ms: number) => () => void;
}

const BROWSER: StreamTools = {
  fetch: (url, init) => fetch(url, init),
  now: Date.now,
  random: Math.random,
  after: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** A held stream: connects, notices silence, comes back with jitter and `Last-Event-ID`. */
export class LiveStream {
  #state: StreamState = { phase: "connecting", heardAt: null, retryAt: null };
  #lastEventId = "";
  #failures = 0;
  #refused: number | null = null;
  #abort: AbortController | null = null;
  #forgetSilence: () => void = () => {};
  #forgetRetry: () => void = () => {};
  #stopped = false;

  constructor(
    readonly url: string,
    readonly listeners: StreamListeners,
    readonly tools: StreamTools = BROWSER,
  ) {}

  /** Connects. */
  start(): void {
    void this.#run();
  }

  /** Ends the stream for good. */
  stop(): void {
    this.#stopped = true;
    this.#forgetRetry();
    this.#forgetSilence();
    this.#abort?.abort();
  }

  /** Does not wait for the planned time. */
  retryNow(): void {
    if (this.#state.phase !== "cut" || this.#stopped) return;
    this.#forgetRetry();
    void this.#run();
  }

  async #run(): Promise<void> {
    this.#abort?.abort();
    const abort = this.#abort = new AbortController();
    let wait: number | null = null;
    this.#refused = null;
    // The phase stays "cut" until the first bytes: a try is not a connection yet.
    this.#listenForSilence();
    try {
      wait = await this.#read(abort);
    } catch {
      // A lost connection, a refused one and an abort on silence all end the same way: try again.
    }
    if (this.#stopped || abort !== this.#abort) return;
    this.#plan(wait);
  }

  /** Reads until the end. Answers how long the service asked to wait, milliseconds. */
  async #read(abort: AbortController): Promise<number | null> {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (this.#lastEventId) headers["last-event-id"] = this.#lastEventId;
    const response = await this.tools.fetch(this.url, { headers, signal: abort.signal, cache: "no-store" });
    if (response.status === 401) {
      this.stop();
      this.listeners.onUnauthorized();
      return null;
    }
    if (!response.ok || !response.body) {
      this.#refused = response.status;
      const seconds = Number(response.headers.get("retry-after"));
      return seconds > 0 ? seconds * 1000 : null;
    }
    let asked: number | null = null;
    const parser = createParser({
      onEvent: ({ id, event, data }) => {
        if (event === "reset") this.#lastEventId = "";
        if (id) this.#lastEventId = id;
        this.listeners.onMessage(event ?? "message", data);
      },
      onRetry: (milliseconds) => {
        asked = milliseconds;
      },
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    while (true) {
      const { value, done } = await reader.read();
      if (done || this.#stopped) return asked;
      this.#heard();
      parser.feed(value);
    }
  }

  #heard(): void {
    this.#failures = 0;
    const turnedLive = this.#state.phase !== "live";
    this.#state = { phase: "live", heardAt: this.tools.now(), retryAt: null };
    // While live, nobody draws the time of every ping: the state is told again when it is cut.
    if (turnedLive) this.listeners.onState(this.#state);
    this.#listenForSilence();
  }

  #listenForSilence(): void {
    this.#forgetSilence();
    this.#forgetSilence = this.tools.after(() => this.#abort?.abort(), SILENCE_MS);
  }

  #plan(asked: number | null): void {
    this.#forgetSilence();
    const wait = Math.max(backoff(this.#failures++, this.tools.random()), asked ?? 0);
    this.#state = { ...this.#state, phase: "cut", retryAt: this.tools.now() + wait, refused: this.#refused };
    this.listeners.onState(this.#state);
    this.#forgetRetry = this.tools.after(() => void this.#run(), wait);
  }
}

/** Wait before a try, milliseconds: doubles, and half of it is chance, so that a restart is not met by everybody at once. */
export function backoff(failures: number, random: number): number {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
  return full / 2 + random * full / 2;
}
