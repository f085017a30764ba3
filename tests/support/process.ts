/**
 * @module
 * A child process that a test owns: its lines are kept, its end is awaited, nothing of it outlives the test.
 */

/** What to run. */
export interface ProcessOptions {
  args?: string[];
  env?: Record<string, string>;
  /** True gives the child `env` and nothing else. */
  clearEnv?: boolean;
  cwd?: string;
  /** Where lines of standard error go, when several runs share one log. */
  stderr?: string[];
}

/** How a process ended. */
export interface ProcessEnd {
  /** 128 + signal number when a signal ended it, as shells count. */
  code: number;
  signal: string | null;
}

/** A process with its output line by line. Line arrays grow as it speaks. */
export interface OwnedProcess {
  pid: number;
  stdout: string[];
  stderr: string[];
  /** Null while it runs. */
  ended: ProcessEnd | null;
  /** Resolves when it ended and both streams are read to their end. */
  end: Promise<ProcessEnd>;
  /** Sends a signal; does nothing when the process has ended. */
  signal(name: Deno.Signal): void;
}

const running = new Set<OwnedProcess>();

// A test that fails before its last line must not leave its servers behind.
globalThis.addEventListener("unload", () => {
  for (const process of running) process.signal("SIGKILL");
});

/** Starts a process; the caller has to see its `end`. It is killed when the test file's process ends first. */
export function startProcess(command: string, options: ProcessOptions = {}): OwnedProcess {
  const child = new Deno.Command(command, {
    args: options.args,
    env: options.env,
    clearEnv: options.clearEnv,
    cwd: options.cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout: string[] = [];
  const stderr = options.stderr ?? [];
  const owned: OwnedProcess = {
    pid: child.pid,
    stdout,
    stderr,
    ended: null,
    end: Promise.all([
      child.status,
      keepLines(child.stdout, stdout),
      keepLines(child.stderr, stderr),
    ]).then(([{ code, signal }]) => {
      running.delete(owned);
      return owned.ended = { code, signal };
    }),
    signal: (name) => {
      try {
        if (owned.ended === null) child.kill(name);
      } catch (error) {
        // It ended on its own between the look and the signal.
        if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
      }
    },
  };
  running.add(owned);
  return owned;
}

/**
 * Runs a command to its end.
 * @returns its standard output
 * @throws with its standard error when it fails
 */
export async function run(
  command: string,
  args: string[],
  options: Pick<ProcessOptions, "env" | "cwd"> = {},
): Promise<string> {
  const process = startProcess(command, { ...options, args });
  const { code } = await process.end;
  if (code !== 0) {
    const said = [...process.stderr, ...process.stdout].join("\n");
    throw new Error(`Cannot run ${command} ${args.join(" ")}: exit code ${code}\n${said}`);
  }
  return process.stdout.join("\n");
}

async function keepLines(stream: ReadableStream<Uint8Array>, lines: string[]): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  }
  if (rest !== "") lines.push(rest);
}
