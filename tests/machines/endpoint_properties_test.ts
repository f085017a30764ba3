/**
 * @module
 * What holds for an endpoint whatever is said of it, in whatever order, at whatever time.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ContactSeen, EndpointEvent, EndpointFact } from "../../machines/endpoint_events.ts";
import type { ContactStatus } from "../../machines/endpoint_views.ts";
import { type Phone, restart, seen, startPhone } from "./endpoint_phone.ts";
import type { Now } from "./panel.ts";

type Said = Now<Exclude<EndpointEvent, { type: "resume" }>>;

/** Time passes, then something is said, or, for null, the service is started again. */
interface Step {
  waitMs: number;
  event: Said | null;
}

const SETTINGS = { alertAfterMs: 60_000, flapTurns: 3, flapWindowMs: 30_000 };
const { alertAfterMs, flapWindowMs } = SETTINGS;

const uri = fc.constantFrom("sip:7@192.0.2.1", "sip:7@192.0.2.2:5062", "sip:[2001:db8::1]:5060");
const aor = fc.constantFrom("a", "b");
const status = fc.constantFrom<ContactStatus[]>("reachable", "unreachable", "non_qualified", "unknown");
const device = fc.constantFrom("NOT_INUSE", "INUSE", "RINGING", "UNAVAILABLE", "INVALID", "UNKNOWN");

const contactSeen: fc.Arbitrary<ContactSeen> = fc.record({ uri, aor, status }).map(({ status, ...more }) =>
  seen(status, more)
);

const listing: fc.Arbitrary<Said> = fc.record({
  type: fc.constant("endpoint.listed" as const),
  sync: fc.boolean(),
  listing: fc.record({
    contacts: fc.uniqueArray(contactSeen, { selector: ({ uri, aor }) => `${aor}/${uri}`, maxLength: 3 }),
    aors: fc.uniqueArray(
      fc.record({ name: aor, qualified: fc.constantFrom(true, false, null) }, { noNullPrototype: true }),
      { selector: ({ name }) => name, maxLength: 2 },
    ),
    device: fc.option(device, { nil: null }),
  }),
});

const event: fc.Arbitrary<Said> = fc.oneof<fc.WeightedArbitrary<Said>[]>(
  { weight: 2, arbitrary: listing },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("contact.changed" as const),
      uri,
      aor,
      status: fc.oneof(status, fc.constant("removed" as const)),
      roundtripMs: fc.option(fc.double({ min: 0.1, max: 3000, noNaN: true }), { nil: null }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("peer.changed" as const), reachable: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("device.changed" as const), state: device }) },
  { weight: 1, arbitrary: fc.constant({ type: "link.down" as const }) },
);

const wait = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3000 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      alertAfterMs - 1,
      alertAfterMs,
      flapWindowMs - 1,
      flapWindowMs,
      flapWindowMs + 1,
    ),
  },
);

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ waitMs: wait, event: fc.option(event, { nil: null, freq: 15 }) }),
  { maxLength: 60, size: "max" },
);

interface Course {
  phone: Phone;
  facts: EndpointFact[];
}

/** Plays a history; `look` is called after each step, and each part of a wait is a step too. */
function play(
  history: readonly Step[],
  look: (phone: Phone, step: Step, facts: EndpointFact[]) => void,
): Course {
  const facts: EndpointFact[] = [];
  let phone = startPhone({ settings: SETTINGS });
  for (const step of history) {
    phone.pass(step.waitMs);
    if (step.event === null) {
      facts.push(...phone.facts.splice(0));
      phone = restart(phone, 0);
    } else phone.send(step.event);
    const fresh = phone.facts.splice(0);
    facts.push(...fresh);
    look(phone, step, fresh);
  }
  return { phone, facts };
}

Deno.test("endpoint: whatever comes, what is known of it agrees with itself, is plain JSON and has bounds", () => {
  fc.assert(fc.property(steps, (history) => {
    const { phone } = play(history, (phone) => {
      const context = phone.context();
      assert.deepEqual(JSON.parse(JSON.stringify(context)), context);
      const { reach, turns, known, shown, reason, shownSince, lastOnlineAt, at } = context;
      const now = phone.clock.now();
      assert.ok(reach.contacts.length <= 6 && turns.length <= SETTINGS.flapTurns);
      assert.equal(
        new Set(reach.contacts.map(({ uri, aor }) => `${aor}/${uri}`)).size,
        reach.contacts.length,
      );
      assert.equal(phone.presence().split(".")[0], shown);
      if (shown !== "unknown") assert.equal(known!.status, shown);
      assert.equal(reason === null, shown === "online");
      assert.ok(at <= now && shownSince <= now && (known?.since ?? 0) <= now);
      if (known?.status === "online") assert.ok(lastOnlineAt! >= known.since);
      if (known?.status === "offline" && lastOnlineAt !== null) assert.ok(lastOnlineAt <= known.since);
      assert.deepEqual(turns, [...turns].sort((one, other) => one - other));
      if (context.alerted) assert.equal(known?.status, "offline");
      assert.ok(phone.clock.live <= 3, `${phone.clock.live} timers`);
    });
    phone.stop();
    assert.equal(phone.clock.live, 0, "a stopped endpoint leaves no timer");
  }));
});

Deno.test("endpoint: coming online and going offline take turns, and so do flapping and calming down", () => {
  fc.assert(fc.property(steps, (history) => {
    const { facts } = play(history, () => {});
    const turns = facts.map(({ type }) => type).filter((type) => /online|offline$|unknown/.test(type));
    turns.forEach((turn, index) => index > 0 && assert.notEqual(turn, turns[index - 1]));
    const flaps = facts.map(({ type }) => type).filter((type) => /flapping|calmed/.test(type));
    flaps.forEach((flap, index) => assert.equal(flap.includes("began"), index % 2 === 0));
    const times = facts.map(({ at }) => at);
    assert.deepEqual(times, [...times].sort((one, other) => one - other));
  }));
});

Deno.test("endpoint: is told to be away too long once each time, never early, and never late while it is heard", () => {
  fc.assert(fc.property(steps, (history) => {
    let away: number | null = null;
    let told = false;
    const { facts } = play(history, (phone) => {
      const { shown, known, alerted } = phone.context();
      const overdue = shown === "offline" && phone.clock.now() - known!.since > alertAfterMs;
      // One that is found away after its time is told by a timer of no time.
      if (overdue && !alerted) phone.pass(0);
      if (overdue) assert.ok(phone.context().alerted || phone.clock.live > 0);
    });
    for (const fact of facts) {
      if (fact.type === "endpoint.went_offline") [away, told] = [fact.at, false];
      else if (fact.type === "endpoint.came_online" || fact.type === "endpoint.became_unknown") away = null;
      else if (fact.type === "endpoint.offline_too_long") {
        assert.equal(fact.since, away);
        assert.equal(told, false);
        assert.ok(fact.at >= away! + alertAfterMs);
        told = true;
      }
    }
  }));
});

/** Whether a contact can be reached, said once more. */
function isThere({ status, aor }: ContactSeen, aors: { name: string; qualified: boolean | null }[]): boolean {
  return status === "reachable" ||
    status === "non_qualified" && aors.find(({ name }) => name === aor)?.qualified === false;
}

Deno.test("endpoint: a list has the last word: what it comes to depends on nothing that was before, but while Asterisk is about to ask", () => {
  fc.assert(fc.property(steps, listing, (history, last) => {
    const { phone } = play(history, () => {});
    const before = phone.context().shown;
    phone.send(last);
    if (last.type !== "endpoint.listed") throw new Error("not a list");
    const { contacts, aors } = last.listing;
    const isWaiting = contacts.some(({ status }) => status === "unknown" || status === "non_qualified");
    const expected = contacts.some((one) => isThere(one, aors))
      ? "online"
      : contacts.length === 0 && aors.length === 0
      ? "unknown"
      : isWaiting
      ? before
      : "offline";
    assert.equal(phone.context().shown, expected);
    const { reach } = phone.context();
    assert.deepEqual(reach.contacts.map(({ since: _, ...contact }) => contact), contacts);
    assert.deepEqual([reach.aors, reach.device, reach.peer], [aors, last.listing.device, null]);
    phone.stop();
  }));
});
