/**
 * @module
 * A real PostgreSQL cluster that a test owns, on a port of its own; it touches none that runs already.
 * initdb runs once for all tests of a machine: each cluster is a copy of a template in the folder for temporary files.
 */
import { tmpdir } from "node:os";
import { accepts } from "./accepts.ts";
import { postgresFolder } from "./available.ts";
import { freePort } from "./free_port.ts";
import { type OwnedProcess, run, startProcess } from "./process.ts";
import { waitFor } from "./wait.ts";

/** How to run PostgreSQL. */
export interface PostgresOptions {
  /** Default: a free one. */
  port?: number;
  /** Settings of postgresql.conf, by name. */
  settings?: Record<string, string>;
}

/** A running PostgreSQL. */
export interface Postgres {
  port: number;
  /** Of its database `doorline`, as the superuser `postgres`, without a password. */
  url: string;
  /** Lines of its log, of all its runs. */
  log: string[];
  pid(): number;
  /** Ends it as fast as is clean, and removes its data. */
  stop(): Promise<void>;
  /** Ends it at once with SIGKILL; `start` recovers the same data on the same port. */
  kill(): Promise<void>;
  /** Ends it as fast as is clean; `start` brings it back. */
  halt(): Promise<void>;
  /** Starts it after `kill` or `halt`. */
  start(): Promise<void>;
  /** Runs SQL through psql and gives what it prints, unaligned, tuples only. */
  query(sql: string): Promise<string>;
}

/** PostgreSQL refuses to run as root, so root lends it the user of Debian's package. */
const USER = "postgres";
/** A killed server's shared memory may keep a new one out for a moment. */
const START_TRIES = 50;

/**
 * Starts PostgreSQL on fresh data and waits until it accepts.
 * @throws with its log when it ends instead
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const programs = postgresFolder();
  const template = await templateCluster(programs);
  const port = options.port ?? await freePort();
  const data = await Deno.makeTempDir({ prefix: "doorline-postgres-" });
  await run("/bin/cp", ["-a", `${template}/.`, data]);
  const log: string[] = [];
  let process: OwnedProcess | null = null;

  const settings = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    shared_buffers: "32MB",
    max_connections: "60",
    // A test ends processes, never the machine: what the kernel has is safe.
    fsync: "off",
    log_min_messages: "log",
    ...options.settings,
  };

  async function start(): Promise<void> {
    if (process !== null) throw new Error(`Cannot start PostgreSQL on port ${port} twice`);
    for (let attempt = 1;; attempt++) {
      const from = log.length;
      const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
      const { program, options } = asUser(`${programs}/postgres`, ["-D", data, ...flags]);
      const started = startProcess(program, { ...options, stderr: log });
      await waitFor(() => {
        if (started.ended !== null) return true;
        return log.slice(from).some((line) =>
          line.includes("database system is ready to accept connections")
        );
      }, { what: `PostgreSQL on port ${port}`, timeoutMs: 60_000 });
      if (started.ended === null) {
        process = started;
        return;
      }
      const said = log.slice(from).join("\n");
      if (attempt === START_TRIES || !/shared memory block|lock file/.test(said)) {
        throw new Error(`Cannot start PostgreSQL: exit code ${started.ended.code}\n${said}`);
      }
    }
  }

  async function end(signal: Deno.Signal): Promise<void> {
    const running = process;
    process = null;
    running?.signal(signal);
    await running?.end;
    if (signal === "SIGKILL") await waitFor(async () => !await accepts(port), { what: "a closed port" });
  }

  await start();
  const url = `postgres://${USER}@127.0.0.1:${port}/doorline`;
  return {
    port,
    url,
    log,
    pid: () => process?.pid ?? 0,
    start,
    kill: () => end("SIGKILL"),
    halt: () => end("SIGINT"),
    query: (sql) => run(`${programs}/psql`, ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, url]),
    stop: async () => {
      await end("SIGINT");
      await Deno.remove(data, { recursive: true });
    },
  };
}

/** Makes the template where it is missing. Two processes may both try; the first to finish wins. */
async function templateCluster(programs: string): Promise<string> {
  const version = programs.split("/").at(-2);
  const template = `${tmpdir()}/doorline-test-postgres-${version}-v1-${Deno.uid()}`;
  if (await isFolder(template)) return template;
  const made = await Deno.makeTempDir({ prefix: "doorline-postgres-template-" });
  if (Deno.uid() === 0) await run("/bin/chown", [`${USER}:`, made]);
  const initdb = [
    "-D",
    made,
    "-U",
    USER,
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
    "--wal-segsize=1",
  ];
  await runAsUser(`${programs}/initdb`, initdb);
  const create = `echo 'CREATE DATABASE doorline' | "$1" --single -D "$2" postgres`;
  await runAsUser("/bin/sh", ["-c", create, "sh", `${programs}/postgres`, made]);
  try {
    await Deno.rename(made, template);
  } catch (error) {
    if (!await isFolder(template)) throw error;
    await Deno.remove(made, { recursive: true });
  }
  return template;
}

async function runAsUser(program: string, args: string[]): Promise<void> {
  const lent = asUser(program, args);
  await run(lent.program, lent.options.args, lent.options);
}

function asUser(program: string, args: string[]) {
  // English messages, since the log is read above; a folder that the user may enter.
  const options = { args, env: { LC_ALL: "C", PGTZ: "UTC" }, cwd: "/" };
  if (Deno.uid() !== 0) return { program, options };
  // setpriv becomes the program, so that signals reach PostgreSQL itself and not a shell in between.
  const lent = ["--reuid", USER, "--regid", USER, "--init-groups", program, ...args];
  return { program: "/usr/bin/setpriv", options: { ...options, args: lent } };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}
