/**
 * @module
 * How long it takes from what Asterisk writes of a new call until the page of whom it rings at has heard of it: the whole
 * service with PostgreSQL behind it, and at the other end Chromium, or a reader that costs next to nothing.
 */
import { inBrowser } from "../tests/support/browser.ts";
import { type Postgres, startPostgres } from "../tests/support/postgres.ts";
import { type Service, type Session, startService } from "../tests/support/service.ts";
import { waitFor } from "../tests/support/wait.ts";
import { type Ears, growEars, tapStream } from "./ring_ears.ts";
import type { Made } from "./ring_sender.ts";
import {
  type Benchmark,
  Child,
  type Line,
  median,
  mustBe,
  type Outcome,
  ROUNDS,
  show,
  spread,
  treeCpu,
} from "./support.ts";

const CALLS_PER_SECOND = 100;
const SECONDS = 20;
/** Not measured. */
const WARM_SECONDS = 3;
const GOAL_MS = 50;
const PASSWORD = "a password of benchmarks";

/** One call of so many rings at the person whose page is looked at; the others at somebody else's number. */
const MINE = { reader: 1, page: 10, flooded: 1 };

const SIDES = ["reader", "page", "flooded"] as const;
const WAYS = ["changed", "rang"] as const;
type Side = typeof SIDES[number];
type Way = typeof WAYS[number];
type Heard = Pick<Ears, "changed" | "rang" | "statuses">;

/** Milliseconds. */
interface Latencies {
  p50: number;
  p99: number;
  most: number;
}

interface Result extends Record<Way, Latencies> {
  /** CPU time of the service by the wall clock. */
  share: number;
  /** How late the sender's own timers were. */
  late: Latencies;
}

/** See `about`. */
export const ring: Benchmark = {
  name: "ring",
  about:
    `${CALLS_PER_SECOND} calls a second for ${SECONDS} s: from Newchannel on the socket to the frame at the page of ` +
    "whom it rings at, in milliseconds.",
  needs: ["chromium", "postgresql"],
  run: async (say) => {
    const results: Record<Side, Result[]> = { reader: [], page: [], flooded: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of SIDES) {
        const result = await runSide(side);
        results[side].push(result);
        const [changed, rang] = WAYS.map((way) => `${show(result[way].p50)}, ${show(result[way].p99)}`);
        say(
          `round ${round + 1} ${side}: p50 and p99 by stream ${changed} ms, by WebSocket ${rang} ms; the ` +
            `sender's own timers ${show(result.late.p99)} ms late`,
        );
      }
    }
    return outcome(results);
  },
};

function outcome({ reader, page, flooded }: Record<Side, Result[]>): Outcome {
  const lines = (what: string, results: Result[], goal: number | null): Line[] =>
    WAYS.flatMap((way) =>
      (["p50", "p99", "most"] as const).map((which): Line => {
        const values = results.map((result) => result[way][which]);
        const aims = goal !== null && which === "p99";
        return {
          what:
            `${what}, ${
              way === "changed" ? "`call.changed` by the stream" : "`incoming-call` by WebSocket"
            }: ` +
            (which === "most" ? "the longest" : which),
          product: spread(values, "ms"),
          peer: "",
          ratio: "",
          goal: aims ? `under ${goal} ms` : "",
          reached: aims ? median(values) < goal : null,
        };
      })
    );
  const share = (results: Result[]) => show(median(results.map(({ share }) => share)) * 100);
  return {
    lines: [
      ...lines("Chromium, one call of ten is theirs", page, GOAL_MS),
      ...lines("Chromium, every call is theirs", flooded, GOAL_MS),
      ...lines("a reader in Deno, every call is theirs", reader, null),
    ],
    notes: [
      `Each heard of each of their calls by both ways, and that it ended as it did, and of nobody else's. There are ${
        show(CALLS_PER_SECOND * SECONDS)
      } calls a round, in bytes of real ones: half of them are answered after a second, each ends after two, so that ` +
      "200 go on at once.",
      "All that Asterisk says until the phone rings is written at once with the Newchannel. Sender, page and reader " +
      "read the same machine's clock.",
      "In Chromium the page is the service's own, with the person's cards and lists on it; it hears the stream that " +
      "the service's own script reads.",
      `The service took ${share(page)} % of a core, with every call theirs ${share(flooded)} %, and ${
        share(reader)
      } % with the reader. Sender, browser and PostgreSQL share the cores with it.`,
      "What the machine does to any process: a timer of the sender's was late by " +
      `${show(median([...reader, ...page, ...flooded].map(({ late }) => late.p99)))} ms in one of a hundred.`,
    ],
  };
}

async function runSide(side: Side): Promise<Result> {
  const sender = new Child("./ring_sender.ts");
  let service: Service | null = null;
  let postgres: Postgres | null = null;
  try {
    postgres = await startPostgres({ settings: { fsync: "on" } });
    const { port } = await sender.ask<{ port: number }>("listen");
    service = await startService({
      env: {
        DOORLINE_AMI_URL: `ami://bench:bench@127.0.0.1:${port}`,
        DOORLINE_DATABASE_URL: postgres.url,
      },
    });
    const ivan = await ownersOf777And888(service);
    await sender.ask("logged in");
    await waitFor(async () => {
      const { body } = await ivan.api("GET", "/api/links");
      return body.items.find(({ id }: { id: string }) => id === "asterisk")?.state === "up";
    }, { what: "the link to Asterisk" });
    return await (side === "reader" ? withReader : withBrowser)(service, ivan, { sender, mine: MINE[side] });
  } finally {
    await sender.end();
    await service?.stop();
    await postgres?.stop();
  }
}

/** Gives the one of 777. */
async function ownersOf777And888(service: Service): Promise<Session> {
  const admin = await service.login();
  for (const [login, number] of [["ivan", "777"], ["petr", "888"]]) {
    const body = { login, role: "employee", password: PASSWORD };
    const { body: { id } } = await admin.api("POST", "/api/users", { body });
    await admin.api("PUT", `/api/users/${id}/phones`, { body: { phones: [number] } });
  }
  return await service.login("ivan", PASSWORD);
}

interface Calling {
  sender: Child;
  mine: number;
}

async function withReader(service: Service, ivan: Session, calling: Calling): Promise<Result> {
  const reader = new Child("./ring_reader.ts");
  try {
    await reader.ask("open", { url: service.url, cookie: ivan.cookie });
    return await ringAt(service, calling, () => reader.ask<Heard>("heard"));
  } finally {
    await reader.end();
  }
}

async function withBrowser(service: Service, ivan: Session, calling: Calling): Promise<Result> {
  let result: Result | undefined;
  await inBrowser(async (browser) => {
    const { page } = await browser.open(service.url, { session: ivan, before: inPage(growEars, tapStream) });
    await page.evaluate(() =>
      new Promise<void>((resolve) => {
        const { ears } = globalThis as unknown as { ears: Ears };
        const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
        socket.onmessage = ({ data }) => {
          ears.frame(data, ears.now());
          resolve();
        };
      })
    );
    const heard = () =>
      page.evaluate(() => {
        const { changed, rang, statuses } = (globalThis as unknown as { ears: Ears }).ears;
        return { changed, rang, statuses };
      });
    result = await ringAt(service, calling, heard);
  });
  return result!;
}

/** A script of several functions, none of which uses anything that is not in itself. */
function inPage(...scripts: (() => void)[]): () => void {
  return new Function(scripts.map((script) => `(${script})();`).join("\n")) as () => void;
}

async function ringAt(
  service: Service,
  { sender, mine }: Calling,
  heard: () => Promise<Heard>,
): Promise<Result> {
  const call = async (seconds: number) => {
    const calls = { calls: seconds * CALLS_PER_SECOND, perSecond: CALLS_PER_SECOND, mine };
    const made = await sender.ask<Made>("call", calls);
    return { made, heard: await allHeard(made, heard) };
  };
  await call(WARM_SECONDS);
  const before = await treeCpu(service.pid());
  const started = performance.now();
  const measured = await call(SECONDS);
  const share = (await treeCpu(service.pid()) - before) / (performance.now() - started) * 1000;
  const { made } = measured;
  const of = (way: Way) =>
    latencies(
      Object.entries(made).filter(([, { to }]) => to === "777").map(([caller, { at }]) =>
        measured.heard[way][caller]! - at
      ),
    );
  const late = latencies(Object.values(made).map(({ late }) => late));
  return { share, late, changed: of("changed"), rang: of("rang") };
}

/** Waits until the end of each call was heard, and sees to it that it is the right one. */
async function allHeard(made: Made, ask: () => Promise<Heard>): Promise<Heard> {
  const callers = Object.keys(made).filter((caller) => made[caller]!.to === "777");
  const others = Object.keys(made).filter((caller) => made[caller]!.to === "888");
  const heard = await waitFor(async () => {
    const heard = await ask();
    return callers.every((caller) => /completed|missed/.test(heard.statuses[caller] ?? "")) && heard;
  }, { what: "the end of each call", timeoutMs: 60_000 });
  const right = callers.filter((caller) => heard.statuses[caller] === made[caller]!.status);
  mustBe("calls that ended as they did", right.length, callers.length);
  for (const way of WAYS) {
    const among = (some: string[]) => some.filter((caller) => heard[way][caller] !== undefined).length;
    mustBe("calls heard", among(callers), callers.length);
    mustBe("calls heard that are others'", among(others), 0);
  }
  return heard;
}

function latencies(ms: number[]): Latencies {
  const sorted = ms.toSorted((a, b) => a - b);
  const of = (share: number) => sorted[Math.ceil(sorted.length * share) - 1]!;
  return { p50: of(0.5), p99: of(0.99), most: sorted.at(-1)! };
}
