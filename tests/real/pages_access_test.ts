/**
 * @module
 * Every page for every eye and hand: WCAG 2.1 A and AA by axe in both themes, both languages, on a desk and a phone;
 * the keyboard alone; the choice of language and theme.
 */
import assert from "node:assert/strict";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { lacks } from "../support/available.ts";
import { inBrowser, type LookOptions, type TestBrowser } from "../support/browser.ts";
import type { CallWorld } from "../support/call_world.ts";
import { type EndpointWorld, inEndpointWorld } from "../support/endpoint_pages.ts";
import { waitFor } from "../support/wait.ts";
import { inWorld, type World } from "../support/world.ts";

const ONLINE = "0A:00:00:00:00:01";
const GONE = "0A:00:00:00:00:02";
const FORCED = "0A:00:00:00:00:03";
const RINGING = "0A:00:00:00:00:04";
const WAITING = "0A:00:00:00:00:05";
const PASSWORD = "a password of people";

/** Each value of each of the three with each of the others' in few looks. */
const LOOKS = [
  { size: "desk", theme: "light", language: "en" },
  { size: "desk", theme: "dark", language: "ru" },
  { size: "phone", theme: "light", language: "ru" },
  { size: "phone", theme: "dark", language: "en" },
] as const;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const PATHS = [
  "/",
  "/intercoms",
  `/intercoms/${FORCED}`,
  "/intercoms/0A:00:00:00:00:99",
  "/events",
  "/events?type=alarm&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z",
  "/feed",
  "/settings",
  "/calls",
  "/calls?status=missed&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z",
  "/calls/nothing",
  "/settings?tab=people",
  "/settings?tab=companies",
  "/settings?tab=refused",
  "/settings?tab=audit",
  "/endpoints",
  "/endpoints/777-ep",
  "/endpoints/777-ep/logs",
  "/logs",
  "/endpoints/777-ep/config",
  "/endpoints/new",
];

Deno.test({
  name:
    "pages: no page breaks WCAG 2.1 A or AA, nor is wider than its screen, in any theme, language and size",
  ignore: lacks("chromium"),
  fn: () =>
    inEndpointWorld({ DOORLINE_ADOPT: "approve" }, async (world) => {
      await inBrowser(async (browser) => {
        const url = world.service.url;
        const empty = await browser.open(url, { session: world.admin });
        await empty.page.getByText("No panels yet").waitFor();
        await check(empty.page, "an empty board");
        await furnish(world);
        await furnishWithLines(world);
        const ivan = await world.employee("ivan", ["777"]);
        const paths = [...PATHS, ...await furnishWithCalls(world)];
        const boards: Page[] = [];
        for (const look of LOOKS) {
          boards.push(await walk(browser, url, { ...look, session: world.admin }, paths));
          await answer(browser, world, { ...look, session: ivan });
          await configure(browser, world, { ...look, session: world.admin });
        }
        await world.service.kill9();
        for (const [index, page] of boards.entries()) {
          await page.getByTestId("stale-veil").waitFor();
          await check(page, `a stale board, ${JSON.stringify(LOOKS[index])}`);
        }
      });
    }),
});

Deno.test({
  name: "pages: the keyboard is enough, shows where it is, and its keys are on a sheet",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      await world.panel(ONLINE).start();
      await inBrowser(async (browser) => {
        const { page } = await browser.open(world.service.url, { session: world.admin });
        await page.getByTestId("open-button").waitFor();
        await page.keyboard.press("Tab");
        await page.locator(".skip:focus").waitFor();
        assert.equal(
          await page.locator(".skip").evaluate((skip) => skip.getBoundingClientRect().top >= 0),
          true,
        );
        await page.keyboard.press("Enter");
        await page.locator("#content:focus").waitFor();
        await page.keyboard.press("?");
        const sheet = page.getByRole("dialog", { name: "Keyboard" });
        await sheet.getByText("Open the door; asks first").waitFor();
        await check(page, "the sheet of keys");
        await page.keyboard.press("Escape");
        await sheet.waitFor({ state: "detached" });
        await page.keyboard.press("j");
        const tile = page.locator(`.tile-link[data-mac="${ONLINE}"]`);
        await tile.and(page.locator(":focus-visible")).waitFor();
        const outline = await tile.evaluate((link) => getComputedStyle(link.closest("li")!).outlineStyle);
        assert.notEqual(outline, "none", "the focus is visible");
        await page.keyboard.press("o");
        await page.getByTestId("open-confirm").and(page.locator(":focus")).waitFor();
        await check(page, "the question");
        await page.keyboard.press("Escape");
        await page.keyboard.press("Control+k");
        await page.getByTestId("search-input").and(page.locator(":focus")).waitFor();
        await page.keyboard.type("0A");
        await page.getByRole("option").waitFor();
        await check(page, "the search");
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/intercoms\/0A/);
      });
    }),
});

Deno.test({
  name: "pages: language and theme change at once, where they are chosen, and stay",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      await inBrowser(async (browser) => {
        const { page } = await browser.open(`${world.service.url}/settings`, { session: world.admin });
        assert.equal(await page.locator("html").getAttribute("lang"), "en");
        const ground = () => page.locator("html").evaluate((html) => getComputedStyle(html).backgroundColor);
        const light = await ground();
        await page.getByLabel("Русский").check();
        await page.getByRole("heading", { name: "Настройки" }).waitFor();
        await page.getByRole("navigation", { name: "Страницы" }).getByText("События").waitFor();
        await page.getByLabel("Тёмная").check();
        await waitFor(async () => await ground() !== light, { what: "a dark ground" });
        await page.reload();
        await page.getByRole("heading", { name: "Настройки" }).waitFor();
        assert.equal(await page.locator("html").getAttribute("lang"), "ru");
        assert.notEqual(await ground(), light);
        // Letters are taken by their place: the key of "g" is another letter in this layout.
        await page.evaluate(() => {
          for (const [key, code] of [["п", "KeyG"], ["у", "KeyE"]]) {
            document.dispatchEvent(new KeyboardEvent("keydown", { key, code, bubbles: true }));
          }
        });
        await page.waitForURL(/\/events$/);
      });
    }),
});

/** Looks at every page, and leaves the board open. */
async function walk(browser: TestBrowser, url: string, look: LookOptions, paths: string[]): Promise<Page> {
  const { page } = await browser.open(url, look);
  for (const path of paths) {
    await page.goto(`${url}${path}`);
    await page.locator("[data-testid=stream-state][data-state=live]").waitFor({ state: "attached" });
    await waitFor(async () => await page.locator(".skeleton").count() === 0, {
      what: `${path} without skeletons`,
    });
    await check(page, `${path}, ${look.size} ${look.theme} ${look.language}`);
  }
  const { page: login } = await browser.open(`${url}/login`, { ...look, session: undefined });
  await login.getByTestId("login-form").waitFor();
  await check(login, `/login, ${look.size} ${look.theme} ${look.language}`);
  await page.goto(url);
  // A refusal is a text of its own.
  const gone = page.locator(".tile", { has: page.locator(`[data-mac="${GONE}"]`) });
  await gone.getByTestId("open-button").click();
  await gone.locator("[data-testid=command-progress][data-status=refused]").waitFor();
  await check(page, `a refusal, ${look.size} ${look.theme} ${look.language}`);
  return page;
}

/** Looks at the cards of an employee: two that ring, one that talks, with all that can be unfolded there. */
async function answer(
  browser: TestBrowser,
  { asterisk, service }: CallWorld,
  look: LookOptions,
): Promise<void> {
  const where = `${look.size} ${look.theme} ${look.language}`;
  const { page, context } = await browser.open(service.url, look);
  const calls = ["74951234567", "442079460123"].map((from) => asterisk.call({ from, to: "777" }));
  await page.getByTestId("incoming-card").nth(1).waitFor();
  await check(page, `two calls ring, ${where}`);
  calls[0]!.answer();
  await page.getByTestId("call-transfer").click();
  await page.locator(".call-card.is-talking .call-note-button").click();
  await page.getByTestId("call-notes").waitFor();
  await check(page, `a call is talked in, ${where}`);
  for (const call of calls) call.callerHangsUp();
  await page.locator("[data-testid=call-card][data-phase=missed]").waitFor();
  await check(page, `calls are over, ${where}`);
  await context.close();
}

/** Looks at a log that has let go, a configuration that is edited and wrong, and the question before it is saved. */
async function configure(browser: TestBrowser, { service }: CallWorld, look: LookOptions): Promise<void> {
  const where = `${look.size} ${look.theme} ${look.language}`;
  const { page, context } = await browser.open(`${service.url}/endpoints/777-ep/logs?q=says`, look);
  await page.locator("[data-testid=log-line] mark").first().waitFor();
  await page.keyboard.press("Home");
  await page.getByTestId("log-follow").waitFor();
  await check(page, `a log that has let go, ${where}`);
  await page.goto(`${service.url}/endpoints/777-ep/config?as=text`);
  const text = page.getByTestId("config-text");
  await text.fill((await text.inputValue()).replace("callerid", "max_contacts = many\ncallerid"));
  await page.getByTestId("config-problems").getByRole("listitem").first().waitFor();
  await check(page, `a configuration with errors, ${where}`);
  await page.getByTestId("config-review").click();
  await page.getByTestId("config-dialog").getByTestId("config-diff").waitFor();
  await check(page, `the question of a configuration, ${where}`);
  await context.close();
}

/** Lines of every level, more than a screen has room for. */
async function furnishWithLines(world: EndpointWorld): Promise<void> {
  const levels = ["ERROR", "WARNING", "NOTICE", "SECURITY", "VERBOSE", "DEBUG", "DTMF"];
  await world.write(...Array.from({ length: 70 }, (_, index) => ({
    level: levels[index % levels.length],
    call: index % 3 === 0 ? "C-0000000a" : undefined,
    message: `PJSIP/777-ep-00000001 says one thing\n  and another\n  and more\n  and more\n  and the last`,
  })));
}

/** Calls that live and calls that are over, and the paths of their pages. */
async function furnishWithCalls(world: CallWorld): Promise<string[]> {
  const { asterisk } = world;
  const body = { name: "Test Company Ltd", phones: ["74951234567"], notes: "Pays late" };
  assert.equal((await world.admin.api("POST", "/api/companies", { body })).status, 201);
  const [missed, talks, over, unknown] = ["777", "888", "777", "999"].map((to) =>
    asterisk.call({ from: "74951234567", fromName: "Ann of the Test Company", to })
  );
  asterisk.call({ from: "442079460123", to: "150" });
  missed!.callerHangsUp();
  talks!.answer();
  over!.answer();
  over!.blindTransfer("777", "888");
  over!.callerHangsUp();
  const rows = await waitFor(async () => {
    const rows = await Promise.all([talks!, over!].map((call) => world.rowOf(call.linkedid)));
    return (await world.rowOf(unknown!.linkedid)).ended_at !== null && rows[1]!.ended_at !== null && rows;
  }, { what: "the rows of the calls" });
  return rows.map(({ id }) => `/calls/${id}`);
}

/** Panels in all states, and something on every list. */
async function furnish(world: World): Promise<void> {
  const panels = [ONLINE, GONE, FORCED, RINGING, WAITING].map((mac) =>
    world.panel(mac, { openForMs: 600_000 })
  );
  const [online, gone, forced, ringing, waiting] = panels;
  await Promise.all(panels.map((panel) => panel.start()));
  for (const [index, mac] of [ONLINE, GONE, FORCED, RINGING].entries()) {
    await waitFor(async () => {
      const body = {
        adopted: true,
        name: `Entrance ${index + 1}`,
        address: "Lime Street 12, apartments 1–40",
      };
      return (await world.admin.api("PUT", `/api/intercoms/${mac}`, { body })).status === 200;
    }, { what: `${mac} adopted` });
  }
  await online!.useKey(1, "4242");
  await gone!.crash();
  await forced!.raiseAlarm("forced");
  await ringing!.ring(38);
  await waiting!.beat();
  const ear = await world.ear({ filter: `intercom/${ONLINE}/cmd` });
  await ear.say(`intercom/${ONLINE}/call`, "not JSON");
  const body = { login: "ann", first_name: "Ann", last_name: "Reed", role: "operator", password: PASSWORD };
  assert.equal((await world.admin.api("POST", "/api/users", { body })).status, 201);
  assert.equal((await world.admin.api("POST", "/api/tokens", { body: { name: "a script" } })).status, 201);
}

async function check(page: Page, where: string): Promise<void> {
  await page.evaluate(axe.source);
  const broken = await page.evaluate(async (rules) => {
    const { violations, passes } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
      runOnly: rules,
    });
    if (passes.length < 5) throw new Error(`Cannot check the page: only ${passes.length} rules applied`);
    return violations.map(({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`
    );
  }, RULES);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.deepEqual({ where, broken, wider: Math.max(0, wider) }, { where, broken: [], wider: 0 });
}
