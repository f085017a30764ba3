/**
 * @module
 * The text of pjsip.conf on the page: read, coloured, changed by the form, compared and merged.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { diffSize, diffTexts, foldDiff, merge, readDiff } from "../../ui/store/endpoint_config_diff.ts";
import {
  addOption,
  addSection,
  generateSecret,
  keysByName,
  lineAfterRemoval,
  lineBeside,
  moveOption,
  removeOption,
  removeSection,
  setValue,
} from "../../ui/store/endpoint_config_edit.ts";
import { readLines, readSections } from "../../ui/store/endpoint_config_lex.ts";

const TEXT = `; the front desk
[777-ep](phone,!)
type = endpoint
auth=777-auth
callerid => "Front \\; desk" <777> ; shown

; how it logs in
[777-auth]
type = auth
;password = old-secret
password = example
`;

const kinds = (line: string) => readLines(line)[0]!.tokens.map(({ kind, text }) => `${kind}:${text}`);

Deno.test("config text: sections with their options, values without comments", () => {
  const [endpoint, auth] = readSections(TEXT);
  assert.deepEqual(
    [endpoint!.name, endpoint!.type, endpoint!.template, endpoint!.inherits, endpoint!.lastLine],
    ["777-ep", "endpoint", true, ["phone"], 5],
  );
  assert.deepEqual(endpoint!.options.map(({ line, name, value }) => [line, name, value]), [
    [3, "type", "endpoint"],
    [4, "auth", "777-auth"],
    [5, "callerid", '"Front ; desk" <777>'],
  ]);
  assert.deepEqual([auth!.line, auth!.options.length], [8, 2]);
});

Deno.test("config colours: pieces are what they are", () => {
  assert.deepEqual(kinds("[a](b) ; c"), ["section:[a]", "inherits:(b)", "space: ", "comment:; c"]);
  assert.deepEqual(kinds(" key => v w"), ["space: ", "option:key", "operator: => ", "value:v w"]);
  assert.deepEqual(kinds("password=x"), ["option:password", "operator:=", "secret:x"]);
  assert.deepEqual(kinds("; password = x"), ["comment:; password = ", "secret:x"]);
  assert.deepEqual(kinds("#include other.conf"), ["directive:#include other.conf"]);
  assert.deepEqual(kinds("nonsense"), ["wrong:nonsense"]);
  assert.deepEqual(kinds("[open"), ["wrong:[open"]);
});

Deno.test("config colours: a comment of several lines ends where it ends", () => {
  const read = readLines("a = 1\n;-- from here\nb = 2\nto here --;\nc = 3\n;--- one line\nd = 4");
  assert.deepEqual(read.map(({ kind }) => kind), [
    "option",
    "comment",
    "comment",
    "comment",
    "option",
    "comment",
    "option",
  ]);
});

Deno.test("config colours: all pieces of a line together are the line, whatever it is", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const read = readLines(text).map(({ tokens }) => tokens.map((token) => token.text).join(""));
    assert.equal(read.join("\n"), text);
  }));
});

Deno.test("config colours: a hostile line takes no longer than another", () => {
  const long = [
    "a" + " ".repeat(60_000),
    ";" + "a ".repeat(30_000),
    "[" + " (".repeat(30_000),
    "=".repeat(60_000),
  ];
  const began = performance.now();
  for (const line of long) readLines(line);
  // A quadratic pattern would need minutes.
  assert.ok(performance.now() - began < 2000);
});

Deno.test("config form: another value leaves comments, order and writing", () => {
  const changed = setValue(TEXT, 5, "Desk");
  assert.equal(changed.split("\n")[4], "callerid => Desk ; shown");
  assert.equal(setValue(TEXT, 4, "a").split("\n")[3], "auth=a");
  assert.equal(setValue(TEXT, 4, ">a").split("\n")[3], "auth= >a");
  assert.equal(setValue(TEXT, 1, "x"), TEXT);
});

Deno.test("config form: what is typed into a field can only be that field's value", () => {
  const typed = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("a\r\n[evil]", "x ; y", "]\n[x](!)", ";-- a", "\\", "\\;", "a\\", "#include x", "=> b"),
  );
  fc.assert(fc.property(typed, (value) => {
    const before = readSections(TEXT);
    const after = readSections(setValue(TEXT, 4, value));
    assert.deepEqual(
      after.map(({ name, line }) => [name, line]),
      before.map(({ name, line }) => [name, line]),
    );
    assert.deepEqual(
      after.map(({ options }) => options.map(({ name }) => name)),
      before.map(({ options }) => options.map(({ name }) => name)),
    );
    assert.deepEqual(after[1], before[1]);
    const added = readSections(addOption(TEXT, 0, `n${value}`, value));
    assert.deepEqual(added.map(({ name }) => name), before.map(({ name }) => name));
    assert.equal(added[0]!.options.length, before[0]!.options.length + 1);
  }));
});

Deno.test("config form: a value comes back as it was typed", () => {
  for (const value of ["", "a b", "a;b", '"x" <1>', "a=b", "[x]", ">y", "\\n"]) {
    assert.equal(readSections(setValue(TEXT, 4, value))[0]!.options[1]!.value, value);
  }
});

Deno.test("config form: options are added as their section writes them, moved and removed", () => {
  assert.equal(addOption(TEXT, 0, "context", "inside").split("\n")[5], "context => inside");
  assert.equal(addOption("[a]\n", 0, "type", "aor"), "[a]\ntype = aor\n");
  assert.deepEqual(readSections(moveOption(TEXT, 4, -1))[0]!.options.map(({ name }) => name), [
    "auth",
    "type",
    "callerid",
  ]);
  assert.equal(moveOption(TEXT, 3, -1), TEXT);
  assert.deepEqual(readSections(removeOption(TEXT, 4))[0]!.options.map(({ name }) => name), [
    "type",
    "callerid",
  ]);
});

Deno.test("config form: a section that goes leaves the comments over the next one", () => {
  const left = removeSection(TEXT, 0);
  assert.deepEqual(readSections(left).map(({ name }) => name), ["777-auth"]);
  assert.match(left, /; how it logs in/);
  assert.equal(
    addSection(removeSection(removeSection(TEXT, 1), 0), "x]\n[y", "aor").split("\n").at(-3),
    "[xy]",
  );
});

Deno.test("config form: a key stays with its row, whatever comes and goes before it", () => {
  const names = (text: string) => keysByName(readSections(text)[0]!.options);
  assert.deepEqual(names("[a]\nallow = x\nset_var = A\nallow = y\n"), ["0 allow", "0 set_var", "1 allow"]);
  assert.deepEqual(names("[a]\nset_var = A\nallow = y\n"), ["0 set_var", "0 allow"]);
});

Deno.test("config form: it is known where a moved option stands, and which one takes a removed one's place", () => {
  const text = "[a]\nx = 1\n; about y\ny = 2\nz = 3\n\n[b]\nx = 4\n";
  assert.deepEqual([lineBeside(text, 2, 1), lineBeside(text, 2, -1), lineBeside(text, 5, 1)], [
    4,
    null,
    null,
  ]);
  assert.deepEqual([2, 4, 5, 8].map((line) => lineAfterRemoval(text, line)), [3, 4, 4, null]);
  for (const line of [2, 4, 5]) {
    const next = readLines(removeOption(text, line))[lineAfterRemoval(text, line)! - 1];
    assert.equal(next?.kind === "option" ? next.name : "", line === 2 ? "y" : line === 4 ? "z" : "y");
  }
});

Deno.test("config secrets: of the wished length, of letters that cannot be mistaken, evenly", () => {
  assert.match(generateSecret(), /^[a-km-zA-HJ-NP-Z2-9]{24}$/);
  assert.notEqual(generateSecret(), generateSecret());
  let asked = 0;
  const high = generateSecret(4, (bytes) => bytes.fill(asked++ === 0 ? 255 : 0));
  assert.equal(high, "aaaa");
});

Deno.test("config diff: a unified diff is read with its numbers", () => {
  const rows = readDiff(
    "--- a/x\n+++ b/x\n@@ -3,3 +3,4 @@ head\n type = aor\n-max_contacts = 1\n+max_contacts = 2\n+;--- x\n \n\\ No newline at end of file\n",
  );
  assert.deepEqual(rows.map(({ sign, before, after }) => [sign, before, after]), [
    ["@", null, null],
    [" ", 3, 3],
    ["-", 4, null],
    ["+", null, 4],
    ["+", null, 5],
    [" ", 5, 6],
  ]);
  assert.deepEqual(diffSize(rows), { added: 2, removed: 1 });
  assert.deepEqual(readDiff(""), []);
});

Deno.test("config diff: lines that begin as heads do are lines inside of a place", () => {
  const rows = readDiff("@@ -1,2 +1,2 @@\n---- a\n++++ b\n c\n");
  assert.deepEqual(rows.slice(1).map(({ sign, text }) => sign + text), ["---- a", "++++ b", " c"]);
});

Deno.test("config diff: what is the same far from a change is left out", () => {
  const text = (n: number) => Array.from({ length: n }, (_, index) => `line ${index}`);
  const changed = text(40);
  changed[10] = "other";
  changed[30] = "other";
  const rows = foldDiff(diffTexts(text(40).join("\n"), changed.join("\n"), 40), 2);
  assert.deepEqual(rows.map(({ sign }) => sign).join(""), "  -+  @  -+  ");
  assert.deepEqual(foldDiff(diffTexts("a", "a")), []);
});

const someText = fc.array(fc.constantFrom("a", "b", "c", "d", ""), { maxLength: 12 }).map((of) =>
  of.join("\n")
);

Deno.test("config diff: from one text and the difference comes the other", () => {
  fc.assert(fc.property(someText, someText, (before, after) => {
    const rows = diffTexts(before, after, 100);
    if (before === after) return assert.deepEqual(rows, []);
    assert.equal(
      rows.filter(({ sign }) => sign !== "+" && sign !== "@").map(({ text }) => text).join("\n"),
      before,
    );
    assert.equal(
      rows.filter(({ sign }) => sign !== "-" && sign !== "@").map(({ text }) => text).join("\n"),
      after,
    );
    for (const row of rows) {
      if (row.before !== null) assert.equal(before.split("\n")[row.before - 1], row.text);
      if (row.after !== null) assert.equal(after.split("\n")[row.after - 1], row.text);
    }
  }));
});

Deno.test("config merge: two changes at two places are both kept; at one place nobody wins by himself", () => {
  const base = "a\nb\nc\nd\ne";
  assert.equal(merge(base, "A\nb\nc\nd\ne", "a\nb\nc\nd\nE"), "A\nb\nc\nd\nE");
  assert.equal(merge(base, "a\nB\nc\nd\ne", "a\nX\nc\nd\ne"), null);
  assert.equal(merge(base, "a\nB\nc\nd\ne", "a\nB\nc\nd\ne"), "a\nB\nc\nd\ne");
  assert.equal(merge(base, base, "a"), "a");
  assert.equal(merge(base, "a", base), "a");
});

Deno.test("config merge: with one side unchanged it is the other side", () => {
  fc.assert(fc.property(someText, someText, (base, other) => {
    assert.equal(merge(base, other, base), other);
    assert.equal(merge(base, base, other), other);
    assert.equal(merge(base, other, other), other);
  }));
});
