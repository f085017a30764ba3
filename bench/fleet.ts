/**
 * @module
 * A city of panels after a restart: how long until all actors run, what memory they take, how long the news of a lost
 * broker takes, and how exactly each is found to be offline. Its peer is the goal alone.
 */
import { startPostgres } from "../tests/support/postgres.ts";
import { type Benchmark, Child, type Line, median, mustBe, ROUNDS, show, spread } from "./support.ts";

const PANELS = 100_000;
/** From the seed to the first deadline: the restart has to be over by then. */
const UNTIL_FIRST_SECONDS = 30;
/** Over how many seconds the deadlines spread. */
const SPREAD_SECONDS = 10;

interface Restored {
  /** Reading and rebuilding, to the last actor with its timer. */
  seconds: number;
  cpuSeconds: number;
  /** The same from the start of the process. */
  sinceStartSeconds: number;
  rssMb: number;
}

interface Down {
  /** Until all actors took it. */
  toldSeconds: number;
  /** Until all of it was committed. */
  committedSeconds: number;
}

interface Offline {
  /** How far the last, and the one in a hundred, was from its deadline. */
  worstSeconds: number;
  p99Seconds: number;
  committedSeconds: number;
  early: number;
  /** Panels of which the database was never told, because too many rows waited already. */
  lost: number;
}

/** See `about`. */
export const fleet: Benchmark = {
  name: "fleet",
  about: `${show(PANELS)} panels rebuilt from PostgreSQL, all online with a deadline.`,
  needs: ["postgresql"],
  run: async (say) => {
    const postgres = await startPostgres({ settings: { fsync: "on", shared_buffers: "128MB" } });
    const restored: Restored[] = [];
    const down: Down[] = [];
    const offline: Offline[] = [];
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await withFleet(postgres.url, async (child, one) => {
          restored.push(one);
          down.push(await child.ask<Down>("lose broker"));
        });
        mustBe(
          "panels committed as unknown",
          await postgres.query("select count(*) from intercoms where status = 'unknown'"),
          String(PANELS),
        );
        await withFleet(postgres.url, async (child, one) => {
          restored.push(one);
          offline.push(await child.ask<Offline>("wait for silence"));
        });
        mustBe(
          "panels committed as offline",
          await postgres.query("select count(*) from intercoms where status = 'offline'"),
          String(PANELS - offline.at(-1)!.lost),
        );
        await postgres.query("truncate intercom_events");
        say(
          `round ${round + 1}: rebuilt in ${show(restored.at(-1)!.seconds)} s (${
            show(restored.at(-1)!.cpuSeconds)
          } CPU s), ${show(restored.at(-1)!.rssMb)} MB, ` +
            `told of the broker in ${show(down.at(-1)!.toldSeconds)} s, offline at worst ` +
            `${show(offline.at(-1)!.worstSeconds)} s late, ${offline.at(-1)!.lost} not recorded`,
        );
      }
    } finally {
      await postgres.stop();
    }
    return { lines: linesOf(restored, down, offline), notes: NOTES };
  },
};

const NOTES = [
  "Rebuilt twice a round, each time in a fresh process, by the service's own start; each actor had one timer armed, " +
  "counted at the clock.",
  `The deadlines spread over ${SPREAD_SECONDS} s: ${
    show(PANELS / SPREAD_SECONDS)
  } panels a second fall silent. Each is ` +
  "measured when its word is handed to the writer.",
];

function linesOf(restored: Restored[], down: Down[], offline: Offline[]): Line[] {
  const line = (what: string, values: number[], unit: string, most?: number): Line => ({
    what,
    product: spread(values, unit),
    peer: "",
    ratio: "",
    goal: most === undefined ? "" : `at most ${show(most)} ${unit}`,
    reached: most === undefined ? null : (most === 0 ? Math.max(...values) : median(values)) <= most,
  });
  return [
    line("rebuilt, all timers armed", restored.map((one) => one.seconds), "s", 5),
    line("the same, CPU time of all its threads", restored.map((one) => one.cpuSeconds), "CPU s"),
    line("the same since the start of the process", restored.map((one) => one.sinceStartSeconds), "s"),
    line("resident memory after that", restored.map((one) => one.rssMb), "MB", 1000),
    line("broker lost: all actors told", down.map((one) => one.toldSeconds), "s"),
    line("broker lost: all committed", down.map((one) => one.committedSeconds), "s"),
    line("found offline, worst of all, after its deadline", offline.map((one) => one.worstSeconds), "s", 1),
    line("found offline, one in a hundred", offline.map((one) => one.p99Seconds), "s"),
    line("found offline before its deadline (panels)", offline.map((one) => one.early), "", 0),
    line("found offline and never recorded (panels)", offline.map((one) => one.lost), "", 0),
    line("all offline committed, after the last deadline", offline.map((one) => one.committedSeconds), "s"),
  ];
}

async function withFleet(
  databaseUrl: string,
  act: (child: Child, restored: Restored) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "doorline-bench-" });
  const seeder = new Child("./fleet_child.ts");
  await seeder.ask("seed", {
    databaseUrl,
    dataDir,
    panels: PANELS,
    firstDeadlineMs: UNTIL_FIRST_SECONDS * 1000,
    spreadMs: SPREAD_SECONDS * 1000,
  });
  await seeder.end();
  const child = new Child("./fleet_child.ts");
  try {
    const restored = await child.ask<Restored>("restore", { databaseUrl, dataDir, panels: PANELS });
    await act(child, restored);
    await child.ask("stop");
  } finally {
    await child.end();
    await Deno.remove(dataDir, { recursive: true });
  }
}
