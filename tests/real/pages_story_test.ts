/**
 * @module
 * The whole first day in a real browser: one click in, a panel comes, its door is opened, the stream is lost and
 * comes back. Nothing is reloaded on the way.
 */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { Panel } from "../../emulators/panel.ts";
import { lacks } from "../support/available.ts";
import { inBrowser } from "../support/browser.ts";
import { startService } from "../support/service.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { waitFor } from "../support/wait.ts";

const MAC = "0A:00:00:00:00:01";

Deno.test({
  name: "pages: one click in, a panel comes online, its door opens, the stream is lost and found",
  // No Chromium, no browser to see it in.
  ignore: lacks("chromium"),
  fn: async () => {
    // Without a password the service prints a link that logs in once.
    const service = await startService({ env: { DOORLINE_ADMIN_PASSWORD: "" } });
    const toService = await startTcpProxy({ target: Number(new URL(service.url).port) });
    const toBroker = await startTcpProxy({ target: service.mqttPort });
    const panel = new Panel({
      mac: MAC,
      apartments: [1, 9],
      brokerUrl: `mqtt://127.0.0.1:${toBroker.port}`,
      openForMs: 600_000,
    });
    try {
      const link = service.stdout().map((line) => /Log in once.*: (\S+)$/.exec(line)?.[1]).find(Boolean);
      assert.ok(link, service.stdout().join("\n"));
      const here = link.replace(service.url, `http://127.0.0.1:${toService.port}`);
      await inBrowser(async (browser) => {
        const { page, wasReloaded } = await browser.open(here);
        assert.equal(new URL(page.url()).pathname, "/");
        await page.getByText("No panels yet").waitFor();
        await page.getByText("You have no password yet").waitFor();
        assert.equal(await wasReloaded(), false);

        await page.keyboard.press("g");
        await page.keyboard.press("i");
        await page.waitForURL(/\/intercoms$/);
        await panel.start();
        const row = page.getByTestId("panel-row").and(page.locator(`[data-mac="${MAC}"]`));
        await row.and(page.locator("[data-status=online][data-door=closed]")).waitFor();

        await openByMouse(page, row, { panel, hold: toBroker.hold, release: toBroker.release });
        await openByKeyboard(page, row, panel);
        await loseTheStream(page, { panel, cut: toService.down, heal: toService.up });
        assert.equal(await wasReloaded(), false);

        const late = await browser.open(here);
        await late.page.getByRole("heading", { name: "no longer valid" }).waitFor();
        await late.page.getByRole("link", { name: "log in with a password" }).click();
        await late.page.getByTestId("login-form").waitFor();
      });
    } finally {
      await panel.crash();
      await toBroker.stop();
      await toService.stop();
      await service.stop();
    }
  },
});

Deno.test({
  name: "pages: the demonstration has four named panels that live, and a door of theirs opens",
  ignore: lacks("chromium"),
  fn: async () => {
    const service = await startService({ env: { DOORLINE_EMULATE: "intercoms" } });
    try {
      await inBrowser(async (browser) => {
        const { page } = await browser.open(service.url, { session: await service.login() });
        const tiles = page.getByRole("region", { name: "All doors" }).getByRole("listitem");
        await page.getByRole("button", { name: "Online 4" }).waitFor();
        assert.deepEqual(
          await tiles.getByRole("link").allInnerTexts(),
          [1, 2, 3, 4].map((n) => `Entrance ${n}`),
        );
        const second = tiles.filter({ hasText: "Entrance 2" });
        await second.getByTestId("open-button").click();
        await page.getByRole("dialog", { name: "Open the door “Entrance 2”?" }).getByTestId("open-confirm")
          .click();
        await progress(second, "confirmed").waitFor();
        // These close by themselves after five seconds.
        await progress(second, "closed").waitFor();
      });
    } finally {
      await service.stop();
    }
  },
});

async function openByMouse(
  page: Page,
  row: Locator,
  { panel, hold, release }: { panel: Panel; hold: (way: "up") => void; release: () => void },
): Promise<void> {
  // The panel's answer waits on the wire, so that every step is long enough to be seen.
  hold("up");
  await row.getByTestId("open-button").click();
  await page.getByRole("dialog", { name: `Open the door “${MAC}”?` }).waitFor();
  assert.deepEqual(panel.opened, []);
  await page.getByTestId("open-confirm").click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await progress(row, "sent").waitFor();
  assert.match(await progress(row, "sent").innerText(), /^Sent, \d+ s left$/);
  assert.equal(await row.getByTestId("open-button").getAttribute("aria-disabled"), "true");
  release();
  await progress(row, "confirmed").waitFor();
  assert.match(await progress(row, "confirmed").innerText(), /^Confirmed (< )?\d+\.\d s$/);
  await row.and(page.locator("[data-door=open]")).waitFor();
  await panel.closeDoor("remote");
  await progress(row, "closed").waitFor();
  await row.and(page.locator("[data-door=closed]")).waitFor();
  assert.equal(panel.opened.length, 1);
  const feed = page.getByRole("complementary", { name: "Feed" }).getByTestId("event-row");
  await feed.first().and(page.locator("[data-type=door_closed]")).waitFor();
  assert.deepEqual(
    await feed.evaluateAll((rows) => (rows as HTMLElement[]).map(({ dataset }) => dataset.type)),
    ["door_closed", "door_opened", "open_command", "online"],
  );
}

async function openByKeyboard(page: Page, row: Locator, panel: Panel): Promise<void> {
  await page.locator("body").press("j");
  await row.and(page.locator("[aria-selected=true]")).waitFor();
  for (const key of ["k", "j", "o"]) await page.keyboard.press(key);
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(panel.opened.length, 1, "Esc opens nothing");
  await page.keyboard.press("o");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Enter");
  await progress(row, "confirmed").waitFor();
  await waitFor(() => panel.opened.length === 2);
  await panel.closeDoor("remote");
  await progress(row, "closed").waitFor();
  // The focus is back where it was, so that the next key means the same row.
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => decodeURIComponent(url.pathname) === `/intercoms/${MAC}`);
  await page.getByRole("heading", { name: MAC }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/\/intercoms$/);
}

async function loseTheStream(
  page: Page,
  { panel, cut, heal }: { panel: Panel; cut: () => Promise<void>; heal: () => Promise<void> },
): Promise<void> {
  const state = page.getByTestId("stream-state");
  await state.and(page.locator("[data-state=live]")).waitFor();
  const veil = page.getByTestId("stale-veil");
  assert.equal(await veil.count(), 0);
  await cut();
  await veil.waitFor();
  assert.match(await veil.innerText(), /Stale since \d\d:\d\d:\d\d/);
  await state.and(page.locator("[data-state=cut]")).waitFor();
  assert.equal(await state.getAttribute("title"), "This page has lost the service");
  // The old rows stay to be read, under the veil.
  await page.locator(".page.stale").getByTestId("panel-row").waitFor();
  await panel.ring(7);
  await panel.crash();
  await heal();
  await veil.getByRole("button", { name: "Try now" }).click({ timeout: 2_000 }).catch(async (error) => {
    // Nothing is wrong if it came back by itself meanwhile.
    if (await veil.isVisible()) throw error;
  });
  await veil.waitFor({ state: "detached" });
  await state.and(page.locator("[data-state=live]")).waitFor();
  const row = page.getByTestId("panel-row");
  await row.and(page.locator("[data-status=offline]")).waitFor();
  const missed = page.locator("[data-testid=event-row][data-type=call]");
  await missed.waitFor();
  assert.match(await missed.innerText(), /apt\. 7/);
  // A door behind a lost panel is refused in place, and why is said.
  await row.getByTestId("open-button").click();
  await progress(row, "refused").waitFor();
  assert.match(
    await progress(row, "refused").innerText(),
    /The panel is offline\. Check its power and network\./,
  );
}

function progress(row: Locator, status: string): Locator {
  return row.locator(`[data-testid=command-progress][data-status=${status}]`);
}
