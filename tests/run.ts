/**
 * @module
 * `deno task test`: installs what tests need, builds the pages, runs all tests in groups, and ends with one line of
 * counts. With paths as arguments it runs only those. It decides nothing about tests themselves.
 */
import { fileURLToPath } from "node:url";
import { TEST_ENV, TEST_FLAGS, testGroups } from "./support/groups.ts";
import { installTools } from "./support/install.ts";
import { addCounts, exitCodeOf, readReport, summaryLine, type TestCount } from "./support/test_report.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** A group that hangs must not hang a pipeline for ever. */
const GROUP_MS = 30 * 60_000;

async function main(paths: string[]): Promise<number> {
  await installTools();
  const counts: TestCount[] = [];
  if (!await buildPages()) counts.push({ passed: 0, failed: 1, skipped: 0, skippedNames: [], failures: "" });
  if (paths.length > 0) {
    counts.push(await runTests("named", paths));
  } else {
    for (const { name, files } of await testGroups(ROOT)) {
      if (files.length > 0) counts.push(await runTests(name, files));
    }
  }
  const total = addCounts(counts);
  // Again, all in one place: what an early group printed is far above by now, or was cut from a pipeline's record.
  if (total.failures !== "") console.log(`\n${total.failures}`);
  if (total.skipped > 0) console.log(`\nSkipped:\n  ${total.skippedNames.join("\n  ")}`);
  console.log(`\n${summaryLine(total)}`);
  return exitCodeOf(total, { ci: Deno.env.get("CI") === "true" });
}

async function runTests(name: string, files: string[]): Promise<TestCount> {
  console.log(`\n== ${name}: ${files.length} files`);
  const child = new Deno.Command(Deno.execPath(), {
    args: [...TEST_FLAGS, ...files],
    env: TEST_ENV,
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const impatience = setTimeout(() => {
    console.error(`The ${name} tests are ended: not done after ${GROUP_MS / 60_000} minutes`);
    child.kill("SIGKILL");
  }, GROUP_MS);
  const decoder = new TextDecoder();
  let output = "";
  for await (const bytes of child.stdout) {
    output += decoder.decode(bytes, { stream: true });
    await writeAll(bytes);
  }
  const { code } = await child.status;
  clearTimeout(impatience);
  return readReport(output, code);
}

/** By the task that builds them for everybody else, so that a flag it lacks is missed here too. */
async function buildPages(): Promise<boolean> {
  const { code } = await new Deno.Command(Deno.execPath(), { args: ["task", "ui"], cwd: ROOT, stdin: "null" })
    .spawn().status;
  if (code !== 0) console.error(`Cannot build the pages: exit code ${code}`);
  return code === 0;
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
