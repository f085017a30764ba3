/**
 * @module
 * What the machine has of the servers that tests run; a test that lacks one is ignored, never green.
 * `deno task test` installs them where it can.
 */

/** Programs and libraries of Debian that tests use. */
export type Tool = "mosquitto" | "postgresql" | "chromium" | "libfaketime" | "sipp" | "debootstrap";

interface Needed {
  /** Debian packages that bring it. */
  packages: string[];
  /** Any one file of each group has to exist. */
  files: string[][];
}

const LIBRARY_FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];
const POSTGRES_FOLDERS = ["18", "17", "16", "15", "14"].map((version) =>
  `/usr/lib/postgresql/${version}/bin`
);

const NEEDED: Record<Tool, Needed> = {
  mosquitto: {
    packages: ["mosquitto", "mosquitto-clients"],
    files: [["/usr/sbin/mosquitto"], ["/usr/bin/mosquitto_passwd"], ["/usr/bin/mosquitto_pub"]],
  },
  postgresql: {
    packages: ["postgresql"],
    files: [
      POSTGRES_FOLDERS.map((folder) => `${folder}/postgres`),
      POSTGRES_FOLDERS.map((folder) => `${folder}/initdb`),
    ],
  },
  chromium: { packages: ["chromium"], files: [["/usr/bin/chromium"]] },
  libfaketime: {
    packages: ["libfaketime"],
    files: [LIBRARY_FOLDERS.map((folder) => `${folder}/faketime/libfaketimeMT.so.1`)],
  },
  sipp: { packages: ["sip-tester"], files: [["/usr/bin/sipp"]] },
  debootstrap: {
    // Those that it recommends check what it downloads; without them it installs nothing.
    packages: ["debootstrap", "gpgv", "debian-archive-keyring"],
    files: [
      ["/usr/sbin/debootstrap"],
      ["/usr/bin/gpgv"],
      ["/usr/share/keyrings/debian-archive-keyring.gpg"],
    ],
  },
};

/** All tools, in the order in which they are named to people. */
export const TOOLS = Object.keys(NEEDED) as Tool[];

/** Whether a tool is there, whole. */
export function has(tool: Tool): boolean {
  return NEEDED[tool].files.every((group) => group.some(exists));
}

/** For `ignore:` of a test that needs them: true when one is missing. */
export function lacks(...tools: Tool[]): boolean {
  return tools.some((tool) => !has(tool));
}

/** Debian packages that bring a tool. */
export function packagesOf(tool: Tool): string[] {
  return NEEDED[tool].packages;
}

/**
 * Folder of PostgreSQL's programs, the newest that is there.
 * @throws when there is none
 */
export function postgresFolder(): string {
  const folder = POSTGRES_FOLDERS.find((candidate) => exists(`${candidate}/postgres`));
  if (folder === undefined) throw new Error(`Cannot find PostgreSQL in ${POSTGRES_FOLDERS.join(", ")}`);
  return folder;
}

/**
 * Path of the library that shifts a process's wall clock, for `LD_PRELOAD`.
 * @throws when it is not installed
 */
export function faketimeLibrary(): string {
  const paths = NEEDED.libfaketime.files[0] ?? [];
  const path = paths.find(exists);
  if (path === undefined) throw new Error(`Cannot find libfaketime at ${paths.join(", ")}`);
  return path;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
