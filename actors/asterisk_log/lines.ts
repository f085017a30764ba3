/**
 * @module
 * Cuts bytes into lines, wherever they were cut before: what is left of a line, be it half a character, waits for the
 * rest. A line that is too long loses its end.
 */

/** Bytes of a line; what is beyond is left out. */
export const LONGEST_LINE = 65_536;

const LINE_FEED = 10;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Cuts the bytes of one file. */
export class Lines {
  readonly #give: (line: string) => void;
  /** The beginning of a line whose end has not come. */
  #rest: Uint8Array[] = [];
  #restSize = 0;

  constructor(give: (line: string) => void) {
    this.#give = give;
  }

  /** Bytes that wait for the end of their line. */
  get waiting(): number {
    return this.#restSize;
  }

  /** Takes bytes, which are not kept, and gives the lines that end in them. */
  push(bytes: Uint8Array): void {
    let from = 0;
    if (this.#restSize > 0) {
      const end = bytes.indexOf(LINE_FEED);
      if (end === -1) return this.#keep(bytes);
      this.#keep(bytes.subarray(0, end));
      from = end + 1;
      this.end();
    }
    const last = bytes.lastIndexOf(LINE_FEED);
    if (last >= from) {
      this.#lines(bytes.subarray(from, last + 1));
      from = last + 1;
    }
    if (from < bytes.length) this.#keep(bytes.subarray(from));
  }

  /** The file is over: what waits is a line. */
  end(): void {
    if (this.#restSize === 0) return;
    const line = new Uint8Array(this.#restSize);
    let at = 0;
    for (const part of this.#rest) {
      line.set(part, at);
      at += part.length;
    }
    this.#rest = [];
    this.#restSize = 0;
    this.#give(decoder.decode(line));
  }

  #lines(bytes: Uint8Array): void {
    // No byte of a longer character is a line feed in UTF-8, so nothing is cut apart here.
    const text = decoder.decode(bytes);
    for (let from = 0; from < text.length;) {
      const end = text.indexOf("\n", from);
      // See `#keep`.
      while (text.charCodeAt(from) === 0) from++;
      this.#give(text.slice(from, Math.min(end, from + LONGEST_LINE)));
      from = end + 1;
    }
  }

  #keep(bytes: Uint8Array): void {
    let part = bytes;
    if (this.#restSize === 0) {
      // A file that was cut while its writer kept its place begins with a hole, which reads as zeros, and may be
      // longer than any line.
      const begin = part.findIndex((byte) => byte !== 0);
      if (begin === -1) return;
      part = part.subarray(begin);
    }
    part = part.slice(0, LONGEST_LINE - this.#restSize);
    if (part.length === 0) return;
    this.#rest.push(part);
    this.#restSize += part.length;
  }
}
