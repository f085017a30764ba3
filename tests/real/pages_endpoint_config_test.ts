/**
 * @module
 * Configurations in a real Chromium, of an emulated Asterisk that goes by its pjsip.conf: edited as a form and as text,
 * refused, taken back by itself and by hand, made and deleted, changed by two at once; and what others see of secrets.
 */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { type EndpointPages, endpointPagesTest } from "../support/endpoint_pages.ts";
import { waitFor } from "../support/wait.ts";

const CONFIG = "/endpoints/777-ep/config";

endpointPagesTest(
  "config: an admin edits as a form and as text, is told what is wrong, and goes back with one click",
  async (world) => {
    const { page, wasReloaded } = await world.look(world.admin, CONFIG);
    await wasReloaded();
    const first = await Deno.readTextFile(world.conf);
    const endpoint = page.getByRole("region", { name: "777-ep endpoint" });
    await endpoint.getByRole("textbox", { name: "callerid" }).fill(`"Front Desk" <777>`);
    const dialog = await review(page);
    const diff = dialog.getByRole("region", { name: "What changes" });
    await diff.getByText(`callerid = "Front Desk" <777>`).waitFor();
    await diff.getByText(`callerid = "User 777" <777>`).waitFor();
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByRole("alert").getByText("Say in a few words why.").waitFor();
    assert.equal(await Deno.readTextFile(world.conf), first);
    await save(page, "Moved to the front desk");
    const second = await Deno.readTextFile(world.conf);
    assert.equal(second, first.replace(`"User 777" <777>`, `"Front Desk" <777>`));
    await version(page, "Moved to the front desk").getByText("Now").waitFor();

    await page.getByRole("radio", { name: "Text" }).check();
    const text = page.getByLabel("Configuration of 777-ep");
    await text.fill(
      (await text.inputValue()).replace(
        "[777-ep](phone)",
        "[777-ep](phone)\n; Rings longer\nrtp_timeout = 60",
      ),
    );
    const options = page.locator(".conf-code .tok-option");
    await options.getByText("rtp_timeout").waitFor();
    const colours = await page.locator(".conf-code:has-text('rtp_timeout') > span").evaluateAll((spans) =>
      new Set(spans.map((span) => getComputedStyle(span).color)).size
    );
    assert.ok(colours > 1, "names and values differ");
    await review(page);
    await save(page, "Longer silence");
    const third = await Deno.readTextFile(world.conf);
    assert.equal(
      third,
      second.replace("[777-ep](phone)", "[777-ep](phone)\n; Rings longer\nrtp_timeout = 60"),
    );

    // What is known to be wrong is not sent to Asterisk at all.
    await text.fill((await text.inputValue()).replace("rtp_timeout = 60", "rtp_timeoutt = 60"));
    await page.keyboard.press("Control+s");
    await page.getByRole("dialog", { name: "Save 777-ep?" }).waitFor();
    await page.keyboard.press("Escape");
    const problem = page.getByTestId("config-problems").getByRole("listitem").filter({
      hasText: "rtp_timeoutt",
    });
    const line = (await text.inputValue()).split("\n").indexOf("rtp_timeoutt = 60") + 1;
    await problem.getByRole("button", { name: `Line ${line}` }).click();
    assert.equal(await selected(text), "rtp_timeoutt = 60");
    await page.getByRole("button", { name: "1 error" }).waitFor();
    const refused = await review(page);
    await refused.getByText(/rtp_timeoutt/).first().waitFor();
    await refused.getByLabel("Why").fill("A slip");
    await page.keyboard.press("Enter");
    assert.equal(await refused.getByRole("button", { name: "Save" }).isDisabled(), true);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Discard" }).click();

    // What only Asterisk can tell is taken back when it does.
    await text.fill(
      (await text.inputValue()).replace("rtp_timeout = 60", "rtp_timeout = 60\nallow = nosuchcodec"),
    );
    await review(page);
    await save(page, "Another codec", { taken: false });
    const said = page.getByRole("status").filter({ hasText: "Asterisk did not take allow" });
    await said.getByText(/allow/).waitFor();
    await said.getByText("Everything is as before.").waitFor();
    assert.equal(await Deno.readTextFile(world.conf), third);
    await version(page, "Another codec").getByText("Not taken by Asterisk").waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
    await said.waitFor({ state: "detached" });

    await version(page, "Moved to the front desk").getByRole("button", { name: "Roll back to this" }).click();
    await page.getByRole("dialog", { name: /^Roll 777-ep back to/ }).getByRole("button", {
      name: "Roll back",
    }).click();
    await verified(page);
    await version(page, /^Back to the version of/).getByText("Now").waitFor();
    assert.equal(await Deno.readTextFile(world.conf), second);
    assert.equal(await wasReloaded(), false);
  },
);

endpointPagesTest(
  "config: a phone is made from its template, registers, and is deleted again",
  async (world) => {
    const { page } = await world.look(world.admin, "/endpoints/new");
    const before = await Deno.readTextFile(world.conf);
    await page.getByRole("radio", { name: /^Phone/ }).check();
    await page.getByRole("textbox", { name: /^Name/ }).fill("779");
    await page.getByRole("button", { name: "Generate" }).click();
    await page.getByRole("region", { name: "What will be written" }).getByText("[779]").first().waitFor();
    const dialog = await review(page);
    await dialog.getByRole("region", { name: "What changes" }).getByText("[779]").first().waitFor();
    await dialog.getByRole("button", { name: "Create" }).click();
    await verified(page);
    const password = /^password = (\S{20,})$/m.exec(await Deno.readTextFile(world.conf))?.[1] ?? "";
    assert.ok(password !== "" && !before.includes(password));
    const account = page.getByRole("region", { name: "To be entered into the phone" });
    await account.getByText("the address of Asterisk").waitFor();
    assert.equal(await account.getByText("779", { exact: true }).count(), 2);
    assert.equal(await account.getByText(password).count(), 0);
    await account.getByRole("button", { name: "Show" }).click();
    await account.getByText(password).waitFor();
    assert.equal(world.asterisk.register("779", { password }), true);
    await page.getByRole("link", { name: "See 779" }).click();
    await page.locator("[data-testid=endpoint-page][data-status=online]").waitFor();
    await page.goto(`${world.service.url}/endpoints/779/config`);
    await page.getByRole("button", { name: "Delete 779…" }).click();
    const question = page.getByRole("dialog", { name: "Delete 779?" });
    await question.getByLabel("Why").fill("Never plugged in");
    await question.getByRole("button", { name: "Delete 779" }).click();
    await page.getByText("779 is deleted from pjsip.conf.").waitFor();
    // A blank line may stay where it stood.
    assert.equal((await Deno.readTextFile(world.conf)).trimEnd(), before.trimEnd());
    assert.equal(world.asterisk.phones.has("779"), false);
    // What is gone is found again by its name, and comes back as it was.
    await page.goto(`${world.service.url}/endpoints/new`);
    await page.getByRole("textbox", { name: /^Name/ }).fill("779");
    await page.getByTestId("config-deleted-note").getByText("There was a 779; it was deleted").waitFor();
    await page.getByRole("textbox", { name: /^Name/ }).fill("");
    await page.goto(`${world.service.url}/endpoints/779`);
    await page.getByRole("link", { name: "Its versions are kept" }).click();
    await version(page, "New: 779").getByRole("button", { name: "Roll back to this" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await verified(page);
    assert.equal(world.asterisk.phones.has("779"), true);
    await page.getByRole("button", { name: "Delete 779…" }).click();
    await question.getByLabel("Why").fill("Never plugged in");
    await question.getByRole("button", { name: "Delete 779" }).click();
    await page.getByText("779 is deleted from pjsip.conf.").waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Endpoints" }).click();
    await page.locator(`[data-testid=endpoint-card][data-name="777-ep"]`).waitFor();
    await page.locator(`[data-testid=endpoint-card][data-name="779"]`).waitFor({ state: "detached" });
  },
);

endpointPagesTest(
  "config: what somebody else changed meanwhile is shown, and both changes stay",
  async (world) => {
    const { page } = await world.look(world.admin, CONFIG);
    const endpoint = page.getByRole("region", { name: "777-ep endpoint" });
    await endpoint.getByRole("textbox", { name: "callerid" }).waitFor();
    const first = await Deno.readTextFile(world.conf);
    const aor = "[777](phone-aor)";
    const theirs = first.replace(aor, `${aor}\nmaximum_expiration = 600`);
    assert.notEqual(theirs, first);
    await Deno.writeTextFile(world.conf, theirs);
    await endpoint.getByRole("textbox", { name: "callerid" }).fill(`"Mine" <777>`);
    await page.getByText("Somebody changed this meanwhile.").waitFor();
    await page.getByRole("button", { name: "See what" }).click();
    const conflict = page.getByRole("dialog", { name: "777-ep changed meanwhile" });
    await conflict.getByRole("region", { name: "What they changed" }).getByText("maximum_expiration = 600")
      .waitFor();
    await conflict.getByRole("button", { name: "Take it over, keep my edits" }).click();
    await review(page);
    await save(page, "Both of us");
    assert.equal(await Deno.readTextFile(world.conf), theirs.replace(`"User 777" <777>`, `"Mine" <777>`));

    // The same place, and only found out while saving.
    await endpoint.getByRole("textbox", { name: "callerid" }).fill(`"Mine again" <777>`);
    const dialog = await review(page);
    await dialog.getByRole("region", { name: "What changes" }).waitFor();
    const now = await Deno.readTextFile(world.conf);
    await Deno.writeTextFile(world.conf, now.replace(`"Mine" <777>`, `"Theirs" <777>`));
    await dialog.getByLabel("Why").fill("Mine is better");
    await dialog.getByRole("button", { name: "Save" }).click();
    await conflict.getByText("Both of you changed the same place").waitFor();
    await conflict.getByRole("button", { name: "Take theirs, drop my edits" }).click();
    await waitFor(
      async () => await endpoint.getByRole("textbox", { name: "callerid" }).inputValue() === `"Theirs" <777>`,
      {
        what: "their caller ID",
      },
    );
    assert.match(await Deno.readTextFile(world.conf), /"Theirs" <777>/);
  },
);

endpointPagesTest(
  "config: an operator reads it without secrets and cannot touch it; an employee sees none of it",
  async (world) => {
    const canaries = ["secret-of-777", "cAnary0fANewPassword"];
    const { body: read } = await world.admin.api("GET", "/api/endpoints/777-ep/config");
    const changed = await world.admin.api("PUT", "/api/endpoints/777-ep/config", {
      body: {
        revision: read.revision,
        text: read.text.replace(...canaries),
        why: "A new password",
        dry_run: false,
      },
    });
    assert.equal(changed.body.result, "saved", JSON.stringify(changed.body));
    const ann = await operator(world);
    const { page } = await world.look(ann, CONFIG);
    const content = page.locator("#content");
    const noSecret = (text: string, where: string) => {
      for (const canary of canaries) assert.ok(!text.includes(canary), `${where} has a secret`);
    };
    const hidden = async (where: string) => {
      noSecret(await page.content(), where);
      const fields = await content.locator("input:not([type=radio]), textarea").count();
      assert.equal(fields, 0, `${where} has fields`);
    };
    await page.getByText("Only administrators change configurations. Secrets are hidden.").waitFor();
    await page.getByRole("region", { name: /^777 auth/ }).getByText("password").waitFor();
    await hidden("the form");
    await page.getByRole("radio", { name: "Text" }).check();
    await page.getByRole("region", { name: "Configuration of 777-ep" }).getByText("[777-ep]").waitFor();
    await hidden("the text");
    await content.getByRole("button", { name: "What changed" }).first().click();
    await page.getByRole("dialog").getByText(/^password/).first().waitFor();
    await hidden("a version");
    await page.keyboard.press("Escape");
    for (const name of [/save/i, /delete/i, /roll back/i, /secrets/i, /^add/i]) {
      assert.equal(await content.getByRole("button", { name }).count(), 0, String(name));
    }
    for (const part of ["config", "config/versions"]) {
      const { status, body } = await ann.api("GET", `/api/endpoints/777-ep/${part}`);
      assert.equal(status, 200);
      noSecret(JSON.stringify(body), part);
    }
    noSecret(JSON.stringify(await world.sql("select * from audit_log")), "the audit");
    noSecret([...world.service.stdout(), ...world.service.stderr()].join("\n"), "the service's log");
    await page.goto(`${world.service.url}/endpoints/new`);
    await page.getByText("Only administrators create endpoints").waitFor();

    const { page: theirs } = await world.look(await world.employee("ivan", ["777"]), CONFIG);
    for (const path of [CONFIG, "/endpoints/new"]) {
      await theirs.goto(`${world.service.url}${path}`);
      await theirs.getByText("There is nothing here").waitFor();
    }
  },
);

endpointPagesTest(
  "config: what is not verified is not called so, silence is no refusal, and the keyboard keeps its place",
  async (world) => {
    const { page } = await world.look(world.admin, CONFIG);
    const endpoint = page.getByRole("region", { name: "777-ep endpoint" });
    const names = () =>
      endpoint.locator("[data-option]").evaluateAll((rows) =>
        rows.map((row) => row.getAttribute("data-option")!)
      );
    await endpoint.getByRole("textbox", { name: "callerid" }).waitFor();
    const before = await names();
    const at = before.indexOf("callerid");
    assert.ok(at >= 2, before.join());
    await endpoint.getByRole("button", { name: "Move callerid up" }).press("Enter");
    for (let place = at - 1; place >= 0; place--) {
      await waitFor(async () => (await names()).indexOf("callerid") === place, {
        what: `callerid at ${place}`,
      });
      if (place === 0) break;
      assert.equal(await focused(page), "Move callerid up");
      await page.keyboard.press("Enter");
    }
    assert.equal((await names())[0], "callerid");
    assert.equal(await focused(page), "Move callerid down", "there is no way further up");
    const [, next] = await names();
    await endpoint.getByRole("button", { name: "Remove callerid" }).press("Enter");
    await waitFor(async () => !(await names()).includes("callerid"), { what: "callerid is removed" });
    assert.equal(await focused(page), `Remove ${next}`);
    await page.getByRole("button", { name: "Discard" }).click();

    const answers: ((body: Record<string, unknown>) => Record<string, unknown> | null)[] = [
      // The line is cut behind the service's back: it has been written all the same.
      () => null,
      (body) => ({ ...body, failure: "Asterisk did not take allow; it could not be taken back: no link" }),
    ];
    await page.route("**/api/endpoints/777-ep/config*", async (route) => {
      const request = route.request();
      if (request.method() !== "PUT" || request.postDataJSON().dry_run) return route.continue();
      const response = await route.fetch();
      const json = answers.shift()!(await response.json());
      return json === null ? route.abort() : route.fulfill({ response, json });
    });
    const callerId = endpoint.getByRole("textbox", { name: "callerid" });
    await callerId.fill(`"Unheard" <777>`);
    await review(page);
    await save(page, "Nobody answers", { taken: false });
    const result = page.getByTestId("config-result");
    await result.getByText("No answer came: it is not known what became of it.").waitFor();
    await version(page, "Nobody answers").getByText("Now").waitFor();
    await page.getByText("Not saved yet:").waitFor({ state: "detached" });
    assert.match(await Deno.readTextFile(world.conf), /"Unheard" <777>/);

    await callerId.fill(`"Stuck" <777>`);
    await review(page);
    await save(page, "Half of it", { taken: false });
    await result.getByText(/^Asterisk did not take allow; .*: no link\.$/).waitFor();
    assert.equal(await page.getByText(/Verified|Everything is as before/).count(), 0);
  },
);

async function review(page: Page): Promise<Locator> {
  await page.getByRole("button", { name: "Review and save…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  return dialog;
}

/** What the keyboard is at. */
function focused(page: Page): Promise<string | null> {
  return page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? null);
}

/** Gives a reason and saves. */
async function save(page: Page, why: string, { taken = true } = {}): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Why").fill(why);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  if (taken) await verified(page);
}

async function verified(page: Page): Promise<void> {
  for (const step of ["Saved", "Reloaded", "Verified"]) {
    await page.getByRole("status").getByText(step, { exact: true }).waitFor();
  }
}

/** A version in the history, by its reason. */
function version(page: Page, why: string | RegExp): Locator {
  return page.getByRole("region", { name: "History" }).getByRole("listitem").filter({
    has: page.getByText(why),
  });
}

function selected(text: Locator): Promise<string> {
  return text.evaluate((field) => {
    const { value, selectionStart, selectionEnd } = field as HTMLTextAreaElement;
    return value.slice(selectionStart, selectionEnd);
  });
}

async function operator(world: EndpointPages) {
  const [login, password] = ["ann", "the password of ann"];
  const body = { login, first_name: "Ann", last_name: "Reed", role: "operator", password };
  assert.equal((await world.admin.api("POST", "/api/users", { body })).status, 201);
  return await world.service.login(login, password);
}
