/**
 * @module
 * What waits to be written of calls: one row each, the newest, and whatever was to go with it.
 */
import assert from "node:assert/strict";
import { CallSaver } from "../../actors/call_saver.ts";
import type { AuditRow, CallRow, WriteUnit } from "../../db/rows.ts";
import { FakeWriter } from "./fakes.ts";

function start() {
  const writer = new FakeWriter();
  const saver = new CallSaver(async (unit: WriteUnit) => void await writer.commit(unit));
  writer.holding = true;
  return {
    writer,
    saver,
    /** Commits what is held, and goes on holding. */
    commit: async (error?: Error) => {
      for (const { settle } of writer.held.splice(0)) settle(error);
      for (let i = 0; i < 10; i++) await Promise.resolve();
    },
    units: () => writer.held.map(({ unit }) => told(unit)),
  };
}

const row = (id: string, notes: string, more: Partial<CallRow> = {}) => () =>
  ({ id, notes, ...more }) as CallRow;
const line = (ref: string) => ({ ref }) as AuditRow;
const told = ({ calls = [], audit = [] }: WriteUnit) =>
  [calls.map(({ id, notes }) => `${id} ${notes}`), audit.map(({ ref }) => ref)] as const;

Deno.test("call saver: while a write is on its way the newest row waits, one however many there were", async () => {
  const { saver, commit, units, writer } = start();
  const done = [1, 2, 3, 4].map((version) => saver.save("A", row("A", `v${version}`)));
  assert.deepEqual(units(), [[["A v1"], []]]);
  await commit();
  assert.deepEqual(units(), [[["A v4"], []]]);
  await commit();
  await Promise.all(done);
  assert.equal(writer.units.length, 2);
  assert.deepEqual(units(), []);
});

Deno.test("call saver: a row is made when it is written, not when it is asked for", async () => {
  const { saver, commit, units } = start();
  let made = 0;
  void saver.save("A", row("A", "first"));
  for (let i = 0; i < 50; i++) {
    void saver.save("A", () => {
      made++;
      return row("A", "last")();
    });
  }
  assert.equal(made, 0);
  await commit();
  assert.equal(made, 1);
  assert.deepEqual(units(), [[["A last"], []]]);
  await commit();
});

Deno.test("call saver: lines of the audit log are written each, with the row that is", async () => {
  const { saver, commit, units } = start();
  void saver.save("A", row("A", "v1"), { audit: [line("a1")] });
  void saver.save("A", row("A", "v2"), { audit: [line("a2")] });
  void saver.save("A", row("A", "v3"));
  void saver.save("A", row("A", "v4"), { audit: [line("a3")] });
  assert.deepEqual(units(), [[["A v1"], ["a1"]]]);
  await commit();
  assert.deepEqual(units(), [[["A v4"], ["a2", "a3"]]]);
  await commit();
});

Deno.test("call saver: one call's write keeps no other's waiting", () => {
  const { saver, units } = start();
  void saver.save("A", row("A", "v1"));
  void saver.save("B", row("B", "v1"));
  assert.equal(units().length, 2);
});

Deno.test("call saver: whoever waits is told when a write fails, and the next one is tried", async () => {
  const { saver, commit, units } = start();
  const first = saver.save("A", row("A", "v1"));
  const second = saver.save("A", row("A", "v2"));
  const refused = assert.rejects(first, /full/);
  await commit(new Error("full"));
  await refused;
  assert.deepEqual(units(), [[["A v2"], []]]);
  await commit();
  await second;
  void saver.save("A", row("A", "v3"));
  assert.deepEqual(units(), [[["A v3"], []]]);
});

Deno.test("call saver: what waits of a call that went into another is not written, but what was to go with it", async () => {
  const { saver, commit, units, writer } = start();
  const gone = row("B", "gone", { merged_into: "A" })();
  const waits = [
    saver.save("A", row("A", "v1")),
    saver.save("B", row("B", "v1")),
    saver.save("B", row("B", "v2"), { audit: [line("b2")] }),
  ];
  const merged = saver.merge(row("A", "both")(), [gone]);
  assert.deepEqual(units().at(-1), [["A both", "B gone"], ["b2"]]);
  await commit();
  await Promise.all([...waits, merged]);
  assert.deepEqual(units(), []);
  assert.deepEqual(told(writer.units.at(-1)!), [["A both", "B gone"], ["b2"]]);
  void saver.save("A", row("A", "v3"));
  assert.deepEqual(units(), [[["A v3"], []]]);
});

Deno.test("call saver: whoever waited for a row that went into another hears that it failed", async () => {
  const { saver, commit } = start();
  void saver.save("B", row("B", "v1")).catch(() => {});
  const waits = assert.rejects(saver.save("B", row("B", "v2")), /away/);
  const merged = assert.rejects(saver.merge(row("A", "both")(), [row("B", "gone")()]), /away/);
  await commit(new Error("away"));
  await Promise.all([waits, merged]);
});

Deno.test("call saver: while too much waits no row is made, and the newest is when there is room again", async () => {
  const writer = new FakeWriter();
  let behind = true;
  const saver = new CallSaver(async (unit: WriteUnit) => void await writer.commit(unit), () => behind);
  let made = 0;
  const rowOf = (version: string) => () => {
    made++;
    return row("A", version)();
  };
  const done = [saver.save("A", rowOf("v1"), { audit: [line("one")] }), saver.save("A", rowOf("v2"))];
  assert.deepEqual([made, writer.units.length, saver.held], [0, 0, 1]);
  behind = false;
  const other = saver.save("B", row("B", "v1"));
  await Promise.all([...done, other]);
  assert.deepEqual(writer.units.map(told), [[["A v2"], ["one"]], [["B v1"], []]]);
  assert.deepEqual([made, saver.held], [1, 0]);
});

Deno.test("call saver: what is held back and goes into another call is not written of its own", async () => {
  const writer = new FakeWriter();
  const saver = new CallSaver(async (unit: WriteUnit) => void await writer.commit(unit), () => true);
  const held = saver.save("A", row("A", "v1"), { audit: [line("one")] });
  await saver.merge(row("B", "kept")(), [row("A", "gone")()]);
  await held;
  saver.release();
  assert.deepEqual(writer.units.map(told), [[["B kept", "A gone"], ["one"]]]);
});

Deno.test("call saver: at the end the last state goes behind the write that is on its way", async () => {
  const { saver, commit, units } = start();
  const done = [saver.save("A", row("A", "v1")), saver.save("A", row("A", "v2"))];
  saver.flush();
  assert.deepEqual(units(), [[["A v1"], []], [["A v2"], []]]);
  await commit();
  await Promise.all(done);
});
