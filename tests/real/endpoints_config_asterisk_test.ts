/**
 * @module
 * Configuration of endpoints in a real Asterisk of both versions, as a file and through AMI: made, edited, broken on
 * purpose, brought back, deleted; a phone registers with what was written, and no value becomes more than a value.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { AmiConnection } from "../../actors/ami/connection.ts";
import { systemClock } from "../../actors/clock.ts";
import { sectionsOfAnswer } from "../../actors/pjsip_conf/ami_answers.ts";
import { amiSource } from "../../actors/pjsip_conf/ami_source.ts";
import { sameCategories, textOf, withDocument } from "../../actors/pjsip_conf/apply.ts";
import { readCategories } from "../../actors/pjsip_conf/categories.ts";
import { type ConfigBy, ConfigDesk, ConfigRefused } from "../../actors/pjsip_conf/desk.ts";
import { parseConf } from "../../actors/pjsip_conf/document.ts";
import type { Database } from "../../db/client.ts";
import { CONF_FILE } from "../actors/pjsip_conf/conf_files.ts";
import { useEmbedded, withDatabase } from "../db/ground.ts";
import { type Asterisk, freeUdpPort, startAsterisk } from "../support/asterisk.ts";
import { ASTERISK_VERSIONS, type AsteriskVersion, whyNoAsterisk } from "../support/asterisk_chroot.ts";
import { AMI_USERS } from "../support/asterisk_config.ts";
import { startProcess } from "../support/process.ts";

const ground = useEmbedded();
type Mode = "file" | "ami";
const MODES: readonly Mode[] = ["file", "ami"];
const BY: ConfigBy = { userId: 1, name: "admin", role: "admin", address: "127.0.0.1" };
const PBX = "main";
// SIPp has its own meaning for brackets.
const PASSWORD = "kX7;w=z,9Qp#";

/** What follows the configuration of all tests. */
const MORE = `
; a template for those of the yard
[yard](!)
type=endpoint ; of all
context => internal
disallow=all
allow=ulaw

; the gate
[gate-ep](yard)
aors=gate
; nothing below
[gate]
type=aor
max_contacts=1
`;

/** Files of pieces that mean something to Asterisk. An #include would need its file. */
const CONF = fc.array(
  fc.constantFrom(
    ..."[a]\n|[b](!)\n|[c](b)\n|[a](+)\n|[c](b,!)\n|[a](+x=1)\n|x=1\n|y => 2\n|x += 3\n|z = a\\;b\n|w = a;b\n|; c\n"
      .split("|"),
    ...";-- x\n|--;\n|y\n|=1\n|\n|\r\n|  [d] (b)\n|[ e ]\n|v = ;-- q --; r\n|#x\n|u = \\;-- p\n|[f\n|t = ]\n|\\[s = 1\n"
      .split("|"),
  ),
  { minLength: 1, maxLength: 14 },
).map((parts) => `[a]\n${parts.join("")}`);

interface Stage {
  asterisk: Asterisk;
  desk: (mode: Mode) => ConfigDesk;
  connection: AmiConnection;
  text(): Promise<string>;
}

async function onStage(version: AsteriskVersion, play: (stage: Stage) => Promise<void>): Promise<void> {
  const asterisk = await startAsterisk({ version, extra: { "pjsip.conf": MORE } });
  try {
    await withDatabase(ground.address(), async (database) => {
      await database.query((sql) => sql`truncate pjsip_versions, audit_log`);
      const connection = await connect(asterisk);
      const path = `${asterisk.dir}/etc/pjsip.conf`;
      const options = {
        ami: {
          action: (_pbx: string, ...rest: Parameters<AmiConnection["action"]>) => connection.action(...rest),
          list: (_pbx: string, ...rest: Parameters<AmiConnection["list"]>) => connection.list(...rest),
        },
        database: database as Database,
        clock: systemClock(),
        log: {
          info: () => {},
          warn: () => {},
          error: (detail: unknown) => assert.fail(JSON.stringify(detail)),
        },
      };
      try {
        await play({
          asterisk,
          connection,
          desk: (mode) => new ConfigDesk({ ...options, confPath: () => mode === "file" ? path : null }),
          text: () => Deno.readTextFile(path),
        });
      } finally {
        await connection.close();
      }
    });
  } finally {
    await asterisk.stop();
  }
}

function connect(asterisk: Asterisk): Promise<AmiConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<AmiConnection>();
  const connection: AmiConnection = new AmiConnection({
    server: { name: PBX, host: "127.0.0.1", port: asterisk.ami.port, ...AMI_USERS.all },
    clock: systemClock(),
    onConnected: () => {},
    onLoggedIn: () => resolve(connection),
    onRefused: (error) => reject(new Error(error)),
    onEvent: () => {},
    onLost: (error) => reject(new Error(error)),
  });
  connection.open();
  return promise;
}

/** A SIPp that registers with a password, or does not. */
async function registers(
  asterisk: Asterisk,
  who: { number: string; password: string },
): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "doorline-register-" });
  const port = await freeUdpPort("127.0.0.1");
  const request = (cseq: number, authorization: string) =>
    `<send><![CDATA[
REGISTER sip:127.0.0.1:${asterisk.sipPort} SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:${who.number}@127.0.0.1>;tag=[call_number]
To: <sip:${who.number}@127.0.0.1:${asterisk.sipPort}>
Call-ID: [call_id]
CSeq: ${cseq} REGISTER
Contact: <sip:${who.number}@127.0.0.1:${port}>
${authorization}Expires: 60
Max-Forwards: 70
Content-Length: 0

]]></send>`;
  const proof = `[authentication username=${who.number} password=${who.password}]\n`;
  await Deno.writeTextFile(
    `${folder}/registers.xml`,
    `<?xml version="1.0"?><scenario name="r">${request(1, "")}<recv response="401" auth="true"/>${
      request(2, proof)
    }<recv response="200"/></scenario>`,
  );
  const sipp = startProcess("/usr/bin/sipp", {
    cwd: folder,
    args: [
      ...["-sf", `${folder}/registers.xml`, "-i", "127.0.0.1", "-p", String(port), "-m", "1", "-nostdin"],
      ...["-timeout", "5s", "-timeout_error", `127.0.0.1:${asterisk.sipPort}`],
    ],
    env: { TERM: "dumb" },
  });
  const { code } = await sipp.end;
  await Deno.remove(folder, { recursive: true });
  return code === 0;
}

for (const version of ASTERISK_VERSIONS) {
  const why = whyNoAsterisk(version);
  const test = (rule: string, fn: (stage: Stage) => Promise<void>) =>
    Deno.test(
      `Asterisk ${version}: ${rule}${why === null ? "" : ` (${why})`}`,
      { ignore: why !== null },
      () => onStage(version, fn),
    );

  test("an endpoint is made, edited, broken, brought back and deleted, in the file and by AMI", async (stage) => {
    for (const mode of MODES) await liveOn(stage, mode);
  });

  test("a change that named what is of another is taken back, in the file and by AMI", async (stage) => {
    for (const mode of MODES) await borrow(stage, mode);
  });

  test("panels and trunks are taken as they are made", async (stage) => {
    const options = { why: "a test", dryRun: false, by: BY };
    const made = async (mode: Mode, name: string, template: string, values: Record<string, string>) => {
      const { result, failure, problems, needs_restart } = await stage.desk(mode)
        .create(PBX, name, { template, values }, options);
      const codes = problems.map(({ code }) => code);
      const expected = template === "panel" ? ["phone_settings"] : [];
      assert.deepEqual([name, result, failure, codes, needs_restart], [name, "saved", null, expected, null]);
    };
    for (const mode of MODES) {
      const password = PASSWORD;
      await made(mode, `panel-${mode}`, "panel", {
        password,
        context: "internal",
        transport: "udp",
        callerid: "P <5>",
      });
      const host = mode === "file" ? "127.0.0.7" : "127.0.0.8";
      await made(mode, `line-${mode}-ep`, "trunk", {
        host,
        username: "line",
        password,
        match: `${host},10.0.0.0/8`,
      });
    }
    assert.match(await stage.asterisk.cli("pjsip show endpoint panel-ami"), /allow +: \(ulaw\|alaw\|h264\)/);
    // Its port is not free, so that a reload does not make it.
    const transport = `\n[late]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:${stage.asterisk.sipPort}\n`;
    await Deno.writeTextFile(`${stage.asterisk.dir}/etc/pjsip.conf`, await stage.text() + transport);
    const { text, revision } = await stage.desk("file").view(PBX, "panel-file", { masked: false });
    const late = text.replace("transport = udp", "transport = late");
    const changed = await stage.desk("file").change(PBX, "panel-file", { text: late }, {
      ...options,
      revision,
    });
    assert.deepEqual([changed.result, changed.failure], ["saved", null]);
    assert.match(changed.needs_restart ?? "", /transport late/);
    assert.deepEqual(changed.problems.map(({ code }) => code), ["not_seen"]);
  });

  test("a template's change reaches who inherits it, and comments stay, in the file and by AMI", async (stage) => {
    await retemplate(stage, "file", { from: "internal", to: "from-trunk" });
    assert.ok((await stage.text()).endsWith(`${MORE.replace("internal", "from-trunk")}\n`));
    await retemplate(stage, "ami", { from: "from-trunk", to: "internal" });
  });

  test("a value becomes no other option and no section, in the file and by AMI", async (stage) => {
    for (const mode of MODES) await tempt(stage, mode);
  });

  test("names with +, options in capitals and a file that is not taken, in the file and by AMI", async (stage) => {
    for (const mode of MODES) await surprise(stage, mode);
  });

  test("UpdateConfig makes of any configuration any other, as it was planned, and takes it back", async ({ asterisk, connection }) => {
    const path = `${asterisk.dir}/etc/pjsip.conf`;
    const source = amiSource((action, fields) => connection.action(action, fields));
    for (const [one, other] of fc.sample(fc.tuple(CONF_FILE, CONF_FILE), { numRuns: 40, seed: 3 })) {
      await Deno.writeTextFile(path, other);
      const wanted = await source.load();
      await Deno.writeTextFile(path, one);
      const before = await source.load();
      const after = withDocument(before, wanted.main.document);
      const written = await source.save(before, after);
      assert.equal(sameCategories(written.categories, wanted.categories), true, `${one}\n->\n${other}`);
      // And back, while somebody else was at work too.
      const others = "\n[others]\ntype=aor\nmax_contacts=3\n";
      await Deno.writeTextFile(path, `${await Deno.readTextFile(path)}${others}`);
      const restored = await source.takeBack(before, after);
      const { categories } = withDocument(before, parseConf(textOf(before) + others));
      assert.equal(sameCategories(restored.categories, categories), true, `${one}\n<-\n${other}`);
    }
  });

  test("files are read as Asterisk reads them, whatever is in them", async (stage) => {
    // The seed is told, so that what fails here fails again.
    const texts = fc.sample(CONF, { numRuns: 150, seed: 7 });
    let valid = 0;
    for (const text of texts) {
      await Deno.writeTextFile(`${stage.asterisk.dir}/etc/chance.conf`, text);
      const fields = { Filename: "chance.conf", Filter: "TEMPLATES=include" };
      const answer = await stage.connection.action("GetConfig", fields).catch((error: Error) =>
        error.message
      );
      const main = { name: "chance.conf", document: parseConf(text), includes: new Map() };
      const { all, broken } = readCategories(main);
      if (typeof answer === "string") {
        assert.match(answer, /invalid format/);
        assert.notEqual(broken.length, 0, JSON.stringify(text));
        continue;
      }
      valid++;
      assert.deepEqual(broken, [], JSON.stringify(text));
      const read = all.map(({ name, template, inherits, lines }) => ({
        name,
        template,
        inherits,
        lines: lines.map((line) => `${line.name}=${line.value}`),
      }));
      assert.deepEqual(read, sectionsOfAnswer(answer), JSON.stringify(text));
    }
    assert.ok(valid > texts.length / 5, `${valid} of ${texts.length} were no nonsense`);
  });
}

/** From its creation to its end, and back. */
async function liveOn(stage: Stage, mode: Mode): Promise<void> {
  const desk = stage.desk(mode);
  const name = mode === "file" ? "779" : "780";
  const options = { why: "a test", dryRun: false, by: BY };
  const show = () => stage.asterisk.cli(`pjsip show endpoint ${name}`);
  const before = await stage.text();
  const values = { password: PASSWORD, context: "internal", codecs: "ulaw,alaw" };
  const tried = await desk.create(PBX, name, { template: "phone", values }, { ...options, dryRun: true });
  assert.deepEqual([tried.result, await stage.text()], ["checked", before]);
  const made = await desk.create(PBX, name, { template: "phone", values }, options);
  assert.deepEqual([made.result, made.failure, made.needs_restart], ["saved", null, null]);
  const settings = `In the phone: user ${name}, authentication user ${name}, and the password.`;
  assert.deepEqual(made.problems.map(({ message }) => message), [settings]);
  // As any phone does: From, To and user are the same.
  const who = { number: name, password: PASSWORD };
  assert.equal(await registers(stage.asterisk, who), true, "the phone registers with what was written");

  const view = await desk.view(PBX, name, { masked: false });
  assert.deepEqual(view.sections.map(({ type }) => type), ["endpoint", "auth", "aor"]);
  const sections = view.sections.map((section) => ({
    ...section,
    options: section.options.map((option) =>
      option.name === "context" ? { ...option, value: "from-trunk" } : option
    ),
  }));
  const edited = await desk.change(PBX, name, { sections }, { ...options, revision: view.revision });
  assert.deepEqual([edited.result, edited.failure], ["saved", null]);
  assert.match(await show(), /context +: from-trunk/);
  const stale = desk.change(PBX, name, { sections }, { ...options, revision: view.revision });
  await assert.rejects(stale, (error: ConfigRefused) => error.kind === "conflict");

  // That this codec is none only Asterisk knows.
  const good = await stage.text();
  const { text, revision } = await desk.view(PBX, name, { masked: false });
  const bad = text.replace("allow = ulaw,alaw", "allow = ulaw,nocodec");
  const broken = await desk.change(PBX, name, { text: bad }, { ...options, revision });
  assert.equal(broken.result, "rolled_back");
  assert.match(
    broken.failure ?? "",
    /did not take allow of \[\d+\]: wanted "ulaw,nocodec", it has "\(ulaw\|alaw\)"/,
  );
  if (mode === "file") assert.equal(await stage.text(), good);
  assert.match(await show(), /allow +: \(ulaw\|alaw\)/);

  const first = (await desk.versions(PBX, name, { limit: 10, masked: true })).items.at(-1)!;
  assert.equal(first.action, "create");
  assert.ok(!first.diff.includes(PASSWORD));
  const { revision: now } = broken;
  const back = await desk.rollback(PBX, name, { ...options, version: first.id, revision: now });
  assert.deepEqual([back.result, back.failure], ["saved", null]);
  assert.match(await show(), /context +: internal/);

  const gone = await desk.remove(PBX, name, { ...options, revision: back.revision });
  assert.deepEqual([gone.result, gone.failure], ["saved", null]);
  assert.match(await show(), /Unable to find/);
  if (mode === "file") assert.equal(await stage.text(), before);
  const again = await desk.rollback(PBX, name, { ...options, version: first.id, revision: "" });
  assert.equal(again.result, "saved");
  assert.equal(await registers(stage.asterisk, who), true, "and again when it was brought back");
}

/** Takes another's AOR for a while. */
async function borrow(stage: Stage, mode: Mode): Promise<void> {
  const desk = stage.desk(mode);
  const name = mode === "file" ? "781" : "782";
  const options = { why: "a test", dryRun: false, by: BY };
  const values = { password: PASSWORD, context: "internal" };
  const made = await desk.create(PBX, name, { template: "phone", values }, options);
  const { text, revision } = await desk.view(PBX, name, { masked: false });
  const borrowed = text.replace(`aors = ${name}`, "aors = gate");
  const done = await desk.change(PBX, name, { text: borrowed }, { ...options, revision });
  assert.deepEqual([done.result, done.failure], ["saved", null]);
  assert.deepEqual(done.problems.map(({ code }) => code), ["section_removed", "shared_section"]);
  assert.match(await stage.asterisk.cli(`pjsip show endpoint ${name}`), /Aor: +gate/);
  const given = { ...options, version: made.version!, revision: done.revision };
  const back = await desk.rollback(PBX, name, given);
  assert.deepEqual([back.result, back.failure], ["saved", null]);
  assert.equal(await registers(stage.asterisk, { number: name, password: PASSWORD }), true);
  assert.match(await stage.asterisk.cli("pjsip show endpoint gate-ep"), /Aor: +gate/);
}

async function retemplate(stage: Stage, mode: Mode, context: { from: string; to: string }): Promise<void> {
  const desk = stage.desk(mode);
  const view = await desk.view(PBX, "yard", { masked: false });
  assert.deepEqual([view.kind, view.sections[0]!.used_by], ["template", ["gate-ep"]]);
  const text = view.text.replace(context.from, context.to);
  const options = { why: "a test", dryRun: false, by: BY };
  const changed = await desk.change(PBX, "yard", { text }, { ...options, revision: view.revision });
  assert.deepEqual([changed.result, changed.failure], ["saved", null]);
  assert.match(
    await stage.asterisk.cli("pjsip show endpoint gate-ep"),
    new RegExp(`context +: ${context.to}`),
  );
  const now = await stage.text();
  for (const comment of ["; a template for those of the yard", "; of all", "; the gate", "; nothing below"]) {
    assert.ok(now.includes(comment), comment);
  }
  await assert.rejects(
    desk.remove(PBX, "yard", { ...options, revision: changed.revision }),
    (error: ConfigRefused) => error.problems.some(({ code }) => code === "still_used"),
  );
}

/** What Asterisk takes though it is written otherwise, and what it does not take though nothing says so. */
async function surprise(stage: Stage, mode: Mode): Promise<void> {
  const desk = stage.desk(mode);
  const file = `${stage.asterisk.dir}/etc/pjsip.conf`;
  const before = await stage.text();
  const load = async (text: string) => {
    await Deno.writeTextFile(file, text);
    await stage.connection.action("Reload", { Module: "res_pjsip.so" });
  };
  const own = "\n[+7999]\ntype=endpoint\naors=+7999\nauth=+7999\nallow=ulaw\nlanguage=ru\n\n[+7999]\n" +
    "type=aor\n\n[+7999]\ntype=auth\nusername=7999\nPassword=old-secret-77\n";
  const edit = async (change: (text: string) => string) => {
    const { text, revision } = await desk.view(PBX, "+7999", { masked: false });
    const options = { revision, why: "a test", dryRun: false, by: BY };
    return await desk.change(PBX, "+7999", { text: change(text) }, options);
  };
  const shown = async (event: string) =>
    (await stage.connection.list("PJSIPShowEndpoint", { Endpoint: "+7999" })).find((one) =>
      one.event === event
    )!;
  await load(before + own);
  // Options are found without case, so that their secrets are too.
  const changed = await edit((text) =>
    text.replace("old-secret-77", "new-secret-77").replace("ulaw", "alaw")
  );
  assert.deepEqual([changed.result, changed.failure, changed.problems], ["saved", null, []]);
  assert.equal((await shown("AuthDetail")).password, "new-secret-77");
  const masked = await desk.view(PBX, "+7999", { masked: true });
  assert.ok(!JSON.stringify(masked).includes("secret-77"));
  // Asterisk takes none of the endpoints of a file that has two of one name, and goes on with what it has.
  const twins = "\n[twin]\ntype=endpoint\n\n[twin]\ntype=endpoint\n";
  await Deno.writeTextFile(file, await stage.text() + twins);
  const removed = await edit((text) => text.replace(/language ?= ?ru\n/, ""));
  assert.deepEqual(removed.problems.map(({ code }) => code), ["not_seen"]);
  assert.equal((await shown("EndpointDetail")).language, "ru");
  await load((await stage.text()).replace(/(\[twin\]\ntype ?= ?endpoint\n\s*){2}/, ""));
  assert.notEqual((await shown("EndpointDetail")).language, "ru");
  await load(before);
}

/** Values and names that would be more than they are. */
async function tempt(stage: Stage, mode: Mode): Promise<void> {
  const desk = stage.desk(mode);
  const count = async () => {
    const conf = await amiSource((action, fields) => stage.connection.action(action, fields)).load();
    return conf.categories.all.map(({ name, template, lines }) => [
      name,
      template,
      lines.filter((line) => !line.inherited).map((line) => line.name),
    ]);
  };
  const options = { why: "a test", dryRun: false, by: BY };
  const setTo = async (value: string) => {
    const { sections, revision } = await desk.view(PBX, "gate-ep", { masked: false });
    const [endpoint, ...rest] = sections;
    const own = endpoint!.options.filter(({ name }) => name !== "callerid_tag");
    const given = [{ ...endpoint!, options: [...own, { name: "callerid_tag", value }] }, ...rest];
    return await desk.change(PBX, "gate-ep", { sections: given }, { ...options, revision });
  };
  await setTo("plain");
  const before = await count();
  for (
    const value of [
      "a;b",
      "a\\;b",
      ";-- x",
      "x --;",
      "[evil]",
      "](!)",
      "#include /etc/passwd",
      "a=b => c",
      "a\\",
    ]
  ) {
    assert.deepEqual([value, (await setTo(value)).failure], [value, null]);
    assert.deepEqual(await count(), before, value);
    const { sections } = await desk.view(PBX, "gate-ep", { masked: false });
    const option = sections[0]!.options.at(-1)!;
    assert.deepEqual([option.name, option.value], ["callerid_tag", value]);
    const [shown] = await stage.connection.list("PJSIPShowEndpoint", { Endpoint: "gate-ep" });
    assert.equal(shown!.calleridtag, value);
  }
  const now = await stage.text();
  for (const value of ["a\r\ncontext=evil", "a\n[evil]", "a\rb", "a\0b", ">b"]) {
    await assert.rejects(setTo(value), (error: ConfigRefused) => error.kind === "unsafe", value);
  }
  for (const name of ["evil](!)", "e;vil", "#include x", "evil\n[x]"]) {
    const refused = desk.create(PBX, name, { text: `[${name}]\ntype=endpoint\n` }, options);
    await assert.rejects(refused, (error: ConfigRefused) => error.kind === "unsafe", name);
  }
  assert.equal(await stage.text(), now);
}
