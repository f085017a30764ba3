/**
 * @module
 * Which endpoints a message is about: by each kind of name, and by nothing that only looks like one.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Desk } from "../../../actors/asterisk_log/desk.ts";
import { Store } from "../../../actors/asterisk_log/store.ts";
import { kept } from "./ground.ts";

function desk(names: string[] = ["777-ep", "77-ep", "888-ep", "trunk-ep", "plain", "a.b+c_d"]): Desk {
  const made = new Desk("a", new Store());
  made.update(names.map((name) => ({ pbx: "a", name, aors: [name.replace(/-ep$/, "")] })));
  return made;
}

function about(text: string, call: string | null = null, at = desk()): string[] {
  return at.about(text, call, 0).map(({ name }) => name);
}

Deno.test("log attribution: by channel, contact, address of record and endpoint", () => {
  const table: [text: string, ...names: string[]][] = [
    ["PJSIP/777-ep-0000000a is ringing", "777-ep"],
    ["PJSIP/777-ep-00000001 answered PJSIP/888-ep-00000002", "777-ep", "888-ep"],
    [
      'Executing [777@from-trunk:1] Dial("PJSIP/trunk-ep-00000000", "PJSIP/777-ep,15") in new stack',
      "trunk-ep",
      "777-ep",
    ],
    ["Called PJSIP/777-ep", "777-ep"],
    ["Called PJSIP/375291234567@trunk-ep", "trunk-ep"],
    ["Called PJSIP/777-ep/sip:777@192.0.2.1:5060", "777-ep"],
    ["exited non-zero on 'PJSIP/trunk-ep-00000000'", "trunk-ep"],
    ["Surrogate/PJSIP/777-ep-00000001", "777-ep"],
    ["x PJSIP/777-ep-00000001<ZOMBIE>", "777-ep"],
    ["Channel PJSIP/a.b+c_d-0000000f joined", "a.b+c_d"],
    ["Contact 777/sip:777@192.0.2.1:5060 is now Reachable.  RTT: 0.987 msec", "777-ep"],
    ["Contact 777/sips:777@192.0.2.1:5061 has been deleted", "777-ep"],
    ["Qualifying contact '777;@d3e3c43ced5be80489a0eab5c586090c' on AOR '777'", "777-ep"],
    ["Added contact 'sip:1@192.0.2.1' to AOR '777' with expiration of 300 seconds", "777-ep"],
    ["aor 'plain' x", "plain"],
    ["AOR '777' not found for endpoint '888-ep' (192.0.2.1:5060)", "777-ep", "888-ep"],
    ["Endpoint 777-ep is now Unreachable", "777-ep"],
    ["no outbound proxy of endpoint 777-ep.", "777-ep"],
    ["Endpoint 777-ep: x", "777-ep"],
    ["it doesn't know '777-ep'", "777-ep"],
    ["Request 'REGISTER' from '<sip:777@192.0.2.1>' failed for '192.0.2.1:5060' (callid: x)", "777-ep"],
    ["Request 'REGISTER' from '\"888-ep\" <sip:777-ep@192.0.2.1>' failed", "777-ep"],
    [
      "<--- Received SIP request (3 bytes) from UDP:192.0.2.1:5060 --->\nOPTIONS sip:x SIP/2.0\nTo: <sip:777@a>",
      "777-ep",
    ],
    ['SecurityEvent="x",AccountID="y"', ...[]],
  ];
  for (const [text, ...names] of table) assert.deepEqual(about(text), names, text);
});

Deno.test("log attribution: nothing that only looks like a name", () => {
  for (
    const text of [
      "PJSIP/7777-ep-0000000a is ringing",
      "PJSIP/1777-ep-0000000a is ringing",
      "PJSIP/777-ep2-0000000a is ringing",
      "PJSIP/777-ep-x-0000000a is ringing",
      "PJSIP/777-0000000a is ringing",
      "XPJSIP/777-ep-0000000a",
      "SIP/777-ep-0000000a",
      "PJSIP_777-ep-0000000a",
      "PJSIP/ 777-ep",
      "PJSIP/",
      "Local/777@internal-00000001;1",
      "number 777 is busy",
      "777-ep",
      "777-ep-0000000a",
      "Contact 7777/sip:7777@192.0.2.1:5060 is now Reachable",
      "Contact x777/sip:1@192.0.2.1 is now Reachable",
      "Contact 777/tel:777",
      "Contact 777/sipx:1",
      "777;@d3e3c43ced5be80489a0eab5c586090",
      "777;@d3e3c43ced5be80489a0eab5c586090c0",
      "1777;@d3e3c43ced5be80489a0eab5c586090c",
      "XAOR '777'",
      "AOR '7777'",
      "AOR 'x 777'",
      "AOR: '777'",
      "extension '777'",
      "'777-ep",
      "'x777-ep'",
      "'777-ep '",
      "Endpoint 777-epx is now Reachable",
      "Endpoint x777-ep is now Reachable",
      "myEndpoint 777-ep",
      "Endpoints 777-ep",
      "Request 'INVITE' from '<sip:777@192.0.2.1>' failed",
      "Request 'REGISTER' from '<sip:7777@192.0.2.1>' failed",
      "Request 'REGISTER' from '<sip:777:x@192.0.2.1>' failed",
      "Request 'REGISTER' from '<xsip:777@192.0.2.1>' failed",
      "Request 'REGISTER' from '<sip:192.0.2.1;x=777@a>' failed",
      "Taskprocessor 'pjsip/options/777-00000049': Task pushed",
      "",
      "/",
      ":",
      "'",
      "''",
      ";@",
    ]
  ) assert.deepEqual(about(text), [], text);
});

Deno.test("log attribution: 77 is not 777, whatever both are called", () => {
  assert.deepEqual(about("PJSIP/77-ep-0000000a and AOR '77'"), ["77-ep"]);
  const both = desk(["7", "77", "777"]);
  assert.deepEqual(about("PJSIP/77-0000000a, Contact 777/sip:7@x, Endpoint 7", null, both), [
    "77",
    "777",
    "7",
  ]);
});

Deno.test("log attribution: a call is of those whose channels were named in it, and of no other call", () => {
  const at = desk();
  const of = (text: string, call: string | null) => about(text, call, at);
  assert.deepEqual(of("Executing [777@x:1] Answer()", "C-00000001"), []);
  assert.deepEqual(of('Dial("PJSIP/trunk-ep-00000000", "PJSIP/777-ep,15")', "C-00000001"), [
    "trunk-ep",
    "777-ep",
  ]);
  assert.deepEqual(of("nothing named", "C-00000001"), ["trunk-ep"], "who is dialled has no channel yet");
  assert.deepEqual(of("PJSIP/777-ep-00000001 is ringing", "C-00000001"), ["777-ep", "trunk-ep"]);
  assert.deepEqual(of("nothing named", "C-00000001"), ["trunk-ep", "777-ep"]);
  // What somebody says of themselves does not join them to the call.
  assert.deepEqual(of("Endpoint 888-ep and <sip:888@x>", "C-00000001"), ["888-ep", "trunk-ep", "777-ep"]);
  assert.deepEqual(of("nothing named", "C-00000001"), ["trunk-ep", "777-ep"]);
  assert.deepEqual(of("nothing named", "C-00000002"), []);
  assert.deepEqual(of("nothing named", null), []);
  const says = (text: string, source: string | null) => at.heed(kept(1, { text, source }));
  says("Asterisk Dynamic Loader Starting:", "res_pjsip_logger.c");
  says("BYE sip:777@a\n\n9 modules will be loaded.", null);
  assert.deepEqual(of("nothing named", "C-00000001"), ["trunk-ep", "777-ep"], "somebody else says so");
  for (const source of ["loader.c", null]) {
    says("Asterisk Dynamic Loader Starting:", source);
    assert.deepEqual(of("nothing named", "C-00000001"), [], "Asterisk counts calls anew");
    assert.deepEqual(of("PJSIP/777-ep-00000001", "C-00000001"), ["777-ep"]);
  }
  says("213 modules will be loaded.", "loader.c");
  assert.deepEqual(of("nothing named", "C-00000001"), []);
});

Deno.test("log attribution: calls are forgotten in the order in which they were heard of", () => {
  const at = desk();
  for (let n = 0; n < 3000; n++) {
    at.about(`PJSIP/777-ep-00000001`, `C-${n.toString(16).padStart(8, "0")}`, n * 2000);
  }
  assert.deepEqual(at.about("x", "C-00000000", 3000 * 2000).length, 0);
  assert.deepEqual(at.about("x", "C-00000bb7", 3000 * 2000).length, 1);
});

Deno.test("log attribution: endpoints that are gone are not told, new ones are", () => {
  const at = desk(["777-ep"]);
  assert.deepEqual(about("PJSIP/777-ep-00000001", "C-00000001", at), ["777-ep"]);
  at.update([{ pbx: "a", name: "888-ep", aors: ["888", "shared"] }, {
    pbx: "a",
    name: "9",
    aors: ["shared"],
  }]);
  assert.deepEqual(about("PJSIP/777-ep-00000001", "C-00000001", at), []);
  assert.deepEqual(about("AOR 'shared'", null, at), ["888-ep", "9"]);
});

Deno.test("log attribution: whatever a message holds, only whole names that stand in it are told", () => {
  const piece = fc.constantFrom(
    "PJSIP/",
    "777-ep",
    "77-ep",
    "777",
    "77",
    "-0000000a",
    "sip:",
    "/sip:",
    "@",
    "'",
    "AOR '",
    "Endpoint ",
    ";@",
    "d3e3c43ced5be80489a0eab5c586090c",
    " ",
    "REGISTER",
    "<--- ",
    ":",
    ",",
    "x",
    "\n",
    "é",
    "\ud83d",
  );
  const at = desk();
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join("");
      for (const name of about(text, null, at)) {
        const own = name.replace(/-ep$/, "");
        assert.match(
          text,
          new RegExp(`(?<![\\w.-])(?:${name}|${own})(?![0-9])`),
          `${name} in ${JSON.stringify(text)}`,
        );
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("log attribution: takes time in proportion to the message", () => {
  const at = desk();
  for (
    const piece of [
      "PJSIP/",
      "'",
      "/sip:",
      "sip:",
      ";@",
      "Endpoint ",
      "PJSIP/a",
      "REGISTER sip:a",
      "a/sip:",
      "''",
    ]
  ) {
    const text = piece.repeat(65_536 / piece.length);
    const begin = performance.now();
    at.about(text, null, 0);
    assert.ok(performance.now() - begin < 1000, `${piece} took ${performance.now() - begin} ms`);
  }
});
