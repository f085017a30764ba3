/**
 * @module
 * A failed or skipped test is counted as what it is.
 */
import assert from "node:assert/strict";
import { addCounts, exitCodeOf, readReport, summaryLine } from "./test_report.ts";

Deno.test("test report: reads the counts, with steps, colours and skipped names", () => {
  const output = [
    "running 3 tests from ./tests/db/a_test.ts",
    "a: rule ... \x1b[33mignored\x1b[0m \x1b[38;5;245m(0ms)\x1b[0m",
    "",
    "\x1b[0m\x1b[1m ERRORS \x1b[0m",
    "",
    "a: other => ./tests/db/a_test.ts:9:6",
    "error: AssertionError: no",
    "",
    "\x1b[31mFAILED\x1b[0m | 12 passed (3 steps) | 2 failed (1 step) | 1 ignored \x1b[38;5;245m(5s)\x1b[0m",
  ].join("\n");
  const count = readReport(output, 1);
  const { failures, ...counts } = count;
  assert.deepEqual(counts, { passed: 12, failed: 2, skipped: 1, skippedNames: ["a: rule"] });
  assert.match(failures, /^ERRORS\s+a: other => .+:9:6\nerror: AssertionError: no\n/);
  assert.deepEqual(readReport("ok | 4 passed | 0 failed (1s)", 0), {
    passed: 4,
    failed: 0,
    skipped: 0,
    skippedNames: [],
    failures: "",
  });
  const both = addCounts([count, readReport("ok | 1 passed | 0 failed (1s)", 0), count]);
  assert.equal(both.failures, `${failures}\n\n${failures}`);
  assert.equal(summaryLine(addCounts([count, count])), "24 passed, 4 failed, 2 skipped");
});

Deno.test("test report: a run that dies without a count, or against its count, is a failure", () => {
  assert.equal(readReport("error: Type checking failed.", 1).failed, 1);
  assert.match(readReport("error: Type checking failed.", 1).failures, /Type checking/);
  assert.equal(readReport("ok | 4 passed | 0 failed (1s)", 137).failed, 1);
});

Deno.test("test report: a skipped test fails under CI, but for Asterisk 22", () => {
  const count = (skippedNames: string[]) => ({
    passed: 1,
    failed: 0,
    skipped: skippedNames.length,
    skippedNames,
    failures: "",
  });
  assert.equal(exitCodeOf(count([]), { ci: true }), 0);
  assert.equal(exitCodeOf(count(["mosquitto: x"]), { ci: false }), 0);
  assert.equal(exitCodeOf(count(["mosquitto: x"]), { ci: true }), 1);
  assert.equal(exitCodeOf(count(["Asterisk 22: x"]), { ci: true }), 0);
  assert.equal(exitCodeOf({ ...count([]), failed: 1 }, { ci: false }), 1);
});
