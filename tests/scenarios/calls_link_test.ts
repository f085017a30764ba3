/**
 * @module
 * The line to Asterisk breaks in the ways in which lines break, under the whole service: what links, health and calls
 * say meanwhile, and that rows are right soon after.
 */
import assert from "node:assert/strict";
import { startAsterisk } from "../../emulators/asterisk.ts";
import {
  AMI_SECRET,
  amiUrl,
  type CallWorld,
  inCallWorld,
  NEEDED_RIGHTS,
  type StoredCall,
} from "../support/call_world.ts";
import { freePort } from "../support/free_port.ts";
import { waitFor } from "../support/wait.ts";

const CALLER = { from: "74951234567", fromName: "ООО Тестовая Компания" };
/** From the link being up to rows that are right. */
const RIGHT_MS = 2000;

async function readiness({ service }: CallWorld) {
  const answer = await fetch(`${service.url}/readyz`);
  return { code: answer.status, ...await answer.json() as { state: string; reasons: string[] } };
}

/** Waits until the row of a call says so. */
async function rowIs(
  world: CallWorld,
  linkedId: string,
  wanted: Partial<StoredCall>,
  timeoutMs?: number,
): Promise<StoredCall> {
  let last: StoredCall | null = null;
  return await waitFor(async () => {
    last = await world.rowOf(linkedId);
    return Object.entries(wanted).every(([name, value]) => last![name as keyof StoredCall] === value) && last;
  }, { what: `a call that is ${JSON.stringify(wanted)}`, timeoutMs }).catch((error) => {
    throw new Error(`${error.message}; it is ${JSON.stringify(last)}`, { cause: error });
  });
}

/** Calls of every stage, for a line that is about to break. */
async function callsOfEveryStage(world: CallWorld) {
  const { asterisk } = world;
  const [talksOn, endsMeanwhile, rings, givesUp, answersMeanwhile] = Array.from(
    { length: 5 },
    () => asterisk.call({ ...CALLER, to: "777" }),
  );
  const calls = {
    talksOn: talksOn!,
    endsMeanwhile: endsMeanwhile!,
    rings: rings!,
    givesUp: givesUp!,
    answersMeanwhile: answersMeanwhile!,
  };
  calls.talksOn.answer();
  calls.endsMeanwhile.answer();
  await rowIs(world, calls.talksOn.linkedid, { status: "answered" });
  await rowIs(world, calls.endsMeanwhile.linkedid, { status: "answered" });
  for (const call of [calls.rings, calls.givesUp, calls.answersMeanwhile]) {
    await rowIs(world, call.linkedid, { status: "incoming" });
  }
  return calls;
}

/** What people do while nobody listens; gives the call that began then. */
function livesOn(world: CallWorld, calls: Awaited<ReturnType<typeof callsOfEveryStage>>) {
  calls.endsMeanwhile.calleeHangsUp();
  calls.givesUp.callerHangsUp();
  calls.answersMeanwhile.answer();
  return world.asterisk.call({ ...CALLER, from: "74950000101", to: "888" });
}

/** All rows as they have to be when the line is back, and how the calls go on. */
async function rightAfter(
  world: CallWorld,
  calls: Awaited<ReturnType<typeof callsOfEveryStage>>,
  begun: ReturnType<CallWorld["asterisk"]["call"]>,
): Promise<void> {
  const until = performance.now() + RIGHT_MS;
  const left = () => Math.max(1, until - performance.now());
  const lost = { status: "completed", end_reason: "lost", answered_by_number: "777" } as const;
  await rowIs(world, calls.endsMeanwhile.linkedid, lost, left());
  await rowIs(world, calls.givesUp.linkedid, { status: "missed", end_reason: "lost", duration: 0 }, left());
  await rowIs(world, calls.talksOn.linkedid, { status: "answered" }, left());
  await rowIs(world, calls.rings.linkedid, { status: "incoming" }, left());
  await rowIs(
    world,
    calls.answersMeanwhile.linkedid,
    { status: "answered", answered_by_number: "777" },
    left(),
  );
  await rowIs(world, begun.linkedid, { status: "incoming", receiver_number: "888" }, left());
  const { body } = await world.admin.api("GET", "/api/calls");
  assert.deepEqual(body.items.filter(({ uncertain }: { uncertain: boolean }) => uncertain), []);
  // And they go on as calls do.
  calls.talksOn.callerHangsUp();
  calls.rings.decline();
  calls.answersMeanwhile.calleeHangsUp();
  begun.answer();
  begun.callerHangsUp();
  await rowIs(world, calls.talksOn.linkedid, { status: "completed", end_reason: "hangup" });
  await rowIs(world, calls.rings.linkedid, { status: "rejected", end_reason: "declined" });
  await rowIs(world, calls.answersMeanwhile.linkedid, { status: "completed", end_reason: "hangup" });
  await rowIs(world, begun.linkedid, { status: "completed", answered_by_number: "888" });
  assert.equal((await world.rows()).length, 6);
  assert.equal(await world.openCount(), 0);
}

Deno.test("row 7: a line that is cut in the middle of a packet: calls that ended meanwhile are lost, the others go on", async () => {
  await inCallWorld("embedded", {}, async (world) => {
    const calls = await callsOfEveryStage(world);
    const since = (await world.link()).since;
    world.asterisk.dropClients({ midPacket: true });
    const begun = livesOn(world, calls);
    await waitFor(async () => {
      const link = await world.link();
      return link.state === "up" && link.since !== since;
    }, { what: "the link to be up again" });
    await rightAfter(world, calls, begun);
  });
});

Deno.test("row 9: a half-open line is noticed within 10 s, links and health and calls say so, and all is right soon after", async () => {
  await inCallWorld("embedded", {}, async (world) => {
    const calls = await callsOfEveryStage(world);
    assert.deepEqual([(await readiness(world)).state, (await world.link()).phase], ["ready", "up"]);
    const stream = await world.admin.stream("links,calls");
    world.defer(() => stream.close());
    const mutedAt = performance.now();
    world.asterisk.mute(true);
    const begun = livesOn(world, calls);
    const down = await stream.waitForEvent("link.changed", ({ data }) => data.state === "down", {
      timeoutMs: 40_000,
    });
    const noticedMs = performance.now() - mutedAt;
    assert.ok(noticedMs <= 20_000, `noticed after ${noticedMs} ms`);
    assert.equal(down.data.id, "asterisk");
    assert.match(down.data.last_error, /Ping/);
    const { code, state, reasons } = await readiness(world);
    assert.deepEqual([code, state, reasons], [200, "degraded", ["the asterisk is not connected"]]);
    assert.equal((await world.link()).state, "down");
    const { items } = (await world.admin.api("GET", "/api/calls")).body;
    assert.deepEqual(items.map(({ uncertain }: { uncertain: boolean }) => uncertain), Array(5).fill(true));
    await stream.waitForEvent(
      "call.changed",
      ({ data }) => data.linked_id === calls.endsMeanwhile.linkedid && data.uncertain,
    );
    // Nothing can be done to a call whose line is dead, and one is told so.
    const ivan = await world.employee("ivan", ["777"]);
    const ringing = items.find(({ status }: { status: string }) => status === "incoming");
    const refused = await ivan.api("POST", `/api/calls/${ringing.id}/reject`);
    assert.deepEqual([refused.status, refused.body.type], [503, "/problems/link-down"]);
    world.asterisk.mute(false);
    await waitFor(async () => (await world.link()).state === "up", { what: "the link to be up again" });
    await rightAfter(world, calls, begun);
    assert.equal((await readiness(world)).state, "ready");
  });
});

Deno.test("row 8: Asterisk starts anew and gives the same ids again: calls of before are closed, none is merged", async () => {
  await inCallWorld("embedded", {}, async (world) => {
    const { asterisk } = world;
    const talked = asterisk.call({ ...CALLER, to: "777" });
    const rang = asterisk.call({ ...CALLER, to: "888" });
    const ids = [talked.linkedid, rang.linkedid];
    const channels = [...talked.channels, ...rang.channels];
    talked.answer();
    await rowIs(world, ids[0]!, { status: "answered" });
    await rowIs(world, ids[1]!, { status: "incoming" });
    // The same ids, by the same second: the emulator counts from where it began.
    await asterisk.restart({ reuseIds: true });
    const again = asterisk.call({ from: "74950000101", to: "777" });
    const second = asterisk.call({ from: "74950000117", to: "888" });
    assert.deepEqual([...again.channels, ...second.channels], channels);
    assert.deepEqual([again.linkedid, second.linkedid], ids);
    await waitFor(async () => (await world.rows()).length === 4, { what: "four calls" });
    again.answer();
    second.callerHangsUp();
    const story = async () =>
      (await world.rows()).map((row) => [
        row.linked_id,
        row.caller_number,
        row.receiver_number,
        row.status,
        row.end_reason,
      ]);
    const wanted = [
      [ids[0], "74951234567", "777", "completed", "lost"],
      [ids[1], "74951234567", "888", "missed", "lost"],
      [ids[0], "74950000101", "777", "answered", null],
      [ids[1], "74950000117", "888", "missed", "caller_gave_up"],
    ];
    await waitFor(async () => {
      assert.deepEqual((await story()).sort(), wanted.toSorted());
      return true;
    }, { what: "four rows, each of its own call" });
    again.callerHangsUp();
    wanted[2]!.splice(3, 2, "completed", "hangup");
    await waitFor(async () => {
      assert.deepEqual((await story()).sort(), wanted.toSorted());
      return true;
    }, { what: "the end of the second run's call" });
    const merged = await world.sql("select id from calls where merged_into is not null");
    assert.deepEqual(merged, []);
  });
});

Deno.test("rows 8 and 1: Asterisk and Doorline both start anew, with the same ids: still no call is merged", async () => {
  await inCallWorld("embedded", {}, async (world) => {
    const { asterisk } = world;
    const talked = asterisk.call({ ...CALLER, to: "777" });
    const id = talked.linkedid;
    talked.answer();
    await rowIs(world, id, { status: "answered" });
    await world.service.kill9();
    await asterisk.restart({ reuseIds: true });
    const again = asterisk.call({ from: "74950000101", to: "888" });
    assert.equal(again.linkedid, id);
    await world.service.start();
    await world.linkUp();
    again.decline();
    await waitFor(async () => {
      const rows = await world.rows();
      assert.deepEqual(
        rows.map((row) => [row.linked_id, row.receiver_number, row.status, row.end_reason]).sort(),
        [[id, "777", "completed", "lost"], [id, "888", "rejected", "declined"]],
      );
      return true;
    }, { what: "two rows, each of its own call" });
  });
});

Deno.test("row 19, several servers: one down, one with a wrong password, one with too many rights; the calls of each that is up go on", async () => {
  const mighty = await startAsterisk({ secret: AMI_SECRET });
  const locked = await startAsterisk({ secret: "another secret", ...NEEDED_RIGHTS });
  const gone = await freePort();
  const others = [
    amiUrl(mighty.port, "mighty"),
    amiUrl(locked.port, "locked", "canary-of-a-password"),
    amiUrl(gone, "gone"),
  ];
  try {
    await inCallWorld("embedded", { others }, async (world) => {
      await world.linkUp("asterisk:mighty");
      const refused = await waitFor(async () => {
        const link = await world.link("asterisk:locked");
        return link.phase === "refused" && link;
      }, { what: "a refused link" });
      assert.deepEqual([refused.state, refused.last_error], ["down", "the password or user is wrong"]);
      const away = await waitFor(async () => {
        const link = await world.link("asterisk:gone");
        return link.last_error !== null && link;
      }, { what: "a link that finds nobody" });
      assert.notEqual(away.state, "up");
      assert.match(away.last_error!, /ECONNREFUSED/);
      assert.equal(away.target, `ami://127.0.0.1:${gone}/gone`);
      const { code, state, reasons } = await readiness(world);
      assert.deepEqual([code, state, reasons.sort()], [200, "degraded", [
        "the asterisk:gone is not connected",
        "the asterisk:locked is not connected",
      ]]);

      // Too many rights are told, what is needed is not.
      const warning = (await world.link("asterisk:mighty")).warning;
      assert.match(warning ?? "", /may do more than it needs to: take .*originate/);
      assert.equal((await world.link("asterisk:main")).warning, null);
      const lines = world.service.stderr().filter((line) => line.includes("may do more than it needs to"));
      assert.equal(lines.length, 1);
      const line = JSON.parse(lines[0]!);
      assert.deepEqual([line.level, line.link], [40, "asterisk:mighty"]);

      // The same ids at two servers are two calls, and each goes on without the other.
      const here = world.asterisk.call({ ...CALLER, to: "777" });
      const there = mighty.call({ ...CALLER, to: "777" });
      await waitFor(async () => (await world.rows()).length === 2, { what: "a call of each" });
      mighty.mute(true);
      there.callerHangsUp();
      here.answer();
      await waitFor(async () => (await world.rows("pbx = 'main'"))[0]!.status === "answered");
      await waitFor(async () => (await world.link("asterisk:mighty")).state === "down");
      const { items } = (await world.admin.api("GET", "/api/calls")).body;
      const shown = items.map((call: Record<string, unknown>) => [call.pbx, call.status, call.uncertain]);
      assert.deepEqual(shown.sort(), [["main", "answered", false], ["mighty", "incoming", true]]);
      here.callerHangsUp();
      await waitFor(async () => (await world.rows("pbx = 'main'"))[0]!.status === "completed");
      mighty.mute(false);
      await waitFor(async () => (await world.rows("pbx = 'mighty'"))[0]!.end_reason === "lost", {
        timeoutMs: 30_000,
        what: "the end of the call at the server that was away",
      });
      const all = [...world.service.stdout(), ...world.service.stderr()].join("\n");
      assert.equal(all.includes("canary"), false);
      assert.equal(all.includes(AMI_SECRET), false);
    });
  } finally {
    await Promise.all([mighty.stop(), locked.stop()]);
  }
});
