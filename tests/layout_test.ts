/**
 * @module
 * The sources keep the rules of the house, and the checker that says so sees each kind of breach.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { layoutProblems, readSources, type SourceFile, type SourceImport } from "./support/layout.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

Deno.test("layout: every file knows only whom it may, is short, opens with its purpose and names its exports", async () => {
  const files = await readSources(ROOT);
  assert.ok(files.length > 10, `expected the sources of the project, got ${files.length} files`);
  assert.deepEqual(layoutProblems(files), []);
});

function fake(path: string, options: { imports?: Partial<SourceImport>[]; text?: string } = {}): SourceFile {
  const imports = (options.imports ?? []).map((one) => ({
    specifier: one.specifier ?? `../${one.file}`,
    file: one.file ?? null,
    typeOnly: one.typeOnly ?? false,
  }));
  return { path, imports, text: options.text ?? "/**\n * @module\n * Fake.\n */\n" };
}

/** Says whether importing a file, or a package, is a breach. */
function refused(path: string, one: Partial<SourceImport>): boolean {
  return layoutProblems([fake(path, { imports: [one] })]).length > 0;
}

Deno.test("layout checker: keeps each folder to those it may know", () => {
  const table: [from: string, to: string, values: boolean, types: boolean][] = [
    ["machines/a.ts", "machines/b.ts", true, true],
    ["machines/a.ts", "db/b.ts", false, false],
    ["machines/a.ts", "config.ts", false, false],
    ["db/a.ts", "machines/b.ts", false, true],
    ["db/a.ts", "actors/b.ts", false, false],
    ["db/a.ts", "config.ts", false, false],
    ["actors/mqtt/a.ts", "machines/b.ts", true, true],
    ["actors/mqtt/a.ts", "db/b.ts", true, true],
    ["actors/mqtt/a.ts", "config.ts", true, true],
    ["actors/mqtt/a.ts", "routes/b.ts", false, false],
    ["actors/mqtt/a.ts", "emulators/b.ts", false, false],
    ["routes/a.ts", "db/b.ts", true, true],
    ["routes/a.ts", "actors/b.ts", false, true],
    ["routes/a.ts", "machines/b.ts", false, true],
    ["routes/a.ts", "ui/b.ts", false, false],
    ["emulators/a.ts", "machines/b.ts", false, false],
    ["emulators/a.ts", "actors/mqtt/b.ts", false, false],
    ["emulators/a.ts", "tests/support/b.ts", false, false],
    ["ui/a.tsx", "machines/b.ts", false, true],
    ["ui/a.tsx", "routes/b.ts", false, true],
    ["ui/a.tsx", "db/b.ts", false, false],
    ["config.ts", "machines/b.ts", false, false],
    ["main.ts", "actors/b.ts", true, true],
    ["tests/a_test.ts", "emulators/b.ts", true, true],
    ["bench/a.ts", "db/b.ts", true, true],
    ["tests/a_test.ts", "main.ts", false, false],
    ["routes/a.ts", "main.ts", false, false],
  ];
  for (const [from, to, values, types] of table) {
    assert.equal(!refused(from, { file: to }), values, `${from} importing values of ${to}`);
    assert.equal(!refused(from, { file: to, typeOnly: true }), types, `${from} importing types of ${to}`);
  }
});

Deno.test("layout checker: keeps each folder to its packages", () => {
  const table: [from: string, specifier: string, allowed: boolean][] = [
    ["machines/a.ts", "xstate", true],
    ["machines/a.ts", "zod", false],
    ["machines/a.ts", "node:crypto", false],
    ["db/a.ts", "postgres", true],
    ["db/a.ts", "hono", false],
    ["db/a.ts", "node:fs", true],
    ["ui/a.tsx", "preact/hooks", true],
    ["ui/a.tsx", "postgres", false],
    ["ui/a.tsx", "node:fs", false],
    ["ui/build.ts", "node:fs", true],
    ["routes/a.ts", "hono", true],
    ["emulators/a.ts", "mqtt", true],
    ["emulators/a.ts", "npm:mqtt@5", false],
    ["actors/a.ts", "https://example.com/x.ts", false],
  ];
  for (const [from, specifier, allowed] of table) {
    assert.equal(!refused(from, { specifier }), allowed, `${from} importing ${specifier}`);
  }
});

Deno.test("layout checker: sees long files, bad openings, default exports and unknown folders", () => {
  const opening = "/**\n * @module\n * Fake.\n */\n";
  const problemsOf = (path: string, text: string) => layoutProblems([fake(path, { text })]);
  assert.deepEqual(problemsOf("db/a.ts", opening + "x;\n".repeat(595)), []);
  assert.match(problemsOf("db/a.ts", opening + "x;\n".repeat(596))[0] ?? "", /^db\/a.ts: has 600 lines/);
  assert.match(problemsOf("main.ts", opening + "x;\n".repeat(146))[0] ?? "", /fewer than 150/);
  assert.match(problemsOf("db/a.ts", "/** No purpose. */\n")[0] ?? "", /@module/);
  assert.match(problemsOf("db/a.ts", "const a = 1;\n/** @module */\n")[0] ?? "", /@module/);
  assert.match(problemsOf("db/a.ts", `${opening}export default 1;\n`)[0] ?? "", /default export/);
  assert.match(problemsOf("db/a.ts", `${opening}export { a as default };\n`)[0] ?? "", /default export/);
  assert.match(problemsOf("helpers/a.ts", opening)[0] ?? "", /"helpers" has no place/);
  assert.match(problemsOf("seed.ts", opening)[0] ?? "", /"seed.ts" has no place/);
});

Deno.test("layout reader: tells types from values in every form of import, through the import map", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "doorline-layout-test-" }));
  const files = {
    "deno.json": '{ "imports": { "aliased": "./db/aliased.ts" } }',
    "db/all.ts": "export type T = 1;\nexport const v = 1;\n",
    "db/aliased.ts": "export const v = 1;\n",
    "routes/view.tsx": "export const v = 1;\n",
    "machines/a.ts": [
      'import type { T } from "../db/all.ts";',
      'import type { T as U } from "../db/value.ts";',
      'import { v } from "../db/value.ts";',
      'export type { T as E } from "../db/exported_type.ts";',
      'export * from "../db/exported.ts";',
      'export const lazy = () => import("../routes/view.tsx");',
      'export type I = import("../db/inline.ts").T;',
      'import * as aliased from "aliased";',
      'import fs from "node:fs";',
      '// import { no } from "../db/comment.ts";',
      "export const text = 'import { no } from \"../db/text.ts\"';",
      "export type { T, U };",
      "export { aliased, fs, v };",
    ].join("\n"),
  };
  for (const name of ["value", "exported_type", "exported", "inline"]) {
    Object.assign(files, { [`db/${name}.ts`]: files["db/all.ts"] });
  }
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${root}/${path}`, text);
  }
  const sources = await readSources(root);
  await Deno.remove(root, { recursive: true });
  const seen = sources.find(({ path }) => path === "machines/a.ts")!.imports;
  const values = seen.filter((one) => !one.typeOnly).map((one) => one.file ?? one.specifier);
  const types = seen.filter((one) => one.typeOnly).map((one) => one.file ?? one.specifier);
  assert.deepEqual(
    new Set(values),
    new Set(["db/value.ts", "db/exported.ts", "routes/view.tsx", "db/aliased.ts", "node:fs"]),
  );
  for (const file of ["db/all.ts", "db/exported_type.ts", "db/inline.ts"]) {
    assert.ok(types.includes(file), `${file} is imported for its types`);
  }
});
