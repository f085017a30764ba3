/**
 * @module
 * Reads what `deno test` printed, and adds up what several runs came to.
 */

/** What a run came to. */
export interface TestCount {
  passed: number;
  failed: number;
  skipped: number;
  /** Names of the tests that were skipped. */
  skippedNames: string[];
  /** What the reporter printed of the failures, without colours and not all when that is long; "" without any. */
  failures: string;
}

/** Characters that are kept of a run's failures. */
const MAX_FAILURES = 6000;

/**
 * Reads the output of the pretty reporter. A run that ended badly without a count, as when a file does not
 * type-check or the process dies, is one failure.
 */
export function readReport(output: string, exitCode: number): TestCount {
  // deno-lint-ignore no-control-regex -- the reporter colours what it prints
  const text = output.replace(/\x1b\[[0-9;]*m/g, "");
  const lines = text.split(/\r?\n/);
  const summaries = lines.map((line) =>
    line.match(
      /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?/,
    )
  ).filter((match) => match !== null);
  const [, passed = 0, failed = 0, skipped = 0] = (summaries.at(-1) ?? []).map((text) => Number(text ?? 0));
  const skippedNames = lines.map((line) => line.match(/^(.*) \.\.\. ignored\b/)?.[1]?.trim())
    .filter((name) => name !== undefined);
  const silent = exitCode !== 0 && failed === 0;
  const errorsAt = text.lastIndexOf("\n ERRORS ");
  const failures = failed === 0 && !silent
    ? ""
    : errorsAt >= 0
    ? text.slice(errorsAt, errorsAt + MAX_FAILURES).trim()
    : text.slice(-MAX_FAILURES).trim();
  return { passed, failed: silent ? 1 : failed, skipped, skippedNames, failures };
}

/** Adds counts up. */
export function addCounts(counts: TestCount[]): TestCount {
  const total: TestCount = { passed: 0, failed: 0, skipped: 0, skippedNames: [], failures: "" };
  for (const count of counts) {
    total.passed += count.passed;
    total.failed += count.failed;
    total.skipped += count.skipped;
    total.skippedNames.push(...count.skippedNames);
    total.failures = [total.failures, count.failures].filter((failures) => failures !== "").join("\n\n");
  }
  return total;
}

/**
 * Decides the exit code. Under CI a skipped test is a failure, but for those of Asterisk 22, whose packages move and
 * may not install on a given day.
 */
export function exitCodeOf(total: TestCount, { ci }: { ci: boolean }): number {
  const excused = total.skippedNames.filter((name) => /Asterisk 22/i.test(name)).length;
  return total.failed > 0 || (ci && total.skipped > excused) ? 1 : 0;
}

/** The line with which `deno task test` ends. */
export function summaryLine({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
