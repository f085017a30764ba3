/**
 * @module
 * Heartbeats to actors, in memory: the intercom machine through the hub, beside the same machine that restarts its
 * timer of silence at each heartbeat, and the same machine that has no timer.
 */
import { type Benchmark, Child, median, ROUNDS, show, spread, type Used } from "./support.ts";

const ACTORS = 100_000;
/** Heartbeats to each actor that are measured; one more, before, is not. */
const TURNS = 3;

const SIDES = ["lazy", "reentered", "none"] as const;

/** See `about`. */
export const sends: Benchmark = {
  name: "sends",
  about: `Heartbeats through the hub to ${
    show(ACTORS)
  } actors with an offline timeout, sends per CPU second.`,
  needs: [],
  run: async (say) => {
    const rates: Record<typeof SIDES[number], number[]> = { lazy: [], reentered: [], none: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of SIDES) {
        const child = new Child("./sends_child.ts", [side]);
        await child.ask("start", { actors: ACTORS });
        const used = await child.ask<Used>("send", { turns: TURNS });
        await child.end();
        rates[side].push(ACTORS * TURNS / used.cpu);
        say(
          `round ${round + 1} ${side}: ${show(rates[side].at(-1)!)} sends/CPU s, wall ${show(used.wall)} s`,
        );
      }
    }
    const { lazy, reentered, none } = rates;
    const product = spread(lazy, "/CPU s");
    const overReentered = median(lazy) / median(reentered);
    const overNone = median(lazy) / median(none);
    return {
      lines: [{
        what: "heartbeat, `after` re-entered each time",
        product,
        peer: spread(reentered, "/CPU s"),
        ratio: show(overReentered),
        goal: "at least 3",
        reached: overReentered >= 3,
      }, {
        what: "heartbeat, no timer",
        product,
        peer: spread(none, "/CPU s"),
        ratio: show(overNone),
        goal: "at least 0.7",
        reached: overNone >= 0.7,
      }],
      notes: [
        "All three run through the same hub; the peers are derived from the product's own machine, and each side has " +
        "a fresh process each round.",
      ],
    };
  },
};
