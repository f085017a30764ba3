/**
 * @module
 * Calls on the pages around the card: the history with its search and file, a call's own page, whose a number is,
 * and what is said while Asterisk or the service itself is away.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  type CallPages,
  callPagesTest,
  cardIn,
  COMPANY,
  hears,
  incoming,
  type SeenCall,
} from "../support/call_pages.ts";
import { waitFor } from "../support/wait.ts";

callPagesTest(
  "pages: the history is filtered, searched and saved, and a number that is nobody's warns",
  async (pages) => {
    const { page } = await pages.look(pages.admin, "/calls");
    const transferred = await transferredCall(pages);
    const missed = await pages.ring("777", { from: "78120000123", fromName: "North Wind" });
    await liveCall(page, missed.id).getByText("North Wind").waitFor();
    missed.call.callerHangsUp();
    const declined = await pages.ring("888", { from: "74990000178" });
    declined.call.decline();
    const outside = await pages.ring("974990000178", { from: "777" });
    outside.call.answer();
    outside.call.callerHangsUp();
    const unknown = await pages.ring("999");
    await pages.become(declined.id, { status: "rejected", end_reason: "declined" });
    await pages.become(outside.id, { status: "completed" });
    await shows(page, [transferred, missed, declined, outside, unknown]);
    await row(page, unknown).getByText("Nobody owns 999").waitFor();
    await row(page, unknown).getByRole("link", { name: "Nobody owns 999" }).click();
    await page.waitForURL(/\/settings\?tab=people&number=999$/);
    await page.getByTestId("number-in-hand").getByText("Nobody owns 999").waitFor();
    await page.getByRole("button", { name: "Numbers of petr Tester" }).click();
    await waitFor(async () => await page.getByTestId("phone-input").nth(1).inputValue() === "999");
    await page.getByRole("button", { name: "Cancel" }).click();
    const warned = pages.service.stderr().filter((line) => /number that nobody owns/.test(line));
    assert.deepEqual(warned.map((line) => JSON.parse(line).call), [unknown.id]);
    await page.goBack();
    await shows(page, [transferred, missed, declined, outside, unknown]);

    await page.getByTestId("filter-status").selectOption("missed");
    await shows(page, [missed, unknown]);
    await page.waitForURL(/status=missed/);
    await page.getByTestId("filter-direction").selectOption("outbound");
    await page.getByText("No calls fit these filters").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByTestId("filter-direction").selectOption("outbound");
    await shows(page, [outside]);
    await page.getByTestId("filter-direction").selectOption("");
    const search = page.getByTestId("call-search");
    for (
      const [typed, found] of [
        ["8 (812) 000-01-23", [missed]],
        ["north wi", [missed]],
        ["тестовая", [transferred, unknown]],
        ["petr", [transferred, declined]],
      ] as const
    ) {
      await search.fill(typed);
      await shows(page, found);
    }
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download CSV" }).click();
    const file = await download;
    assert.match(file.suggestedFilename(), /^doorline-calls.*\.csv$/);
    const lines = (await Deno.readTextFile(await file.path())).trim().split(/\r?\n/);
    assert.equal(lines.length, 3);
    assert.match(lines[0]!, /^\ufeff?started_at,/);
    // The search of the top line leads to the same.
    await page.getByTestId("search-input").fill("+7 812 000 01 23");
    await page.getByRole("option").getByText("Calls with +7 812 000 01 23").click();
    await shows(page, [missed]);
  },
);

callPagesTest(
  "pages: a call's page shows who rang and who talked, to those whom it concerns",
  async (pages) => {
    const { page } = await pages.look(pages.petr, "/calls");
    const own = await pages.ring("777");
    own.call.callerHangsUp();
    const both = await transferredCall(pages);
    await shows(page, [both]);
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`/calls/${both.id}$`));
    const shown = page.locator(`[data-testid=call-page][data-call="${both.id}"][data-status=completed]`);
    await shown.getByRole("heading", { name: COMPANY.shown }).waitFor();
    const picture = shown.getByRole("region", { name: "Course" }).getByRole("img");
    const time = String.raw`\d\d:\d\d:\d\d – \d\d:\d\d:\d\d`;
    assert.match(
      await picture.getAttribute("aria-label") ?? "",
      new RegExp(
        `: .*ivan Tester.*: ${time}; .*petr Tester.*: ${time}$`,
      ),
    );
    assert.equal(await picture.locator(".lane:not(.lane-scale)").count(), 3);
    const moments = shown.getByRole("region", { name: "What happened" }).getByRole("listitem");
    const told = (await moments.allInnerTexts()).map((text) => text.replace(/\s+/g, " ").slice(9));
    assert.deepEqual(told.map((text) => text.split(/[:·]/)[0]!.trim()), [
      "Call begins",
      "Rings",
      "Answered",
      "Transferred",
      "Rings",
      "Talks",
      "Call ends",
    ]);
    const legs = shown.getByRole("region", { name: "Phones" }).getByRole("listitem");
    assert.equal(await legs.count(), 3);
    await legs.filter({ hasText: "ivan Tester" }).getByText("answered").waitFor();
    await shown.getByTestId("call-notes").fill("Wants an offer");
    await shown.getByRole("button", { name: "Save" }).click();
    await shown.getByText("Saved").waitFor();
    await page.reload();
    await waitFor(async () => await page.getByTestId("call-notes").inputValue() === "Wants an offer");
    // Another's call is to Petr as if it were not there: not on the page, nor in the list.
    await page.goto(`${pages.service.url}/calls/${own.id}`);
    await page.getByText("There is no such call").waitFor();
    await page.goto(`${pages.service.url}/calls`);
    await shows(page, [both]);
    // While it lives it is acted on from its page too.
    const live = await pages.ring("888");
    await page.goto(`${pages.service.url}/calls/${live.id}`);
    await page.getByTestId("page-accept").click();
    await page.getByTestId("page-hangup").click();
    await page.locator("[data-testid=call-page][data-status=completed]").waitFor();
  },
);

callPagesTest(
  "pages: numbers of people and companies are given, taken ones named, and known to the next call",
  async (pages) => {
    const { page } = await pages.look(pages.admin, "/settings?tab=people");
    const { page: ivan } = await pages.look(pages.ivan);
    const person = page.locator(`[data-testid=person-row][data-user="${pages.ivan.userId}"]`);
    await person.getByRole("button", { name: "Numbers of ivan Tester" }).click();
    const numbers = page.getByRole("dialog", { name: "Numbers of ivan Tester" });
    await numbers.getByRole("button", { name: "Add a number" }).click();
    await page.keyboard.type("888");
    await page.keyboard.press("Enter");
    await numbers.getByText("888 belongs to petr Tester. A number has one owner").waitFor();
    await numbers.getByTestId("phone-input").nth(1).fill("none");
    await page.keyboard.press("Enter");
    await numbers.getByText("“none” is no phone number.").waitFor();
    await numbers.getByTestId("phone-input").nth(1).fill("150");
    await page.keyboard.press("Enter");
    await numbers.waitFor({ state: "detached" });
    await person.getByText("150, 777").waitFor();

    await page.getByRole("link", { name: "Companies" }).click();
    await page.getByRole("button", { name: "Add a company" }).click();
    const added = page.getByRole("dialog", { name: "New company" });
    await added.getByTestId("company-name").fill("Acme");
    await added.getByTestId("phone-input").fill("8 495 123-45-67");
    await page.keyboard.press("Enter");
    await added.getByText(`belongs to ${COMPANY.name}.`).waitFor();
    await added.getByTestId("phone-input").fill("+44 20 7946 0123");
    await page.keyboard.press("Enter");
    await added.waitFor({ state: "detached" });
    const company = page.getByTestId("company-row").filter({ hasText: "Acme" });
    await company.getByText("+44 207 946 0123").waitFor();
    await company.getByRole("button", { name: "Edit “Acme”" }).click();
    await page.getByRole("dialog").getByTestId("company-name").fill("Acme Ltd");
    await page.keyboard.press("Enter");
    await company.getByText("Acme Ltd").waitFor();
    // Both are known at once.
    const { call, id } = await pages.ring("150", { from: "442079460123" });
    await incoming(ivan, id).getByText("Acme Ltd", { exact: true }).waitFor();
    await incoming(ivan, id).getByText("Rings at 150").waitFor();
    call.callerHangsUp();
    await company.getByRole("button", { name: "Remove “Acme Ltd”" }).click();
    const question = page.getByRole("dialog", { name: "Remove “Acme Ltd”?" });
    await question.getByRole("button", { name: "Remove" }).click();
    await company.waitFor({ state: "detached" });
  },
);

callPagesTest(
  "pages: while Asterisk or the service is away nothing is shown as certain, and all is right again after",
  async (pages) => {
    const { asterisk, service } = pages;
    const { page: ivan } = await pages.look(pages.ivan);
    const { page: admin } = await pages.look(pages.admin, "/calls");
    const first = await pages.ring("777");
    const card = incoming(ivan, first.id);
    await card.waitFor();
    asterisk.mute(true);
    asterisk.dropClients();
    await card.getByText(/The link to Asterisk is down since \d\d:\d\d:\d\d: this call may be over\./)
      .waitFor();
    await liveCall(admin, first.id).getByText(/Asterisk is away since \d\d:\d\d:\d\d/).waitFor();
    await admin.locator("[data-testid=link-state][data-id=asterisk][data-state=down]").waitFor();
    await card.getByTestId("incoming-reject").click();
    await card.getByText("The link to Asterisk is down. Use the phone itself").waitFor();
    first.call.answer();
    asterisk.mute(false);
    await cardIn(ivan, "talking", first.id).waitFor();
    await admin.locator(`[data-testid=live-call][data-call="${first.id}"][data-status=answered]`).waitFor();
    assert.equal(await admin.getByText("Asterisk is away").count(), 0);
    assert.equal(await ivan.getByText("this call may be over").count(), 0);

    const second = await pages.ring("777");
    await incoming(ivan, second.id).waitFor();
    await service.kill9();
    for (const page of [ivan, admin]) {
      await page.getByTestId("stale-veil").getByText(/^Stale since/).waitFor();
    }
    for (const one of [incoming(ivan, second.id), cardIn(ivan, "talking", first.id)]) {
      await one.getByText(/^Stale since \d\d:\d\d:\d\d$/).waitFor();
    }
    second.call.callerHangsUp();
    await service.start();
    for (const page of [ivan, admin]) {
      await page.getByRole("button", { name: "Try now" }).click({ timeout: 1_000 }).catch(() => {
        // It came back by itself meanwhile.
      });
      await hears(page);
      await page.getByTestId("stale-veil").waitFor({ state: "detached" });
    }
    await incoming(ivan, second.id).waitFor({ state: "detached" });
    await cardIn(ivan, "talking", first.id).waitFor();
    await pages.become(second.id, { status: "missed", end_reason: "lost" });
    await row(admin, second).getByText("Missed").waitFor();
    first.call.callerHangsUp();
    await cardIn(ivan, "ended", first.id).waitFor();
  },
);

/** A call of the company that Ivan answered and gave to Petr, and that is over. */
async function transferredCall({ admin, ring, become }: CallPages): Promise<SeenCall> {
  const { call, id } = await ring("777");
  call.answer();
  await become(id, { status: "answered" });
  call.blindTransfer("777", "888");
  await waitFor(() => call.ringing.includes("888"), { what: "the other phone to ring" });
  call.answer("888");
  await waitFor(async () => {
    const { body } = await admin.api("GET", `/api/calls/${id}`);
    return body.talking.some(({ number }: { number: string }) => number === "888");
  }, { what: "the other to talk" });
  call.callerHangsUp();
  await become(id, { status: "completed" });
  return { call, id };
}

function row(page: Page, { id }: Pick<SeenCall, "id">) {
  return page.locator(`[data-testid=call-row][data-call="${id}"]`);
}

function liveCall(page: Page, id: string) {
  return page.locator(`[data-testid=live-call][data-call="${id}"]`);
}

/** Waits until the history has just these calls. */
async function shows(page: Page, calls: readonly Pick<SeenCall, "id">[]): Promise<void> {
  const wanted = calls.map(({ id }) => id).sort();
  let last: string[] = [];
  await waitFor(async () => {
    const rows = page.getByTestId("call-row");
    last = await rows.evaluateAll((all) => all.map((one) => one.getAttribute("data-call") ?? ""));
    return last.sort().join() === wanted.join();
  }, { what: `the calls ${wanted}` }).catch((error) => {
    throw new Error(`${error.message}; there are ${last}`, { cause: error });
  });
}
