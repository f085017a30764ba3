/**
 * @module
 * What a process says is kept to its end, and whoever it left behind keeps nobody waiting.
 */
import assert from "node:assert/strict";
import { hearOut } from "./heard_out.ts";
import { withDeadline } from "./wait.ts";

function shell(script: string): Deno.ChildProcess {
  return new Deno.Command("/bin/sh", {
    args: ["-c", script],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("heard out: all that was said and how it ended, also what comes behind the end", async () => {
  assert.deepEqual(await withDeadline(hearOut(shell("echo said; exit 3"))), {
    code: 3,
    output: "said\n",
    isHeld: false,
  });
  const later = await withDeadline(hearOut(shell("(read line < /dev/null; seq 20000) & echo bad >&2")));
  assert.deepEqual([later.code, later.isHeld], [0, false]);
  assert.match(later.output, /bad\n/);
  assert.match(later.output, /\n20000\n/);
});

Deno.test("heard out: who was left behind with the output does not hold up the end", async () => {
  // Its parent is gone, so it is nobody's child.
  const { code, output, isHeld } = await withDeadline(
    hearOut(shell("sleep 300 & echo $!"), { graceMs: 50 }),
  );
  Deno.kill(Number(output), "SIGKILL");
  assert.deepEqual([code, isHeld], [0, true]);
});
