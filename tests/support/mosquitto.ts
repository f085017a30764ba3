/**
 * @module
 * A real Mosquitto that a test owns, on a port and in a folder of its own.
 * It may be stopped, killed and started again on the same port, to play a broker that restarts.
 */
import { freePort } from "./free_port.ts";
import { type OwnedProcess, run, startProcess } from "./process.ts";
import { accepts } from "./accepts.ts";
import { waitFor } from "./wait.ts";

/** How to run Mosquitto. */
export interface MosquittoOptions {
  /** Default: a free one. */
  port?: number;
  /** Default: a temporary folder, removed by `stop`. */
  dir?: string;
  /** More lines of mosquitto.conf. */
  config?: string;
  /** The whole of mosquitto.conf instead of that of tests; it has to listen on the port and use files of the folder. */
  wholeConfig?: (at: { port: number; dir: string }) => string;
  /** Users with their passwords. Naming any turns anonymous clients away. */
  users?: Record<string, string>;
  /** The text of an acl_file. */
  acl?: string;
  /** Keeps retained messages and sessions over a restart. Default false. */
  persistence?: boolean;
}

/** A running Mosquitto. */
export interface Mosquitto {
  port: number;
  /** `mqtt://127.0.0.1:port` */
  url: string;
  dir: string;
  /** Lines of its log, of all its runs. */
  log: string[];
  pid(): number;
  /** Ends it as SIGTERM does and removes its folder. */
  stop(): Promise<void>;
  /** Ends it at once, as a loss of power does; `start` brings it back. */
  kill(): Promise<void>;
  /** Ends it with SIGTERM; `start` brings it back. */
  halt(): Promise<void>;
  /** Starts it after `kill` or `halt`. */
  start(): Promise<void>;
  /** Halts it and starts it on the same port. */
  restart(): Promise<void>;
  /** Replaces its users and ACL; takes effect at once, open sessions stay. */
  setAccess(access: Pick<MosquittoOptions, "users" | "acl">): Promise<void>;
}

const PROGRAM = "/usr/sbin/mosquitto";

/**
 * Starts Mosquitto and waits until it accepts.
 * @throws with its log when it ends instead
 */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const port = options.port ?? await freePort();
  const dir = options.dir ?? await Deno.makeTempDir({ prefix: "doorline-mosquitto-" });
  const log: string[] = [];
  let process: OwnedProcess | null = null;

  await writeAccess(dir, options);
  await Deno.writeTextFile(`${dir}/mosquitto.conf`, configOf(port, dir, options));

  async function start(): Promise<void> {
    if (process !== null) throw new Error(`Cannot start Mosquitto on port ${port} twice`);
    const started = process = startProcess(PROGRAM, { args: ["-c", `${dir}/mosquitto.conf`], stderr: log });
    await waitFor(() => {
      if (started.ended !== null) return true;
      return accepts(port);
    }, { what: `Mosquitto on port ${port}` });
    if (started.ended === null) return;
    process = null;
    if (options.dir === undefined) await Deno.remove(dir, { recursive: true });
    throw new Error(`Cannot start Mosquitto: exit code ${started.ended.code}\n${log.slice(-20).join("\n")}`);
  }

  async function end(signal: Deno.Signal): Promise<void> {
    const running = process;
    process = null;
    running?.signal(signal);
    await running?.end;
  }

  await start();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    dir,
    log,
    pid: () => process?.pid ?? 0,
    start,
    kill: () => end("SIGKILL"),
    halt: () => end("SIGTERM"),
    restart: async () => {
      await end("SIGTERM");
      await start();
    },
    setAccess: async (access) => {
      await writeAccess(dir, access);
      const from = log.length;
      process?.signal("SIGHUP");
      await waitFor(() => log.slice(from).some((line) => line.includes("Reloading config")), {
        what: "Mosquitto to reload its files",
      });
    },
    stop: async () => {
      await end("SIGTERM");
      if (options.dir === undefined) await Deno.remove(dir, { recursive: true });
    },
  };
}

function configOf(port: number, dir: string, options: MosquittoOptions): string {
  // Run by root it would become the user mosquitto, who may not read this folder.
  const user = Deno.uid() === 0 ? ["user root"] : [];
  if (options.wholeConfig !== undefined) {
    return [...user, "log_dest stderr", options.wholeConfig({ port, dir })].join("\n");
  }
  return [
    `listener ${port} 127.0.0.1`,
    ...user,
    `allow_anonymous ${options.users === undefined}`,
    ...(options.users === undefined ? [] : [`password_file ${dir}/passwords`]),
    ...(options.acl === undefined ? [] : [`acl_file ${dir}/acl`]),
    ...(options.persistence
      ? ["persistence true", `persistence_location ${dir}/`, "autosave_interval 1"]
      : []),
    // No limit: a broker that drops messages would hide a service that loses them.
    "max_inflight_messages 0",
    "max_queued_messages 0",
    "log_dest stderr",
    "log_type error",
    "log_type warning",
    "log_type notice",
    "log_type information",
    options.config ?? "",
    "",
  ].join("\n");
}

async function writeAccess(
  dir: string,
  { users, acl }: Pick<MosquittoOptions, "users" | "acl">,
): Promise<void> {
  if (acl !== undefined) await Deno.writeTextFile(`${dir}/acl`, acl);
  if (users === undefined) return;
  const plain = Object.entries(users).map(([user, password]) => `${user}:${password}\n`).join("");
  await Deno.writeTextFile(`${dir}/passwords`, plain, { mode: 0o600 });
  if (plain !== "") await run("/usr/bin/mosquitto_passwd", ["-U", `${dir}/passwords`]);
}
