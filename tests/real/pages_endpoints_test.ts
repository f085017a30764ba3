/**
 * @module
 * The pages of endpoints in a real Chromium: what a phone does is seen without a load, one asks it by a key, one cause
 * is one alert, and a lost Asterisk hides all its phones until it is back. Employees see none of it.
 */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { lacks } from "../support/available.ts";
import { inBrowser } from "../support/browser.ts";
import { callPagesTest, hears } from "../support/call_pages.ts";
import { inCallWorld } from "../support/call_world.ts";

function card(page: Page, name: string, status = ""): Locator {
  const wanted = status === "" ? "" : `[data-status=${status}]`;
  return page.locator(`[data-testid=endpoint-card][data-name="${name}"]${wanted}`);
}

callPagesTest("pages: a phone goes, comes back, rings and talks, all seen without a load", async (world) => {
  const { page, wasReloaded } = await world.look(world.admin, "/endpoints");
  await wasReloaded();
  await card(page, "777-ep", "online").waitFor();
  world.asterisk.unregister("777");
  await card(page, "777-ep", "offline").getByText("Not registered").waitFor();
  await page.locator("[data-testid=filter-offline] .chip-count").getByText("1", { exact: true }).waitFor();
  world.asterisk.register("777");
  await card(page, "777-ep", "online").waitFor();

  const { call, id } = await world.ring("777");
  await card(page, "777-ep").locator("[data-testid=endpoint-call][data-state=ringing]").waitFor();
  call.answer("777");
  await card(page, "777-ep").locator("[data-testid=endpoint-call][data-state=talking]").waitFor();
  await card(page, "777-ep").getByText("+7 495 123-45-67").waitFor();
  // Seen in the table too, where the view is remembered.
  await page.getByTestId("view-table").click();
  const row = page.locator(`[data-testid=endpoint-row][data-name="777-ep"]`);
  await row.locator("[data-testid=endpoint-call][data-state=talking]").waitFor();
  await row.getByRole("link", { name: /495/ }).click();
  await page.waitForURL(new RegExp(`/calls/${id}$`));
  await page.goBack();
  await row.waitFor();
  call.callerHangsUp();
  await row.getByTestId("endpoint-call").waitFor({ state: "detached" });
  assert.equal(await wasReloaded(), false);
});

callPagesTest(
  "pages: by keys one goes to a phone and asks it, and is told in place what came of it",
  async (world) => {
    const { page } = await world.look(world.admin, "/endpoints?q=888");
    await card(page, "888-ep", "online").waitFor();
    await page.keyboard.press("j");
    await card(page, "888-ep").and(page.locator(":focus")).waitFor();
    await page.keyboard.press("q");
    await card(page, "888-ep").getByText(/^Answered in [\d.]+ ms$/).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/endpoints\/888-ep$/);
    await page.getByTestId("endpoint-page").waitFor();
    await page.locator("[data-testid=contact][data-status=reachable]").waitFor();
    await page.getByTestId("availability-month").waitFor();
    await page.locator("[data-testid=endpoint-change][data-status=online]").first().waitFor();
    world.asterisk.unregister("888");
    await page.locator("[data-testid=endpoint-page][data-status=offline]").waitFor();
    await page.locator("[data-testid=endpoint-change][data-status=offline]").waitFor();
    await page.getByTestId("refresh").click();
    await page.getByText("Nobody is registered: nobody to ask").waitFor();
    await page.keyboard.press("l");
    await page.waitForURL(/\/endpoints\/888-ep\/logs$/);
  },
);

callPagesTest("pages: an employee sees nothing of endpoints", async (world) => {
  const { page } = await world.look(world.ivan);
  await page.getByRole("navigation").getByRole("link", { name: "Calls" }).waitFor();
  assert.equal(await page.getByRole("navigation").getByRole("link", { name: "Endpoints" }).count(), 0);
  for (
    const path of ["/endpoints", "/endpoints/777-ep", "/endpoints/777-ep/logs", "/endpoints/new", "/logs"]
  ) {
    await page.goto(`${world.service.url}${path}`);
    await page.getByText("There is nothing here").waitFor();
  }
});

Deno.test({
  name: "pages: phones of one network that are away too long are one alert; a lost Asterisk hides them all",
  ignore: lacks("chromium"),
  fn: () =>
    inCallWorld("embedded", { env: { DOORLINE_ENDPOINT_ALERT_AFTER: "1" } }, async (world) => {
      await inBrowser(async (browser) => {
        const { page } = await browser.open(`${world.service.url}/endpoints`, { session: world.admin });
        await hears(page);
        await card(page, "150-ep", "online").waitFor();
        world.asterisk.vanish(["150", "151", "152"]);
        const alert = page.getByTestId("endpoint-alert");
        await alert.getByText(/^3 phones .*are offline$/).waitFor();
        assert.equal(await alert.count(), 1);
        await alert.getByRole("link", { name: /^3 phones/ }).click();
        await page.waitForURL(/alert=/);
        await card(page, "777-ep").waitFor({ state: "detached" });
        assert.equal(await page.getByTestId("endpoint-card").count(), 3);
        await page.getByRole("navigation").getByRole("link", { name: /Board/ }).click();
        await page.locator(".trouble.is-phones").waitFor();
        assert.equal(await page.locator(".trouble.is-phones").count(), 1);

        await page.getByRole("navigation").getByRole("link", { name: /Endpoints/ }).click();
        const restarted = world.asterisk.restart({ downMs: 4000 });
        await page.locator("[data-testid=asterisk]:not([data-state=up])").waitFor();
        await page.getByText(/^All \d+ phones of it are unknown since/).waitFor();
        await card(page, "777-ep", "unknown").getByText("Asterisk is not heard").waitFor();
        await restarted;
        await page.locator("[data-testid=asterisk][data-state=up]").waitFor();
        await card(page, "777-ep", "online").waitFor();
      });
    }),
});
