/**
 * @module
 * One source of the setting: a log, or all logs that a glob stands for, as they come and go.
 */
import { basename } from "node:path";
import type { Logger } from "../logger.ts";
import { checkWithin, findFiles } from "./find.ts";
import type { Message } from "./messages.ts";
import { isGlob, type LogSource } from "./sources.ts";
import { Tail, type TailOptions, type TailState } from "./tail.ts";

/** How often a glob is looked up. */
const LOOK_MS = 1000;
/** A log of a glob that went away is forgotten after so long; until then it may come back. */
const FORGET_MS = 3_600_000;

interface FollowerOptions extends Pick<TailOptions, "zone" | "now" | "wall"> {
  source: LogSource;
  contextLines: number;
  /** Paths of files that are read, by where they lead: one that two sources stand for is read once. */
  claimed: Map<string, string>;
  log: Logger;
  give: (path: string, message: Message, fresh: boolean, now: number) => void;
}

interface Followed {
  tail: Tail;
  /** Messages that were read. */
  lines: number;
  /** As the service's log was told. */
  told: TailState | null;
  seenAt: number;
}

/** Reads one source when `poll()` is called. `close()` lets go of its files. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #followed = new Map<string, Followed>();
  /** Files that must not be read, with the reason. */
  #refused = new Map<string, string>();
  #lookedAt = -Infinity;
  #first = true;

  constructor(options: FollowerOptions) {
    this.#options = options;
    const { path } = options.source;
    if (isGlob(path)) return;
    options.claimed.set(path, path);
    this.#follow(path, options.contextLines);
  }

  /** Reads what is new, up to a bound. True when there is more. */
  async poll(): Promise<boolean> {
    await this.#look();
    let more = false;
    for (const followed of this.#followed.values()) {
      more = await followed.tail.poll() || more;
      this.#say(followed);
    }
    return more;
  }

  /** How its files are. A glob that stands for none is shown itself. */
  files() {
    const { source } = this.#options;
    const files = [...this.#followed.values()].map(({ tail, lines }) => ({
      name: basename(tail.path),
      pbx: source.pbx,
      state: tail.state,
      lines,
      error: tail.error,
    }));
    for (const [path, error] of this.#refused) {
      files.push({ name: basename(path), pbx: source.pbx, state: "unreadable", lines: 0, error });
    }
    if (files.length > 0) return files;
    return [{
      name: basename(source.path),
      pbx: source.pbx,
      state: "missing" as const,
      lines: 0,
      error: null,
    }];
  }

  /** Gives out what waits and lets go of all files. */
  close(): void {
    for (const { tail } of this.#followed.values()) tail.close();
  }

  #follow(path: string, contextLines: number | null): Followed {
    const { source, zone, now, wall, give } = this.#options;
    const followed: Followed = {
      tail: new Tail({
        path,
        zone,
        now,
        wall,
        contextLines,
        give: (message, fresh, at) => {
          followed.lines++;
          give(path, message, fresh, at);
        },
        ...(isGlob(source.path) ? { check: (opened: string) => checkWithin(opened, source.path) } : {}),
      }),
      lines: 0,
      told: null,
      seenAt: now(),
    };
    this.#followed.set(path, followed);
    return followed;
  }

  async #look(): Promise<void> {
    const { source, now, contextLines, claimed } = this.#options;
    if (!isGlob(source.path) || now() - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now();
    const found = await findFiles(source.path, new Set(this.#followed.keys()));
    const refused = new Map<string, string>();
    for (const { path, real, refused: why } of found) {
      const followed = this.#followed.get(path);
      if (followed !== undefined) followed.seenAt = now();
      else if (why !== null) refused.set(path, why);
      else if (!claimed.has(real)) {
        claimed.set(real, path);
        // A log that comes later is new as a whole.
        this.#follow(path, this.#first ? contextLines : null);
      }
    }
    for (const [path, why] of refused) {
      if (!this.#refused.has(path)) this.#warn(path, why);
    }
    if (this.#first && found.length === 0) {
      this.#options.log.warn(
        { path: source.path, pbx: source.pbx },
        "No log of Asterisk is there yet; one is awaited",
      );
    }
    this.#refused = refused;
    this.#first = false;
    for (const [path, { tail, seenAt }] of this.#followed) {
      if (now() - seenAt < FORGET_MS || tail.state === "following") continue;
      tail.close();
      this.#followed.delete(path);
      for (const [real, by] of claimed) if (by === path) claimed.delete(real);
    }
  }

  #say(followed: Followed): void {
    const { tail, told } = followed;
    if (tail.state === told) return;
    followed.told = tail.state;
    const { log, source } = this.#options;
    const where = { path: tail.path, pbx: source.pbx };
    if (tail.state === "unreadable") this.#warn(tail.path, tail.error ?? "");
    else if (tail.state === "missing") log.warn(where, "Asterisk's log is not there; it is awaited");
    else log.info(where, "Asterisk's log is followed");
  }

  #warn(path: string, why: string): void {
    this.#options.log.warn(
      { path, pbx: this.#options.source.pbx, why },
      "Asterisk's log cannot be read",
    );
  }
}
