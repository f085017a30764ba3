/**
 * @module
 * Every state of the endpoint machine with every event of its vocabulary: where it goes, what it says, or that it
 * takes no notice. A state or an event without an entry fails.
 */
import assert from "node:assert/strict";
import { getShortestPaths } from "@xstate/graph";
import { DOUBT_MS, endpointMachine } from "../../machines/endpoint.ts";
import type { EndpointEvent } from "../../machines/endpoint_events.ts";
import { HEAR, type Heard, JUDGED, type Phone, startPhone } from "./endpoint_phone.ts";
import { START } from "./panel.ts";
import { checkTable, eventsOf, leavesOf, leavesOfValue, type StateTable } from "./state_tables.ts";

const EVENTS = [...Object.keys(HEAR), "resume", "time"];

/** What leads to a state, from a new endpoint. A number is time that passes. */
const WAYS: Record<string, (Heard | number)[]> = {
  "presence.unknown.unheard": [],
  "presence.unknown.deaf": ["listed reachable", "link down"],
  "presence.unknown.qualifying": ["listed not asked yet"],
  "presence.unknown.no_aor": ["listed without AOR"],
  "presence.online": ["listed reachable"],
  "presence.offline.brief": ["listed reachable", "unreachable"],
  "presence.offline.long": ["listed reachable", "unreachable", JUDGED.alertAfterMs],
  "steadiness.steady": ["listed reachable", "unreachable", "reachable", "unreachable"],
  "steadiness.flapping": ["listed reachable", "unreachable", "reachable", "unreachable", "reachable"],
  "trust.sure": ["listed reachable"],
  "trust.doubtful": ["listed reachable", "peer unreachable"],
  "trust.asked": ["listed reachable", "peer unreachable", DOUBT_MS],
};

function phoneIn(state: string): Phone {
  const phone = startPhone();
  for (const step of WAYS[state]!) {
    if (typeof step === "number") phone.pass(step);
    else phone.hear(step);
  }
  phone.pass(1000);
  phone.said();
  return phone;
}

function happen(phone: Phone, event: string): void {
  if (event === "resume") phone.resume();
  else if (event === "time") phone.pass(JUDGED.flapWindowMs);
  else phone.hear(event as Heard);
}

/** What one region does, in words: where it goes, and what of its own facts it says. */
function check(region: "presence" | "steadiness" | "trust", table: StateTable, facts: string[]): void {
  checkTable(table, {
    // Nothing stays in `judging`: its last way on has no condition.
    states: leavesOf(endpointMachine).filter((leaf) =>
      leaf.startsWith(`${region}.`) && leaf !== "presence.judging"
    ),
    events: EVENTS,
    observe: (state, event) => {
      const phone = phoneIn(state);
      const before = phone[region]();
      assert.equal(`${region}.${before}`, state);
      happen(phone, event);
      const after = phone[region]();
      const words = [
        ...(after === before ? [] : [after]),
        ...phone.said().filter((fact) => facts.includes(fact)),
      ];
      phone.stop();
      return words.length === 0 ? "ignored" : words.join(", ");
    },
  });
}

const ONLINE = "online, came_online";
const AGAIN = "online"; // it was online before, so that this is no news
const OFFLINE = "offline.brief, went_offline";
/** What Asterisk says of the whole is compared, and decides nothing. */
const OF_THE_WHOLE = {
  "peer reachable": "ignored",
  "peer unreachable": "ignored",
  "device free": "ignored",
  "device in use": "ignored",
  "device unavailable": "ignored",
};

const PRESENCE: StateTable = {
  "presence.unknown.unheard": {
    "listed reachable": ONLINE,
    "listed unreachable": OFFLINE,
    "listed without contact": OFFLINE,
    "listed not asked": ONLINE,
    "listed not asked yet": "unknown.qualifying",
    "listed without AOR": "unknown.no_aor", // nothing was known, so nothing became unknown
    "reachable": ONLINE,
    "unreachable": OFFLINE,
    "not asked": "unknown.qualifying", // nobody said yet whether it is going to be
    "removed": OFFLINE,
    ...OF_THE_WHOLE,
    "link down": "unknown.deaf",
    "resume": "ignored",
    "time": "ignored",
  },
  "presence.unknown.deaf": {
    "listed reachable": AGAIN,
    "listed unreachable": OFFLINE,
    "listed without contact": OFFLINE,
    "listed not asked": AGAIN,
    "listed not asked yet": "unknown.qualifying",
    "listed without AOR": "unknown.no_aor, became_unknown",
    // What is heard before the lists is told by them.
    "reachable": "ignored",
    "unreachable": "ignored",
    "not asked": "ignored",
    "removed": "ignored",
    ...OF_THE_WHOLE,
    "link down": "ignored", // it is down
    "resume": "unknown.unheard",
    "time": "ignored",
  },
  "presence.unknown.qualifying": {
    "listed reachable": ONLINE,
    "listed unreachable": OFFLINE,
    "listed without contact": OFFLINE,
    "listed not asked": ONLINE,
    "listed not asked yet": "ignored",
    "listed without AOR": "unknown.no_aor",
    "reachable": ONLINE,
    "unreachable": OFFLINE,
    "not asked": "ignored",
    "removed": OFFLINE,
    ...OF_THE_WHOLE,
    "link down": "unknown.deaf",
    "resume": "unknown.unheard",
    "time": "ignored", // Asterisk takes the time that it takes
  },
  "presence.unknown.no_aor": {
    "listed reachable": ONLINE,
    "listed unreachable": OFFLINE,
    "listed without contact": OFFLINE,
    "listed not asked": ONLINE,
    "listed not asked yet": "unknown.qualifying",
    "listed without AOR": "ignored",
    "reachable": ONLINE,
    "unreachable": OFFLINE,
    "not asked": "unknown.qualifying",
    "removed": "ignored",
    ...OF_THE_WHOLE,
    "link down": "unknown.deaf",
    "resume": "unknown.unheard",
    "time": "ignored",
  },
  "presence.online": {
    "listed reachable": "ignored",
    "listed unreachable": OFFLINE,
    "listed without contact": OFFLINE,
    "listed not asked": "ignored",
    "listed not asked yet": "ignored", // it is as it was until Asterisk has asked
    "listed without AOR": "unknown.no_aor, became_unknown",
    "reachable": "ignored",
    "unreachable": OFFLINE,
    "not asked": "ignored", // the same
    "removed": OFFLINE,
    ...OF_THE_WHOLE,
    "link down": "unknown.deaf",
    "resume": "unknown.unheard",
    "time": "ignored",
  },
  "presence.offline.brief": {
    "listed reachable": ONLINE,
    "listed unreachable": "ignored",
    "listed without contact": "ignored",
    "listed not asked": ONLINE,
    "listed not asked yet": "ignored",
    "listed without AOR": "unknown.no_aor, became_unknown",
    "reachable": ONLINE,
    "unreachable": "ignored",
    "not asked": "ignored",
    "removed": "ignored",
    ...OF_THE_WHOLE,
    "link down": "unknown.deaf",
    "resume": "unknown.unheard",
    "time": "offline.long, offline_too_long",
  },
  "presence.offline.long": {
    "listed reachable": ONLINE,
    "listed unreachable": "ignored", // it was told
    "listed without contact": "ignored",
    "listed not asked": ONLINE,
    "listed not asked yet": "ignored",
    "listed without AOR": "unknown.no_aor, became_unknown",
    "reachable": ONLINE,
    "unreachable": "ignored",
    "not asked": "ignored",
    "removed": "ignored",
    ...OF_THE_WHOLE,
    "link down": "unknown.deaf",
    "resume": "unknown.unheard",
    "time": "ignored", // it is told once
  },
};

Deno.test("endpoint machine: each state of presence does with each event what the table says", () => {
  check("presence", PRESENCE, ["came_online", "went_offline", "became_unknown", "offline_too_long"]);
});

const NO_TURN = Object.fromEntries(EVENTS.map((event) => [event, "ignored"]));

const STEADINESS: StateTable = {
  // It is offline here, and has come and gone three times.
  "steadiness.steady": {
    ...NO_TURN,
    "listed reachable": "flapping, began_flapping",
    "listed not asked": "flapping, began_flapping",
    "reachable": "flapping, began_flapping",
  },
  "steadiness.flapping": { ...NO_TURN, "time": "steady, calmed_down" },
};

Deno.test("endpoint machine: each state of steadiness does with each event what the table says", () => {
  check("steadiness", STEADINESS, ["began_flapping", "calmed_down"]);
});

const TRUST: StateTable = {
  "trust.sure": {
    ...NO_TURN,
    "unreachable": "doubtful", // the device is free
    "removed": "doubtful",
    "peer unreachable": "doubtful",
    "device unavailable": "doubtful",
  },
  "trust.doubtful": {
    ...NO_TURN,
    "listed reachable": "sure",
    "listed unreachable": "sure",
    "listed without contact": "sure",
    "listed not asked": "sure",
    "listed not asked yet": "sure",
    "listed without AOR": "sure",
    "not asked": "sure", // it is asked by Asterisk itself
    "peer reachable": "sure",
    // The peer was right, and the device is still said to be free.
    "unreachable": "ignored",
    "removed": "ignored",
    "link down": "sure",
    "resume": "sure",
    "time": "asked, doubted",
  },
  "trust.asked": {
    ...NO_TURN,
    "listed reachable": "sure",
    "listed unreachable": "sure",
    "listed without contact": "sure",
    "listed not asked": "sure",
    "listed not asked yet": "sure",
    "listed without AOR": "sure",
    "reachable": "doubtful",
    "unreachable": "doubtful",
    "removed": "doubtful",
    "not asked": "sure",
    "peer reachable": "sure",
    "peer unreachable": "doubtful",
    "device free": "doubtful",
    "device in use": "doubtful",
    "device unavailable": "doubtful",
    "link down": "sure",
    "resume": "sure",
  },
};

Deno.test("endpoint machine: each state of trust does with each event what the table says", () => {
  check("trust", TRUST, ["doubted"]);
});

Deno.test("endpoint machine: names no event that is not in the tables", () => {
  const named: string[] = [...Object.values(HEAR).map(({ type }) => type), "resume"];
  assert.deepEqual(eventsOf(endpointMachine).filter((type) => !named.includes(type)), []);
});

Deno.test("endpoint machine: every state can be reached", () => {
  const timers = endpointMachine.events.filter((type) => type.startsWith("xstate.after"));
  const events = [
    ...Object.values(HEAR).map((event) => ({ ...event, at: START })),
    { type: "resume", at: START, heardUntil: START },
    ...timers.map((type) => ({ type })),
  ] as EndpointEvent[];
  const paths = getShortestPaths(endpointMachine, {
    input: { at: START, settings: JUDGED },
    events,
    // Of what is known, only this makes another state.
    serializeState: ({ value, context: { turns, reach } }) =>
      JSON.stringify([value, turns.length, reach.contacts.length, reach.device, reach.peer]),
  });
  const reached = new Set(paths.flatMap(({ state }) => leavesOfValue(state.value)));
  const passed = "presence.judging";
  assert.deepEqual(
    [...reached].sort(),
    leavesOf(endpointMachine).filter((leaf) => leaf !== passed).sort(),
  );
});
