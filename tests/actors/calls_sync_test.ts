/**
 * @module
 * Calls while nobody listened: a link that was down, an Asterisk that was restarted, a service that was killed. What
 * the PBX lists, and what is stored, is made one with what was known.
 */
import assert from "node:assert/strict";
import type { AmiPacket } from "../../actors/ami/packet.ts";
import { decodeCallEvent } from "../../actors/ami/decode.ts";
import { restoreRecord } from "../../actors/call_rows.ts";
import type { OpenCall } from "../../db/calls.ts";
import type { CallRow } from "../../db/rows.ts";
import { LINGER_MS } from "../../machines/call.ts";
import { EXPECTED, expectedMore, type Heard, readTrace, RELEASES, tracesOf } from "./ami/trace_files.ts";
import { type CallHouse, channel, inbound, IVAN, PBX, SAYS, snapshot, startCalls } from "./call_house.ts";
import { fakeClock } from "./fakes.ts";

async function withCalls(run: (house: CallHouse) => Promise<void>): Promise<void> {
  const house = startCalls();
  try {
    await run(house);
  } finally {
    house.calls.stop();
    assert.equal(house.clock.sim.live, 0, "timers after the stop");
  }
}

async function onlyRow(house: CallHouse): Promise<CallRow> {
  await house.settle();
  const rows = house.kept();
  assert.equal(rows.length, 1);
  return rows[0]!;
}

/** The link is down for so long, and comes back with what is listed then. */
function breakLink(house: CallHouse, ms: number, more: Parameters<typeof snapshot>[1] = {}): void {
  house.calls.down(PBX, house.clock.now());
  house.clock.pass(ms);
  house.calls.synced(PBX, snapshot(house.clock, more));
}

const wallOf = (house: CallHouse, at: number) => new Date(house.clock.toWall(at)).toISOString();

Deno.test("row 7: while the link is down calls are uncertain, and when it is up they are not", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.rings);
    house.calls.down(PBX, house.clock.now());
    assert.equal(house.feed.seenBy(IVAN.id).at(-1)!.uncertain, true);
    house.calls.down(PBX, house.clock.now() + 5);
    house.calls.synced(
      PBX,
      snapshot(house.clock, {
        channels: [
          SAYS.listed(call.caller, { state: "4" }),
          SAYS.listed(call.phone, { state: "5", application: "AppDial" }),
        ],
      }),
    );
    assert.equal(house.feed.seenBy(IVAN.id).at(-1)!.uncertain, false);
    assert.equal(house.calls.list()[0]!.rings.length, 1);
    await house.settle();
  }));

Deno.test("row 7: a call that vanished unanswered is missed and lost, ended when the link was", () =>
  withCalls(async (house) => {
    house.say(...inbound().rings);
    house.clock.pass(3000);
    const lostAt = house.clock.now();
    breakLink(house, 60_000);
    const row = await onlyRow(house);
    assert.deepEqual([row.status, row.end_reason, row.ended_at], ["missed", "lost", wallOf(house, lostAt)]);
    assert.equal(row.view.timeline.at(-1)!.kind, "lost");
    house.clock.pass(LINGER_MS);
    assert.equal((await onlyRow(house)).state, null);
  }));

Deno.test("row 7: a call that vanished answered is completed and lost, with the time they were known to talk", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.rings, ...call.answered);
    house.clock.pass(20_000);
    breakLink(house, 60_000);
    const row = await onlyRow(house);
    assert.deepEqual([row.status, row.end_reason, row.duration], ["completed", "lost", 20]);
    assert.equal(row.answered_by_number, "777");
  }));

Deno.test("row 7: how it ended by its own word is better than that it is gone", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.rings);
    house.calls.down(PBX, house.clock.now());
    house.clock.pass(5000);
    const at = house.clock.now();
    const buffered = call.declined.map((packet) => ({ packet, at: at + 20 }));
    house.clock.pass(50);
    house.calls.synced(PBX, snapshot(house.clock, { at, buffered }));
    const row = await onlyRow(house);
    const reasons = house.feed.seenBy(IVAN.id).map(({ end_reason }) => end_reason);
    assert.ok(!reasons.includes("lost"), "nobody was told that it is lost");
    assert.deepEqual([row.status, row.end_reason, row.ended_at], [
      "rejected",
      "declined",
      wallOf(house, at + 20),
    ]);
  }));

Deno.test("row 7: a Hangup that was buffered of a channel that is listed all the same ends it once", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.rings, ...call.answered);
    house.clock.pass(1000);
    house.calls.down(PBX, house.clock.now());
    house.clock.pass(1000);
    const at = house.clock.now();
    house.calls.synced(
      PBX,
      snapshot(house.clock, {
        channels: [
          SAYS.listed(call.caller, { bridge: call.bridge }),
          SAYS.listed(call.phone, { bridge: call.bridge, application: "AppDial" }),
        ],
        buffered: call.ended.map((packet) => ({ packet, at: at + 5 })),
      }),
    );
    const row = await onlyRow(house);
    assert.deepEqual([row.status, row.end_reason, row.duration], ["completed", "hangup", 2]);
  }));

Deno.test("row 7: a call that began while the link was down is shown, with when it began", () =>
  withCalls(async (house) => {
    const call = inbound();
    breakLink(house, 60_000, {
      channels: [
        SAYS.listed(call.caller, { bridge: "b1", duration: "00:00:30" }),
        SAYS.listed(call.phone, { bridge: "b1", duration: "00:00:29", application: "AppDial" }),
      ],
    });
    const [view] = house.calls.list();
    assert.equal(view!.status, "answered");
    assert.equal(view!.answered_by!.number, "777");
    assert.equal(view!.started_at, wallOf(house, house.clock.now() - 30_000));
    assert.equal(view!.direction, "inbound");
    house.clock.pass(10_000);
    house.say(...call.ended.map((packet) => ({ ...packet, bridgeuniqueid: "b1" })));
    const row = await onlyRow(house);
    assert.deepEqual([row.status, row.end_reason, row.duration], ["completed", "hangup", 39]);
  }));

Deno.test("row 7: a call that rings when the link comes back rings", () =>
  withCalls(async (house) => {
    const call = inbound();
    breakLink(house, 60_000, {
      channels: [
        SAYS.listed(call.caller, { state: "4" }),
        SAYS.listed(call.phone, { state: "5", application: "AppDial" }),
      ],
    });
    assert.deepEqual(house.feed.seenBy(IVAN.id).at(-1)!.rings.map(({ user_id }) => user_id), [IVAN.id]);
    await house.settle();
  }));

Deno.test("row 7: a call that was answered while the link was down is answered, from when it is known", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.rings);
    house.clock.pass(2000);
    breakLink(house, 10_000, {
      channels: [
        SAYS.listed(call.caller, { bridge: "b1" }),
        SAYS.listed(call.phone, { bridge: "b1", application: "AppDial" }),
      ],
    });
    const syncedAt = house.clock.now();
    const [view] = house.calls.list();
    assert.deepEqual([view!.status, view!.answered_by!.number, view!.answered_at], [
      "answered",
      "777",
      wallOf(house, syncedAt),
    ]);
    assert.deepEqual(view!.rings, []);
    house.clock.pass(5000);
    house.say(SAYS.hangup(call.phone), SAYS.hangup(call.caller));
    const row = await onlyRow(house);
    assert.deepEqual([row.status, row.end_reason, row.duration], ["completed", "hangup", 5]);
  }));

Deno.test("row 7: who is gone of a call that goes on is gone, who came is there", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.rings, ...call.answered);
    house.clock.pass(4000);
    const other = channel("888-ep", { linkedid: call.caller.linkedid });
    breakLink(house, 10_000, {
      channels: [
        SAYS.listed(call.caller, { bridge: "c1", duration: "00:00:14" }),
        SAYS.listed(other, { bridge: "c1", duration: "00:00:06", application: "AppDial" }),
      ],
    });
    assert.deepEqual(house.calls.list()[0]!.talking.map(({ number }) => number), ["74951234567", "888"]);
    house.clock.pass(6000);
    house.say(SAYS.hangup(other), SAYS.hangup(call.caller));
    const row = await onlyRow(house);
    assert.deepEqual(
      row.view.segments.map(({ parties, started_at, ended_at }) => [
        parties.map(({ number }) => number),
        (Date.parse(ended_at!) - Date.parse(started_at)) / 1000,
      ]),
      [[["74951234567", "777"], 4], [["74951234567", "888"], 6]],
    );
    assert.deepEqual([row.status, row.end_reason, row.duration], ["completed", "hangup", 10]);
  }));

Deno.test("row 7: a list that tells what is known already changes nothing", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.rings, ...call.answered);
    await house.settle();
    const before = house.calls.get(house.calls.list()[0]!.id);
    house.clock.pass(1000);
    breakLink(house, 3000, {
      channels: [
        SAYS.listed(call.caller, { bridge: call.bridge, duration: "00:00:04" }),
        SAYS.listed(call.phone, { bridge: call.bridge, duration: "00:00:04", application: "AppDial" }),
        { event: "CoreShowChannel", channel: "no id" },
      ],
    });
    assert.deepEqual(house.calls.get(before!.id), before);
    await house.settle();
  }));

Deno.test("row 8: after a restart of Asterisk old calls are lost, and the same ids are of other calls", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.rings, ...call.answered);
    house.clock.pass(7000);
    // The same ids and names once more: another caller, another phone.
    const again = inbound({ to: "888", from: "375291234567" });
    Object.assign(again.caller, { uniqueid: call.caller.uniqueid, linkedid: call.caller.linkedid });
    Object.assign(again.phone, { uniqueid: call.phone.uniqueid, linkedid: call.caller.linkedid });
    breakLink(house, 20_000, {
      epoch: "second",
      channels: [
        SAYS.listed(again.caller, { bridge: "new1", duration: "00:00:05" }),
        SAYS.listed(again.phone, { bridge: "new1", duration: "00:00:05", application: "AppDial" }),
      ],
    });
    await house.settle();
    assert.deepEqual(house.kept().map(({ status, end_reason, epoch }) => [status, end_reason, epoch]), [
      ["completed", "lost", "first"],
      ["answered", null, "second"],
    ]);
    const [old, live] = house.kept();
    assert.equal(old!.duration, 7);
    assert.equal(live!.caller_number, "375291234567");
    // The old one is over for good; the new one is told of under the same ids.
    house.clock.pass(LINGER_MS + 1000);
    house.say(SAYS.leave(again.caller, "new"), SAYS.hangup(again.phone), SAYS.hangup(again.caller));
    house.clock.pass(LINGER_MS);
    await house.settle();
    assert.deepEqual(house.kept().map(({ status, end_reason, duration }) => [status, end_reason, duration]), [
      ["completed", "lost", 7],
      ["completed", "hangup", 11],
    ]);
  }));

Deno.test("row 8: an id of before the restart may begin a call long after it", () =>
  withCalls(async (house) => {
    const call = inbound();
    house.say(...call.rings);
    breakLink(house, 2000, { epoch: "second" });
    house.clock.pass(LINGER_MS + 1000);
    house.say(...call.rings);
    assert.equal(house.calls.size, 1);
    await house.settle();
    assert.deepEqual(house.kept().map(({ status, epoch }) => [status, epoch]), [["missed", "first"], [
      "incoming",
      "second",
    ]]);
  }));

Deno.test("row 8: ids of a call of an earlier run of Asterisk are of other calls after a restart too", async () => {
  const former = formerRun();
  const [old, call] = [inbound(), inbound({ to: "888" })];
  former.say(...old.rings);
  breakLink(former, 1000, { epoch: "second" });
  former.clock.pass(1000);
  former.say(...call.rings);
  await former.settle();
  const house = restarted(former);
  const channels = [
    SAYS.listed(call.caller, { state: "4" }),
    SAYS.listed(call.phone, { state: "5", application: "AppDial" }),
  ];
  house.calls.synced(PBX, snapshot(house.clock, { epoch: "second", channels }));
  house.say(SAYS.newchannel({ ...old.phone, linkedid: old.phone.uniqueid, exten: "150" }));
  await house.settle();
  assert.deepEqual(house.kept().map(({ status, epoch }) => [status, epoch]), [
    ["missed", "first"],
    ["incoming", "second"],
    ["incoming", "second"],
  ]);
  house.calls.stop();
});

Deno.test("row 8: a boot told a little otherwise is the same boot", () =>
  withCalls(async (house) => {
    const call = inbound();
    breakLink(house, 1000, { epoch: "boot 1795000000" });
    house.say(...call.rings);
    breakLink(house, 1000, {
      epoch: "boot 1795000002",
      channels: [
        SAYS.listed(call.caller, { state: "4" }),
        SAYS.listed(call.phone, { state: "5", application: "AppDial" }),
      ],
    });
    assert.equal(house.calls.size, 1);
    house.say(...call.unanswered);
    assert.equal((await onlyRow(house)).end_reason, "no_answer");
  }));

/** A run of the service whose steady clock is not the wall's. */
function formerRun(): CallHouse {
  const clock = fakeClock();
  clock.jump(3_600_000);
  return startCalls({ clock });
}

/** What the table gives back of a row. */
function stored(row: CallRow): OpenCall {
  const json = JSON.parse(JSON.stringify(row)) as CallRow;
  return {
    ...json,
    started_at: new Date(row.started_at),
    answered_at: row.answered_at === null ? null : new Date(row.answered_at),
  };
}

/** Another run of the service, with another steady clock, that takes up what the former one left. */
function restarted(former: CallHouse, options: { state?: (row: CallRow) => unknown } = {}): CallHouse {
  const clock = fakeClock();
  clock.jump(former.clock.toWall(former.clock.now()) - clock.now());
  const house = startCalls({ clock, down: true });
  const open = [...former.rows().values()].filter(({ state }) => state !== null)
    .map((row) => ({ ...stored(row), ...options.state && { state: options.state(row) } }));
  house.calls.restore(open, () => clock.now());
  former.calls.stop();
  for (const row of former.rows().values()) house.writer.units.push({ calls: [row] });
  return house;
}

Deno.test("restore: a call that goes on is the same after a restart, and ends as if there had been none", async () => {
  const former = formerRun();
  const call = inbound({ name: "ООО Тестовая Компания" });
  former.say(...call.rings);
  former.clock.pass(1000);
  former.say(...call.answered);
  former.clock.pass(2000);
  await former.settle();
  const { id } = former.calls.list()[0]!;
  await former.calls.act(id, { type: "operator.noted", at: former.clock.now(), notes: "a note" }, {
    ref: "A1",
    at: "2026-01-01T00:00:00.000Z",
    user_id: 1,
    actor: "x",
    action: "call.note",
    target: id,
    address: null,
    result: "done",
    detail: {},
  });
  const before = former.calls.get(id)!;
  const house = restarted(former);
  assert.deepEqual(house.calls.get(id), { ...before, uncertain: true });
  assert.deepEqual(house.calls.quarantined, []);
  house.calls.synced(
    PBX,
    snapshot(house.clock, {
      channels: [
        SAYS.listed(call.caller, { bridge: call.bridge, duration: "00:00:03" }),
        SAYS.listed(call.phone, { bridge: call.bridge, duration: "00:00:03", application: "AppDial" }),
      ],
    }),
  );
  house.clock.pass(3000);
  house.say(...call.ended);
  const row = await onlyRow(house);
  assert.deepEqual([row.id, row.status, row.end_reason, row.duration, row.notes, row.started_at], [
    id,
    "completed",
    "hangup",
    5,
    "a note",
    before.started_at,
  ]);
  house.calls.stop();
});

Deno.test("restore: a call that ended while the service was away is lost, as of when it had listened", async () => {
  const former = formerRun();
  former.say(...inbound().rings);
  former.clock.pass(3000);
  await former.settle();
  const endedAt = new Date(former.clock.toWall(former.clock.now())).toISOString();
  const house = restarted(former);
  house.clock.pass(60_000);
  house.calls.synced(PBX, snapshot(house.clock));
  const row = await onlyRow(house);
  assert.deepEqual([row.status, row.end_reason, row.ended_at], ["missed", "lost", endedAt]);
  house.calls.stop();
});

Deno.test("restore: a mark of until when was listened may be older than what was heard, and ends nothing before it", async () => {
  const former = formerRun();
  const call = inbound();
  former.say(...call.rings);
  former.clock.pass(3000);
  former.say(...call.answered);
  former.clock.pass(4000);
  former.say(
    SAYS.state(call.phone, "6"),
    SAYS.newchannel(channel("150-ep", { linkedid: call.caller.linkedid })),
  );
  await former.settle();
  const clock = fakeClock();
  clock.jump(former.clock.toWall(former.clock.now()) - clock.now());
  const house = startCalls({ clock, down: true });
  house.calls.restore([...former.rows().values()].map(stored), () => clock.now() - 6000);
  former.calls.stop();
  house.clock.pass(60_000);
  house.calls.synced(PBX, snapshot(house.clock));
  const row = await onlyRow(house);
  assert.deepEqual([row.status, row.end_reason, row.duration], ["completed", "lost", 4]);
  house.calls.stop();
});

Deno.test("restore: a call that had ended and was not closed is closed, and stays as it ended", async () => {
  const former = formerRun();
  const call = inbound();
  former.say(...call.rings, ...call.declined);
  await former.settle();
  const house = restarted(former);
  house.calls.synced(PBX, snapshot(house.clock));
  house.clock.pass(LINGER_MS);
  const row = await onlyRow(house);
  assert.deepEqual([row.status, row.end_reason, row.state], ["rejected", "declined", null]);
  assert.equal(house.calls.size, 0);
  house.calls.stop();
});

Deno.test("restore: calls of a PBX that is asked no more are lost", async () => {
  const former = formerRun();
  former.say(...inbound().rings);
  await former.settle();
  const row = { ...stored(await onlyRow(former)), pbx: "gone" };
  former.calls.stop();
  const house = startCalls();
  house.calls.restore([row], () => house.clock.now());
  house.clock.pass(LINGER_MS);
  assert.equal((await onlyRow(house)).end_reason, "lost");
  house.calls.stop();
});

Deno.test("row 3: a stored state that is damaged costs no more than itself", async () => {
  const damages: ((row: CallRow) => unknown)[] = [
    () => ({}),
    () => "text",
    () => ({ v: 99, record: {} }),
    ({ state }) => ({ ...state as object, record: { ...(state as { record: object }).record, channels: 7 } }),
  ];
  for (const state of damages) {
    const former = formerRun();
    const call = inbound();
    former.say(...call.rings, ...call.answered);
    former.clock.pass(4000);
    await former.settle();
    const { id } = former.calls.list()[0]!;
    const by = { userId: IVAN.id, name: IVAN.name, number: "777" };
    const audit = { ref: "A", at: "2026-01-01T00:00:00.000Z", user_id: 1, actor: "x", action: "call.note" };
    for (
      const event of [
        { type: "operator.accepted", at: former.clock.now(), by } as const,
        { type: "operator.noted", at: former.clock.now(), notes: "a note" } as const,
      ]
    ) {
      await former.calls.act(id, event, { ...audit, target: id, address: null, result: "done", detail: {} });
    }
    const house = restarted(former, { state });
    assert.deepEqual(house.calls.quarantined, [id]);
    assert.equal(house.logged.filter(({ level }) => level === "error").length, 1);
    const view = house.calls.get(id)!;
    assert.deepEqual(
      [view.status, view.caller.number, view.receiver.number, view.notes, view.accepted_by?.id],
      ["answered", "74951234567", "777", "a note", IVAN.id],
    );
    house.clock.pass(1000);
    house.calls.synced(PBX, snapshot(house.clock));
    house.clock.pass(LINGER_MS);
    const row = await onlyRow(house);
    assert.deepEqual([row.status, row.end_reason, row.notes], ["completed", "lost", "a note"]);
    house.calls.stop();
  }
});

Deno.test("restore: of a call that shows no leg what is known of it is rebuilt", () => {
  const clock = fakeClock();
  const house = startCalls({ clock });
  const view = { ...emptyView(house), legs: [] };
  const { record, damaged } = restoreRecord({ linked_id: "5.1", view, state: null }, clock);
  assert.match(damaged!, /^: /);
  assert.deepEqual(Object.keys(record.channels), ["5.1"]);
  house.calls.stop();
});

function emptyView(house: CallHouse) {
  house.say(...inbound().rings);
  return house.calls.get(house.calls.list()[0]!.id)!;
}

/** What an Asterisk would list after packets. */
function listedAfter(heard: readonly Heard[], at: number): AmiPacket[] {
  const live = new Map<string, { packet: AmiPacket; since: number; bridge: string; dialled: boolean }>();
  for (const { packet, at: heardAt } of heard) {
    const id = packet.uniqueid ?? "";
    const known = live.get(id);
    if (packet.event === "Newchannel") live.set(id, { packet, since: heardAt, bridge: "", dialled: false });
    else if (packet.event === "Hangup") live.delete(id);
    else if (known !== undefined && packet.linkedid !== undefined) known.packet = packet;
    if (known !== undefined && packet.event === "BridgeEnter") known.bridge = packet.bridgeuniqueid!;
    if (known !== undefined && packet.event === "BridgeLeave") known.bridge = "";
    const to = live.get(packet.destuniqueid ?? "");
    if (packet.event === "DialBegin" && packet.channel !== undefined && to !== undefined) to.dialled = true;
  }
  return [...live.values()].map(({ packet, since, bridge, dialled }) => ({
    ...packet,
    event: "CoreShowChannel",
    bridgeid: bridge,
    application: dialled ? "AppDial" : "Dial",
    duration: new Date(Math.round((at - since) / 1000) * 1000).toISOString().slice(11, 19),
  }));
}

for (const release of RELEASES) {
  Deno.test(`row 2: Asterisk ${release}: killed after any event and started again, rows say what each trace came to`, async () => {
    for (const name of tracesOf(release)) {
      const { calls: expected } = EXPECTED[name] ?? expectedMore(release, name)!;
      const heard = readTrace(release, name).filter(({ packet }) => decodeCallEvent(packet, 0) !== null);
      for (let cut = 0; cut < heard.length; cut++) {
        const former = formerRun();
        const begun = former.clock.now();
        const hear = (house: CallHouse, some: readonly Heard[]) => {
          const shift = begun - house.clock.toWall(0) + former.clock.toWall(0);
          for (const { packet, at } of some) {
            house.clock.pass(Math.max(0, at + shift - house.clock.now()));
            house.calls.event(PBX, packet, at + shift);
          }
        };
        hear(former, heard.slice(0, cut));
        await former.settle();
        const house = restarted(former);
        const at = heard[cut - 1]?.at ?? 0;
        const channels = listedAfter(heard.slice(0, cut), at);
        house.calls.synced(PBX, snapshot(house.clock, { channels }));
        hear(house, heard.slice(cut));
        house.clock.pass(LINGER_MS);
        await house.settle();
        const what = `${release}/${name}, killed after ${cut} events`;
        assert.equal(house.calls.size, 0, what);
        const rows = house.kept().sort((one, other) => one.started_at < other.started_at ? -1 : 1);
        assert.deepEqual(
          rows.map(({ caller_number, receiver_number, status, end_reason, answered_by_number }) => [
            caller_number,
            receiver_number,
            status,
            end_reason,
            answered_by_number,
          ]),
          expected.map(({ caller, receiver, status, end_reason, answered_by }) => [
            caller,
            receiver,
            status,
            end_reason,
            answered_by,
          ]),
          what,
        );
        for (const [index, { duration }] of rows.entries()) {
          assert.ok(Math.abs(duration - expected[index]!.talk_s) <= 1, `${what}: ${duration} s`);
        }
        house.calls.stop();
      }
    }
  });
}
