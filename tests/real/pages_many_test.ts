/**
 * @module
 * Ten thousand panels in a real browser: the table opens, scrolls, orders and filters while hundreds of messages a
 * second come in, and only what is in view is drawn. Bounds are wide: the machine is shared, a fault is far beyond them.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { loadMac, runPanelLoad } from "../../emulators/panel_load.ts";
import { lacks } from "../support/available.ts";
import { inBrowser } from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";
import { inWorld } from "../support/world.ts";

const COUNT = 10_000;
const MOST_ROWS = 200;
/** A press that waits longer than this is felt. */
const LONG_MS = 200;

Deno.test({
  name:
    "pages: ten thousand panels open, scroll, sort and filter under load, with few rows drawn and no long stall",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      await world.sql(`
        insert into intercoms (mac, topic_mac, name, address, adopted_at, status, status_since, door_status)
        select mac, mac, 'Entrance ' || n % 7 + 1, 'Long Street ' || n / 7 + 1, now(), 'unknown', now(), 'closed'
        from (select n, '02:00:00:' || substr(h, 1, 2) || ':' || substr(h, 3, 2) || ':' || substr(h, 5, 2) as mac
              from (select n, upper(lpad(to_hex(n), 6, '0')) as h from generate_series(0, ${
        COUNT - 1
      }) n) as numbers
        ) as panels`);
      assert.equal(await world.service.sigterm(), 0);
      await world.service.start();
      const ended = new AbortController();
      const load = runPanelLoad({
        brokerUrl: world.brokerUrl,
        count: COUNT,
        ratePerSecond: 200,
        seconds: 120,
        connections: 4,
        signal: ended.signal,
      });
      try {
        await inBrowser(async (browser) => {
          const { page } = await browser.open(`${world.service.url}/intercoms`, {
            session: world.admin,
            before: watchLongTasks,
          });
          await page.getByText("10,000 panels").waitFor();
          await page.getByTestId("panel-row").first().waitFor();
          await isLight(page, "the opening", 3);

          await scroll(page);
          await isLight(page, "scrolling", 3);
          await page.getByRole("button", { name: /^Online/ }).click();
          await page.locator("[data-testid=panel-row][data-status=online]").first().waitFor();
          await page.getByRole("button", { name: /^Online/ }).click();

          await page.getByLabel("Filter by name, address or MAC").pressSequentially("long street 1428");
          // Seven entrances of that house, and the panel whose MAC has these digits.
          await page.getByText("8 panels", { exact: true }).waitFor();
          assert.equal(await page.getByTestId("panel-row").count(), 8);
          await isLight(page, "filtering", 3);
          await page.keyboard.press("Escape");
          await page.getByText("10,000 panels").waitFor();
          await page.getByRole("button", { name: "MAC" }).click();
          await page.getByRole("button", { name: "MAC" }).click();
          await page.locator(`[data-testid=panel-row][data-mac="${loadMac(COUNT - 1)}"]`).waitFor();
          await isLight(page, "sorting", 3);

          await page.goto(world.service.url);
          await page.getByText("are too many for tiles").waitFor();
          await isLight(page, "the board", 3);
        });
      } finally {
        ended.abort();
        const { lost } = await load;
        assert.equal(lost, 0);
      }
    }),
});

/** Runs in the page. */
function watchLongTasks(): void {
  const tasks: number[] = [];
  new PerformanceObserver((list) =>
    tasks.push(...list.getEntries().map(({ duration }) => Math.round(duration)))
  )
    .observe({ type: "longtask", buffered: true });
  Object.assign(globalThis, { longTasks: tasks });
}

async function isLight(page: Page, doing: string, most: number): Promise<void> {
  const rows = await page.getByTestId("panel-row").count();
  assert.ok(rows < MOST_ROWS, `${rows} rows are drawn after ${doing}`);
  const all = await page.evaluate(() =>
    (globalThis as unknown as { longTasks: number[] }).longTasks.splice(0)
  );
  const long = all.filter((ms) => ms > LONG_MS);
  assert.ok(long.length <= most, `${doing}: tasks of ${long.join(", ")} ms`);
}

/** Runs through the whole list, a screen or more a frame. */
async function scroll(page: Page): Promise<void> {
  const reached = await page.locator(".scroller").evaluate((list) =>
    new Promise<number>((resolve) => {
      function step(): void {
        list.scrollTop += 4_400;
        const left = list.scrollHeight - list.clientHeight - list.scrollTop;
        if (left > 1) requestAnimationFrame(step);
        else resolve(list.scrollTop);
      }
      step();
    })
  );
  assert.ok(reached > COUNT * 40);
  await waitFor(async () => await page.locator(`[aria-rowindex="${COUNT + 1}"]`).count() === 1, {
    what: "the last row",
  });
}
