/**
 * @module
 * What the pages ask of calls: whose they are, their order, and which fit the filters.
 */
import assert from "node:assert/strict";
import {
  arrangeLive,
  callChoice,
  digitsIn,
  isParty,
  mentions,
  mergeCalls,
  ringFor,
  talksIn,
  wantedCall,
} from "../../ui/store/calls.ts";
import { callOf, callPath } from "../../ui/router.ts";
import { call, CALLER, IVAN, past, PYOTR, ringAt } from "./sample.ts";

const ANY = { q: "", status: "", direction: "", from: "", to: "" } as const;

Deno.test("calls: it rings for the owner of the number that rings, and for nobody without a name", () => {
  const one = call("A", { rings: [ringAt(PYOTR), ringAt(IVAN)], talking: [CALLER] });
  assert.equal(ringFor(one, 7)?.number, "777");
  assert.equal(ringFor(one, 9), null);
  assert.equal(ringFor(one, undefined), null);
  assert.equal(talksIn(one, 7), false);
  // A caller outside has no user: nobody is nobody's.
  assert.equal(talksIn(one, undefined), false);
  assert.equal(isParty(one, 7), true);
});

Deno.test("calls: live ones come as they matter, ringing before talking before over, the newest first", () => {
  const order = arrangeLive([
    call("over", { status: "missed", ended_at: past(1), started_at: past(3) }),
    call("talks", { status: "answered", started_at: past(2) }),
    call("rings long", { started_at: past(30) }),
    call("rings", { started_at: past(4) }),
  ]).map(({ id }) => id);
  assert.deepEqual(order, ["rings", "rings long", "talks", "over"]);
});

Deno.test("calls: live views join what was read once each, newest first, in their live state", () => {
  const read = [call("3", { started_at: past(10) }), call("2", { started_at: past(20) })];
  const fresh = [
    call("2", { started_at: past(20), status: "missed" }),
    call("4", { started_at: past(1) }),
    call("1", { started_at: past(99) }),
  ];
  const merged = mergeCalls(fresh, read);
  assert.deepEqual(merged.map(({ id }) => id), ["4", "3", "2"], "what is older waits for its page");
  assert.equal(merged[2]?.status, "missed");
});

Deno.test("calls: a fresh one passes the same filters as the service's", () => {
  const one = call("A", { started_at: past(10), status: "missed" });
  assert.equal(wantedCall(one, ANY), true);
  assert.equal(wantedCall(one, { ...ANY, status: "rejected" }), false);
  assert.equal(wantedCall(one, { ...ANY, direction: "outbound" }), false);
  assert.equal(wantedCall(one, { ...ANY, from: past(5) }), false);
  assert.equal(wantedCall(one, { ...ANY, to: past(10) }), false, "`to` is not inside");
  assert.equal(wantedCall(one, { ...ANY, from: past(10), to: past(9), status: "missed" }), true);
});

Deno.test("calls: a search finds names by all its words and numbers however they are written", () => {
  const one = call("A", { company: { id: 1, name: "ООО Тестовая Компания" } });
  for (const text of ["", "sergey", "ORLOV ivan", "тестовая", "495 123", "8 (495) 123-45-67", "777"]) {
    assert.equal(mentions(one, text), true, text);
  }
  for (const text of ["petrov", "sergey petrov", "888", "495 999"]) {
    assert.equal(mentions(one, text), false, text);
  }
});

Deno.test("calls: only what reads like a number has digits, without Russia's trunk 8", () => {
  assert.equal(digitsIn("8 (495) 123-45-67"), "4951234567");
  assert.equal(digitsIn("+7 495"), "7495");
  assert.equal(digitsIn("gate 4"), "");
  assert.equal(digitsIn(""), "");
});

Deno.test("calls: filters are read from an address, and what is unknown there is ignored", () => {
  const read = (text: string) => callChoice(new URLSearchParams(text));
  assert.deepEqual(read("status=missed&direction=inbound&q=495&from=2026-01-01T00:00:00Z"), {
    q: "495",
    status: "missed",
    direction: "inbound",
    from: "2026-01-01T00:00:00Z",
    to: "",
  });
  assert.deepEqual(read("status=lost&direction=up&from=yesterday"), ANY);
});

Deno.test("router: a call's address is read back, and a broken one is no call", () => {
  assert.equal(callOf(callPath("01K/x")), "01K/x");
  assert.equal(callOf("/calls/%E0%A4%A"), null);
  assert.equal(callOf("/calls"), null);
});
