/**
 * @module
 * Times in which a PBX was not heard: each one row, that is ended when it is heard again.
 */
import assert from "node:assert/strict";
import { PbxGaps } from "../../actors/pbx_gaps.ts";
import type { PbxGapRow } from "../../db/rows.ts";
import { START } from "../machines/panel.ts";
import { fakeClock } from "./fakes.ts";

function start() {
  const clock = fakeClock();
  const rows: PbxGapRow[] = [];
  const gaps = new PbxGaps({ clock, write: (row) => void rows.push(row) });
  gaps.add("main");
  const iso = (at: number) => new Date(clock.toWall(at)).toISOString();
  return { clock, rows, gaps, iso };
}

Deno.test("pbx gaps: the first time that a PBX is heard ends no gap", () => {
  const { gaps, rows } = start();
  assert.equal(gaps.silentSince("main"), null);
  assert.equal(gaps.opened("main", START), true);
  assert.equal(gaps.opened("main", START + 5), false, "it was heard already");
  assert.deepEqual(rows, []);
});

Deno.test("pbx gaps: a gap is written when it begins and when it ends, as one row, and the next as another", () => {
  const { gaps, rows, iso } = start();
  gaps.opened("main", START);
  assert.equal(gaps.lost("main", START + 10), true);
  assert.equal(gaps.lost("main", START + 11), false);
  assert.equal(gaps.silentSince("main"), START + 10);
  gaps.opened("main", START + 20);
  assert.equal(gaps.silentSince("main"), null);
  gaps.lost("main", START + 30);
  assert.deepEqual(rows.map(({ began_at, ended_at }) => [began_at, ended_at]), [
    [iso(START + 10), null],
    [iso(START + 10), iso(START + 20)],
    [iso(START + 30), null],
  ]);
  assert.equal(rows[0]!.id, rows[1]!.id);
  assert.notEqual(rows[1]!.id, rows[2]!.id);
});

Deno.test("pbx gaps: a gap never ends before it began", () => {
  const { gaps, rows } = start();
  gaps.opened("main", START);
  gaps.lost("main", START + 10);
  gaps.opened("main", START + 9);
  const { began_at, ended_at } = rows.at(-1)!;
  assert.ok(began_at <= ended_at!);
});

Deno.test("row 2: what a former run was heard until is where the gap begins, once it is over", () => {
  const { gaps, rows, iso } = start();
  gaps.restore([], (pbx) => pbx === "main" ? START - 5000 : null);
  assert.equal(gaps.silentSince("main"), START - 5000);
  assert.equal(gaps.isUp("main"), false);
  gaps.opened("main", START);
  assert.deepEqual(rows.map(({ began_at, ended_at }) => [began_at, ended_at]), [
    [iso(START - 5000), iso(START)],
  ]);
});

Deno.test("row 2: a gap that a former run did not end goes on as it was", () => {
  const { gaps, rows, iso } = start();
  const gap = { id: "01GAP", pbx: "main", began_at: new Date(START - 9000), ended_at: null };
  gaps.restore([{ ...gap, id: "x", pbx: "other" }, gap], () => START - 5000);
  assert.equal(gaps.silentSince("main"), START - 9000);
  gaps.opened("main", START);
  assert.deepEqual(rows, [{ id: "01GAP", pbx: "main", began_at: iso(START - 9000), ended_at: iso(START) }]);
});

Deno.test("pbx gaps: PBXs are each for themselves, and one that is not known is refused", () => {
  const { gaps } = start();
  gaps.add("other");
  gaps.opened("main", START);
  gaps.opened("other", START);
  gaps.lost("other", START + 1);
  assert.deepEqual([gaps.silentSince("main"), gaps.silentSince("other")], [null, START + 1]);
  assert.deepEqual([gaps.names, gaps.has("nobody")], [["main", "other"], false]);
  assert.equal(gaps.silentSince("nobody"), null);
  for (
    const act of [() => gaps.opened("nobody", 1), () => gaps.lost("nobody", 1), () => gaps.isUp("nobody")]
  ) {
    assert.throws(act, /nobody/);
  }
});
