/**
 * @module
 * Lines of a log on the page: which are wanted, where the search stands, how they are joined, bounded and cut to blocks.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  choiceQuery,
  fitter,
  logAddress,
  type LogChoice,
  logChoice,
  moduleOf,
  needle,
  pieces,
  scopeOf,
  topicOf,
} from "../../ui/store/endpoint_logs_filter.ts";
import {
  dropFiltered,
  type Held,
  HOLD,
  join,
  joinSnapshot,
  LineRate,
  NOTHING_HELD,
  type ReadPage,
  tally,
  trim,
} from "../../ui/store/endpoint_logs_lines.ts";
import { LogFollower } from "../../ui/store/endpoint_logs.ts";
import { logTime } from "../../ui/components/log_line.tsx";
import { dayOf } from "../../ui/components/log_list.tsx";
import type { LogLine } from "../../ui/types.ts";
import { NOW } from "./sample.ts";

const ALL: LogChoice = { q: "", levels: [], source: "", pbx: "", from: "", to: "" };

function line(id: number, given: Partial<LogLine> = {}): LogLine {
  return {
    id,
    timestamp: new Date(NOW + id * 1000).toISOString(),
    level: "VERBOSE",
    source: "app_dial.c",
    call: null,
    message: `line ${id}`,
    file: "full.log",
    pbx: "main",
    endpoints: ["777-ep"],
    ...given,
  };
}

const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => line(from + n));
const ids = (of: readonly LogLine[]) => of.map(({ id }) => id);
const shown = fitter(ALL);

Deno.test("log filters: an address that is not one is ignored", () => {
  const read = (query: string) => logChoice(new URLSearchParams(query));
  assert.deepEqual(read(""), ALL);
  assert.deepEqual(read("level=ERROR,nonsense,ERROR,MY_LEVEL&from=yesterday&to=2026-01-01T00:00:00Z"), {
    ...ALL,
    levels: ["ERROR", "MY_LEVEL"],
    to: "2026-01-01T00:00:00Z",
  });
  assert.equal(choiceQuery(read("level=ERROR,WARNING")).level, "ERROR,WARNING");
});

Deno.test("log filters: a PBX is chosen only among the lines of all, and stays away from addresses that name it", () => {
  const query = new URLSearchParams("pbx=north");
  assert.equal(logChoice(query, "call").pbx, "");
  const chosen = logChoice(query, "all");
  assert.equal(choiceQuery(chosen).pbx, "north");
  assert.ok(!("pbx" in choiceQuery(ALL)));
  assert.deepEqual([line(1), line(2, { pbx: "north" })].map(fitter(chosen)), ["none", "shown"]);
});

Deno.test("log scope: a call in the address is followed across endpoints", () => {
  const at = { name: "777-ep", pbx: null };
  assert.deepEqual(scopeOf(new URLSearchParams(), at), { kind: "endpoint", ...at });
  const call = { kind: "call" as const, call: "C-0000000a", pbx: null };
  assert.deepEqual(scopeOf(new URLSearchParams("call=C-0000000a"), at), call);
  const ofMain = { ...call, pbx: "main" };
  assert.deepEqual(scopeOf(new URLSearchParams("call=C-0000000a&pbx=main"), null), ofMain);
  assert.deepEqual(scopeOf(new URLSearchParams("call=C-0000000a"), { ...at, pbx: "main" }), ofMain);
  assert.deepEqual(scopeOf(new URLSearchParams("call=../x"), null), { kind: "all" });
  assert.equal(topicOf({ kind: "all" }), "logs:*");
  assert.equal(topicOf({ kind: "endpoint", name: "777-ep", pbx: "main" }), "logs:main/777-ep");
  assert.deepEqual([call, ofMain].map(topicOf), ["logs:[C-0000000a]", "logs:[main/C-0000000a]"]);
  assert.deepEqual(logAddress(ofMain), { path: "/api/logs", query: { pbx: "main", call: "C-0000000a" } });
  assert.deepEqual(logAddress({ kind: "endpoint", name: "a/b", pbx: "main" }, { file: true }), {
    path: "/api/endpoints/a%2Fb/logs.txt",
    query: { pbx: "main" },
  });
});

Deno.test("log search: letters of a pattern are letters, in any case", () => {
  assert.deepEqual(pieces("a.b A.B axb", needle("a.b")), [
    { text: "a.b", hit: true },
    { text: " ", hit: false },
    { text: "A.B", hit: true },
    { text: " axb", hit: false },
  ]);
  for (const q of ["(", "[", "\\", "a{2", "$^", "/", "-", "*"]) {
    assert.deepEqual(pieces(q, needle(q)), [{ text: q, hit: true }], q);
  }
  assert.equal(needle("  "), null);
});

Deno.test("log search: what is cut is the text, whatever is in it", () => {
  const text = "<script>alert(1)</script> İ\u0000 ёЁ <script>";
  for (const q of ["<script>", "ё", "i", "İ"]) {
    assert.equal(pieces(text, needle(q)).map((piece) => piece.text).join(""), text);
  }
});

Deno.test("log filters: level, source, time and text together; the level is told apart", () => {
  const fits = fitter({ ...ALL, q: "DIAL", levels: ["ERROR"], source: "app_dial" });
  assert.equal(fits(line(1, { message: "dialled", level: "ERROR" })), "shown");
  assert.equal(fits(line(2, { message: "dialled" })), "other_level");
  assert.equal(fits(line(3, { message: "rang", level: "ERROR" })), "none");
  assert.equal(fits(line(4, { message: "dialled", source: "res_pjsip.c" })), "none");
  const timed = fitter({ ...ALL, from: line(5).timestamp!, to: line(7).timestamp! });
  assert.deepEqual(lines(4, 7).map(timed), ["none", "shown", "shown", "none"]);
  assert.equal(timed(line(6, { timestamp: null })), "none");
});

Deno.test("log source: a module is its file without folder and ending", () => {
  assert.equal(moduleOf("res_pjsip/pjsip_distributor.c"), "pjsip_distributor");
  assert.equal(moduleOf("pbx_lua"), "pbx_lua");
  assert.equal(moduleOf(null), "");
});

Deno.test("log lines: each is held once, in the order of ids, wherever it comes from", () => {
  let held = join(NOTHING_HELD, lines(10, 12));
  held = join(held, lines(12, 14));
  held = join(held, lines(5, 11));
  held = join(held, [line(14), line(13)]);
  assert.deepEqual(ids(held.lines), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  assert.equal(join(held, lines(5, 14)), held);
});

Deno.test("log lines: ids that begin anew replace what was held", () => {
  const before = join(NOTHING_HELD, lines(100, 110));
  assert.deepEqual(ids(joinSnapshot(before, lines(1, 3)).lines), [1, 2, 3]);
  const other = lines(100, 105).map((one) => ({ ...one, message: "of another run" }));
  assert.equal(joinSnapshot(before, other).lines[0]!.message, "of another run");
  assert.deepEqual(ids(joinSnapshot(before, []).lines), []);
});

Deno.test("log lines: a gap after a long cut is not hidden between lines", () => {
  const before = join(NOTHING_HELD, lines(1, 10));
  assert.deepEqual(ids(joinSnapshot(before, lines(8, 12)).lines), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  assert.deepEqual(ids(joinSnapshot(before, lines(50, 52)).lines), [50, 51, 52]);
});

Deno.test("log lines: no more are held than was said, and those that are looked for stay longest", () => {
  const held = join(NOTHING_HELD, lines(1, HOLD + 600));
  assert.deepEqual(trim(held, HOLD, shown).lines.length, HOLD);
  assert.equal(trim(held, HOLD, shown).lines[0]!.id, 601);
  const rare = fitter({ ...ALL, q: "line 7" });
  const kept = trim(held, HOLD, rare);
  assert.equal(kept.lines.length, HOLD);
  assert.ok(kept.lines.some(({ id }) => id === 7));
  assert.equal(trim(join(NOTHING_HELD, lines(1, HOLD + 10)), HOLD, shown).lines.length, HOLD + 10);
});

Deno.test("log lines: with another filter only what has no gaps stays", () => {
  let held = joinSnapshot(NOTHING_HELD, lines(100, 110));
  held = join(held, [line(3), line(9)]);
  assert.deepEqual(ids(dropFiltered(held).lines), ids(lines(100, 110)));
  const trimmed = trim(join(NOTHING_HELD, lines(1, HOLD + 600)), HOLD, fitter({ ...ALL, q: "line 7" }));
  assert.ok(dropFiltered(trimmed).lines[0]!.id > 600);
});

Deno.test("log blocks: a line more leaves the other blocks the same objects", () => {
  const options = { after: 0, before: [], dayOf };
  let held = join(NOTHING_HELD, lines(1, 1000));
  const first = tally(held, shown, options);
  held = join(held, [line(1001)]);
  const second = tally(held, shown, { ...options, before: first.blocks });
  const changed = second.blocks.filter((block) => !first.blocks.includes(block));
  assert.equal(changed.length, 1);
  const trimmed = tally(trim(held, 300, shown), shown, { ...options, before: second.blocks });
  assert.equal(trimmed.shown, 300);
  // The first block lost lines; the one behind it stands after another line's day, which is the same day.
  assert.ok(trimmed.blocks.filter((block) => !second.blocks.includes(block)).length <= 1);
  const older = tally(join(held, lines(-300, 0)), shown, { ...options, before: second.blocks });
  assert.ok(older.blocks.filter((block) => second.blocks.includes(block)).length >= second.blocks.length - 2);
});

Deno.test("log counts: levels as if each was chosen alone; cleared lines are not counted", () => {
  const held = join(NOTHING_HELD, [
    line(1, { level: "ERROR" }),
    line(2),
    line(3, { level: "ERROR" }),
    line(4, { level: "WARNING", message: "other" }),
  ]);
  const told = tally(held, fitter({ ...ALL, q: "line", levels: ["VERBOSE"] }), {
    after: 1,
    before: [],
    dayOf,
  });
  assert.equal(told.shown, 1);
  assert.deepEqual(told.levels, { VERBOSE: 1, ERROR: 1 });
});

/** A follower without a stream, and how to tell it lines; drawing is left to `flush`. */
function follower() {
  const frames = { requestAnimationFrame: () => 0, cancelAnimationFrame: () => {} };
  Object.assign(globalThis, frames);
  const made = new LogFollower({ kind: "all" });
  return {
    made,
    say: (...told: LogLine[]) => {
      for (const one of told) made.take("log.line", JSON.stringify(one), NOW);
      made.flush();
    },
    begin: (snapshot: LogLine[]) =>
      made.take(
        "snapshot",
        JSON.stringify({ logs: { "logs:*": snapshot }, at: new Date(NOW).toISOString() }),
        NOW,
      ),
  };
}

function skip(made: LogFollower, count: number, laterMs = 0): void {
  made.take("log.skipped", JSON.stringify({ topic: "logs:*", count }), NOW + laterMs);
}

Deno.test("log follower: a pause keeps what comes for later", () => {
  const { made, say, begin } = follower();
  begin(lines(1, 3));
  made.pause();
  say(line(4), line(5));
  assert.equal(made.waiting.value, 2);
  assert.deepEqual(ids(made.held.value.lines), [1, 2, 3]);
  made.resume();
  assert.equal(made.waiting.value, null);
  assert.deepEqual(ids(made.held.value.lines), [1, 2, 3, 4, 5]);
});

Deno.test("log follower: a pause longer than what is held leaves no hidden gap", () => {
  const { made, say, begin } = follower();
  begin(lines(1, 3));
  made.pause();
  say(...lines(4, HOLD + 10));
  made.resume();
  assert.deepEqual([made.held.value.lines[0]!.id, made.held.value.lines.length], [11, HOLD]);
});

Deno.test("log follower: clearing is of the view only and can be taken back; a new run of the service ends it", () => {
  const { made, say, begin } = follower();
  begin(lines(10, 12));
  made.clear();
  say(line(13));
  assert.equal(made.clearedTo.value, 12);
  assert.equal(made.held.value.lines.length, 4);
  made.unclear();
  assert.equal(made.clearedTo.value, 0);
  made.clear();
  begin(lines(1, 2));
  assert.equal(made.clearedTo.value, 0);
  assert.deepEqual(ids(made.held.value.lines), [1, 2]);
});

Deno.test("log follower: skipped lines are told and counted", () => {
  const { made, begin } = follower();
  begin([]);
  made.take("log.skipped", JSON.stringify({ topic: "logs:*", count: 7 }), NOW);
  assert.equal(made.skipped.value, 7);
  assert.equal(made.rate.perMinute(NOW), 7);
});

/** Ids with no line between two of them that is not the next one, but for the holes that are marked. */
function unmarkedGaps({ lines, holes }: Held): [number, number][] {
  return lines.flatMap(({ id }, at): [number, number][] => {
    const before = lines[at - 1]?.id ?? id - 1;
    const marked = holes.some((hole) => hole.after < id && (hole.before ?? Infinity) > before);
    return id === before + 1 || marked ? [] : [[before, id]];
  });
}

/** A page as the service reads it from all its lines. */
function pageOf(all: readonly LogLine[], cursor: number | null, limit = 200): ReadPage {
  const older = all.filter(({ id }) => id < (cursor ?? Infinity));
  return { items: older.slice(-limit), cursor, end: older.length <= limit };
}

Deno.test("log history: it goes on from the oldest line that is still held", () => {
  const { made, say, begin } = follower();
  made.choose(shown);
  const all = lines(1, 9000);
  begin(lines(501, 1000));
  made.add(pageOf(lines(1, 1000), null));
  for (let id = 1001; id < 9001; id += 100) say(...lines(id, id + 99));
  const { lines: [oldest] } = made.held.value;
  assert.ok(oldest!.id > 1000, "the oldest lines made room");
  assert.equal(made.cursor, oldest!.id);
  // The answer to what was asked before they went reaches nothing that is left.
  assert.equal(made.add(pageOf(all, 801)), 0);
  assert.equal(made.add(pageOf(all, made.cursor)), 200);
  assert.deepEqual(unmarkedGaps(made.held.value), []);
});

Deno.test("log history: after a cut that is longer than the snapshot it begins anew", () => {
  const { made, begin } = follower();
  begin(lines(501, 1000));
  made.add(pageOf(lines(1, 1000), 501));
  assert.deepEqual([made.cursor, made.begun.value], [301, 0]);
  begin(lines(900, 1100));
  assert.deepEqual([made.cursor, made.begun.value], [301, 0]);
  // Read while the stream was cut: it shows nothing about the lines between.
  made.add(pageOf(lines(1, 5000), null));
  begin(lines(4700, 5199));
  assert.deepEqual([made.cursor, made.begun.value], [4700, 1]);
  assert.deepEqual(unmarkedGaps(made.held.value), []);
});

Deno.test("log history: where the service holds nothing before, there is no more", () => {
  const { made, begin } = follower();
  assert.equal(made.cursor, null);
  begin(lines(5, 10));
  made.add({ items: [], cursor: 5, end: true });
  assert.equal(made.cursor, 0);
});

Deno.test("log history: another choice is read from where nothing at all is missing", () => {
  const { made, begin } = follower();
  begin(lines(500, 600));
  made.add({ items: [line(3), line(80)], cursor: 500, end: false });
  assert.equal(made.cursor, 3);
  made.choose(shown);
  assert.equal(made.cursor, 500);
});

Deno.test("log holes: lines that were not told are marked until they are read", () => {
  const { made, say, begin } = follower();
  const all = lines(1, 1800);
  begin(lines(501, 1000));
  skip(made, 300);
  skip(made, 400);
  assert.deepEqual(made.held.value.holes, [{ after: 1000, before: null, count: 700, lost: false }]);
  const tail = () => tally(made.held.value, shown, { after: 0, before: [], dayOf });
  assert.equal(tail().tail?.count, 700);
  say(...lines(1701, 1800));
  assert.deepEqual(made.held.value.holes, [{ after: 1000, before: 1701, count: 700, lost: false }]);
  const { blocks, tail: none } = tail();
  assert.equal(none, null);
  assert.deepEqual(blocks.flatMap(({ holes }) => [...holes.keys()]), [1701]);
  made.fill(pageOf(all, 1701, 500));
  assert.deepEqual(made.held.value.holes, [{ after: 1000, before: 1201, count: 200, lost: false }]);
  assert.deepEqual(unmarkedGaps(made.held.value), []);
  made.fill(pageOf(all, 1201, 500));
  assert.deepEqual([made.held.value.holes, unmarkedGaps(made.held.value)], [[], []]);
});

Deno.test("log holes: what the service does not hold any more stays marked", () => {
  const { made, say, begin } = follower();
  begin(lines(501, 1000));
  skip(made, 700);
  say(line(1701));
  made.fill(pageOf(lines(1501, 1701), 1701, 500));
  assert.deepEqual(made.held.value.holes, [{ after: 1000, before: 1501, count: 500, lost: true }]);
  assert.equal(made.held.value.lines[0]!.id, 501);
});

Deno.test("log holes: a hole begins where for sure nothing was left out", () => {
  const { made, begin } = follower();
  begin(lines(1, 10));
  const tell = (id: number, ms: number) => made.take("log.line", JSON.stringify(line(id)), NOW + ms);
  for (let at = 0; at < 30; at++) tell(11 + at, at * 100);
  // The service tells it behind the lines of the same moment, of which some came after those left out.
  made.take("log.skipped", JSON.stringify({ topic: "logs:*", count: 5 }), NOW + 3000);
  made.flush();
  const [hole] = made.held.value.holes;
  assert.ok(hole!.after >= 16 && hole!.after <= 26, `after ${hole!.after}`);
  made.take("log.skipped", JSON.stringify({ topic: "logs:*", count: 5 }), NOW + 60_000);
  tell(50, 60_000);
  made.take("log.skipped", JSON.stringify({ topic: "logs:*", count: 5 }), NOW + 120_000);
  assert.equal(made.held.value.holes[1]!.after, 50);
});

Deno.test("log holes: with the lines around it a hole goes, and with a snapshot that has them", () => {
  const { made, say, begin } = follower();
  made.choose(shown);
  begin(lines(1, 100));
  skip(made, 5);
  say(...lines(106, 106 + HOLD + 600));
  assert.deepEqual(made.held.value.holes, []);
  skip(made, 5, 60_000);
  assert.equal(made.held.value.holes.length, 1);
  begin(lines(HOLD + 500, HOLD + 720));
  assert.deepEqual([made.held.value.holes, unmarkedGaps(made.held.value)], [[], []]);
});

Deno.test("log holes: whatever happens, no line is missing without a mark", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("say" as const), n: fc.integer({ min: 1, max: 1500 }) }),
    fc.record({ kind: fc.constant("skip" as const), n: fc.integer({ min: 1, max: 900 }) }),
    fc.record({ kind: fc.constantFrom("more", "fill", "cut", "pause", "resume"), n: fc.nat(900) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const { made, say, begin } = follower();
      made.choose(shown);
      begin(lines(1, 100));
      let last = 100;
      let nowMs = NOW;
      for (const { kind, n } of steps) {
        const held = Math.max(1, last - 6000);
        nowMs += 5000;
        if (kind === "say") {
          made.take("log.line", JSON.stringify(line(last + 1)), nowMs);
          say(...lines(last + 2, last + n));
        }
        if (kind === "say" || kind === "cut") last += n;
        if (kind === "skip") {
          last += n;
          made.take("log.skipped", JSON.stringify({ topic: "logs:*", count: n }), nowMs);
        }
        if (kind === "cut") begin(lines(Math.max(1, last - 499), last));
        if (kind === "more" && made.cursor !== 0) made.add(pageOf(lines(held, last), made.cursor));
        const [hole] = made.held.value.holes;
        if (kind === "fill" && hole) made.fill(pageOf(lines(held, last), hole.before, 1000));
        if (kind === "pause" && made.waiting.value === null) made.pause();
        if (kind === "resume") made.resume();
        if (made.waiting.value === null) assert.deepEqual(unmarkedGaps(made.held.value), [], kind);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("log rate: lines of the last minute", () => {
  const rate = new LineRate();
  rate.add(5, NOW - 90_000);
  rate.add(30, NOW - 30_000);
  rate.add(2, NOW);
  assert.equal(rate.perMinute(NOW), 32);
  assert.equal(rate.perMinute(NOW + 45_000), 2);
});

Deno.test("log times: milliseconds only where the log has them", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5).getTime();
  assert.equal(logTime(at), "03:04:05");
  assert.equal(logTime(at + 7), "03:04:05.007");
});
