/**
 * @module
 * Row 29, calls: who calls may call themselves anything. Their name, a person's, a company's and a note are text on
 * the card, in lists, on a call's page, in the search and in a notification.
 */
import assert from "node:assert/strict";
import { callPagesTest, cardIn, hears, incoming, type SeenCall } from "../support/call_pages.ts";
import { alerts, recordAlerts } from "../support/page_alerts.ts";
import { isUnharmed } from "../support/unharmed.ts";
import { waitFor } from "../support/wait.ts";

const TEXTS = [
  `<img src=x onerror=globalThis.harmed=1>`,
  `<script>globalThis.harmed=2</script>`,
  `</title></textarea><svg onload=globalThis.harmed=3>`,
];
/** Of a company and a person. */
const OTHER = `<iframe srcdoc="<script>parent.harmed=4</script>">`;

callPagesTest(
  "row 29: pages: a caller's name is text on the card, in lists, on the call's page, in search and notification",
  async (pages) => {
    const { url } = pages.service;
    const company = { name: `company ${OTHER}`, phones: ["74950000100"] };
    assert.equal((await pages.admin.api("POST", "/api/companies", { body: company })).status, 201);
    const renamed = { first_name: "Mx", last_name: OTHER };
    const changed = await pages.admin.api("PUT", `/api/users/${pages.ivan.userId}`, { body: renamed });
    assert.equal(changed.status, 200);
    const { page: ivan } = await pages.look(pages.ivan, "/", {
      before: recordAlerts,
      permissions: ["notifications"],
    });
    await ivan.evaluate(() => localStorage.setItem("doorline.notify", "on"));
    await ivan.reload();
    await hears(ivan);
    const { page: admin } = await pages.look(pages.admin, "/calls");

    const calls: SeenCall[] = [];
    for (const [index, fromName] of TEXTS.entries()) {
      calls.push(await pages.ring("777", { from: `7495000010${index}`, fromName }));
    }
    for (const [index, { id }] of calls.entries()) {
      const text = TEXTS[index]!;
      await incoming(ivan, id).getByText(text, { exact: true }).waitFor();
      await waitFor(async () => (await alerts(ivan)).some((said) => said.includes(text)), {
        what: `a notification of ${text}`,
      });
      await admin.locator(`[data-testid=live-call][data-call="${id}"]`).getByText(text).waitFor();
      await admin.getByTestId("search-input").fill(text);
      await admin.getByRole("option").getByText(text).first().waitFor();
      await isUnharmed(admin, `the search for ${text}`);
      await admin.getByTestId("search-input").fill("");
    }
    await incoming(ivan, calls[0]!.id).getByText(company.name, { exact: true }).waitFor();
    assert.ok((await alerts(ivan)).some((said) => said.includes(company.name)));
    await ivan.waitForFunction((text) => document.title.includes(text), TEXTS[0]!);
    await isUnharmed(ivan, "the cards");
    await isUnharmed(admin, "the live calls");
    await admin.goto(`${url}/`);
    for (const text of [...TEXTS, company.name, `Mx ${OTHER}`]) await admin.getByText(text).first().waitFor();
    await isUnharmed(admin, "the board");

    // The second is talked in and noted, the others end as calls do.
    const [gaveUp, talked, declined] = calls as [SeenCall, SeenCall, SeenCall];
    gaveUp.call.callerHangsUp();
    await cardIn(ivan, "missed", gaveUp.id).getByText(TEXTS[0]!, { exact: true }).waitFor();
    declined.call.decline();
    await cardIn(ivan, "rejected", declined.id).getByText(TEXTS[2]!, { exact: true }).waitFor();
    await incoming(ivan, talked.id).getByTestId("incoming-accept").click();
    const card = cardIn(ivan, "talking", talked.id);
    await card.getByText(TEXTS[1]!, { exact: true }).waitFor();
    await card.getByRole("button", { name: "Note" }).click();
    await card.getByTestId("call-notes").fill(TEXTS.join("\n"));
    await card.getByRole("button", { name: "Save" }).click();
    await card.getByText("Saved").waitFor();
    await card.getByRole("button", { name: "Hide" }).click();
    await ivan.getByTestId("call-bar").getByText(TEXTS[1]!).waitFor();
    await isUnharmed(ivan, "the folded card");
    talked.call.callerHangsUp();
    await pages.become(talked.id, { status: "completed" });

    await ivan.goto(`${url}/`);
    for (const text of TEXTS) await ivan.getByTestId("last-call").getByText(text).waitFor();
    await isUnharmed(ivan, "the employee's board");
    for (const [index, { id }] of calls.entries()) {
      const text = TEXTS[index]!;
      for (const page of [admin, ivan]) {
        await page.goto(`${url}/calls?q=${encodeURIComponent(text)}`);
        await page.locator(`[data-testid=call-row][data-call="${id}"]`).getByText(text).waitFor();
        await isUnharmed(page, `the history of ${text}`);
        await page.goto(`${url}/calls/${id}`);
        const whole = page.getByTestId("call-page");
        await whole.getByRole("heading", { name: text }).waitFor();
        await whole.getByRole("region", { name: "What happened" }).getByText(text).first().waitFor();
        await whole.getByRole("region", { name: "Phones" }).getByText(`Mx ${OTHER}`).waitFor();
        await isUnharmed(page, `the page of the call of ${text}`);
      }
    }
    await admin.goto(`${url}/calls/${talked.id}`);
    const notes = admin.getByTestId("call-notes");
    await waitFor(async () => await notes.inputValue() === TEXTS.join("\n"), { what: "the notes" });
    await admin.goto(`${url}/calls/${encodeURIComponent(TEXTS[1]!)}`);
    await admin.getByText("There is no such call").waitFor();
    await isUnharmed(admin, "a call that never was");
    await admin.goto(`${url}/settings?tab=companies&q=${encodeURIComponent(OTHER)}`);
    await admin.getByTestId("company-row").getByText(company.name).waitFor();
    await isUnharmed(admin, "companies");
  },
);
