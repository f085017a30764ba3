/**
 * @module
 * Migrations on the embedded database, and what opening a database says when it cannot be used.
 */
import assert from "node:assert/strict";
import { DatabaseError, openDatabase } from "../../db/open.ts";
import { freePort } from "../support/free_port.ts";
import { useEmbedded } from "./ground.ts";
import { migrateSuite } from "./migrate_suite.ts";

migrateSuite("embedded", useEmbedded());

const SECRET = "canary%zz-5511";

async function refusal(options: { url: string | undefined; dataDir: string }): Promise<string> {
  try {
    await (await openDatabase(options)).stop();
  } catch (error) {
    assert.ok(error instanceof DatabaseError, `${error}`);
    assert.ok(!error.message.includes("canary"), error.message);
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  return assert.fail("opened");
}

Deno.test("open: a database that nobody serves is named without its password", async () => {
  const port = await freePort();
  const said = await refusal({ url: `postgres://door:canary@127.0.0.1:${port}/doors`, dataDir: "" });
  assert.match(
    said,
    new RegExp(
      `^DOORLINE_DATABASE_URL: cannot use the database postgres://127.0.0.1:${port}/doors: .*ECONNREFUSED`,
    ),
  );
});

Deno.test("open: a URL whose password cannot be read is named without it", async () => {
  const said = await refusal({ url: `postgres://door:${SECRET}@127.0.0.1:1/doors`, dataDir: "" });
  assert.match(said, /^DOORLINE_DATABASE_URL: cannot use the database postgres:\/\/127.0.0.1:1\/doors: /);
});

Deno.test("open: a data directory that cannot hold the embedded database is named", async () => {
  const folder = await Deno.makeTempDir({ prefix: "doorline-open-" });
  try {
    await Deno.writeTextFile(`${folder}/postgres`, "a file where a folder has to be");
    assert.match(
      await refusal({ url: undefined, dataDir: folder }),
      /^DOORLINE_DATA_DIR: cannot use the database embedded: /,
    );
    await Deno.remove(`${folder}/postgres`);
    const deep = `${folder}/${"d".repeat(100)}`;
    await Deno.mkdir(deep);
    assert.match(
      await refusal({ url: undefined, dataDir: deep }),
      /^DOORLINE_DATA_DIR: cannot use the database embedded: its path is \d+ bytes too long for a socket/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
