/**
 * @module
 * The order of a long live list. Small ones follow at once, large ones at most twice a second: the rows themselves are
 * always live.
 */
import { useEffect, useRef, useState } from "preact/hooks";

/** With many items the order is worked out anew at most this often. */
const REORDER_MS = 500;
const MANY = 1000;

/** The keys in order. `wanted` stands for the choice that `arrange` follows: another one is followed at once. */
export function useOrder<T>(
  all: ReadonlyMap<string, T>,
  wanted: string,
  arrange: (all: ReadonlyMap<string, T>) => string[],
): string[] {
  const made = useRef({ all, wanted: null as string | null, at: 0, keys: [] as string[] });
  const [, again] = useState(0);
  const wait = all.size > MANY ? made.current.at + REORDER_MS - performance.now() : 0;
  const changed = made.current.all !== all;
  if (made.current.wanted !== wanted || changed && wait <= 0) {
    made.current = { all, wanted, at: performance.now(), keys: arrange(all) };
  }
  const due = changed && wait > 0;
  useEffect(() => {
    if (!due) return;
    const timer = setTimeout(() => again((n) => n + 1), wait);
    return () => clearTimeout(timer);
  });
  return made.current.keys;
}
