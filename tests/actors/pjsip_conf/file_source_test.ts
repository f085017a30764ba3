/**
 * @module
 * The file on this machine is replaced whole, by who was the last to look at it, with its rights; what it includes is
 * read and never written.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { applyText, textOf, withDocument } from "../../../actors/pjsip_conf/apply.ts";
import { parseConf } from "../../../actors/pjsip_conf/document.ts";
import { fileSource } from "../../../actors/pjsip_conf/file_source.ts";
import { findGroup } from "../../../actors/pjsip_conf/group.ts";
import type { ConfigRefused } from "../../../actors/pjsip_conf/refusal.ts";
import { whyNotEditable } from "../../../actors/pjsip_conf/views.ts";

async function inFolder(play: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "doorline-conf-" });
  try {
    await play(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const TEXT = "; первая\n[777]\ntype=endpoint\naors=777\n[777]\ntype=aor\n";

Deno.test("conf file: is replaced with owner and mode kept, and nothing is left beside it", () =>
  inFolder(async (folder) => {
    const path = `${folder}/pjsip.conf`;
    await Deno.writeTextFile(path, TEXT);
    await Deno.chmod(path, 0o640);
    const source = fileSource(path);
    const before = await source.load();
    const after = applyText(before, findGroup(before.categories, "777"), "[777]\ntype=endpoint\naors=778\n");
    const written = await source.save(before, after);
    assert.equal(await Deno.readTextFile(path), textOf(after));
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o640);
    assert.notEqual(written.revision, before.revision);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), ["pjsip.conf"]);
    assert.equal((await source.save(written, before)).revision, before.revision);
    assert.equal(await Deno.readTextFile(path), TEXT);
  }));

Deno.test("conf file: a change on a revision that is gone is refused, and the other's work stays", () =>
  inFolder(async (folder) => {
    const path = `${folder}/pjsip.conf`;
    await Deno.writeTextFile(path, TEXT);
    const source = fileSource(path);
    const before = await source.load();
    const after = applyText(before, findGroup(before.categories, "777"), "");
    await Deno.writeTextFile(path, `${TEXT}; by hand\n`);
    await assert.rejects(source.save(before, after), (error: ConfigRefused) => error.kind === "conflict");
    assert.equal(await Deno.readTextFile(path), `${TEXT}; by hand\n`);
    assert.equal((await Array.fromAsync(Deno.readDir(folder))).length, 1);
  }));

Deno.test("conf file: a link stays a link, and bytes that are no UTF-8 stay as they are", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/real`);
    const bytes = new Uint8Array([...new TextEncoder().encode("[777]\ntype=endpoint\n; "), 0xcf, 0xf0, 0x0a]);
    await Deno.writeFile(`${folder}/real/p.conf`, bytes);
    await Deno.symlink(`${folder}/real/p.conf`, `${folder}/pjsip.conf`);
    const source = fileSource(`${folder}/pjsip.conf`);
    const before = await source.load();
    await source.save(before, applyText(before, null, "[888]\ntype=aor\n"));
    assert.equal((await Deno.lstat(`${folder}/pjsip.conf`)).isSymlink, true);
    const now = await Deno.readFile(`${folder}/real/p.conf`);
    assert.deepEqual(now.subarray(0, bytes.length), bytes);
    assert.ok(new TextDecoder("latin1").decode(now).endsWith("[888]\ntype=aor\n"));
    const cyrillic = applyText(await source.load(), null, "[ж]\ntype=aor\n");
    await assert.rejects(
      source.save(await source.load(), cyrillic),
      (error: ConfigRefused) => error.kind === "not-editable",
    );
  }));

Deno.test("conf file: included files are read, count for the revision, and can only be looked at", () =>
  inFolder(async (folder) => {
    const path = `${folder}/pjsip.conf`;
    await Deno.mkdir(`${folder}/pjsip.d`);
    await Deno.writeTextFile(path, `${TEXT}#include pjsip.d/*.conf\n#tryinclude none.conf\n`);
    await Deno.writeTextFile(`${folder}/pjsip.d/b.conf`, "[888](t)\naors=777\n");
    await Deno.writeTextFile(`${folder}/pjsip.d/a.conf`, "[t](!)\ntype=endpoint\n");
    const source = fileSource(path);
    const conf = await source.load();
    assert.deepEqual(conf.categories.all.map(({ name }) => name), ["777", "777", "t", "888"]);
    assert.deepEqual([conf.categories.broken, conf.categories.incomplete], [[], false]);
    const reason = whyNotEditable(conf, findGroup(conf.categories, "888"));
    assert.match(reason ?? "", /stands in pjsip\.d\/b\.conf/);
    assert.equal(whyNotEditable(conf, findGroup(conf.categories, "777")), null);
    assert.deepEqual(findGroup(conf.categories, "777")!.members[1]!.usedBy, ["888"]);
    await Deno.writeTextFile(`${folder}/pjsip.d/a.conf`, "[t](!)\ntype=endpoint\nallow=ulaw\n");
    assert.notEqual((await source.load()).revision, conf.revision);
    await Deno.remove(`${folder}/pjsip.d/b.conf`);
    await Deno.writeTextFile(path, "#include gone.conf\n");
    assert.equal((await source.load()).categories.incomplete, true);
  }));

Deno.test("conf file: one that is not there, or is none, is said without its path", () =>
  inFolder(async (folder) => {
    for (const path of [`${folder}/none.conf`, folder]) {
      await assert.rejects(fileSource(path).load(), (error: ConfigRefused) => {
        assert.equal(error.kind, "not-editable");
        assert.ok(!error.message.includes(folder), error.message);
        return true;
      });
    }
  }));

Deno.test("conf file: what a crash left of a write is removed, and nothing else", () =>
  inFolder(async (folder) => {
    const path = `${folder}/pjsip.conf`;
    await Deno.writeTextFile(path, TEXT);
    const old = `.doorline-${crypto.randomUUID()}.tmp`;
    const young = `.doorline-${crypto.randomUUID()}.tmp`;
    for (const name of [old, young, ".doorline-notes.tmp", "x.tmp"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "password=x");
      if (name !== young) await Deno.utime(`${folder}/${name}`, 1_000_000_000, 1_000_000_000);
    }
    const source = fileSource(path);
    const before = await source.load();
    await source.save(before, applyText(before, null, "[888]\ntype=aor\n"));
    const left = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    assert.deepEqual(left, [".doorline-notes.tmp", "pjsip.conf", "x.tmp", young].sort());
  }));

Deno.test("conf file: what was written is told as written, even if it cannot be read again", () =>
  inFolder(async (folder) => {
    const path = `${folder}/pjsip.conf`;
    await Deno.writeTextFile(path, TEXT);
    const source = fileSource(path);
    const before = await source.load();
    const after = withDocument(before, parseConf(`${TEXT}; ${"x".repeat(9 * 1024 * 1024)}\n`));
    assert.equal(textOf(await source.save(before, after)), textOf(after));
    await assert.rejects(source.load(), (error: ConfigRefused) => error.kind === "not-editable");
  }));

Deno.test("conf file: without Deno's right to write in its folder it can be looked at, and the reason is said", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/real`);
    await Deno.mkdir(`${folder}/etc`);
    await Deno.writeTextFile(`${folder}/real/p.conf`, TEXT);
    await Deno.symlink(`${folder}/real/p.conf`, `${folder}/etc/pjsip.conf`);
    const root = new URL("../../..", import.meta.url);
    await Deno.writeTextFile(
      `${folder}/look.ts`,
      `import { fileSource } from "${new URL("actors/pjsip_conf/file_source.ts", root)}";
       const loaded = await fileSource("${folder}/etc/pjsip.conf").load().catch((error) => error);
       console.log(loaded[Deno.args[0]]);`,
    );
    const look = async (rights: string[], field: string) => {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-prompt", `--config=${fileURLToPath(new URL("deno.json", root))}`, ...rights],
          ...[`${folder}/look.ts`, field],
        ],
      }).output();
      return new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr);
    };
    const reading = ["--allow-read", "--allow-sys=uid"];
    assert.equal(await look([...reading, `--allow-write=${folder}`], "notEditable"), "null");
    const denied = await look([...reading, `--allow-write=${folder}/etc`], "notEditable");
    assert.match(denied, /cannot be written: Doorline was started without the right to write in its folder/);
    const unread = await look(["--allow-sys=uid"], "message");
    assert.equal(unread, "Cannot read the configuration file: Doorline was started without the right to it");
  }));

Deno.test(
  "conf file: root may change a file of others, and it stays theirs",
  { ignore: Deno.uid() !== 0 },
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/pjsip.conf`;
      await Deno.writeTextFile(path, TEXT);
      await Deno.chmod(path, 0o640);
      await Deno.chown(path, OWNER, GROUP);
      await Deno.chown(folder, OWNER, GROUP);
      const source = fileSource(path);
      const before = await source.load();
      assert.equal(before.notEditable, null);
      await source.save(before, applyText(before, null, "[888]\ntype=aor\n"));
      const { uid, gid, mode } = await Deno.stat(path);
      assert.deepEqual([uid, gid, mode! & 0o777], [OWNER, GROUP, 0o640]);
    }),
);

/** Nobody has these. */
const [OWNER, GROUP, OTHER] = [54_301, 54_302, 54_303];

Deno.test("conf file: who is not root is told by what the system allows, and what to do", {
  ignore: Deno.uid() !== 0,
}, () =>
  inFolder(async (folder) => {
    await Deno.chmod(folder, 0o755);
    const etc = `${folder}/etc`;
    const path = `${etc}/pjsip.conf`;
    await Deno.mkdir(etc);
    await Deno.writeTextFile(path, TEXT);
    const root = new URL("../../..", import.meta.url);
    await Deno.writeTextFile(
      `${folder}/look.ts`,
      `import { fileSource } from "${new URL("actors/pjsip_conf/file_source.ts", root)}";
       import { withDocument } from "${new URL("actors/pjsip_conf/apply.ts", root)}";
       import { parseConf } from "${new URL("actors/pjsip_conf/document.ts", root)}";
       const source = fileSource("${path}");
       const conf = await source.load();
       console.log(conf.notEditable);
       if (conf.notEditable === null) await source.save(conf, withDocument(conf, parseConf("[1]\\ntype=aor\\n")));`,
    );
    // Others cannot read the modules of who runs the test.
    const config = `--config=${fileURLToPath(new URL("deno.json", root))}`;
    const bundled = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", config, "-o", `${folder}/look.js`, `${folder}/look.ts`],
    }).output();
    assert.ok(bundled.success, new TextDecoder().decode(bundled.stderr));
    await Deno.chmod(`${folder}/look.js`, 0o644);
    const look = async (user: number, modes: { file: number; folder: number }) => {
      await Deno.writeTextFile(path, TEXT);
      await Deno.chown(path, OWNER, GROUP);
      await Deno.chmod(path, modes.file);
      await Deno.chown(etc, OWNER, GROUP);
      await Deno.chmod(etc, modes.folder);
      const { stdout, stderr } = await new Deno.Command("setpriv", {
        args: [
          ...[`--reuid=${user}`, `--regid=${OTHER}`, `--groups=${user === OTHER ? OTHER : GROUP}`],
          ...[Deno.execPath(), "run", "--no-config", "--no-prompt", "--allow-read", "--allow-write"],
          ...["--allow-sys=uid", `${folder}/look.js`],
        ],
        env: { DENO_DIR: `${folder}/none`, HOME: folder, DENO_NO_UPDATE_CHECK: "1" },
        cwd: folder,
      }).output();
      const { uid, gid, mode } = await Deno.stat(path);
      assert.deepEqual([uid, gid, mode! & 0o777], [OWNER, GROUP, modes.file]);
      return new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr);
    };
    assert.equal(await look(OWNER, { file: 0o640, folder: 0o750 }), "null");
    assert.equal(await Deno.readTextFile(path), "[1]\ntype=aor\n");
    const member = OTHER + 1;
    assert.equal(
      await look(member, { file: 0o660, folder: 0o770 }),
      `The configuration file cannot be written: it would get another owner, user ${member}: ` +
        `chown ${member} pjsip.conf, or run Doorline as user ${OWNER}, or change it through AMI`,
    );
    assert.match(
      await look(member, { file: 0o640, folder: 0o770 }),
      /who has no right to: chown \d+ pjsip\.conf/,
    );
    assert.match(
      await look(member, { file: 0o660, folder: 0o750 }),
      /no right to, to make a file in its folder/,
    );
    assert.deepEqual((await Array.fromAsync(Deno.readDir(etc))).map(({ name }) => name), ["pjsip.conf"]);
  }));
