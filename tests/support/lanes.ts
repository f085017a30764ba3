/**
 * @module
 * Runs things side by side in a few lanes, with a say in what may run beside what. It knows nothing of tests.
 */
import type { Company } from "./groups.ts";

/** How to run them. */
export interface LaneOptions<T> {
  lanes: number;
  companyOf: (item: string) => Company;
  /** Runs one in a lane, of which 0 is the first. It may not reject. */
  run: (item: string, lane: number) => Promise<T>;
}

/**
 * Runs all, and gives what came of them in the order in which they ended. Those with a kind of their own begin, so that
 * at the end those are left that may run beside anything; whatever wants to be alone comes after all others.
 */
export async function runInLanes<T>(items: string[], options: LaneOptions<T>): Promise<T[]> {
  const { companyOf, run } = options;
  const waiting = items.filter((item) => companyOf(item) !== "alone")
    .sort((a, b) => Number(companyOf(a) === "any") - Number(companyOf(b) === "any"));
  const present = new Map<number, Company>();
  const results: T[] = [];
  const leaves: (() => void)[] = [];

  function take(): string | undefined {
    const taken = [...present.values()];
    const at = waiting.findIndex((item) => companyOf(item) === "any" || !taken.includes(companyOf(item)));
    return at < 0 ? undefined : waiting.splice(at, 1)[0];
  }

  async function drive(lane: number): Promise<void> {
    while (waiting.length > 0) {
      const item = take();
      if (item === undefined) {
        await new Promise<void>((resolve) => leaves.push(resolve));
        continue;
      }
      present.set(lane, companyOf(item));
      results.push(await run(item, lane));
      present.delete(lane);
      for (const resolve of leaves.splice(0)) resolve();
    }
  }

  await Promise.all(Array.from({ length: options.lanes }, (_, lane) => drive(lane)));
  for (const item of items) if (companyOf(item) === "alone") results.push(await run(item, 0));
  return results;
}
