/**
 * @module
 * What happened, read and kept by an operator; and what an operator changes, seen by the others at once.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { lacks } from "../support/available.ts";
import { inBrowser } from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";
import { inWorld } from "../support/world.ts";

const NORTH = "0A:00:00:00:00:01";
const SOUTH = "0A:00:00:00:00:02";

Deno.test({
  name:
    "pages: the history is filtered by panel, type and time, keeps that in its address, and downloads as CSV",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      const [north, south] = [world.panel(NORTH), world.panel(SOUTH)];
      await Promise.all([north.start(), south.start()]);
      await world.admin.api("PUT", `/api/intercoms/${NORTH}`, { body: { name: '=North; "gate"' } });
      for (const apartment of [1, 2, 3]) await north.ring(apartment);
      await south.ring(4);
      await south.useKey(5, "4242");
      await waitFor(async () => (await world.events("&type=call")).length === 4);
      await inBrowser(async (browser) => {
        const { page } = await browser.open(`${world.service.url}/events`, { session: world.admin });
        await rows(page, "key").waitFor();
        await page.getByText("apt. 5, key 4242").waitFor();
        await page.locator("label", { hasText: "Event" }).locator("select").selectOption({ label: "Call" });
        await page.waitForURL(/type=call/);
        await waitFor(async () => await rows(page).count() === 4 && await rows(page, "call").count() === 4);
        await page.locator("label", { hasText: "Panel" }).locator("select").selectOption({
          label: '=North; "gate"',
        });
        await waitFor(async () => await rows(page).count() === 3);
        // What comes meanwhile joins the list only where it fits the filters.
        await south.ring(6);
        await north.ring(7);
        await page.getByText("apt. 7").waitFor();
        assert.deepEqual(await apartments(page), ["apt. 7", "apt. 3", "apt. 2", "apt. 1"]);
        await page.reload();
        await waitFor(async () => await rows(page).count() === 4);

        const csv = await download(page);
        assert.deepEqual(csv.header, [
          "received_at",
          "occurred_at",
          "mac",
          "name",
          "type",
          "apartment",
          "key_id",
          "command_id",
          "payload",
        ]);
        assert.deepEqual(
          csv.lines.map((line) => line.slice(2, 6)),
          ["7", "3", "2", "1"].map((apartment) => // A spreadsheet must not take a name for a formula.
          [NORTH, '\'=North; "gate"', "call", apartment]),
        );

        // Nobody can have been here before the panels were.
        await page.getByLabel("To", { exact: true }).fill("2020-01-01T00:00");
        await page.getByText("No events fit these filters").waitFor();
        assert.equal((await download(page)).lines.length, 0);
        await page.getByRole("button", { name: "Clear filters" }).click();
        await rows(page, "key").waitFor();
        assert.equal(new URL(page.url()).search, "");
      });
    }),
});

Deno.test({
  name: "pages: a panel's new name is on every open page at once, and a removed panel leaves them",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      const panel = world.panel(NORTH);
      await panel.start();
      await inBrowser(async (browser) => {
        const url = world.service.url;
        const { page } = await browser.open(`${url}/intercoms/${NORTH}`, { session: world.admin });
        const other = await browser.open(`${url}/intercoms`, { session: await world.service.login() });
        const row = other.page.getByTestId("panel-row");
        await row.waitFor();
        const form = page.getByRole("region", { name: "Name and place" });
        await form.getByLabel("Name").fill("North gate");
        await form.getByLabel("Address").fill("Quay 4");
        await form.getByRole("button", { name: "Save" }).click();
        await form.getByText("Saved").waitFor();
        await row.getByRole("link", { name: "North gate" }).waitFor();
        await row.getByText("Quay 4").waitFor();
        await other.page.getByRole("complementary").getByText("North gate").first().waitFor();
        await panel.stop();
        await row.and(other.page.locator("[data-status=offline]")).waitFor();
        await page.getByRole("button", { name: "Remove the panel" }).click();
        const question = page.getByRole("dialog", { name: "Remove “North gate”?" });
        await question.getByRole("button", { name: "Remove the panel" }).click();
        await page.waitForURL(/\/intercoms$/);
        await other.page.getByText("No panels yet").waitFor();
      });
    }),
});

Deno.test({
  name: "pages: a panel that nobody knows waits for a yes, and has no door until then",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", { env: { DOORLINE_ADOPT: "approve" } }, async (world) => {
      await inBrowser(async (browser) => {
        const url = world.service.url;
        const { page } = await browser.open(url, { session: world.admin });
        const other = await browser.open(`${url}/intercoms`, { session: await world.service.login() });
        await world.panel(NORTH).start();
        const trouble = page.getByRole("region", { name: "Needs attention" }).getByRole("listitem");
        await trouble.getByText("New panel waits for approval").waitFor();
        assert.equal(await page.getByTestId("open-button").count(), 0);
        const row = other.page.getByTestId("panel-row");
        await row.getByText("Waiting").waitFor();
        assert.equal(await row.getByTestId("open-button").count(), 0);
        await other.page.getByRole("button", { name: /Waiting for approval/ }).click();
        await other.page.waitForURL(/only=waiting/);
        await row.getByRole("button", { name: "Approve" }).click();
        await other.page.getByText("No panel fits these filters").waitFor();
        await trouble.waitFor({ state: "detached" });
        await page.getByRole("region", { name: "All doors" }).getByRole("listitem").getByTestId("open-button")
          .waitFor();
        await page.getByText("All is well: 1 panel is online").waitFor();
      });
    }),
});

Deno.test({
  name:
    "pages: without its database the service says so, opens nothing, shows what it remembers, and recovers by itself",
  ignore: lacks("chromium", "postgresql"),
  fn: () =>
    inWorld("postgres", {}, async (world) => {
      const panel = world.panel(NORTH);
      await panel.start();
      await panel.ring(1);
      await inBrowser(async (browser) => {
        const url = world.service.url;
        const { page } = await browser.open(url, { session: world.admin });
        const tile = page.getByRole("region", { name: "All doors" }).getByRole("listitem");
        await tile.getByTestId("open-button").waitFor();
        await world.postgres!.halt();
        await tile.getByTestId("open-button").click();
        await page.getByTestId("open-confirm").click();
        await tile.getByText("The database is away. Nothing was changed. Try again when it is back.")
          .waitFor();
        await page.getByRole("region", { name: "Needs attention" }).getByText("Database is down").waitFor();
        await page.locator("[data-testid=link-state][data-id=database][data-state=down]").waitFor();
        await page.goto(`${url}/events`);
        await page.getByText("This is only the latest, from memory.").waitFor();
        await rows(page, "call").waitFor();
        assert.equal(await page.getByText("That is everything.").count(), 0);
        const other = await browser.open(`${url}/settings?tab=audit`, { session: world.admin });
        await other.page.getByText("This is read again when it is back.").waitFor();
        await world.postgres!.start();
        await page.getByText("That is everything.").waitFor();
        await page.getByText("This is only the latest, from memory.").waitFor({ state: "detached" });
        await other.page.locator(".record").first().waitFor();
        assert.deepEqual(panel.opened, []);
      });
    }),
});

function rows(page: Page, type?: string): Locator {
  const row = page.getByTestId("event-row");
  return type === undefined ? row : row.and(page.locator(`[data-type=${type}]`));
}

async function apartments(page: Page): Promise<string[]> {
  return (await rows(page).allInnerTexts()).map((text) => /apt\. \d+/.exec(text)?.[0] ?? text);
}

async function download(page: Page): Promise<{ header: string[]; lines: string[][] }> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download CSV" }).click(),
  ]);
  assert.equal(file.suggestedFilename(), "doorline-events.csv");
  const text = await readFile(await file.path(), "utf8");
  // The mark by which spreadsheets know UTF-8.
  assert.equal(text.charCodeAt(0), 0xfeff);
  const [header = [], ...lines] = text.slice(1).trimEnd().split("\n").map(cellsOf);
  return { header, lines };
}

/** Cells of one line of RFC 4180; none of these tests' cells has a line break. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].slice(0, 9).map(([, cell = ""]) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell
  );
}
