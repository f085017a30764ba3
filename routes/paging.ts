/**
 * @module
 * Pages of lists whose cursor is the last item seen: its id, or its time and its id.
 */
import { z } from "@hono/zod-openapi";

/** Items of a page, unless asked otherwise, and at most. */
const LIMIT = 50;
const MAX_LIMIT = 200;

const id = z.string().regex(/^[1-9]\d{0,14}$/, "expected a positive whole number").transform(Number);

/** `limit` and `cursor` of a list by id. */
export const pageQuery = z.object({
  limit: z.string().regex(/^\d{1,3}$/, `expected a number from 1 to ${MAX_LIMIT}`).transform(Number)
    .pipe(
      z.int().min(1, `expected a number from 1 to ${MAX_LIMIT}`).max(
        MAX_LIMIT,
        `expected at most ${MAX_LIMIT}`,
      ),
    ).default(LIMIT)
    .openapi({ type: "integer", minimum: 1, maximum: MAX_LIMIT, default: LIMIT }),
  cursor: id.optional().openapi({ type: "string", description: "`next` of the page before" }),
});

/** `{id}` in a path. */
export const idParam = z.object({ id: id.openapi({ type: "integer", minimum: 1 }) });

/** Years that JavaScript and PostgreSQL write alike. */
const FIRST_TIME = Date.parse("0001-01-01T00:00:00Z");
const LAST_TIME = Date.parse("9999-12-31T23:59:59.999Z");

/** A moment in a query. */
export const timeParam = z.iso.datetime({
  offset: true,
  error: "expected a time with zone, such as 2026-01-01T00:00:00Z",
}).refine(isStorable, "expected a time between the years 1 and 9999 in UTC");

/** The cursor after an item of a list by time. */
export function writeTimeCursor(at: string, id: string): string {
  return `${at}_${id}`;
}

/** An unreadable cursor is the beginning: it can only come from somebody who made it up. */
export function readTimeCursor(cursor: string): { at: string; id: string } | undefined {
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)_([\w.:-]{1,100})$/.exec(cursor);
  return match === null || !isStorable(match[1]!) ? undefined : { at: match[1]!, id: match[2]! };
}

function isStorable(time: string): boolean {
  const at = Date.parse(time);
  return at >= FIRST_TIME && at <= LAST_TIME;
}

/** Makes a page of items of which one more than `limit` was read, if there is one. */
export function nextOf<T extends { id: number | string }>(
  items: T[],
  limit: number,
): { items: T[]; next: string | null } {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown, next: items.length > limit && last ? String(last.id) : null };
}
