/**
 * @module
 * Traces of real Asterisks come to what they were, whole and cut anywhere, in any order, and however often each event
 * comes: by the pure machine, and by the service's own way to its rows. Moments of traces without any are told in
 * `trace_files.ts`.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { AmiConnection } from "../../../actors/ami/connection.ts";
import { decodeCallEvent } from "../../../actors/ami/decode.ts";
import type { AmiPacket } from "../../../actors/ami/packet.ts";
import type { CallRow } from "../../../db/rows.ts";
import { LINGER_MS } from "../../../machines/call.ts";
import type { CallEvent } from "../../../machines/call_events.ts";
import type { Story } from "../../../machines/call_story.ts";
import { essence, recordsOf, storiesOf } from "../../machines/call_sets.ts";
import { waitFor } from "../../support/wait.ts";
import { type CallHouse, PBX, startCalls } from "../call_house.ts";
import { fakeClock } from "../fakes.ts";
import { FakeAmi } from "./fake_ami.ts";
import {
  EXPECTED,
  EXPECTED_MORE,
  type ExpectedCall,
  type ExpectedCourse,
  expectedMore,
  type Heard,
  packetsOf,
  readTrace,
  RELEASES,
  traceBytes,
  tracesOf,
} from "./trace_files.ts";

const TRACES = RELEASES.flatMap((release) => tracesOf(release).map((name) => ({ release, name })));

/** What a call came to, in the words of the expectations. */
type Course = Omit<ExpectedCourse, "rang"> & { rang: string[] };

function expectedOf(release: string, name: string): (ExpectedCall | ExpectedCourse)[] {
  const expected = EXPECTED[name] ?? expectedMore(release, name);
  assert.ok(expected !== undefined, `nobody said what ${release}/${name} comes to`);
  return expected.calls;
}

function checkCourses(got: Course[], { release, name }: { release: string; name: string }): void {
  const expected = expectedOf(release, name);
  assert.equal(got.length, expected.length, `calls of ${release}/${name}`);
  for (const [index, wanted] of expected.entries()) {
    const course = got[index]!;
    const { talk_s, rang, caller_name, ...exact } = wanted;
    const what = `call ${index} of ${release}/${name}`;
    for (const key of Object.keys(exact) as (keyof typeof exact)[]) {
      if ((key as string) === "legs" || (key as string) === "segments") continue;
      assert.equal(course[key], exact[key], `${key} of ${what}`);
    }
    assert.ok(Math.abs(course.talk_s - talk_s) <= 1, `talk of ${what}: ${course.talk_s}, not ${talk_s}`);
    if (caller_name !== undefined) assert.equal(course.caller_name, caller_name, what);
    if (rang !== undefined) assert.deepEqual(course.rang.sort(), [...rang].sort(), what);
    if (!("legs" in wanted)) continue;
    // Legs that are created within a millisecond come in either order.
    assert.deepEqual(course.legs.sort(), [...wanted.legs].sort(), `legs of ${what}`);
    assert.deepEqual(
      course.segments.map(({ who }) => who),
      wanted.segments.map(({ who }) => [...who].sort()),
      `who talked in ${what}`,
    );
    for (const [at, { s }] of wanted.segments.entries()) {
      const took = course.segments[at]!.s;
      assert.ok(Math.abs(took - s) <= 1, `segment ${at} of ${what}: ${took}, not ${s}`);
    }
  }
}

function courseOfStory(story: Story): Course {
  const numbers = new Map(story.legs.map(({ id, number }) => [id, number ?? "?"]));
  return {
    caller: story.caller.number!,
    caller_name: story.caller.name ?? undefined!,
    receiver: story.receiver!,
    direction: story.direction,
    status: story.status,
    end_reason: story.endReason!,
    answered_by: story.answeredBy === null ? null : numbers.get(story.answeredBy)!,
    talk_s: story.durationMs / 1000,
    rang: story.legs.filter(({ role }) => role === "dialled").map(({ number }) => number!),
    legs: story.legs.map(({ number, role, outcome }) =>
      [number, role, ...outcome === null ? [] : [outcome]].join(" ")
    ),
    segments: story.segments.map(({ legs, from, to }) => ({
      who: legs.map((id) => numbers.get(id)!).sort(),
      s: (to! - from) / 1000,
    })),
  };
}

function courseOfRow(row: CallRow): Course {
  const { view } = row;
  assert.equal(row.state, null, "it is over for good");
  assert.equal(view.status, row.status);
  return {
    caller: row.caller_number!,
    caller_name: row.caller_name ?? undefined!,
    receiver: row.receiver_number!,
    direction: row.direction,
    status: row.status,
    end_reason: row.end_reason!,
    answered_by: row.answered_by_number,
    talk_s: row.duration,
    rang: view.legs.filter(({ role }) => role === "dialled").map(({ number }) => number!),
    legs: view.legs.map(({ number, role, outcome }) =>
      [number, role, ...outcome === null ? [] : [outcome]].join(" ")
    ),
    segments: view.segments.map(({ parties, started_at, ended_at }) => ({
      who: parties.map(({ number }) => number!).sort(),
      s: (Date.parse(ended_at!) - Date.parse(started_at)) / 1000,
    })),
  };
}

function eventsOf(heard: readonly Heard[]): CallEvent[] {
  return heard.flatMap(({ packet, at }) => decodeCallEvent(packet, at) ?? []);
}

/** Has the service hear packets at their moments, or, where those go back, at the latest so far. */
async function hear(house: CallHouse, heard: readonly Heard[], since = house.clock.now()): Promise<void> {
  for (const { packet, at } of heard) {
    house.clock.pass(Math.max(0, since + at - house.clock.now()));
    house.calls.event(PBX, packet, since + at);
  }
  await house.settle();
}

async function coursesBy(play: (house: CallHouse) => Promise<void>): Promise<Course[]> {
  const house = startCalls();
  try {
    await play(house);
    house.clock.pass(LINGER_MS);
    await house.settle();
    assert.equal(house.calls.size, 0, "nothing goes on");
    assert.deepEqual(house.calls.quarantined, []);
    assert.deepEqual(house.logged.filter(({ level }) => level === "error"), []);
    const rows = house.kept();
    return rows.sort((one, other) => one.started_at < other.started_at ? -1 : 1).map(courseOfRow);
  } finally {
    house.calls.stop();
    assert.equal(house.clock.sim.live, 0, "timers after the stop");
  }
}

/** Events of each channel stay in order, those of different ones do not. */
function interleaved(heard: readonly Heard[], picks: readonly number[]): Heard[] {
  const channels = heard.map(({ packet }) => packet.destuniqueid ?? packet.uniqueid ?? "");
  const names = [...new Set(channels)];
  const queues = names.map((name) => heard.filter((_, index) => channels[index] === name));
  return heard.map((_, index) => {
    const open = queues.filter(({ length }) => length > 0);
    return open[picks[index % picks.length]! % open.length]!.shift()!;
  });
}

function shuffled<T>(items: readonly T[], picks: readonly number[]): T[] {
  const rest = [...items];
  return items.map((_, index) => rest.splice(picks[index % picks.length]! % rest.length, 1)[0]!);
}

/** What an order is made of; numbers, so that a failure is told in a line. */
const PICKS = fc.array(fc.nat(1e6), { minLength: 20, maxLength: 200 });

Deno.test("traces: every trace has an expectation, and every expectation a trace", () => {
  const names = TRACES.map(({ name }) => name);
  for (const { release, name } of TRACES) expectedOf(release, name);
  for (const name of [...Object.keys(EXPECTED), ...Object.keys(EXPECTED_MORE)]) {
    assert.ok(names.includes(name.replace(/@.*/, "")), `there is no trace ${name}`);
  }
});

for (const { release, name } of TRACES) {
  const heard = readTrace(release, name);
  const events = eventsOf(heard);
  const ofCalls = heard.filter(({ packet }) => decodeCallEvent(packet, 0) !== null);

  Deno.test(`traces: ${release}/${name}: the machine tells what the call came to`, () => {
    checkCourses(storiesOf(events).map(courseOfStory), { release, name });
  });

  Deno.test(`row 12: ${release}/${name}: no order and no repetition of events tells the machine another story`, () => {
    const truth = storiesOf(events).map(essence);
    const records = recordsOf(events).map(sorted);
    fc.assert(
      fc.property(PICKS, (picks) => {
        const some = shuffled(events, picks);
        const again = shuffled(events, picks.toReversed()).slice(0, picks[0]! % 20);
        const repeated = [...some, ...again];
        assert.deepEqual(storiesOf(repeated).map(essence), truth);
        assert.deepEqual(recordsOf(repeated).map(sorted), records);
      }),
      { numRuns: 15, endOnFailure: true },
    );
    const last = events.at(-1)?.at ?? 0;
    const later = events.map((event) => ({ ...event, at: event.at + last }));
    assert.deepEqual(storiesOf([...events, ...later]).map(essence), truth, "all of it again, later");
  });

  Deno.test(`traces: ${release}/${name}: rows say what the call came to`, async () => {
    checkCourses(await coursesBy((house) => hear(house, heard)), { release, name });
  });

  Deno.test(`traces: ${release}/${name}: rows are the same when every event comes twice`, async () => {
    const twice = heard.flatMap((one) => [one, one]);
    checkCourses(await coursesBy((house) => hear(house, twice)), { release, name });
    const last = heard.at(-1)!.at;
    for (const pause of [100, LINGER_MS - 1000, LINGER_MS, 20_000]) {
      const again = heard.map(({ packet, at }) => ({ packet, at: last + pause + at }));
      checkCourses(await coursesBy((house) => hear(house, [...heard, ...again])), { release, name });
    }
  });

  Deno.test(`row 12: ${release}/${name}: rows are the same in whatever order the events come`, async () => {
    const atLast = async (house: CallHouse, some: Heard[]) => {
      const since = house.clock.now();
      house.clock.pass(heard.at(-1)!.at);
      await hear(house, some, since);
    };
    await fc.assert(
      fc.asyncProperty(PICKS, async (picks) => {
        for (const order of [interleaved, shuffled]) {
          checkCourses(await coursesBy((house) => atLast(house, order(ofCalls, picks))), { release, name });
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });
}

/** Feeds bytes through the adapter, in the pieces given, and gives the packets that come out. */
async function throughAdapter(ami: FakeAmi, pieces: Iterable<Uint8Array>): Promise<AmiPacket[]> {
  const packets: AmiPacket[] = [];
  const ready = Promise.withResolvers<void>();
  const connection = new AmiConnection({
    server: { name: "test", host: "127.0.0.1", port: ami.port, user: "u", secret: "right" },
    clock: fakeClock(),
    onConnected: () => {},
    onLoggedIn: () => ready.resolve(),
    onRefused: (error) => ready.reject(new Error(error)),
    onEvent: (packet) => void packets.push(packet),
    onLost: (error) => ready.reject(new Error(error)),
  });
  connection.open();
  try {
    await ready.promise;
    const { socket } = ami.session;
    socket.setNoDelay(true);
    for (const piece of pieces) {
      socket.write(piece);
      // Both ends live in this process: the other one reads before the next piece is written.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    socket.write("Event: EndOfTrace\r\n\r\n");
    await waitFor(() => packets.at(-1)?.event === "EndOfTrace" || undefined, { what: "the end of a trace" });
  } finally {
    await connection.close();
  }
  return packets.filter(({ event }) => event !== "EndOfTrace" && event !== "FullyBooted");
}

function eventsIn(packets: readonly AmiPacket[]): AmiPacket[] {
  return packets.filter(({ event }) => event !== undefined);
}

async function withAmi(run: (ami: FakeAmi) => Promise<void>): Promise<void> {
  const ami = new FakeAmi();
  await ami.start();
  try {
    await run(ami);
  } finally {
    await ami.stop();
  }
}

/** What the machine is told by packets, at the moments of the trace. */
function toldBy(packets: readonly AmiPacket[], heard: readonly Heard[]): CallEvent[] {
  const times = heard.filter(({ packet }) => packet.event !== undefined).map(({ at }) => at);
  return packets.flatMap((packet, index) => decodeCallEvent(packet, times[index]!) ?? []);
}

Deno.test("traces: cut at every byte, the adapter hears what was said in each of them", () =>
  withAmi(async (ami) => {
    for (const { release, name } of TRACES.filter((trace) => trace.name in EXPECTED)) {
      const bytes = traceBytes(release, name);
      const heard = readTrace(release, name);
      const packets = await throughAdapter(
        ami,
        (function* () {
          for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
        })(),
      );
      assert.deepEqual(toldBy(packets, heard), eventsOf(heard), `${release}/${name}`);
      checkCourses(storiesOf(toldBy(packets, heard)).map(courseOfStory), { release, name });
    }
  }));

Deno.test("traces: cut at random, the adapter hears what was said in each of them", () =>
  withAmi(async (ami) => {
    for (const [index, { release, name }] of TRACES.entries()) {
      const bytes = traceBytes(release, name);
      const heard = readTrace(release, name);
      const [cuts] = fc.sample(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 40 }), {
        numRuns: 1,
        seed: index,
      });
      const ends = [0, ...cuts!.sort((one, other) => one - other), bytes.length];
      const packets = await throughAdapter(
        ami,
        ends.slice(1).map((end, at) => bytes.subarray(ends[at]!, end)),
      );
      const said = eventsIn(packetsOf(new TextDecoder().decode(bytes)));
      assert.deepEqual(
        packets.map(({ event }) => event),
        said.map(({ event }) => event),
        `${release}/${name}`,
      );
      assert.deepEqual(toldBy(packets, heard), eventsOf(heard), `${release}/${name}`);
    }
  }));

/** A record whose sets stand in one order. */
function sorted(record: ReturnType<typeof recordsOf>[number]) {
  const byText = <T>(items: T[]) => items.map((item) => JSON.stringify(item)).sort();
  return {
    ...record,
    linkedIds: [...record.linkedIds].sort(),
    stays: byText(record.stays),
    notes: byText(record.notes),
  };
}
