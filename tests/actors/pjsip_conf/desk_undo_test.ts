/**
 * @module
 * Whatever was changed can be taken back: sections that nobody names any more go with the change, those of others stay,
 * and what the difference shows is what is written.
 */
import assert from "node:assert/strict";
import type { ConfigDesk } from "../../../actors/pjsip_conf/desk.ts";
import { useEmbedded } from "../../db/ground.ts";
import { BY, type Mode, onStage, refusal, type Stage } from "./desk_stage.ts";

const ground = useEmbedded();
const OPTIONS = { why: "", dryRun: false, by: BY };

/** Phones whose sections have their types from templates. */
const PHONES = `[phone](!)
type = endpoint
allow = ulaw

[phone-auth](!)
type = auth
auth_type = userpass

[phone-aor](!)
type = aor
max_contacts = 2

${
  ["150", "151"].map((number) =>
    `[${number}-ep](phone)
aors = ${number}
auth = ${number}

[${number}](phone-auth)
username = ${number}
password = correct-horse-9

[${number}](phone-aor)
qualify_frequency = 2
`
  ).join("\n")
}`;

async function edit(desk: ConfigDesk, change: (text: string) => string, name = "150-ep") {
  const { text, revision } = await desk.view("main", name, { masked: false });
  return await desk.change("main", name, { text: change(text) }, { ...OPTIONS, revision });
}

async function rollback(stage: Stage, version: string, name = "150-ep") {
  const revision = await stage.desk.view("main", name, { masked: false }).then(
    (view) => view.revision,
    () => "",
  );
  const given = { ...OPTIONS, version, revision };
  const tried = await stage.desk.rollback("main", name, { ...given, dryRun: true });
  const done = await stage.desk.rollback("main", name, given);
  assert.deepEqual([tried.diff, done.result, done.failure], [done.diff, "saved", null]);
  return done;
}

async function foundVersion({ rows }: Stage): Promise<string> {
  return (await rows()).find(({ action }) => action === "found")!.id;
}

function lines(diff: string): string[] {
  return diff.split("\n").filter((line) => /^[+-](?![+-])/.test(line));
}

/** Sections with their own options, in any order. */
function sections(text: string): string[] {
  return text.trim().split(/\n\n+/).sort();
}

for (const mode of ["file", "ami"] as const satisfies readonly Mode[]) {
  const test = (rule: string, play: (stage: Stage) => Promise<void>, text = PHONES) =>
    Deno.test(`conf desk (${mode}): ${rule}`, () => onStage(mode, { ground, text }, play));

  test("a section that the text names no more goes, is shown to go, and comes back", async (stage) => {
    const done = await edit(stage.desk, (text) => text.replace("aors = 150", "aors = 151"));
    assert.deepEqual([done.result, done.failure], ["saved", null]);
    assert.deepEqual(lines(done.diff), [
      "-aors = 150",
      "+aors = 151",
      "-",
      "-[150](phone-aor)",
      "-qualify_frequency = 2",
    ]);
    assert.deepEqual(done.problems.map(({ severity, code, message }) => `${severity} ${code}: ${message}`), [
      "warning section_removed: [150] of type aor is removed: nothing in 150-ep names it any more.",
      "warning shared_section: [151] of type aor is used by 151-ep too.",
    ]);
    assert.deepEqual(
      sections(stage.text()),
      sections(
        PHONES.replace("\n[150](phone-aor)\nqualify_frequency = 2\n", "").replace("aors = 150", "aors = 151"),
      ),
    );
    const back = await rollback(stage, await foundVersion(stage));
    assert.deepEqual(lines(back.diff).filter((line) => line.includes("151")), ["-aors = 151"]);
    assert.deepEqual(sections(stage.text()), sections(PHONES));
    assert.deepEqual(back.problems.map(({ code }) => code), ["section_kept"]);
    // Forth again: what was written then names what is of others, and leaves it alone.
    await rollback(stage, done.version!);
    assert.equal(stage.text().match(/\[151\]/g)?.length, 2);
    await rollback(stage, await foundVersion(stage));
    assert.deepEqual(sections(stage.text()), sections(PHONES));
  });

  const orphaned = PHONES.replace("aors = 150", "aors = 151");
  test("a section that nobody uses is taken over by who names it again", async (stage) => {
    const text = stage.text();
    stage.pbx.file.write(PHONES);
    const { version } = await edit(stage.desk, (own) =>
      own.replace(
        "username = 150",
        "username = 150\nrealm = here",
      ));
    stage.pbx.file.write(text);
    await stage.pbx.action("main", "Reload");
    const by = await edit(
      stage.desk,
      (own) =>
        `${
          own.replace("aors = 151", "aors = 150").replace(/\n\[151\][^]*$/, "")
        }\n[150](phone-aor)\nqualify_frequency = 9\n`,
    );
    assert.deepEqual([by.result, by.failure], ["saved", null]);
    assert.ok(lines(by.diff).includes("-qualify_frequency = 2"), by.diff);
    assert.deepEqual(
      sections(stage.text()),
      sections(PHONES.replace("qualify_frequency = 2", "qualify_frequency = 9")),
    );
    stage.pbx.file.write(text);
    await stage.pbx.action("main", "Reload");
    await rollback(stage, version!);
    assert.deepEqual(
      sections(stage.text()),
      sections(PHONES.replace("= 150\npass", "= 150\nrealm = here\npass")),
    );
  }, orphaned);

  test("what was given up for that of another comes back, and the other's stays", async (stage) => {
    const values = { password: "another-horse-9", context: "internal" };
    const made = await stage.desk.create("main", "181", { template: "phone", values }, OPTIONS);
    const whole = stage.text();
    const done = await edit(
      stage.desk,
      (text) => text.replace("aors = 181", "aors = 150").replace(/\n\[181\]\ntype = aor\n([a-z].*\n)*/, ""),
      "181",
    );
    assert.deepEqual([done.result, done.failure], ["saved", null]);
    assert.equal(stage.text().match(/^\[181\]/gm)?.length, 2);
    assert.deepEqual(done.problems.map(({ code }) => code), ["shared_section"]);
    await rollback(stage, made.version!, "181");
    assert.deepEqual(sections(stage.text()), sections(whole));
    // By hand too.
    await edit(stage.desk, (text) => text.replace("aors = 181", "aors = 150"), "181");
    const aor = "[181]\ntype = aor\nmax_contacts = 1\n";
    const hand = await edit(
      stage.desk,
      (text) => `${text.replace("aors = 150", "aors = 181")}\n${aor}`,
      "181",
    );
    assert.deepEqual(hand.problems.map(({ code, message }) => [code, message]), [[
      "section_kept",
      "[150] of type aor stays as it is: 150-ep uses it.",
    ]]);
    assert.ok(sections(stage.text()).includes(aor.trim()));
    assert.equal(stage.text().match(/\[150\]/g)?.length, 2);
  });

  test("what others use by now is not brought back to what it was", async (stage) => {
    const first = await edit(
      stage.desk,
      (text) => text.replace("qualify_frequency = 2", "qualify_frequency = 7"),
    );
    await edit(stage.desk, (text) => text.replace("qualify_frequency = 7", "qualify_frequency = 8"));
    await edit(stage.desk, (text) => text.replace("aors = 151", "aors = 150"), "151-ep");
    const shared = await edit(
      stage.desk,
      (text) => text.replace("qualify_frequency = 8", "qualify_frequency = 9"),
    );
    assert.deepEqual(shared.problems.map(({ code, message }) => [code, message]), [[
      "shared_section",
      "[150] of type aor is changed for 151-ep too.",
    ]]);
    const back = await stage.desk.rollback("main", "150-ep", {
      ...OPTIONS,
      version: first.version!,
      revision: shared.revision,
    });
    assert.deepEqual([back.diff, back.problems.map(({ code }) => code)], ["", ["section_kept"]]);
    assert.match(stage.text(), /qualify_frequency = 9/);
  });

  test("a version whose references are gone may come back", async (stage) => {
    stage.pbx.file.write(PHONES.replace("[150-ep]", "[udp]\ntype = transport\n\n[150-ep]"));
    await stage.pbx.action("main", "Reload");
    const done = await edit(stage.desk, (text) => text.replace("auth = 150", "auth = 150\ntransport = udp"));
    assert.equal(done.result, "saved");
    await edit(stage.desk, (text) => text.replace("transport = udp\n", ""));
    stage.pbx.file.write(stage.text().replace(/\[udp\]\ntype ?= ?transport\n\n?/, ""));
    const tried = await stage.desk.rollback("main", "150-ep", {
      ...OPTIONS,
      dryRun: true,
      version: done.version!,
      revision: (await stage.desk.view("main", "150-ep", { masked: false })).revision,
    });
    assert.deepEqual(tried.problems.map(({ severity, code }) => `${severity} ${code}`), [
      "warning missing_reference",
    ]);
  });

  test("what names nothing is told by its type, also where that is a template's", async (stage) => {
    const text = "[170](phone)\n\n[170](phone-aor)\nmax_contacts = 1\n";
    await assert.rejects(stage.desk.create("main", "170", { text }, OPTIONS), refusal("invalid"));
    const tried = await stage.desk.create("main", "170", { text }, { ...OPTIONS, dryRun: true });
    assert.ok(tried.problems.some(({ code, line }) => code === "foreign_section" && line === 3));
  });
}
