/**
 * @module
 * UpdateConfig's actions make exactly the configuration that is wanted, by a model of what Asterisk does with them.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CannotPlan, lostLine, planUpdate, type UpdateAction } from "../../../actors/pjsip_conf/ami_plan.ts";
import { type Categories, readCategories } from "../../../actors/pjsip_conf/categories.ts";
import { parseConf } from "../../../actors/pjsip_conf/document.ts";
import { BASE, CONF_FILE } from "./conf_files.ts";
import { updateConfig } from "./fake_pbx.ts";

function read(text: string): Categories {
  return readCategories({ name: "pjsip.conf", document: parseConf(text), includes: new Map() });
}

function fieldsOf(actions: UpdateAction[]): Record<string, string> {
  return Object.fromEntries(
    actions.flatMap((action, at) =>
      Object.entries(action).map(([part, value]) => [`${part}-${String(at).padStart(6, "0")}`, value])
    ),
  );
}

function shape({ all }: Categories): string {
  return all.map(({ name, template, inherits, lines }) =>
    [`[${name}](${template ? "!" : ""}${inherits})`, ...lines.map((line) => `${line.name}=${line.value}`)]
      .join("\n")
  ).join("\n\n");
}

Deno.test("ami plan: its actions make of any configuration any other", () => {
  let planned = 0;
  fc.assert(
    fc.property(CONF_FILE, CONF_FILE, (one, other) => {
      const [before, after] = [read(one), read(other)];
      fc.pre(lostLine(before) === null && lostLine(after) === null);
      // The model writes a file, which then lacks what is in the template too.
      const text = updateConfig(one, {});
      const wanted = updateConfig(other, {});
      const actions = planUpdate(read(text), read(wanted));
      planned += actions.length;
      const made = read(updateConfig(text, fieldsOf(actions)));
      assert.deepEqual(shape(made).split("\n\n").sort(), shape(read(wanted)).split("\n\n").sort());
      if (shape(read(text)) === shape(read(wanted))) assert.deepEqual(actions, []);
    }),
    { numRuns: 600 },
  );
  assert.ok(planned > 500, "most pairs differ");
});

function plan(one: string, other: string): string[] {
  return planUpdate(read(one), read(other)).map((action) =>
    Object.entries(action).map(([part, value]) => part === "Action" ? value : `${part}=${value}`).join(" ")
  );
}

Deno.test("ami plan: one value is one update, which keeps the comment above", () => {
  const text = "[777](base)\naors=777\nlanguage=en\n[777]\ntype=aor\nmax_contacts=1\n";
  assert.deepEqual(plan(BASE + text, BASE + text.replace("en", "ru")), [
    'Update Cat=777 Options=catfilter="^type$=^endpoint$" Var=language Value=ru Match=en',
  ]);
});

Deno.test("ami plan: a new section is made under a name of its own, so that no other of its name changes", () => {
  const text = `${BASE}[777]\ntype=aor\n`;
  assert.deepEqual(plan(text, `${text}[777]\ntype=auth\nusername=777\n`), [
    "NewCat Cat=doorline-new-3 Options=allowdups",
    "Append Cat=doorline-new-3 Var=type Value=auth",
    "Append Cat=doorline-new-3 Var=username Value=777",
    "RenameCat Cat=doorline-new-3 Value=777",
  ]);
});

Deno.test("ami plan: lines of one section are numbered with those that it inherits", () => {
  const text = `${BASE}[777](base)\naors=777\nallow=ulaw\nallow=alaw\n`;
  assert.deepEqual(plan(text, text.replace("allow=ulaw\n", "")), ["Delete Cat=777 Line=3"]);
  assert.deepEqual(plan(text, text.replace("allow=ulaw", "allow=g722\nallow=ulaw")), [
    "Insert Var=allow Value=g722 Cat=777 Line=3",
  ]);
});

Deno.test("ami plan: refuses what UpdateConfig has no way to do", () => {
  const heirs = "[t](!)\ntype=aor\n[base](!)\ntype=endpoint\n[777](base)\naors=777\n";
  assert.throws(() => plan(heirs, heirs.replace("[base](!)", "[base](!,t)")), CannotPlan);
  const twins = "[a]\nx=1\n[a]\ny=1\n";
  assert.throws(() => plan(twins, "[a]\nx=2\n[a]\ny=1\n"), /tell the sections/);
});

Deno.test("ami plan: sees where UpdateConfig would drop a line that matters", () => {
  const base = "[b](!)\ntype=endpoint\ndisallow=all\nallow=ulaw\n";
  assert.deepEqual(lostLine(read(`${base}[a](b)\ndisallow=all\nallow=alaw\n`)), {
    section: "a",
    option: "disallow",
  });
  assert.equal(lostLine(read(`${base}[a](b)\ndisallow=all\nallow=ulaw\n`)), null);
  assert.equal(lostLine(read(`${base}[a](b)\nallow=alaw\ntype=endpoint\n`)), null);
  assert.equal(lostLine(read("[b](!)\ncontext=x\n[a](b)\ncontext=y\ncontext=x\n"))?.option, "context");
});
