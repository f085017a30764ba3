/**
 * @module
 * What changes and gaps come to, held against a model that looks at each second by itself.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { availabilityOf, type Change, type Gap, stretchesOf } from "../../actors/endpoint_history.ts";
import type { EndpointReason, EndpointStatus } from "../../machines/endpoint_views.ts";

const NOW = Date.UTC(2026, 2, 29, 1) + 5000;
const SECONDS = 120;
const start = NOW - SECONDS * 1000;
const second = (n: number) => start + n * 1000;

type Was = [EndpointStatus, EndpointReason | null] | null;

/** How it was in each second, looked up anew for each. */
function naive(changes: readonly Change[], gaps: readonly Gap[]): Was[] {
  const first = Math.min(...changes.map(({ at }) => at));
  return Array.from({ length: SECONDS }, (_, n) => {
    const at = second(n);
    if (at < first) return null;
    if (gaps.some(({ from, to }) => from <= at && at < (to ?? Infinity))) return ["unknown", "link_down"];
    let was: Was = null;
    let since = -Infinity;
    for (const change of changes) {
      if (change.at <= at && change.at >= since) [was, since] = [[change.status, change.reason], change.at];
    }
    return was;
  });
}

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.nat(SECONDS - 1),
  fc.constantFrom<[EndpointStatus, EndpointReason | null][]>(
    ["online", null],
    ["offline", "no_contact"],
    ["offline", "unreachable"],
    ["unknown", "no_aor"],
  ),
).map(([n, [status, reason]]) => ({ at: second(n), status, reason }));
const changes = fc.uniqueArray(change, { selector: ({ at }) => at, maxLength: 12 });
const gap: fc.Arbitrary<Gap> = fc.tuple(
  fc.integer({ min: -50, max: SECONDS }),
  fc.option(fc.nat(60), { nil: null }),
).map(([n, long]) => ({ from: second(n), to: long === null ? null : second(n + long) }));
const gaps = fc.array(gap, { maxLength: 4 });

Deno.test("history: stretches say of each second what it was, end where the next begins, and never the same twice", () => {
  fc.assert(fc.property(changes, gaps, (changes, gaps) => {
    const stretches = stretchesOf(changes, gaps, NOW);
    const truth = naive(changes, gaps);
    const told = truth.map((_, n): Was => {
      const found = stretches.find(({ from, to }) => from <= second(n) && second(n) < (to ?? Infinity));
      return found === undefined ? null : [found.status, found.reason];
    });
    assert.deepEqual(told, truth);
    for (const [index, { from, to, status, reason }] of stretches.entries()) {
      const next = stretches[index + 1];
      assert.equal(to, next?.from ?? null, "the last goes on, no other does");
      assert.ok(from < NOW && (to === null || to > from));
      if (next !== undefined) assert.notDeepEqual([next.status, next.reason], [status, reason]);
    }
  }));
});

Deno.test("history: availability is the seconds counted, of any span", () => {
  const span = fc.tuple(fc.integer({ min: 0, max: SECONDS }), fc.nat(SECONDS)).map(([from, long]) =>
    [from, Math.min(SECONDS, from + long)] as const
  );
  fc.assert(fc.property(changes, gaps, span, (changes, gaps, [from, to]) => {
    const share = availabilityOf(stretchesOf(changes, gaps, NOW), second(from), second(to));
    const truth = naive(changes, gaps).slice(from, to);
    const count = (status: EndpointStatus) => truth.filter((was) => was?.[0] === status).length;
    const [online, offline] = [count("online"), count("offline")];
    assert.deepEqual(share, {
      online_s: online,
      offline_s: offline,
      unknown_s: to - from - online - offline,
      ratio: online + offline === 0 ? null : online / (online + offline),
    });
  }));
});

Deno.test("history: the order of what it is made of does not matter", () => {
  fc.assert(fc.property(changes, gaps, (changes, gaps) => {
    assert.deepEqual(
      stretchesOf(changes.toReversed(), gaps.toReversed(), NOW),
      stretchesOf(changes, gaps, NOW),
    );
  }));
});

Deno.test("history: of changes of one moment the last counts", () => {
  const at = second(5);
  const stretches = stretchesOf(
    [{ at, status: "online", reason: null }, { at, status: "offline", reason: "no_contact" }],
    [],
    NOW,
  );
  assert.deepEqual(stretches, [{ from: at, to: null, status: "offline", reason: "no_contact" }]);
});

Deno.test("history: what the wall clock wrote of the future, before it was set back, is so now", () => {
  const stretches = stretchesOf(
    [
      { at: second(5), status: "online", reason: null },
      { at: NOW + 3_600_000, status: "offline", reason: "no_contact" },
    ],
    [{ from: NOW + 7_200_000, to: null }],
    NOW,
  );
  assert.deepEqual(stretches.filter(({ to }) => to === null).length, 1);
  assert.deepEqual(stretches.at(-1), { from: NOW, to: null, status: "offline", reason: "no_contact" });
  const share = availabilityOf(stretches, start, NOW);
  assert.deepEqual([share.online_s, share.offline_s], [SECONDS - 5, 0]);
});

Deno.test("history: nothing that was ever known is all unknown", () => {
  assert.deepEqual(stretchesOf([], [{ from: start, to: null }], NOW), []);
  assert.deepEqual(availabilityOf([], start, NOW), {
    online_s: 0,
    offline_s: 0,
    unknown_s: SECONDS,
    ratio: null,
  });
});

Deno.test("history: a day on which clocks are set has as many seconds as pass", () => {
  // The last Sunday of March, over the hour that there is not in much of Europe; times are those of UTC.
  const day = 86_400_000;
  const noon = Date.UTC(2026, 2, 29, 12);
  const stretches = stretchesOf([{ at: noon - 2 * day, status: "online", reason: null }], [], noon);
  assert.equal(availabilityOf(stretches, noon - day, noon).online_s, 86_400);
});
