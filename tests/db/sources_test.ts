/**
 * @module
 * Row 30: no text of anybody's ever becomes SQL. The driver's ways round its parameters do not occur in the product.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDERS = ["db", "actors", "routes", "machines", "emulators"];

/** Ways to give PostgreSQL text that is not a parameter, and where they are allowed. */
const WAYS: [way: RegExp, allowed: string[]][] = [
  [/\.\s*unsafe\b|\[\s*["'`]unsafe/, []],
  [/\bunsafe\s*[,}:(]/, []],
  // Reads a file of the program's own.
  [/\.\s*file\s*\(/, ["db/migrate.ts"]],
  [/\bsimple\s*\(\s*\)/, []],
];

/** Names of files and the ways round that they take. */
function waysRound(files: { path: string; text: string }[]): string[] {
  return files.flatMap(({ path, text }) =>
    WAYS.filter(([way, allowed]) => way.test(text) && !allowed.includes(path)).map(([way]) =>
      `${path}: ${way}`
    )
  );
}

async function sources(folder: string): Promise<{ path: string; text: string }[]> {
  const found = [];
  for await (const entry of Deno.readDir(`${ROOT}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...await sources(path));
    else if (/\.tsx?$/.test(entry.name)) {
      found.push({ path, text: await Deno.readTextFile(`${ROOT}/${path}`) });
    }
  }
  return found;
}

Deno.test("row 30, sources: no way round the parameters of a query", async () => {
  const files = (await Promise.all(FOLDERS.map(sources))).flat();
  assert.ok(files.some(({ path }) => path === "db/write_batch.ts"), "the sources were read");
  assert.deepEqual(waysRound(files), []);
});

Deno.test("row 30, sources: the look at them sees each way round", () => {
  const guilty = [
    "sql.unsafe(x)",
    "sql . unsafe(x)",
    'sql["unsafe"](x)',
    "const { unsafe } = sql",
    "tx.file(p)",
  ];
  for (const text of guilty) assert.equal(waysRound([{ path: "db/x.ts", text }]).length > 0, true, text);
  assert.deepEqual(
    waysRound([{ path: "db/x.ts", text: "sql`select ${x}` // this is safe, not unsafe" }]),
    [],
  );
});

Deno.test("row 30, sources: SQL of functions quotes every name and value that it builds in", async () => {
  for (const { name } of Deno.readDirSync(`${ROOT}/db/migrations`)) {
    const text = await Deno.readTextFile(`${ROOT}/db/migrations/${name}`);
    for (const [call] of text.matchAll(/format\(\s*'(?:[^']|'')*'/g)) {
      assert.doesNotMatch(call, /%s/, `${name}: ${call}`);
    }
    assert.doesNotMatch(text, /execute\s+(?!format\()/i, name);
  }
});
