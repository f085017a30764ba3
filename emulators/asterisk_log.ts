/**
 * @module
 * The log of an emulated Asterisk as the default formatter of logger.c writes it, in a file of bounded size that is
 * rotated by renaming. What is said of calls and phones is made elsewhere.
 */
import { Buffer } from "node:buffer";
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import type { EmulatedClock } from "./emulated_clock.ts";

/** Levels that it uses. */
export type LogLevel = "ERROR" | "WARNING" | "NOTICE" | "VERBOSE" | "SECURITY";

/** Where a line comes from. */
export interface LogOrigin {
  /** The thread; default that of SIP. */
  thread?: number;
  /** Such as `C-0000000a`. */
  call?: string | null;
}

/** How a log is kept. */
export interface LogOptions {
  /** Folder of `messages.log`; it is made when it is missing. */
  dir: string;
  clock: EmulatedClock;
  /** A bigger file is rotated. Default 1 MB. */
  mostBytes?: number;
  /** How many old ones are kept. Default 3. */
  keep?: number;
}

/** Threads with numbers as a real one would have them. */
export const THREADS = { main: 1201, sip: 1264, security: 1288, manager: 1310 } as const;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A log file. It writes at once: there is little to write, and a test reads what was just said. */
export class AsteriskLog {
  /** Path of the file that is written now. */
  readonly path: string;
  #file: number;
  #size: number;
  readonly #clock: EmulatedClock;
  readonly #mostBytes: number;
  readonly #keep: number;
  #closed = false;

  constructor({ dir, clock, mostBytes = 1_000_000, keep = 3 }: LogOptions) {
    mkdirSync(dir, { recursive: true });
    this.path = `${dir}/messages.log`;
    this.#clock = clock;
    this.#mostBytes = mostBytes;
    this.#keep = keep;
    this.#file = openSync(this.path, "a");
    this.#size = fstatSync(this.#file).size;
  }

  /** Writes a message; line feeds in it make lines that belong to it. */
  write(
    level: LogLevel,
    source: string,
    message: string,
    { thread = THREADS.sip, call }: LogOrigin = {},
  ): void {
    if (this.#closed) return;
    const id = call ? `[${call}]` : "";
    const bytes = Buffer.from(`[${this.#date()}] ${level}[${thread}]${id} ${source}: ${message}\n`);
    if (this.#size > 0 && this.#size + bytes.length > this.#mostBytes) this.rotate();
    this.#size += bytes.length;
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
  }

  /** Begins a new file; the old one is `.0`, and older ones count on, as `rotatestrategy = rotate` has it. */
  rotate(): void {
    closeSync(this.#file);
    rmSync(`${this.path}.${this.#keep - 1}`, { force: true });
    for (let number = this.#keep - 2; number >= -1; number--) {
      const from = number === -1 ? this.path : `${this.path}.${number}`;
      try {
        renameSync(from, `${this.path}.${number + 1}`);
      } catch (error) {
        if ((error as { code?: string }).code !== "ENOENT") throw error;
      }
    }
    this.#file = openSync(this.path, "a");
    this.#size = 0;
  }

  /** Says nothing more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#file);
  }

  /** Local time without a year, as `%b %e %T`. */
  #date(): string {
    const date = new Date(this.#clock.now());
    const two = (number: number) => String(number).padStart(2, "0");
    const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
    return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${time}`;
  }
}
