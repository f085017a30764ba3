/**
 * @module
 * Row 29: what panels, people and addresses say is text on every page, and were it not, the content policy would stop it.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { lacks } from "../support/available.ts";
import { inBrowser, type Viewer } from "../support/browser.ts";
import { isUnharmed } from "../support/unharmed.ts";
import { waitFor } from "../support/wait.ts";
import { inWorld, type World } from "../support/world.ts";

/** Each short enough for an apartment. */
const TEXTS = [
  `<img src=x onerror="globalThis.harmed=1">`,
  `"><script>globalThis.harmed=2</script>`,
  `javascript:globalThis.harmed=3//`,
  `';globalThis.harmed=4;//\\" onfocus=alert(4) autofocus`,
  `</title></textarea><svg onload=globalThis.harmed=5>`,
  `{{constructor.constructor('globalThis.harmed=6')()}}`,
  `<iframe srcdoc="<script>parent.harmed=7</script>">`,
];
const PASSWORD = "a password of people";

Deno.test({
  name: "row 29: pages: hostile names, apartments, keys, payloads and addresses are text everywhere",
  ignore: lacks("chromium"),
  fn: () =>
    inWorld("embedded", {}, async (world) => {
      await spread(world);
      await inBrowser(async (browser) => {
        const url = world.service.url;
        const viewer = await browser.open(url, { session: world.admin });
        const { page } = viewer;
        const at = async (path: string, ...seen: string[]) => {
          await page.goto(`${url}${path}`);
          for (const text of seen) await page.getByText(text).filter({ visible: true }).first().waitFor();
          await isUnharmed(page, path);
        };
        await at("/", ...TEXTS.map(nameOf), ...TEXTS.map(addressOf), `apt. ${TEXTS[0]}`);
        await askToOpen(page);
        await at("/intercoms", ...TEXTS.map(nameOf), ...TEXTS.map(addressOf));
        await at("/events", ...TEXTS.map((text) => `apt. ${text}, key ${text}`), ...TEXTS.map(nameOf));
        for (const [index, text] of TEXTS.entries()) {
          await at(`/intercoms/${macOf(index)}`, nameOf(text), addressOf(text), `apt. ${text}`);
          await at(`/intercoms/${encodeURIComponent(text)}`, text.toUpperCase().slice(0, 10));
          await at(`/events?mac=${encodeURIComponent(text)}&type=${encodeURIComponent(text)}`);
          await at(`/intercoms?q=${encodeURIComponent(text)}`, nameOf(text));
        }
        await search(page);
        await at("/settings", ...TEXTS.map((text) => `token ${text}`));
        await at("/settings?tab=people", ...TEXTS.map((text) => `Mx ${text}`));
        await at("/settings?tab=refused", ...TEXTS.map(topicOf));
        await openRecords(page, TEXTS);
        await at("/settings?tab=audit");
        await openRecords(page, []);
        await at("/docs", "/api/me");
        assert.deepEqual(viewer.faults, []);
        await comeBackTo(viewer, url);
        await page.goto(url);
        await page.getByText(nameOf(TEXTS[0]!)).first().waitFor();
        await breakIn(viewer);
      });
    }),
});

/** Another slash would make it another kind of topic, which nobody may publish. */
function topicOf(text: string): string {
  return text.replaceAll("/", "\\");
}

/** Says every text in every place that takes one. */
async function spread(world: World): Promise<void> {
  const ear = await world.ear({ filter: `intercom/${macOf(0)}/cmd` });
  for (const [index, text] of TEXTS.entries()) {
    const topic = `intercom/${macOf(index)}`;
    await ear.say(`${topic}/heartbeat`, { door_status: "closed" });
    await ear.say(`${topic}/key`, { apartment: text, key_id: text, [text]: text });
    await ear.say(`${topic}/call`, { apartment: text, caller: text, caller_name: { [text]: [text] } });
    await ear.say(`${topic}/alarm`, { kind: "tamper", requested_by: text, user: { name: text } });
    // What cannot be understood is kept as it came, up to ten a second, for a person to look at.
    await ear.say(`${topic}/${topicOf(text)}`, text);
    const change = { name: nameOf(text), address: addressOf(text) };
    await waitFor(async () => {
      const { status } = await world.admin.api("PUT", `/api/intercoms/${macOf(index)}`, { body: change });
      return status === 200;
    }, { what: "a panel to name" });
    const made = [
      await world.admin.api("POST", "/api/users", {
        body: {
          login: `person${index}`,
          first_name: "Mx",
          last_name: text,
          role: "operator",
          password: PASSWORD,
        },
      }),
      await world.admin.api("POST", "/api/tokens", { body: { name: `token ${text}` } }),
    ];
    assert.deepEqual(made.map(({ status }) => status), [201, 201], text);
  }
  // A login that nobody has goes to the audit log as it was typed.
  const login = { login: TEXTS[0]!, password: PASSWORD };
  assert.equal((await world.admin.api("POST", "/api/login", { body: login })).status, 401);
}

async function askToOpen(page: Page): Promise<void> {
  const card = page.getByRole("region", { name: "Ringing now" }).getByRole("article").first();
  await card.getByTestId("open-button").click();
  const dialog = page.getByRole("dialog");
  assert.match(await dialog.getByRole("heading").innerText(), /Open the door “gate /);
  await isUnharmed(page, "the question");
  await page.keyboard.press("Escape");
}

async function search(page: Page): Promise<void> {
  await page.getByTestId("search-input").fill(`gate ${TEXTS[0]}`);
  await page.getByRole("option").getByText(nameOf(TEXTS[0]!)).waitFor();
  await isUnharmed(page, "the search");
}

async function openRecords(page: Page, bodies: string[]): Promise<void> {
  await page.locator(".record").first().waitFor();
  for (const record of await page.locator(".record").all()) await record.click();
  for (const text of bodies) {
    await page.locator(".record-body").getByText(text, { exact: true }).first().waitFor();
  }
  await isUnharmed(page, page.url());
}

/** An address that says where to go after the login leads nowhere outside. */
async function comeBackTo({ page, context }: Viewer, url: string): Promise<void> {
  await context.clearCookies();
  for (
    const next of [
      "javascript:globalThis.harmed=8",
      "//example.org/",
      "/\\example.org",
      "https://example.org",
    ]
  ) {
    await page.goto(`${url}/login?next=${encodeURIComponent(next)}`);
    await page.getByLabel("Login").fill("admin");
    await page.getByLabel("Password").fill("a password of tests");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${url}/`);
    await isUnharmed(page, next);
    await context.clearCookies();
  }
  await page.goto(`${url}/login`);
  await page.getByLabel("Login").fill("admin");
  await page.getByLabel("Password").fill("a password of tests");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${url}/`);
}

/** Does what an injected element would do, and is stopped by the content policy. */
async function breakIn({ page, faults }: Viewer): Promise<void> {
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.harmed = 'script'";
    const image = document.createElement("img");
    image.setAttribute("onerror", "globalThis.harmed = 'handler'");
    image.src = "/assets/nothing.png";
    const link = document.createElement("a");
    link.href = "javascript:globalThis.harmed = 'link'";
    const style = document.createElement("style");
    style.textContent = "body { display: none }";
    const frame = document.createElement("iframe");
    frame.src = "/docs";
    document.body.append(script, image, link, style, frame);
    link.click();
  });
  for (const directive of ["script-src-elem", "script-src-attr", "style-src-elem", "frame-src"]) {
    await waitFor(() => faults.some((fault) => fault.includes(`content policy: ${directive}`)), {
      what: `a refusal by ${directive}: ${faults.join("; ")}`,
    });
  }
  assert.equal(await page.evaluate(() => (globalThis as { harmed?: unknown }).harmed ?? null), null);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).display === "none"), false);
  // These were meant to be faults; a page that is closed says no more of them.
  await page.close();
  faults.length = 0;
}

function macOf(index: number): string {
  return `0A:00:00:00:00:0${index}`;
}

function nameOf(text: string): string {
  return `gate ${text}`;
}

function addressOf(text: string): string {
  return `at ${text}`;
}
