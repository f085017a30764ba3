/**
 * @module
 * Which files a glob stands for, and that no link leads a reader out of its folder.
 */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { findFiles } from "../../../actors/asterisk_log/find.ts";
import { isRotated } from "../../../actors/asterisk_log/rotated.ts";
import { append, inFolder, numbered, startLogs } from "./ground.ts";

async function found(glob: string, known: string[] = []): Promise<string[]> {
  return (await findFiles(glob, new Set(known))).map(({ path, refused }) =>
    basename(path) + (refused === null ? "" : " refused")
  );
}

Deno.test("log files: a glob stands for logs and not for their older parts", () =>
  inFolder(async (folder) => {
    for (
      const name of [
        "messages",
        "messages.1",
        "messages.0",
        "messages.2.gz",
        "messages-20261119",
        "messages.1790000000",
        "messages.2026-11-20T13:00:00",
        "full.log",
        "full.log.1",
        "full.1.log",
        "full-20261120.log",
        "full2.log",
        "queue_log",
        "security",
        ".hidden",
        "debug.gz",
        "messages_2",
      ]
    ) Deno.writeTextFileSync(`${folder}/${name}`, "");
    Deno.mkdirSync(`${folder}/cdr`);
    assert.deepEqual(await found(`${folder}/*`), [
      "full.log",
      "full2.log",
      "messages",
      "messages_2",
      "queue_log",
      "security",
    ]);
    assert.deepEqual(await found(`${folder}/m*s*`), ["messages", "messages_2"]);
    assert.deepEqual(await found(`${folder}/full?.log`), ["full2.log"]);
    assert.deepEqual(await found(`${folder}/[qs]e*`), ["security"]);
    assert.deepEqual(await found(`${folder}/[!qs]*s`), ["messages"]);
    assert.deepEqual(await found(`${folder}/[z-a]*`), []);
    assert.deepEqual(await found(`${folder}/mess(ages|x)*`), [], "no other sign means anything");
    assert.deepEqual(await found(`${folder}/none/*`), []);
    Deno.mkdirSync(`${folder}/pbx1`);
    Deno.writeTextFileSync(`${folder}/pbx1/messages`, "");
    assert.deepEqual(await found(`${folder}/pbx?/mess*`), ["messages"]);
  }));

Deno.test("log files: between a rotation and the new file the older part is not taken for the log", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/messages.1`, "");
    assert.deepEqual(await found(`${folder}/mess*`, [`${folder}/messages`]), []);
    assert.deepEqual(
      await found(`${folder}/mess*`),
      ["messages.1"],
      "of what nobody knows the name is all there is",
    );
  }));

Deno.test("log files: what is an older part of what", () => {
  for (const name of ["m.1", "m.0.gz", "m-20261120", "m.20261120-1300", "m.1.xz"]) {
    assert.ok(isRotated(name, ["m"]), name);
  }
  for (const name of ["m", "m1", "mm.1", "m.one", "m.1x", "m.log"]) assert.ok(!isRotated(name, ["m"]), name);
  assert.ok(isRotated("m.1.log", ["m.log"]));
  assert.ok(!isRotated("m.one.log", ["m.log"]));
});

Deno.test("log files: a log that comes later is read as a whole, one that two sources stand for once", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/messages`, numbered(0));
    Deno.symlinkSync("messages", `${folder}/current`);
    const { logs, read, clock } = startLogs([
      { pbx: "a", path: `${folder}/messages` },
      { pbx: "a", path: `${folder}/*` },
      { pbx: "a", path: `${folder}/f*` },
    ]);
    await read();
    assert.deepEqual(logs.files().map(({ name, state, lines }) => `${name} ${state} ${lines}`), [
      "messages following 1",
      "* missing 0",
      "f* missing 0",
    ]);
    Deno.writeTextFileSync(`${folder}/full`, numbered(1) + numbered(2));
    append(`${folder}/messages`, numbered(3));
    clock.pass(2000);
    await read();
    assert.deepEqual(
      logs.list({ kind: "all" }, {}, { limit: 9 }).items.map(({ message, file }) => `${file} ${message}`)
        .sort(),
      [
        "full number 1",
        "full number 2",
        "messages number 0",
        "messages number 3",
      ],
    );
    await logs.stop();
  }));

Deno.test("row 31: through a glob no link leads out of its folder, by whatever way", () =>
  inFolder(async (outside) => {
    const folder = `${outside}/log`;
    Deno.mkdirSync(`${folder}/real`, { recursive: true });
    Deno.writeTextFileSync(`${outside}/secret`, numbered(666));
    Deno.writeTextFileSync(`${outside}/log-beside`, numbered(667));
    Deno.writeTextFileSync(`${folder}/messages`, numbered(1));
    Deno.writeTextFileSync(`${folder}/real/inner`, numbered(2));
    Deno.symlinkSync("../secret", `${folder}/up`);
    Deno.symlinkSync(`${outside}/secret`, `${folder}/absolute`);
    Deno.symlinkSync(`${outside}/log-beside`, `${folder}/prefix`);
    Deno.symlinkSync("absolute", `${folder}/twice`);
    Deno.symlinkSync("nowhere", `${folder}/dangling`);
    Deno.symlinkSync("loop", `${folder}/loop`);
    Deno.symlinkSync("real/inner", `${folder}/within`);
    Deno.symlinkSync("../..", `${folder}/real/out`);
    assert.deepEqual(await found(`${folder}/*`), [
      "absolute refused",
      "dangling refused",
      "loop refused",
      "messages",
      "prefix refused",
      "twice refused",
      "up refused",
      "within",
    ]);
    const through = await findFiles(`${folder}/*/out/*`, new Set());
    assert.deepEqual(through.map(({ path, refused }) => [basename(path), refused !== null]), [
      ["log-beside", true],
      ["secret", true],
    ]);
    const { logs, read, said, clock } = startLogs([{ pbx: "a", path: `${folder}/*` }]);
    await read();
    const texts = () => logs.list({ kind: "all" }, {}, { limit: 99 }).items.map(({ message }) => message);
    assert.deepEqual(texts(), ["number 1", "number 2"]);
    const up = logs.files().find(({ name }) => name === "up")!;
    assert.deepEqual([up.state, up.error, up.lines], [
      "unreadable",
      "it is a link that leads out of its folder",
      0,
    ]);
    assert.equal(said.filter((line) => line.includes('/up"')).length, 1, "told once");
    // One that was a file when it was found, and is a link when it is opened again.
    Deno.removeSync(`${folder}/messages`);
    Deno.symlinkSync("../secret", `${folder}/messages`);
    for (let n = 0; n < 5; n++) {
      clock.pass(2000);
      await read();
    }
    assert.deepEqual(texts(), ["number 1", "number 2"]);
    assert.equal(logs.files().find(({ name }) => name === "messages")!.state, "unreadable");
    assert.ok(!JSON.stringify(logs.files()).includes(outside), "no page tells where files are");
    await logs.stop();
  }));
