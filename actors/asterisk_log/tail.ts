/**
 * @module
 * One log, by its path, through all rotations: a file that was renamed is read until nobody writes to it any more,
 * one that was cut is read from its beginning. It reads when `poll()` is called, and never on its own.
 */
import { CHUNK, Follow, isSameFile } from "./follow.ts";
import { datesOf } from "./head.ts";
import { Lines } from "./lines.ts";
import { type Message, Messages } from "./messages.ts";
import { findCopy } from "./rotated.ts";
import { Stamps } from "./stamps.ts";

/** A renamed file is let go of when nothing was written to it for so long: its writer may reopen late. */
const QUIET_MS = 60_000;
/** Renamed files that are still read; the oldest is let go of. */
const MOST_OLD = 4;
/** A message that nothing was added to for so long is complete. */
const IDLE_MS = 100;
/** One that half a line was added to is taken for complete later. */
const TORN_MS = 2000;
/** Bytes that are read in one poll, so that other files have their turn. */
const TURN = 8 * CHUNK;
/** How far back the lines before the end are looked for, at most, in bytes. */
const MOST_CONTEXT = 2_097_152;
/** How often a file that cannot be opened is tried again. */
const AGAIN_MS = 1000;

/** How a log is read. */
export interface TailOptions {
  path: string;
  /** IANA zone of dates that have none. */
  zone: string;
  /** A steady clock, in milliseconds. */
  now: () => number;
  /** Milliseconds since 1970. */
  wall: () => number;
  /**
   * Lines before the end that are read when the log is there at the first poll; one that comes later is read from its
   * beginning. Null when it is known to be new.
   */
  contextLines: number | null;
  /** `fresh` says that it was written after the first poll, `now` when it was read, by the steady clock. */
  give: (message: Message, fresh: boolean, now: number) => void;
  /** Says where a path leads. @throws when it must not be opened */
  check?: (path: string) => Promise<void>;
}

/** Whether a log is read, is not there, or cannot be read. */
export type TailState = "following" | "missing" | "unreadable";

/** An open file with the lines and messages that are on their way out of it. */
interface Source {
  follow: Follow;
  lines: Lines;
  messages: Messages;
  stamps: Stamps;
  /** Below this place is what was there at the first poll. */
  freshFrom: number;
  /** When something was last read. */
  readAt: number;
}

/** Reads one log. `close()` lets go of its files. */
export class Tail {
  readonly #options: TailOptions;
  #current: Source | null = null;
  #old: Source[] = [];
  #first: boolean;
  #state: TailState = "missing";
  #error: string | null = null;
  #triedAt = -Infinity;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#first = options.contextLines !== null;
  }

  /** Path of the log. */
  get path(): string {
    return this.#options.path;
  }

  /** Whether it is read. */
  get state(): TailState {
    return this.#state;
  }

  /** Why it cannot be read. */
  get error(): string | null {
    return this.#error;
  }

  /** Whether any file of it is held open. */
  get holds(): boolean {
    return this.#current !== null || this.#old.length > 0;
  }

  /** Reads what is new, up to a bound. True when there is more. It does not throw. */
  async poll(): Promise<boolean> {
    let more = false;
    try {
      await this.#look();
      // What was written before goes first.
      for (const source of this.#sources()) {
        more = await this.#read(source) || more;
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#letGo();
    return more;
  }

  /** Gives out what waits and lets go of all files. */
  close(): void {
    for (const source of this.#sources()) {
      this.#end(source);
    }
    this.#old = [];
    this.#current = null;
  }

  /** Open files, the oldest first. */
  #sources(): Source[] {
    return this.#current === null ? [...this.#old] : [...this.#old, this.#current];
  }

  /** Sees whether the path is still the file that is open, and opens what it is now. */
  async #look(): Promise<void> {
    const { path, now, check } = this.#options;
    if (this.#state === "unreadable" && now() - this.#triedAt < AGAIN_MS) return;
    try {
      const info = await Deno.stat(path);
      if (this.#current !== null) {
        if (isSameFile(info, this.#current.follow.id)) return this.#is("following", null);
        this.#retire();
      }
      await check?.(path);
      this.#current = this.#resume(info) ?? await this.#open(this.#first);
      this.#is("following", null);
    } catch (error) {
      this.#fail(error);
    }
    // What was there but not to be read is not new when it can be.
    if (this.#state !== "unreadable") this.#first = false;
  }

  /** A file that was renamed and has its name again. */
  #resume(info: Deno.FileInfo): Source | null {
    const source = this.#old.find(({ follow }) => isSameFile(info, follow.id)) ?? null;
    if (source !== null) this.#old.splice(this.#old.indexOf(source), 1);
    return source;
  }

  #fail(error: unknown): void {
    this.#triedAt = this.#options.now();
    if (error instanceof Deno.errors.NotFound) {
      // Its writer may not have noticed.
      if (this.#current !== null) this.#retire();
      return this.#is("missing", null);
    }
    // What it says of the path is known, and said beside.
    const said = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
      ? "it may not be read"
      : error instanceof Error
      ? error.message.split(":")[0]!
      : String(error);
    this.#is("unreadable", said);
  }

  #is(state: TailState, error: string | null): void {
    this.#state = state;
    this.#error = error;
  }

  #retire(): void {
    if (this.#current === null) return;
    this.#current.readAt = this.#options.now();
    this.#old.push(this.#current);
    this.#current = null;
  }

  async #open(first: boolean): Promise<Source> {
    const { path, zone, wall, now, give, contextLines } = this.#options;
    const follow = await Follow.open(path);
    try {
      const stamps = new Stamps(zone, wall);
      const messages = new Messages(
        stamps,
        (message) => give(message, follow.place > source.freshFrom, source.readAt),
      );
      // A clock is asked once for all that is read at once: asking takes as long as a line.
      const lines = new Lines((line) => messages.line(line, source.readAt));
      const source: Source = { follow, lines, messages, stamps, freshFrom: -1, readAt: now() };
      if (first) {
        const size = await follow.size();
        const { place, text } = await lastLines(follow, size, contextLines ?? 0);
        follow.moveTo(place);
        source.freshFrom = size;
        stamps.begin(datesOf(text));
      }
      return source;
    } catch (error) {
      follow.close();
      throw error;
    }
  }

  async #read(source: Source): Promise<boolean> {
    const { now } = this.#options;
    const take = (bytes: Uint8Array) => {
      source.readAt = now();
      // Before the lines of a newer file comes the last of the older ones.
      for (const older of this.#sources()) {
        if (older === source) break;
        older.messages.end();
      }
      if (source.follow.place > source.freshFrom) source.stamps.live();
      source.lines.push(bytes);
    };
    for (let read = 0; read < TURN; read += CHUNK) {
      const step = await source.follow.read(take);
      if (step === "more") continue;
      if (step === "cut") {
        await this.#begin(source, take);
        continue;
      }
      // Half a line says that there is more to come.
      source.messages.idle(now(), source.lines.waiting === 0 ? IDLE_MS : TORN_MS);
      return false;
    }
    return true;
  }

  /** The file was cut: what is missing is in the copy that was made of it, if one was; then it is read anew. */
  async #begin(source: Source, take: (bytes: Uint8Array) => void): Promise<void> {
    const copy = await findCopy(this.#options.path, source.follow);
    try {
      while (copy !== null && await copy.read(take) === "more");
    } finally {
      copy?.close();
    }
    source.lines.end();
    source.messages.end();
    source.freshFrom = -1;
    source.stamps.live();
    source.follow.moveTo(0);
  }

  /** Renamed files that nobody writes to any more, once there is a new one. */
  #letGo(): void {
    const now = this.#options.now();
    const tooMany = this.#old.length - MOST_OLD;
    this.#old = this.#old.filter((source, index) => {
      const over = index < tooMany || (this.#current !== null && now - source.readAt >= QUIET_MS);
      if (over) this.#end(source);
      return !over;
    });
  }

  #end(source: Source): void {
    source.lines.end();
    source.messages.end();
    source.follow.close();
  }
}

/** Where the last lines before a place begin, and their text. */
async function lastLines(
  follow: Follow,
  size: number,
  most: number,
): Promise<{ place: number; text: string }> {
  const blocks: Uint8Array[] = [];
  let place = size;
  let seen = 0;
  // The line feed at the very end does not begin another line.
  let last = true;
  while (place > 0 && size - place < MOST_CONTEXT && most > 0) {
    const length = Math.min(65_536, place);
    const block = await follow.peek(place - length, length);
    place -= length;
    for (let at = block.length - 1; at >= 0; at--) {
      if (block[at] === 10 && !last && ++seen === most) {
        blocks.unshift(block.subarray(at + 1));
        return { place: place + at + 1, text: textOf(blocks) };
      }
      last = false;
    }
    blocks.unshift(block);
  }
  // Too far back: then from the first line that is whole.
  const first = place === 0 ? 0 : (blocks[0]?.indexOf(10) ?? -1) + 1;
  if (blocks[0] !== undefined) blocks[0] = blocks[0].subarray(first);
  return { place: most > 0 ? place + first : size, text: textOf(blocks) };
}

function textOf(blocks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return blocks.map((block) => decoder.decode(block, { stream: true })).join("");
}
