/**
 * @module
 * What has to be done again and again: the marks of until when the service listened, partitions, sessions in use.
 */
import type { Database } from "../db/client.ts";
import { dropEndpointHistory } from "../db/endpoints.ts";
import { readMarks, writeMarks } from "../db/marks.ts";
import { keepPartitions } from "../db/partitions.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";

/** Name of the mark of until when panels were heard. */
export const PANELS_HEARD = "heard_until";
const MARK_EVERY_MS = 5000;
const PARTITIONS_EVERY_MS = 3600_000;

/** Name of the mark of until when a PBX was heard. */
export function pbxHeard(pbx: string): string {
  return `heard_until:${pbx}`;
}

interface HousekeepingOptions {
  database: Database;
  clock: Clock;
  log: Logger;
  keepMonths: number;
  /** Marks of what can be heard at this moment. */
  heard: () => string[];
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

  /**
   * Makes the partitions that are needed now; returns until when a former run listened, by the name of the mark, on the
   * steady clock. Null: nothing is known of that.
   */
  async prepare(): Promise<(mark: string) => number | null> {
    const { database, clock } = this.#options;
    await this.#partitions();
    const marks = await database.query((sql) => readMarks(sql));
    return (name) => {
      const at = marks.get(name);
      return at === undefined ? null : Math.min(clock.fromWall(at.getTime()), clock.now());
    };
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
    const { database, clock, heard } = this.#options;
    const names = heard();
    if (names.length === 0 || !database.up) return;
    await database.query((sql) => writeMarks(sql, names, new Date(clock.toWall(clock.now()))));
  }

  async #partitions(): Promise<void> {
    const { database, clock, keepMonths, log } = this.#options;
    if (!database.up) return;
    const now = new Date(clock.toWall(clock.now()));
    const { dropped, spared } = await database.query((sql) => keepPartitions(sql, now, keepMonths), {
      deadlineMs: 60_000,
    });
    // What partitions are spared for holds here too: by a clock that is wrong nothing is old.
    if (spared === null) {
      const months = new Date(now);
      months.setUTCMonth(months.getUTCMonth() - keepMonths);
      await database.query((sql) => dropEndpointHistory(sql, months), { deadlineMs: 60_000 });
    }
    if (dropped.length > 0) log.info({ dropped }, "History that is too old was dropped");
    if (spared !== null) {
      log.warn(
        { newest: spared, now },
        "All history is too old by this clock, so none of it was dropped: see whether the clock is right",
      );
    }
  }
}
