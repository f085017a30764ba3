/**
 * @module
 * Whether an endpoint can be reached: by its contacts, while the link is down and after, since when it was away too
 * long, when it comes and goes too often, and what is made of Asterisk contradicting itself.
 */
import assert from "node:assert/strict";
import { DOUBT_MS } from "../../machines/endpoint.ts";
import { contact, HEAR, JUDGED, listed, restart, seen, startPhone } from "./endpoint_phone.ts";
import { START } from "./panel.ts";

const { alertAfterMs, flapWindowMs, flapTurns } = JUDGED;
const OTHER = "sip:777@192.0.2.8:5062";

Deno.test("endpoint: is online while one of its contacts can be reached", () => {
  const phone = startPhone();
  phone.send(listed([seen("reachable"), seen("unreachable", { uri: OTHER })]));
  assert.equal(phone.presence(), "online");
  phone.send(contact("reachable", { uri: OTHER }), contact("removed"));
  assert.equal(phone.presence(), "online", "one of two is gone");
  phone.send(contact("reachable"), contact("unreachable", { uri: OTHER }));
  assert.equal(phone.presence(), "online");
  phone.send(contact("removed"));
  assert.equal(phone.presence(), "offline.brief");
  assert.equal(phone.context().reason, "unreachable");
  phone.send(contact("removed", { uri: OTHER }));
  assert.equal(phone.context().reason, "no_contact");
  assert.deepEqual(phone.facts, [
    { type: "endpoint.came_online", at: START },
    { type: "endpoint.went_offline", at: START, reason: "unreachable" },
  ]);
});

Deno.test("endpoint: a contact that is not asked can be reached where qualify is off, and nowhere else", () => {
  const off = startPhone();
  off.send(listed([], { qualified: false }), contact("non_qualified"));
  assert.equal(off.presence(), "online");
  const unsaid = startPhone();
  unsaid.send(listed([], { qualified: null }), contact("non_qualified"));
  assert.equal(unsaid.presence(), "offline.brief", "as it was: nobody said that it is not asked");
  const mixed = startPhone();
  const aors = [{ name: "a", qualified: true }, { name: "b", qualified: false }];
  mixed.send({
    type: "endpoint.listed",
    sync: false,
    listing: { aors, contacts: [seen("non_qualified", { aor: "a" })], device: null },
  });
  assert.equal(mixed.presence(), "unknown.qualifying");
  mixed.send(contact("non_qualified", { aor: "b" }));
  assert.equal(mixed.presence(), "online", "each AOR for itself");
});

Deno.test("endpoint: who is about to be asked stays what it was, and after the link was down is not known", () => {
  const phone = startPhone();
  phone.hear("listed reachable", "not asked");
  assert.equal(phone.presence(), "online");
  phone.hear("unreachable", "not asked");
  assert.equal(phone.presence(), "offline.brief");
  phone.hear("reachable", "link down", "listed not asked yet");
  assert.equal(phone.presence(), "unknown.qualifying");
  assert.equal(phone.context().reason, "qualifying");
  phone.said();
  phone.hear("reachable");
  assert.equal(phone.presence(), "online");
  assert.deepEqual(phone.said(), [], "it was online when it was last heard");
});

Deno.test("endpoint: registration from another port with the old one removed is no coming and going", () => {
  // As Asterisk 22 tells it: the whole is unreachable for a moment, and right again after.
  const phone = startPhone();
  phone.hear("listed reachable");
  phone.said();
  phone.send(
    contact("non_qualified", { uri: OTHER }),
    HEAR["peer unreachable"],
    HEAR["device unavailable"],
    contact("removed"),
  );
  assert.equal(phone.presence(), "online");
  phone.pass(2);
  phone.send(contact("reachable", { uri: OTHER }), HEAR["peer reachable"], HEAR["device free"]);
  phone.pass(DOUBT_MS * 2);
  assert.equal(phone.presence(), "online");
  assert.equal(phone.trust(), "sure");
  assert.deepEqual(phone.said(), []);
  assert.deepEqual(phone.context().reach.contacts.map(({ uri }) => uri), [OTHER]);
  assert.equal(phone.context().reach.lastAddress, "192.0.2.8:5062");
});

Deno.test("endpoint: what the whole is said to be decides nothing, and is asked about once after a while", () => {
  const phone = startPhone();
  phone.hear("listed reachable");
  phone.said();
  phone.hear("peer unreachable", "device unavailable");
  phone.pass(DOUBT_MS - 1);
  assert.deepEqual(phone.said(), []);
  phone.pass(1);
  assert.deepEqual(phone.said(), ["doubted"]);
  assert.equal(phone.presence(), "online");
  phone.pass(1_000_000);
  assert.deepEqual(phone.said(), [], "asked once");
  phone.send(listed([seen("reachable")], { device: "UNAVAILABLE" }));
  phone.pass(1_000_000);
  assert.deepEqual(phone.said(), [], "Asterisk says so when asked, so that is how it is");
  phone.hear("device unavailable");
  phone.pass(DOUBT_MS);
  assert.deepEqual(phone.said(), ["doubted"], "until it says something again");
});

Deno.test("endpoint: a device in a call contradicts no contact", () => {
  const phone = startPhone();
  phone.hear("listed without contact");
  for (const state of ["INUSE", "RINGING", "RINGINUSE", "ONHOLD", "BUSY", "UNKNOWN"]) {
    phone.send({ type: "device.changed", state });
    phone.pass(DOUBT_MS);
    assert.equal(phone.trust(), "sure", state);
  }
  assert.deepEqual(phone.said(), ["went_offline"]);
});

Deno.test("endpoint: while the link is down nothing is known, and to find it as it was is no news", () => {
  for (
    const [listing, shown] of [["listed reachable", "online"], ["listed unreachable", "offline"]] as const
  ) {
    const phone = startPhone();
    phone.hear(listing);
    phone.pass(5000);
    phone.said();
    phone.hear("link down");
    assert.deepEqual([phone.context().shown, phone.context().reason], ["unknown", "link_down"]);
    assert.equal(phone.context().shownSince, START + 5000);
    phone.hear("reachable", "removed", "peer unreachable", "device free");
    phone.pass(60_000);
    phone.send({ ...HEAR[listing], sync: true });
    assert.equal(phone.context().shown, shown);
    assert.equal(phone.context().shownSince, START, "since when it was so before");
    assert.deepEqual(phone.said(), []);
  }
});

Deno.test("endpoint: what was found at a sync says that its beginning is not known, and what was heard does not", () => {
  const phone = startPhone();
  phone.hear("listed reachable", "link down");
  phone.pass(60_000);
  phone.send({ ...HEAR["listed unreachable"], sync: true });
  assert.deepEqual(phone.context().known, { status: "offline", since: START + 60_000, bySync: true });
  phone.hear("reachable", "unreachable");
  assert.equal(phone.context().known!.bySync, false);
});

Deno.test("endpoint: was last online when it was last heard to be, not when it was found offline", () => {
  const phone = startPhone();
  phone.hear("listed reachable");
  phone.pass(5000);
  phone.hear("link down");
  assert.equal(phone.context().lastOnlineAt, START + 5000);
  phone.pass(60_000);
  phone.hear("listed unreachable");
  assert.equal(phone.context().lastOnlineAt, START + 5000);
  phone.pass(1000);
  phone.hear("unreachable");
  assert.equal(phone.context().lastOnlineAt, START + 5000);
  phone.hear("reachable");
  phone.pass(7000);
  phone.hear("unreachable");
  assert.equal(phone.context().lastOnlineAt, START + 73_000);
});

Deno.test("row 2: was last online when the former run last heard it", () => {
  const first = startPhone();
  first.hear("listed reachable");
  first.pass(5000);
  const phone = restart(first, 60_000);
  phone.hear("listed unreachable");
  assert.equal(phone.context().lastOnlineAt, START + 5000);
});

Deno.test("endpoint: one that can be reached nowhere by its configuration is neither", () => {
  const phone = startPhone();
  phone.hear("listed reachable");
  phone.pass(1000);
  phone.hear("listed without AOR");
  assert.deepEqual([phone.context().shown, phone.context().reason], ["unknown", "no_aor"]);
  assert.deepEqual(phone.facts.at(-1), {
    type: "endpoint.became_unknown",
    at: START + 1000,
    reason: "no_aor",
  });
  phone.pass(alertAfterMs * 2);
  assert.deepEqual(phone.said(), ["came_online", "became_unknown"]);
  assert.equal(phone.clock.live, 0);
});

Deno.test("endpoint: is told to be away too long exactly when it is, and once", () => {
  const phone = startPhone();
  phone.hear("listed reachable");
  phone.pass(1234);
  phone.hear("unreachable");
  // Whatever else is said meanwhile does not put it off.
  for (let i = 0; i < 10; i++) {
    phone.pass(10_000);
    phone.hear("unreachable", "peer unreachable", "device unavailable", "listed unreachable");
  }
  phone.said();
  phone.pass(alertAfterMs - 100_000 - 1);
  assert.deepEqual(phone.said(), []);
  phone.pass(1);
  assert.deepEqual(phone.facts, [
    { type: "endpoint.offline_too_long", at: START + 1234 + alertAfterMs, since: START + 1234 },
  ]);
  phone.said();
  for (let i = 0; i < 10; i++) {
    phone.hear("unreachable", "removed", "not asked", "listed without contact");
    phone.pass(alertAfterMs);
  }
  assert.deepEqual(phone.said(), []);
  phone.hear("reachable", "unreachable");
  phone.pass(alertAfterMs);
  assert.deepEqual(phone.said(), ["came_online", "went_offline", "offline_too_long"], "another time");
});

Deno.test("endpoint: time in which nobody heard it counts for being away, and brings no second word of it", () => {
  const phone = startPhone();
  phone.hear("listed unreachable");
  phone.said();
  phone.pass(100_000);
  phone.hear("link down");
  phone.pass(50_000);
  phone.hear("listed unreachable");
  phone.pass(alertAfterMs - 150_000 - 1);
  assert.deepEqual(phone.said(), []);
  phone.pass(1);
  assert.deepEqual(phone.said(), ["offline_too_long"]);
  phone.hear("link down");
  phone.pass(alertAfterMs);
  phone.hear("listed not asked yet");
  phone.pass(alertAfterMs);
  phone.hear("unreachable");
  phone.pass(alertAfterMs);
  assert.deepEqual(phone.said(), []);
});

Deno.test("endpoint: what was due while nobody heard it is told when it is found away, not before", () => {
  const phone = startPhone();
  phone.hear("listed unreachable", "link down");
  phone.said();
  phone.pass(alertAfterMs * 3);
  assert.deepEqual(phone.said(), [], "it may have been back all the time");
  phone.hear("listed unreachable");
  phone.pass(0);
  phone.pass(1);
  assert.deepEqual(phone.said(), ["offline_too_long"]);
});

Deno.test("row 2: a restart keeps since when it is away, and what was told", () => {
  for (const awayMs of [0, 40_000]) {
    const first = startPhone();
    first.hear("listed unreachable");
    first.pass(100_000);
    const phone = restart(first, awayMs);
    assert.equal(phone.presence(), "unknown.unheard");
    phone.pass(10_000);
    phone.hear("listed unreachable");
    phone.pass(alertAfterMs - 110_000 - awayMs - 1);
    assert.deepEqual(phone.said(), []);
    phone.pass(1);
    assert.deepEqual(phone.facts, [
      { type: "endpoint.offline_too_long", at: START + alertAfterMs, since: START },
    ]);
    const again = restart(phone);
    again.hear("listed unreachable");
    again.pass(alertAfterMs * 2);
    assert.deepEqual(again.said(), []);
    assert.equal(again.presence(), "offline.long");
  }
});

/** Has it come and go until it flaps, a turn each `everyMs`, the last at the present. */
function turns(phone: ReturnType<typeof startPhone>, count: number, everyMs: number): void {
  for (let i = 0; i < count; i++) {
    phone.pass(everyMs);
    phone.hear(phone.context().shown === "online" ? "unreachable" : "reachable");
  }
}

Deno.test("endpoint: flaps when its turns come within the window, to the millisecond", () => {
  const within = startPhone();
  within.hear("listed reachable");
  turns(within, flapTurns, flapWindowMs / (flapTurns - 1));
  assert.equal(within.steadiness(), "flapping");
  assert.deepEqual(within.facts.at(-1)!, { type: "endpoint.began_flapping", at: within.clock.now() });
  const slower = startPhone();
  slower.hear("listed reachable");
  turns(slower, flapTurns - 1, flapWindowMs / (flapTurns - 1));
  turns(slower, 1, flapWindowMs / (flapTurns - 1) + 1);
  assert.equal(slower.steadiness(), "steady");
});

Deno.test("endpoint: flaps until it neither came nor went for the whole window", () => {
  const phone = startPhone();
  phone.hear("listed reachable");
  turns(phone, flapTurns, 1000);
  for (let i = 0; i < 5; i++) turns(phone, 1, flapWindowMs - 1);
  assert.equal(phone.steadiness(), "flapping");
  phone.said();
  const last = phone.clock.now();
  phone.hear("device in use", "peer reachable", "not asked");
  phone.pass(flapWindowMs - 1);
  assert.equal(phone.steadiness(), "flapping");
  phone.pass(1);
  assert.equal(phone.steadiness(), "steady");
  assert.deepEqual(phone.facts.filter(({ type }) => type.endsWith("calmed_down")), [
    { type: "endpoint.calmed_down", at: last + flapWindowMs },
  ]);
  turns(phone, flapTurns - 1, 1000);
  assert.equal(phone.steadiness(), "steady", "turns of before do not count");
});

Deno.test("row 2: one that flapped calms down when it would have without the restart", () => {
  for (const awayMs of [0, flapWindowMs / 2]) {
    const first = startPhone();
    first.hear("listed reachable");
    turns(first, flapTurns, 1000);
    const last = first.clock.now();
    first.pass(1000);
    const phone = restart(first, awayMs);
    phone.hear("listed reachable");
    assert.equal(phone.steadiness(), "flapping");
    phone.pass(last + flapWindowMs - phone.clock.now() - 1);
    assert.equal(phone.steadiness(), "flapping");
    phone.pass(1);
    assert.deepEqual(phone.said(), ["calmed_down"]);
    assert.equal(phone.steadiness(), "steady");
  }
});

Deno.test("endpoint: that it was found otherwise after the link was down counts as a turn, the first word of it does not", () => {
  const phone = startPhone();
  phone.hear("listed unreachable");
  assert.equal(phone.context().turns.length, 0);
  phone.hear("link down", "listed reachable", "link down", "listed reachable");
  assert.equal(phone.context().turns.length, 1);
});

Deno.test("endpoint: a contact that stays as it was has been so since then, whoever says so", () => {
  const phone = startPhone();
  phone.hear("listed reachable");
  phone.pass(1000);
  phone.hear("reachable", "listed reachable");
  assert.equal(phone.context().reach.contacts[0]!.since, START);
  phone.hear("unreachable");
  assert.equal(phone.context().reach.contacts[0]!.since, START + 1000);
  assert.equal(phone.context().reach.contacts[0]!.userAgent, "Phone/1.0", "events do not say what it is");
  assert.equal(phone.context().reach.contacts[0]!.roundtripMs, null);
});

Deno.test("endpoint: more contacts than any phone has do not fill the memory", () => {
  const phone = startPhone();
  phone.hear("listed reachable");
  for (let i = 0; i < 1000; i++) phone.send(contact("reachable", { uri: `sip:777@192.0.2.9:${i}` }));
  assert.equal(phone.context().reach.contacts.length, 100);
  assert.equal(phone.context().reach.contacts.at(-1)!.uri, "sip:777@192.0.2.9:999");
  phone.send(
    listed(Array.from({ length: 1000 }, (_, i) => seen("reachable", { uri: `sip:${i}@192.0.2.9` }))),
  );
  assert.equal(phone.context().reach.contacts.length, 100);
});
