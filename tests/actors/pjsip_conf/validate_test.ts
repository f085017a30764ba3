/**
 * @module
 * What is wrong with sections is found before they are written, with a code, a place and a way to mend it.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { applyText, type LoadedConf } from "../../../actors/pjsip_conf/apply.ts";
import { readCategories } from "../../../actors/pjsip_conf/categories.ts";
import { creatables, createSections, fieldProblems } from "../../../actors/pjsip_conf/creatable.ts";
import { unifiedDiff } from "../../../actors/pjsip_conf/diff.ts";
import { parseConf } from "../../../actors/pjsip_conf/document.ts";
import { sectionText } from "../../../actors/pjsip_conf/form.ts";
import { findGroup } from "../../../actors/pjsip_conf/group.ts";
import { addShown, isKnown, isSecret, knownOptions, nearest } from "../../../actors/pjsip_conf/options.ts";
import { maskText } from "../../../actors/pjsip_conf/secrets.ts";
import { validate } from "../../../actors/pjsip_conf/validate.ts";
import { codecsOf, sameValue, valueProblem } from "../../../actors/pjsip_conf/values.ts";

const OTHERS = `[udp]
type=transport
protocol=udp
[phone](!)
type=endpoint
allow=ulaw
[888]
type=endpoint
aors=888
auth=888
allow=ulaw
[888]
type=aor
[888]
type=auth
username=888
password=long-enough-9
`;
const GOOD = `[777](phone)
aors=777
auth=777
transport=udp

[777]
type=aor
max_contacts=1

[777]
type=auth
username=777
password=correct-horse-9
`;

function load(text: string): LoadedConf {
  const main = { name: "pjsip.conf", document: parseConf(text), includes: new Map() };
  return { source: "file", main, categories: readCategories(main), revision: "r", notEditable: null };
}

function found(text: string, { name = "777", others = OTHERS, version = "22.10.1" } = {}): string[] {
  const before = load(others);
  const group = findGroup(before.categories, name);
  const after = applyText(before, group, text);
  return validate({ before, after, name, text, known: knownOptions(version) })
    .map(({ severity, code, section, option, line }) =>
      `${severity === "error" ? "" : "warning "}${code} [${section}] ${option} ${line}`
    );
}

Deno.test("conf validate: finds nothing wrong with what is right", () => assert.deepEqual(found(GOOD), []));

const CASES: [what: string, text: string, expected: string[]][] = [
  ["an option that is none", GOOD.replace("max_contacts", "max_contact"), [
    "unknown_option [777] max_contact 8",
  ]],
  ["a value of the wrong kind", GOOD.replace("max_contacts=1", "max_contacts=one"), [
    "bad_value [777] max_contacts 8",
  ]],
  ["an aor that is not there", GOOD.replace("aors=777", "aors=778"), [
    "foreign_section [777] null 6",
    "missing_reference [777] aors 2",
  ]],
  ["a transport that is not there", GOOD.replace("=udp", "=tls"), ["missing_reference [777] transport 4"]],
  ["a template that is not there", GOOD.replace("(phone)", "(fone)"), [
    "missing_template [777] null 1",
  ]],
  ["a username of another", GOOD.replace("username=777", "username=888"), [
    "duplicate_username [777] username 12",
  ]],
  ["no username", GOOD.replace("username=777\n", ""), ["missing_option [777] username 1"]],
  ["a weak password", GOOD.replace("correct-horse-9", "777"), ["warning weak_password [777] password 13"]],
  ["a section twice", `${GOOD}\n[777]\ntype=aor\n`, [
    "duplicate_section [777] null 1",
    "duplicate_section [777] null 1",
  ]],
  ["a section of another", `${GOOD}\n[888]\ntype=aor\n`, ["foreign_section [888] null 15"]],
  ["a transport among them", `${GOOD}\n[tls]\ntype=transport\nbind=0.0.0.0\n`, [
    "section_type [tls] null 15",
  ]],
  ["a global section", `${GOOD}\n[global]\ntype=global\n`, ["section_type [global] null 15"]],
  ["no type", `${GOOD}\n[x]\na=1\n`, ["section_type [x] null 15"]],
  ["an identify that matches nothing", `${GOOD}\n[x]\ntype=identify\nendpoint=777\n`, [
    "missing_option [x] match 15",
  ]],
  ["no aor and no codecs", "[777]\ntype=endpoint\n", [
    "warning no_aor [777] aors 1",
    "warning no_codecs [777] allow 1",
  ]],
  ["other sections only", "[778]\ntype=endpoint\n", ["not_there [777] null null"]],
];
for (const [what, text, expected] of CASES) {
  Deno.test(`conf validate: finds ${what}`, () => {
    const shown = found(text);
    for (const one of expected) assert.ok(shown.includes(one), `${one} in ${JSON.stringify(shown)}`);
    const wrong = expected.filter((one) => !one.startsWith("warning"));
    assert.equal(shown.some((one) => !one.startsWith("warning")), wrong.length > 0, JSON.stringify(shown));
  });
}

Deno.test("conf validate: what was wrong before, and is as it was, does not hold up a change", () => {
  const old = GOOD.replace("=udp", "=tls");
  assert.deepEqual(found(old.replace("max_contacts=1", "max_contacts=2"), { others: OTHERS + old }), [
    "warning missing_reference [777] transport 4",
  ]);
});

Deno.test("conf options: each version has its own, and says what was meant", () => {
  const [old, now] = [knownOptions("16.28.0~dfsg-0"), knownOptions("22.10.1")];
  assert.deepEqual([isKnown(old, "endpoint", "tenantid"), isKnown(now, "endpoint", "tenantid")], [
    false,
    true,
  ]);
  assert.equal(nearest(now, "endpoint", "dtmfmode"), "dtmf_mode");
  assert.equal(nearest(now, "endpoint", "direct_medai"), "direct_media");
  assert.equal(nearest(now, "endpoint", "frobnicate"), null);
  addShown(old, [{ event: "EndpointDetail", brandnew: "1", dtmfmode: "info", devicestate: "x" }]);
  assert.deepEqual([isKnown(old, "endpoint", "brand_new"), isKnown(old, "endpoint", "device_state")], [
    true,
    false,
  ]);
});

Deno.test("conf values: kinds take what Asterisk takes", () => {
  const bad = (kind: string, option: string, value: string) =>
    valueProblem({ kind } as { kind: "yes" }, option, value) !== null;
  assert.deepEqual(["yes", "off", "1", "maybe"].map((value) => bad("yes", "x", value)), [
    false,
    false,
    false,
    true,
  ]);
  assert.deepEqual(
    ["ulaw,alaw", "!g722", "opus:20", "a b", ","].map((value) => bad("codecs", "allow", value)),
    [
      false,
      false,
      false,
      true,
      true,
    ],
  );
  assert.deepEqual(
    ["192.0.2.1", "10.0.0.0/8", "2001:db8::1", "sip.example.com", "1.2.3.999", "10.0.0.0/33", "a b"].map((
      value,
    ) => bad("match", "match", value)),
    [false, false, false, false, true, true, true],
  );
  assert.deepEqual(
    codecsOf(parseConf("[a]\ndisallow=all\nallow=ulaw,g722\nallow=!g722,alaw\n").blocks[0]!.options),
    [
      "ulaw",
      "alaw",
    ],
  );
  const category = readCategories({
    name: "",
    document: parseConf("[a]\nmatch=10.1.2.3/8,192.0.2.1\n"),
    includes: new Map(),
  }).all[0]!;
  const same = (kind: string, written: string, shown: string) =>
    sameValue({ kind } as { kind: "yes" }, { option: "x", written, shown, category });
  assert.equal(same("match", "", "192.0.2.1/255.255.255.255,10.0.0.0/255.0.0.0"), true);
  assert.equal(same("yes", "on", "true"), true);
  assert.equal(same("callerid", "Bob <200>", '"Bob" <200>'), true);
  assert.equal(same("float", "3", "3.000000"), true);
});

Deno.test("conf secrets: are masked wherever they stand, and a new one is told from an old one", () => {
  const text =
    "[a]\npassword=one;c\n;password = two\npassword => three\nx=1 ; secret: four\n;-- md5_cred=five --;\npassword=\n";
  const masked = maskText(text);
  for (const secret of ["one", "two", "three", "four", "five"]) assert.ok(!masked.includes(secret), masked);
  assert.equal(masked.split("\n").length, text.split("\n").length);
  const diff = unifiedDiff("a", "[a]\npassword=old\n", "[a]\npassword=fresh\n", { masked: true });
  assert.match(diff, /\+password=•+ \(new\)/);
  assert.ok(!/old|fresh/.test(diff));
  assert.equal(unifiedDiff("a", "[a]\n", "[a]\n", { masked: false }), "");
});

Deno.test("conf secrets: no masked text has a secret in it, however it is written", () => {
  const secret = fc.stringMatching(/^[a-z0-9]{12}$/);
  const form = fc.constantFrom(
    "password=S",
    "  md5_cred  =>  S",
    ";password=S",
    "oauth_secret = S ; c",
    "password+=S",
  );
  fc.assert(fc.property(secret, form, (value, line) => {
    assert.ok(!maskText(`[a]\n${line.replace("S", value)}\n`).includes(value));
  }));
});

Deno.test("conf creatable: phone, panel and trunk make sections with nothing wrong in them", () => {
  const before = load(`${OTHERS}[f](!)\ntype=endpoint\n`);
  for (const creatable of creatables(before.categories)) {
    for (const name of ["777", "777-ep"]) {
      const values: Record<string, string> = creatable.id === "trunk"
        ? { host: "sip.example.com", username: "line", password: "correct-horse-9" }
        : { password: "correct-horse-9", transport: "udp" };
      assert.deepEqual(fieldProblems(creatable, values), []);
      const text = createSections(creatable, name, values).map(sectionText).join("\n");
      const after = applyText(before, null, text);
      assert.deepEqual(validate({ before, after, name, text, known: knownOptions("16.28.0") }), [], text);
    }
    assert.notEqual(fieldProblems(creatable, { codecs: "ulaw\r\n[x]", frob: "1" }).length, 1);
  }
});

Deno.test("conf secrets: whatever stands behind a word for one is masked in lines that are no options", () => {
  const lines = [
    "; password canary1",
    ";pass=canary2",
    "password canary3",
    ";-- password = canary4",
    "; SIP credentials are canary5 and",
    "; пароль canary6",
    "username=a ; the old token: canary7",
    ";username=x password=canary8",
    "set_var=SIPPASS=canary9",
    "--;",
  ];
  const masked = maskText(`[a]\n${lines.join("\n")}\n`);
  assert.ok(!masked.includes("canary"), masked);
  const secret = Object.values(knownOptions("22.10.1")).flatMap((one) => [...one])
    .filter(([name]) => isSecret(name)).map(([name, { kind }]) => `${name} ${kind}`);
  assert.deepEqual(secret.sort(), [
    "md5_cred secret",
    "oauth_secret secret",
    "password secret",
    "password_digest secret",
    "refresh_token secret",
  ]);
  const plain = '[bypass-ep](passage) ; a phone\ncallerid = "Passport office" <7>\n';
  assert.equal(maskText(plain), plain);
});
