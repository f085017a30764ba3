/**
 * @module
 * Two employees, forty calls at once, half of them for each: neither hears or reads anything of the other's, by the
 * stream, by WebSocket, by the API or the file, until a call is transferred to them. An operator hears all.
 */
import assert from "node:assert/strict";
import type { EmulatedCall } from "../../emulators/asterisk.ts";
import { seededRandom, wholeBetween } from "../../emulators/random.ts";
import { inCallWorld, type Person } from "../support/call_world.ts";
import { freePort } from "../support/free_port.ts";
import { openSocket, type SocketEar } from "../support/socket_ear.ts";
import type { OpenStream } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";

const EACH = 20;
const PHONE = { ivan: "777", petr: "888" } as const;
type Owner = keyof typeof PHONE;

/** All that one person's pages hear. */
interface Ears {
  stream: OpenStream;
  sockets: SocketEar[];
}

Deno.test("row 32: while 40 calls go on, an employee gets nothing of another's by any way", async () => {
  const wsPort = await freePort();
  await inCallWorld("embedded", { env: { DOORLINE_WS_PORT: String(wsPort) } }, async (world) => {
    const { asterisk, service, admin } = world;
    const ivan = await world.employee("ivan", ["777"]);
    const petr = await world.employee("petr", ["888"]);
    const listen = async (person: Pick<Person, "cookie" | "stream">): Promise<Ears> => {
      const stream = await person.stream("calls,events,intercoms,links");
      world.defer(() => stream.close());
      const places = [`ws://127.0.0.1:${wsPort}`, `${service.url.replace("http", "ws")}/ws`];
      const sockets = await Promise.all(
        places.map((place) => openSocket(place, { cookie: person.cookie, origin: service.url })),
      );
      for (const socket of sockets) {
        world.defer(() => socket.close());
        await socket.waitFor("authenticated");
      }
      await stream.waitForEvent("snapshot");
      return { stream, sockets };
    };
    const early = { ivan: await listen(ivan), petr: await listen(petr), admin: await listen(admin) };

    const random = seededRandom(32);
    const calls: Record<Owner, EmulatedCall[]> = { ivan: [], petr: [] };
    for (let index = 0; index < EACH; index++) {
      for (const who of ["ivan", "petr"] as const) {
        calls[who].push(asterisk.call({ from: numberOf(who, index), to: PHONE[who] }));
      }
    }
    const everyCall = [...calls.ivan, ...calls.petr];
    const linked = {
      ivan: calls.ivan.map(({ linkedid }) => linkedid),
      petr: calls.petr.map(({ linkedid }) => linkedid),
    };
    for (const call of everyCall) act(call, wholeBetween(random, 0, 3));
    await waitFor(() => knows(early.admin, [...linked.ivan, ...linked.petr]), {
      what: "all calls at the operator's",
    });

    // Who comes in the middle, and who comes back with what they heard last, are told no more than who was there.
    const late = { ivan: await listen(ivan), petr: await listen(petr) };
    const back = await petr.stream("calls", { lastEventId: early.petr.stream.messages[0]!.id! });
    world.defer(() => back.close());
    for (const socket of late.petr.sockets) socket.send("requestUpdate", {});

    const moved = calls.ivan.find(({ isUp }) => isUp)!;
    const movedId = moved.linkedid;
    for (const call of everyCall) if (call !== moved && !call.isOver) call.callerHangsUp();
    await waitFor(() => ended(early.admin, linked.ivan.length + linked.petr.length - 1), {
      what: "the end of all but one",
    });

    for (const [mine, theirs, own] of [["ivan", "petr", ivan], ["petr", "ivan", petr]] as const) {
      for (const ears of [early[mine], late[mine]]) {
        assert.deepEqual(traces(ears, theirs, linked[theirs]), [], `${mine} was told`);
      }
      // Every tab of theirs was told of all of their own.
      const told = () => traces({ ...early[mine], sockets: [] }, mine, linked[mine]).length;
      await waitFor(() => told() >= 2 * EACH, { what: `all calls at ${mine}'s stream` });
      assert.equal(told(), 2 * EACH);
      for (const socket of early[mine].sockets) {
        const rang = () =>
          new Set(socket.heard.flatMap(({ event, data }) => event === "incoming-call" ? [data.caller] : []));
        await waitFor(() => rang().size >= EACH, { what: `all rings at ${mine}'s` });
        assert.equal(rang().size, EACH);
      }
      const list = (await own.api("GET", "/api/calls?limit=200")).body.items as { linked_id: string }[];
      assert.deepEqual(list.map(({ linked_id }) => linked_id).sort(), linked[mine].toSorted());
      const file = (await own.api("GET", "/api/calls.csv")).body as string;
      assert.ok(file.includes(numberOf(mine, 0)));
      assert.deepEqual(linked[theirs].filter((_, index) => file.includes(numberOf(theirs, index))), []);
      const search = await own.api("GET", `/api/calls?number=${numberOf(theirs, 3)}`);
      assert.deepEqual(search.body.items, []);
    }
    assert.deepEqual(traces({ stream: back, sockets: [] }, "ivan", linked.ivan), []);

    const all = (await admin.api("GET", "/api/calls?limit=200")).body.items as {
      id: string;
      linked_id: string;
    }[];
    assert.equal(all.length, 2 * EACH);
    for (const call of all) {
      const [stranger, owner] = linked.ivan.includes(call.linked_id) ? [petr, ivan] : [ivan, petr];
      const read = await stranger.api("GET", `/api/calls/${call.id}`);
      assert.equal(read.status, 404);
      assert.equal((await owner.api("GET", `/api/calls/${call.id}`)).status, 200);
    }
    // What they may not see they may not touch either, and it is as if it were not there.
    const target = all.find(({ linked_id }) => linked_id === movedId)!;
    for (const deed of ["accept", "reject", "hangup"]) {
      assert.equal((await petr.api("POST", `/api/calls/${target.id}/${deed}`)).status, 404, deed);
    }
    for (const deed of ["accept-call", "reject-call"]) {
      const [socket] = late.petr.sockets;
      const before = socket!.heard.length;
      socket!.send(deed, { callId: target.id });
      const answer = await waitFor(() => socket!.heard.slice(before).find(({ event }) => event === "error"));
      assert.equal(answer.data.code, "no_such_call");
    }
    assert.equal(moved.isUp, true);

    // From the moment that it rings at his phone it is his as well.
    moved.blindTransfer("777", "888");
    for (const socket of early.petr.sockets) {
      await socket.waitFor("incoming-call", ({ id }) => id === target.id);
    }
    await early.petr.stream.waitForEvent("call.changed", ({ data }) => data.id === target.id);
    assert.equal((await petr.api("GET", `/api/calls/${target.id}`)).status, 200);
    moved.answer("888");
    moved.callerHangsUp();
    await early.petr.sockets[0]!.waitFor("call-completed", ({ id }) => id === target.id);
  });
});

/** Rings on, is answered, is declined, or is given up. */
function act(call: EmulatedCall, chance: number): void {
  if (chance <= 1) call.answer();
  else if (chance === 2) call.decline();
}

function numberOf(who: Owner, index: number): string {
  // No Linkedid looks like that.
  return `7495${PHONE[who]}00${String(index).padStart(2, "0")}`;
}

function knows(ears: Ears, linkedIds: string[]): boolean {
  const text = JSON.stringify(ears.stream.messages);
  return linkedIds.every((id) => text.includes(`"${id}"`));
}

/** Whether so many calls were told to be over. */
function ended({ stream }: Ears, count: number): boolean {
  const over = stream.messages.filter(({ event, data }) =>
    event === "call.changed" && data.ended_at !== null
  );
  return new Set(over.map(({ data }) => data.id)).size >= count;
}

/** What is in there of somebody's calls: their Linkedids and their callers' numbers. */
function traces({ stream, sockets }: Ears, who: Owner, linkedIds: string[]): string[] {
  const text = JSON.stringify([stream.messages, sockets.map(({ heard }) => heard)]);
  const numbers = linkedIds.map((_, index) => numberOf(who, index));
  return [...linkedIds.map((id) => `"${id}"`), ...numbers].filter((piece) => text.includes(piece));
}
