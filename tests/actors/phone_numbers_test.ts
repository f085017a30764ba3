/**
 * @module
 * How numbers are compared and written, as PBXs, trunks and people give them.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { PhoneNumbers } from "../../actors/phone_numbers.ts";

const numbers = new PhoneNumbers({ internal: /^\d{2,4}$/, region: "RU" });

/** As it is given; how it is compared; how it is shown. */
const NUMBERS: [given: string | null, key: string | null, shown: string][] = [
  ["74951234567", "+74951234567", "+7 495 123 45 67"],
  ["+7 (495) 123-45-67", "+74951234567", "+7 495 123 45 67"],
  ["84951234567", "+74951234567", "+7 495 123 45 67"],
  ["4951234567", "+74951234567", "+7 495 123 45 67"],
  [" 8 800 123-45-67 ", "+78001234567", "+7 800 123 45 67"],
  ["+７ ４９５ 123 45 67", "+74951234567", "+7 495 123 45 67"],
  ["sip:74951234567@192.0.2.1;user=phone", "+74951234567", "+7 495 123 45 67"],
  ["810375291234567", "+375291234567", "+375 29 123 45 67"],
  ["+375 29 123-45-67", "+375291234567", "+375 29 123 45 67"],
  ["375291234567", "+375291234567", "+375 29 123 45 67"],
  ["00375291234567", "+375291234567", "+375 29 123 45 67"],
  // With the prefix for an outside line before it.
  ["9375291234567", "9375291234567", "9375291234567"],
  ["989161234567", "989161234567", "989161234567"],
  ["998901234567", "+998901234567", "+998 90 123 45 67"],
  ["777", "777", "777"],
  ["7-77", "777", "7-77"],
  ["112", "112", "112"],
  ["0042", "0042", "0042"],
  ["12345", "12345", "12345"],
  ["*777", "*777", "*777"],
  ["777#", "777#", "777#"],
  ["+777", "+777", "+777"],
  ["777x", null, "777x"],
  ["bob2", null, "bob2"],
  ["<unknown>", null, "<unknown>"],
  ["anonymous", null, "anonymous"],
  ["+", null, "+"],
  ["*", null, "*"],
  ["", null, ""],
  [null, null, ""],
  ["7".repeat(65), null, "7".repeat(65)],
];

for (const [given, key, shown] of NUMBERS) {
  Deno.test(`phone numbers: ${JSON.stringify(given)?.slice(0, 40)} is compared as ${key}`, () => {
    for (let i = 0; i < 2; i++) {
      assert.equal(numbers.keyOf(given), key);
      assert.equal(numbers.shown(given), shown);
      assert.equal(numbers.isInternal(given), key !== null && /^\d{2,4}$/.test(key));
    }
  });
}

Deno.test("phone numbers: what is internal and whose the national numbers are is set", () => {
  const other = new PhoneNumbers({ internal: /^[1-9]00$/, region: "BY" });
  assert.equal(other.keyOf("8 029 123-45-67"), "+375291234567");
  assert.equal(other.isInternal("300"), true);
  assert.equal(other.isInternal("777"), false);
});

Deno.test("phone numbers: one of the outside compares equal with itself as it is shown and in E.164", () => {
  for (const [given, key] of NUMBERS) {
    if (!key?.startsWith("+7") || key.length < 12) continue;
    assert.equal(numbers.keyOf(numbers.shown(given)), key);
    assert.equal(numbers.keyOf(key), key);
  }
});

/** What is typed, a number as a PBX told it, and whether that is found. */
const SEARCHES: [typed: string, stored: string, found: boolean][] = [
  ["+7 (495) 123", "74951234567", true],
  ["+7 (495) 123", "84951234567", true],
  ["8 495 123", "74951234567", true],
  ["8 (495) 123-45-67", "74951234567", true],
  ["84951", "74951234567", true],
  ["123-45-67", "74951234567", true],
  ["4567", "74951234567", true],
  ["777", "777", true],
  ["777", "74957771234", true],
  ["8 495 123", "74959991234", false],
  ["8499", "74951234567", false],
  ["+375 29 123", "375291234567", true],
  ["+375 29 123", "74952912345", false],
];

for (const [typed, stored, found] of SEARCHES) {
  Deno.test(`phone numbers: ${typed} ${found ? "finds" : "does not find"} ${stored}`, () => {
    assert.equal(numbers.digitsToFind(typed).some((piece) => stored.includes(piece)), found);
  });
}

Deno.test("phone numbers: no text whatever is a fault, and its memory is bounded", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
    const key = numbers.keyOf(text);
    assert.ok(key === null || /^\+?[\d*#]+$/.test(key));
    assert.equal(numbers.keyOf(text), key);
    for (const piece of numbers.digitsToFind(text)) assert.match(piece, /^\d+$/);
  }));
  const before = Deno.memoryUsage().heapUsed;
  for (let i = 0; i < 60_000; i++) numbers.keyOf(`x${i}${"-".repeat(50)}`);
  assert.ok(Deno.memoryUsage().heapUsed - before < 20e6);
});
