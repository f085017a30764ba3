/**
 * @module
 * What Asterisk shows is held against what was written: what it did not take is seen, and what nobody can see is said.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readCategories } from "../../../actors/pjsip_conf/categories.ts";
import { parseConf } from "../../../actors/pjsip_conf/document.ts";
import { knownOptions } from "../../../actors/pjsip_conf/options.ts";
import { needsRestart, NO_TRANSPORT, type Shown, verify } from "../../../actors/pjsip_conf/verify.ts";

function read(text: string) {
  return readCategories({ name: "", document: parseConf(text), includes: new Map() });
}

const BASE = "[7]\ntype=endpoint\naors=7\nallow=ulaw\n[7]\ntype=aor\n[7]\ntype=auth\nusername=7\n";
const SHOWN: Record<string, string>[] = [
  {
    event: "EndpointDetail",
    objectname: "7",
    allow: "(ulaw)",
    callgroup: "",
    dtmfmode: "rfc4733",
    tosaudio: "0",
    aors: "7",
  },
  { event: "AorDetail", objectname: "7", contacts: "", qualifytimeout: "3.000000" },
];

/** The verdict on lines that were added to the endpoint. */
function added(lines: string, shown: Record<string, string> | null, before: Shown = SHOWN) {
  const packets = shown === null ? null : [{ ...SHOWN[0]!, ...shown }, SHOWN[1]!];
  return verify({
    name: "7",
    before: read(BASE),
    after: read(BASE.replace("allow=ulaw\n", `allow=ulaw\n${lines}`)),
    shownBefore: before,
    shown: packets,
    known: knownOptions("22.10.1"),
  });
}

Deno.test("conf verify: what is shown as written is right, in Asterisk's words too", () => {
  const right = { differences: [], unseen: [] };
  assert.deepEqual(added("dtmf_mode=INFO\n", { dtmfmode: "info" }), right);
  assert.deepEqual(added("allow=alaw\n", { allow: "(ulaw|alaw)" }), right);
  assert.deepEqual(added("tos_audio=ef\n", { tosaudio: "184" }), right);
  assert.deepEqual(added("tos_audio=0\n", {}), right);
  assert.deepEqual(added("media_encryption=sdp\n", { mediaencryption: "sdes" }), right);
});

Deno.test("conf verify: what is shown otherwise, or as before, was not taken", () => {
  assert.deepEqual(added("dtmf_mode=info\n", {}).differences, [
    'Asterisk did not take dtmf_mode of [7]: wanted "info", it has "rfc4733"',
  ]);
  assert.deepEqual(added("allow=nocodec\n", {}).differences.length, 1);
  assert.deepEqual(added("call_group=x\n", {}).differences.length, 1);
  assert.deepEqual(added("call_group=1\n", null).differences, ["Asterisk does not know the endpoint 7"]);
});

Deno.test("conf verify: what is not shown is said, unless the object is known to be taken", () => {
  assert.match(added("contact_user=x\n", {}).unseen[0] ?? "", /contact_user/);
  assert.deepEqual(added("contact_user=x\ndtmf_mode=info\n", { dtmfmode: "info" }).unseen, []);
  assert.deepEqual(added("contact_user=x\n", {}, null).unseen, []);
});

Deno.test("conf verify: an object that is gone, or stayed, is seen, and what was never there is not asked for", () => {
  const verdict = (after: string, shown: Shown) =>
    verify({
      name: "7",
      before: read(BASE),
      after: read(after),
      shownBefore: SHOWN,
      shown,
      known: knownOptions(null),
    });
  // Its auth is named by nobody, and the aor was there before.
  assert.deepEqual(verdict(BASE, SHOWN), { differences: [], unseen: [] });
  assert.deepEqual(verdict(BASE, SHOWN.slice(0, 1)).differences, ["Asterisk does not know [7] of type aor"]);
  assert.deepEqual(verdict("", SHOWN).differences, ["Asterisk still knows the endpoint 7"]);
  assert.deepEqual(verdict("", null).differences, []);
});

Deno.test("conf verify: an endpoint without its transport waits for a restart", () => {
  const shown = [{ event: NO_TRANSPORT, objectname: "late" }];
  assert.match(needsRestart(shown) ?? "", /transport late/);
  assert.equal(needsRestart(SHOWN), null);
  const after = read(BASE.replace("aors=7", "aors=7\ntransport=late"));
  const verdict = verify({
    name: "7",
    before: read(BASE),
    after,
    shownBefore: SHOWN,
    shown,
    known: knownOptions(null),
  });
  assert.deepEqual([verdict.differences, verdict.unseen.length], [[], 1]);
});

Deno.test("conf verify: what was only removed is seen where what is shown became another, and else not", () => {
  const verdict = (shown: Record<string, string>) =>
    verify({
      name: "7",
      before: read(BASE.replace("allow=ulaw\n", "allow=ulaw\nlanguage=ru\n")),
      after: read(BASE),
      shownBefore: [{ ...SHOWN[0]!, language: "ru" }, SHOWN[1]!],
      shown: [{ ...SHOWN[0]!, ...shown }, SHOWN[1]!],
      known: knownOptions(null),
    });
  assert.deepEqual(verdict({ language: "" }), { differences: [], unseen: [] });
  assert.match(verdict({ language: "ru" }).unseen.join(), /whether language is gone/);
  const identify = "[7-id]\ntype=identify\nendpoint=7\nmatch=192.0.2.7\n";
  const gone = verify({
    name: "7",
    before: read(BASE + identify),
    after: read(BASE),
    shownBefore: SHOWN,
    shown: [...SHOWN, { event: "IdentifyDetail", objectname: "7-id" }],
    known: knownOptions(null),
  });
  assert.deepEqual(gone.differences, ["Asterisk still knows [7-id] of type identify"]);
});

Deno.test("conf verify: no secret is told, whatever version knows its option and however it is written", () => {
  const canary = "canary-of-battery-7";
  const options = [
    "password",
    "md5_cred",
    "oauth_secret",
    "refresh_token",
    "password_digest",
    "outbound_proxy",
  ];
  const cased = fc.mixedCase(fc.constantFrom(...options));
  fc.assert(fc.property(cased, fc.constantFrom("16.28.0", "22.10.1", null), (option, version) => {
    const packet = { event: "AuthDetail", objectname: "7", username: "8" };
    const key = option.replaceAll("_", "").toLowerCase();
    const verdict = verify({
      name: "7",
      before: read(BASE.replace("allow=ulaw", "allow=ulaw\nauth=7")),
      after: read(
        BASE.replace("allow=ulaw", "allow=ulaw\nauth=7").replace(
          "username=7",
          `username=7\n${option}=${canary}-new`,
        ),
      ),
      shownBefore: [...SHOWN, { ...packet, [key]: canary }],
      shown: [...SHOWN, { ...packet, [key]: canary }],
      known: knownOptions(version),
    });
    assert.equal(verdict.differences.length, 1);
    assert.ok(!JSON.stringify(verdict).includes(canary), JSON.stringify(verdict));
  }));
});
