/**
 * @module
 * The pages of endpoints where two Asterisks have phones of the same names, in a real Chromium: which one is meant is
 * asked before the service is, logs and alerts say whose they are, and on a narrow page nothing is cut.
 */
import assert from "node:assert/strict";
import { startAsterisk } from "../../emulators/asterisk.ts";
import { lacks } from "../support/available.ts";
import { inBrowser, type LookOptions, type TestBrowser } from "../support/browser.ts";
import { hears } from "../support/call_pages.ts";
import { AMI_SECRET, amiUrl, type CallWorld, inCallWorld, NEEDED_RIGHTS } from "../support/call_world.ts";
import { freePort } from "../support/free_port.ts";

Deno.test({
  name: "pages: of two Asterisks each thing says whose it is, and nothing that must fail is asked",
  ignore: lacks("chromium"),
  fn: () =>
    inTwo(async ({ world, other, browser }) => {
      const look = async (path: string, options: LookOptions = {}) => {
        const { page } = await browser.open(`${world.service.url}${path}`, {
          session: world.admin,
          ...options,
        });
        await hears(page);
        return page;
      };
      const page = await look("/endpoints/new");
      const refused: string[] = [];
      page.on("response", (answer) => {
        if ([409, 422].includes(answer.status())) refused.push(answer.url());
      });
      await page.reload();
      await page.getByRole("combobox", { name: "Asterisk" }).waitFor();
      for (const part of ["", "/logs", "/config"]) {
        await page.goto(`${world.service.url}/endpoints/777-ep${part}`);
        await page.getByText("Several Asterisks have an endpoint 777").waitFor();
        await page.getByRole("main").getByRole("link", { name: "other" }).waitFor();
      }
      assert.deepEqual(refused, []);

      await page.goto(`${world.service.url}/logs`);
      const lines = page.getByTestId("log-line");
      await lines.filter({ hasText: "other" }).first().waitFor();
      await lines.filter({ hasText: "main" }).first().waitFor();
      await page.getByTestId("log-pbx").selectOption("other");
      await lines.filter({ has: page.locator(".log-pbx", { hasText: "main" }) }).first().waitFor({
        state: "detached",
      });
      assert.match(page.url(), /pbx=other/);

      for (const number of ["150", "151", "152"]) {
        world.asterisk.unregister(number);
        other.unregister(number);
      }
      await page.goto(`${world.service.url}/endpoints`);
      await page.getByText(/3 phones of .*other are offline/).waitFor();
      await page.getByRole("complementary").getByText(/other · 15/).first().waitFor();
      await other.stop();
      await page.getByText("Nobody knows how it is now: Asterisk other is not heard.").first().waitFor();
      await page.getByText(/3 phones of .*other were offline/).waitFor();
      const box = (await page.getByTestId("endpoint-alert").last().boundingBox())!;
      const filters = (await page.getByPlaceholder("Name, number, person, address").boundingBox())!;
      assert.ok(box.y + box.height <= filters.y, "no alert is cut");
      await page.goto(`${world.service.url}/endpoints/150-ep?pbx=other`);
      await page.getByRole("note").getByText("Nobody knows how it is now").waitFor();
      assert.equal(await page.getByText("Check power").count(), 0);

      const phone = await look("/endpoints", { size: "phone", language: "ru", theme: "dark" });
      const fold = phone.getByTestId("alerts-fold");
      await fold.getByText("2 тревоги").waitFor();
      const scrolled = await phone.locator(".endpoints-page").evaluate((page) => {
        page.scrollTop = 1e6;
        return page.scrollTop;
      });
      assert.ok(scrolled > 300, "the page scrolls as a whole");
      await phone.locator(`[data-testid=endpoint-card][data-name="trunk-ep"]`).first().waitFor();
      await fold.getByRole("button").click();
      await phone.getByText(/3 телефона из .*main без связи/).waitFor();
      await phone.goto(`${world.service.url}/logs`);
      await phone.getByTestId("log-line").first().waitFor();
    }),
});

interface Two {
  world: CallWorld;
  other: Awaited<ReturnType<typeof startAsterisk>>;
  browser: TestBrowser;
}

/** A service that follows two Asterisks with the same phones, and their logs. */
async function inTwo(play: (two: Two) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "doorline-asterisks-" });
  const [main, own] = [`${dir}/main`, `${dir}/other`];
  const other = await startAsterisk({
    port: await freePort(),
    secret: AMI_SECRET,
    ...NEEDED_RIGHTS,
    dir: own,
  });
  const env = {
    DOORLINE_ASTERISK_LOG: `main=${main}/messages.log,other=${own}/messages.log`,
    DOORLINE_PJSIP_CONF: `main=${main}/pjsip.conf,other=${own}/pjsip.conf`,
    DOORLINE_ENDPOINT_ALERT_AFTER: "1",
  };
  try {
    await inCallWorld(
      "embedded",
      { env, asterisk: { dir: main }, others: [amiUrl(other.port, "other")] },
      async (world) => {
        await world.linkUp("asterisk:other");
        await inBrowser((browser) => play({ world, other, browser }));
      },
    );
  } finally {
    await other.stop();
    await Deno.remove(dir, { recursive: true });
  }
}
