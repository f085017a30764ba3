/**
 * @module
 * The card of an incoming call in real browsers: whose screen rings, how it is answered and declined by mouse and by
 * keyboard, and what the other screens say meanwhile.
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
  isFocused,
} from "../support/call_pages.ts";
import { alerts, recordAlerts } from "../support/page_alerts.ts";
import { waitFor } from "../support/wait.ts";

callPagesTest(
  "pages: a call to 777 rings on Ivan's screen alone, is accepted, talked in and hung up there",
  async (pages) => {
    const { page: ivan } = await pages.look(pages.ivan, "/", { before: recordAlerts });
    const { page: petr } = await pages.look(pages.petr);
    const watched = await watchCards(petr);
    // An operator and an administrator see every call, but it rings for its owner.
    const { page: admin } = await pages.look(pages.admin);
    const watchedByAdmin = await watchCards(admin);
    const { call, id } = await pages.ring("777");
    const card = incoming(ivan, id);
    await card.getByRole("heading", { name: COMPANY.shown }).waitFor();
    await card.getByText(COMPANY.name, { exact: true }).waitFor();
    await card.getByText("Rings at 777").waitFor();
    await isFocused(card.getByTestId("incoming-accept"));
    await waitFor(async () => (await ivan.title()).includes(COMPANY.shown), { what: "the tab's title" });
    await ivan.getByRole("navigation", { name: "Pages" }).getByTitle("1 call rings for you").waitFor();
    await waitFor(async () => (await alerts(ivan)).includes("tone"), { what: "the ring" });
    await card.getByTestId("incoming-accept").click();
    const talk = cardIn(ivan, "talking", id);
    await talk.waitFor();
    assert.equal(await incoming(ivan).count(), 0);
    // The phone was told to lift the handset.
    const [lifted] = actions(pages, "pjsipnotify");
    assert.match(lifted!.channel!, /^PJSIP\/777-ep-/);
    assert.match(lifted!.variable!, /^Event=talk$/);
    assert.equal(call.isUp, true);
    const accepted = await pages.become(id, { status: "answered", answered_by_number: "777" });
    assert.notEqual(accepted.accepted_at, null);
    const timer = talk.locator(".call-card-timer");
    const first = await timer.innerText();
    assert.match(first, /^0:0\d$/);
    await waitFor(async () => await timer.innerText() > first, { what: "a timer that ticks" });
    // A note waits with its card.
    await talk.getByRole("button", { name: "Note" }).click();
    await talk.getByTestId("call-notes").fill("Asked for an offer");
    await talk.getByRole("button", { name: "Save" }).click();
    await talk.getByText("Saved").waitFor();
    await talk.getByTestId("call-hangup").click();
    await call.done;
    await cardIn(ivan, "ended", id).getByText("The call is over").waitFor();
    const row = await pages.become(id, { status: "completed", end_reason: "hangup" });
    assert.ok(row.duration >= 1, `talked for ${row.duration} s`);
    const { body } = await pages.ivan.api("GET", `/api/calls/${id}`);
    assert.deepEqual([body.notes, body.accepted_by.name], ["Asked for an offer", "ivan Tester"]);
    // What Petr would have seen comes with his own call: one card in all this time.
    const other = await pages.ring("888");
    await incoming(petr, other.id).waitFor();
    assert.deepEqual(await watched(), [other.id]);
    await admin.locator(`[data-testid=live-call][data-call="${other.id}"]`).waitFor();
    await admin.locator(`[data-testid=live-call][data-call="${id}"][data-status=completed]`).waitFor();
    assert.deepEqual(await watchedByAdmin(), []);
    assert.equal(await incoming(ivan).count(), 0);
    other.call.callerHangsUp();
  },
);

callPagesTest(
  "pages: a ringing call is accepted and rejected by keys, and of two calls the right one",
  async (pages) => {
    const { page } = await pages.look(pages.ivan, "/calls");
    // Whoever types goes on typing: the card takes no focus, and its keys are letters.
    const search = page.getByTestId("call-search");
    await search.focus();
    const typed = await pages.ring("777");
    await incoming(page, typed.id).waitFor();
    await page.keyboard.type("ar");
    await isFocused(search);
    assert.equal(await search.inputValue(), "ar");
    await search.fill("");
    await page.keyboard.press("Escape");
    // The keys of the search are its text from the first one on.
    await page.keyboard.type("/777");
    assert.equal(await page.getByTestId("search-input").inputValue(), "777");
    await page.keyboard.press("Escape");
    await page.keyboard.press("a");
    await cardIn(page, "talking", typed.id).waitFor();
    typed.call.callerHangsUp();
    await cardIn(page, "ended", typed.id).getByRole("button", { name: "Close" }).click();

    const entered = await pages.ring("777");
    await isFocused(incoming(page, entered.id).getByTestId("incoming-accept"));
    await page.keyboard.press("Enter");
    await cardIn(page, "talking", entered.id).waitFor();
    entered.call.calleeHangsUp();
    await pages.become(entered.id, { status: "completed" });

    const first = await pages.ring("777");
    await isFocused(incoming(page, first.id).getByTestId("incoming-accept"));
    const second = await pages.ring("777", { from: "78120000123", fromName: "North Wind" });
    await incoming(page, second.id).getByText("North Wind", { exact: true }).waitFor();
    assert.equal(await incoming(page).count(), 2);
    await isFocused(incoming(page, first.id).getByTestId("incoming-accept"));
    const third = await pages.ring("777", { from: "74990000178" });
    await incoming(page, third.id).getByTestId("incoming-accept").focus();
    await page.keyboard.press("r");
    await cardIn(page, "rejected", third.id).waitFor();
    const left = [first.call, second.call];
    await waitFor(() => pages.asterisk.calls.every((call) => left.includes(call)), { what: "its end alone" });
    assert.equal(left.some(({ isOver }) => isOver), false);
    const own = await legOf(pages, second.id);
    await incoming(page, second.id).getByTestId("incoming-accept").click();
    await cardIn(page, "talking", second.id).waitFor();
    assert.deepEqual(actions(pages, "pjsipnotify").at(-1)!.channel, own);
    await incoming(page, first.id).waitFor();
    const waiting = await legOf(pages, first.id);
    await page.keyboard.press("r");
    await cardIn(page, "rejected", first.id).getByText("Rejected").waitFor();
    const hangup = actions(pages, "hangup").at(-1);
    assert.deepEqual([hangup!.channel, hangup!.cause], [waiting, "21"]);
    await first.call.done;
    await pages.become(first.id, { status: "rejected", end_reason: "rejected_by_user", duration: 0 });
    assert.equal(second.call.isUp, true);
    second.call.callerHangsUp();
    await pages.become(second.id, { status: "completed", end_reason: "hangup" });
  },
);

callPagesTest(
  "pages: two tabs, a group and a caller who gives up: every card tells what became of it, and goes",
  async (pages) => {
    const { page: one, context } = await pages.look(pages.ivan);
    const two = await context.newPage();
    await two.goto(`${pages.service.url}/calls`);
    await hears(two);
    const { page: petr } = await pages.look(pages.petr);

    const taken = await pages.ring("777");
    for (const page of [one, two]) await incoming(page, taken.id).waitFor();
    await incoming(two, taken.id).getByTestId("incoming-accept").click();
    for (const page of [one, two]) {
      await cardIn(page, "talking", taken.id).waitFor();
      assert.equal(await incoming(page).count(), 0);
    }
    await cardIn(one, "talking", taken.id).getByTestId("call-hangup").click();
    for (const page of [one, two]) await cardIn(page, "ended", taken.id).waitFor();

    const declined = await pages.ring("777");
    await incoming(two, declined.id).waitFor();
    await incoming(one, declined.id).getByTestId("incoming-reject").click();
    for (const page of [one, two]) await cardIn(page, "rejected", declined.id).waitFor();

    const grouped = await pages.ring("700");
    for (const page of [one, two, petr]) await incoming(page, grouped.id).waitFor();
    await incoming(petr, grouped.id).getByTestId("incoming-accept").click();
    await cardIn(petr, "talking", grouped.id).waitFor();
    for (const page of [one, two]) {
      await cardIn(page, "elsewhere", grouped.id).getByText("Answered by petr Tester").waitFor();
      assert.equal(await incoming(page).count(), 0);
    }
    // In a group whoever declines does so for themselves.
    const shared = await pages.ring("700");
    await incoming(petr, shared.id).waitFor();
    await incoming(one, shared.id).getByTestId("incoming-reject").click();
    for (const page of [one, two]) await incoming(page, shared.id).waitFor({ state: "detached" });
    await incoming(petr, shared.id).waitFor();
    await waitFor(() => shared.call.ringing.join() === "888", { what: "the other phone alone to ring" });
    shared.call.callerHangsUp();
    await cardIn(petr, "missed", shared.id).getByText("Missed").waitFor();
    await cardIn(one, "rejected", shared.id).getByText("Rejected").waitFor();
    await pages.become(shared.id, { status: "missed", end_reason: "caller_gave_up" });

    // What was told is gone by itself; the one who talks keeps a card.
    for (const page of [one, two]) {
      await waitFor(async () => await page.locator(".call-card").count() === 0, { what: "no card any more" });
    }
    await cardIn(petr, "missed", shared.id).waitFor({ state: "detached" });
    await cardIn(petr, "talking", grouped.id).waitFor();
    grouped.call.callerHangsUp();
  },
);

callPagesTest(
  "pages: a call is transferred from its card, rings at the other's, and the one who gave it is told",
  async (pages) => {
    const { page: ivan } = await pages.look(pages.ivan);
    const { page: petr } = await pages.look(pages.petr);
    const { call, id } = await pages.ring("777");
    await incoming(ivan, id).getByTestId("incoming-accept").click();
    const talk = cardIn(ivan, "talking", id);
    await talk.getByTestId("call-transfer").click();
    await isFocused(talk.getByTestId("transfer-to"));
    await ivan.keyboard.type("Petr");
    await talk.getByTestId("transfer-do").click();
    await talk.getByText("This is no internal number.").waitFor();
    assert.deepEqual(actions(pages, "blindtransfer"), []);
    await talk.getByTestId("transfer-to").fill("888");
    await ivan.keyboard.press("Enter");
    const handed = incoming(petr, id);
    await handed.getByText(COMPANY.name, { exact: true }).waitFor();
    await handed.getByText("Transferred by ivan Tester").waitFor();
    assert.equal(await handed.getByText("has accepted").count(), 0, "that was an earlier ring");
    await cardIn(ivan, "left", id).getByText("Transferred to 888").waitFor();
    await petr.locator(`[data-testid=live-call][data-call="${id}"]`).getByText("Ringing").waitFor();
    // It goes on, and is no longer a live one of Ivan's.
    await ivan.locator(`[data-testid=last-call][data-call="${id}"]`).waitFor();
    await incoming(petr, id).getByTestId("incoming-accept").click();
    await cardIn(petr, "talking", id).waitFor();
    assert.equal(call.isUp, true);
    await cardIn(petr, "talking", id).getByTestId("call-hangup").click();
    await cardIn(petr, "ended", id).waitFor();
    await pages.become(id, { status: "completed", answered_by_number: "777" });
    const { body } = await pages.ivan.api("GET", `/api/calls/${id}`);
    const talked = body.segments.map(({ parties }: { parties: { number: string }[] }) =>
      parties.map(({ number }) => number).sort().join()
    );
    assert.deepEqual(talked, [`${COMPANY.number},777`, `${COMPANY.number},888`]);
  },
);

/** What was ordered of Asterisk, by the name of the action. */
function actions({ asterisk }: CallPages, name: string) {
  return asterisk.received.filter(({ action }) => action?.toLowerCase() === name);
}

/** Name of the channel that rings in a call. */
async function legOf({ admin }: CallPages, id: string): Promise<string> {
  const { body } = await admin.api("GET", `/api/calls/${id}`);
  const legs: { state: string; channel: string }[] = body.legs;
  return legs.find(({ state }) => state === "ringing")!.channel;
}

/** Follows which calls ever had a card on a page. */
async function watchCards(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const seen = new Set<string>();
    const look = () => {
      for (const card of document.querySelectorAll<HTMLElement>(".call-card, .call-bar")) {
        seen.add(card.dataset.call ?? "");
      }
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    Object.assign(globalThis, { cardsSeen: seen });
  });
  return () => page.evaluate(() => [...(globalThis as unknown as { cardsSeen: Set<string> }).cardsSeen]);
}
