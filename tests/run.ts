/**
 * @module
 * `deno task test`: installs what tests need, builds the pages, checks types, runs all tests, and ends with one line of
 * counts. With paths as arguments it runs only those. It decides nothing about tests themselves.
 *
 * Quick tests run on all cores. The others mostly wait, so their files run side by side, each in a process of its own.
 */
import { fileURLToPath } from "node:url";
import { killFamily } from "./support/family.ts";
import { companyOf, TEST_ENV, TEST_FLAGS, testGroups } from "./support/groups.ts";
import { hearOut } from "./support/heard_out.ts";
import { installTools } from "./support/install.ts";
import { runInLanes } from "./support/lanes.ts";
import { addCounts, exitCodeOf, readReport, summaryLine, type TestCount } from "./support/test_report.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Two cores are what a pipeline has. */
const LANES = 2;
/** What hangs must not hang a pipeline for ever, nor keep the other lane from its end. */
const LIMITS_MS = { many: 30 * 60_000, file: 10 * 60_000 };

async function main(paths: string[]): Promise<number> {
  await installTools();
  const counts: TestCount[] = [];
  if (!await runDeno("build the pages", ["task", "ui"])) counts.push(failure("the pages are not built"));
  if (paths.length > 0) {
    counts.push(await runTests("named", paths, { limitMs: LIMITS_MS.many }));
  } else {
    // Once for all: each process of tests would check the program again.
    if (!await runDeno("check types", ["check", "--quiet", "."])) counts.push(failure("types do not check"));
    const [quick, ...others] = await testGroups(ROOT);
    counts.push(
      await runTests("quick", quick!.files, {
        flags: ["--no-check", "--parallel"],
        limitMs: LIMITS_MS.many,
      }),
    );
    counts.push(
      ...await runInLanes(others.flatMap(({ files }) => files), {
        lanes: LANES,
        companyOf,
        run: (file, lane) => runTests(file, [file], { flags: ["--no-check"], lane, limitMs: LIMITS_MS.file }),
      }),
    );
  }
  const total = addCounts(counts);
  // Again, all in one place: what an early file printed is far above by now, or was cut from a pipeline's record.
  if (total.failures !== "") console.log(`\n${total.failures}`);
  if (total.skipped > 0) console.log(`\nSkipped:\n  ${total.skippedNames.join("\n  ")}`);
  console.log(`\n${summaryLine(total)}`);
  return exitCodeOf(total, { ci: Deno.env.get("CI") === "true" });
}

interface RunOptions {
  flags?: string[];
  /** Which of the lanes it runs in. Alone, it is in none: it may use what the lanes have between them. */
  lane?: number;
  limitMs: number;
}

/** Runs test files in one process, and prints what they said in one piece when they are done. */
async function runTests(name: string, files: string[], options: RunOptions): Promise<TestCount> {
  const { flags = [], lane, limitMs } = options;
  const startedMs = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...TEST_FLAGS, ...flags, ...files],
    env: { ...TEST_ENV, ...(lane === undefined ? {} : { TEST_LANE: `${lane}/${LANES}` }) },
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let ended = "";
  const impatience = setTimeout(() => {
    ended = `\nThe tests of ${name} are ended: not done after ${limitMs / 60_000} minutes\n`;
    killFamily(child.pid).catch(() => child.kill("SIGKILL"));
  }, limitMs);
  // Nobody loses patience with what has ended, whoever holds its output.
  void child.status.then(() => clearTimeout(impatience));
  const { code, isHeld, ...heard } = await hearOut(child);
  const left = isHeld ? `\nThe tests of ${name} left a process behind, which holds their output\n` : "";
  const output = heard.output + left + ended;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  await writeAll(
    new TextEncoder().encode(`\n== ${name}: ${seconds} s${output.startsWith("\n") ? "" : "\n"}${output}`),
  );
  return readReport(output, code);
}

/** By the tasks and commands that everybody else uses, so that a flag that these lack is missed here too. */
async function runDeno(what: string, args: string[]): Promise<boolean> {
  const { code } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "null" }).spawn().status;
  if (code !== 0) console.error(`Cannot ${what}: exit code ${code}`);
  return code === 0;
}

function failure(why: string): TestCount {
  return { passed: 0, failed: 1, skipped: 0, skippedNames: [], failures: why };
}

/** Two lanes may have something to say at once. */
let written: Promise<void> = Promise.resolve();

function writeAll(bytes: Uint8Array): Promise<void> {
  return written = written.then(async () => {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
