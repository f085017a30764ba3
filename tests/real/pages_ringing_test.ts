/**
 * @module
 * What is loud on the pages: a ring, an alarm, a broker that is away; and a call that is heard and seen beyond them.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { Panel } from "../../emulators/panel.ts";
import { lacks } from "../support/available.ts";
import { inBrowser } from "../support/browser.ts";
import { alerts, recordAlerts } from "../support/page_alerts.ts";
import { startMosquitto } from "../support/servers.ts";
import { startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";
import { inWorld, type World } from "../support/world.ts";

const MAC = "0A:00:00:00:00:01";
const NAME = "North gate";

Deno.test({
  name: "pages: a ring is a card with the apartment, and its door is opened from there",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      const panel = await namedPanel(world);
      await inBrowser(async (browser) => {
        const { page } = await browser.open(world.service.url, { session: world.admin });
        await page.getByText("All is well: 1 panel is online").waitFor();
        await panel.ring(5);
        const card = page.getByRole("region", { name: "Ringing now" }).getByRole("article");
        await card.getByText("apt. 5").waitFor();
        await card.getByRole("link", { name: NAME }).waitFor();
        await waitFor(async () => await page.title() === `Ringing: ${NAME}`, { what: "the tab's title" });
        await card.getByTestId("open-button").click();
        const dialog = page.getByRole("dialog", { name: `Open the door “${NAME}”?` });
        assert.equal(await dialog.getByLabel("Apartment").inputValue(), "5");
        await dialog.getByTestId("open-confirm").click();
        // The door is open, so nobody waits at it any more.
        await card.waitFor({ state: "detached" });
        await page.getByRole("region", { name: "Doors in motion" }).getByRole("link", { name: NAME })
          .waitFor();
        const [opened] = await waitFor(async () => {
          const found = await world.events("&type=door_opened");
          return found.length > 0 && found;
        }, { what: "the opening in the history" });
        assert.deepEqual([opened?.apartment, opened?.payload.source], ["5", "remote"]);
        assert.equal(panel.opened.length, 1);
        await waitFor(async () => await page.title() === "Board – Doorline", { what: "the quiet title" });
      });
    }),
});

Deno.test({
  name: "pages: a forced door is told first and red until somebody acknowledges it, on every screen",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      const panel = await namedPanel(world);
      await inBrowser(async (browser) => {
        const first = await browser.open(world.service.url, { session: world.admin });
        const second = await browser.open(`${world.service.url}/intercoms`, {
          session: await world.service.login(),
        });
        await panel.raiseAlarm("forced");
        const trouble = first.page.getByRole("region", { name: "Needs attention" }).getByRole("listitem");
        await trouble.getByText(`Door forced: ${NAME}`).waitFor();
        assert.equal(await trouble.count(), 1);
        assert.match(
          await trouble.innerText(),
          /Opened without a key, a button or a command\. Check the door\./,
        );
        await isRed(first.page, ".trouble .mark-alarm svg");
        await second.page.getByTestId("panel-row").getByText("Door forced").waitFor();
        await isRed(second.page, "[data-testid=panel-row] .mark-alarm svg");
        const badge = second.page.getByRole("navigation", { name: "Pages" }).getByTitle(
          "1 asks for attention",
        );
        await badge.waitFor();
        await trouble.getByRole("button", { name: "Acknowledge" }).click();
        await trouble.waitFor({ state: "detached" });
        await badge.waitFor({ state: "detached" });
        await second.page.getByTestId("panel-row").getByText("Online").waitFor();
      });
    }),
});

Deno.test({
  name: "pages: a broker that is away is one trouble, not one a panel, and ends when it is back",
  ignore: lacks("chromium", "mosquitto"),
  fn: async () => {
    const mosquitto = await startMosquitto();
    const service = await startService({ env: { DOORLINE_MQTT_URL: mosquitto.url } });
    const panels = Array.from({ length: 5 }, (_, index) =>
      new Panel({
        mac: `0A:00:00:00:00:0${index}`,
        apartments: [1, 9],
        brokerUrl: mosquitto.url,
        longestReconnectMs: 500,
        // Whoever came back before the service did is known again by its next heartbeat.
        heartbeatEverySeconds: 1,
      }));
    try {
      await Promise.all(panels.map((panel) => panel.start()));
      await inBrowser(async (browser) => {
        const { page } = await browser.open(service.url, { session: await service.login() });
        await page.getByText("All is well: 5 panels are online").waitFor();
        await mosquitto.halt();
        const troubles = page.getByRole("region", { name: "Needs attention" }).getByRole("listitem");
        await troubles.getByText("Broker is down").waitFor();
        await troubles.getByText("The state of 5 panels is unknown; they cannot be opened from here.")
          .waitFor();
        assert.equal(await troubles.count(), 1);
        await page.locator("[data-testid=link-state][data-id=broker][data-state=down]").waitFor();
        const tile = page.getByRole("region", { name: "All doors" }).getByRole("listitem").first();
        await tile.getByTestId("open-button").click();
        await tile.getByText("The broker is down. No command can reach the panel until it is back.")
          .waitFor();
        await mosquitto.start();
        await page.getByText("All is well: 5 panels are online").waitFor();
        await page.locator("[data-testid=link-state][data-id=broker][data-state=up]").waitFor();
        assert.deepEqual(panels.flatMap(({ opened }) => opened), []);
      });
    } finally {
      await Promise.all(panels.map((panel) => panel.crash()));
      await service.stop();
      await mosquitto.stop();
    }
  },
});

Deno.test({
  name: "pages: a fresh call is heard and shown beyond the page where that was allowed, an old one is not",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      const panel = await namedPanel(world);
      await inBrowser(async (browser) => {
        const { page } = await browser.open(`${world.service.url}/settings`, {
          session: world.admin,
          permissions: ["notifications"],
          before: recordAlerts,
        });
        // Nothing is asked of the browser, and nothing sounds, before the operator chose so.
        await panel.ring(3);
        await page.waitForFunction(() => document.title.startsWith("Ringing"));
        assert.deepEqual(await alerts(page), []);
        await page.getByRole("group", { name: "Sound" }).getByLabel("On").check();
        await page.getByRole("group", { name: "Desktop notification" }).getByLabel("On").check();
        await waitFor(async () => (await alerts(page)).includes("asked"), {
          what: "the question to the browser",
        });
        // The ring is in the snapshot that a new page gets: it is shown, and does not ring again.
        // Readers of the same topics share a snapshot for half a second: the page's own is asked for here.
        const asked = page.waitForRequest((request) => request.url().includes("/api/stream?"));
        await page.reload();
        const topics = new URL((await asked).url()).searchParams.get("topics") ?? "";
        await waitFor(() => hasCall(world, topics), { what: "a snapshot with the call" });
        await page.goto(world.service.url);
        await page.getByRole("region", { name: "Ringing now" }).getByText("apt. 3").waitFor();
        assert.deepEqual(await alerts(page), []);
        await panel.ring(8);
        await waitFor(async () => (await alerts(page)).some((alert) => alert.startsWith("shown")), {
          what: "a notification",
        });
        const said = await alerts(page);
        assert.deepEqual(said.filter((alert) => alert !== "tone"), [`shown Ringing: ${NAME}, Apartment 8`]);
        assert.ok(said.includes("tone"));
        // Keys and doors are no reason for noise.
        await panel.useKey(8, "77");
        await page.locator("[data-testid=event-row][data-type=key]").waitFor();
        assert.equal((await alerts(page)).length, said.length);
      });
    }),
});

async function namedPanel(world: World): Promise<Panel> {
  const panel = world.panel(MAC, { openForMs: 600_000 });
  await panel.start();
  await waitFor(async () => {
    const body = { name: NAME, address: "Quay 4" };
    return (await world.admin.api("PUT", `/api/intercoms/${MAC}`, { body })).status === 200;
  }, { what: "a panel to name" });
  return panel;
}

/** Whether a stream that is opened now begins with the call; snapshots may be half a second old. */
async function hasCall(world: World, topics: string): Promise<boolean> {
  const stream = await world.admin.stream(topics);
  const { data } = await stream.waitForEvent("snapshot");
  await stream.close();
  return data.events.some(({ type }: { type: string }) => type === "call");
}

async function isRed(page: Page, selector: string): Promise<void> {
  const color = await page.locator(selector).first().evaluate((mark) => getComputedStyle(mark).color);
  const [red = 0, green = 0, blue = 0] = color.match(/\d+/g)?.map(Number) ?? [];
  assert.ok(red > 150 && red > 2 * green && red > 2 * blue, `${selector} is ${color}`);
}
