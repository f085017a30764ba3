/**
 * @module
 * What the log says of calls: whom one rings at, and that a number is nobody's. It holds no whole number of anybody
 * outside.
 */
import type { CallDetailView } from "../machines/views.ts";
import type { NumberBook } from "./call_views.ts";

/** What is said aloud of calls. */
export interface CallsLog {
  info(detail: Record<string, unknown>, message: string): void;
  warn(detail: Record<string, unknown>, message: string): void;
  error(detail: Record<string, unknown>, message: string): void;
}

/** Says what a change of what is shown is worth. `warned`: whether it was said that nobody owns its number. */
export function sayOf(
  view: CallDetailView,
  { before, warned, book, log }: {
    before: CallDetailView;
    warned: boolean;
    book: NumberBook;
    log: CallsLog;
  },
): void {
  const rang = new Set(before.rings.map(({ leg }) => leg));
  for (const { leg, number, user_id } of view.rings) {
    if (rang.has(leg) || user_id === null) continue;
    log.info({ call: view.id, number: mask(number, book), user: user_id }, "A call rings at its owner's");
  }
  if (!view.unknown_number || warned) return;
  const numbers = view.legs.filter(({ role }) => role === "dialled").map(({ number }) => number);
  const number = mask(numbers[0] ?? view.receiver.number, book);
  log.warn({ call: view.id, number }, "A call came for a number that nobody owns");
}

function mask(number: string | null, book: NumberBook): string | null {
  return number === null || book.isInternal(number) ? number : `…${number.slice(-3)}`;
}
