/**
 * @module
 * Has what actors stated committed, and tells the feed of an event once it is. It keeps the newest events in memory,
 * for a stream's first message and for when the database is away.
 */
import type { EventRow, WriteUnit } from "../db/rows.ts";
import type { Writer } from "../db/writer.ts";
import type { EventView } from "../machines/views.ts";
import type { Feed } from "./feed.ts";
import { eventView } from "./intercom_rows.ts";

/** Events kept in memory. */
const KEPT = 1000;

/** Rows that wait when the database is slow or away; a tenth of what the writer takes. */
const BEHIND_ROWS = 10_000;

/** Holds the newest events. */
export class Recorder {
  readonly #writer: Writer;
  readonly #feed: Feed;
  #recent: EventView[] = [];

  constructor(options: { writer: Writer; feed: Feed }) {
    this.#writer = options.writer;
    this.#feed = options.feed;
  }

  /** Takes up events of before, newest first. */
  restore(events: readonly EventView[]): void {
    this.#recent = events.slice(0, KEPT).reverse();
  }

  /** The newest events, newest first. */
  recent(limit = KEPT): EventView[] {
    return this.#recent.slice(-limit).reverse();
  }

  /** Whether so much waits to be committed that nothing new may be taken on. */
  get isFull(): boolean {
    return this.#writer.isFull;
  }

  /** Whether so many rows wait that large ones are better made later. */
  get isBehind(): boolean {
    return this.#writer.waitingRows >= BEHIND_ROWS;
  }

  /**
   * Resolves when the unit is committed; see `Writer.commit` for what it throws. What an actor stated is never refused
   * for want of room: it would be ahead of the database for good. New work is refused before, by `isFull`.
   */
  async record(unit: WriteUnit, options: { deadlineMs?: number } = {}): Promise<void> {
    const { eventIds } = await this.#writer.commit(unit, { ...options, beyondBound: true });
    for (const event of unit.events ?? []) {
      if (eventIds.has(event.id)) this.#tell(event);
    }
  }

  #tell(event: EventRow): void {
    const view = eventView(event);
    this.#recent.push(view);
    if (this.#recent.length > KEPT * 2) this.#recent = this.#recent.slice(-KEPT);
    this.#feed.publish("events", "event.recorded", view);
  }
}
