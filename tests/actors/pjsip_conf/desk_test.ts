/**
 * @module
 * A change of configuration as a whole, over a file and over AMI: recorded, written, verified, taken back; nothing is
 * half done whatever fails on the way, and no secret leaves.
 */
import assert from "node:assert/strict";
import { DatabaseAway } from "../../../db/client.ts";
import { useEmbedded } from "../../db/ground.ts";
import { BY, type Mode, onStage as stageOn, refusal, SECRET, type Stage, TEXT } from "./desk_stage.ts";

const ground = useEmbedded();

function onStage(mode: Mode, play: (stage: Stage) => Promise<void>): Promise<void> {
  return stageOn(mode, { ground }, play);
}

for (const mode of ["file", "ami"] as const) {
  const test = (rule: string, play: (stage: Stage) => Promise<void>) =>
    Deno.test(`conf desk (${mode}): ${rule}`, () => onStage(mode, play));

  test("a change is recorded with who and why, written, loaded and verified", async (stage) => {
    const tried = await stage.edit((text) => text.replace("777\nallow", "777\ncontext = hall\nallow"), {
      dryRun: true,
    });
    assert.deepEqual([tried.result, tried.version, stage.text()], ["checked", null, TEXT]);
    assert.match(tried.diff, /^\+context = hall$/m);
    const done = await stage.edit((text) => text.replace("777\nallow", "777\ncontext = hall\nallow"));
    assert.deepEqual([done.result, done.failure], ["saved", null]);
    assert.deepEqual(stage.pbx.knows("777-ep")!.lines.at(-2), {
      name: "context",
      value: "hall",
      inherited: false,
    });
    const [found, edit, ...more] = await stage.rows();
    assert.deepEqual([found!.action, found!.text_before, more], ["found", "", []]);
    assert.deepEqual([edit!.id, edit!.action, edit!.why, edit!.user_name], [
      done.version,
      "edit",
      "a test",
      "admin",
    ]);
    assert.equal(edit!.text_before, found!.text_after);
    assert.deepEqual(await stage.audit(), ["endpoint_config.edited begun", "endpoint_config.edited ok"]);
    assert.ok(stage.said.includes("saved 777-ep"));
    const view = await stage.desk.view("main", "777-ep", { masked: false });
    assert.deepEqual([view.revision, view.text], [done.revision, edit!.text_after]);
  });

  test("a change that Asterisk does not take is taken back, by itself and in words", async (stage) => {
    const broken = await stage.edit((text) => text.replace("allow = ulaw", "allow = ulaw,nocodec"));
    assert.equal(broken.result, "rolled_back");
    assert.match(
      broken.failure ?? "",
      /did not take allow of \[777-ep\]: wanted "ulaw,nocodec", it has "\(ulaw\)"/,
    );
    assert.equal(stage.text(), TEXT);
    assert.equal(stage.pbx.knows("777-ep")!.lines.at(-1)!.value, "ulaw");
    const rows = await stage.rows();
    assert.deepEqual(rows.map(({ action, result }) => `${action} ${result}`), [
      "found saved",
      "edit rolled_back",
      "auto_rollback saved",
    ]);
    assert.deepEqual(await stage.audit(), [
      "endpoint_config.edited begun",
      `endpoint_config.taken_back ${broken.failure}`,
    ]);
    // What was taken back is not what the next change is compared with.
    await stage.edit((text) => text.replace("ulaw", "alaw"));
    assert.equal((await stage.rows()).filter(({ action }) => action === "found").length, 1);
  });

  test("a new endpoint that Asterisk does not take leaves nothing behind", async (stage) => {
    const text = "[999]\ntype = endpoint\nallow = ulaw\ncontext = zzz\n";
    const made = await stage.desk.create("main", "999", { text }, { why: "", dryRun: false, by: BY });
    const hint = mode === "file" ? "; is this the file that Asterisk reads?" : "";
    assert.deepEqual([made.result, made.failure], [
      "rolled_back",
      `Asterisk does not know the endpoint 999${hint}`,
    ]);
    assert.equal(stage.text(), TEXT);
  });

  test("any version is brought back with one call, also after a deletion", async (stage) => {
    const first = await stage.edit((text) => text.replace("ulaw", "alaw"));
    const second = await stage.edit((text) => text.replace("max_contacts = 1", "max_contacts = 3"));
    const options = { why: "", dryRun: false, by: BY };
    const [found] = await stage.rows();
    const back = await stage.desk.rollback("main", "777-ep", {
      ...options,
      version: found!.id,
      revision: second.revision,
    });
    assert.deepEqual([back.result, stage.text()], ["saved", TEXT]);
    const gone = await stage.desk.remove("main", "777-ep", { ...options, revision: back.revision });
    assert.deepEqual([gone.result, stage.pbx.knows("777-ep")], ["saved", undefined]);
    assert.ok(!stage.text().includes("777"));
    const again = await stage.desk.rollback("main", "777-ep", {
      ...options,
      version: first.version!,
      revision: "",
    });
    assert.equal(again.result, "saved");
    assert.equal(stage.pbx.knows("777-ep")!.lines.at(-1)!.value, "alaw");
    const { items, next } = await stage.desk.versions("main", "777-ep", { limit: 2, masked: true });
    assert.deepEqual(items.map(({ action }) => action), ["rollback", "delete"]);
    const rest = await stage.desk.versions("main", "777-ep", { limit: 9, before: next!, masked: true });
    assert.equal(items.length + rest.items.length, (await stage.rows()).length);
    assert.ok(!JSON.stringify([items, rest]).includes(SECRET));
  });

  test("what others changed meanwhile is neither overwritten nor lost from the history", async (stage) => {
    const view = await stage.desk.view("main", "777-ep", { masked: false });
    const options = { revision: view.revision, why: "", dryRun: false, by: BY };
    stage.pbx.file.write(TEXT.replace("ulaw", "g722"));
    await assert.rejects(
      stage.desk.change("main", "777-ep", { text: view.text }, options),
      refusal("conflict"),
    );
    assert.deepEqual(await stage.rows(), []);
    // Or at the last moment, after all was checked.
    stage.pbx.before = (action) => {
      if (action !== "PJSIPShowEndpoint" || ++looks < 3) return;
      stage.pbx.before = () => {};
      stage.pbx.file.write(TEXT.replace("ulaw", "gsm"));
    };
    let looks = -1;
    await assert.rejects(
      stage.edit((text) => text.replace("max_contacts = 1", "max_contacts = 2")),
      refusal("conflict"),
    );
    assert.ok(stage.text().includes("gsm"));
    // What was never written is no version, and the audit log says so.
    assert.deepEqual((await stage.rows()).map(({ action }) => action), ["found"]);
    assert.deepEqual(await stage.audit(), [
      "endpoint_config.edited begun",
      "endpoint_config.edited nothing was written: The configuration was changed meanwhile: look at it again",
    ]);
    await stage.edit((text) => text.replace("max_contacts = 1", "max_contacts = 2"));
    assert.deepEqual((await stage.rows()).map(({ action }) => action), ["found", "found", "edit"]);
  });

  test("with the link or the database down nothing is begun", async (stage) => {
    const view = await stage.desk.view("main", "777-ep", { masked: false });
    const change = () =>
      stage.desk.change("main", "777-ep", { text: view.text.replace("ulaw", "alaw") }, {
        revision: view.revision,
        why: "",
        dryRun: false,
        by: BY,
      });
    stage.pbx.up = false;
    await assert.rejects(change(), refusal("link-down"));
    stage.pbx.up = true;
    stage.database.away = true;
    await assert.rejects(change(), DatabaseAway);
    stage.database.away = false;
    assert.deepEqual([stage.text(), await stage.rows(), await stage.audit()], [TEXT, [], []]);
  });

  test("when the link drops before it is verified, nothing is called verified", async (stage) => {
    stage.pbx.trouble = { dropAt: { action: "Reload", done: true } };
    const cut = await stage.edit((text) => text.replace("ulaw", "alaw"));
    assert.match(cut.failure ?? "", /could not be verified/);
    assert.equal(cut.result, mode === "file" ? "rolled_back" : "saved");
    assert.equal(stage.text() === TEXT, mode === "file");
    assert.equal((await stage.rows()).find(({ action }) => action === "edit")!.failure, cut.failure);
    // What Asterisk loaded is made good when the link is back.
    stage.pbx.up = true;
    await stage.desk.linkUp("main");
    assert.equal(stage.pbx.knows("777-ep")!.lines.at(-1)!.value, mode === "file" ? "ulaw" : "alaw");
    stage.pbx.done.length = 0;
    await stage.desk.linkUp("main");
    assert.deepEqual(stage.pbx.done, []);
  });

  test("when the database goes away on the way, what became of it is logged and noted before the next change", async (stage) => {
    stage.pbx.before = (action) => void (stage.database.away ||= action === "Reload");
    const broken = await stage.edit((text) => text.replace("ulaw", "nocodec"));
    assert.deepEqual([broken.result, stage.text()], ["rolled_back", TEXT]);
    assert.ok(stage.said.some((line) => line.includes("could not be recorded yet")));
    stage.pbx.before = () => {};
    stage.database.away = false;
    await stage.edit((text) => text.replace("ulaw", "alaw"));
    const rows = await stage.rows();
    assert.deepEqual(rows.map(({ action, result }) => `${action} ${result}`), [
      "found saved",
      "edit rolled_back",
      "auto_rollback saved",
      "edit saved",
    ]);
  });

  test("only admins see secrets", async ({ desk }) => {
    const view = await desk.view("main", "777-ep", { masked: true });
    assert.ok(!JSON.stringify(view).includes(SECRET));
    assert.ok(JSON.stringify(await desk.view("main", "777-ep", { masked: false })).includes(SECRET));
  });

  test("what is not valid, unsafe or not there is refused with the reason, and tried without harm", async (stage) => {
    await assert.rejects(stage.edit((text) => text.replace("aors", "aor")), refusal("invalid"));
    await assert.rejects(stage.edit((text) => `${text}\n#include /etc/passwd\n`), refusal("unsafe"));
    const tried = await stage.edit((text) => `${text}\n#include /etc/passwd\n`, { dryRun: true });
    assert.deepEqual([tried.result, tried.problems[0]?.code], ["checked", "unsafe"]);
    await assert.rejects(stage.edit(() => ""), refusal("invalid"));
    const options = { why: "", dryRun: false, by: BY };
    await assert.rejects(stage.desk.create("main", "777-ep", { text: "" }, options), refusal("exists"));
    await assert.rejects(stage.desk.create("main", "x](!)", { text: "" }, options), refusal("unsafe"));
    for (const password of ["a\r\n[x]", "long-enough-9\r\ncontext=evil", "a\n#include x"]) {
      const values = { password };
      const made = stage.desk.create("main", "900", { template: "phone", values }, options);
      await assert.rejects(made, refusal("unsafe"));
    }
    await assert.rejects(stage.desk.view("main", "nobody", { masked: false }), refusal("not-found"));
    await assert.rejects(
      stage.desk.remove("main", "base", {
        ...options,
        revision: (await stage.desk.view("main", "base", { masked: false })).revision,
      }),
      refusal("invalid"),
    );
    assert.deepEqual([stage.text(), await stage.rows()], [TEXT, []]);
  });

  test("changes of one PBX go one after another", async (stage) => {
    const view = await stage.desk.view("main", "777-ep", { masked: false });
    const options = { revision: view.revision, why: "", dryRun: false, by: BY };
    const results = await Promise.allSettled(
      ["alaw", "g722", "gsm"].map((codec) =>
        stage.desk.change("main", "777-ep", { text: view.text.replace("ulaw", codec) }, options)
      ),
    );
    assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "rejected"]);
    assert.equal(stage.pbx.knows("777-ep")!.lines.at(-1)!.value, "alaw");
  });

  test("what it made from a template is what its form shows", async (stage) => {
    const { creatable, templates, editable } = await stage.desk.templates("main");
    assert.deepEqual([creatable.map(({ id }) => id), editable], [["phone", "panel", "trunk"], true]);
    assert.deepEqual(templates, [{ name: "base", type: "endpoint", used_by: ["777-ep"] }]);
    const values = { password: "another-horse-9", context: "internal" };
    const options = { why: "", dryRun: false, by: BY };
    const made = await stage.desk.create("main", "778-ep", { template: "panel", values }, options);
    assert.deepEqual([made.result, made.failure], ["saved", null]);
    assert.deepEqual(made.problems.map(({ severity, code, message }) => `${severity} ${code}: ${message}`), [
      "warning phone_settings: In the phone: user 778-ep, authentication user 778-ep, and the password.",
    ]);
    const view = await stage.desk.view("main", "778-ep", { masked: false });
    const sent = await stage.desk.change("main", "778-ep", { sections: view.sections }, {
      ...options,
      revision: view.revision,
    });
    assert.deepEqual([sent.diff, sent.version], ["", null]);
  });
}

Deno.test("conf desk (ami): an answer that does not come is looked after, and half of a change is taken back", () =>
  onStage("ami", async (stage) => {
    const comesBack = () => {
      stage.pbx.before = (action) => {
        if (action.startsWith("GetConfig")) stage.pbx.up = true;
      };
    };
    comesBack();
    stage.pbx.trouble = { dropAt: { action: "UpdateConfig", done: true } };
    const done = await stage.edit((text) => text.replace("ulaw", "alaw"));
    assert.deepEqual([done.result, done.failure], ["saved", null]);
    stage.pbx.trouble = { dropAt: { action: "UpdateConfig", done: false } };
    await assert.rejects(stage.edit((text) => text.replace("alaw", "gsm")), refusal("link-down"));
    assert.deepEqual((await stage.rows()).map(({ action }) => action), ["found", "edit"]);
    stage.pbx.before = () => {};
    const before = stage.text();
    // More than one action takes: the second is refused.
    let updates = 0;
    stage.pbx.before = (action) => {
      if (action === "UpdateConfig" && ++updates === 2) {
        stage.pbx.trouble = { refuse: { action, reason: "Save of config failed" } };
      }
    };
    const many = Array.from({ length: 60 }, (_, at) => `set_var = V${at}=1`).join("\n");
    const half = await stage.edit((text) => text.replace("allow = alaw", `allow = alaw\n${many}`));
    assert.equal(half.result, "rolled_back");
    assert.match(half.failure ?? "", /^only a part of it was written: .*Save of config failed/);
    assert.ok(updates > 2);
    assert.equal(stage.text(), before);
  }));

Deno.test("conf desk (ami): an account without the right to write can look, and is told what it lacks", () =>
  onStage("ami", async (stage) => {
    stage.pbx.rights.clear();
    const view = await stage.desk.view("main", "777-ep", { masked: false });
    assert.equal(view.editable, false);
    assert.match(view.not_editable_reason ?? "", /add "config" to its write classes/);
    await assert.rejects(stage.edit((text) => text.replace("ulaw", "alaw")), refusal("not-editable"));
  }));

Deno.test("conf desk (ami): where UpdateConfig would drop a line of others, it is not used", () =>
  onStage("ami", async (stage) => {
    stage.pbx.file.write(
      `${TEXT}\n[b2](!)\ntype=endpoint\ndisallow=all\nallow=ulaw\n[900](b2)\ndisallow=all\nallow=alaw\n`,
    );
    const view = await stage.desk.view("main", "777-ep", { masked: false });
    assert.match(view.not_editable_reason ?? "", /drop disallow of \[900\]/);
  }));

Deno.test("conf desk (ami): comments cannot be written, and that is said", () =>
  onStage("ami", async (stage) => {
    const done = await stage.edit((text) => text.replace("allow", "; about\nlanguage = ru\nallow"));
    assert.deepEqual(done.problems.map(({ code }) => code), ["comments_not_kept"]);
    assert.ok(!(await stage.rows()).at(-1)!.text_after.includes("about"));
  }));

Deno.test("conf desk (file): what an endpoint shares with others is marked, stays when it goes, and cannot be torn away", () =>
  onStage("file", async (stage) => {
    stage.pbx.file.write(`${TEXT}\n[900]\ntype = endpoint\naors = 777\nallow = ulaw\n`);
    await stage.pbx.action("main", "Reload");
    const view = await stage.desk.view("main", "777-ep", { masked: false });
    assert.deepEqual(view.sections.map(({ used_by }) => used_by), [[], ["900"], []]);
    const options = { revision: view.revision, why: "", dryRun: false, by: BY };
    const text = view.text.replace("[777]\ntype = aor\nmax_contacts = 1\n", "");
    await assert.rejects(stage.desk.change("main", "777-ep", { text }, options), refusal("invalid"));
    const gone = await stage.desk.remove("main", "777-ep", options);
    assert.equal(gone.result, "saved");
    assert.match(stage.text(), /\[777\]\ntype = aor/);
    assert.ok(!stage.text().includes("type = auth"));
    const [found] = await stage.rows();
    const back = await stage.desk.rollback("main", "777-ep", {
      ...options,
      version: found!.id,
      revision: "",
    });
    assert.deepEqual([back.result, back.failure], ["saved", null]);
    assert.equal(stage.text().match(/type = aor/g)?.length, 1);
  }));

Deno.test("conf desk (file): what is added elsewhere in the file is changed as text, and not by a form", () =>
  onStage("file", async (stage) => {
    const text = `${TEXT}\n; later\n[777-ep](+)\ndtmf_mode = info\n`;
    stage.pbx.file.write(text);
    const view = await stage.desk.view("main", "777-ep", { masked: false });
    const options = { revision: view.revision, why: "", dryRun: false, by: BY };
    const form = stage.desk.change("main", "777-ep", { sections: view.sections }, options);
    await assert.rejects(form, refusal("invalid"));
    const done = await stage.edit((own) => own.replace("info", "auto"));
    assert.deepEqual([done.result, stage.text()], ["saved", text.replace("info", "auto")]);
  }));

Deno.test("conf desk (file): a template's change tells of every endpoint that inherits it", () =>
  onStage("file", async (stage) => {
    const { text, revision } = await stage.desk.view("main", "base", { masked: false });
    const options = { revision, why: "", dryRun: false, by: BY };
    const bad = await stage.desk.change("main", "base", { text: text.replace("internal", "zzz") }, options);
    assert.deepEqual([bad.result, stage.text()], ["rolled_back", TEXT]);
    const good = await stage.desk.change("main", "base", { text: text.replace("internal", "hall") }, options);
    assert.deepEqual([good.result, good.failure], ["saved", null]);
    assert.ok(stage.said.includes("saved base") && stage.said.includes("saved 777-ep"));
  }));

Deno.test("conf desk (file): a file that cannot be changed is told once, with its path, at the start", () =>
  onStage("file", async (stage) => {
    await stage.desk.check();
    await stage.desk.linkUp("main");
    assert.equal(stage.said.length, 0);
    const path = `${stage.folder}/pjsip.conf`;
    await Deno.remove(path);
    const desk = stage.restart();
    await desk.check();
    await desk.linkUp("main");
    await Deno.mkdir(path);
    await stage.restart().linkUp("main");
    const told = stage.said.filter((line) => line.includes("DOORLINE_PJSIP_CONF"));
    assert.equal(told.length, 2, stage.said.join("\n"));
    assert.ok(told.every((line) => line.includes(path)));
    assert.match(told[0]!, /there is no such file/);
    assert.match(told[1]!, /no regular file/);
  }));
