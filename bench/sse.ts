/**
 * @module
 * Open pages that follow what changes: the feed behind the real route of the stream, beside Hono's `streamSSE` that
 * writes each change to each reader.
 */
import { type Benchmark, Child, median, mustBe, ROUNDS, show, spread, type Used } from "./support.ts";

const READERS = 1000;
const CHANGES_PER_SECOND = 100;
const SECONDS = 8;
/** Not measured. */
const WARM_SECONDS = 2;

const SIDES = ["feed", "hono"] as const;

/** See `about`. */
export const sse: Benchmark = {
  name: "sse",
  about:
    `${
      show(READERS)
    } readers of server-sent events, ${CHANGES_PER_SECOND} changes a second of 400 bytes each ` +
    `for ${SECONDS} s, CPU time of the serving process.`,
  needs: [],
  run: async (say) => {
    const used: Record<typeof SIDES[number], Used[]> = { feed: [], hono: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of SIDES) {
        const one = await runSide(side);
        used[side].push(one);
        say(`round ${round + 1} ${side}: ${show(one.cpu)} CPU s in ${show(one.wall)} s`);
      }
    }
    const cpu = (side: typeof SIDES[number]) => used[side].map((one) => one.cpu);
    const cores = (side: typeof SIDES[number]) => used[side].map((one) => one.cpu / one.wall * 100);
    const ratio = median(cpu("feed")) / median(cpu("hono"));
    return {
      lines: [{
        what: "CPU time",
        product: spread(cpu("feed"), "CPU s"),
        peer: spread(cpu("hono"), "CPU s"),
        ratio: show(ratio),
        goal: "at most 0.25",
        reached: ratio <= 0.25,
      }, {
        what: "share of a core",
        product: spread(cores("feed"), "%"),
        peer: spread(cores("hono"), "%"),
        ratio: "",
        goal: "",
        reached: null,
      }],
      notes: [
        `Every reader got each of the ${
          show(CHANGES_PER_SECOND * (SECONDS + WARM_SECONDS))
        } changes once and in order, ` +
        "on both sides.",
        "The peer encodes a change as JSON once and not for each reader, which is in its favour; the feed gathers " +
        "changes for 50 ms.",
      ],
    };
  },
};

async function runSide(side: typeof SIDES[number]): Promise<Used> {
  const server = new Child("./sse_server.ts", [side]);
  const readers = new Child("./sse_readers.ts");
  try {
    const { port } = await server.ask<{ port: number }>("listen");
    await readers.ask("open", { port, readers: READERS });
    const run = async (seconds: number) => {
      const changes = seconds * CHANGES_PER_SECOND;
      await server.ask("begin", { readers: READERS });
      await server.ask("publish", { changes, perSecond: CHANGES_PER_SECOND });
      const got = await readers.ask<{ changes: number; complete: number }>("read", { changes });
      const used = await server.ask<Used>("finish");
      mustBe("changes at all readers", got.changes, changes * READERS);
      mustBe("readers with all changes in order", got.complete, READERS);
      return used;
    };
    await run(WARM_SECONDS);
    return await run(SECONDS);
  } finally {
    await readers.end();
    await server.end();
  }
}
