/**
 * @module
 * Pieces of queries that several lists take.
 */
import { z } from "@hono/zod-openapi";

/** Text of a filter that a query can take. */
export function term(max: number) {
  return z.string().max(max).refine(
    (text) => !text.includes("\0") && text.isWellFormed(),
    "expected no character that cannot be stored",
  );
}

/** One of the values, or several with commas. */
export function oneOf<const T extends readonly string[]>(values: T) {
  return z.string().transform((text) => text.split(",")).pipe(
    z.array(z.enum(values, { error: `expected a list of ${values.join(",")}` })),
  ).optional().openapi({ type: "string", description: "One, or several with commas" });
}

/** `true` or `false`. */
export const flag = z.enum(["true", "false"]).transform((text) => text === "true").openapi({
  type: "string",
  enum: ["true", "false"],
});

/** `limit` of a list. */
export function limitOf(options: { default: number; max: number }) {
  return z.coerce.number().int().min(1).max(options.max).default(options.default);
}
