/**
 * @module
 * Messages that were refused: all are counted by reason, some are kept to be looked at. How many are kept is bounded
 * in the table and in time, so that whoever sends rubbish fills nothing.
 */
import { ulid } from "ulid";
import type { Writer } from "../db/writer.ts";
import type { Clock } from "./clock.ts";
import { toIso } from "./clock.ts";

/** Refused messages that are kept in a second. */
const KEPT_PER_SECOND = 10;
const SHOWN_CHARACTERS = 1024;

/** Counts refusals. */
export class DeadLetters {
  readonly #counts = new Map<string, number>();
  readonly #options: { writer: Writer; clock: Clock; onCount?: (reason: string) => void };
  #second = 0;
  #kept = 0;

  constructor(options: { writer: Writer; clock: Clock; onCount?: (reason: string) => void }) {
    this.#options = options;
  }

  /** Counts by reason since the start. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  /** Counts a refused message and keeps what can be shown of it. Never throws. */
  add(refused: { source: string; reason: string; topic: string; payload: Uint8Array }): void {
    const { clock, writer } = this.#options;
    this.#counts.set(refused.reason, (this.#counts.get(refused.reason) ?? 0) + 1);
    this.#options.onCount?.(refused.reason);
    const second = Math.floor(clock.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#kept = 0;
    }
    if (++this.#kept > KEPT_PER_SECOND) return;
    writer.commit({
      deadLetter: {
        id: ulid(clock.toWall(clock.now())),
        source: refused.source,
        reason: refused.reason,
        topic: showText(refused.topic, 256),
        payload: showBytes(refused.payload),
        received_at: toIso(clock, clock.now()),
      },
    }).catch(() => {}); // it is counted; when even the queue is full, that has to do
  }
}

/** Bytes as text, with what is not printable text escaped. */
function showBytes(bytes: Uint8Array): string {
  const head = bytes.subarray(0, SHOWN_CHARACTERS);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: bytes.length > head.length });
  } catch {
    text = Array.from(
      head,
      (byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${hex(byte)}`,
    ).join("");
  }
  return showText(text, SHOWN_CHARACTERS);
}

/** The cut may halve a surrogate pair, which PostgreSQL does not take. */
function showText(text: string, characters: number): string {
  // deno-lint-ignore no-control-regex
  const shown = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => `\\x${hex(char.charCodeAt(0))}`);
  return shown.slice(0, characters).toWellFormed();
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
