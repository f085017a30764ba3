/**
 * @module
 * Pages of lists whose cursor is the id of the last item seen.
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

/** Makes a page of items of which one more than `limit` was read, if there is one. */
export function nextOf<T extends { id: number | string }>(
  items: T[],
  limit: number,
): { items: T[]; next: string | null } {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown, next: items.length > limit && last ? String(last.id) : null };
}
