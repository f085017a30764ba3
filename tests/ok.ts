/**
 * @module
 * `deno task ok`: what has to be right before a commit, in under a minute: format, lint, types, layout, quick tests.
 * It runs them all, also after one failed, and says at the end which.
 */
import { fileURLToPath } from "node:url";
import { TEST_ENV, TEST_FLAGS, testGroups } from "./support/groups.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

async function main(): Promise<number> {
  const quick = (await testGroups(ROOT)).find(({ name }) => name === "quick")?.files ?? [];
  const steps: [name: string, args: string[]][] = [
    ["format", ["fmt", "--check"]],
    ["lint", ["lint"]],
    ["types", ["check", "."]],
    // The layout is one of the quick tests; types have just been checked.
    ["quick tests", [...TEST_FLAGS, "--no-check", "--parallel", "--quiet", "--reporter=dot", ...quick]],
  ];
  const failed: string[] = [];
  for (const [name, args] of steps) {
    const startedMs = performance.now();
    const { code } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: ROOT,
      env: TEST_ENV,
      stdin: "null",
    }).spawn()
      .status;
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    console.log(`${code === 0 ? "ok" : "FAILED"}  ${name} (${seconds} s)`);
    if (code !== 0) failed.push(name);
  }
  if (failed.length > 0) console.error(`Not ok: ${failed.join(", ")}`);
  return failed.length > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
