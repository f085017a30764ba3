/**
 * @module
 * The data directory: one holder, who is named; and a directory that cannot be used is named too.
 */
import assert from "node:assert/strict";
import { DataDirError, holdDataDir } from "../../db/data_dir.ts";
import { run } from "../support/process.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "doorline-hold-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function refusal(path: string): Promise<string> {
  let held;
  try {
    held = await holdDataDir(path);
  } catch (error) {
    assert.ok(error instanceof DataDirError, `${error}`);
    return error.message;
  }
  held.release();
  return assert.fail(`held: ${path}`);
}

Deno.test("row 37, data directory: a second holder is refused and told the PID of the first", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a/b`;
    const held = await holdDataDir(path);
    assert.equal(held.path, await Deno.realPath(path));
    assert.equal(await refusal(path), `DOORLINE_DATA_DIR: "${path}" is held by process ${Deno.pid}`);
    held.release();
    (await holdDataDir(path)).release();
  }));

Deno.test("row 37, data directory: another process that dies leaves it free", () =>
  inFolder(async (folder) => {
    const held = await holdDataDir(folder);
    const module = new URL("../../db/data_dir.ts", import.meta.url);
    // It ends without a release, as one that is killed does.
    const code = `import { holdDataDir } from ${JSON.stringify(module)};
      await holdDataDir(${
      JSON.stringify(folder)
    }).then(() => console.log("held"), (e) => console.log(e.message));`;
    const other = () => run(Deno.execPath(), ["eval", code]);
    assert.match(await other(), new RegExp(`held by process ${Deno.pid}$`));
    held.release();
    assert.equal(await other(), "held");
    (await holdDataDir(folder)).release();
  }));

Deno.test("data directory: it is made for its owner only", () =>
  inFolder(async (folder) => {
    (await holdDataDir(`${folder}/new`)).release();
    assert.equal((await Deno.stat(`${folder}/new`)).mode! & 0o077, 0);
  }));

Deno.test("data directory: one that cannot be used is named with its setting", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.mkdir(`${folder}/taken/lock`, { recursive: true });
    for (const path of [`${folder}/file`, `${folder}/file/below`, `${folder}/taken`, `${folder}/\0`]) {
      const said = await refusal(path);
      assert.ok(said.startsWith(`DOORLINE_DATA_DIR: cannot use "${path}": `), said);
    }
  }));
