/**
 * @module
 * Times of log lines: every date format that Asterisk is run with, the year that is not there, and clocks that are
 * put forward and back.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Stamps } from "../../../actors/asterisk_log/stamps.ts";

const BERLIN = "Europe/Berlin";

function read(text: string, options: { zone?: string; now?: string } = {}): string | null {
  const stamps = new Stamps(options.zone ?? "UTC", () => Date.parse(options.now ?? "2026-11-20T14:00:00Z"));
  const at = stamps.read(text);
  return at === null ? null : new Date(at).toISOString();
}

Deno.test("log times: every format of Asterisk's dateformat is read", () => {
  const table: [text: string, at: string | null][] = [
    ["Nov 20 13:59:45", "2026-11-20T13:59:45.000Z"],
    ["Nov  1 03:02:01", "2026-11-01T03:02:01.000Z"],
    ["Nov 20 13:59:45.123", "2026-11-20T13:59:45.123Z"],
    ["2026-11-20 13:59:45", "2026-11-20T13:59:45.000Z"],
    ["2026-11-20 13:59:45.5", "2026-11-20T13:59:45.500Z"],
    ["2026-11-20 13:59:45.123456", "2026-11-20T13:59:45.123Z"],
    ["2026-11-20T13:59:45.123Z", "2026-11-20T13:59:45.123Z"],
    ["2026-11-20T13:59:45+0300", "2026-11-20T10:59:45.000Z"],
    ["2026-11-20T13:59:45.007-03:30", "2026-11-20T17:29:45.007Z"],
    ["2026-11-20 13:59:45 +0100", "2026-11-20T12:59:45.000Z"],
    ["1789000000", "2026-09-10T00:26:40.000Z"],
    ["1789000000.25", "2026-09-10T00:26:40.250Z"],
    ["Nov 31 13:59:45", null],
    ["2026-02-29 13:59:45", null],
    ["Okt 20 13:59:45", null],
    ["arF 20 13:59:45", null],
    ["Nov 20 24:00:00", null],
    ["Nov 20 13:59", null],
    ["12345", null],
    ["", null],
  ];
  for (const [text, at] of table) assert.equal(read(text), at, text);
});

Deno.test("log times: a zone that does not exist is refused", () => {
  assert.throws(() => new Stamps("Mars/Olympus", () => 0), RangeError);
});

Deno.test("log times: the year is last year's, this or the next, around New Year", () => {
  const table: [text: string, now: string, zone: string, at: string][] = [
    ["Dec 31 23:59:59", "2027-01-01T00:00:10Z", "UTC", "2026-12-31T23:59:59.000Z"],
    ["Jan  1 00:00:05", "2027-01-01T00:00:10Z", "UTC", "2027-01-01T00:00:05.000Z"],
    // Asterisk's clock is ahead of ours.
    ["Jan  1 00:00:05", "2026-12-31T23:59:50Z", "UTC", "2027-01-01T00:00:05.000Z"],
    // It is already New Year there.
    ["Jan  1 02:00:00", "2026-12-31T23:00:00Z", "Europe/Moscow", "2026-12-31T23:00:00.000Z"],
    ["Dec 31 19:00:00", "2027-01-01T00:00:05Z", "America/New_York", "2027-01-01T00:00:00.000Z"],
    ["Nov 22 00:00:00", "2026-11-20T14:00:00Z", "UTC", "2025-11-22T00:00:00.000Z"],
    ["Feb 29 12:00:00", "2026-11-20T14:00:00Z", "UTC", "2024-02-29T12:00:00.000Z"],
  ];
  for (const [text, now, zone, at] of table) assert.equal(read(text, { now, zone }), at, `${text} at ${now}`);
});

Deno.test("log times: at New Year one file goes on", () => {
  let now = "2026-12-31T23:59:59Z";
  const stamps = new Stamps("UTC", () => Date.parse(now));
  assert.equal(stamps.read("Dec 31 23:59:58"), Date.parse("2026-12-31T23:59:58Z"));
  now = "2027-01-01T00:00:01Z";
  assert.equal(stamps.read("Jan  1 00:00:00"), Date.parse("2027-01-01T00:00:00Z"));
  assert.equal(stamps.read("Dec 31 23:59:59"), Date.parse("2026-12-31T23:59:59Z"), "a thread that was late");
});

// In Berlin on 2026-03-29 02:00 becomes 03:00, and on 2026-10-25 03:00 becomes 02:00.
Deno.test("log times: what a clock skips is read as if it had not been put forward", () => {
  const now = "2026-03-29T01:30:00Z";
  assert.equal(read("Mar 29 01:59:59", { zone: BERLIN, now }), "2026-03-29T00:59:59.000Z");
  assert.equal(read("Mar 29 02:30:00", { zone: BERLIN, now }), "2026-03-29T01:30:00.000Z");
  assert.equal(read("Mar 29 03:00:00", { zone: BERLIN, now }), "2026-03-29T01:00:00.000Z");
});

Deno.test("log times: when clocks are put back, time in the log goes on", () => {
  const begin = Date.parse("2026-10-24T23:30:00Z");
  let now = begin;
  const stamps = new Stamps(BERLIN, () => now);
  const shown = new Intl.DateTimeFormat("en-US", {
    timeZone: BERLIN,
    hourCycle: "h23",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  // Half past one in summer to half past three in winter, by lines of 7 seconds.
  for (; now < begin + 3 * 3_600_000; now += 7000) {
    assert.equal(stamps.read(`Oct 25 ${shown.format(now)}`), now);
    const [hours, minutes, seconds] = shown.format(now).split(":");
    assert.equal(stamps.read(`2026-10-25 ${hours}:${minutes}:${seconds}.250`), now + 250);
  }
});

Deno.test("log times: after a silence in which clocks were put back, now says which hour it is", () => {
  let now = Date.parse("2026-10-24T22:00:00Z");
  const stamps = new Stamps(BERLIN, () => now);
  assert.equal(stamps.read("Oct 25 00:00:00"), now);
  now = Date.parse("2026-10-25T01:10:00Z");
  assert.equal(stamps.read("Oct 25 02:10:00"), now);
});

Deno.test("log times: lines from before the start are read back from now", () => {
  const table: { now: string; texts: string[]; at: string[] }[] = [
    // All in the second of the two hours.
    { now: "2026-10-25T01:05:00Z", texts: ["Oct 25 02:03:00", "Oct 25 02:04:00"], at: ["01:03", "01:04"] },
    // One in each.
    {
      now: "2026-10-25T01:05:00Z",
      texts: ["Oct 25 02:04:00", "Oct 25 02:59:00", "Oct 25 02:00:00", "Oct 25 02:04:30"],
      at: ["00:04", "00:59", "01:00", "01:04"],
    },
    // All in the first.
    { now: "2026-10-25T00:05:00Z", texts: ["Oct 25 02:03:00", "Oct 25 02:04:00"], at: ["00:03", "00:04"] },
  ];
  for (const { now, texts, at } of table) {
    const stamps = new Stamps(BERLIN, () => Date.parse(now));
    stamps.begin(texts);
    assert.deepEqual(texts.map((text) => new Date(stamps.read(text)!).toISOString().slice(11, 16)), at);
  }
});

Deno.test("log times: any moment of any zone is read as what it was", () => {
  const zones = ["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"];
  fc.assert(fc.property(
    fc.constantFrom(...zones),
    fc.integer({ min: Date.UTC(2020, 0, 1) / 1000, max: Date.UTC(2030, 0, 1) / 1000 }),
    fc.boolean(),
    (zone, seconds, withYear) => {
      const at = seconds * 1000;
      const parts = Object.fromEntries(
        new Intl.DateTimeFormat("en-US", {
          timeZone: zone,
          hourCycle: "h23",
          year: "numeric",
          month: withYear ? "2-digit" : "short",
          day: "2-digit",
          hour: "2-digit",
          minute: "2-digit",
          second: "2-digit",
        }).formatToParts(at).map(({ type, value }) => [type, value]),
      );
      const day = withYear
        ? `${parts.year}-${parts.month}-${parts.day}`
        : `${parts.month} ${parts.day!.replace(/^0/, " ")}`;
      const text = `${day} ${parts.hour}:${parts.minute}:${parts.second}`;
      assert.equal(new Stamps(zone, () => at + 500).read(text), at, `${text} in ${zone}`);
    },
  ));
});
