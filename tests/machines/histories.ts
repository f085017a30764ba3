/**
 * @module
 * Random histories of a panel: what it says and what happens to its link, with the time between.
 */
import fc from "fast-check";
import { type Panel, SAY, SETTINGS } from "./panel.ts";

type Said = keyof typeof SAY;

/** Time passes, then something happens. */
export interface Step {
  waitMs: number;
  event: Said;
}

/** Waits that are short, that meet a deadline to the millisecond, or that are anything. */
const wait = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 5000 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...Object.values(SETTINGS).flatMap((ms) => [ms - 1, ms, ms + 1]),
      10_000,
      10_001,
      60_000,
      60_001,
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 400_000 }) },
);

/** A history of up to sixty steps. */
export function history(): fc.Arbitrary<Step[]> {
  const event = fc.constantFrom(...Object.keys(SAY) as Said[]);
  return fc.array(fc.record({ waitMs: wait, event }), { maxLength: 60 });
}

/** Lets a step happen to a panel. */
export function play(panel: Panel, { waitMs, event }: Step): void {
  panel.pass(waitMs);
  panel.send(SAY[event]);
}
