/**
 * @module
 * One endpoint actor on a simulated clock, with everything that it said written down, and what Asterisk may say of it.
 */
import { createActor, type SnapshotFrom } from "xstate";
import { endpointMachine, type EndpointSettings } from "../../machines/endpoint.ts";
import type { ContactSeen, EndpointEvent, EndpointFact } from "../../machines/endpoint_events.ts";
import type { ContactStatus } from "../../machines/endpoint_views.ts";
import { CountingClock, type Now } from "./panel.ts";
import { leavesOfValue } from "./state_tables.ts";

/** What the tests reckon with. */
export const JUDGED: EndpointSettings = { alertAfterMs: 300_000, flapTurns: 4, flapWindowMs: 600_000 };

/** The contact that the endpoint has in most tests. */
export const URI = "sip:777@192.0.2.7:5060";

/** What a list says of a contact. */
export function seen(status: ContactStatus, more: Partial<ContactSeen> = {}): ContactSeen {
  return {
    uri: URI,
    aor: "777",
    status,
    address: "192.0.2.7:5060",
    userAgent: "Phone/1.0",
    roundtripMs: null,
    expiresAt: null,
    ...more,
  };
}

/** What Asterisk lists of the endpoint. */
export function listed(
  contacts: ContactSeen[],
  options: { sync?: boolean; qualified?: boolean | null; device?: string | null; aors?: string[] } = {},
) {
  const { sync = false, qualified = true, device = null, aors = ["777"] } = options;
  const listing = { contacts, aors: aors.map((name) => ({ name, qualified })), device };
  return { type: "endpoint.listed", sync, listing } as const;
}

/** What Asterisk says of one contact. */
export function contact(status: ContactStatus | "removed", more: { uri?: string; aor?: string } = {}) {
  return { type: "contact.changed", uri: URI, aor: "777", status, roundtripMs: 1.5, ...more } as const;
}

/** What Asterisk may say, by a short name. */
export const HEAR = {
  "listed reachable": listed([seen("reachable")], { device: "NOT_INUSE" }),
  "listed unreachable": listed([seen("unreachable")], { device: "UNAVAILABLE" }),
  "listed without contact": listed([], { device: "UNAVAILABLE" }),
  "listed not asked": listed([seen("non_qualified")], { qualified: false, device: "NOT_INUSE" }),
  "listed not asked yet": listed([seen("non_qualified")], { device: "UNAVAILABLE" }),
  "listed without AOR": listed([], { aors: [] }),
  "reachable": contact("reachable"),
  "unreachable": contact("unreachable"),
  "not asked": contact("non_qualified"),
  "removed": contact("removed"),
  "peer reachable": { type: "peer.changed", reachable: true },
  "peer unreachable": { type: "peer.changed", reachable: false },
  "device free": { type: "device.changed", state: "NOT_INUSE" },
  "device in use": { type: "device.changed", state: "INUSE" },
  "device unavailable": { type: "device.changed", state: "UNAVAILABLE" },
  "link down": { type: "link.down" },
} as const satisfies Record<string, Now<EndpointEvent>>;

/** Short names of what Asterisk may say. */
export type Heard = keyof typeof HEAR;

type Snapshot = SnapshotFrom<typeof endpointMachine>;

/** Starts an endpoint, new or from a snapshot. `facts` gathers what it states. */
export function startPhone(
  options: { clock?: CountingClock; snapshot?: Snapshot; settings?: EndpointSettings } = {},
) {
  const clock = options.clock ?? new CountingClock();
  const facts: EndpointFact[] = [];
  const actor = createActor(endpointMachine, {
    clock,
    input: { at: clock.now(), settings: options.settings ?? JUDGED },
    ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }),
  });
  actor.on("*", (fact) => void facts.push(fact));
  actor.start();
  const leaf = (region: string) =>
    leavesOfValue(actor.getSnapshot().value).find((one) => one.startsWith(`${region}.`))!
      .slice(region.length + 1);
  return {
    clock,
    actor,
    facts,
    send: (...events: Now<EndpointEvent>[]) =>
      events.forEach((event) => actor.send({ ...event, at: clock.now() } as EndpointEvent)),
    hear: (...names: Heard[]) =>
      names.forEach((name) => actor.send({ ...HEAR[name], at: clock.now() } as EndpointEvent)),
    resume: (heardUntil = clock.now()) => actor.send({ type: "resume", at: clock.now(), heardUntil }),
    pass: (ms: number) => clock.pass(ms),
    context: () => actor.getSnapshot().context,
    presence: () => leaf("presence"),
    steadiness: () => leaf("steadiness"),
    trust: () => leaf("trust"),
    /** Facts since the last call, by type alone. */
    said: () => facts.splice(0).map(({ type }) => type.replace("endpoint.", "")),
    stop: () => actor.stop(),
  };
}

/** An endpoint as `startPhone` makes it. */
export type Phone = ReturnType<typeof startPhone>;

/**
 * Stops an endpoint and starts it again later as a restart does: from what is stored of it, with nothing known of now.
 */
export function restart(phone: Phone, awayMs = 0): Phone {
  const { context } = phone.actor.getSnapshot();
  const flapping = phone.steadiness() === "flapping";
  const heardUntil = phone.clock.now();
  phone.stop();
  const clock = new CountingClock();
  clock.set(heardUntil + awayMs);
  const reach = { ...context.reach, device: null, peer: null };
  const snapshot = endpointMachine.resolveState({
    value: {
      presence: { unknown: "unheard" },
      steadiness: flapping ? "flapping" : "steady",
      trust: "sure",
    },
    context: {
      ...context,
      reach,
      shown: "unknown",
      reason: "no_data",
      shownSince: clock.now(),
      calmDue: null,
      at: clock.now(),
    },
  });
  const again = startPhone({ clock, snapshot, settings: context.settings });
  again.resume(heardUntil);
  return again;
}

// Fails to compile when the vocabulary has an event that no name here stands for; `resume` needs a time of its own.
type Named = typeof HEAR[Heard]["type"] | "resume";
type Forgotten = Exclude<EndpointEvent["type"], Named>;
const complete: Forgotten extends never ? true : Forgotten = true;
void complete;
