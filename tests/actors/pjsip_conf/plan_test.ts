/**
 * @module
 * Whatever two endpoints make of each other's sections, every version of each can be brought back, the other keeps what
 * it uses, and the difference that is shown is the one that is written.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { LoadedConf } from "../../../actors/pjsip_conf/apply.ts";
import { type Category, readCategories, typeOf } from "../../../actors/pjsip_conf/categories.ts";
import { parseConf } from "../../../actors/pjsip_conf/document.ts";
import { findGroup } from "../../../actors/pjsip_conf/group.ts";
import type { ConfigAction } from "../../../actors/pjsip_conf/history.ts";
import { knownOptions } from "../../../actors/pjsip_conf/options.ts";
import { planChange } from "../../../actors/pjsip_conf/plan.ts";
import type { ConfSource } from "../../../actors/pjsip_conf/source.ts";
import { groupText } from "../../../actors/pjsip_conf/views.ts";

const NAMES = ["1", "2"] as const;
const TEMPLATES = "[t](!)\ntype=endpoint\nallow=ulaw\n[ta](!)\ntype=auth\n[tr](!)\ntype=aor\n\n";
const TEXT = TEMPLATES +
  NAMES.map((name) =>
    `[${name}](t)\naors=${name}\nauth=${name}\n\n[${name}](ta)\nusername=${name}\npassword=correct-horse-${name}\n\n` +
    `[${name}](tr)\nmax_contacts=1\n\n[i${name}]\ntype=identify\nendpoint=${name}\nmatch=192.0.2.${name}\n`
  ).join("\n");

const SOURCE = { kind: "file", obstacle: () => null } as unknown as ConfSource;
const KNOWN = knownOptions("22.10.1");

function load(text: string): LoadedConf {
  const main = { name: "pjsip.conf", document: parseConf(text), includes: new Map() };
  return { source: "file", main, categories: readCategories(main), revision: "r", notEditable: null };
}

function plan(conf: LoadedConf, name: string, action: ConfigAction, text: string) {
  const group = findGroup(conf.categories, name);
  return planChange({
    ...{ name, conf, group, source: SOURCE, known: KNOWN },
    wanted: { action, masked: false, text: () => text },
  });
}

/** One thing that somebody does to a text. */
const DEED = fc.oneof(
  fc.tuple(fc.constantFrom("aors", "auth"), fc.constantFrom("1", "2", "1,2")).map(
    ([option, value]) => (text: string) =>
      text.replace(new RegExp(`^${option}=.*$`, "m"), `${option}=${value}`),
  ),
  fc.tuple(fc.constantFrom("max_contacts", "password"), fc.integer({ min: 10, max: 40 })).map(
    ([option, value]) => (text: string) =>
      text.replace(
        new RegExp(`^${option}=.*$`, "m"),
        `${option}=${option === "password" ? "xyzzy-plugh-" : ""}${value}`,
      ),
  ),
  fc.nat(4).map((at) => (text: string) => text.split("\n\n").filter((_, index) => index !== at).join("\n\n")),
  fc.constantFrom("1", "2").map((name) => (text: string) => `${text}\n[${name}](tr)\nmax_contacts=7\n`),
);
const STEP = fc.record({
  name: fc.constantFrom(...NAMES),
  kind: fc.constantFrom("edit", "edit", "edit", "delete", "rollback", "rollback"),
  deeds: fc.array(DEED, { minLength: 1, maxLength: 3 }),
  version: fc.nat(20),
});

function linesOf({ name, template, inherits, lines }: Category): string[] {
  const own = lines.filter(({ inherited }) => !inherited).map((line) => `${line.name}=${line.value}`);
  return [`[${name}](${[...template ? ["!"] : [], ...inherits]})`.replace("()", ""), ...own];
}

/** Lines that there are more of in the one than in the other. */
function difference(a: string[], b: string[]): string[] {
  const rest = [...b];
  return a.filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  }).sort();
}

Deno.test("conf plan: any version comes back, nobody loses what they use, and the difference is what is written", () => {
  let [edits, rollbacks] = [0, 0];
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 2, maxLength: 10 }), (steps) => {
      let conf = load(TEXT);
      const versions: Record<string, string[]> = { 1: [], 2: [] };
      for (const name of NAMES) versions[name]!.push(groupText(conf, findGroup(conf.categories, name)!));
      for (const { name, kind, deeds, version } of steps) {
        const group = findGroup(conf.categories, name);
        const old = versions[name]!;
        if (group === null && kind !== "rollback") continue;
        const text = kind === "rollback"
          ? old[version % old.length]!
          : kind === "delete"
          ? ""
          : deeds.reduce((sent, deed) => deed(sent), groupText(conf, group!));
        if (kind === "edit" && text.trim() === "") continue;
        const { next, problems, diff, texts } = plan(conf, name, kind, text);
        const errors = problems.filter(({ severity }) => severity === "error");
        if (kind === "rollback") {
          rollbacks++;
          assert.deepEqual(errors, [], text);
        } else if (errors.length > 0) continue;
        else edits++;
        assert.ok(next !== null);
        const other = findGroup(conf.categories, name === "1" ? "2" : "1");
        for (const { category } of other?.members ?? []) {
          const now: Category | undefined = next.categories.all.find((one) =>
            one.name === category.name && !one.template && typeOf(one) === typeOf(category)
          );
          assert.ok(now !== undefined, `[${category.name}] ${typeOf(category)}`);
          if (kind === "rollback") assert.deepEqual(linesOf(now), linesOf(category));
        }
        const [was, is] = [conf, next].map(({ categories }) => categories.all.flatMap(linesOf)) as [
          string[],
          string[],
        ];
        const shown = (sign: string) =>
          diff.split("\n").filter((line) =>
            line.startsWith(sign) && line.trim() !== sign && !/^(---|\+\+\+) /.test(line)
          )
            .map((line) => line.slice(1));
        // A line that moves is in both.
        assert.deepEqual(difference(shown("+"), shown("-")), difference(is, was), diff);
        assert.deepEqual(difference(shown("-"), shown("+")), difference(was, is), diff);
        for (const { code } of problems) seen.add(code);
        if (kind === "rollback" && !problems.some(({ code }) => code === "section_kept")) {
          const [wanted, got] = [text, texts.after].map((one) => one.split(/\n+/).filter(Boolean).sort());
          assert.deepEqual(got, wanted);
        }
        old.push(texts.after);
        conf = next;
      }
    }),
    { numRuns: 600 },
  );
  for (const code of ["section_kept", "section_removed", "shared_section"]) assert.ok(seen.has(code), code);
  assert.ok(edits > 300 && rollbacks > 300, `${edits} ${rollbacks}`);
});
