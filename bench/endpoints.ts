/**
 * @module
 * Endpoints: how long it takes until all that an Asterisk lists are committed, and how long from what it says of one
 * that comes or goes to whoever follows them. The whole service, with PostgreSQL behind it.
 */
import { type Postgres, startPostgres } from "../tests/support/postgres.ts";
import { type Service, startService } from "../tests/support/service.ts";
import { waitFor } from "../tests/support/wait.ts";
import type { HeardTurns } from "./endpoints_reader.ts";
import type { Changed } from "./endpoints_sender.ts";
import {
  type Benchmark,
  Child,
  type Line,
  median,
  mustBe,
  ROUNDS,
  show,
  spread,
  treeCpu,
} from "./support.ts";

const ENDPOINTS = 5000;
const PER_SECOND = 1000;
const SECONDS = 15;
/** Sent as fast as they are taken. */
const BURST = 50_000;

interface Result {
  /** From the login to the last row, in seconds, and the CPU time of it. */
  syncSeconds: number;
  syncCpu: number;
  /** From what Asterisk writes to the reader of the stream, in milliseconds. */
  p50: number;
  p99: number;
  most: number;
  late: number;
  /** CPU time of the service by the wall clock at that pace. */
  share: number;
  burstSeconds: number;
  burstCpu: number;
}

/** See `about`. */
export const endpoints: Benchmark = {
  name: "endpoints",
  about:
    `${ENDPOINTS} endpoints at a sync, ${PER_SECOND} that come or go a second for ${SECONDS} s, and ${BURST} of those ` +
    "as fast as they are taken.",
  needs: ["postgresql"],
  run: async (say) => {
    const results: Result[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const result = await runRound();
      results.push(result);
      say(
        `round ${round + 1}: sync ${show(result.syncSeconds)} s, p99 ${show(result.p99)} ms at ${
          show(result.share * 100)
        } % of a core, ${show(BURST / result.burstCpu)} changes/CPU s`,
      );
    }
    const line = (what: string, of: (result: Result) => number, unit: string): Line => ({
      what,
      product: spread(results.map(of), unit),
      peer: "",
      ratio: "",
      goal: "",
      reached: null,
    });
    return {
      lines: [
        line(`sync of ${ENDPOINTS}: from the login to the last row`, (one) => one.syncSeconds, "s"),
        line("CPU time of the service until then, its start included", (one) => one.syncCpu, "s"),
        line(`${PER_SECOND} changes/s, to the reader of the stream: p50`, (one) => one.p50, "ms"),
        line(`${PER_SECOND} changes/s, to the reader of the stream: p99`, (one) => one.p99, "ms"),
        line(`${PER_SECOND} changes/s, to the reader of the stream: the longest`, (one) => one.most, "ms"),
        line("as fast as they are taken, by the wall clock", (one) => BURST / one.burstSeconds, "changes/s"),
        line("as fast as they are taken", (one) => BURST / one.burstCpu, "changes/CPU s"),
      ],
      notes: [
        "A change is three events, as of a real Asterisk: ContactStatus, PeerStatus, DeviceStateChange. The feed " +
        "gathers changes for 50 ms, so that no p50 can be much below 25 ms.",
        `Every change was heard of by the reader in order, and was in the table of changes at the end. At ${PER_SECOND} ` +
        `changes a second the service took ${
          show(median(results.map(({ share }) => share)) * 100)
        } % of a core; a timer of the sender's was late by ${
          show(median(results.map(({ late }) => late)))
        } ms in one of a hundred. In the burst every endpoint flaps.`,
      ],
    };
  },
};

async function runRound(): Promise<Result> {
  const [sender, reader] = [new Child("./endpoints_sender.ts"), new Child("./endpoints_reader.ts")];
  let service: Service | null = null;
  let postgres: Postgres | null = null;
  try {
    postgres = await startPostgres({ settings: { fsync: "on" } });
    const { port } = await sender.ask<{ port: number }>("listen", { endpoints: ENDPOINTS });
    service = await startService({
      env: {
        DOORLINE_AMI_URL: `ami://bench:bench@127.0.0.1:${port}`,
        DOORLINE_DATABASE_URL: postgres.url,
        DOORLINE_EMULATE: "none",
      },
    });
    const count = (table: string) => rowsOf(postgres!, table);
    const { at } = await sender.ask<{ at: number }>("logged in");
    await waitFor(async () => await count("endpoints") === ENDPOINTS, { what: "rows", timeoutMs: 60_000 });
    const syncSeconds = (performance.timeOrigin + performance.now() - at) / 1000;
    const syncCpu = await treeCpu(service.pid());

    const admin = await service.login();
    await reader.ask("open", { url: service.url, cookie: admin.cookie });
    const paced = PER_SECOND * SECONDS;
    const rowsBefore = await count("endpoint_changes");
    const [cpuBefore, startedMs] = [await treeCpu(service.pid()), performance.now()];
    const changed = await sender.ask<Changed>("change", { count: paced, perSecond: PER_SECOND });
    const share = (await treeCpu(service.pid()) - cpuBefore) / (performance.now() - startedMs) * 1000;
    await waitFor(async () => await count("endpoint_changes") === rowsBefore + paced, {
      what: "rows of changes",
      timeoutMs: 30_000,
    });
    // What was committed last may still be on its way to the reader.
    const heard = await waitFor(async () => {
      const turns = await reader.ask<HeardTurns>("heard");
      return Object.values(turns).reduce((sum, { length }) => sum + length, 0) >= paced && turns;
    }, { what: "every turn at the reader", timeoutMs: 30_000 });
    const latencies = latenciesOf(changed, heard);

    const [burstCpuBefore, burstMs] = [await treeCpu(service.pid()), performance.now()];
    await sender.ask("burst", { count: BURST });
    await waitFor(async () => await count("endpoint_changes") === rowsBefore + paced + BURST, {
      what: "rows of the burst",
      timeoutMs: 120_000,
    });
    return {
      syncSeconds,
      syncCpu,
      share,
      ...latencies,
      burstSeconds: (performance.now() - burstMs) / 1000,
      burstCpu: await treeCpu(service.pid()) - burstCpuBefore,
    };
  } finally {
    await Promise.all([sender.end(), reader.end()]);
    await service?.stop();
    await postgres?.stop();
  }
}

/** The nth change of an endpoint is the nth turn that was heard of it. */
function latenciesOf(changed: Changed, heard: HeardTurns): Pick<Result, "p50" | "p99" | "most" | "late"> {
  const seen = new Map<string, number>();
  const ms = changed.map(({ name, status, at }) => {
    const index = seen.get(name) ?? 0;
    seen.set(name, index + 1);
    const turn = heard[name]?.[index];
    mustBe(`turn ${index} of ${name}`, turn?.status ?? "nothing", status);
    return turn!.at - at;
  }).sort((one, other) => one - other);
  const late = changed.map((one) => one.late).sort((one, other) => one - other);
  const of = (sorted: number[], part: number) => sorted[Math.ceil(sorted.length * part) - 1]!;
  return { p50: of(ms, 0.5), p99: of(ms, 0.99), most: ms.at(-1)!, late: of(late, 0.99) };
}

async function rowsOf(postgres: Postgres, table: string): Promise<number> {
  return Number(await postgres.query(`select count(*) from ${table}`));
}
