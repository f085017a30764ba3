/**
 * @module
 * Logs in a real Chromium: the lines of just one phone as they are written, a list that follows its end and lets go,
 * filters and the file that equals them, one call across phones; and lines whose writer means harm, or are too many.
 */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { endpointPagesTest, type WrittenLine } from "../support/endpoint_pages.ts";
import { isUnharmed } from "../support/unharmed.ts";
import { pause, waitFor } from "../support/wait.ts";

const LINES = "[data-testid=log-line]";

endpointPagesTest(
  "logs: a phone's lines come as they are written, and the list holds on to its end until one scrolls up",
  async (world) => {
    const { page, wasReloaded } = await world.look(world.admin, "/endpoints/777-ep/logs");
    await wasReloaded();
    const log = page.getByRole("region", { name: "Log of Asterisk" });
    await page.getByText("Live", { exact: true }).waitFor();
    // What Asterisk itself says of a phone.
    world.asterisk.unregister("777");
    world.asterisk.register("777");
    await log.getByText(/^Added contact .* to AOR .777./).waitFor();

    await world.write(...numbered(0, 80).flatMap((line) => [line, line.replace("777-ep", "888-ep")]));
    await inView(line(page, 79));
    assert.equal(await log.getByText("888-ep").count(), 0);

    await log.hover();
    await page.mouse.wheel(0, -400);
    await page.getByRole("button", { name: "To the end" }).waitFor();
    const read = page.locator(LINES).filter({ hasText: "line 62 " });
    const before = await read.boundingBox();
    await world.write(...numbered(80, 87), "PJSIP/888-ep-00000002 says nothing here");
    await page.getByRole("button", { name: "7 new lines" }).waitFor();
    assert.deepEqual(await read.boundingBox(), before, "what is read stays where it is");
    await log.hover();
    await page.mouse.wheel(0, 100_000);
    await page.getByTestId("log-follow").waitFor({ state: "detached" });
    await inView(line(page, 86));
    await world.write(...numbered(87, 88));
    await inView(line(page, 87));

    await page.mouse.wheel(0, -400);
    await world.write(...numbered(88, 89));
    await page.getByRole("button", { name: "1 new line" }).waitFor();
    await page.keyboard.press("f");
    await inView(line(page, 88));

    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByText("Cleared", { exact: true }).waitFor();
    await world.write(...numbered(89, 90));
    await line(page, 89).waitFor();
    assert.equal(await page.locator(LINES).count(), 1);
    await page.getByRole("button", { name: "Undo clear" }).click();
    await line(page, 88).waitFor();
    assert.equal(await wasReloaded(), false);
  },
);

endpointPagesTest(
  "logs: level and text leave what fits, the file has the same, and a call is followed across phones",
  async (world) => {
    const { page } = await world.look(world.admin, "/endpoints/777-ep/logs");
    const about = "PJSIP/777-ep-00000009";
    await world.write(
      { level: "ERROR", source: "chan_pjsip.c", message: `${about} has lost Its Way` },
      { level: "ERROR", source: "chan_pjsip.c", message: `${about} has found another` },
      { level: "WARNING", source: "res_rtp_asterisk.c", message: `${about} hears no way at all` },
      { level: "ERROR", source: "chan_pjsip.c", message: "PJSIP/888-ep-0000000a has lost its way" },
    );
    await page.getByText("hears no way at all").waitFor();
    await page.getByRole("group", { name: "Levels" }).getByRole("button", { name: /^ERROR/ }).click();
    await shown(page, [`${about} has lost Its Way`, `${about} has found another`]);
    await page.getByLabel("Text in the lines").fill("its way");
    await shown(page, [`${about} has lost Its Way`]);
    await page.locator("mark", { hasText: "Its Way" }).waitFor();
    await page.waitForURL(/level=ERROR/);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "doorline-logs-777-ep.txt");
    const text = await Deno.readTextFile(await download.path());
    assert.match(text, /^\[[^\]]+\] ERROR chan_pjsip\.c: PJSIP\/777-ep-00000009 has lost Its Way\n$/);
    await page.getByRole("group", { name: "Levels" }).getByRole("button", { name: /^ERROR/ }).click();
    await page.getByLabel("Text in the lines").fill("");
    await page.getByText("hears no way at all").waitFor();

    const call = world.asterisk.call({ from: "777", to: "888" });
    const other = world.asterisk.call({ from: "777", to: "150" });
    call.answer("888");
    const link = page.getByRole("link", { name: "C-00000001" }).first();
    await link.click();
    await page.getByText("Call C-00000001 on all endpoints").waitFor();
    for (const name of ["777-ep", "888-ep"]) {
      await page.locator(LINES).getByRole("link", { name: new RegExp(`^${name}`) }).first().waitFor();
    }
    assert.equal(await page.locator(LINES).getByText(/150/).count(), 0);
    call.callerHangsUp();
    await page.locator(LINES).filter({ hasText: /left .*bridge/ }).first().waitFor();
    other.callerHangsUp();
    await page.getByRole("button", { name: "All lines" }).click();
    await page.getByText("hears no way at all").waitFor();
    await page.getByRole("link", { name: "C-00000002" }).first().waitFor();
  },
);

const CANARY = "c4nARY5ecre7";
const LONG = "x".repeat(100_000);
const HOSTILE = [
  `<img src=x onerror="globalThis.harmed=1">`,
  `</span></div><script>globalThis.harmed=2</script>`,
  `<svg onload=globalThis.harmed=3><iframe srcdoc="<script>parent.harmed=4</script>">`,
  "\u202e]gnorw[ \u2066over\u2069\u202c and \u200f\u061c\u2028out",
  "\u001b[31mred\u001b[0m \u0007\u0008 %s%n {{constructor.constructor('globalThis.harmed=5')()}}",
];
const TRACE = [
  "<--- Received SIP request (503 bytes) from UDP:127.0.0.1:5060 --->",
  "REGISTER sip:127.0.0.1 SIP/2.0",
  `Authorization: Digest username="777", realm="asterisk", nonce="${CANARY}1", uri="sip:127.0.0.1",`,
  `  response="${CANARY}2", algorithm=MD5, cnonce="${CANARY}3"`,
  `Proxy-Authorization: Basic ${CANARY}4`,
  "Contact: <sip:777@127.0.0.1:5060>",
  "Content-Length: 0",
].join("\n");

endpointPagesTest(
  "logs: whatever is written into a line is text, a trace keeps its secrets, and 2,000 lines a second leave the page at hand",
  async (world) => {
    const { page } = await world.look(world.admin, "/endpoints/777-ep/logs");
    const about = "PJSIP/777-ep-00000001 said";
    await world.write(
      ...HOSTILE.map((text) => `${about} ${text}`),
      `${about} ${LONG}`,
      { source: "res_pjsip_logger.c", message: TRACE },
      `${about} the end`,
    );
    await page.getByText(`${about} the end`).waitFor();
    for (const path of ["/endpoints/777-ep/logs", "/logs", "/logs?q=script"]) {
      await page.goto(`${world.service.url}${path}`);
      await page.locator(LINES).filter({ hasText: "globalThis.harmed=2" }).waitFor();
      await isUnharmed(page, path);
      await noSecret(page, path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${path} is ${wide} px wider than its screen`);
    }
    await page.goto(`${world.service.url}/logs`);
    await page.locator(LINES).filter({ hasText: "REGISTER sip:" }).getByRole("button").first().click();
    await page.locator(LINES).filter({ hasText: "Content-Length: 0" }).getByText(
      /Authorization: \[redacted\]/,
    )
      .waitFor();
    await noSecret(page, "the unfolded trace");
    const { body: file } = await world.admin.api("GET", "/api/logs.txt");
    assert.match(file, /REGISTER sip:127/);
    assert.ok(!file.includes(CANARY), "the file has a secret");
    for (const text of HOSTILE.slice(0, 3)) {
      assert.ok(file.includes(text));
      assert.equal(await page.locator(LINES).filter({ hasText: text }).count(), 1, text);
    }
    // By these a line would be read backwards, and look like another.
    await page.getByText("\\u202e]gnorw[ \\u2066over\\u2069\\u202c").waitFor();
    const long = page.locator(LINES).filter({ hasText: LONG.slice(0, 900) });
    assert.ok((await long.boundingBox())!.height < 400, "a long line leaves room for others");
    await long.getByRole("button", { name: /more characters$/ }).click();
    await long.filter({ hasText: LONG.slice(0, 60_000) }).waitFor();

    await page.goto(`${world.service.url}/endpoints/777-ep/logs`);
    await page.getByText("Live", { exact: true }).waitFor();
    const flood = pour(4, (lines) => world.write(...lines));
    const frames = longestFrame(page, 3_000);
    await page.getByLabel("Text in the lines").fill("number 7");
    await waitFor(async () => {
      const words = await page.locator(".log-words").allTextContents();
      return words.length > 0 && words.every((text) => text.includes("number 7"));
    }, { what: "only lines that fit while others pour in", timeoutMs: 5_000 });
    await page.getByLabel("Text in the lines").fill("");
    assert.ok(await frames < 1_500, `the page stood still for ${Math.round(await frames)} ms`);
    await flood;
    // Only 1,000 a second are told; the last ones are read when it is over.
    await world.write(...numbered(0, 1_600));
    await page.getByText(/^[\d,]+ lines skipped$/).waitFor();
    await inView(line(page, 1_599));
    const rows = await page.locator(LINES).count();
    assert.ok(rows <= 600, `${rows} rows are drawn`);
    const held = Number((await page.getByTestId("log-count").textContent())!.replace(/\D/g, ""));
    assert.ok(held <= 5_500, `${held} lines are held`);
  },
);

endpointPagesTest(
  "logs: where lines came too fast to be told, the list says that they are missing until they are read",
  async (world) => {
    const { page } = await world.look(world.admin, "/endpoints/777-ep/logs");
    await page.getByText("Live", { exact: true }).waitFor();
    await world.write(...numbered(0, 1_600));
    const hole = page.getByTestId("log-hole");
    await hole.getByText(/^\d+ lines are missing here$/).waitFor();
    await inView(line(page, 1_599));
    await hole.waitFor({ state: "detached" });
    await page.getByLabel("Text in the lines").fill("wrote line");
    const count = page.getByTestId("log-count");
    await waitFor(async () => /^1,600 /.test((await count.textContent()) ?? ""), { what: "every line" });
  },
);

function numbered(from: number, to: number): string[] {
  return Array.from(
    { length: to - from },
    (_, index) => `PJSIP/777-ep-00000001 wrote line ${from + index} of it`,
  );
}

function line(page: Page, number: number): Locator {
  return page.locator(LINES).filter({ hasText: `line ${number} of it` });
}

/** Waits until a line is on the screen, not only in the page. */
async function inView(row: Locator): Promise<void> {
  await waitFor(() =>
    row.evaluate(
      (row) => {
        const { top, bottom } = row.getBoundingClientRect();
        const list = row.closest("[data-testid=log-list]")!.getBoundingClientRect();
        return top >= list.top - 1 && bottom <= list.bottom + 1;
      },
      undefined,
      { timeout: 1_000 },
    ), { what: `${row} in view` });
}

/** Waits until these messages are shown, and no others. */
async function shown(page: Page, messages: string[]): Promise<void> {
  await waitFor(async () => {
    const words = await page.locator(".log-words").allTextContents();
    return words.join("\n") === messages.join("\n");
  }, { what: `only ${messages}` });
}

async function noSecret(page: Page, where: string): Promise<void> {
  assert.ok(!(await page.content()).includes(CANARY), `${where} has a secret`);
}

/** Writes 2,000 lines a second for some seconds. */
async function pour(seconds: number, write: (lines: WrittenLine[]) => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  for (let number = 0; number < seconds * 2_000;) {
    // As many as are due by now: a machine that was busy catches up.
    const due = Math.min(seconds * 2_000, Math.floor((performance.now() - startedMs) * 2) + 1);
    const lines = Array.from({ length: due - number }, (_, index) => ({
      message: `PJSIP/777-ep-00000001 number ${number + index} of the flood`,
    }));
    number = due;
    await write(lines);
    // The pace of the load, not a wait for anything.
    await pause(50);
  }
}

/** The longest time between two frames, in milliseconds. */
function longestFrame(page: Page, forMs: number): Promise<number> {
  return page.evaluate((forMs) =>
    new Promise<number>((resolve) => {
      const startedAt = performance.now();
      let longest = 0;
      let last = startedAt;
      requestAnimationFrame(function frame() {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
        if (now - startedAt > forMs) resolve(longest);
        else requestAnimationFrame(frame);
      });
    }), forMs);
}
