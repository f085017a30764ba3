/**
 * @module
 * What people do to calls from their pages, on a real Asterisk: reject, accept, hang up, transfer; what each comes to at
 * the phones and in the row; that nobody else may; and what the owner's WebSocket hears meanwhile, and others' do not.
 */
import assert from "node:assert/strict";
import { ASTERISK_VERSIONS } from "../support/asterisk_chroot.ts";
import { NUMBERS } from "../support/asterisk_config.ts";
import {
  asteriskTest,
  type CallGround,
  employee,
  isOver,
  personOf,
  sideBySide,
} from "../support/call_ground.ts";
import type { Person } from "../support/call_world.ts";
import type { Phone } from "../support/sipp.ts";
import { openSocket, type SocketEar } from "../support/socket_ear.ts";
import { waitFor } from "../support/wait.ts";

/** A ground with more people, and with phones that stand by for all stories. */
interface Office extends CallGround {
  /** Owns 150, which nobody calls. */
  olga: Person;
  operator: Person;
  /** 777: rings until it is told to talk. */
  phone777: Phone;
  /** 888: answers after two and a half seconds. */
  phone888: Phone;
  socket(who: Person): Promise<SocketEar>;
}

const ACTIONS = ["accept", "reject", "hangup", "transfer"] as const;
const TO_OTHER = { body: { to: "888" } };

function act(who: Pick<Person, "api">, id: string, action: typeof ACTIONS[number], options = {}) {
  return who.api(
    "POST",
    `/api/calls/${id}/${action}`,
    action === "transfer" ? { ...TO_OTHER, ...options } : {},
  );
}

/** A call from outside that rings at Ivan's. */
async function ringing(office: Office, to = "777") {
  const placed = await office.outside(to, { patienceMs: 15_000 });
  const call = await office.seen(
    placed.number,
    "ringing",
    ({ rings }) => rings.some(({ user_id }) => user_id === office.ivan.userId),
  );
  return { ...placed, id: call.id };
}

/** A call that Ivan has accepted and talks in. */
async function talking(office: Office) {
  const call = await ringing(office);
  const { status, body } = await act(office.ivan, call.id, "accept");
  assert.deepEqual([status, body.phone], [200, "answering"], JSON.stringify(body));
  assert.deepEqual(body.call.accepted_by, { id: office.ivan.userId, name: "ivan Tester" });
  await office.seen(call.number, "an answer", (seen) => seen.status === "answered");
  return call;
}

async function rejected(office: Office): Promise<void> {
  const call = await ringing(office);
  const { status, body } = await act(office.ivan, call.id, "reject");
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(await call.end(), { word: "refused", details: ["403"] });
  const row = await office.seen(call.number, "the end", isOver);
  assert.deepEqual([row.status, row.end_reason, row.answered_by, row.duration, row.accepted_at], [
    "rejected",
    "rejected_by_user",
    null,
    0,
    null,
  ]);
  assert.deepEqual(row.legs.map(({ number, outcome }) => [number, outcome]), [
    [call.number, null],
    ["777", "rejected_by_user"],
  ]);
  await waitFor(
    async () =>
      (await office.phone777.events()).some(({ word, details }) =>
        word === "cancelled" && details[0]!.includes("cause=21")
      ),
    { what: "a CANCEL for cause 21 at the phone" },
  );
  const again = await act(office.ivan, call.id, "reject");
  assert.deepEqual([again.status, again.body.type], [409, "/problems/over"]);
}

async function rejectedInGroup(office: Office): Promise<void> {
  const call = await ringing(office, NUMBERS.group);
  await office.seen(call.number, "ringing of both", ({ rings }) => rings.length === 2);
  assert.equal((await act(office.ivan, call.id, "reject")).status, 200);
  const left = await office.seen(call.number, "one that rings on", ({ rings }) => rings.length === 1);
  assert.deepEqual([left.status, left.rings[0]!.number], ["incoming", "888"]);
  await office.seen(call.number, "an answer", ({ status }) => status === "answered");
  assert.equal((await act(office.petr, call.id, "hangup")).status, 200);
  assert.equal((await call.end()).word, "ended");
  const row = await office.seen(call.number, "the end", isOver);
  assert.deepEqual([row.status, row.end_reason, row.answered_by?.user_id], [
    "completed",
    "hangup",
    office.petr.userId,
  ]);
  assert.deepEqual(
    row.legs.filter(({ role }) => role === "dialled").map(({ number, outcome }) => `${number} ${outcome}`)
      .sort(),
    ["777 rejected_by_user", "888 answered"],
  );
}

async function acceptedAndHungUp(office: Office): Promise<void> {
  const call = await talking(office);
  const asked = await act(office.ivan, call.id, "hangup");
  assert.equal(asked.status, 200, JSON.stringify(asked.body));
  assert.equal((await call.end()).word, "ended", "the caller hears that it is over");
  const row = await office.seen(call.number, "the end", isOver);
  assert.deepEqual([row.status, row.end_reason, row.answered_by?.user_id, row.accepted_by?.id], [
    "completed",
    "hangup",
    office.ivan.userId,
    office.ivan.userId,
  ]);
  const [began, accepted, answered] = [row.started_at, row.accepted_at, row.answered_at].map((at) =>
    Date.parse(at!)
  );
  assert.ok(began! <= accepted! && accepted! <= answered!, JSON.stringify(row));
  assert.deepEqual(
    row.timeline.filter(({ kind }) => ["accepted", "answered", "hangup_asked", "ended"].includes(kind))
      .map(({ kind }) => kind),
    ["accepted", "answered", "hangup_asked", "ended"],
  );
}

async function transferred(office: Office): Promise<void> {
  const call = await talking(office);
  const outside = await act(office.ivan, call.id, "transfer", { body: { to: "89161234567" } });
  assert.deepEqual([outside.status, outside.body.type], [422, "/problems/bad-number"]);
  const { status, body } = await act(office.ivan, call.id, "transfer");
  assert.equal(status, 200, JSON.stringify(body));
  const talks = await office.seen(
    call.number,
    "talk with 888",
    (seen) => seen.talking.some(({ number }) => number === "888"),
  );
  assert.deepEqual(talks.talking.map(({ number }) => number).sort(), [call.number, "888"]);
  assert.equal((await act(office.petr, call.id, "hangup")).status, 200);
  await call.end();
  const row = await office.seen(call.number, "the end", isOver);
  assert.deepEqual([row.status, row.end_reason, row.answered_by?.number, row.receiver.number], [
    "completed",
    "hangup",
    "777",
    "777",
  ]);
  assert.deepEqual(row.segments.map(({ parties }) => parties.map(({ number }) => number).sort()), [
    [call.number, "777"],
    [call.number, "888"],
  ]);
}

/** Whoever is not party to a call is refused, and nothing happens to it. */
async function refusedToOthers(office: Office): Promise<void> {
  const call = await ringing(office);
  for (const action of ACTIONS) {
    const unseen = await act(office.olga, call.id, action);
    assert.deepEqual([unseen.status, unseen.body.type], [404, "/problems/not-found"], `${action} by olga`);
    for (const who of [office.operator, office.admin]) {
      const { status, body } = await act(who, call.id, action);
      assert.deepEqual([status, body.type], [403, "/problems/not-party"], `${action} by one who sees all`);
    }
  }
  assert.equal((await office.olga.api("GET", `/api/calls/${call.id}`)).status, 404);
  assert.deepEqual((await office.olga.api("GET", "/api/calls")).body.items, []);
  // Its owner neither talks in it yet.
  for (const action of ["hangup", "transfer"] as const) {
    const { status, body } = await act(office.ivan, call.id, action);
    assert.deepEqual([status, body.type], [409, "/problems/not-ringing"], action);
  }
  const still = await office.seen(call.number, "ringing");
  assert.deepEqual([still.status, still.rings.length, still.accepted_at], ["incoming", 1, null]);
  assert.equal((await act(office.ivan, call.id, "reject")).status, 200);
  await call.end();
}

/** Ivan hears of his call in order; nobody else hears of it. */
async function heard(office: Office): Promise<void> {
  const people = [office.ivan, office.petr, office.olga];
  const [ivan, ...others] = await Promise.all(people.map((who) => office.socket(who)));
  const call = await ringing(office);
  const card = await ivan!.waitFor("incoming-call", ({ id }) => id === call.id);
  assert.deepEqual([card.data.caller, card.data.callerName, card.data.receiver, card.data.status], [
    call.number,
    "ООО Тестовая Компания",
    "777",
    "incoming",
  ]);
  ivan!.send("accept-call", { callId: call.id });
  await ivan!.waitFor("call-answered", ({ id }) => id === call.id);
  assert.equal((await act(office.ivan, call.id, "hangup")).status, 200);
  const completed = await ivan!.waitFor("call-completed", ({ id }) => id === call.id);
  assert.equal(completed.data.answeredBy.userId, office.ivan.userId);
  await call.end();
  const told = ["incoming-call", "call-answered", "call-completed", "call-missed", "call-rejected"];
  const mine = ivan!.heard.filter(({ event, data }) => told.includes(event) && data.id === call.id);
  assert.deepEqual(mine.map(({ event }) => event), ["incoming-call", "call-answered", "call-completed"]);
  for (const other of others) {
    assert.equal(other.heard[0]!.event, "authenticated");
    assert.equal(JSON.stringify(other.heard).includes(call.id), false, "somebody else heard of it");
  }
}

for (const version of ASTERISK_VERSIONS) {
  asteriskTest(
    version,
    "what is done from a page is done at the phones, and by nobody else",
    {},
    async (ground) => {
      await ground.linkUp();
      const office: Office = {
        ...ground,
        olga: await employee(ground, "olga", ["150"]),
        operator: await personOf(ground, { login: "oleg", role: "operator" }),
        phone777: await ground.phone("777", { does: "obeys" }),
        phone888: await ground.phone("888", { does: "answers", ringMs: 6000 }),
        socket: async (who) => {
          const url = `${ground.service.url.replace("http", "ws")}/ws`;
          const socket = await openSocket(url, { cookie: who.cookie, origin: ground.service.url });
          ground.defer(() => socket.close());
          await socket.waitFor("authenticated");
          return socket;
        },
      };
      await sideBySide({
        "reject": () => rejected(office),
        "reject in a group": () => rejectedInGroup(office),
        "accept, hang up": () => acceptedAndHungUp(office),
        "transfer": () => transferred(office),
        "others": () => refusedToOthers(office),
        "sockets": () => heard(office),
      });
      const audit = (await office.admin.api("GET", "/api/audit?limit=200")).body.items
        .filter(({ action }: { action: string }) => action.startsWith("call."));
      const counts = Object.groupBy(audit, ({ action }: { action: string }) => action);
      assert.deepEqual(
        Object.fromEntries(Object.entries(counts).map(([action, all]) => [action, all!.length])),
        {
          "call.accept": 3,
          "call.hangup": 4,
          "call.reject": 3,
          "call.transfer": 1,
        },
      );
      await waitFor(async () => (await office.calls("&status=incoming,answered")).length === 0);
      assert.deepEqual(office.service.stderr().filter((line) => /"level":(50|60)/.test(line)), []);
    },
  );
}
