/**
 * @module
 * What the benchmarks share: children that are told what to do and say what they used, medians, and the lines of a
 * result. Everything that is measured runs in a process of its own, so that its CPU time is its own.
 */
import { fileURLToPath } from "node:url";
import process from "node:process";
import type { Tool } from "../tests/support/available.ts";

/** How often each side is measured; fewer times to try something. */
export const ROUNDS = Number(Deno.env.get("DOORLINE_BENCH_ROUNDS") ?? 5);

/** One comparison. */
export interface Line {
  what: string;
  product: string;
  peer: string;
  /** What is held against the goal. */
  ratio: string;
  goal: string;
  /** Null where there is no goal. */
  reached: boolean | null;
}

/** What a benchmark came to. */
export interface Outcome {
  lines: Line[];
  /** What has to be known to read the lines. */
  notes: string[];
}

/** A benchmark. It throws when its sides did not do the same work. */
export interface Benchmark {
  name: string;
  /** What is measured, in one sentence. */
  about: string;
  needs: Tool[];
  run(say: (line: string) => void): Promise<Outcome>;
}

/** CPU time, of all threads of a process, and wall time, both in seconds. */
export interface Used {
  cpu: number;
  wall: number;
}

/** All permissions but those that reach into other processes' memory. */
const FLAGS = [
  "run",
  "--quiet",
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-net",
  "--allow-run",
  "--allow-sys",
];

/** What a child can be asked. */
export type Handlers = Record<string, (asked: never) => unknown>;

/** A process that answers questions, one at a time. `end()` ends it. */
export class Child {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncIterator<string>;

  /** Starts a file of this folder; `args` are its arguments. */
  constructor(file: string, args: string[] = []) {
    const flags = (file.includes("child") ? Deno.env.get("DOORLINE_BENCH_FLAGS") : undefined)?.split(" ") ??
      [];
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...FLAGS, ...flags, fileURLToPath(new URL(file, import.meta.url)), ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#answers = linesOf(this.#process.stdout);
  }

  /** Asks for something and waits for the answer. @throws when the child failed on it, or ended */
  async ask<T = void>(what: string, asked: unknown = {}): Promise<T> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify({ what, asked })}\n`));
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`Cannot get an answer to "${what}": the process ended`);
    const answer = JSON.parse(value) as { error?: string; result?: T };
    if (answer.error !== undefined) throw new Error(`Cannot do "${what}": ${answer.error}`);
    return answer.result as T;
  }

  /** Lets it end by itself; by force after five seconds. */
  async end(): Promise<void> {
    await this.#writer.close().catch(() => {});
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 5000);
    for (;;) if ((await this.#answers.next()).done) break;
    await this.#process.status;
    clearTimeout(timer);
  }
}

/** Answers the parent's questions until it has no more; then the process ends. */
export async function answer(handlers: Handlers): Promise<never> {
  const encoder = new TextEncoder();
  for await (const line of { [Symbol.asyncIterator]: () => linesOf(Deno.stdin.readable) }) {
    const { what, asked } = JSON.parse(line) as { what: string; asked: never };
    const said = await Promise.resolve().then(() => handlers[what]!(asked)).then(
      (result) => ({ result }),
      (error) => ({ error: String((error as Error).stack ?? error) }),
    );
    const bytes = encoder.encode(`${JSON.stringify(said)}\n`);
    // A pipe takes a long answer piece by piece.
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
  }
  Deno.exit(0);
}

/** Starts to measure this process; the function that is returned says what was used since. */
export function measure(): () => Used {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { cpu: (user + system) / 1e6, wall: (performance.now() - wall) / 1e3 };
  };
}

/** CPU seconds that a process and all below it have used, those that ended among them (proc(5), `stat`). */
export async function treeCpu(pid: number): Promise<number> {
  const parents = new Map<number, number>();
  const used = new Map<number, number>();
  // Deno itself reads /proc only with all permissions.
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "cat /proc/[0-9]*/stat 2>/dev/null"] })
    .output();
  for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
    // The name in brackets may hold anything; what follows is numbers from the third field on.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ").map(Number);
    parents.set(parseInt(line), fields[1]!);
    used.set(parseInt(line), fields[11]! + fields[12]! + fields[13]! + fields[14]!);
  }
  let ticks = 0;
  for (const [process, own] of used) {
    for (let at: number | undefined = process; at !== undefined && at > 0; at = parents.get(at)) {
      if (at !== pid) continue;
      ticks += own;
      break;
    }
  }
  return ticks / TICKS_PER_SECOND;
}

/** What Linux counts CPU time in, on every architecture it runs on here. */
const TICKS_PER_SECOND = 100;

/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** A number with its thousands set apart, or with two digits behind the point when it is small. */
export function show(value: number): string {
  return value >= 100 || value === 0
    ? Math.round(value).toLocaleString("en")
    : value.toLocaleString("en", { maximumFractionDigits: 2, minimumFractionDigits: 2 });
}

/** The median with the least and the greatest. */
export function spread(values: readonly number[], unit: string): string {
  return `${show(median(values))} ${unit} (${show(Math.min(...values))}–${show(Math.max(...values))})`;
}

/** The lines as a table of Markdown. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map((line) => [
    line.what,
    line.product,
    line.peer,
    line.ratio,
    line.goal,
    line.reached === null ? "" : line.reached ? "yes" : "**no**",
  ]);
  return [
    ["", "Doorline", "peer", "ratio", "goal", "reached"],
    ["---", "---", "---", "---", "---", "---"],
    ...rows,
  ].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** @throws when a side did not do what the other did */
export function mustBe(what: string, got: number | string, expected: number | string): void {
  if (got !== expected) throw new Error(`Cannot compare: expected ${expected} ${what}, got ${got}`);
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = "";
  for await (
    const text of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
  ) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}
