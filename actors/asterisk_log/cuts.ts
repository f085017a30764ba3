/**
 * @module
 * Where Asterisk cut a message off. It writes through a buffer of 8 KiB: a longer message loses its end and the line
 * feed, and in the default and plain formats the next message begins in the middle of its last line (seen with 16.28
 * and 22.10).
 */

/** Bytes of a message that are written, from its date on. */
const BUFFER = 8191;
/** A character that was cut may be counted as longer than what was left of it. */
const SLACK = 2;
const OPEN = 91;

/** Counts the bytes of the message at hand. */
export class Cuts {
  #first = "";
  /** Bytes so far; below zero while nobody asked. */
  #bytes = -1;

  /** Takes the first line of a message, and says where in it the next message begins, or -1. */
  begin(line: string): number {
    this.#first = line;
    this.#bytes = -1;
    return placeIn(line, 0);
  }

  /** The same of a further line. */
  next(line: string): number {
    if (this.#bytes < 0) this.#bytes = bytesOf(this.#first) + 1;
    const place = placeIn(line, this.#bytes);
    this.#bytes += bytesOf(line) + 1;
    return place;
  }
}

/** Where the buffer's end is in a line with so many bytes before it, if something begins there. */
function placeIn(line: string, before: number): number {
  // No character takes more than three bytes for each of its units.
  if (before > BUFFER || before + line.length * 3 < BUFFER) return -1;
  let bytes = before;
  for (let at = 0; at < line.length && bytes <= BUFFER + SLACK; at++) {
    const code = line.charCodeAt(at);
    if (code === OPEN && bytes >= BUFFER && at > 0) return at;
    bytes += sizeOf(code);
  }
  return -1;
}

function bytesOf(line: string): number {
  let bytes = 0;
  for (let at = 0; at < line.length; at++) bytes += sizeOf(line.charCodeAt(at));
  return bytes;
}

/** Bytes in UTF-8 of one unit of UTF-16; the two of a pair are four together. */
function sizeOf(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code >= 0xd800 && code < 0xe000 ? 2 : 3;
}
