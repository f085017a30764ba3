/**
 * @module
 * A panel's state through the database and back: as it was when it is whole, and no more lost than itself when not.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { intercomRow } from "../../actors/intercom_rows.ts";
import { restoreSnapshot, storeSnapshot } from "../../actors/snapshots.ts";
import type { StoredIntercom } from "../../db/intercoms.ts";
import { history, play } from "../machines/histories.ts";
import { CountingClock, SAY, SETTINGS, startPanel } from "../machines/panel.ts";
import { fakeClock, heartbeat, MAC, startHouse } from "./fakes.ts";

const PROFILE = {
  mac: MAC,
  topicMac: MAC,
  name: "South gate",
  address: "",
  adoptedAt: "2026-01-01T00:00:00.000Z",
  createdAt: "2026-01-01T00:00:00.000Z",
};

/** The row of a panel as the database gives it back: JSON, with times as dates. */
function rowOf(panel: ReturnType<typeof startPanel>, clock = fakeClock(panel.clock)): StoredIntercom {
  const row = JSON.parse(JSON.stringify(intercomRow(PROFILE, panel.snapshot(), clock)));
  return {
    ...row,
    adopted_at: new Date(row.adopted_at),
    created_at: new Date(row.created_at),
    status_since: new Date(row.status_since),
    last_seen_at: row.last_seen_at === null ? null : new Date(row.last_seen_at),
  };
}

function rowWith(state: unknown, changes: Partial<StoredIntercom> = {}): StoredIntercom {
  const panel = startPanel();
  panel.send(SAY["heartbeat closed"]);
  const row = rowOf(panel);
  panel.stop();
  return { ...row, state, ...changes };
}

Deno.test("row 2: a restored panel goes on as the one that was never stopped, whatever its history", () => {
  fc.assert(fc.property(history(), history(), (before, after) => {
    const original = startPanel();
    before.forEach((step) => play(original, step));
    const clock = new CountingClock();
    clock.set(original.clock.now());
    const { snapshot, damaged } = restoreSnapshot(rowOf(original), SETTINGS, fakeClock(clock));
    assert.equal(damaged, null);
    assert.deepEqual(snapshot.context, original.snapshot().context);
    const restored = startPanel({ clock, snapshot });
    restored.actor.send({ type: "resume", at: clock.now(), heardUntil: clock.now() });
    if (original.presence().startsWith("unknown")) original.send(SAY["link down"]);
    original.facts.length = 0;
    for (const step of after) {
      play(original, step);
      play(restored, step);
      assert.equal(restored.presence(), original.presence());
      assert.equal(restored.door(), original.door());
    }
    assert.deepEqual(restored.facts, original.facts, "the same facts at the same milliseconds");
    original.stop();
    restored.stop();
  }));
});

Deno.test("row 10: a wall clock that moved while the service was away puts nothing into the future", () => {
  const panel = startPanel();
  panel.send(SAY["heartbeat closed"], SAY.key);
  const row = rowOf(panel);
  const clock = fakeClock(panel.clock);
  clock.jump(-3_600_000); // the row is an hour ahead now
  const { snapshot } = restoreSnapshot(row, SETTINGS, clock);
  const { silence: _, ...times } = snapshot.context.times;
  for (const [name, at] of Object.entries(times)) {
    assert.ok(at === null || at <= clock.now(), `${name} is in the future`);
  }
  const restored = startPanel({ clock: clock.sim, snapshot });
  restored.actor.send({ type: "resume", at: clock.now(), heardUntil: clock.now() });
  clock.pass(SETTINGS.offlineAfterMs);
  assert.equal(restored.presence(), "offline");
});

Deno.test("row 2: heartbeats are written to their column alone, so the deadline is reckoned from the later of the two", () => {
  const panel = startPanel();
  panel.send(SAY["heartbeat closed"]);
  const row = rowOf(panel);
  panel.pass(60_000);
  const clock = fakeClock(panel.clock);
  for (
    const [column, seen] of [[clock.now() - 1000, clock.now() - 1000], [
      clock.now() - 90_000,
      clock.now() - 60_000,
    ]]
  ) {
    const { snapshot } = restoreSnapshot({ ...row, last_seen_at: new Date(column!) }, SETTINGS, clock);
    assert.equal(snapshot.context.times.lastSeen, seen);
  }
  panel.stop();
});

const GOOD = () => {
  const panel = startPanel();
  panel.send(SAY["heartbeat closed"], SAY["opened by key"]);
  const state = JSON.parse(JSON.stringify(storeSnapshot(panel.snapshot(), fakeClock(panel.clock))));
  panel.stop();
  return state;
};

/** Anything that can stand in a jsonb column: any JSON, and good states with one place changed. */
const hostileState = fc.oneof(
  fc.jsonValue(),
  fc.tuple(
    fc.constantFrom(
      ["v"],
      ["value"],
      ["value", "presence"],
      ["value", "door"],
      ["value", "door", "open"],
      ["context"],
      ["context", "times"],
      ...Object.keys(GOOD().context).map((name) => ["context", name]),
      ...Object.keys(GOOD().context.times).map((name) => ["context", "times", name]),
    ),
    fc.oneof(
      fc.jsonValue(),
      fc.constant(undefined),
      fc.constantFrom(1e300, -1e300, 8.64e15, 8.64e15 + 1, -1, Number.MAX_SAFE_INTEGER, 0.5),
      fc.constantFrom("online", "offline", "open", "closed", "unknown", "held_open", "__proto__"),
    ),
  ).map(([path, value]) => {
    const state = GOOD();
    let inner = state;
    for (const name of path.slice(0, -1)) inner = inner[name];
    if (value === undefined) delete inner[path.at(-1)!];
    else inner[path.at(-1)!] = value;
    return state;
  }),
);

Deno.test("row 3: whatever is stored as a state, the panel is restored, shown, stored again, and works", () => {
  fc.assert(
    fc.property(hostileState, (state) => {
      const house = startHouse();
      const at = house.clock.now();
      house.intercoms.restore([rowWith(state)], at);
      const view = house.intercoms.get(MAC)!;
      assert.ok(JSON.stringify(view).length > 0);
      house.intercoms.linkChanged(true);
      void house.intercoms.receive(heartbeat("open"), false);
      assert.equal(house.intercoms.get(MAC)!.status, "online");
      house.clock.pass(SETTINGS.offlineAfterMs);
      assert.equal(house.intercoms.get(MAC)!.status, "offline");
      for (const { intercom } of house.writer.units) assert.doesNotThrow(() => JSON.stringify(intercom));
      house.stop();
      assert.equal(house.clock.sim.live, 0);
    }),
    { numRuns: 400 },
  );
});

for (
  const [what, damage] of [
    ["of another version", (state) => ({ ...state, v: 2 })],
    ["without a state's name", (state) => ({ ...state, value: { presence: "online" } })],
    ["with an unknown state", (state) => ({ ...state, value: { presence: "asleep", door: "closed" } })],
    ["with a null context", (state) => ({ ...state, context: null })],
    ["that was cut", (state) => JSON.stringify(state).slice(0, 40)],
    ["that is a list", () => []],
    ["with a time beyond all dates", (state) => {
      state.context.times.doorSince = 1e300;
      return state;
    }],
    // deno-lint-ignore no-explicit-any -- whatever the damage leaves
  ] as [string, (state: any) => unknown][]
) {
  Deno.test(`row 3: a state ${what} is put aside, told of, and the panel rebuilt from its columns`, async () => {
    const house = startHouse();
    const good = { ...rowWith(GOOD()), mac: "AA:BB:CC:02" };
    const bad = rowWith(damage(GOOD()), { status: "online", door_status: "closed" });
    house.intercoms.restore([bad, good], house.clock.now());
    assert.deepEqual(house.intercoms.quarantined, [MAC]);
    assert.deepEqual(house.troubles.map(({ mac }) => mac), [MAC]);
    const view = house.intercoms.get(MAC)!;
    assert.deepEqual([view.status, view.door, view.name], ["online", "closed", "South gate"]);
    assert.equal(house.intercoms.get("AA:BB:CC:02")!.door, "open");
    await house.settle();
    const [rewritten] = house.writer.units.map(({ intercom }) => intercom);
    assert.equal(rewritten!.mac, MAC, "a good state is written over the damaged one");
    assert.equal(restoreSnapshot(rowWith(rewritten!.state), SETTINGS, house.clock).damaged, null);
    house.stop();
  });
}

Deno.test("row 3: any byte of a state may flip, and nothing throws", () => {
  const text = JSON.stringify(GOOD());
  fc.assert(fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (index, code) => {
    const flipped = text.slice(0, index) + String.fromCharCode(code) + text.slice(index + 1);
    let state: unknown;
    try {
      state = JSON.parse(flipped);
    } catch {
      return; // PostgreSQL would not have kept it
    }
    const { snapshot } = restoreSnapshot(rowWith(state), SETTINGS, fakeClock());
    const panel = startPanel({ snapshot });
    panel.send(SAY["heartbeat closed"]);
    assert.equal(panel.presence(), "online");
    panel.stop();
  }));
});

Deno.test("row 3: a row that was never given a state is new, not damaged", () => {
  const house = startHouse();
  house.intercoms.restore(
    [rowWith(null, { status: "unknown", door_status: "unknown", last_seen_at: null })],
    0,
  );
  assert.deepEqual(house.intercoms.quarantined, []);
  const view = house.intercoms.get(MAC)!;
  assert.deepEqual([view.status, view.status_reason], ["unknown", "never_heard"]);
  house.stop();
});

Deno.test("row 3: what is not online always says why", () => {
  for (const status of ["online", "offline", "unknown"] as const) {
    for (const last_seen_at of [null, new Date(1000)]) {
      const house = startHouse();
      house.intercoms.restore([rowWith("broken", { status, last_seen_at })], 0);
      const view = house.intercoms.get(MAC)!;
      assert.equal(view.status_reason === null, view.status === "online", `${status}, ${last_seen_at}`);
      house.stop();
    }
  }
});
