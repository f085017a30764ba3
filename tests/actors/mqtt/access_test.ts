/**
 * @module
 * Who may say and hear what on the embedded broker, as a matrix. That the broker asks is tested with the broker.
 */
import assert from "node:assert/strict";
import { type Identity, isClientId, mayPublish, maySubscribe } from "../../../actors/mqtt/access.ts";

const A = "AA:BB:CC:0A";
const B = "AA:BB:CC:0B";
/** Panel C has no credentials. */
const C = "AA:BB:CC:0C";
const hasCredentials = (mac: string) => mac === A || mac === B;
const panelA: Identity = { kind: "panel", mac: A };
const local: Identity = { kind: "local" };

const MATRIX: [who: Identity, topic: string, publish: boolean, subscribe: boolean][] = [
  [panelA, `intercom/${A}/heartbeat`, true, true],
  [panelA, `intercom/${A.toLowerCase()}/door_opened`, true, true],
  [panelA, `intercom/${A}/status`, true, true], // the last will is authorised like any publish
  [panelA, `intercom/${A}/anything`, true, true], // and then refused by the decoder, and counted
  [panelA, `intercom/${A}/cmd`, false, true], // commands are the server's
  [panelA, `intercom/${A}/#`, false, true],
  [panelA, `intercom/${A}/+`, false, true],
  [panelA, `intercom/${B}/heartbeat`, false, false],
  [panelA, `intercom/${B}/cmd`, false, false],
  [panelA, `intercom/${B}/status`, false, false],
  [panelA, `intercom/${C}/heartbeat`, false, false],
  [panelA, "#", false, false],
  [panelA, "+", false, false],
  [panelA, "+/+/+", false, false],
  [panelA, "intercom/#", false, false],
  [panelA, "intercom/+/cmd", false, false],
  [panelA, "intercom/+/#", false, false],
  [panelA, "$SYS/#", false, false],
  [panelA, "$SYS/broker/clients", false, false],
  [panelA, `$share/g/intercom/${A}/cmd`, false, false],
  [panelA, `intercom/${A}`, false, false],
  [panelA, `intercom/${A}/a/b`, false, false],
  [panelA, `/intercom/${A}/heartbeat`, false, false],
  [panelA, `INTERCOM/${A}/heartbeat`, false, false],
  [panelA, `intercom/${A}/`, false, true],
  [panelA, "", false, false],
  [local, `intercom/${C}/heartbeat`, true, true],
  [local, `intercom/${C}/cmd`, false, true],
  [local, `intercom/${A}/heartbeat`, false, false],
  [local, `intercom/${A.toLowerCase()}/heartbeat`, false, false],
  [local, `intercom/${A}/cmd`, false, false],
  [local, "intercom/+/cmd", false, false],
  [local, "intercom/not-a-mac/heartbeat", false, false],
  [local, "#", false, false],
  [local, "$SYS/#", false, false],
];

for (const [who, topic, publish, subscribe] of MATRIX) {
  const name = who.kind === "panel" ? "panel A" : "a local program";
  Deno.test(`row 16: ${name} ${publish ? "may" : "may not"} publish, ${subscribe ? "may" : "may not"} subscribe "${topic}"`, () => {
    assert.equal(mayPublish(who, topic, hasCredentials), publish);
    assert.equal(maySubscribe(who, topic, hasCredentials), subscribe);
  });
}

Deno.test("row 16: a client identifier has nothing of a topic filter in it, and can be shown", () => {
  for (const id of ["panel-1", "AA:BB:CC:01", "", "x".repeat(128), "caf\u00e9"]) {
    assert.equal(isClientId(id), true, id);
  }
  for (const id of ["a+b", "#", "a/b", "a\nb", "\u0000", "a\u007f", "x".repeat(129)]) {
    assert.equal(isClientId(id), false, JSON.stringify(id));
  }
});
