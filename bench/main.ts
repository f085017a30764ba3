/**
 * @module
 * Runs the benchmarks: all of them, or those that are named. With `--write` their results replace those in README.md. It installs nothing; a benchmark whose server is missing is left out, and said to be.
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { lacks, packagesOf, postgresFolder } from "../tests/support/available.ts";
import { run } from "../tests/support/process.ts";
import { calls } from "./calls.ts";
import { endpoints } from "./endpoints.ts";
import { fleet } from "./fleet.ts";
import { heartbeats } from "./heartbeats.ts";
import { logs } from "./logs.ts";
import { ring } from "./ring.ts";
import { sends } from "./sends.ts";
import { sse } from "./sse.ts";
import { type Benchmark, table } from "./support.ts";

const ALL: Benchmark[] = [heartbeats, fleet, sends, sse, calls, ring, logs, endpoints];
const README = fileURLToPath(new URL("./README.md", import.meta.url));

const names = Deno.args.filter((arg) => !arg.startsWith("--"));
const unknown = names.find((name) => !ALL.some((benchmark) => benchmark.name === name));
if (unknown !== undefined) {
  console.error(`Cannot run "${unknown}": expected ${ALL.map(({ name }) => name).join(", ")}`);
  Deno.exit(2);
}

const on = await machine();
let failed = false;
for (const benchmark of ALL.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const { name, about, needs } = benchmark;
  console.log(`\n${name}: ${about}`);
  const missing = needs.filter((tool) => lacks(tool));
  if (missing.length > 0) {
    const packages = missing.flatMap(packagesOf).join(" ");
    console.error(
      `Cannot run ${name}: ${missing.join(" and ")} not found. On Debian: apt install ${packages}`,
    );
    failed = true;
    continue;
  }
  try {
    const { lines, notes } = await benchmark.run((line) => console.log(`  ${line}`));
    const section = [about, on, table(lines), notes.map((note) => `- ${note}`).join("\n")].join("\n\n");
    console.log(`\n${section}`);
    if (Deno.args.includes("--write")) await write(name, section);
  } catch (error) {
    console.error(`Cannot finish ${name}: ${(error as Error).stack}`);
    failed = true;
  }
}
Deno.exit(failed ? 1 : 0);

/** Replaces the results of one benchmark. */
async function write(name: string, section: string): Promise<void> {
  const [from, to] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`];
  const [before, rest] = (await Deno.readTextFile(README)).split(from);
  const after = rest?.split(to)[1];
  if (after === undefined) throw new Error(`Cannot write results: no "${from.trim()}" in ${README}`);
  await Deno.writeTextFile(README, `${before}${from}\n${section}\n\n${to}${after}`);
  await run(Deno.execPath(), ["fmt", "--quiet", README]);
}

/** What it runs on. */
async function machine(): Promise<string> {
  const cpu = cpus()[0]?.model;
  const system = /^PRETTY_NAME="(.*)"$/m.exec(await Deno.readTextFile("/etc/os-release").catch(() => ""))
    ?.[1];
  const postgres = lacks("postgresql")
    ? "no PostgreSQL"
    : (await run(`${postgresFolder()}/postgres`, ["--version"])).replace(
      /^postgres \(PostgreSQL\) (\S+).*$/s,
      "PostgreSQL $1",
    );
  // It has no switch that only tells the version: the help, which does, ends with 3.
  const { stdout } = await new Deno.Command("/usr/sbin/mosquitto", { args: ["-h"] }).output().catch(() => ({
    stdout: new Uint8Array(),
  }));
  const mosquitto = /version (\S+)/.exec(new TextDecoder().decode(stdout))?.[1];
  return [
    `${new Date().toISOString().slice(0, 10)}, ${
      cpu ?? Deno.build.arch
    }, ${navigator.hardwareConcurrency} cores`,
    `${Math.round(Deno.systemMemoryInfo().total / 2 ** 30)} GB of memory`,
    system ?? Deno.build.os,
    `Deno ${Deno.version.deno}`,
    postgres,
    mosquitto === undefined ? "no Mosquitto" : `Mosquitto ${mosquitto}`,
  ].join(", ") + ".";
}
