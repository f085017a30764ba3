/**
 * @module
 * All that a process says until its end. What it started and left behind may hold its output open for ever, out of
 * reach of who looks for its family: nobody waits for that.
 */

/** What a process said, in the order in which it came, as a terminal would have it. */
export interface HeardOut {
  code: number;
  output: string;
  /** Whether somebody else still held the output when the wait was over. */
  isHeld: boolean;
}

/** Hears a process out. After its end what is under way in its output has `graceMs` to come. */
export async function hearOut(
  child: Pick<Deno.ChildProcess, "stdout" | "stderr" | "status">,
  { graceMs = 5000 }: { graceMs?: number } = {},
): Promise<HeardOut> {
  let output = "";
  const readers = [child.stdout.getReader(), child.stderr.getReader()];
  const ends = Promise.all(readers.map(async (reader) => {
    const decoder = new TextDecoder();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      output += decoder.decode(read.value, { stream: true });
    }
  }));
  const { code } = await child.status;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<true>((resolve) => timer = setTimeout(() => resolve(true), graceMs));
  const isHeld = await Promise.race([ends.then(() => false), late]);
  clearTimeout(timer);
  if (isHeld) await Promise.all(readers.map((reader) => reader.cancel()));
  await ends;
  return { code, output, isHeld };
}
