/**
 * @module
 * Keeps a panel's "offline" back until it is certain whose end it was. A broker that shuts down publishes the last
 * will of every panel, and keeps it as their status; and a panel whose connection was half open leaves one when it
 * comes back by a new one. These panels are well, and say so in a moment.
 */
import type { Clock } from "../clock.ts";
import type { Intake, Publish } from "../routing.ts";
import { decode } from "./decode.ts";

interface LastWordsOptions {
  clock: Clock;
  intake: Intake;
  /** How long panels have to come back to a broker that came back, in milliseconds. */
  settleMs: number;
  /** How long an "offline" waits for the panel to contradict it, in milliseconds; 0 where the broker knows better. */
  holdMs?: number;
  onNotTaken: (error: unknown) => void;
}

/** Mosquitto 2 sends all wills and closes its connections within one turn of its loop. */
const HOLD_MS = 1000;

/** Holds the words that wait. `stop()` forgets them: the broker has them retained, and silence tells the same. */
export class LastWords {
  readonly #options: LastWordsOptions;
  readonly #held = new Map<string, unknown>();
  /** Panels that spoke since the link came up: what they leave now is their own. */
  readonly #heard = new Set<string>();
  /** Until when words may be those of the broker; null while there is no link. */
  #settledAt: number | null = null;

  constructor(options: LastWordsOptions) {
    this.#options = options;
  }

  /** The link came up; what was kept for us meanwhile is told now. */
  linkUp(): void {
    this.#settledAt = this.#options.clock.now() + this.#options.settleMs;
  }

  /** The link was lost: what was said just before may have been the broker's doing. */
  linkDown(): void {
    this.#settledAt = null;
    this.#heard.clear();
    for (const mac of [...this.#held.keys()]) this.#forget(mac);
  }

  /** Forgets what waits. */
  stop(): void {
    this.linkDown();
  }

  /**
   * Takes a publish. An "offline" counts as taken at once and is handed on later, unless the panel speaks before:
   * it holds no fact that a broker's window of unacknowledged messages should wait for.
   */
  take(publish: Publish): Promise<void> {
    // So a broker is told to forget a status: nobody's word, and least of all the panel's.
    if (publish.payload.length === 0 && publish.topic.endsWith("/status")) return Promise.resolve();
    const mac = publish.topic.split("/")[1]?.toUpperCase() ?? "";
    this.#forget(mac);
    const { clock, settleMs, intake, onNotTaken } = this.#options;
    const settlesInMs = this.#settledAt === null ? settleMs : this.#settledAt - clock.now();
    if (!isOffline(publish)) {
      // What a session had kept for us is told before the link counts as up, and may be old.
      if (this.#settledAt !== null && settlesInMs > 0 && !publish.retained) this.#heard.add(mac);
      return intake(publish);
    }
    const { holdMs = HOLD_MS } = this.#options;
    const waitMs = this.#heard.has(mac) ? holdMs : Math.max(holdMs, settlesInMs);
    if (waitMs <= 0) return intake(publish);
    this.#held.set(
      mac,
      clock.setTimeout(() => {
        this.#held.delete(mac);
        intake(publish).catch(onNotTaken);
      }, waitMs),
    );
    return Promise.resolve();
  }

  #forget(mac: string): void {
    const timer = this.#held.get(mac);
    if (timer === undefined) return;
    this.#options.clock.clearTimeout(timer);
    this.#held.delete(mac);
  }
}

function isOffline({ topic, payload, retained }: Publish): boolean {
  if (!topic.endsWith("/status")) return false;
  const decoded = decode(topic, payload, retained);
  if (!decoded.ok) return false;
  const { event } = decoded.message;
  return event.type === "panel.status" && event.status === "offline";
}
