/**
 * @module
 * A real Chromium for tests of the pages. It keeps what a page must never do: throw, complain, break its content
 * policy, ask by a dialog of the browser. A test that passes ends with none of these.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import type { Session } from "./service.ts";

/** How somebody looks at the pages. */
export interface LookOptions {
  /** 1440 × 900, or 390 × 844 as on a phone. Default `desk`. */
  size?: "desk" | "phone";
  theme?: "light" | "dark";
  language?: "en" | "ru";
  /** Who it is; a session of the API. Absent: nobody. */
  session?: Session;
  permissions?: string[];
  /** Runs in every page before its own scripts. */
  before?: () => void;
}

/** One browser window with storage of its own. */
export interface Viewer {
  page: Page;
  context: BrowserContext;
  /** What the page should not have done. */
  faults: string[];
  /** Whether this is still the page that was loaded at the first call. */
  wasReloaded(): Promise<boolean>;
}

/** A browser that a test owns. */
export interface TestBrowser {
  /** Opens a window and goes to an address, which is seen when the page has something on it. */
  open(url: string, options?: LookOptions): Promise<Viewer>;
}

const PROGRAM = "/usr/bin/chromium";
const ARGUMENTS = [
  // Tests run as root in containers; what they load is their own.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-quic",
];
const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
/** Generous, since a slow machine must not fail a right page. */
const WAIT_MS = 20_000;

/** Plays with a browser and closes it after, whatever happened. */
export async function inBrowser(play: (browser: TestBrowser) => Promise<void>): Promise<void> {
  const browser = await launch();
  const viewers: Viewer[] = [];
  try {
    await play({ open: (url, options = {}) => open(browser, url, options, viewers) });
    for (const { faults } of viewers) assert.deepEqual(faults, []);
  } catch (error) {
    throw await withPictures(error, viewers);
  } finally {
    await browser.close();
  }
}

async function launch(): Promise<Browser> {
  const exists = fs.existsSync;
  // Playwright looks in /proc for Windows while it loads, and Deno gives that to nobody without --allow-all.
  fs.existsSync = (path) => !String(path).startsWith("/proc/") && exists(path);
  try {
    const { chromium } = await import("playwright-core");
    return await chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS });
  } finally {
    fs.existsSync = exists;
  }
}

async function open(browser: Browser, url: string, look: LookOptions, viewers: Viewer[]): Promise<Viewer> {
  const context = await browser.newContext({ ...contextOptions(look), permissions: look.permissions });
  context.setDefaultTimeout(WAIT_MS);
  if (look.session) {
    const [name = "", value = ""] = look.session.cookie.split(/=(.*)/s);
    await context.addCookies([{ name, value, url: new URL(url).origin, httpOnly: true, sameSite: "Lax" }]);
  }
  if (look.before) await context.addInitScript(look.before);
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`content policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  const page = await context.newPage();
  const faults = watch(page);
  const viewer: Viewer = { page, context, faults, wasReloaded: marker(page) };
  viewers.push(viewer);
  await page.goto(url, { waitUntil: "load" });
  return viewer;
}

function contextOptions(
  { size = "desk", theme = "light", language = "en" }: LookOptions,
): BrowserContextOptions {
  return {
    viewport: SIZES[size],
    colorScheme: theme,
    locale: language === "ru" ? "ru-RU" : "en-US",
    timezoneId: "Europe/Moscow",
    reducedMotion: "reduce",
    ...(size === "phone" ? { hasTouch: true, isMobile: true } : {}),
  };
}

/** Keeps what the page should not do. A refused request is no fault: pages are refused on purpose. */
function watch(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`threw: ${error.message}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    // It may be gone with its page by then.
    dialog.dismiss().catch(() => {});
  });
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !/^Failed to load resource/.test(text)) faults.push(`console: ${text}`);
  });
  return faults;
}

function marker(page: Page): () => Promise<boolean> {
  let first = true;
  return async () => {
    const marked = await page.evaluate(() => {
      const was = document.documentElement.dataset.seen === "yes";
      document.documentElement.dataset.seen = "yes";
      return was;
    });
    const reloaded = !first && !marked;
    first = false;
    return reloaded;
  };
}

/** What was on the screens says more than a locator that was not found. */
async function withPictures(error: unknown, viewers: Viewer[]): Promise<Error> {
  const folder = await Deno.makeTempDir({ prefix: "doorline-pages-" });
  const said: string[] = [];
  for (const [index, { page, faults }] of viewers.entries()) {
    const path = `${folder}/${index}.png`;
    const shot = await page.screenshot({ path, timeout: 5_000 }).then(() => path, () => "no picture");
    said.push(`${page.url()}: ${shot}`, ...faults);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Error([message, ...said].join("\n"), { cause: error });
}
