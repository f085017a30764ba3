/**
 * @module
 * Asterisk of two Debian releases, each in a folder of its own that its program is run in by chroot.
 * debootstrap fills it once for all tests of a machine, from where apt gets its packages. It starts no Asterisk.
 */
import { has } from "./available.ts";
import { run, startProcess } from "./process.ts";

/** Major versions that tests run against. */
export type AsteriskVersion = 16 | 22;

/** All of them, in the order in which they are installed and tested. */
export const ASTERISK_VERSIONS: readonly AsteriskVersion[] = [16, 22];

/** Debian releases that have them. bullseye stands still; sid moves, and may not install on a given day. */
const RELEASES: Record<AsteriskVersion, string> = { 16: "bullseye", 22: "sid" };
/** Not the folder for temporary files: that is often small, without devices, and swept file by file. */
const CACHE = "/var/cache/doorline-tests";
const APT_SOURCES = "/etc/apt/sources.list.d";
/** An installation takes half a minute; one that takes this long is not coming. */
const INSTALL_MS = 5 * 60_000;

/** Where a version is, or would be. A folder is moved there when it is whole. */
export function chrootOf(version: AsteriskVersion): string {
  return `${CACHE}/asterisk-${version}-v1`;
}

/** For `ignore:` of a test that needs a version: null, or why it cannot run here. It brings nothing. */
export function whyNoAsterisk(version: AsteriskVersion): string | null {
  const obstacle = whyNoChroot();
  if (obstacle !== null) return obstacle;
  if (!has("sipp")) return "there is no SIPp to play phones";
  return exists(chrootOf(version))
    ? null
    : `Asterisk ${version} of Debian ${RELEASES[version]} is not installed`;
}

/** Brings the versions that are missing, where that is possible, and says so. It never fails. */
export async function installAsterisks(say: (line: string) => void): Promise<void> {
  const missing = ASTERISK_VERSIONS.filter((version) => !exists(chrootOf(version)));
  if (missing.length === 0) return;
  const obstacle = whyNoChroot() ?? (has("debootstrap") ? null : "there is no debootstrap");
  // Both at once: debootstrap mostly waits, and unpacks with one core.
  await Promise.all(missing.map(async (version) => {
    try {
      if (obstacle !== null) throw new Error(`Cannot install Asterisk ${version}: ${obstacle}`);
      say(`Installing Asterisk ${version} of Debian ${RELEASES[version]} in ${chrootOf(version)}`);
      await installAsterisk(version);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
      say(`Without Asterisk ${version}: the tests that need it are skipped`);
    }
  }));
}

/** Addresses in a file of apt's sources, of either format: `deb [options] URI …` and `URIs: URI …`. */
export function mirrorsOf(sources: string): string[] {
  return sources.split("\n").flatMap((line) => {
    const uris = /^deb\s+(?:\[[^\]]*\]\s*)?(\S+)/.exec(line)?.[1] ?? /^URIs:(.*)$/i.exec(line)?.[1] ?? "";
    return uris.split(/\s+/).filter((uri) => /^(https?|file|copy):/.test(uri));
  });
}

async function installAsterisk(version: AsteriskVersion): Promise<void> {
  await Deno.mkdir(CACHE, { recursive: true });
  // Another run of tests may be at it; the lock goes with its process, however that ends.
  using lock = await Deno.open(`${CACHE}/asterisk-${version}.lock`, { create: true, write: true });
  await lock.lock(true);
  const chroot = chrootOf(version);
  if (exists(chroot)) return;
  const release = RELEASES[version];
  const made = `${chroot}.making`;
  const problems: string[] = [];
  for (const mirror of await aptMirrors()) {
    await removeHalf(made);
    const problem = await debootstrap(release, made, mirror);
    if (problem === null) {
      await prepare(made);
      await Deno.rename(made, chroot);
      return;
    }
    problems.push(problem);
  }
  await removeHalf(made);
  const why = problems.join("\n") || "apt has no sources";
  throw new Error(`Cannot install Asterisk ${version} of Debian ${release}: ${why}`);
}

async function debootstrap(release: string, made: string, mirror: string): Promise<string | null> {
  const process = startProcess("/usr/sbin/debootstrap", {
    args: ["--variant=minbase", "--include=asterisk", release, made, mirror],
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C", ...await aptProxy() },
  });
  const impatience = setTimeout(() => process.signal("SIGTERM"), INSTALL_MS);
  const { code } = await process.end;
  clearTimeout(impatience);
  const said = [...process.stdout, ...process.stderr].slice(-3).join("; ");
  return code === 0 ? null : `debootstrap ended with exit code ${code}: ${said}`;
}

/** A debootstrap that was killed may have left /proc mounted, and what is in there is not to be removed. */
async function removeHalf(made: string): Promise<void> {
  // Read by a program, since Deno shows /proc only to those who may do all.
  const mounts = (await run("/bin/cat", ["/proc/mounts"])).split("\n").map((line) =>
    line.split(" ")[1] ?? ""
  );
  for (const mount of mounts.reverse()) {
    if (mount.startsWith(`${made}/`)) await run("/bin/umount", [mount]);
  }
  await run("/bin/rm", ["-rf", "--one-file-system", made]);
}

async function prepare(made: string): Promise<void> {
  // Root runs Asterisk here, and its folders have to be root's for that.
  const folders = ["lib", "log", "spool", "run"].map((name) => `${made}/var/${name}/asterisk`);
  await run("/bin/chown", ["-R", "root:root", ...folders.filter(exists)]);
  // It needs no names, and a name server that is away would hold up every call.
  await Deno.writeTextFile(`${made}/etc/nsswitch.conf`, "passwd: files\ngroup: files\nhosts: files\n");
  await Deno.remove(`${made}/var/cache/apt/archives`, { recursive: true });
}

function whyNoChroot(): string | null {
  if (Deno.build.os !== "linux") return `Debian's Asterisk needs Linux, and this is ${Deno.build.os}`;
  return Deno.uid() === 0 ? null : "only root may enter a chroot";
}

/** Mirrors that apt uses, in apt's order of files. */
async function aptMirrors(): Promise<string[]> {
  const files = ["/etc/apt/sources.list"];
  if (exists(APT_SOURCES)) {
    const names = (await Array.fromAsync(Deno.readDir(APT_SOURCES))).map(({ name }) => name).sort();
    files.push(
      ...names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => `${APT_SOURCES}/${name}`),
    );
  }
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(file).catch(() => "")));
  return [...new Set(texts.flatMap(mirrorsOf))];
}

/** debootstrap downloads with wget, which does not know of apt's proxy. */
async function aptProxy(): Promise<Record<string, string>> {
  const said = await run("/usr/bin/apt-config", ["dump", "--format", "%f %v%n", "Acquire::http::Proxy"]);
  const proxy = /^Acquire::http::Proxy (\S+)$/m.exec(said)?.[1];
  return proxy === undefined || proxy === "DIRECT" ? {} : { http_proxy: proxy };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
