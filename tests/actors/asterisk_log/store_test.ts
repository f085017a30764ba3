/**
 * @module
 * What is kept of logs: the newest of each, in bounded memory, and what can be asked of it.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Filter } from "../../../actors/asterisk_log/filter.ts";
import type { Kept } from "../../../actors/asterisk_log/ring.ts";
import { BOUNDS, Store } from "../../../actors/asterisk_log/store.ts";
import { kept } from "./ground.ts";

const ids = (items: readonly Kept[]) => items.map(({ id }) => id);

Deno.test("log store: each ring keeps its newest, and is read page by page", () => {
  const store = new Store({ ...BOUNDS, all: 100, endpoint: 10 });
  for (let id = 1; id <= 250; id++) {
    store.add(kept(id), id % 2 === 0 ? [store.endpoint("a/777-ep")] : [], 0);
  }
  const all = store.list("", {}, { limit: 1000 });
  assert.deepEqual([all.items.length, all.items[0]!.id, all.next], [100, 151, null]);
  const first = store.list("a/777-ep", {}, { limit: 4 });
  assert.deepEqual([ids(first.items), first.next], [[244, 246, 248, 250], 244]);
  const second = store.list("a/777-ep", {}, { limit: 6, before: first.next! });
  assert.deepEqual([ids(second.items), second.next], [[232, 234, 236, 238, 240, 242], null]);
  assert.deepEqual(store.list("a/777-ep", {}, { limit: 4, before: 1 }), { items: [], next: null });
  assert.deepEqual(store.list("nobody", {}, { limit: 4 }), { items: [], next: null });
});

Deno.test("log store: filters by level, source or module, text, call and time", () => {
  const store = new Store();
  store.add(
    kept(1, { level: "ERROR", source: "res_pjsip/pjsip_distributor.c", text: "No Matching [endpoint] 100%" }),
    [],
    0,
  );
  store.add(kept(2, { source: "app_dial.c", call: "C-00000001" }), [], 0);
  store.add(kept(3, { source: null, at: null, text: "ПРИВЕТ .* мир" }), [], 0);
  const table: [filter: Filter, ...found: number[]][] = [
    [{}, 1, 2, 3],
    [{ levels: [] }, 1, 2, 3],
    [{ levels: ["ERROR", "DEBUG"] }, 1],
    [{ source: "res_pjsip/pjsip_distributor.c" }, 1],
    [{ source: "pjsip_distributor" }, 1],
    [{ source: "pjsip_distributor.c" }, 1],
    [{ source: "res_pjsip" }, 1],
    [{ source: "app_dial" }, 2],
    [{ source: "app" }],
    [{ q: "no matching" }, 1],
    [{ q: "[ENDPOINT]" }, 1],
    [{ q: "100%" }, 1],
    [{ q: "привет" }, 3],
    [{ q: ".*" }, 3],
    [{ q: "" }, 1, 2, 3],
    [{ call: "C-00000001" }, 2],
    [{ call: "C-00000001", isPast: ({ id }) => id === 2 }],
    [{ isPast: () => true }, 1, 2, 3],
    [{ pbx: "a" }, 1, 2, 3],
    [{ pbx: "b" }],
    [{ from: 2000 }, 2, 3],
    [{ to: 2000 }, 1, 2],
    [{ from: 2000, to: 2000, q: "text" }, 2],
    [{ levels: ["ERROR"], call: "C-00000001" }],
  ];
  for (const [filter, ...found] of table) {
    assert.deepEqual(ids(store.list("", filter, { limit: 9 }).items), found, JSON.stringify(filter));
  }
});

Deno.test("log store: counts levels, sources, and what came within a minute", () => {
  const store = new Store();
  const ring = store.endpoint("a/777-ep");
  store.add(kept(1), [ring], null);
  for (let id = 2; id < 62; id++) {
    store.add(kept(id, { level: id % 3 === 0 ? "ERROR" : "DEBUG", source: id % 2 === 0 ? "b.c" : null }), [
      ring,
    ], id * 1000);
  }
  assert.deepEqual(store.stats("a/777-ep", 61_000), {
    lines: 61,
    // By parts of five seconds, the one at hand and eleven before.
    per_minute: 57,
    levels: { NOTICE: 1, ERROR: 20, DEBUG: 40 },
    sources: ["a.c", "b.c"],
  });
  assert.equal(store.stats("", 91_000).per_minute, 27);
  assert.equal(store.stats("", 10_000_000).per_minute, 0);
  assert.deepEqual(store.stats("nobody", 0), { lines: 0, per_minute: 0, levels: {}, sources: [] });
});

Deno.test("log store: calls that were silent for longest are forgotten", () => {
  const store = new Store({ ...BOUNDS, calls: 3 });
  for (const [id, call] of ["1", "2", "3", "1", "4"].entries()) {
    store.add(kept(id + 1, { call }), [store.call(`[${call}]`, id * 2000)], 0);
  }
  assert.deepEqual(
    ["1", "2", "3", "4"].map((call) => store.list(`[${call}]`, {}, { limit: 9 }).items.length),
    [2, 0, 1, 1],
  );
  assert.equal(store.list("", {}, { limit: 9 }).items.length, 5);
});

Deno.test("log store: of some calls what is past goes, the rest stays in its order", () => {
  const store = new Store();
  for (let id = 1; id <= 40; id++) {
    store.add(kept(id), [store.call(id % 2 === 0 ? "[a/1]" : "[b/1]", 0)], 0);
  }
  store.dropOfCalls("[a/", ({ id }) => id < 21 || id % 4 === 0);
  assert.deepEqual(ids(store.list("[a/1]", {}, { limit: 99 }).items), [22, 26, 30, 34, 38]);
  assert.deepEqual(ids(store.list("[a/1]", {}, { limit: 2, before: 34 }).items), [26, 30]);
  assert.equal(store.list("[b/1]", {}, { limit: 99 }).items.length, 20);
  store.dropOfCalls("[a/", () => true);
  assert.equal(store.rings, 2);
  assert.equal(store.list("", {}, { limit: 99 }).items.length, 40);
});

Deno.test("log store: memory is bounded, and who says much loses before who says little", () => {
  const bounds = { all: 2000, endpoint: 500, call: 100, calls: 20, bytes: 400_000 };
  const store = new Store(bounds);
  store.add(kept(1), [store.endpoint("a/quiet")], 0);
  for (let id = 2; id < 20_000; id++) {
    const text = "x".repeat(id % 997);
    store.add(kept(id, { text }), [store.endpoint(`a/loud${id % 5}`), store.call(`[${id >> 6}]`, id)], 0);
    assert.ok(store.bytes <= bounds.bytes, `${store.bytes} bytes after ${id}`);
  }
  assert.deepEqual(ids(store.list("a/quiet", {}, { limit: 9 }).items), [1]);
  assert.equal(store.rings, 1 + 6 + 20);
  const loud = store.list("a/loud1", {}, { limit: 9 });
  assert.equal(loud.items.at(-1)!.id, 19_996);
});

Deno.test("log store: whatever is kept and forgotten, the count of bytes is right and nothing is out of order", () => {
  const step = fc.record({
    ring: fc.nat(4),
    call: fc.nat(6),
    size: fc.nat(3000),
    forget: fc.boolean(),
    past: fc.option(fc.nat(200), { freq: 10 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const store = new Store({ all: 20, endpoint: 8, call: 4, calls: 3, bytes: 50_000 });
    let id = 0;
    for (const { ring, call, size, forget, past } of steps) {
      if (forget && size % 5 === 0) store.forget(`a/${ring}`);
      if (past !== null) store.dropOfCalls(`[${call}`, (message) => message.id < past);
      id++;
      store.add(kept(id, { text: "x".repeat(size) }), [
        store.endpoint(`a/${ring}`),
        store.call(`[${call}]`, id * 2000),
      ], 0);
    }
    const held = new Map<number, Kept>();
    for (
      const name of [
        "",
        "a/0",
        "a/1",
        "a/2",
        "a/3",
        "a/4",
        ..."0123456".split("").map((call) => `[${call}]`),
      ]
    ) {
      const { items } = store.list(name, {}, { limit: 1000 });
      assert.deepEqual(ids(items), ids(items).toSorted((a, b) => a - b));
      for (const item of items) held.set(item.id, item);
    }
    const bytes = [...held.values()].reduce((sum, { text }) => sum + 200 + 2 * text.length, 0);
    assert.equal(store.bytes, bytes);
    assert.ok(bytes <= 50_000);
  }));
});
