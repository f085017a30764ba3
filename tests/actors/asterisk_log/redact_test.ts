/**
 * @module
 * No credential of a log reaches memory: canaries in every place where Asterisk prints one, whole and folded.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isSuspect, REDACTED, Redactor, SOUGHT } from "../../../actors/asterisk_log/redact.ts";
import { messagesOf } from "./ground.ts";

const CANARY = "c4nARY5ecre7";
const HEAD = "[Nov 20 13:59:45] DEBUG[1] a.c: ";

/** All that is left of lines, the first of which has a head. */
function left(...lines: string[]): string {
  return messagesOf([HEAD + lines[0], ...lines.slice(1)]).map(({ text }) => text).join("\n");
}

Deno.test("log redaction: credentials in one line", () => {
  for (
    const line of [
      `Authorization: Digest username="777", nonce="${CANARY}", response="${CANARY}"`,
      `authorization : Digest response=${CANARY}`,
      `PROXY-AUTHORIZATION:Digest response="${CANARY}"`,
      `Proxy-Authorization: Basic ${CANARY}`,
      `WWW-Authenticate: Digest realm="asterisk",nonce="${CANARY}",opaque="${CANARY}"`,
      `Proxy-Authenticate: Digest nonce = "${CANARY}"`,
      `Authentication-Info: nextnonce="${CANARY}", rspauth="${CANARY}", cnonce="${CANARY}"`,
      `SecurityEvent="ChallengeResponseFailed",AccountID="777",Challenge="${CANARY}",Response="${CANARY}",` +
      `ExpectedResponse="${CANARY}"`,
      `SecurityEvent="InvalidPassword",Challenge="${CANARY}",ReceivedChallenge="${CANARY}",ReceivedHash="${CANARY}"`,
      `SecurityEvent="ChallengeSent",Challenge="${CANARY}"`,
      `Password: ${CANARY}`,
      `password=${CANARY}`,
      `PASSWORD = ${CANARY} and ${CANARY}`,
      `password => '${CANARY} ${CANARY}' x`,
      `"password": "${CANARY}"`,
      `auth_pass=${CANARY}`,
      `Setting outbound_auth_password=${CANARY} of 777`,
      `secret=${CANARY};x`,
      `Secret: ${CANARY}`,
      `md5_cred=${CANARY}`,
      `md5_cred = ${CANARY}`,
      `passwd:${CANARY}`,
      `token=${CANARY}`,
      `X-Api-Key: ${CANARY}`,
      `X-Access-Key: ${CANARY}`,
      `x-session-key:${CANARY}`,
      `receivedhash = "${CANARY}"`,
      `Set(PASS=${CANARY})`,
      `Executing [s@x:1] Set("PJSIP/777-ep-00000001", "DB_PASS1=${CANARY}") in new stack`,
      `Executing [s@x:1] Set("PJSIP/777-ep-00000001", "CONFBRIDGE(user,pin)=${CANARY}") in new stack`,
      `PIN: ${CANARY}`,
      `dbpwd => ${CANARY}`,
      `mailbox 777 with password ${CANARY}`,
      `mailbox 777 with password canary`.replace("canary", CANARY.replaceAll(/\d/g, "")),
      `Incorrect password '${CANARY}' for user '777' (context = default)`,
      `the password is ${CANARY}, and no other`,
      `api_key=${CANARY}`,
      `Cookie: session=${CANARY}`,
      `Set-Cookie: a=${CANARY}`,
      `Authenticate: Bearer ${CANARY}`,
      `Registering with sip:777:${CANARY}@192.0.2.1`,
      `sips:a:${CANARY}@[2001:db8::1]:5061`,
      `GET http://user:${CANARY}@192.0.2.1/x`,
      `mysql://user:${CANARY}@db`,
      `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${CANARY}|2^20|1:32 inline:${CANARY}`,
      `Executing [1@x:1] Authenticate("PJSIP/777-ep-00000001", "${CANARY}") in new stack`,
      `Executing [1@x:1] VMAuthenticate("PJSIP/777-ep-00000001", "${CANARY}@default")`,
      `Executing [1@x:1] DISA("PJSIP/777-ep-00000001", "${CANARY},internal")`,
      `Executing [1@x:1] Set("PJSIP/777-ep-00000001", "SECRET=${CANARY}") in new stack`,
    ]
  ) {
    const text = left(line);
    assert.ok(!text.includes(CANARY) && !text.includes(CANARY.replaceAll(/\d/g, "")), text);
    assert.ok(text.includes(REDACTED), text);
    assert.ok(!left("x", `${line}\r`, "y").includes(CANARY), "as a further line");
  }
});

Deno.test("log redaction: lines of a body", () => {
  for (
    const line of [
      `a=ice-pwd:${CANARY}`,
      `a=key-mgmt:mikey ${CANARY}`,
      `k=base64:${CANARY}`,
      `k=clear:${CANARY}`,
    ]
  ) {
    assert.ok(!left("x", line).includes(CANARY), line);
  }
});

Deno.test("log redaction: folded headers go as a whole, and no further", () => {
  const text = left(
    "<--- Received SIP request (1 bytes) from UDP:192.0.2.1:5060 --->",
    "REGISTER sip:192.0.2.1 SIP/2.0\r",
    "Authorization:\r",
    ` Digest username="777",\r`,
    `\tresponse="${CANARY}",\r`,
    ` nonce\r`,
    ` =\r`,
    ` "${CANARY}"\r`,
    "User-Agent: phone\r",
    " folded too\r",
    'WWW-Authenticate: Digest realm="a", nonce=\r',
    ` "${CANARY}"\r`,
    `Proxy-Authenticate: Digest nonce="begins\r`,
    ` ${CANARY}"\r`,
    "Content-Length: 0\r",
  );
  assert.ok(!text.includes(CANARY), text);
  assert.deepEqual(text.split("\n").slice(1), [
    "REGISTER sip:192.0.2.1 SIP/2.0",
    `Authorization: ${REDACTED}`,
    "User-Agent: phone",
    " folded too",
    'WWW-Authenticate: Digest realm="a", nonce=',
    `Proxy-Authenticate: Digest nonce=${REDACTED}`,
    "Content-Length: 0",
  ]);
});

Deno.test("log redaction: in JSON, whole and cut off", () => {
  const json = JSON.stringify({
    hostname: "",
    timestamp: "Nov 20 13:59:45",
    identifiers: { lwp: 1, callid: "" },
    logmsg: {
      location: { filename: "a.c", function: "f", line: 1 },
      level: "VERBOSE",
      message:
        `x\r\nAuthorization: Digest\r\n response="${CANARY}"\r\nTo: <sip:777@192.0.2.1>\r\npassword=${CANARY}\r\n`,
    },
  });
  const [whole] = messagesOf([json]);
  assert.equal(whole!.text, `x\nAuthorization: ${REDACTED}\nTo: <sip:777@192.0.2.1>\npassword=${REDACTED}`);
  for (let end = 0; end < json.length; end++) {
    for (const { text } of messagesOf([json.slice(0, end)])) {
      assert.ok(!text.includes(CANARY.slice(0, 6)), `cut at ${end}: ${text}`);
    }
  }
});

Deno.test("log redaction: a message that was given out meanwhile does not show what was folded", () => {
  const redactor = new Redactor();
  redactor.head("Proxy-Authorization: Digest");
  assert.equal(redactor.next(` response="${CANARY}"`), null);
  assert.equal(redactor.next(`\t${CANARY}`), null);
  assert.equal(redactor.next("To: x"), "To: x");
});

Deno.test("log redaction: what is no credential stays", () => {
  for (
    const line of [
      "Endpoint 777-ep is now Reachable",
      "Channel PJSIP/777-ep-00000001 joined 'simple_bridge' basic-bridge <f7076608>",
      "Request 'REGISTER' from '<sip:777@192.0.2.1>' failed for '192.0.2.1:5060' (callid: 1@192.0.2.1) - Failed to authenticate",
      "res_pjsip_authenticator_digest.so => (PJSIP authentication resource)",
      "Contact: <sip:777@192.0.2.1:24232>;expires=299",
      "o=- 1 1 IN IP4 192.0.2.1",
      "Basic call without music",
      "Failed to authenticate 777: wrong password for user",
      "passthrough=yes, bypass: no, pass_through = 1, mapping: 3, compass=north",
      "Shipping: 12, ping: 3 ms, PIN",
    ]
  ) assert.equal(left(line), line);
});

Deno.test("log redaction: the quick look finds whatever there is to be taken out", () => {
  for (const sought of SOUGHT) {
    const matching = fc.stringMatching(
      // What may not be beside it is left to chance: it only makes fewer lines match.
      new RegExp(sought.source.replaceAll(/\(\?<?[=!][^()]*\)/g, "").replaceAll("\\b", "")),
    );
    let found = 0;
    fc.assert(
      fc.property(
        matching,
        fc.constantFrom("", "x ", "a", "\t-"),
        fc.infiniteStream(fc.boolean()),
        (made, before, capital) => {
          const line = before + made.replaceAll(
            /[a-z]/gi,
            (letter) => capital.next().value ? letter.toUpperCase() : letter.toLowerCase(),
          );
          // An expression that looks for all of them remembers where it was.
          sought.lastIndex = 0;
          if (!sought.test(line)) return;
          found++;
          assert.ok(isSuspect(line), `${sought}: ${JSON.stringify(line)}`);
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(found > 20, `${sought} was tried ${found} times`);
  }
});

Deno.test("log redaction: takes time in proportion to the line, whatever is in it", () => {
  const parts = fc.constantFrom(
    '"',
    "'",
    "=",
    ":",
    " ",
    "sip:",
    "password",
    "inline:",
    "nonce=",
    "a",
    "@",
    "\t",
    "://",
    "Authenticate(",
    "x-a-",
    "pin",
    "1",
    "with ",
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 40 }), (some) => {
      const piece = some.join("");
      const line = piece.repeat(Math.ceil(65_536 / Math.max(1, piece.length)));
      const begin = performance.now();
      new Redactor().head(line);
      assert.ok(
        performance.now() - begin < 2000,
        `${JSON.stringify(piece)} took ${performance.now() - begin} ms`,
      );
    }),
    { numRuns: 60 },
  );
});
