/**
 * @module
 * Heartbeats from a real Mosquitto into a real PostgreSQL: the service's own parts, beside an MQTT subscriber that only
 * counts and one that awaits one statement for each message. PostgreSQL runs with its defaults: a commit is on disk.
 */
import mqtt from "mqtt";
import { startMosquitto } from "../tests/support/mosquitto.ts";
import { type Postgres, startPostgres } from "../tests/support/postgres.ts";
import type { Closed } from "./heartbeats_child.ts";
import {
  type Benchmark,
  Child,
  median,
  mustBe,
  ROUNDS,
  show,
  spread,
  treeCpu,
  type Used,
} from "./support.ts";

const PANELS = 5000;
/** Messages that are measured. The statement-a-message side gets fewer: it has the same cost for each. */
const MESSAGES = { product: 200_000, counts: 200_000, awaits: 10_000 };
/** Messages that are sent before, so that all panels are known and the code is warm. */
const WARM = 10_000;

/** How often a side may be run again because the disk kept the database busy for seconds. */
const MOST_INTERRUPTED = 5;

type Side = keyof typeof MESSAGES;

interface Rate {
  perCpuSecond: number;
  /** By the CPU time of the receiver and of PostgreSQL together. */
  perCpuSecondOfBoth: number;
  perSecond: number;
}

/** See `about`. */
export const heartbeats: Benchmark = {
  name: "heartbeats",
  about:
    `Heartbeats of ${show(PANELS)} panels, QoS 1, from Mosquitto to PostgreSQL, messages per CPU second of ` +
    "the receiving process.",
  needs: ["mosquitto", "postgresql"],
  run: async (say) => {
    const postgres = await startPostgres({ settings: { fsync: "on", shared_buffers: "128MB" } });
    const rates: Record<Side, Rate[]> = { product: [], counts: [], awaits: [] };
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (const side of Object.keys(rates) as Side[]) {
          let rate = await runSide(side, postgres);
          for (let again = 0; rate === null && again < MOST_INTERRUPTED; again++) {
            say(
              `round ${
                round + 1
              } ${side}: the database took seconds to answer, so this does not count; again`,
            );
            rate = await runSide(side, postgres);
          }
          if (rate === null) throw new Error("Cannot measure: the database does not answer in time");
          rates[side].push(rate);
          say(
            `round ${round + 1} ${side}: ${show(rate.perCpuSecond)} messages/CPU s, ${
              show(rate.perSecond)
            } messages/s`,
          );
        }
      }
    } finally {
      await postgres.stop();
    }
    return outcome(rates);
  },
};

function outcome(rates: Record<Side, Rate[]>) {
  const cpu = (side: Side) => rates[side].map((rate) => rate.perCpuSecond);
  const both = (side: Side) => rates[side].map((rate) => rate.perCpuSecondOfBoth);
  const wall = (side: Side) => rates[side].map((rate) => rate.perSecond);
  const compare = (peer: Side, of: typeof cpu, least: number | null) => {
    const ratio = median(of("product")) / median(of(peer));
    return {
      product: spread(of("product"), of === wall ? "/s" : "/CPU s"),
      peer: spread(of(peer), of === wall ? "/s" : "/CPU s"),
      ratio: show(ratio),
      goal: least === null ? "" : `at least ${least}`,
      reached: least === null ? null : ratio >= least,
    };
  };
  return {
    lines: [
      { what: "a bare mqtt.js subscriber that counts", ...compare("counts", cpu, 0.25) },
      { what: "one awaited statement a message", ...compare("awaits", cpu, 10) },
      { what: "the same, receiver and PostgreSQL together", ...compare("awaits", both, 10) },
      { what: "the same by the wall clock: counts", ...compare("counts", wall, null) },
      { what: "the same by the wall clock: awaits", ...compare("awaits", wall, null) },
    ],
    notes: [
      `Each side got all that was sent: ${show(MESSAGES.product)} messages, the one that awaits ` +
      `${show(MESSAGES.awaits)}, after ${show(WARM)} that are not measured.`,
      "After each round of the product every panel's `last_seen_at` in the table was the one in memory, all of this " +
      "round, and the broker had nothing left that was not acknowledged.",
      "By the wall clock publisher, Mosquitto and PostgreSQL share the cores with the receiver.",
    ],
  };
}

/** One side, with a broker of its own, so that no session is in its way; null when it has to be run again. */
async function runSide(side: Side, postgres: Postgres): Promise<Rate | null> {
  const mosquitto = await startMosquitto();
  const publisher = new Child("./heartbeats_publisher.ts");
  const child = new Child("./heartbeats_child.ts", [side]);
  const dataDir = await Deno.makeTempDir({ prefix: "doorline-bench-" });
  try {
    await publisher.ask("connect", { port: mosquitto.port });
    await child.ask("open", { brokerUrl: mosquitto.url, databaseUrl: postgres.url, dataDir });
    const count = async (messages: number) => {
      await child.ask("begin", { messages });
      const [used] = await Promise.all([
        child.ask<Used>("finish"),
        publisher.ask("publish", { messages, panels: PANELS }),
      ]);
      return used;
    };
    await count(WARM);
    const startedAt = new Date().toISOString();
    const before = await treeCpu(postgres.pid());
    const used = await count(MESSAGES[side]);
    const ofPostgres = await treeCpu(postgres.pid()) - before;
    const { seen, interrupted } = await child.ask<Closed>("close");
    if (interrupted) return null;
    if (side === "product") {
      await mustBeCommitted(postgres, seen, startedAt);
      await mustBeAcknowledged(mosquitto.url, dataDir);
    }
    return {
      perCpuSecond: MESSAGES[side] / used.cpu,
      perCpuSecondOfBoth: MESSAGES[side] / (used.cpu + ofPostgres),
      perSecond: MESSAGES[side] / used.wall,
    };
  } finally {
    await Promise.all([publisher.end(), child.end()]);
    await mosquitto.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function mustBeCommitted(postgres: Postgres, seen: [string, string][], since: string): Promise<void> {
  const stored = await postgres.query(
    `select mac || ' ' || to_char(last_seen_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') from intercoms
    where last_seen_at >= '${since}' order by mac collate "C"`,
  );
  const expected = seen.map(([mac, at]) => `${mac} ${at}`).sort();
  mustBe("panels", expected.length, PANELS);
  const wrong = stored.split("\n").findIndex((line, index) => line !== expected[index]);
  mustBe("panels committed", wrong === -1 ? stored.split("\n").length : wrong, PANELS);
}

/** Takes up the product's session: what the broker still delivers was never acknowledged. */
async function mustBeAcknowledged(url: string, dataDir: string): Promise<void> {
  const instance = (await Deno.readTextFile(`${dataDir}/instance`)).trim();
  const client = mqtt.connect(url, {
    clientId: `doorline-${instance}`,
    clean: false,
    protocolVersion: 5,
    reconnectPeriod: 0,
    properties: { sessionExpiryInterval: 60 },
  });
  let redelivered = 0;
  client.on("message", () => redelivered++);
  const present = await new Promise<boolean>((resolve, reject) => {
    client.once("connect", ({ sessionPresent }) => resolve(sessionPresent));
    client.once("error", reject);
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await client.endAsync();
  mustBe("session of the product", present ? 1 : 0, 1);
  mustBe("messages that were not acknowledged", redelivered, 0);
}
