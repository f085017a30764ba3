/**
 * @module
 * A process is ended with those that it started, and with nobody else.
 */
import assert from "node:assert/strict";
import { killFamily } from "./family.ts";
import { startProcess } from "./process.ts";
import { waitFor, withDeadline } from "./wait.ts";

Deno.test("family: a process is killed with its children's children, and its neighbour is not", async () => {
  const parent = startProcess("/bin/sh", { args: ["-c", "sh -c 'sleep 300 & echo $!; wait'; true"] });
  const neighbour = startProcess("/bin/sleep", { args: ["300"] });
  await waitFor(() => parent.stdout[0], { what: "the grandchild" });
  await killFamily(parent.pid);
  // Its end is when nobody is left who could write to its output.
  assert.equal((await withDeadline(parent.end)).signal, "SIGKILL");
  assert.equal(neighbour.ended, null);
  neighbour.signal("SIGKILL");
  await neighbour.end;
  await killFamily(parent.pid);
});
