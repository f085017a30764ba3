/**
 * @module
 * The command line of `deno task emulate`: parts of the outside world, to be pointed at a running service.
 * It reads flags and prints; the emulators themselves are beside it.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { startAsterisk } from "./asterisk.ts";
import { startDemoCalls } from "./asterisk_demo.ts";
import { type PanelLoadProgress, runPanelLoad } from "./panel_load.ts";

const USAGE = `Usage: deno task emulate intercoms --broker URL --count N --rate R [options]
       deno task emulate asterisk [PORT] [--username U] [--password P]

  --broker URL       mqtt://host:port or mqtts://host:port
  --count N          number of panels, 1 to 100000
  --rate R           messages a second of all panels together, up to 100000
  --seconds S        how long, default 60
  --connections C    connections that carry the panels, default the lesser of N and 50
  --username U       of the broker, with --password P

An emulated Asterisk listens on 127.0.0.1, by default on port 5038, for the AMI account "doorline" with the
password "doorline", and lets people call each other until it is interrupted.`;

/** Flags that cannot be used, with what was expected. */
class UsageError extends Error {}

const FLAGS = {
  broker: { type: "string" },
  count: { type: "string" },
  rate: { type: "string" },
  seconds: { type: "string" },
  connections: { type: "string" },
  username: { type: "string" },
  password: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

async function main(args: string[]): Promise<number> {
  try {
    const { values, positionals } = readFlags(args);
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const [what, ...rest] = positionals;
    if (what === "asterisk" && rest.length <= 1) {
      const port = rest[0] === undefined ? 5038 : wholeNumber("port", rest[0], { most: 65_535 });
      return await live({ port, user: values.username ?? "doorline", secret: values.password ?? "doorline" });
    }
    if (what !== "intercoms" || rest.length > 0) {
      throw new UsageError(`Cannot emulate "${positionals.join(" ")}": expected "intercoms" or "asterisk"`);
    }
    const count = wholeNumber("count", values.count, { most: 100_000 });
    return await load({
      brokerUrl: brokerUrl(values.broker),
      count,
      ratePerSecond: positiveNumber("rate", values.rate, 100_000),
      seconds: values.seconds === undefined ? 60 : positiveNumber("seconds", values.seconds, 86_400),
      connections: values.connections === undefined
        ? undefined
        : wholeNumber("connections", values.connections, { most: Math.min(count, 10_000) }),
      username: values.username,
      password: values.password,
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    if (!(error instanceof UsageError)) return 1;
    console.error(`\n${USAGE}`);
    return 2;
  }
}

async function live(options: { port: number; user: string; secret: string }): Promise<number> {
  const interrupted = Promise.withResolvers<void>();
  process.once("SIGINT", () => interrupted.resolve());
  process.once("SIGTERM", () => interrupted.resolve());
  const asterisk = await startAsterisk(options);
  asterisk.onCall((call) => {
    const { linkedid } = call;
    console.log(`call ${linkedid} begins, ${asterisk.calls.length} up`);
    call.done.then(() => console.log(`call ${linkedid} has ended, ${asterisk.calls.length} up`));
  });
  console.log(`Emulated Asterisk on ami://${options.user}@127.0.0.1:${asterisk.port}`);
  const demo = startDemoCalls(asterisk);
  await interrupted.promise;
  demo.stop();
  await asterisk.stop();
  return 0;
}

async function load(options: Parameters<typeof runPanelLoad>[0]): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    const connections = options.connections ?? Math.min(options.count, 50);
    const result = await runPanelLoad({
      ...options,
      signal: interrupted.signal,
      onSecond: (progress) => console.log(progressLine(progress, connections)),
    });
    const { sent, acknowledged, lost, heldBack } = result;
    console.log(`${sent} sent, ${acknowledged} acknowledged, ${lost} lost, ${heldBack} held back`);
    return lost > 0 || heldBack > 0 ? 1 : 0;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

function progressLine(progress: PanelLoadProgress, connections: number): string {
  const { second, sent, acknowledged, waiting, connected, lastError } = progress;
  const error = lastError === null ? "" : `  ${lastError}`;
  return `${second} s  sent ${sent}/s  acked ${acknowledged}/s  waiting ${waiting}` +
    `  connected ${connected}/${connections}${error}`;
}

function readFlags(args: string[]) {
  try {
    return parseArgs({ args, options: FLAGS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function brokerUrl(value: string | undefined): string {
  const url = value === undefined ? null : URL.parse(value);
  if (url === null || !["mqtt:", "mqtts:"].includes(url.protocol) || url.hostname === "") {
    throw new UsageError(`Bad --broker ${shown(value)}: expected mqtt://host:port or mqtts://host:port`);
  }
  return value!;
}

function wholeNumber(flag: string, value: string | undefined, { most }: { most: number }): number {
  const number = /^\d+$/.test(value ?? "") ? Number(value) : NaN;
  if (!(number >= 1 && number <= most)) {
    throw new UsageError(`Bad --${flag} ${shown(value)}: expected a whole number from 1 to ${most}`);
  }
  return number;
}

function positiveNumber(flag: string, value: string | undefined, most: number): number {
  const number = /^\d+(\.\d+)?$/.test(value ?? "") ? Number(value) : NaN;
  if (!(number > 0 && number <= most)) {
    throw new UsageError(`Bad --${flag} ${shown(value)}: expected a number above 0 and up to ${most}`);
  }
  return number;
}

function shown(value: string | undefined): string {
  // A broker's URL may carry a password.
  return value === undefined ? "(missing)" : `"${value.replace(/\/\/[^@/]*@/, "//***@")}"`;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
