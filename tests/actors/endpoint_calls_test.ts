/**
 * @module
 * Which calls an endpoint is in: derived from what the calls say of themselves, so that it is what they say, always.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { callView, withoutCourse } from "../../actors/call_views.ts";
import { callsOf, EndpointCalls } from "../../actors/endpoint_calls.ts";
import { LINGER_MS } from "../../machines/call.ts";
import type { CallEvent } from "../../machines/call_events.ts";
import { learn } from "../../machines/call_learning.ts";
import { newRecord } from "../../machines/call_record.ts";
import { endpointOf, tell } from "../../machines/call_story.ts";
import type { CallDetailView } from "../../machines/views.ts";
import { brokenHistory } from "../machines/call_histories.ts";
import { INTERNAL } from "../machines/call_sets.ts";
import { channel, FakeBook, inbound, SAYS, startCalls } from "./call_house.ts";
import { type EndpointHouse, PBX, withEndpoints } from "./endpoint_house.ts";
import { fakeClock, FakeFeed, FakeWriter } from "./fakes.ts";
import { Calls } from "../../actors/calls.ts";

/** Calls and endpoints of one PBX, wired as the service wires them. */
function withBoth(
  run: (
    houses: {
      house: EndpointHouse;
      calls: Calls;
      say: (...packets: Parameters<Calls["event"]>[1][]) => void;
    },
  ) => Promise<void> | void,
): Promise<void> {
  return withEndpoints(async (house) => {
    const log = () => {};
    const calls = new Calls({
      clock: house.clock,
      internal: INTERNAL,
      book: house.book,
      feed: new FakeFeed().asFeed,
      record: async (unit) => void await new FakeWriter().commit(unit),
      log: { info: log, warn: log, error: log },
      onChanged: (view) => house.endpoints.callChanged(view),
      onGone: (id, pbx) => house.endpoints.callGone(id, pbx),
    });
    calls.addPbx(PBX);
    calls.synced(PBX, { at: house.clock.now(), epoch: "first", channels: [], buffered: [] });
    for (const name of ["777-ep", "888-ep", "trunk-ep"]) house.asterisk.phone(name);
    house.up();
    house.forget();
    try {
      await run({
        house,
        calls,
        say: (...some) => some.forEach((one) => calls.event(PBX, one, house.clock.now())),
      });
    } finally {
      calls.stop();
    }
  });
}

const essence = (house: EndpointHouse, name: string) =>
  house.view(name).active_calls.map(({ state, direction, number }) => [state, direction, number]);

Deno.test("endpoint calls: both ends of a call have it, from its first ring to its end", () =>
  withBoth(({ house, say }) => {
    const call = inbound();
    say(...call.rings);
    assert.deepEqual(essence(house, "777-ep"), [["ringing", "in", "74951234567"]]);
    assert.deepEqual(essence(house, "trunk-ep").map(([, ...more]) => more), [["out", "777"]]);
    assert.deepEqual(essence(house, "888-ep"), []);
    house.clock.pass(3000);
    const answeredAt = house.iso();
    say(...call.answered);
    assert.deepEqual(essence(house, "777-ep"), [["talking", "in", "74951234567"]]);
    const [active] = house.view("777-ep").active_calls;
    assert.deepEqual([active!.channel, active!.since], [call.phone.name, answeredAt]);
    assert.equal(house.view("trunk-ep").active_calls[0]!.name, "Ivan Ivanov");
    assert.equal(house.view("trunk-ep").active_calls[0]!.call_id, active!.call_id);
    house.clock.pass(60_000);
    say(...call.ended);
    assert.deepEqual([essence(house, "777-ep"), essence(house, "trunk-ep")], [[], []]);
    const told = house.told("endpoint.changed").filter(({ name }) => name === "777-ep");
    assert.deepEqual(told.at(-1).active_calls, []);
    assert.equal(new Set(told.map((view) => JSON.stringify(view))).size, told.length, "no word twice");
    assert.deepEqual(house.writer.units, [], "nothing of it is written with the endpoint");
    house.clock.pass(LINGER_MS * 4);
  }));

Deno.test("endpoint calls: one that is declined, or given up, is no call of the phone any more", () =>
  withBoth(({ house, say }) => {
    const [one, two] = [inbound(), inbound()];
    say(...one.rings, ...two.rings);
    assert.equal(house.view("777-ep").active_calls.length, 2);
    say(...one.declined);
    assert.equal(house.view("777-ep").active_calls.length, 1);
    say(...two.unanswered);
    assert.deepEqual(essence(house, "777-ep"), []);
    house.clock.pass(LINGER_MS * 4);
  }));

Deno.test("endpoint calls: with a transfer the call leaves one phone and is at the other, with whom it is then", () =>
  withBoth(({ house, say }) => {
    const call = inbound();
    say(...call.rings, ...call.answered);
    house.clock.pass(1000);
    const second = channel("888-ep", { linkedid: call.caller.linkedid });
    say(SAYS.leave(call.phone, call.bridge), SAYS.leave(call.caller, call.bridge), SAYS.hangup(call.phone));
    say(SAYS.newchannel(second, "0"), SAYS.dialBegin(call.caller, second), SAYS.state(second, "5"));
    assert.deepEqual([essence(house, "777-ep"), essence(house, "888-ep")], [
      [],
      [["ringing", "in", "74951234567"]],
    ]);
    say(SAYS.state(second, "6"), SAYS.dialEnd(call.caller, second, "ANSWER"));
    say(SAYS.enter(second, "b2"), SAYS.enter(call.caller, "b2"));
    assert.deepEqual(essence(house, "888-ep"), [["talking", "in", "74951234567"]]);
    assert.deepEqual(essence(house, "trunk-ep"), [["talking", "out", "888"]]);
    say(SAYS.hangup(second), SAYS.hangup(call.caller));
    house.clock.pass(LINGER_MS * 4);
  }));

Deno.test("endpoint calls: two calls that turn out to be one are one", () =>
  withBoth(({ house, calls, say }) => {
    const one = inbound();
    const other = inbound({ to: "888" });
    say(...one.rings, ...one.answered, ...other.rings, ...other.answered);
    assert.equal(calls.list().length, 2);
    // A channel of the other is told with the Linkedid of the first.
    say(SAYS.state({ ...other.phone, linkedid: one.caller.linkedid }, "6"));
    assert.equal(calls.list().length, 1);
    const ids = house.endpoints.list().flatMap(({ active_calls }) =>
      active_calls.map(({ call_id }) => call_id)
    );
    assert.deepEqual([...new Set(ids)], [calls.list()[0]!.id]);
    say(...one.ended, ...other.ended);
    assert.deepEqual(house.endpoints.list().flatMap(({ active_calls }) => active_calls), []);
    house.clock.pass(LINGER_MS * 4);
  }));

Deno.test("endpoint calls: calls of an endpoint that is not known yet are there when it is", () =>
  withBoth(({ house, say }) => {
    const call = inbound({ to: "999" });
    say(...call.rings);
    house.asterisk.phone("999-ep");
    house.up();
    assert.deepEqual(essence(house, "999-ep"), [["ringing", "in", "74951234567"]]);
    say(...call.unanswered);
    house.clock.pass(LINGER_MS * 4);
  }));

Deno.test("endpoint calls: the same name at another PBX has calls of its own", () => {
  const calls = new EndpointCalls();
  const { calls: own, say } = startCalls();
  const call = inbound();
  say(...call.rings);
  const detail = own.get(own.list()[0]!.id)!;
  own.stop();
  calls.take(detail);
  calls.take({ ...detail, id: "other", pbx: "other" });
  assert.deepEqual(calls.of(PBX, "777-ep").map(({ call_id }) => call_id), [detail.id]);
  assert.deepEqual(calls.of("other", "777-ep").map(({ call_id }) => call_id), ["other"]);
  assert.deepEqual(calls.take(detail), [], "no news");
  assert.deepEqual(calls.forget(detail.id).sort(), ["777-ep", "trunk-ep"]);
  assert.deepEqual(calls.of(PBX, "777-ep"), []);
  assert.deepEqual(calls.forget("nobody"), []);
  assert.equal(withoutCourse(detail).id, detail.id);
});

/** What a call says of itself after each of its events. */
function viewsOf(id: string, events: readonly CallEvent[]): CallDetailView[] {
  const book = new FakeBook();
  const clock = fakeClock();
  let record = newRecord();
  const views: CallDetailView[] = [];
  for (const event of events) {
    record = learn(record, event);
    if (Object.keys(record.channels).length === 0) continue;
    const story = tell(record, INTERNAL);
    const before = views.at(-1) ?? null;
    views.push(callView(story, { id, pbx: PBX, uncertain: false, book, clock, before }));
  }
  return views;
}

Deno.test("endpoint calls: whatever calls say, in whatever order, an endpoint is in those whose last word has it", () => {
  const histories = fc.array(brokenHistory, { minLength: 1, maxLength: 3 });
  const gone = fc.array(fc.nat(2), { maxLength: 2 });
  fc.assert(
    fc.property(
      histories,
      gone,
      fc.array(fc.nat(1e6), { minLength: 5, maxLength: 30 }),
      (events, gone, picks) => {
        const queues = events.map((some, index) => viewsOf(`C${index}`, some));
        const last = new Map<string, CallDetailView>();
        const calls = new EndpointCalls();
        const shown = new Map<string, string>();
        const told = (names: string[]) => {
          for (const name of names) shown.set(name, JSON.stringify(calls.of(PBX, name)));
        };
        for (let i = 0; queues.some(({ length }) => length > 0); i++) {
          const open = queues.filter(({ length }) => length > 0);
          const view = open[picks[i % picks.length]! % open.length]!.shift()!;
          last.set(view.id, view);
          told(calls.take(view));
        }
        for (const index of gone) {
          last.delete(`C${index}`);
          told(calls.forget(`C${index}`));
        }
        const names = new Set(
          events.flatMap((some) => JSON.stringify(some).match(/PJSIP\/[^"]*/g) ?? []).map(endpointOf),
        );
        for (const name of names) {
          const expected = [...last.values()].flatMap((view) => callsOf(view).get(name) ?? []);
          const sorted = (some: unknown[]) => some.map((one) => JSON.stringify(one)).sort();
          const actual = calls.of(PBX, name);
          assert.deepEqual(sorted(actual), sorted(expected));
          // Whoever was told of each change, and of nothing else, knows as much.
          assert.equal(shown.get(name) ?? "[]", JSON.stringify(actual));
          for (const { call_id, state } of actual) {
            const leg = last.get(call_id)!.legs.find(({ channel }) => endpointOf(channel) === name);
            assert.ok(
              leg !== undefined && last.get(call_id)!.ended_at === null && (state as string) !== "ended",
            );
          }
        }
      },
    ),
    { numRuns: 150 },
  );
});
