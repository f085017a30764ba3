/**
 * @module
 * pjsip.conf of the emulated Asterisk, over the manager interface: read, changed in steps, and taken at a reload as real
 * ones of 16.28 and 22.10 take it.
 */
import assert from "node:assert/strict";
import { type AsteriskStage, type RawAmi, withAsterisk } from "./asterisk_client.ts";
import { header, type Packet } from "./asterisk_compare.ts";

interface ConfigStage extends AsteriskStage {
  ami: RawAmi;
  dir: string;
  /** The file as it is now. */
  text(): Promise<string>;
  /** Takes steps, and says what came of it. */
  update(...steps: Record<string, string>[]): Promise<string>;
  reload(): Promise<Packet>;
}

async function withConfig(
  play: (stage: ConfigStage) => Promise<void>,
  { text, write = "all" }: { text?: string; write?: string } = {},
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    if (text !== undefined) await Deno.writeTextFile(`${dir}/pjsip.conf`, text);
    await withAsterisk({ dir, write }, async (stage) => {
      const ami = stage.dial();
      await ami.login("system");
      await play({
        ...stage,
        ami,
        dir,
        text: () => Deno.readTextFile(`${dir}/pjsip.conf`),
        update: async (...steps) => {
          const headers: Record<string, string> = { SrcFilename: "pjsip.conf", DstFilename: "pjsip.conf" };
          for (const [index, step] of steps.entries()) {
            for (const [name, value] of Object.entries(step)) {
              headers[`${name}-${String(index).padStart(6, "0")}`] = value;
            }
          }
          const answer = await ami.act("UpdateConfig", headers);
          return header(answer, "Message") || header(answer, "Response");
        },
        reload: () => ami.act("Reload", { Module: "res_pjsip.so" }),
      });
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function lines(packet: Packet): string[] {
  return packet.filter(([name]) => !["Response", "ActionID"].includes(name)).map((one) => one.join(": "));
}

async function option(ami: RawAmi, endpoint: string, name: string): Promise<string> {
  const answer = await ami.act("PJSIPShowEndpoint", { Endpoint: endpoint });
  if (header(answer, "Response") === "Error") return header(answer, "Message");
  const id = header(answer, "ActionID");
  const mine = () => ami.packets.filter((one) => header(one, "ActionID") === id);
  await ami.until(() => mine().some((one) => header(one, "EventList") === "Complete"), "the details");
  return header(mine().find((one) => header(one, "Event") === "EndpointDetail")!, name);
}

const SMALL = `; Kept
[phone](!) ; a template
type=endpoint
context = internal
; Codecs
allow => ulaw

[777](phone)
; Whose it is
aors = 777 ; the same name
callerid = "A \\; B" <777>
`;

Deno.test("emulated pjsip.conf: GetConfig gives sections with what they inherit, and templates when asked", async () => {
  await withConfig(async ({ ami }) => {
    const get = (headers: Record<string, string>) =>
      ami.act("GetConfig", { Filename: "pjsip.conf", ...headers });
    assert.deepEqual(lines(await get({})), [
      "Category-000000: 777",
      "Templates-000000: phone",
      "Line-000000-000000: type=endpoint",
      "Line-000000-000001: context=internal",
      "Line-000000-000002: allow=ulaw",
      "Line-000000-000003: aors=777",
      'Line-000000-000004: callerid="A ; B" <777>',
    ]);
    assert.deepEqual(lines(await get({ Filter: "TEMPLATES=restrict" })), [
      "Category-000000: phone",
      "IsTemplate-000000: 1",
      "Line-000000-000000: type=endpoint",
      "Line-000000-000001: context=internal",
      "Line-000000-000002: allow=ulaw",
    ]);
    assert.equal(header(await get({ Category: "777", Filter: "type=^endpoint$" }), "Category-000000"), "777");
    await get({ Category: "777", Filter: "type=^auth$" });
    assert.ok(ami.text.includes("No categories found\r\n\r\n"));
    assert.equal(header(await ami.act("GetConfig"), "Message"), "Filename not specified");
    for (
      const [name, message] of [
        ["nope.conf", "Config file not found"],
        ["../pjsip.conf", "File requires escalated priveledges"],
      ]
    ) {
      assert.equal(header(await ami.act("GetConfig", { Filename: name! }), "Message"), message);
    }
  }, { text: SMALL });
});

Deno.test("emulated pjsip.conf: what is written has a head, its comments, and semicolons that are none", async () => {
  await withConfig(async ({ update, text }) => {
    const first = await update({ Action: "Update", Cat: "777", Var: "callerid", Value: '"C;D" <777>' });
    assert.equal(first, "Success");
    const head = (written: string) => written.replace(/^;! Creation Date: .*$/m, ";! Creation Date: then");
    const expected = `;!
;! Automatically generated configuration file
;! Filename: pjsip.conf (/etc/asterisk/pjsip.conf)
;! Generator: Manager
;! Creation Date: then
;!
; Kept
[phone](!) ; a template
type = endpoint
context = internal
; Codecs
allow => ulaw

[777](phone)
; Whose it is
aors = 777 ; the same name
callerid = "C\\;D" <777>
`;
    assert.equal(head(await text()), expected);
    await update({ Action: "Append", Cat: "777", Var: "transport", Value: "udp" });
    assert.equal(head(await text()), `${expected}transport = udp\n`);
  }, { text: SMALL });
});

Deno.test("emulated pjsip.conf: an update is done whole or not at all, and refused in Asterisk's words", async () => {
  await withConfig(async ({ update, text }) => {
    const before = await text();
    const good = { Action: "Append", Cat: "777", Var: "transport", Value: "udp" };
    const table: [step: Record<string, string>, message: string][] = [
      [{ ...good, Cat: "nope" }, "Given category does not exist"],
      [{ ...good, Cat: "phone" }, "Given category does not exist"],
      [{ ...good, Options: "catfilter=type=^endpoint$" }, "Given category does not exist"],
      [{ Action: "Update", Cat: "777", Var: "nope", Value: "1" }, "Update did not complete successfully"],
      [{ Action: "Delete", Cat: "777", Var: "nope" }, "Delete did not complete successfully"],
      [{ Action: "NewCat", Cat: "777" }, "Create category did not complete successfully"],
      [{ Action: "Nonsense", Cat: "777" }, "Unknown action command"],
      [{ Action: "NewCat" }, "Category not specified"],
      [{ Action: "RenameCat", Cat: "777" }, "Problem with category, value, or line (if required)"],
      [{ Action: "Insert", Cat: "777", Var: "a" }, "Problem with category, value, or line (if required)"],
    ];
    for (const [step, message] of table) {
      assert.equal(await update(good, step), message);
      assert.equal(await text(), before);
    }
  }, { text: SMALL });
});

Deno.test("emulated pjsip.conf: who inherits keeps what a changed template gave, unless told not to", async () => {
  const step = {
    Action: "Update",
    Cat: "phone",
    Var: "context",
    Value: "other",
    Options: 'catfilter="TEMPLATES=restrict"',
  };
  const phone = (written: string) => written.slice(written.indexOf("[777]"));
  await withConfig(async ({ update, text }) => {
    await update(step);
    assert.match(phone(await text()), /^\[777\]\(phone\)\ncontext = internal\n/);
  }, { text: SMALL });
  await withConfig(async ({ ami, text }) => {
    const headers = Object.fromEntries(
      Object.entries(step).map(([name, value]) => [`${name}-000000`, value]),
    );
    const files = { SrcFilename: "pjsip.conf", DstFilename: "pjsip.conf", PreserveEffectiveContext: "no" };
    await ami.act("UpdateConfig", { ...files, ...headers });
    assert.match(phone(await text()), /^\[777\]\(phone\)\n; Whose it is\naors = 777/);
  }, { text: SMALL });
});

Deno.test("emulated pjsip.conf: lines that are deleted leave their place empty, and repeated ones are not written", async () => {
  await withConfig(async ({ update, text }) => {
    await update(
      { Action: "Delete", Cat: "777", Var: "aors" },
      { Action: "Append", Cat: "777", Var: "allow", Value: "ulaw" },
      { Action: "Append", Cat: "777", Var: "transport", Value: "udp" },
    );
    const written = await text();
    assert.ok(written.endsWith('[777](phone)\n\n\ncallerid = "A \\; B" <777>\ntransport = udp\n'), written);
  }, { text: SMALL });
});

Deno.test("emulated pjsip.conf: an endpoint that is written comes to be, changes, and goes", async () => {
  await withConfig(async ({ ami, asterisk, update, reload }) => {
    const brought: string[] = [];
    asterisk.onConfigured((phones) => brought.push(...phones.map(({ endpoint }) => endpoint)));
    const fill = (cat: string, kind: string, options: Record<string, string>) =>
      Object.entries(options).map(([name, value]) => ({
        Action: "Append",
        Cat: cat,
        Var: name,
        Value: value,
        Options: `catfilter="type=^${kind}$"`,
      }));
    const made = await update(
      { Action: "NewCat", Cat: "160-ep", Options: 'inherit="phone"' },
      ...fill("160-ep", "endpoint", { aors: "160", auth: "160", callerid: '"New" <160>' }),
      { Action: "NewCat", Cat: "160", Options: 'inherit="phone-auth"' },
      ...fill("160", "auth", { username: "160", password: "made-up" }),
      { Action: "NewCat", Cat: "160", Options: 'allowdups,inherit="phone-aor"' },
    );
    assert.equal(made, "Success");
    assert.match(await option(ami, "160-ep", "Aors"), /^Unable to retrieve endpoint 160-ep/);
    assert.equal(header(await reload(), "Message"), "Module Reloaded");
    assert.deepEqual([await option(ami, "160-ep", "Auth"), brought], ["160", ["160-ep"]]);
    assert.equal(asterisk.register("160", { password: "no" }), false);
    assert.equal(asterisk.register("160", { password: "made-up" }), true);
    const call = asterisk.call({ from: "74951234567", to: "160" });
    assert.deepEqual(call.ringing, ["160"]);
    call.callerHangsUp();

    await update({ Action: "Update", Cat: "160-ep", Var: "direct_media", Value: "yes" });
    await reload();
    assert.equal(await option(ami, "160-ep", "DirectMedia"), "true");

    await update({ Action: "DelCat", Cat: "160-ep" });
    const before = ami.packets.length;
    await reload();
    const told = ami.packets.slice(before).map((one) => header(one, "Event") + header(one, "PeerStatus"));
    assert.deepEqual(told, ["PeerStatusUnreachable", "Reload", ""]);
    assert.match(await option(ami, "160-ep", "Aors"), /^Unable to retrieve endpoint 160-ep/);
    assert.throws(() => asterisk.register("160"), /no such endpoint/);
  });
});

Deno.test("emulated pjsip.conf: a bad object keeps what it was, others are taken, and the log says so", async () => {
  await withConfig(async ({ ami, asterisk, update, reload }) => {
    await update(
      { Action: "Append", Cat: "150-ep", Var: "bogus", Value: "1" },
      { Action: "Update", Cat: "150-ep", Var: "context", Value: "elsewhere" },
      { Action: "Update", Cat: "151-ep", Var: "allow", Value: "nocodec" },
      { Action: "Update", Cat: "152-ep", Var: "context", Value: "elsewhere" },
    );
    assert.equal(header(await reload(), "Message"), "Module Reloaded");
    assert.equal(await option(ami, "150-ep", "Context"), "internal");
    assert.equal(await option(ami, "151-ep", "Allow"), "(ulaw)");
    assert.equal(await option(ami, "152-ep", "Context"), "elsewhere");
    const log = await Deno.readTextFile(asterisk.logFile!);
    assert.match(
      log,
      /config_options\.c: Could not find option suitable for category '150-ep' named 'bogus' at line \d+ of $/m,
    );
    assert.match(
      log,
      /res_sorcery_config\.c: Retaining existing configuration for object of type 'endpoint' with id '150-ep'$/m,
    );
    assert.match(log, /config_options\.c: Error parsing allow=nocodec at line \d+ of $/m);
  });
});

Deno.test("emulated pjsip.conf: nothing is taken of a file that cannot be read, or that names an object twice", async () => {
  await withConfig(async ({ ami, dir, text, reload }) => {
    const before = (await text()).replace("context = internal", "context = elsewhere");
    for (
      const broken of [
        `${before}\n[new](missing)\ntype = endpoint\n`,
        `${before}\n[open\ntype = endpoint\n`,
        `${before}\n[777-ep](phone)\naors = 777\n`,
        `context = lost\n${before}`,
      ]
    ) {
      await Deno.writeTextFile(`${dir}/pjsip.conf`, broken);
      assert.equal(header(await reload(), "Message"), "Module Reloaded");
      assert.equal(await option(ami, "777-ep", "Context"), "internal");
    }
    await Deno.writeTextFile(`${dir}/pjsip.conf`, before);
    await reload();
    assert.equal(await option(ami, "777-ep", "Context"), "elsewhere");
  });
});

Deno.test("emulated pjsip.conf: an account without the class config reads it and may not write it", async () => {
  await withConfig(async ({ ami, update }) => {
    assert.equal(header(await ami.act("GetConfig", { Filename: "pjsip.conf" }), "Category-000000"), "udp");
    assert.equal(await update({ Action: "DelCat", Cat: "777-ep" }), "Permission denied");
  }, { write: "system" });
});

Deno.test("emulated pjsip.conf: it is kept, and rules at the next start", async () => {
  await withConfig(async ({ ami, dir, update, asterisk }) => {
    await update({ Action: "DelCat", Cat: "152-ep" }, {
      Action: "Update",
      Cat: "777-ep",
      Var: "callerid",
      Value: '"Ivan" <777>',
    });
    await asterisk.restart();
    await ami.ended();
    assert.deepEqual([...asterisk.phones.keys()], ["777", "888", "150", "151", "trunk"]);
    await withAsterisk({ dir }, async ({ asterisk: next, dial }) => {
      const again = dial();
      await again.login("off");
      assert.equal(await option(again, "777-ep", "Callerid"), '"Ivan" <777>');
      assert.equal(next.phones.has("152"), false);
      assert.equal(next.phones.get("777")!.reachable, true);
    });
  });
});

Deno.test("emulated Asterisk: without a folder it has no files to read, write or log to", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login("off");
    assert.equal(asterisk.logFile, null);
    for (const name of ["GetConfig", "UpdateConfig"]) {
      const files = { Filename: "pjsip.conf", SrcFilename: "pjsip.conf", DstFilename: "pjsip.conf" };
      assert.equal(header(await ami.act(name, files), "Response"), "Error");
    }
    assert.equal(header(await ami.act("Reload", { Module: "res_pjsip.so" }), "Message"), "Module Reloaded");
    assert.equal(header(await ami.act("Reload", { Module: "nope.so" }), "Message"), "No such module");
  });
});
