/**
 * @module
 * What becomes of a change when the link, the database, Doorline or somebody else comes in between: nothing is called
 * what it is not, nothing of others is wiped, and nothing is forgotten.
 */
import assert from "node:assert/strict";
import type { ConfigDesk } from "../../../actors/pjsip_conf/desk.ts";
import { useEmbedded } from "../../db/ground.ts";
import { BY, type Mode, onStage as stageOn, refusal, type Stage, TEXT } from "./desk_stage.ts";

const ground = useEmbedded();
const MODES: readonly Mode[] = ["file", "ami"];
/** More than one UpdateConfig takes. */
const MANY = Array.from({ length: 60 }, (_, at) => `set_var = V${at}=1`).join("\n");
const OTHERS = "\n[999]\ntype = aor\nmax_contacts = 3\n";

function onStage(mode: Mode, play: (stage: Stage) => Promise<void>, text = TEXT): Promise<void> {
  return stageOn(mode, { ground, text }, play);
}

/** Does something the first time that an action is asked for. */
function atFirst(stage: Stage, action: string, run: () => void | Promise<void>): void {
  stage.pbx.before = (asked) => {
    if (asked !== action) return;
    stage.pbx.before = () => {};
    return run();
  };
}

/** The end of Doorline in the middle of a change: it waits for this action, and is never heard of again. */
async function crashAt(stage: Stage, action: string, change: (text: string) => string): Promise<ConfigDesk> {
  const view = await stage.desk.view("main", "777-ep", { masked: false });
  const { promise, resolve } = Promise.withResolvers<void>();
  atFirst(stage, action, () => {
    resolve();
    return new Promise(() => {});
  });
  void stage.desk.change("main", "777-ep", { text: change(view.text) }, {
    revision: view.revision,
    why: "a test",
    dryRun: false,
    by: BY,
  });
  await promise;
  return stage.restart();
}

async function lastEdit(stage: Stage) {
  const { result, failure } = (await stage.rows()).findLast(({ action }) => action === "edit")!;
  return [result, failure];
}

function codecs(stage: Stage): string | undefined {
  return stage.pbx.knows("777-ep")!.lines.find(({ name }) => name === "allow")?.value;
}

Deno.test("conf desk (ami): a link that goes down between two actions leaves no half of a change", () =>
  onStage("ami", async (stage) => {
    let updates = 0;
    stage.pbx.before = (action) => {
      if (action === "UpdateConfig" && ++updates === 2) stage.pbx.up = false;
      else if (action.startsWith("GetConfig")) stage.pbx.up = true;
    };
    const half = await stage.edit((text) => text.replace("allow = ulaw", `allow = ulaw\n${MANY}`));
    assert.deepEqual([half.result, stage.text()], ["rolled_back", TEXT]);
    assert.match(half.failure ?? "", /^only a part of it was written/);
  }));

Deno.test("conf desk (ami): a link that goes down right after it was written is waited for, and it is verified", () =>
  onStage("ami", async (stage) => {
    let looks = -Infinity;
    stage.pbx.before = (action) => {
      if (action === "UpdateConfig") looks = 0;
      if (action.startsWith("GetConfig")) stage.pbx.up = ++looks !== 1;
    };
    const done = await stage.edit((text) => text.replace("ulaw", "alaw"));
    assert.deepEqual([done.result, done.failure, codecs(stage)], ["saved", null, "alaw"]);
  }));

Deno.test("conf desk (ami): a change that nobody saw the end of is told so, and settled when the link is back", () =>
  onStage("ami", async (stage) => {
    atFirst(
      stage,
      "UpdateConfig",
      () => void (stage.pbx.trouble = { dropAt: { action: "UpdateConfig", done: true } }),
    );
    const lost = await stage.edit((text) => text.replace("ulaw", "alaw"));
    assert.match(lost.failure ?? "", /^It is not known whether the change was written/);
    assert.deepEqual([lost.result, codecs(stage)], ["saved", "ulaw"]);
    stage.pbx.up = true;
    await stage.desk.linkUp("main");
    assert.deepEqual([await lastEdit(stage), codecs(stage)], [["saved", null], "alaw"]);
  }));

Deno.test("conf desk (ami): half of a change is taken back when the link is back, and never loaded", () =>
  onStage("ami", async (stage) => {
    let updates = 0;
    stage.pbx.before = (action) => {
      if (action === "UpdateConfig" && ++updates === 2) stage.pbx.up = false;
    };
    const lost = await stage.edit((text) =>
      `${
        text.replace("ulaw", `alaw\n${MANY}`)
      }\n[777-id]\ntype = identify\nendpoint = 777-ep\nmatch = 192.0.2.1\n`
    );
    assert.match(lost.failure ?? "", /^It is not known whether/);
    assert.notEqual(stage.text(), TEXT);
    stage.pbx.file.write(stage.text() + OTHERS);
    stage.pbx.before = (action) => void (action === "Reload" && assert.equal(stage.text(), TEXT + OTHERS));
    stage.pbx.up = true;
    await stage.restart().linkUp("main");
    assert.deepEqual([stage.text(), codecs(stage)], [TEXT + OTHERS, "ulaw"]);
    assert.deepEqual((await stage.rows()).map(({ action, result }) => `${action} ${result}`), [
      "found saved",
      "edit rolled_back",
      "auto_rollback saved",
    ]);
    const half = await stage.database.query((sql) =>
      sql`select result from audit_log order by id desc limit 1`
    );
    assert.match(half[0]!.result, /^only a part of it was written; it was taken back/);
  }));

for (const mode of MODES) {
  const test = (rule: string, play: (stage: Stage) => Promise<void>, text?: string) =>
    Deno.test(`conf desk (${mode}): ${rule}`, () => onStage(mode, play, text));

  test("taking back leaves alone what others wrote meanwhile", async (stage) => {
    atFirst(stage, "Reload", () => stage.pbx.file.write(`${stage.text()}${OTHERS}`));
    const broken = await stage.edit((text) => text.replace("ulaw", "nocodec"));
    assert.deepEqual([broken.result, stage.text()], ["rolled_back", TEXT + OTHERS]);
    assert.equal(codecs(stage), "ulaw");
  });

  test("taking back does not wipe what others made of the same section", async (stage) => {
    atFirst(stage, "Reload", () => stage.pbx.file.write(stage.text().replace("nocodec", "nocodec,gsm")));
    const broken = await stage.edit((text) => text.replace("ulaw", "nocodec"));
    assert.equal(broken.result, "saved");
    assert.match(
      broken.failure ?? "",
      /could not be taken back: others changed the same sections meanwhile$/,
    );
    assert.match(stage.text(), /allow = nocodec,gsm/);
    assert.deepEqual(await lastEdit(stage), ["saved", broken.failure]);
  });

  test("after a crash before the reload, the next start loads and verifies what was written", async (stage) => {
    const good = await crashAt(stage, "Reload", (text) => text.replace("ulaw", "alaw"));
    assert.match(String((await lastEdit(stage))[1]), /^It is not known whether this change was carried out/);
    await good.linkUp("main");
    assert.deepEqual([await lastEdit(stage), codecs(stage)], [["saved", null], "alaw"]);
    assert.deepEqual(await stage.audit(), ["endpoint_config.edited begun", "endpoint_config.edited ok"]);
    assert.ok(stage.said.some((line) => line.startsWith("What became of a change")), stage.said.join("\n"));
    stage.pbx.done.length = 0;
    await good.linkUp("main");
    assert.deepEqual(stage.pbx.done, []);
    stage.desk = good;
    const bad = await crashAt(stage, "Reload", (text) => text.replace("alaw", "gsm\ncontext = zzz"));
    await bad.linkUp("main");
    const [result, failure] = await lastEdit(stage);
    assert.deepEqual([result, codecs(stage)], ["saved", "alaw"]);
    assert.match(
      String(failure),
      /^Asterisk did not take context .*; Asterisk did not take allow .*; it could not be taken back/,
    );
  });

  test("after a crash before anything was written, the history says so", async (stage) => {
    const view = await stage.desk.view("main", "777-ep", { masked: false });
    let looks = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    stage.pbx.before = (action) => {
      if (action !== "PJSIPShowEndpoint" || ++looks < 3) return;
      resolve();
      return new Promise(() => {});
    };
    const options = { revision: view.revision, why: "", dryRun: false, by: BY };
    void stage.desk.change("main", "777-ep", { text: view.text.replace("ulaw", "alaw") }, options);
    await promise;
    stage.pbx.before = () => {};
    await stage.restart().linkUp("main");
    assert.deepEqual([await lastEdit(stage), stage.text()], [
      ["rolled_back", "Nobody saw its end, and nothing of it is there"],
      TEXT,
    ]);
  });

  test("a reload that is owed is not forgotten by a restart, nor for want of the database", async (stage) => {
    const seen = await stage.desk.view("main", "777-ep", { masked: false });
    stage.pbx.trouble = { dropAt: { action: "Reload", done: false } };
    await stage.edit((text) => text.replace("ulaw", "alaw"));
    // Something to load, whichever text is in the file by now.
    if (mode === "file") stage.pbx.file.write(TEXT.replace("ulaw", "alaw"));
    stage.pbx.up = true;
    stage.database.away = true;
    const next = stage.restart();
    await next.linkUp("main");
    assert.equal(codecs(stage), "ulaw");
    stage.database.away = false;
    await next.linkUp("main");
    assert.equal(codecs(stage), "alaw");
    const [result, failure] = await lastEdit(stage);
    assert.equal(result, mode === "file" ? "rolled_back" : "saved");
    assert.ok(!String(failure).includes("has to be reloaded"), String(failure));
    assert.ok(seen.editable);
  });

  test("what could not be recorded is recorded by the next start, from what is there", async (stage) => {
    atFirst(stage, "Reload", () => void (stage.database.away = true));
    const done = await stage.edit((text) => text.replace("ulaw", "alaw"));
    assert.deepEqual([done.result, done.failure], ["saved", null]);
    stage.database.away = false;
    assert.match(String((await lastEdit(stage))[1]), /^It is not known/);
    await stage.restart().linkUp("main");
    assert.deepEqual(await lastEdit(stage), ["saved", null]);
  });

  const removed = TEXT.replace("allow = ulaw\n", "allow = ulaw\nlanguage = ru\n");
  test("an option that is gone and may still be in force is not called verified", async (stage) => {
    stage.pbx.file.write(`${removed}\n[x]\ntype=aor\n\n[x]\ntype=aor\n`);
    const done = await stage.edit((text) => text.replace(/language = ru\n/, ""));
    assert.deepEqual(done.problems.map(({ code, severity }) => `${severity} ${code}`), ["warning not_seen"]);
    assert.match(done.problems[0]!.message, /whether language is gone/);
    stage.pbx.file.write(stage.text().replace(/\n\[x\]\ntype ?= ?aor\n/, ""));
    await stage.pbx.action("main", "Reload");
  }, removed);

  test("a name that begins with + can be looked at and changed", async (stage) => {
    const name = "+79990000000";
    const view = await stage.desk.view("main", name, { masked: false });
    assert.equal(view.editable, true);
    const options = { revision: view.revision, why: "", dryRun: false, by: BY };
    const text = view.text.replace("ulaw", "alaw");
    const done = await stage.desk.change("main", name, { text }, options);
    assert.deepEqual([done.result, done.failure], ["saved", null]);
    const heir = `${text}[7](${name})\ntype = aor\n`;
    await assert.rejects(
      stage.desk.change("main", name, { text: heir }, { ...options, revision: done.revision }),
      refusal(mode === "file" ? "unsafe" : "invalid"),
    );
  }, `${TEXT}\n[+79990000000]\ntype = endpoint\nallow = ulaw\n`);

  const long = Array.from({ length: 70 }, (_, at) => `203.0.113.${at}/32`).join(",");
  test("a value that is longer than AMI takes may stay", async (stage) => {
    const done = await stage.edit((text) => text.replace("ulaw", "alaw"));
    assert.equal(done.result, "saved");
    const longer = stage.edit((text) => text.replace("alaw", `alaw\nset_var = V=${long}`));
    if (mode === "file") assert.equal((await longer).result, "saved");
    else await assert.rejects(longer, refusal("invalid"));
  }, `${TEXT}\n[777-id]\ntype = identify\nendpoint = 777-ep\nmatch = ${long}\n`);
}

Deno.test("conf desk (file): a name that cannot be written is shown as one, with the reason", () =>
  onStage("file", async ({ desk }) => {
    const view = await desk.view("main", "a|b", { masked: false });
    assert.equal(view.editable, false);
    assert.match(view.not_editable_reason ?? "", /^Its name has \|, which may mean more to Asterisk:/);
  }, `${TEXT}\n[a|b]\ntype = endpoint\nallow = ulaw\n`));

Deno.test("conf desk (file): a secret stays one however its option is written", () => {
  const text = TEXT.replace("password = ", "Password = ").replace("= 777\npass", "= 777\nRealm = here\npass")
    .replace("username = 777\n", "username = 777\nrealm = here\n");
  return onStage("file", async (stage) => {
    const canary = "canary-of-battery-7";
    const broken = await stage.edit((own) =>
      own.replace(/(Password = ).*/, `$1${canary}`).replace("here", "zzz")
    );
    assert.equal(broken.result, "rolled_back");
    const { items } = await stage.desk.versions("main", "777-ep", { limit: 9, masked: true });
    const told = JSON.stringify([broken.failure, broken.problems, items, await stage.audit(), stage.said]);
    assert.ok(!told.includes(canary), told);
    assert.ok(!told.includes("correct-horse"), told);
  }, text);
});

Deno.test("conf desk (file): a version's failure has no secrets for who may not see them", () =>
  onStage("file", async (stage) => {
    const done = await stage.edit((text) => text.replace("ulaw", "alaw"));
    await stage.database.query((sql) =>
      sql`update pjsip_versions set failure = 'it has "correct-horse-9"' where id = ${done.version}`
    );
    const failure = async (masked: boolean) =>
      (await stage.desk.versions("main", "777-ep", { limit: 1, masked })).items[0]!.failure;
    assert.deepEqual([await failure(true), await failure(false)], [
      'it has "••••••"',
      'it has "correct-horse-9"',
    ]);
  }));

Deno.test("conf desk (file): a form does not pretend to change what stands in another file", () =>
  onStage("file", async (stage) => {
    await Deno.writeTextFile(
      `${stage.folder}/auth.conf`,
      "[777]\ntype = auth\nusername = 777\npassword = long-enough-1\n",
    );
    stage.pbx.file.write(TEXT.replace(/\[777\]\ntype = auth[^]*$/, "#include auth.conf\n"));
    const { sections, revision } = await stage.desk.view("main", "777-ep", { masked: false });
    const options = { revision, why: "", dryRun: true, by: BY };
    const same = await stage.desk.change("main", "777-ep", { sections }, options);
    assert.deepEqual(same.problems.filter(({ severity }) => severity === "error"), []);
    const other = sections.map((one) => ({
      ...one,
      options: one.options.map((option) =>
        option.name === "password" ? { ...option, value: "long-enough-2" } : option
      ),
    }));
    for (const given of [other, sections.filter(({ type }) => type !== "auth")]) {
      const tried = await stage.desk.change("main", "777-ep", { sections: given }, options);
      assert.deepEqual(tried.problems.map(({ code, section }) => [code, section]), [["not_editable", "777"]]);
      assert.match(tried.problems[0]!.message, /stands in auth\.conf/);
    }
  }));

Deno.test("conf desk (file): a line that Asterisk skips comes back with its version, and is no bar to a change", () => {
  const text = TEXT.replace("allow = ulaw\n", "allow = ulaw\njunk line\nlanguage = ru\n");
  return onStage("file", async (stage) => {
    const kept = await stage.edit((own) => own.replace("ulaw", "alaw"));
    assert.deepEqual(kept.problems.map(({ severity, code }) => `${severity} ${code}`), ["warning syntax"]);
    await assert.rejects(stage.edit((own) => own.replace("junk line", "other junk")), refusal("invalid"));
    const { revision } = await stage.edit((own) => own.replace("junk line\n", ""));
    const back = await stage.desk.rollback("main", "777-ep", {
      version: (await stage.rows())[0]!.id,
      revision,
      why: "",
      dryRun: false,
      by: BY,
    });
    assert.deepEqual([back.result, stage.text()], ["saved", text]);
  }, text);
});

Deno.test("conf desk (file): a file that Asterisk cannot read for want of another is not changed", () =>
  onStage("file", async (stage) => {
    stage.pbx.file.write(`${TEXT}#include gone.conf\n`);
    const view = await stage.desk.view("main", "777-ep", { masked: false });
    assert.match(view.not_editable_reason ?? "", /takes nothing of the file while gone\.conf/);
    await assert.rejects(stage.edit((text) => text.replace("ulaw", "alaw")), refusal("not-editable"));
    // Where Asterisk may see another disk, nobody knows.
    stage.pbx.file.write(`${TEXT}#include /no/such/folder/gone.conf\n`);
    assert.equal((await stage.desk.view("main", "777-ep", { masked: false })).editable, true);
  }));
