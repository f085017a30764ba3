/**
 * @module
 * What an Asterisk says of many calls, by AMI: the service that has their rows committed, beside the bare library that
 * counts events. With everything that an Asterisk has to say, and with what is left when it keeps to the mask.
 */
import { type Postgres, startPostgres } from "../tests/support/postgres.ts";
import type { Finished } from "./calls_child.ts";
import type { Prepared } from "./calls_sender.ts";
import {
  type Benchmark,
  Child,
  median,
  mustBe,
  type Outcome,
  ROUNDS,
  show,
  spread,
  treeCpu,
} from "./support.ts";

/** How often each trace is played: measured, and before, so that the code is warm. */
const REPETITIONS = { all: 200, warm: 20 };

const SIDES = ["product", "counts"] as const;
const STREAMS = ["all", "masked"] as const;
type Side = typeof SIDES[number];
type Stream = typeof STREAMS[number];

interface Result extends Finished {
  prepared: Prepared;
  postgresCpu: number;
}

/** See `about`. */
export const calls: Benchmark = {
  name: "calls",
  about:
    "What an Asterisk says of calls, from AMI to committed rows, events per CPU second of the receiving process.",
  needs: ["postgresql"],
  run: async (say) => {
    const postgres = await startPostgres({ settings: { fsync: "on", shared_buffers: "128MB" } });
    const results = { all: { product: [], counts: [] }, masked: { product: [], counts: [] } } as Record<
      Stream,
      Record<Side, Result[]>
    >;
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (const stream of STREAMS) {
          for (const side of SIDES) {
            const result = await runSide(side, stream, postgres);
            results[stream][side].push(result);
            say(
              `round ${round + 1} ${stream} ${side}: ${show(rateOf(result))} events/CPU s, ${
                show(result.prepared.events / result.readSeconds)
              } events/s`,
            );
          }
        }
      }
    } finally {
      await postgres.stop();
    }
    return outcome(results);
  },
};

function rateOf({ prepared, used }: Result): number {
  return prepared.events / used.cpu;
}

function outcome({ all, masked }: Record<Stream, Record<Side, Result[]>>): Outcome {
  const line = (
    what: string,
    { product, counts }: Record<Side, Result[]>,
    { of, unit, least }: { of: (result: Result) => number; unit: string; least: number | null },
  ) => {
    const ratio = median(product.map(of)) / median(counts.map(of));
    return {
      what,
      product: spread(product.map(of), unit),
      peer: spread(counts.map(of), unit),
      ratio: show(ratio),
      goal: least === null ? "" : `at least ${least}`,
      reached: least === null ? null : ratio >= least,
    };
  };
  const cpu = { of: rateOf, unit: "/CPU s", least: null };
  const wall = {
    of: ({ prepared, readSeconds }: Result) => prepared.events / readSeconds,
    unit: "/s",
    least: null,
  };
  const [one] = all.product;
  const [two] = masked.product;
  const of = (results: Result[], value: (result: Result) => number) => median(results.map(value));
  return {
    lines: [
      line("all that an Asterisk has to say", all, { ...cpu, least: 0.5 }),
      line("what is left of it by the mask that the service asks for", masked, cpu),
      line("all, by the wall clock", all, wall),
      line("by the mask, by the wall clock", masked, wall),
    ],
    notes: [
      `${show(one!.prepared.events)} events (${show(one!.prepared.bytes / 1e6)} MB) of ${
        show(one!.prepared.calls)
      } calls, by the mask ${show(two!.prepared.events)} of them (${
        show(two!.prepared.bytes / 1e6)
      } MB): the traces ` +
      "of `expected.json` of both releases, played as other calls each time, 250 of them at once. A tenth as many come " +
      "before and are not measured.",
      "After each round of the product every call was in the table with what `expected.json` says of numbers, " +
      "direction, status, end and who answered; the peer had counted every event.",
      `The service asks Asterisk by \`Action: Events\` for no more than what is in the second line; Asterisk keeps to it.`,
      `A call takes ${
        show(of(masked.product, ({ used, prepared }) => used.cpu / prepared.calls * 1000))
      } ms of CPU, and of PostgreSQL's ${
        show(of(masked.product, ({ postgresCpu, prepared }) => postgresCpu / prepared.calls * 1000))
      } ms; by events of both together that is ${
        show(of(masked.product, ({ used, prepared, postgresCpu }) =>
          prepared.events / (used.cpu + postgresCpu)))
      } a CPU second by the mask, ${
        show(of(all.product, ({ used, prepared, postgresCpu }) => prepared.events / (used.cpu + postgresCpu)))
      } of all.`,
      `${
        show(of(masked.product, ({ rows, prepared }) => rows / prepared.calls))
      } rows were committed a call: at this pace what changes while one is being written makes one more together. ` +
      `At most ${
        show(Math.max(...all.product.concat(masked.product).map(({ mostCalls }) => mostCalls)))
      } calls were ` +
      "in memory at once: each stays for 5 s after its end.",
    ],
  };
}

async function runSide(side: Side, stream: Stream, postgres: Postgres): Promise<Result> {
  const sender = new Child("./calls_sender.ts");
  const child = new Child("./calls_child.ts", [side]);
  const dataDir = await Deno.makeTempDir({ prefix: "doorline-bench-" });
  try {
    const { port } = await sender.ask<{ port: number }>("listen");
    await child.ask("open", { amiPort: port, databaseUrl: postgres.url, dataDir });
    await sender.ask("logged in");
    const send = async (repetitions: number): Promise<Result> => {
      const prepared = await sender.ask<Prepared>("prepare", { repetitions, masked: stream === "masked" });
      if (side === "product") await postgres.query("truncate calls cascade");
      const before = await treeCpu(postgres.pid());
      await child.ask("begin", { events: prepared.events });
      const [finished] = await Promise.all([child.ask<Finished>("finish"), sender.ask("send")]);
      const postgresCpu = await treeCpu(postgres.pid()) - before;
      if (side === "product") await mustBeCommitted(postgres, prepared);
      return { ...finished, prepared, postgresCpu };
    };
    await send(REPETITIONS.warm);
    const result = await send(REPETITIONS.all);
    await child.ask("close");
    return result;
  } finally {
    await Promise.all([sender.end(), child.end()]);
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function mustBeCommitted(postgres: Postgres, { expected }: Prepared): Promise<void> {
  const stored = await postgres.query(
    `select concat_ws(' ', caller_number, receiver_number, direction, status, end_reason,
      coalesce(answered_by_number, 'nobody')) as call, count(*)
    from calls join call_views on call_id = id
    where merged_into is null and state is null and view->>'status' = status group by 1`,
  );
  const counts = new Map(stored.split("\n").map((line) => line.split("|") as [string, string]));
  for (const [call, count] of Object.entries(expected)) {
    mustBe(`calls "${call}"`, Number(counts.get(call) ?? 0), count);
    counts.delete(call);
  }
  mustBe("other calls", [...counts.keys()].join(", "), "");
}
