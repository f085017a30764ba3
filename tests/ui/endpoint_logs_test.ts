/**
 * @module
 * Lines of a log on the page: which are wanted, where the search stands, how they are joined, bounded and cut to blocks.
 */
import assert from "node:assert/strict";
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
  HOLD,
  join,
  joinSnapshot,
  LineRate,
  NOTHING_HELD,
  tally,
  trim,
} from "../../ui/store/endpoint_logs_lines.ts";
import { LogFollower } from "../../ui/store/endpoint_logs.ts";
import { logTime } from "../../ui/components/log_line.tsx";
import { dayOf } from "../../ui/components/log_list.tsx";
import type { LogLine } from "../../ui/types.ts";
import { NOW } from "./sample.ts";

const ALL: LogChoice = { q: "", levels: [], source: "", from: "", to: "" };

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

Deno.test("log scope: a call in the address is followed across endpoints", () => {
  const at = { name: "777-ep", pbx: null };
  assert.deepEqual(scopeOf(new URLSearchParams(), at), { kind: "endpoint", ...at });
  assert.deepEqual(scopeOf(new URLSearchParams("call=C-0000000a"), at), { kind: "call", call: "C-0000000a" });
  assert.deepEqual(scopeOf(new URLSearchParams("call=../x"), null), { kind: "all" });
  assert.equal(topicOf({ kind: "all" }), "logs:*");
  assert.equal(topicOf({ kind: "endpoint", name: "777-ep", pbx: "main" }), "logs:main/777-ep");
  assert.equal(topicOf({ kind: "call", call: "C-0000000a" }), "logs:[C-0000000a]");
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
