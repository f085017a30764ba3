/**
 * @module
 * The wire of Asterisk's manager interface, seen from the server: actions out of bytes, packets out of headers.
 * Limits and their wording are those of main/manager.c, checked against Asterisk 16.28 and 22.10.
 */
import { Buffer } from "node:buffer";

/** A packet's headers in the order of the wire; a name may come more than once. */
export type Header = readonly [name: string, value: string | number];

/** What a client asks for. */
export interface AmiAction {
  /** As it was written; empty when the header is missing. */
  name: string;
  actionId: string | null;
  headers: readonly (readonly [name: string, value: string])[];
  /** The first value of a header, names compared without case; empty when it is missing. */
  get(name: string): string;
  /** Every value of a header. */
  all(name: string): string[];
}

/** What comes out of the bytes: an action, or the reason why a message was thrown away. */
export type AmiInput = { action: AmiAction } | { refused: string };

/** Bytes of a line, its end not counted. */
const LONGEST_LINE = 1_024;
const MOST_HEADERS = 128;

/** Writes a packet: one line for each header, then an empty line. It does not escape; neither does Asterisk. */
export function encodePacket(headers: readonly Header[]): string {
  let text = "";
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return text + "\r\n";
}

/** Gathers bytes, cut anywhere, into actions. A bare LF ends a line too. */
export class AmiReader {
  #rest: Buffer = Buffer.alloc(0);
  #lines: string[] = [];
  /** True from a message's fault to its empty line: the rest of it is thrown away. */
  #skipping = false;

  /** Takes bytes and gives what they complete, in order. */
  read(bytes: Uint8Array): AmiInput[] {
    const found: AmiInput[] = [];
    let data = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10)) {
      const length = end > 0 && data[end - 1] === 13 ? end - 1 : end;
      this.#line(data.subarray(0, length), found);
      data = data.subarray(end + 1);
    }
    if (data.length > LONGEST_LINE) {
      this.#refuse("Failed to parse message: line too long", found);
      // Enough to remember that the line, whose end is still to come, is not an empty one.
      data = data.subarray(0, 1);
    }
    this.#rest = Buffer.from(data);
    return found;
  }

  #line(line: Buffer, found: AmiInput[]): void {
    if (line.length === 0) {
      if (!this.#skipping) found.push({ action: actionOf(this.#lines) });
      this.#skipping = false;
      this.#lines = [];
    } else if (line.length > LONGEST_LINE) {
      this.#refuse("Failed to parse message: line too long", found);
    } else if (!this.#skipping) {
      if (this.#lines.length >= MOST_HEADERS) {
        return this.#refuse("Too many lines in message or allocation failure", found);
      }
      this.#lines.push(line.toString("utf8"));
    }
  }

  #refuse(reason: string, found: AmiInput[]): void {
    if (!this.#skipping) found.push({ refused: reason });
    this.#skipping = true;
    this.#lines = [];
  }
}

function actionOf(lines: readonly string[]): AmiAction {
  const headers: (readonly [string, string])[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.push([line.slice(0, colon), line.slice(colon + 1).trimStart()]);
  }
  const all = (name: string) => {
    const wanted = name.toLowerCase();
    return headers.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
  };
  const get = (name: string) => all(name)[0] ?? "";
  return { name: get("Action"), actionId: get("ActionID") || null, headers, get, all };
}
