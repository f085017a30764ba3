/**
 * @module
 * Phone numbers as people say them, people as calls name them, and times as they run.
 */
import assert from "node:assert/strict";
import { callerLabel, otherLabel, partyLabel } from "../../ui/i18n/parties.ts";
import { shownNumber } from "../../ui/i18n/phones.ts";
import { timer } from "../../ui/i18n/times.ts";
import { call, CALLER, IVAN } from "./sample.ts";

Deno.test("numbers: grouped as people say them", () => {
  const cases: Record<string, string> = {
    "+74951234567": "+7 495 123-45-67",
    "74951234567": "+7 495 123-45-67",
    "84951234567": "8 495 123-45-67",
    "+7 (495) 123-45-67": "+7 495 123-45-67",
    "+375291234567": "+375 29 123-45-67",
    "+442079460958": "+44 207 946 0958",
    "+12025550143": "+1 202 555-0143",
    "+35312345678": "+353 123 456 78",
    "4951234567": "495 123-45-67",
    "12025550147": "+1 202 555-0147",
    // With a code of its own country or with what is dialled for an outside line: nobody can know.
    "974950000101": "974950000101",
    "442079460123": "442079460123",
    "10225550147": "10225550147",
    "1234567": "123-45-67",
    "777": "777",
    "50123": "50123",
  };
  for (const [number, shown] of Object.entries(cases)) assert.equal(shownNumber(number), shown, number);
});

Deno.test("numbers: what is none stays as it is", () => {
  for (const text of ["anonymous", "*8", "s", "<img src=x>", "777#1"]) assert.equal(shownNumber(text), text);
});

Deno.test("numbers: no digit is lost or added in grouping", () => {
  for (let length = 1; length <= 20; length++) {
    const digits = "5".repeat(length);
    assert.equal(shownNumber(digits).replace(/\D/g, ""), digits);
    assert.equal(shownNumber(`+${digits}`).replace(/\D/g, ""), digits);
  }
});

Deno.test("parties: named by name and number, and a withheld number says so", () => {
  assert.equal(partyLabel(IVAN), "Ivan Ivanov (777)");
  assert.equal(partyLabel({ number: "777", name: "777", user_id: null }), "777");
  assert.equal(partyLabel({ number: null, name: null, user_id: null }), "Number withheld");
  const company = { id: 1, name: "Glass Works" };
  assert.equal(callerLabel(call("A", { company })), "+7 495 123-45-67, Sergey Orlov");
  assert.equal(
    callerLabel(call("A", { company, caller: { ...CALLER, name: null } })),
    "+7 495 123-45-67, Glass Works",
  );
  assert.equal(
    callerLabel(call("A", { caller: { number: null, name: null, user_id: null } })),
    "Number withheld",
  );
});

Deno.test("parties: for whoever called, the other side is who was called", () => {
  const outbound = call("A", { caller: IVAN, receiver: CALLER });
  assert.equal(otherLabel(outbound, 7), "+7 495 123-45-67, Sergey Orlov");
  assert.equal(otherLabel(outbound, 8), "777, Ivan Ivanov");
  // A caller without a user is not taken for a reader without one.
  assert.equal(otherLabel(call("A"), undefined), "+7 495 123-45-67, Sergey Orlov");
});

Deno.test("times: a running one has hours only when it needs them", () => {
  assert.deepEqual([0, 7000, 59_999, 60_000, 723_000, 3_723_000, -5000].map(timer), [
    "0:00",
    "0:07",
    "0:59",
    "1:00",
    "12:03",
    "1:02:03",
    "0:00",
  ]);
});
