/**
 * @module
 * What clients of the WebSocket are told of calls: owners that it rings at their number, readers how it turns out,
 * nobody anything that is not theirs. By both ports.
 */
import assert from "node:assert/strict";
import {
  callView,
  type Client,
  type Login,
  party,
  ring,
  type SocketGround,
  WAYS,
  withSockets,
} from "./socket_ground.ts";

async function everybody(ground: SocketGround, way: typeof WAYS[number]): Promise<Record<Login, Client>> {
  return {
    ann: await ground.dial({ way, as: "ann" }),
    ben: await ground.dial({ way, as: "ben" }),
    olga: await ground.dial({ way, as: "olga" }),
    adam: await ground.dial({ way, token: "adam" }),
  };
}

/** What each was told since the last time, without the state, once all of it is there. */
async function told(clients: Record<string, Client>): Promise<Record<string, string[]>> {
  for (const client of Object.values(clients)) await client.caughtUp();
  return Object.fromEntries(
    Object.entries(clients).map(([name, client]) => {
      const events = client.events();
      client.frames.length = 0;
      return [name, events];
    }),
  );
}

const ENDED = {
  rings: [],
  status: "completed" as const,
  end_reason: "hangup" as const,
  answered_by: party("777", "Ann", 1),
  ended_at: new Date(1_000_000_000).toISOString(),
  duration: 5,
};

for (const way of WAYS) {
  Deno.test(`row 32: it rings at its owner only, and who may read calls is told how it turns out (${way})`, () =>
    withSockets(async (ground) => {
      const clients = await everybody(ground, way);
      const stranger = await ground.dial({ way });
      await told(clients);
      ground.publish(callView());
      assert.deepEqual(await told(clients), { ann: ["incoming-call"], ben: [], olga: [], adam: [] });
      ground.publish(callView({ status: "answered", rings: [], answered_by: party("777", "Ann", 1) }));
      const answered = ["call-answered"];
      assert.deepEqual(await told(clients), { ann: answered, ben: [], olga: answered, adam: answered });
      ground.publish(callView(ENDED));
      ground.publish(callView({ ...ENDED, notes: "rang back" }));
      const completed = ["call-completed"];
      assert.deepEqual(await told(clients), { ann: completed, ben: [], olga: completed, adam: completed });
      await stranger.caughtUp();
      assert.deepEqual(stranger.frames, [], "nobody is told nothing");
    }));

  Deno.test(`socket: calls are told in the words of the contract (${way})`, () =>
    withSockets(async (ground) => {
      const ann = await ground.dial({ way, as: "ann" });
      assert.deepEqual(ann.frames, [
        { event: "authenticated", data: { userId: 1, name: "Name of ann" } },
        { event: "statusUpdate", data: { endpoints: [], calls: [] } },
      ]);
      ground.publish(callView());
      assert.deepEqual((await ann.heard("incoming-call")).data, {
        id: "c1",
        caller: "+7 495 123-45-67",
        callerName: "Caller",
        receiver: "777",
        company: "Test Company",
        status: "incoming",
        startedAt: "1970-01-12T13:46:40.000Z",
      });
      ground.publish(callView(ENDED));
      assert.deepEqual((await ann.heard("call-completed")).data, {
        id: "c1",
        status: "completed",
        caller: "+7 495 123-45-67",
        receiver: "777",
        answeredBy: { number: "777", name: "Ann", userId: 1 },
        duration: 5,
        endReason: "hangup",
        endedAt: "1970-01-12T13:46:40.000Z",
      });
      for (const status of ["missed", "rejected"] as const) {
        ground.publish(callView({ id: status, rings: [], company: null }));
        ground.publish(callView({ ...ENDED, id: status, status, answered_by: null }));
        const { data } = await ann.heard(`call-${status}`);
        assert.deepEqual([data.id, data.answeredBy], [status, null]);
      }
    }));
}

Deno.test("socket: every tab of an owner rings, also one that comes while it rings, and two calls are two", () =>
  withSockets(async (ground) => {
    const first = await ground.dial({ as: "ann" });
    ground.publish(callView());
    const second = await ground.dial({ token: "ann" });
    ground.publish(callView({ id: "c2", caller: party("100") }));
    for (const client of [first, second]) {
      await client.caughtUp();
      const rings = client.frames.filter(({ event }) => event === "incoming-call");
      assert.deepEqual(rings.map(({ data }) => data.id), ["c1", "c2"]);
    }
    assert.deepEqual((await second.heard("statusUpdate")).data.calls.map(({ id }: { id: string }) => id), [
      "c1",
    ]);
  }));

Deno.test("socket: a call of a group rings at each number's owner, and ends to ring where it rings no more", () =>
  withSockets(async (ground) => {
    const clients = { ann: await ground.dial({ as: "ann" }), ben: await ground.dial({ as: "ben" }) };
    await told(clients);
    const group = { receiver: party("600"), company: null };
    ground.publish(callView({ ...group, rings: [ring("1.2", "777", 1)] }));
    assert.equal((await clients.ann.heard("incoming-call")).data.receiver, "777");
    assert.deepEqual(await told(clients), { ann: ["incoming-call"], ben: [] });
    // Ben's number is next, and the same leg of Ann's is told of again, which is no news.
    const both = [ring("1.2", "777", 1), ring("1.3", "888", 2)];
    ground.publish(callView({ ...group, rings: both, party_ids: [1, 2] }));
    ground.publish(callView({ ...group, rings: both, party_ids: [1, 2] }));
    assert.deepEqual(await told(clients), { ann: [], ben: ["incoming-call"] });
    ground.publish(callView({ ...group, rings: [ring("1.3", "888", 2)], party_ids: [1, 2] }));
    assert.deepEqual(await told(clients), { ann: ["call-stopped-ringing"], ben: [] });
    ground.publish(callView({ ...group, rings: both.with(0, ring("1.4", "777", 1)), party_ids: [1, 2] }));
    assert.deepEqual(await told(clients), { ann: ["incoming-call"], ben: [] }, "it rings there again");
    ground.publish(callView({
      ...group,
      status: "answered",
      rings: [],
      answered_by: party("888", "Ben", 2),
      party_ids: [1, 2],
    }));
    assert.deepEqual(await told(clients), { ann: ["call-answered"], ben: ["call-answered"] });
  }));

Deno.test("socket: an operator's own number rings at the operator, and a number that is nobody's at nobody", () =>
  withSockets(async (ground) => {
    const clients = { olga: await ground.dial({ as: "olga" }), adam: await ground.dial({ as: "adam" }) };
    await told(clients);
    ground.publish(callView({ rings: [ring("1.2", "300", 3)], party_ids: [3] }));
    ground.publish(callView({ id: "c2", rings: [ring("1.3", "999", null)], party_ids: [] }));
    assert.deepEqual(await told(clients), { olga: ["incoming-call"], adam: [] });
  }));

Deno.test("row 32: a ring is not told to its owner where the audience has been told otherwise", () =>
  withSockets(async (ground) => {
    const ann = await ground.dial({ as: "ann" });
    const before = ann.frames.length;
    ground.publish(callView(), { userIds: [2] });
    await ann.caughtUp();
    assert.equal(ann.frames.length, before);
  }));

Deno.test("row 32: the state has the calls that the user may read", () =>
  withSockets(async (ground) => {
    ground.calls.push(callView(), callView({ id: "c2", party_ids: [2], rings: [] }));
    const ids = async (as: Login) => {
      const client = await ground.dial({ as });
      await client.caughtUp();
      const before = client.frames.length;
      client.say("requestUpdate");
      await client.heard("statusUpdate", before);
      return client.frames.filter(({ event }) => event === "statusUpdate")
        .map(({ data }) => data.calls.map(({ id }: { id: string }) => id));
    };
    assert.deepEqual(await ids("ann"), [["c1"], ["c1"]]);
    assert.deepEqual(await ids("ben"), [["c2"], ["c2"]]);
    assert.deepEqual(await ids("olga"), [["c1", "c2"], ["c1", "c2"]]);
  }));

Deno.test("socket: a call that became part of another is taken back, and rings as the other", () =>
  withSockets(async (ground) => {
    const clients = { ann: await ground.dial({ as: "ann" }), ben: await ground.dial({ as: "ben" }) };
    ground.publish(callView());
    await told(clients);
    ground.feed.publish("calls", "call.removed", { id: "c1", into: "c2" }, { userIds: [1] });
    ground.publish(callView({ id: "c2" }));
    assert.deepEqual(await told(clients), { ann: ["call-removed", "incoming-call"], ben: [] });
    ground.calls.splice(0, 1);
    ground.feed.resync("calls");
    assert.deepEqual(await told(clients), { ann: [], ben: [] }, "it does not end to ring once more");
  }));

Deno.test("socket: a call that somebody is no longer party to is taken back from them, and from nobody else", () =>
  withSockets(async (ground) => {
    const clients = {
      ann: await ground.dial({ as: "ann" }),
      ben: await ground.dial({ as: "ben" }),
      olga: await ground.dial({ as: "olga" }),
    };
    const both = [ring("1.2", "777", 1), ring("1.3", "888", 2), ring("1.4", "300", 3)];
    const left = (...userIds: number[]) =>
      ground.feed.publish("calls", "call.removed", { id: "c1", into: null }, { userIds });
    ground.publish(callView({ rings: both, party_ids: [1, 2, 3] }));
    await told(clients);
    // 888 is given to somebody who is not here.
    left(2);
    ground.publish(callView({ rings: both.with(1, ring("1.3", "888", 9)), party_ids: [1, 3, 9] }));
    assert.deepEqual(await told(clients), { ann: [], ben: ["call-removed"], olga: [] });
    const answered = { status: "answered" as const, rings: [], answered_by: party("777", "Ann", 1) };
    ground.publish(callView({ ...answered, party_ids: [1, 3, 9] }));
    assert.deepEqual(await told(clients), { ann: ["call-answered"], ben: [], olga: ["call-answered"] });
    left(9);
    ground.publish(callView({ ...answered, party_ids: [1, 3] }));
    assert.deepEqual(await told(clients), { ann: [], ben: [], olga: [] }, "nobody here hears it twice");
  }));

Deno.test("socket: it ends to ring at an operator who is no longer party, and the call stays in sight", () =>
  withSockets(async (ground) => {
    const clients = { olga: await ground.dial({ as: "olga" }), adam: await ground.dial({ as: "adam" }) };
    ground.publish(callView({ rings: [ring("1.4", "300", 3)], party_ids: [3] }));
    await told(clients);
    ground.feed.publish("calls", "call.removed", { id: "c1", into: null }, { userIds: [3] });
    ground.publish(callView({ rings: [ring("1.4", "300", 4)], party_ids: [4] }));
    assert.deepEqual(await told(clients), { olga: ["call-stopped-ringing"], adam: ["incoming-call"] });
  }));

Deno.test("socket: it does not begin to ring while its PBX is not heard, and does when it rings on after that", () =>
  withSockets(async (ground) => {
    ground.publish(callView({ uncertain: true }));
    const ann = await ground.dial({ as: "ann" });
    ground.publish(callView({ uncertain: true }));
    assert.deepEqual(await told({ ann }), { ann: ["authenticated"] }, "nobody knows whether it rings");
    ground.publish(callView());
    assert.deepEqual(await told({ ann }), { ann: ["incoming-call"] });
    // What was told already goes on to ring: it is not told again, nor taken back, before there is news.
    ground.publish(callView({ uncertain: true }));
    ground.publish(callView());
    assert.deepEqual(await told({ ann }), { ann: [] });
    ground.publish(callView({ uncertain: true }));
    ground.publish(callView({ rings: [] }));
    assert.deepEqual(await told({ ann }), { ann: ["call-stopped-ringing"] });
    ground.publish(callView({ id: "c2", uncertain: true }));
    ground.publish(callView({ id: "c2", rings: [], status: "missed", end_reason: "lost" }));
    assert.deepEqual(await told({ ann }), { ann: ["call-missed"] });
  }));

Deno.test("socket: after a resync everybody gets the state anew, and what began to ring meanwhile", () =>
  withSockets(async (ground) => {
    const ann = await ground.dial({ as: "ann" });
    ground.calls.push(callView());
    ground.feed.resync("calls");
    await ann.heard("incoming-call");
    assert.equal(ann.frames.at(-2)!.event, "statusUpdate");
    // One ended, another is not even listed any more.
    ground.publish(callView({ id: "c2" }));
    await ann.heard("incoming-call", ann.frames.length - 1);
    ground.calls.splice(0, 2, callView(ENDED));
    await ann.caughtUp();
    const before = ann.events().length;
    ground.feed.resync("calls");
    await ann.heard("call-completed");
    assert.deepEqual(ann.events().slice(before), ["call-stopped-ringing", "call-completed"]);
  }));

Deno.test("socket: a note on a call of long ago is no news, an end that nobody saw begin is", () =>
  withSockets(async (ground) => {
    ground.clock.pass(700_000);
    const olga = await ground.dial({ as: "olga" });
    ground.publish(callView({ ...ENDED, id: "old" }));
    ground.publish(
      callView({ ...ENDED, id: "new", ended_at: new Date(ground.clock.now() - 1000).toISOString() }),
    );
    await olga.heard("call-completed");
    await olga.caughtUp();
    assert.deepEqual(
      olga.frames.filter(({ event }) => event === "call-completed").map(({ data }) => data.id),
      [
        "new",
      ],
    );
  }));
