/**
 * @module
 * Sections are put into a file and nothing else changes; a value is a value whatever is in it.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  applyText,
  type LoadedConf,
  ownBlocks,
  textOf,
  textProblems,
} from "../../../actors/pjsip_conf/apply.ts";
import { readCategories } from "../../../actors/pjsip_conf/categories.ts";
import { parseConf } from "../../../actors/pjsip_conf/document.ts";
import { formProblems, formText, type SectionInput } from "../../../actors/pjsip_conf/form.ts";
import { findGroup } from "../../../actors/pjsip_conf/group.ts";
import { ConfigRefused } from "../../../actors/pjsip_conf/refusal.ts";
import { groupText } from "../../../actors/pjsip_conf/views.ts";

const TEXT = `; of all
[udp]
type=transport ; not ours

[phone](!)
type=endpoint
context=internal

; Ivan
[777-ep](phone)
aors = 777   ; his phone
auth=777
; about codecs
disallow=all
allow=ulaw

; between

[888-ep](phone)
aors=888
[777]
type=aor
max_contacts=1

[777]
type=auth
username=777
password=a\\;b
[888]
type=aor
; the end
`;

function load(text: string): LoadedConf {
  const main = { name: "pjsip.conf", document: parseConf(text), includes: new Map() };
  return { source: "file", main, categories: readCategories(main), revision: "r", notEditable: null };
}

function sectionsOf(conf: LoadedConf, name: string): SectionInput[] {
  return findGroup(conf.categories, name)!.members.map(({ category }) => ({
    name: category.name,
    template: category.template,
    inherits: category.inherits,
    options: category.lines.filter(({ inherited }) => !inherited),
  }));
}

/** The file after a form was sent. */
function sent(text: string, name: string, change: (sections: SectionInput[]) => SectionInput[]): string {
  const conf = load(text);
  const group = findGroup(conf.categories, name)!;
  const sections = change(sectionsOf(conf, name));
  assert.deepEqual(formProblems(sections), []);
  return textOf(applyText(conf, group, formText(sections, conf.main.document, ownBlocks(conf, group))));
}

function set(type: string, option: string, value: string) {
  return (sections: SectionInput[]) =>
    sections.map((section) => {
      const isMeant = section.options.some((one) => one.name === "type" && one.value === type) ||
        type === "endpoint" && section.name.endsWith("-ep");
      if (!isMeant) return section;
      const has = section.options.some(({ name }) => name === option);
      return {
        ...section,
        options: has
          ? section.options.map((one) => one.name === option ? { name: option, value } : one)
          : [...section.options, { name: option, value }],
      };
    });
}

Deno.test("conf apply: a form that changes nothing leaves every byte", () => {
  assert.equal(sent(TEXT, "777-ep", (sections) => sections), TEXT);
  assert.equal(
    sent(TEXT.replaceAll("\n", "\r\n"), "777-ep", (sections) => sections),
    TEXT.replaceAll("\n", "\r\n"),
  );
});

Deno.test("conf apply: a changed value keeps its line's manner and comment", () => {
  const now = sent(TEXT, "777-ep", set("endpoint", "aors", "777,778"));
  assert.equal(now, TEXT.replace("aors = 777   ; his", "aors = 777,778   ; his"));
  assert.equal(sent(TEXT, "777-ep", set("auth", "password", "x;y")), TEXT.replace("a\\;b", "x\\;y"));
});

Deno.test("conf apply: an option that is added follows the last one, written as its neighbours", () => {
  const now = sent(TEXT, "777-ep", set("auth", "realm", "home"));
  assert.equal(now, TEXT.replace("password=a\\;b\n", "password=a\\;b\nrealm=home\n"));
});

Deno.test("conf apply: an option that is taken away takes no comment along", () => {
  const now = sent(TEXT, "777-ep", (sections) =>
    sections.map((section) => ({
      ...section,
      options: section.options.filter(({ name }) => name !== "disallow"),
    })));
  assert.equal(now, TEXT.replace("disallow=all\n", ""));
});

Deno.test("conf apply: a section's text goes back to where it stood, and new ones behind", () => {
  const conf = load(TEXT);
  const group = findGroup(conf.categories, "777-ep")!;
  const text = groupText(conf, group);
  assert.equal(text.split("\n\n").length, 3);
  assert.equal(textOf(applyText(conf, group, text)), TEXT);
  const more = textOf(
    applyText(conf, group, `${text}\n[x]\ntype=identify\nendpoint=777-ep\nmatch=192.0.2.1\n`),
  );
  assert.equal(
    more,
    TEXT.replace("a\\;b\n[888]", "a\\;b\n\n[x]\ntype=identify\nendpoint=777-ep\nmatch=192.0.2.1\n\n[888]"),
  );
  const made = textOf(applyText(conf, null, "[999]\ntype=endpoint\n"));
  assert.equal(made, `${TEXT}\n[999]\ntype=endpoint\n`);
});

Deno.test("conf apply: a template that comes with an endpoint goes above it", () => {
  const conf = load(TEXT);
  const group = findGroup(conf.categories, "777-ep")!;
  const text = `[yard](!)\ntype=endpoint\n\n${groupText(conf, group).replace("(phone)", "(yard)")}`;
  const next = applyText(conf, group, text);
  assert.deepEqual(next.categories.broken, []);
  assert.deepEqual(findGroup(next.categories, "777-ep")!.templates.map(({ name }) => name), ["yard"]);
});

Deno.test("conf apply: deleting takes the sections and their comments, and leaves what stands between", () => {
  const conf = load(TEXT);
  const now = textOf(applyText(conf, findGroup(conf.categories, "777-ep"), ""));
  assert.equal(
    now,
    "; of all\n[udp]\ntype=transport ; not ours\n\n[phone](!)\ntype=endpoint\ncontext=internal\n\n; between\n\n" +
      "[888-ep](phone)\naors=888\n[888]\ntype=aor\n; the end\n",
  );
});

Deno.test("conf apply: what adds to a section of others is refused", () => {
  const conf = load(TEXT);
  const group = findGroup(conf.categories, "777-ep")!;
  const text = groupText(conf, group);
  for (
    const more of [
      "[888](+)\nmax_contacts=9\n",
      "[udp](+)\nbind=0.0.0.0\n",
      "[phone](+TEMPLATES=restrict)\nallow=all\n",
    ]
  ) {
    assert.throws(
      () => applyText(conf, group, `${text}\n${more}`),
      (error: ConfigRefused) => error.kind === "unsafe",
    );
  }
});

/** Values and names that try. */
const EVIL = fc.array(
  fc.constantFrom(
    ..."\r \n \r\n \0 ; ;-- --; \\ \\; [ ] [x] ( ) (!) (+) # #include #exec = => += > , x=1 type=aor a b"
      .split(" "),
    " ",
  ),
  { minLength: 1, maxLength: 8 },
).map((parts) => parts.join(""));

function counted(text: string): unknown {
  return load(text).categories.all.map(({ name, template, inherits, lines }) => [
    name,
    template,
    inherits,
    lines.map((line) => line.name),
  ]);
}

Deno.test("conf apply: no value makes another option or section, by form", () => {
  const base = sent(TEXT, "777-ep", set("endpoint", "callerid_tag", "plain"));
  let written = 0;
  fc.assert(
    fc.property(fc.oneof(EVIL, fc.string({ unit: "binary" })), (value) => {
      const conf = load(base);
      const group = findGroup(conf.categories, "777-ep")!;
      const sections = set("endpoint", "callerid_tag", value)(sectionsOf(conf, "777-ep"));
      if (formProblems(sections).length > 0) return;
      const text = formText(sections, conf.main.document, ownBlocks(conf, group));
      assert.deepEqual(textProblems(text), []);
      const now = textOf(applyText(conf, group, text));
      written++;
      assert.deepEqual(counted(now), counted(base));
      const read = load(now).categories.all.find(({ name }) => name === "777-ep")!;
      assert.equal(read.lines.find(({ name }) => name === "callerid_tag")?.value, value);
    }),
    { numRuns: 2000 },
  );
  assert.ok(written > 200, `${written} were written`);
});

Deno.test("conf apply: no name of an option or section becomes more than a name, by form", () => {
  fc.assert(
    fc.property(EVIL, EVIL, (name, option) => {
      const sections = [{ name, options: [{ name: option, value: "1" }] }];
      if (formProblems(sections).length > 0) return;
      const [block, ...more] = parseConf(formText(sections, parseConf(""), [])).blocks;
      assert.equal(more.length, 0);
      assert.deepEqual([block?.name, block?.template, block?.inherits, block?.options.length], [
        name,
        false,
        [],
        1,
      ]);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("conf apply: no text changes anything but the endpoint's own sections", () => {
  const conf = load(TEXT);
  const group = findGroup(conf.categories, "777-ep")!;
  const own = groupText(conf, group).split("\n");
  const others = (text: string) =>
    load(text).categories.all.filter(({ name }) => /^(udp|phone|888|888-ep)$/.test(name))
      .map(({ name, lines }) => [name, lines]);
  let written = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(own.length), EVIL), { maxLength: 3 }), (insertions) => {
      const lines = [...own];
      for (const [at, line] of insertions) lines.splice(at, 0, line);
      const text = lines.join("\n");
      if (textProblems(text).length > 0) return;
      let now: string;
      try {
        now = textOf(applyText(conf, group, text));
      } catch (error) {
        assert.ok(error instanceof ConfigRefused && error.kind === "unsafe");
        return;
      }
      written++;
      const extra = load(now).categories.all.length - conf.categories.all.length;
      if (extra === 0) assert.deepEqual(others(now), others(TEXT));
      assert.deepEqual(load(now).main.document.directives, []);
    }),
    { numRuns: 1500 },
  );
  assert.ok(written > 50, `${written} were written`);
});

Deno.test("conf apply: includes, cut lines and comments without an end are refused", () => {
  const codes = (text: string) => textProblems(text).map(({ code, line }) => `${code} ${line}`);
  assert.deepEqual(codes("[a]\n#include /etc/passwd\n"), ["unsafe 2"]);
  assert.deepEqual(codes("[a]\n  #exec id\n"), ["unsafe 2"]);
  assert.deepEqual(codes("[a]\nx=1 ;-- and on\n"), ["unsafe null"]);
  assert.deepEqual(codes("[a]\nx=1 --;\n"), ["unsafe null"]);
  assert.deepEqual(codes("[a\nx=1\n"), ["syntax 1", "syntax 2"]);
  assert.deepEqual(codes("[a]\nx\n"), ["syntax 2"]);
  assert.deepEqual(codes("[a]\nx=1\rtype=aor\n"), ["unsafe 2"]);
  assert.deepEqual(codes("[a]\nx=\0\n"), ["unsafe 2"]);
  assert.deepEqual(codes("[a;b]\nx=1\n").slice(0, 1), ["syntax 1"]);
  assert.deepEqual(codes("[a](b;c)\nx=1\n").slice(0, 1), ["syntax 1"]);
  assert.deepEqual(codes("[a]()\nx=1\n"), ["unsafe 1"]);
  assert.deepEqual(codes("[a]\n; fine --;\nx=1 ;-- fine --;\n"), []);
});
