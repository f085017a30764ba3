/**
 * @module
 * What the pages ask of calls: whose they are, their order, and which fit the filters.
 */
import assert from "node:assert/strict";
import {
  arrangeLive,
  callChoice,
  companyBeside,
  digitsIn,
  isOwnNow,
  isParty,
  mentions,
  mergeCalls,
  ringFor,
  standing,
  takenBy,
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

Deno.test("calls: who accepted is told of the ring that they accepted, and of no later one", () => {
  const accepted = { accepted_by: { id: 7, name: "Ivan Ivanov" }, accepted_at: past(30) };
  const before = call("A", { ...accepted, rings: [ringAt(PYOTR, 40)] });
  assert.equal(takenBy(before, before.rings[0]!)?.id, 7);
  const transferred = call("A", { ...accepted, rings: [ringAt(PYOTR, 5)] });
  assert.equal(takenBy(transferred, transferred.rings[0]!), null);
  assert.equal(takenBy(before, null), null);
});

Deno.test("calls: one that others talked in and that rings for this person rings, and comes first", () => {
  const handed = call("A", { status: "answered", rings: [ringAt(IVAN)] });
  assert.equal(standing(handed, 7), "incoming");
  assert.equal(standing(handed, 8), "answered");
  assert.equal(
    standing(call("A", { status: "missed", ended_at: past(0), rings: [ringAt(IVAN)] }), 7),
    "missed",
  );
  const fresh = call("B", { status: "answered", started_at: past(1) });
  assert.deepEqual(arrangeLive([fresh, handed], 7).map(({ id }) => id), ["A", "B"]);
  assert.deepEqual(arrangeLive([fresh, handed], 8).map(({ id }) => id), ["B", "A"]);
});

Deno.test("calls: they are one's own while they ring, while one talks, and while one waits for an answer", () => {
  assert.equal(isOwnNow(call("A", { rings: [ringAt(IVAN)] }), 7), true);
  assert.equal(isOwnNow(call("A", { status: "answered", talking: [CALLER, IVAN] }), 7), true);
  assert.equal(isOwnNow(call("A", { caller: IVAN, receiver: PYOTR, rings: [ringAt(PYOTR)] }), 7), true);
  const given = call("A", { status: "answered", talking: [CALLER, PYOTR], party_ids: [7, 8] });
  assert.equal(isOwnNow(given, 7), false);
  assert.equal(isOwnNow(call("A", { status: "answered", caller: IVAN, talking: [CALLER, PYOTR] }), 7), false);
  assert.equal(isOwnNow(call("A", { ended_at: past(0), talking: [IVAN] }), 7), false);
  assert.equal(isOwnNow(call("A"), undefined), false);
});

Deno.test("calls: a company whose name somebody in the call bears is not told twice", () => {
  const company = { id: 1, name: "Glass Works" };
  assert.equal(companyBeside(call("A", { company })), "Glass Works");
  assert.equal(companyBeside(call("A", { company, caller: { ...CALLER, name: "GLASS works " } })), "");
  assert.equal(companyBeside(call("A")), "");
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
