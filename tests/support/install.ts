/**
 * @module
 * Installs the Debian packages that tests need, where that is possible: on Debian, as root.
 * It says what it does, starts no service, and never fails: what stays missing has its tests skipped.
 */
import { installAsterisks } from "./asterisk_chroot.ts";
import { has, packagesOf, type Tool, TOOLS } from "./available.ts";
import { startProcess } from "./process.ts";

/** While this file says 101, packages that bring a service do not start it. */
const POLICY = "/usr/sbin/policy-rc.d";
const APT = [
  "-y",
  "-q",
  "-o",
  "DPkg::Lock::Timeout=120",
  "-o",
  "Acquire::Retries=2",
  "-o",
  "Acquire::http::Timeout=30",
];

/** Brings what is missing and gives what is missing still, Asterisk aside: its tests ask for it themselves. */
export async function installTools(say: (line: string) => void = console.log): Promise<Tool[]> {
  const left = await installPackages(say);
  await installAsterisks(say);
  return left;
}

async function installPackages(say: (line: string) => void): Promise<Tool[]> {
  const missing = () => TOOLS.filter((tool) => !has(tool));
  const wanted = missing();
  if (wanted.length === 0) return [];
  const packages = wanted.flatMap(packagesOf);
  const obstacle = await whyNot();
  if (obstacle !== null) {
    say(`Cannot install ${packages.join(", ")}: ${obstacle}`);
  } else {
    say(`Installing ${packages.join(", ")}`);
    await withoutStartingServices(async () => {
      await apt(["update"], say);
      // Together is faster; where one cannot be had, the others still can.
      if (!await apt(["install", "--no-install-recommends", ...packages], say)) {
        for (const tool of missing()) {
          await apt(["install", "--no-install-recommends", ...packagesOf(tool)], say);
        }
      }
    });
  }
  const left = missing();
  if (left.length > 0) say(`Without ${left.join(", ")}: the tests that need them are skipped`);
  return left;
}

async function whyNot(): Promise<string | null> {
  if (Deno.build.os !== "linux") return `this is ${Deno.build.os}, not Debian`;
  const release = await Deno.readTextFile("/etc/os-release").catch(() => "");
  if (!/^ID(_LIKE)?=.*debian/m.test(release)) return "this is not Debian";
  return Deno.uid() === 0 ? null : "this is not run by root";
}

async function apt(args: string[], say: (line: string) => void): Promise<boolean> {
  const process = startProcess("apt-get", {
    args: [...APT, ...args],
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
  });
  const { code } = await process.end;
  if (code === 0) return true;
  say(`Cannot run apt-get ${args.join(" ")}: exit code ${code}`);
  for (const line of [...process.stdout.slice(-5), ...process.stderr.slice(-5)]) say(`  ${line}`);
  return false;
}

/** A broker on 1883 or a cluster on 5432 that a package starts would stand in the way of `deno task start`. */
async function withoutStartingServices(act: () => Promise<void>): Promise<void> {
  const ours = await Deno.writeTextFile(POLICY, "#!/bin/sh\nexit 101\n", { createNew: true, mode: 0o755 })
    .then(() => true, () => false);
  try {
    await act();
  } finally {
    if (ours) await Deno.remove(POLICY);
  }
}
