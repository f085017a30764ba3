/**
 * @module
 * What goes wrong between Doorline and a real Asterisk: accounts that are wrong or too mighty, a line that is cut or
 * half open, an Asterisk that is killed, callers who write what they like into their names and numbers. Calls come out
 * right of all of it.
 */
import assert from "node:assert/strict";
import type { CallDetailView } from "../../machines/views.ts";
import { ASTERISK_VERSIONS, type AsteriskVersion } from "../support/asterisk_chroot.ts";
import { AMI_USERS } from "../support/asterisk_config.ts";
import { amiUrlOf, asteriskTest, type CallGround, isOver, sideBySide } from "../support/call_ground.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import { waitFor } from "../support/wait.ts";

/** How long after the link is back a row may still be wrong (row 7 of the faults). */
const RIGHT_WITHIN_MS = 2_000;
/** How long a line that is dead may pass for one that is quiet (row 9): 10 s, and as much again on a machine that stalls. */
const NOTICED_WITHIN_MS = 20_000;

/** Waits for the end of the link, and says how long that took. */
async function linkDown(ground: CallGround): Promise<number> {
  const since = performance.now();
  await waitFor(async () => (await ground.link()).state !== "up", {
    what: "that the link is down",
    timeoutMs: 30_000,
  });
  return performance.now() - since;
}

/** Waits for the link, and then, for two seconds at most, for calls that are as they should be. */
async function backAndRight(
  ground: CallGround,
  calls: [caller: string, ready: (call: CallDetailView) => boolean][],
): Promise<CallDetailView[]> {
  await ground.linkUp();
  return await Promise.all(
    calls.map(([caller, ready]) => ground.seen(caller, "the truth", ready, { timeoutMs: RIGHT_WITHIN_MS })),
  );
}

/** An outside call that is answered. */
async function answered(ground: CallGround, options = {}) {
  const call = await ground.outside("777", options);
  const view = await ground.seen(call.number, "an answer", ({ status }) => status === "answered");
  return { ...call, id: view.id };
}

function endOf({ status, end_reason }: CallDetailView): string {
  return `${status} ${end_reason}`;
}

/** It ended while nobody listened: somewhere between these moments. */
function endedBetween(call: CallDetailView, from: number, to: number): void {
  const at = Date.parse(call.ended_at!);
  assert.ok(
    from - 1000 <= at && at <= to + 1000,
    `ended ${at - from} ms after the line was lost, back after ${to - from}`,
  );
  const answeredAt = call.answered_at === null ? at : Date.parse(call.answered_at);
  assert.ok(
    Math.abs(call.duration - (at - answeredAt) / 1000) <= 1,
    `${call.duration} s: ${JSON.stringify(call)}`,
  );
}

/** Row 7: calls that end while the line is cut are right when it is back, and those that go on go on. */
async function cut(ground: CallGround, line: TcpProxy, goesOn: { number: string }): Promise<void> {
  const [over, gaveUp] = await Promise.all([
    answered(ground, { talkMs: 5000 }),
    ground.outside("888", { patienceMs: 5000 }),
  ]);
  await ground.seen(gaveUp.number, "ringing", ({ rings }) => rings.length === 1);
  const lostAt = Date.now();
  await line.down();
  await linkDown(ground);
  const away = await ground.seen(goesOn.number, "doubt", ({ uncertain }) => uncertain);
  assert.equal(away.status, "answered");
  const refused = await ground.ivan.api("POST", `/api/calls/${away.id}/hangup`);
  assert.deepEqual([refused.status, refused.body.type], [503, "/problems/link-down"]);
  assert.deepEqual([(await over.end()).word, (await gaveUp.end()).word], ["hung_up", "gave_up"]);
  await line.up();
  const [completed, missed, still] = await backAndRight(ground, [
    [over.number, isOver],
    [gaveUp.number, isOver],
    [goesOn.number, ({ uncertain }) => !uncertain],
  ]);
  assert.deepEqual([endOf(completed!), endOf(missed!)], ["completed lost", "missed lost"]);
  assert.equal(completed!.answered_by?.number, "777");
  endedBetween(completed!, lostAt, Date.now());
  endedBetween(missed!, lostAt, Date.now());
  assert.deepEqual([still!.id, still!.status, still!.talking.length], [away.id, "answered", 2]);
}

/** The same by a reset, so short that nothing happens meanwhile. */
async function reset(ground: CallGround, line: TcpProxy, goesOn: { number: string }): Promise<void> {
  const before = line.accepted();
  line.resetAll();
  await waitFor(() => line.accepted() > before, { what: "another connection" });
  const [still] = await backAndRight(ground, [[goesOn.number, ({ uncertain }) => !uncertain]]);
  assert.equal(still!.status, "answered");
}

/** Row 9: a line that swallows everything is noticed by pings. */
async function halfOpen(ground: CallGround, line: TcpProxy, goesOn: { number: string }): Promise<void> {
  line.blackHole();
  const noticedMs = await linkDown(ground);
  assert.ok(noticedMs <= NOTICED_WITHIN_MS, `noticed after ${noticedMs} ms`);
  assert.match((await ground.link()).last_error!, /Ping/);
  await line.heal();
  const [still] = await backAndRight(ground, [[goesOn.number, ({ uncertain }) => !uncertain]]);
  assert.equal(still!.status, "answered");
}

/** Row 8: what an Asterisk that is killed had going on is over, and nothing of it is mixed with what comes after. */
async function killed(ground: CallGround): Promise<void> {
  const talks = await answered(ground);
  const rings = await ground.outside("888");
  await ground.seen(rings.number, "ringing", (call) => call.rings.length === 1);
  const lostAt = Date.now();
  await ground.asterisk.kill();
  await linkDown(ground);
  await ground.asterisk.start();
  const [completed, missed] = await backAndRight(ground, [[talks.number, isOver], [rings.number, isOver]]);
  assert.deepEqual([endOf(completed!), endOf(missed!)], ["completed lost", "missed lost"]);
  endedBetween(completed!, lostAt, Date.now());
  // Nobody tells those who called.
  await Promise.all([talks.stop(), rings.stop()]);
  await ground.phone("777", { does: "answers", ringMs: 100 });
  const fresh = await ground.outside("777", { talkMs: 1000 });
  assert.equal((await fresh.end()).word, "hung_up");
  const row = await ground.seen(fresh.number, "the end", isOver);
  assert.deepEqual([endOf(row), row.legs.length], ["completed hangup", 2]);
  assert.ok(row.duration >= 1 && row.duration <= 3, `${row.duration} s`);
  assert.notEqual(row.id, completed!.id);
}

/** What a caller named so is called in the row. */
const NAMES: Record<string, [name: string, shown: RegExp]> = {
  "markup": ["<img src=x onerror=alert(1)>", /^<img src=x onerror=alert\(1\)>$/],
  "line breaks, encoded": ["Eve%0D%0AAction: Hangup", /^Eve%0D%0AAction: Hangup$/],
  // Asterisk doubles backslashes, which is undone, and writes a bell as one.
  "line breaks, escaped": ["Eve\\r\\nEvent: Hangup", /^Eve\\+r\\+nEvent: Hangup$/],
  "a bell and another direction": ["\u202eEve\u0007", /^\u202eEve$/],
  "scripts of the world": ["Zoë 北京 עברית Ёлка", /^Zoë 北京 עברית Ёлка$/],
  // Asterisk keeps 79 bytes of it.
  "four kilobytes": ["x".repeat(4096), /^x{79}$/],
  "four kilobytes of two-byte letters": ["я".repeat(2048), /^я{39}\ufffd?$/],
};

/** Row 18: names are text, whatever is in them. */
async function named(ground: CallGround): Promise<void> {
  await sideBySide(Object.fromEntries(
    Object.entries(NAMES).map(([what, [name, shown]]) => [what, async () => {
      const call = await ground.outside("777", { talkMs: 300, name });
      await call.end();
      const row = await ground.seen(call.number, "the end", isOver);
      assert.match(row.caller.name!, shown);
      assert.deepEqual([endOf(row), row.legs.length], ["completed hangup", 2]);
    }]),
  ));
}

/** Numbers that say something of another call, in events and in the list of channels. */
function hostileNumbers(uniqueid: string): string[] {
  return [
    `1%0d%0aUniqueid%3a%20${uniqueid}`,
    `1%0aLinkedid%3a%20${uniqueid}`,
    `1%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aUniqueid%3a%20${uniqueid}%0d%0aChannel%3a%20x%0d%0a%0d%0a`,
    `1%0a%0aevent%3a%20Hangup%0aUniqueid%3a%20${uniqueid}%0aChannel%3a%20x%0a%0a`,
  ];
}

/** Row 18: a number with line breaks in it does not make events of other calls. */
async function numbered(ground: CallGround, victim: { number: string }): Promise<void> {
  const { id, legs } = await ground.seen(victim.number, "its legs");
  for (const number of hostileNumbers(legs[0]!.id)) {
    const call = await ground.call({ from: "trunk", to: "777", number, talkMs: 100 });
    assert.equal((await call.end()).word, "hung_up");
  }
  // Whatever was said of those calls has been heard when the next one is known.
  const next = await ground.outside("777", { talkMs: 100 });
  await next.end();
  await ground.seen(next.number, "the end", isOver);
  const unhurt = await ground.seen(victim.number, "its state");
  assert.deepEqual([unhurt.id, unhurt.status, unhurt.legs.length, unhurt.talking.length], [
    id,
    "answered",
    2,
    2,
  ]);
  for (const { caller, receiver } of await ground.calls()) {
    assert.doesNotMatch(
      `${caller.number}${caller.name}${receiver.number}`,
      /\p{Cc}/u,
      "a control character in a row",
    );
  }
}

/** Row 19, and a wrong password: both are said, and the links that are right work. */
async function accounts(ground: CallGround): Promise<void> {
  await ground.linkUp("asterisk:wide");
  const wide = await ground.link("asterisk:wide");
  assert.match(wide.warning!, /may do more than it needs to: take .*\bcommand\b.* from its write/);
  const wrong = await waitFor(async () => {
    const link = await ground.link("asterisk:wrong");
    return link.phase === "refused" && link;
  }, { what: "that a wrong password is refused" });
  assert.deepEqual([wrong.state, wrong.last_error], ["down", "the password or user is wrong"]);
  const said = (...words: string[]) =>
    waitFor(() => ground.service.stderr().some((line) => words.every((word) => line.includes(word))), {
      what: `a line with ${words.join(" and ")}`,
    });
  await said("asterisk:wide", "more than it needs to");
  await said("asterisk:wrong", "password");
  assert.equal(
    ground.service.stderr().some((line) => line.includes("canary-secret")),
    false,
    "a secret in the log",
  );
}

function faultsOf(version: AsteriskVersion): void {
  let line: TcpProxy;
  asteriskTest(version, "accounts, cut and half-open lines, a killed Asterisk, hostile callers", {
    amiUrl: (asterisk) =>
      [
        amiUrlOf(asterisk, { name: "wide", ...AMI_USERS.all }),
        amiUrlOf(asterisk, { name: "wrong", secret: "canary-secret" }),
      ].join(","),
  }, async (ground) => {
    await accounts(ground);
    line = await startTcpProxy({ target: ground.asterisk.ami.port });
    ground.defer(() => line.stop());
    assert.equal(await ground.service.sigterm(), 0);
    // With the right account, and no other: what was wrong is forgotten.
    await ground.service.start({ DOORLINE_AMI_URL: amiUrlOf(ground.asterisk, { port: line.port }) });
    await ground.linkUp();
    assert.equal((await ground.link()).warning, null);
    await Promise.all([
      ground.phone("777", { does: "answers", ringMs: 100 }),
      ground.phone("888", { does: "rings" }),
    ]);
    const goesOn = await answered(ground, { talkMs: 500_000 });
    await sideBySide({
      names: () => named(ground),
      numbers: () => numbered(ground, goesOn),
    });
    // They are in the list of channels that is asked for each time when the line is back.
    const { legs } = await ground.seen(goesOn.number, "its legs");
    const held = await Promise.all(
      hostileNumbers(legs[0]!.id).map((number) =>
        ground.call({ from: "trunk", to: "777", number, talkMs: 500_000 })
      ),
    );
    await cut(ground, line, goesOn);
    await reset(ground, line, goesOn);
    await halfOpen(ground, line, goesOn);
    assert.equal((await ground.ivan.api("POST", `/api/calls/${goesOn.id}/hangup`)).status, 200);
    assert.equal((await goesOn.end()).word, "ended");
    const row = await ground.seen(goesOn.number, "the end", isOver);
    assert.deepEqual([row.id, endOf(row), row.legs.length, row.segments.length], [
      goesOn.id,
      "completed hangup",
      2,
      1,
    ]);
    const talkedMs = Date.parse(row.ended_at!) - Date.parse(row.answered_at!);
    assert.ok(Math.abs(row.duration - talkedMs / 1000) <= 1, `${row.duration} s of ${talkedMs} ms`);
    await killed(ground);
    await Promise.all(held.map((call) => call.stop()));
    await waitFor(async () => (await ground.calls("&status=incoming,answered")).length === 0, {
      what: "that the history has no call that goes on",
    });
    assert.deepEqual(ground.service.stderr().filter((line) => /"level":(50|60)/.test(line)), []);
    assert.equal(await ground.metric("doorline_actors_quarantined"), 0);
  });
}

for (const version of ASTERISK_VERSIONS) faultsOf(version);
