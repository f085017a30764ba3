/**
 * @module
 * Log lines from a file to the endpoints that they are about, beside `tail -F | grep` of one endpoint on the same lines.
 */
import { run } from "../tests/support/process.ts";
import { pause, waitFor } from "../tests/support/wait.ts";
import type { ReadLogs } from "./logs_child.ts";
import { type LogPart, makePart, numberOf } from "./logs_lines.ts";
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

const PHONES = 5000;
/** The part is written so often. */
const PARTS = 5;
const LINES = 200_000;
/** The phone that is read along with. */
const ASKED = 777;
const GOAL = 200_000;

interface Rate {
  perCpuSecond: number;
  perSecond: number;
  /** Bytes; only of the product. */
  memory: number;
}

const SIDES = { product: runProduct, grep: runGrep };
type Side = keyof typeof SIDES;

/** See `about`. */
export const logs: Benchmark = {
  name: "logs",
  about:
    `Log lines of ${show(PHONES)} phones' calls and registrations as Asterisk writes them, ${
      show(LINES * PARTS)
    } of them, in lines per CPU second of who reads them: tailed, put together to messages, redacted, attributed to ` +
    "endpoints and calls, and kept.",
  needs: [],
  run: async (say) => {
    const folder = await Deno.makeTempDir({ prefix: "doorline-bench-" });
    try {
      const part = makePart(LINES, PHONES, ASKED);
      await Deno.writeTextFile(`${folder}/part`, part.text);
      const rates: Record<Side, Rate[]> = { product: [], grep: [] };
      for (let round = 0; round < ROUNDS; round++) {
        for (const side of Object.keys(SIDES) as Side[]) {
          const rate = await SIDES[side](folder, part);
          rates[side].push(rate);
          say(
            `round ${round + 1} ${side}: ${show(rate.perCpuSecond)} lines/CPU s, ${
              show(rate.perSecond)
            } lines/s`,
          );
        }
      }
      return outcome(rates, part);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

function outcome(rates: Record<Side, Rate[]>, part: LogPart): Outcome {
  const cpu = (side: Side) => rates[side].map(({ perCpuSecond }) => perCpuSecond);
  const wall = (side: Side) => rates[side].map(({ perSecond }) => perSecond);
  const reached = median(cpu("product")) >= GOAL;
  return {
    lines: [
      {
        what: "`tail -F \\| grep` of one endpoint",
        product: spread(cpu("product"), "/CPU s"),
        peer: spread(cpu("grep"), "/CPU s"),
        ratio: show(median(cpu("product")) / median(cpu("grep"))),
        goal: `at least ${show(GOAL)} /CPU s`,
        reached,
      },
      {
        what: "the same by the wall clock",
        product: spread(wall("product"), "/s"),
        peer: spread(wall("grep"), "/s"),
        ratio: show(median(wall("product")) / median(wall("grep"))),
        goal: "",
        reached: null,
      },
    ],
    notes: [
      `${show(part.lines * PARTS)} lines are ${show(part.messages * PARTS)} messages, ${
        show(part.text.length / part.lines)
      } bytes a line; they are added to a file that is being followed.`,
      `Doorline told ${
        part.about * PARTS
      } messages to who reads along with one endpoint: those of its calls and ` +
      `registrations. \`grep\` looks for its name, and printed the ${
        part.naming * PARTS
      } lines that have it, for ` +
      "nobody else, and with digests of passwords.",
      "The CPU time of `tail` and `grep` is known to 0.01 s only.",
      `Doorline's process had ${
        show(median(rates.product.map(({ memory }) => memory)) / 2 ** 20)
      } MB in memory at the end, with its store full.`,
    ],
  };
}

/** Adds the part to the file so often, as fast as that goes. */
async function write(folder: string): Promise<void> {
  const parts = Array<string>(PARTS).fill("part").join(" ");
  await run("/bin/sh", ["-c", `cd "$1" && cat ${parts} >> log`, "sh", folder]);
}

async function runProduct(folder: string, part: LogPart): Promise<Rate> {
  const path = `${folder}/log`;
  await Deno.writeTextFile(path, "");
  const child = new Child("./logs_child.ts");
  try {
    await child.ask("open", { path, phones: PHONES, asked: ASKED });
    // Once so that the code is warm and the store is full.
    await write(folder);
    await child.ask("begin");
    await child.ask("finish", { messages: part.messages * PARTS });
    await child.ask("begin");
    const [read] = await Promise.all([
      child.ask<ReadLogs>("finish", { messages: part.messages * PARTS * 2 }),
      write(folder),
    ]);
    mustBe("messages told", read.told, part.about * PARTS);
    await child.ask("close");
    const lines = part.lines * PARTS;
    return { perCpuSecond: lines / read.cpu, perSecond: lines / read.wall, memory: read.memory };
  } finally {
    await child.end();
  }
}

async function runGrep(folder: string, part: LogPart): Promise<Rate> {
  await Deno.writeTextFile(`${folder}/log`, "");
  const command = 'cd "$1" && tail -n 0 -F log | grep --line-buffered -F "$2" > found';
  const shell = new Deno.Command("/bin/sh", {
    args: ["-c", command, "sh", folder, `${numberOf(ASKED)}-ep`],
    stderr: "null",
  }).spawn();
  try {
    const found = async () =>
      (await Deno.readTextFile(`${folder}/found`).catch(() => "")).split("\n").length - 1;
    // It must have opened the file before the first line is there, and does not say when it has.
    await waitFor(async () =>
      (await run("/bin/ps", ["--ppid", String(shell.pid), "-o", "comm="])).includes("tail")
    );
    await pause(300);
    const [cpu, wall] = [await treeCpu(shell.pid), performance.now()];
    await write(folder);
    await waitFor(async () => await found() >= part.naming * PARTS, {
      what: "all lines from grep",
      timeoutMs: 60_000,
    });
    const lines = part.lines * PARTS;
    const perSecond = lines / ((performance.now() - wall) / 1000);
    const perCpuSecond = lines / Math.max(0.01, await treeCpu(shell.pid) - cpu);
    mustBe("lines found", await found(), part.naming * PARTS);
    return { perCpuSecond, perSecond, memory: 0 };
  } finally {
    await endBelow(shell.pid);
    await shell.status;
  }
}

/** `tail` ends when it is told to, and then the others do. */
async function endBelow(pid: number): Promise<void> {
  const children = await run("/bin/ps", ["--ppid", String(pid), "-o", "pid=,comm="]);
  for (const line of children.split("\n")) {
    const [child, name] = line.trim().split(/\s+/);
    if (name === "tail") Deno.kill(Number(child), "SIGTERM");
  }
}
