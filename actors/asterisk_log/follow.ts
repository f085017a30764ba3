/**
 * @module
 * One open log file, read from a place on as it grows. The bytes before that place are remembered: when they are
 * others, the file was cut and written again, even if it is longer than before.
 */

/** Bytes that are remembered before the place. */
const MARK = 256;
/** Bytes that are read at once: all of it is worked on before anything else can be. */
export const CHUNK = 131_072;

/** Times of files are no finer than this. */
const TICK_MS = 50;

/** What reading came to: `more` there is more to read, `end` there is not, `cut` the file is not what it was. */
export type Step = "more" | "end" | "cut";

/** What tells one file from another, whatever its name. */
export interface FileId {
  dev: number;
  ino: number | null;
}

/** A file that is held open. `close()` lets go of it. */
export class Follow {
  readonly id: FileId;
  /** When the file came to be, in milliseconds since 1970, where the file system knows. */
  readonly bornAt: number | null;
  readonly #file: Deno.FsFile;
  readonly #buffer = new Uint8Array(MARK + CHUNK);
  #place: number;
  #mark: Uint8Array = new Uint8Array();
  /** When the file was last changed, as far as it has been looked at. */
  #changedAt = NaN;

  private constructor(file: Deno.FsFile, info: Deno.FileInfo, place: number) {
    this.#file = file;
    this.#place = place;
    this.id = info;
    this.bornAt = info.birthtime?.getTime() ?? null;
  }

  /** Opens a file. @throws Deno.errors when that cannot be done, and TypeError when it is no file */
  static async open(path: string): Promise<Follow> {
    // A pipe would be waited for until somebody writes to it.
    if (!(await Deno.stat(path)).isFile) throw new TypeError("it is no regular file");
    const file = await Deno.open(path);
    try {
      const info = await file.stat();
      if (!info.isFile) throw new TypeError("it is no regular file");
      return new Follow(file, info, 0);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Bytes before what is read next. */
  get place(): number {
    return this.#place;
  }

  /** The bytes just before the place. */
  get mark(): Uint8Array {
    return this.#mark;
  }

  /** Goes to a place. What is before it is not known then. */
  moveTo(place: number): void {
    this.#place = place;
    this.#mark = new Uint8Array();
    this.#changedAt = NaN;
  }

  /** Length of the file in bytes. */
  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  /** Reads bytes of a place without going there. Fewer come back at the end of the file. */
  async peek(place: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.#file.seek(place, Deno.SeekMode.Start);
    return bytes.subarray(0, await readFully(this.#file, bytes));
  }

  /** Reads on. `take` gets bytes that it must not keep. */
  async read(take: (bytes: Uint8Array) => void): Promise<Step> {
    const { size, mtime } = await this.#file.stat();
    if (size < this.#place) return "cut";
    const changedAt = mtime?.getTime() ?? NaN;
    if (size === this.#place && changedAt === this.#changedAt) return "end";
    // The mark and what follows come from one read, so that nobody can cut the file between them.
    const known = this.#mark.length;
    await this.#file.seek(this.#place - known, Deno.SeekMode.Start);
    const got = await this.#file.read(this.#buffer) ?? 0;
    if (got < known || !same(this.#buffer.subarray(0, known), this.#mark)) return "cut";
    const bytes = this.#buffer.subarray(known, got);
    if (bytes.length === 0) {
      // A file system's clock ticks slowly: within one tick it may be changed again. That clock is the system's.
      this.#changedAt = Date.now() - changedAt > TICK_MS ? changedAt : NaN;
      return "end";
    }
    this.#place += bytes.length;
    this.#mark = this.#buffer.slice(Math.max(0, got - MARK), got);
    take(bytes);
    return this.#place < size ? "more" : "end";
  }

  /** Lets go of the file. */
  close(): void {
    this.#file.close();
  }
}

/** Whether both are the same file. */
export function isSameFile(one: FileId, other: FileId): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Whether both have the same bytes. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

async function readFully(file: Deno.FsFile, into: Uint8Array): Promise<number> {
  let got = 0;
  while (got < into.length) {
    const read = await file.read(into.subarray(got));
    if (read === null) break;
    got += read;
  }
  return got;
}
