/**
 * @module
 * Several people at the pages of one service: who is shut out is shown out at once, an employee sees no doors, and two
 * at one door know of each other.
 */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { lacks } from "../support/available.ts";
import { inBrowser } from "../support/browser.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { waitFor } from "../support/wait.ts";
import { inWorld, type World } from "../support/world.ts";

const MAC = "0A:00:00:00:00:01";
const PASSWORD = "a password of people";

Deno.test({
  name: "row 35: pages: a disabled operator is shown out within seconds, where the admin does it on a page",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      await addPerson(world, "ann", "operator", "Ann Reed");
      await inBrowser(async (browser) => {
        const { page: theirs } = await browser.open(`${world.service.url}/events?type=call`);
        await theirs.waitForURL(/\/login\?next=/);
        await theirs.getByLabel("Login").fill("ann");
        await theirs.getByLabel("Password").fill("not her password");
        await theirs.keyboard.press("Enter");
        await theirs.getByText("Login or password is wrong.").waitFor();
        await theirs.getByLabel("Password").fill(PASSWORD);
        await theirs.keyboard.press("Enter");
        await theirs.waitForURL(/\/events\?type=call$/);
        await theirs.locator("[data-testid=stream-state][data-state=live]").waitFor();

        const { page } = await browser.open(`${world.service.url}/settings?tab=people`, {
          session: world.admin,
        });
        const person = page.getByRole("listitem").filter({ hasText: "Ann Reed" });
        await person.getByRole("button", { name: "Disable" }).click();
        const question = page.getByRole("dialog", { name: "Disable Ann Reed?" });
        await question.getByText("This person is logged out at once").waitFor();
        const left = theirs.waitForURL(/\/login/).then(() => performance.now());
        const askedAt = performance.now();
        await question.getByRole("button", { name: "Disable" }).click();
        const tookMs = await left - askedAt;
        assert.ok(tookMs < 5_000, `shown out after ${Math.round(tookMs)} ms`);
        await theirs.getByTestId("login-form").waitFor();
        await person.getByText("disabled").waitFor();
        await theirs.getByLabel("Login").fill("ann");
        await theirs.getByLabel("Password").fill(PASSWORD);
        await theirs.keyboard.press("Enter");
        await theirs.getByText("Login or password is wrong.").waitFor();
        // The administrator's own row cannot be shut out by a slip.
        const own = page.getByRole("listitem").filter({ hasText: "you" });
        assert.equal(await own.getByRole("button", { name: "Disable" }).isDisabled(), true);
      });
    }),
});

Deno.test({
  name: "pages: an employee sees no panels, no doors and no history, only what is theirs",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      await world.panel(MAC).start();
      await addPerson(world, "bob", "employee", "Bob Stone");
      const session = await world.service.login("bob", PASSWORD);
      await inBrowser(async (browser) => {
        const { page } = await browser.open(world.service.url, { session });
        await page.getByText("Hello, Bob Stone").waitFor();
        const stops = page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: /\w/ });
        assert.deepEqual(await stopsOf(stops), ["Board", "Calls", "Settings"]);
        await page.getByText("No calls yet").waitFor();
        for (const path of ["/intercoms", "/events", "/feed", `/intercoms/${MAC}`]) {
          await page.goto(`${world.service.url}${path}`);
          await page.getByText("There is nothing here").waitFor();
          assert.equal((await page.locator("body").innerText()).includes(MAC), false, path);
        }
        // Neither the keys nor the tabs of others lead there.
        await page.keyboard.press("g");
        await page.keyboard.press("i");
        await page.goto(`${world.service.url}/settings?tab=people`);
        await page.getByText("API tokens").waitFor();
        assert.equal(await page.getByRole("link", { name: "Audit log" }).count(), 0);
        // The stream has what a role may know, and nothing is refused on the way.
        await page.locator("[data-testid=stream-state][data-state=live]").waitFor();
      });
    }),
});

Deno.test({
  name: "row 21: pages: two operators at one door: one opens, both see who, the other is told so",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      const wire = await startTcpProxy({ target: world.service.mqttPort });
      world.defer(() => wire.stop());
      const panel = world.panel(MAC, { brokerUrl: `mqtt://127.0.0.1:${wire.port}`, openForMs: 600_000 });
      await panel.start();
      await addPerson(world, "ann", "operator", "Ann Reed");
      await addPerson(world, "bob", "operator", "Bob Stone");
      await inBrowser(async (browser) => {
        const url = `${world.service.url}/intercoms`;
        const { page: ann } = await browser.open(url, {
          session: await world.service.login("ann", PASSWORD),
        });
        const { page: bob } = await browser.open(url, {
          session: await world.service.login("bob", PASSWORD),
        });
        // Both have asked before either has answered; the panel's own answer waits on the wire.
        wire.hold("up");
        for (const page of [ann, bob]) {
          await rowOf(page).and(page.locator("[data-status=online]")).getByTestId("open-button").click();
          await page.getByTestId("open-confirm").waitFor();
        }
        await ann.getByTestId("open-confirm").click();
        await progress(ann, "sent").waitFor();
        assert.match(await progress(ann, "sent").innerText(), /^Sent, \d+ s left$/);
        await progress(bob, "sent").waitFor();
        assert.match(await progress(bob, "sent").innerText(), /^Sent, \d+ s left · Ann Reed$/);
        await bob.getByTestId("open-confirm").click();
        await progress(bob, "refused").waitFor();
        assert.match(
          await progress(bob, "refused").innerText(),
          /^Ann Reed is opening this door already\. Wait for its result\./,
        );
        wire.release();
        await progress(ann, "confirmed").waitFor();
        // The result is also told to the one who has to wait for it.
        await progress(bob, "confirmed").waitFor();
        assert.match(await progress(bob, "confirmed").innerText(), /^Confirmed (< )?\d+\.\d s · Ann Reed$/);
        await panel.closeDoor("remote");
        await progress(bob, "closed").waitFor();
        for (const page of [ann, bob]) {
          const row = page.locator("[data-testid=event-row][data-type=open_command]");
          await row.waitFor();
          assert.match(await row.innerText(), /Ann Reed/);
        }
        assert.equal(panel.opened.length, 1);
        const commands = await world.sql<{ requested_by_name: string }>(
          "select requested_by_name from door_commands",
        );
        assert.deepEqual(commands.map((row) => row.requested_by_name), ["Ann Reed"]);
      });
    }),
});

async function addPerson(world: World, login: string, role: string, name: string): Promise<void> {
  const [first_name, last_name] = name.split(" ");
  const body = { login, role, first_name, last_name, password: PASSWORD };
  const { status } = await world.admin.api("POST", "/api/users", { body });
  assert.equal(status, 201);
}

async function stopsOf(links: Locator): Promise<string[]> {
  // The logo is a link too, with a picture for a word.
  await waitFor(async () => await links.count() > 1);
  return (await links.allInnerTexts()).map((text) => text.trim()).filter((text) => text !== "");
}

function rowOf(page: Page): Locator {
  return page.locator(`[data-testid=panel-row][data-mac="${MAC}"]`);
}

function progress(page: Page, status: string): Locator {
  return rowOf(page).locator(`[data-testid=command-progress][data-status=${status}]`);
}
