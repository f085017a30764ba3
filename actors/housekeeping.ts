/**
 * @module
 * What has to be done again and again: the marks of until when the service listened, partitions, sessions in use.
 */
import type { Database } from "../db/client.ts";
import { readMark, writeMark } from "../db/marks.ts";
import { keepPartitions } from "../db/partitions.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";

/** Names of the marks of until when panels, and PBXs, were heard. */
const MARKS = { panels: "heard_until", calls: "calls_heard_until" } as const;
const MARK_EVERY_MS = 5000;
const PARTITIONS_EVERY_MS = 3600_000;

/** What is listened to. */
type Heard = keyof typeof MARKS;

interface HousekeepingOptions {
  database: Database;
  clock: Clock;
  log: Logger;
  keepMonths: number;
  /** Whether panels, and PBXs, can be heard. */
  isListening: Record<Heard, () => boolean>;
  /** What others want done each minute. */
  onMinute: () => void;
}

/** Holds the timers. `stop()` ends them and writes the last marks. */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  #timers: ReturnType<typeof setInterval>[] = [];

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  /** Makes the partitions that are needed now; returns until when the last run listened to what, on the steady clock. */
  async prepare(): Promise<Record<Heard, number>> {
    const { database, clock } = this.#options;
    await this.#partitions();
    const until = async (heard: Heard) => {
      const mark = await database.query((sql) => readMark(sql, MARKS[heard]));
      return mark === null ? clock.now() : Math.min(clock.fromWall(mark.getTime()), clock.now());
    };
    return { panels: await until("panels"), calls: await until("calls") };
  }

  /** Starts the timers. */
  start(): void {
    const quietly = (work: () => Promise<void>) => () =>
      void work().catch((err) => this.#options.log.warn({ err }, "Housekeeping has to wait"));
    this.#timers = [
      setInterval(quietly(() => this.#mark()), MARK_EVERY_MS),
      setInterval(quietly(() => this.#partitions()), PARTITIONS_EVERY_MS),
      setInterval(this.#options.onMinute, 60_000),
    ];
  }

  /** Ends the timers. */
  async stop(): Promise<void> {
    this.#timers.forEach(clearInterval);
    await this.#mark().catch(() => {}); // without it the panels have a grace after the restart
  }

  async #mark(): Promise<void> {
    const { database, clock, isListening } = this.#options;
    for (const heard of ["panels", "calls"] as const) {
      if (!isListening[heard]() || !database.up) continue;
      await database.query((sql) => writeMark(sql, MARKS[heard], new Date(clock.toWall(clock.now()))));
    }
  }

  async #partitions(): Promise<void> {
    const { database, clock, keepMonths, log } = this.#options;
    if (!database.up) return;
    const now = new Date(clock.toWall(clock.now()));
    const { dropped, spared } = await database.query((sql) => keepPartitions(sql, now, keepMonths), {
      deadlineMs: 60_000,
    });
    if (dropped.length > 0) log.info({ dropped }, "History that is too old was dropped");
    if (spared !== null) {
      log.warn(
        { newest: spared, now },
        "All history is too old by this clock, so none of it was dropped: see whether the clock is right",
      );
    }
  }
}
