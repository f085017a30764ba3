/**
 * @module
 * Puts lines together to messages: a line without a head goes on with the message before. A message is given out when
 * the next begins, or when nothing more came for a moment. Nothing leaves here that is not redacted.
 */
import { Cuts } from "./cuts.ts";
import { type Head, readHead } from "./head.ts";
import { own } from "./own.ts";
import { plain, withoutReturns } from "./plain.ts";
import { Redactor } from "./redact.ts";
import type { Stamps } from "./stamps.ts";

/** A message of a log: a head with the text of all its lines. */
export type Message = Readonly<Head>;

/** Characters of a message; what is beyond is counted. */
export const LONGEST_MESSAGE = 65_536;
/** Lines of a message. */
export const MOST_LINES = 1000;
/** Level of text that stands at the beginning of a file, or after a pause, with no head before it. */
export const NO_LEVEL = "UNKNOWN";

/** Makes messages of one file's lines. */
export class Messages {
  readonly #stamps: Stamps;
  readonly #give: (message: Message) => void;
  readonly #redactor = new Redactor();
  readonly #cuts = new Cuts();
  #head: Head | null = null;
  /** Further lines of the message at hand. */
  #more: string[] = [];
  #size = 0;
  #left = 0;
  /** When the newest line came. */
  #heardAt = 0;

  constructor(stamps: Stamps, give: (message: Message) => void) {
    this.#stamps = stamps;
    this.#give = give;
  }

  /** Takes a line without its end; `now` is any steady clock's. */
  line(raw: string, now: number): void {
    this.#heardAt = now;
    const line = plain(withoutReturns(raw));
    const head = readHead(line, this.#stamps);
    const place = head === null ? this.#cuts.next(raw) : this.#cuts.begin(raw);
    if (place !== -1 && readHead(raw.slice(place), this.#stamps) !== null) {
      this.line(raw.slice(0, place), now);
      return this.line(raw.slice(place), now);
    }
    if (head === null) return this.#goOn(line);
    this.end();
    this.#begin(head);
  }

  /** Gives out what waits when nothing came for so long. */
  idle(now: number, ms: number): void {
    if (this.#head !== null && now - this.#heardAt >= ms) this.end();
  }

  /** Gives out what waits. */
  end(): void {
    const head = this.#head;
    if (head === null) return;
    this.#head = null;
    if (this.#left > 0) this.#more.push(`[… ${this.#left} more lines]`);
    let text = head.text;
    if (this.#more.length > 0) {
      // A trace ends with the empty lines of its message.
      while (this.#more.at(-1) === "") this.#more.pop();
      text = [text, ...this.#more].join("\n");
      this.#more = [];
    }
    this.#left = 0;
    head.text = own(text);
    this.#give(head);
  }

  #begin(head: Head): void {
    if (head.whole && head.text.includes("\n")) {
      const [first = "", ...lines] = head.text.split("\n").map((line) => plain(withoutReturns(line)));
      this.#open(head, first);
      for (const line of lines) this.#goOn(line);
    } else {
      // What JSON had escaped.
      this.#open(head, head.whole ? plain(head.text) : head.text);
    }
  }

  #open(head: Head, first: string): void {
    const redacted = this.#redactor.head(first);
    head.text = redacted.length > LONGEST_MESSAGE ? redacted.slice(0, LONGEST_MESSAGE) : redacted;
    this.#head = head;
    this.#size = head.text.length;
  }

  #goOn(line: string): void {
    // Taken even when it is not kept: it may end what is to be left out.
    const redacted = this.#redactor.next(line);
    if (redacted === null) return;
    if (this.#head === null) {
      if (redacted === "") return;
      this.#head = { at: null, level: NO_LEVEL, source: null, call: null, text: "", whole: false };
      this.#head.text = redacted.slice(0, LONGEST_MESSAGE);
      this.#size = this.#head.text.length;
      return;
    }
    this.#size += redacted.length + 1;
    if (this.#left > 0 || this.#size > LONGEST_MESSAGE || this.#more.length + 1 >= MOST_LINES) {
      this.#left++;
    } else {
      this.#more.push(redacted);
    }
  }
}
