/**
 * @module
 * Pages of endpoints' logs and configurations: the service with an emulated Asterisk that keeps its files in a folder of
 * the test, a second log that the test writes itself, and a real Chromium.
 */
import { lacks } from "./available.ts";
import { inBrowser, type LookOptions, type Viewer } from "./browser.ts";
import { hears } from "./call_pages.ts";
import { type CallWorld, inCallWorld } from "./call_world.ts";
import type { Session } from "./service.ts";

/** A line of the test's own log. */
export interface WrittenLine {
  level?: string | undefined;
  source?: string;
  /** Such as `C-0000000a`. */
  call?: string | undefined;
  /** Line feeds in it make lines that belong to it. */
  message: string;
}

/** A world with the files of its Asterisk. */
export interface EndpointWorld extends CallWorld {
  /** pjsip.conf of the emulated Asterisk, which the service edits too. */
  conf: string;
  /** Writes lines into the test's own log, in one piece. */
  write(...lines: (WrittenLine | string)[]): Promise<void>;
}

/** Who is there, what is written, and how to look. */
export interface EndpointPages extends EndpointWorld {
  /** Opens a page as somebody, who hears of what happens from then on. */
  look(who: Session, path: string, options?: LookOptions): Promise<Viewer>;
}

/** Declares a test of such pages; it is skipped where there is no Chromium. */
export function endpointPagesTest(name: string, play: (pages: EndpointPages) => Promise<void>): void {
  Deno.test({
    name,
    ignore: lacks("chromium"),
    fn: () =>
      inEndpointWorld({}, async (world) => {
        await inBrowser(async (browser) => {
          await play({
            ...world,
            look: async (who, path, options = {}) => {
              const viewer = await browser.open(`${world.service.url}${path}`, { session: who, ...options });
              await hears(viewer.page);
              return viewer;
            },
          });
        });
      }),
  });
}

/** Plays in such a world and takes it down after, with its files. */
export async function inEndpointWorld(
  env: Record<string, string>,
  play: (world: EndpointWorld) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "doorline-asterisk-" });
  const [conf, own] = [`${dir}/pjsip.conf`, `${dir}/own.log`];
  const files = { DOORLINE_ASTERISK_LOG: `${dir}/messages.log,${own}`, DOORLINE_PJSIP_CONF: conf };
  try {
    await Deno.writeTextFile(own, "");
    await inCallWorld("embedded", { env: { ...files, ...env }, asterisk: { dir } }, async (world) => {
      await play({
        ...world,
        conf,
        write: (...lines) => Deno.writeTextFile(own, lines.map(textOf).join(""), { append: true }),
      });
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** As the default formatter writes it, at the local time of this machine, which is the service's too. */
function textOf(line: WrittenLine | string): string {
  const { level = "VERBOSE", source = "pbx.c", call, message } = typeof line === "string"
    ? { message: line }
    : line;
  const date = new Date();
  const two = (number: number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `[${day} ${time}] ${level}[1264]${call === undefined ? "" : `[${call}]`} ${source}: ${message}\n`;
}
