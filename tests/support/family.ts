/**
 * @module
 * Ends a process with all that it started: a killed test leaves its servers and browsers behind, and they would crowd
 * those who come after it.
 */
import { run } from "./process.ts";

/** Kills a process, its children, theirs, and so on. Those that have ended meanwhile do not matter. */
export async function killFamily(pid: number): Promise<void> {
  const processes = (await run("/bin/ps", ["-eo", "pid=,ppid="])).split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const family = [pid];
  // It grows while it is walked through.
  for (const parent of family) {
    family.push(...processes.filter(([, ppid]) => ppid === parent).map(([child]) => child!));
  }
  for (const member of family) {
    try {
      Deno.kill(member, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
