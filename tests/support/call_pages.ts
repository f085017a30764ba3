/**
 * @module
 * Pages of people whose phones ring: the service with an emulated Asterisk that the test drives by hand, a company
 * that is known by its number, two employees, and a real Chromium for each who looks.
 */
import type { Locator, Page } from "playwright-core";
import type { CallOptions, EmulatedCall } from "../../emulators/asterisk.ts";
import { lacks } from "./available.ts";
import { inBrowser, type LookOptions, type Viewer } from "./browser.ts";
import { type CallWorld, inCallWorld, type Person, type StoredCall } from "./call_world.ts";
import type { Session } from "./service.ts";
import { waitFor } from "./wait.ts";

/** The company that calls, and its number as it is shown. */
export const COMPANY = { name: "ООО Тестовая Компания", number: "74951234567", shown: "+7 495 123-45-67" };

/** A call with its id in the service. */
export interface SeenCall {
  call: EmulatedCall;
  id: string;
}

/** Who is there, and how to look. */
export interface CallPages extends CallWorld {
  /** Owns 777. */
  ivan: Person;
  /** Owns 888. */
  petr: Person;
  /** Opens a page as somebody, who hears of calls from then on. */
  look(who: Session, path?: string, options?: LookOptions): Promise<Viewer>;
  /** Makes a call, by default from the company, that moves only when it is told to. */
  ring(to: string, options?: Partial<CallOptions>): Promise<SeenCall>;
  /** Waits until the row of a call says so. */
  become(id: string, wanted: Partial<StoredCall>): Promise<StoredCall>;
}

/** Declares a test of such pages; it is skipped where there is no Chromium. */
export function callPagesTest(name: string, play: (pages: CallPages) => Promise<void>): void {
  Deno.test({
    name,
    ignore: lacks("chromium"),
    fn: () =>
      inCallWorld("embedded", {}, async (world) => {
        const company = { name: COMPANY.name, phones: [COMPANY.number] };
        const { status } = await world.admin.api("POST", "/api/companies", { body: company });
        if (status !== 201) throw new Error(`Cannot make the company: ${status}`);
        const ivan = await world.employee("ivan", ["777"]);
        const petr = await world.employee("petr", ["888"]);
        await inBrowser(async (browser) => {
          await play({
            ...world,
            ivan,
            petr,
            look: async (who, path = "/", options = {}) => {
              const viewer = await browser.open(`${world.service.url}${path}`, { session: who, ...options });
              await hears(viewer.page);
              return viewer;
            },
            ring: async (to, options = {}) => {
              const call = world.asterisk.call({ from: COMPANY.number, to, ...options });
              const { id } = await waitFor(() => world.rowOf(call.linkedid), {
                what: `a row of a call to ${to}`,
              });
              return { call, id };
            },
            become: (id, wanted) => become(world, id, wanted),
          });
        });
      }),
  });
}

/** Waits until a page hears of what happens. */
export async function hears(page: Page): Promise<void> {
  await page.locator("[data-testid=stream-state][data-state=live]").waitFor({ state: "attached" });
}

/** The card of a call while it rings; of any call without an id. */
export function incoming(page: Page, id?: string): Locator {
  return page.locator(`[data-testid=incoming-card]${id === undefined ? "" : `[data-call="${id}"]`}`);
}

/** The card of a call when it no longer rings, as it is in a phase. */
export function cardIn(page: Page, phase: string, id: string): Locator {
  return page.locator(`[data-testid=call-card][data-call="${id}"][data-phase=${phase}]`);
}

/** Whether something has the focus. */
export async function isFocused(locator: Locator): Promise<void> {
  await locator.and(locator.page().locator(":focus")).waitFor();
}

async function become(world: CallWorld, id: string, wanted: Partial<StoredCall>): Promise<StoredCall> {
  let last: StoredCall | undefined;
  return await waitFor(async () => {
    [last] = await world.rows(`id = '${id}'`);
    if (last === undefined) return null;
    const differs = Object.entries(wanted).some(([name, value]) => last![name as keyof StoredCall] !== value);
    return differs ? null : last;
  }, { what: `a call that is ${JSON.stringify(wanted)}` }).catch((error) => {
    throw new Error(`${error.message}; it is ${JSON.stringify(last)}`, { cause: error });
  });
}
