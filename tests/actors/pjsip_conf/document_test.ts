/**
 * @module
 * Files are read as Asterisk reads them, printed as they were, and edited line by line.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type ConfFile, readCategories } from "../../../actors/pjsip_conf/categories.ts";
import { applyEdits, blockText, parseConf, printConf, removal } from "../../../actors/pjsip_conf/document.ts";

/** Pieces that mean something to Asterisk, so that chance makes files worth reading. */
const PIECE = fc.constantFrom(
  ..."[a] [b](!) [c](b) (+) ; ;-- --; \\; \\ = => += x=1 type=aor #include \n \r\n \t \0 \ufeff ] ) , 777 ü -"
    .split(" "),
  "\n",
  "\n",
  "[a]\n",
  "x = 1\n",
  "; c\n",
);
const TEXT = fc.oneof(
  fc.array(PIECE, { maxLength: 40 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary" }),
);

function read(text: string) {
  return readCategories(file(text));
}

function file(text: string): ConfFile {
  return { name: "pjsip.conf", document: parseConf(text), includes: new Map() };
}

/** Categories as GetConfig tells them. */
function told(text: string): unknown[] {
  return read(text).all.map(({ name, template, inherits, lines }) => [
    `${template ? "!" : ""}${name}${inherits.length > 0 ? `(${inherits})` : ""}`,
    ...lines.map((line) => `${line.name}=${line.value}`),
  ]);
}

Deno.test("conf document: printing gives the text that was parsed, whatever it is", () => {
  fc.assert(fc.property(TEXT, (text) => assert.equal(printConf(parseConf(text)), text)), { numRuns: 2000 });
});

Deno.test("conf document: an edit changes its own lines and no other", () => {
  fc.assert(
    fc.property(TEXT, fc.nat(), (text, pick) => {
      const document = parseConf(text);
      const block = document.blocks[pick % Math.max(1, document.blocks.length)];
      if (block === undefined) return;
      const raws = document.lines.map(({ raw }) => raw);
      const edited = printConf(
        applyEdits(document, [{ from: block.from, to: block.to, text: "[z]\ny = 1\n" }]),
      );
      assert.ok(edited.startsWith(raws.slice(0, block.from).join("")));
      const rest = raws.slice(block.to).join("");
      assert.ok(edited.replace(/\r?\n$/, "").endsWith(rest.replace(/\r?\n$/, "")));
      const same = applyEdits(document, [{
        from: block.from,
        to: block.to,
        text: blockText(document, block),
      }]);
      assert.equal(printConf(same).replace(/\r?\n$/, ""), text.replace(/\r?\n$/, ""));
    }),
    { numRuns: 1000 },
  );
});

// Each was read by Asterisk 16.28 and 22.10.
const CASES: [rule: string, text: string, expected: unknown[]][] = [
  ["blanks, arrows, no =", "[a]\n  x  =  1 2  \ny=>3\nz = > 4\nw =\nv\nt\t=\t5\t\n=no\nq==r\n", [
    ["a", "x=1 2", "y=3", "z=> 4", "w=", "t=5", "q==r"],
  ]],
  ["+= joins as it stands", "[a]\nx=1\nx+=2\ny += 3\ny +=> 4\n", [["a", "x=12", "y=3> 4"]]],
  ["comments and their escape", '[a]\nx=a;b\ny=a\\;b\nz="a;b"\nw=a\\\\;b\nv=a\\b\n;x\n s = 1 ; y \\; z\n', [
    ["a", "x=a", "y=a;b", 'z="a', "w=a\\;b", "v=a\\b", "s=1"],
  ]],
  ["a --; outside of a comment swallows the rest", "[a]\nx=\\;-- x --;\ny=1\n", [["a", "x=;-- x --;"]]],
  [
    "block comments",
    "[a]\nx=1 ;-- one --; y=2\n;-- long\n[no]\n--;\nw=4\n;--- no block\nv=5\nb=6 ;--c\nq --; t=7\n",
    [
      ["a", "x=1  y=2", "w=4", "v=5", "b=6", "t=7"],
    ],
  ],
  ["templates", "[b](!)\ny=1\n[g](!,b)\nx=1\n[h](b,!)\nx=2\n[i](b) junk\nx=3\n[j] (b)\nx=4\n", [
    ["!b", "y=1"],
    ["!g(b)", "y=1", "x=1"],
    ["!h(b)", "y=1", "x=2"],
    ["i(b)", "y=1", "x=3"],
    ["j", "x=4"],
  ]],
  ["additions", "[a]\nx=1\n[a]\nx=2\n[a](+)\ny=3\n[a](+x=2)\ny=4\n[A](+)\nz=9\n", [
    ["a", "x=1", "y=3", "z=9"],
    ["a", "x=2", "y=4"],
  ]],
  ["ends of lines, NUL and the mark of UTF-8", "\ufeff[a]\r\nx=1\r\n\r\ny=2\0z\r\nw=1\rv=2\r\n", [
    ["a", "x=1", "y=2", "w=1\rv=2"],
  ]],
  ["names", "[ c ]\nz=1\n[a\\;b]\nx=1\n[a[b]\nx=1\n", [[" c ", "z=1"], ["a;b", "x=1"], ["a[b", "x=1"]]],
  ["a line that is too long", `[a]\nx=1\ny=${"2".repeat(9000)}\nz=3\n`, [["a", "x=1", "z=3"]]],
];

for (const [rule, text, expected] of CASES) {
  Deno.test(`conf document: reads ${rule} as Asterisk does`, () => assert.deepEqual(told(text), expected));
}

Deno.test("conf document: knows what Asterisk refuses a whole file for", () => {
  for (
    const text of ["x=1\n[a]\n", "[a\nx=1\n", "[a](b\n", "[a](nosuch)\n", "[a](+)\n", "[b](!)\n[e](b, c)\n"]
  ) {
    assert.notEqual(read(text).broken.length, 0, text);
  }
  assert.equal(read("[a]\nno equals\n#nothing\n").broken.length, 0);
});

Deno.test("conf document: an included file goes on with the section it is in, and the file after it too", () => {
  const main = file("[a]\nx=1\n#include i.conf\ny=2\n");
  main.includes.set(2, [file("w=1\n[b]\nv=1\n")]);
  const { all, broken, incomplete } = readCategories(main);
  assert.deepEqual(all.map(({ name, lines }) => [name, lines.map((line) => line.name).join()]), [
    ["a", "x,w,y"],
    ["b", "v"],
  ]);
  assert.deepEqual([broken, incomplete], [[], false]);
  assert.equal(readCategories(file("#include i.conf\n")).incomplete, true);
});

Deno.test("conf document: comments above a section and in it go with it", () => {
  const text = "; head\n\n; of a\n[a]\nx=1\n; in a\n\n; apart\n\n; of b\n[b]\ny=2\n";
  const document = parseConf(text);
  assert.deepEqual(document.blocks.map((block) => blockText(document, block)), [
    "; of a\n[a]\nx=1\n; in a\n",
    "; of b\n[b]\ny=2\n",
  ]);
  const without = applyEdits(document, [removal(document, document.blocks[0]!)]);
  assert.equal(printConf(without), "; head\n\n; apart\n\n; of b\n[b]\ny=2\n");
});

Deno.test("conf document: what is added to a file with CRLF has CRLF", () => {
  const document = parseConf("[a]\r\nx=1");
  assert.equal(printConf(applyEdits(document, [{ from: 2, to: 2, text: "[b]\n" }])), "[a]\r\nx=1\r\n[b]\r\n");
});
