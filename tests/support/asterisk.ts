/**
 * @module
 * A real Asterisk that a test owns, in a chroot of Debian's packages, with files and ports of its own.
 * One chroot a version serves all tests of a machine; nothing is mounted in it.
 */
import { createSocket } from "node:dgram";
import { accepts } from "./accepts.ts";
import { AMI_USERS, asteriskFiles } from "./asterisk_config.ts";
import { type AsteriskVersion, chrootOf } from "./asterisk_chroot.ts";
import { freePort } from "./free_port.ts";
import { type OwnedProcess, run, startProcess } from "./process.ts";
import { waitFor } from "./wait.ts";

/** How to run Asterisk. */
export interface AsteriskOptions {
  version: AsteriskVersion;
  /** Default: a free one. */
  amiPort?: number;
  /** More lines for a configuration file, by its name. */
  extra?: Record<string, string>;
  /** Whole configuration files that take the place of its own, by name. */
  instead?: Record<string, string>;
}

/** A running Asterisk. */
export interface Asterisk {
  version: AsteriskVersion;
  /** Its files, as they are seen from outside its chroot: `etc/pjsip.conf`, `log/messages`, `db/`. */
  dir: string;
  /** The AMI user of least rights. */
  ami: { host: string; port: number; user: string; secret: string };
  /** SIP over UDP on 127.0.0.1. */
  sipPort: number;
  /** Where a SIPp on 127.0.0.2 takes what is dialled with a leading 9. */
  trunkPort: number;
  pid(): number;
  /** Lines of its log, of all its runs. */
  log(): Promise<string[]>;
  /** Runs a command of its console and gives what it prints. */
  cli(command: string): Promise<string>;
  /** Ends it at once with SIGKILL: calls are lost, and registrations of the last second. `start` brings it back. */
  kill(): Promise<void>;
  /** Starts it after `kill`, on the same ports. */
  start(): Promise<void>;
  /** Kills it and starts it. */
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

const PROGRAM = "/usr/sbin/asterisk";

/**
 * Starts Asterisk and waits until it is fully booted.
 * @throws with its log when it ends instead
 */
export async function startAsterisk(options: AsteriskOptions): Promise<Asterisk> {
  const { version } = options;
  const chroot = chrootOf(version);
  const amiPort = options.amiPort ?? await freePort();
  const [sipPort, trunkPort] = [await freeUdpPort("127.0.0.1"), await freeUdpPort("127.0.0.2")];
  const root = await Deno.makeTempDir({ dir: `${chroot}/srv`, prefix: "doorline-" });
  const home = root.slice(chroot.length);
  for (const folder of ["etc/manager.d", "db", "spool", "run", "log", "cache"]) {
    await Deno.mkdir(`${root}/${folder}`, { recursive: true });
  }
  const files = {
    ...asteriskFiles({ home, amiPort, sipPort, trunkPort, extra: options.extra }),
    ...options.instead,
  };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${root}/etc/${name}`, text);
  let process: OwnedProcess | null = null;

  const inside = (args: string[]) => [chroot, PROGRAM, "-C", `${home}/etc/asterisk.conf`, ...args];
  const cli = (command: string) => run("/usr/sbin/chroot", inside(["-r", "-x", command]), CALM);
  const log = async () =>
    (await Deno.readTextFile(`${root}/log/messages`).catch(() => "")).split("\n").slice(0, -1);

  async function start(): Promise<void> {
    if (process !== null) throw new Error(`Cannot start Asterisk on AMI port ${amiPort} twice`);
    const started = process = startProcess("/usr/sbin/chroot", { ...CALM, args: inside(["-f"]) });
    await waitFor(async () => {
      if (started.ended !== null) return true;
      return await accepts(amiPort) && /fully booted/.test(await cli("core waitfullybooted"));
    }, { what: `Asterisk ${version} on AMI port ${amiPort}`, timeoutMs: 60_000 });
    if (started.ended === null) return;
    process = null;
    const said = [...started.stdout, ...started.stderr, ...await log()].slice(-20).join("\n");
    await Deno.remove(root, { recursive: true });
    throw new Error(`Cannot start Asterisk ${version}: exit code ${started.ended.code}\n${said}`);
  }

  async function kill(): Promise<void> {
    const running = process;
    process = null;
    running?.signal("SIGKILL");
    await running?.end;
  }

  await start();
  return {
    version,
    dir: root,
    ami: { host: "127.0.0.1", port: amiPort, ...AMI_USERS.least },
    sipPort,
    trunkPort,
    pid: () => process?.pid ?? 0,
    log,
    cli,
    kill,
    start,
    restart: async () => {
      await kill();
      await start();
    },
    // Nothing of it is kept, so it need not say goodbye to its phones.
    stop: async () => {
      await kill();
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** No terminal, no time zone of the test: its log is in UTC. */
const CALM = { env: { TERM: "dumb", TZ: "UTC", LC_ALL: "C" } };

/** Finds a UDP port of an address that nobody has. Another process may still take it first. */
export function freeUdpPort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", reject);
    socket.bind(0, host, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
