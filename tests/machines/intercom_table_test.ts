/**
 * @module
 * Every state of the intercom machine with every event of its vocabulary: where it goes, what it says, or that it
 * takes no notice. A state or an event without an entry fails.
 */
import assert from "node:assert/strict";
import { getShortestPaths } from "@xstate/graph";
import type { IntercomEvent } from "../../machines/events.ts";
import { intercomMachine } from "../../machines/intercom.ts";
import { type Panel, SAY, SETTINGS, START, startPanel } from "./panel.ts";
import { checkTable, eventsOf, leavesOf, leavesOfValue, type StateTable } from "./state_tables.ts";

type Said = keyof typeof SAY;

const EVENTS = [...Object.keys(SAY), "resume soon", "resume late", "resume overdue", "time"];

/** What leads to a state, from a new panel. */
const WAYS: Record<string, Said[]> = {
  "presence.unknown.deaf": ["heard", "link down"],
  "presence.unknown.listening": ["heard", "link down", "link up"],
  "presence.online": ["heard"],
  "presence.offline": ["heard", "status offline"],
  "door.unknown": ["heard"],
  "door.closed": ["heartbeat closed"],
  "door.open.presumed": ["heartbeat closed", "heartbeat open"],
  "door.open.within_time": ["heartbeat closed", "opened by key"],
  "door.open.held_open": ["heartbeat closed", "opened by key"],
};

function panelIn(state: string): Panel {
  const panel = startPanel();
  for (const name of WAYS[state]!) panel.send(SAY[name]);
  if (state === "door.open.held_open") panel.pass(SETTINGS.heldOpenAfterMs);
  panel.pass(1000);
  panel.said();
  return panel;
}

function happen(panel: Panel, event: string): void {
  const at = panel.clock.now();
  switch (event) {
    case "resume soon":
      return panel.actor.send({ type: "resume", at, heardUntil: at - SETTINGS.heartbeatEveryMs });
    case "resume late":
      return panel.actor.send({ type: "resume", at, heardUntil: at - SETTINGS.heartbeatEveryMs - 1 });
    case "resume overdue": {
      // Hardly away, but the deadline passed meanwhile.
      const later = at + SETTINGS.offlineAfterMs;
      return panel.actor.send({ type: "resume", at: later, heardUntil: later - 1 });
    }
    case "time":
      panel.pass(SETTINGS.heldOpenAfterMs);
      return void panel.pass(SETTINGS.offlineAfterMs);
    default:
      return panel.send(SAY[event as Said]);
  }
}

const ONLINE_AGAIN = "online, heard";
const NEWS = "online, heard, came_online";
const LAST_WILL = "offline, went_offline";
const anyMessage = (outcome: string) =>
  Object.fromEntries(
    (Object.keys(SAY) as Said[]).filter((name) =>
      SAY[name].type.startsWith("panel.") && SAY[name].type !== "panel.status"
    ).map((name) => [name, outcome]),
  );

const PRESENCE: StateTable = {
  "presence.unknown.deaf": {
    ...anyMessage(ONLINE_AGAIN),
    "status online": ONLINE_AGAIN,
    "status offline": LAST_WILL,
    "retained online": "ignored", // it is no sign of life
    "retained offline": LAST_WILL,
    "link up": "unknown.listening",
    "link down": "ignored", // it is down
    "acknowledged": "ignored", // is the door's
    "resume soon": "ignored", // nothing to resume: it waits for the link
    "resume late": "ignored",
    "resume overdue": "ignored",
    "time": "ignored", // nothing can be heard, so silence says nothing
  },
  "presence.unknown.listening": {
    ...anyMessage(ONLINE_AGAIN),
    "status online": ONLINE_AGAIN,
    "status offline": LAST_WILL,
    "retained online": "ignored",
    "retained offline": LAST_WILL,
    "link up": "ignored", // it would lengthen the grace
    "link down": "unknown.deaf",
    "acknowledged": "ignored",
    "resume soon": "unknown.deaf", // until the link of this run is up
    "resume late": "unknown.deaf",
    "resume overdue": "unknown.deaf",
    "time": LAST_WILL,
  },
  "presence.online": {
    ...anyMessage("heard"),
    "status online": "heard",
    "status offline": LAST_WILL,
    "retained online": "ignored",
    "retained offline": LAST_WILL,
    "link up": "ignored", // it is heard already
    "link down": "unknown.deaf",
    "acknowledged": "ignored",
    "resume soon": "ignored", // its deadline is armed again
    "resume late": "unknown.deaf",
    "resume overdue": "unknown.deaf",
    "time": LAST_WILL,
  },
  "presence.offline": {
    ...anyMessage(NEWS),
    "status online": NEWS,
    "status offline": "ignored", // a last will counts once
    "retained online": "ignored",
    "retained offline": "ignored",
    "link up": "ignored", // it was offline before the link was up
    "link down": "unknown.deaf",
    "acknowledged": "ignored",
    "resume soon": "ignored", // offline is not ended by time
    "resume late": "unknown.deaf", // it may have spoken unheard
    "resume overdue": "ignored",
    "time": "ignored",
  },
};

const PRESENCE_FACTS = ["came_online", "went_offline"];

Deno.test("intercom machine: each state of presence does with each event what the table says", () => {
  checkTable(PRESENCE, {
    states: leavesOf(intercomMachine).filter((leaf) => leaf.startsWith("presence.")),
    events: EVENTS,
    observe: (state, event) => {
      const panel = panelIn(state);
      const before = { presence: panel.presence(), seen: panel.snapshot().context.times.lastSeen };
      assert.equal(`presence.${before.presence}`, state);
      happen(panel, event);
      const words = [
        ...(panel.presence() === before.presence ? [] : [panel.presence()]),
        ...(panel.snapshot().context.times.lastSeen === before.seen ? [] : ["heard"]),
        ...panel.said().filter((fact) => PRESENCE_FACTS.includes(fact)),
      ];
      panel.stop();
      return words.length === 0 ? "ignored" : words.join(", ");
    },
  });
});

const NO_WORD_OF_THE_DOOR: Record<string, string> = {
  "heard": "ignored",
  "status online": "ignored",
  "status offline": "ignored",
  "retained online": "ignored",
  "retained offline": "ignored",
  "link up": "ignored",
  "link down": "ignored", // the contact is where it was, as far as is known
  "resume soon": "ignored",
  "resume late": "ignored",
  "resume overdue": "ignored",
};
const TOLD = {
  "call": "called",
  "key": "key_used",
  "alarm tamper": "alarm_raised, alarm tamper",
};
const FORCED = "door_opened, alarm_raised, alarm forced";

const DOOR: StateTable = {
  "door.unknown": {
    ...NO_WORD_OF_THE_DOOR,
    ...TOLD,
    "heartbeat closed": "closed", // the first thing known is not news
    "heartbeat open": "open.within_time",
    "heartbeat open, told to": "open.within_time",
    "opened by key": "open.within_time, door_opened",
    "opened by nothing": `open.within_time, ${FORCED}`,
    "closed": "closed, door_closed",
    "alarm forced": "alarm_raised, alarm forced",
    "alarm held open": "alarm_raised, alarm held_open",
    "acknowledged": "ignored",
    "time": "ignored",
  },
  "door.closed": {
    ...NO_WORD_OF_THE_DOOR,
    ...TOLD,
    "heartbeat closed": "ignored",
    "heartbeat open": "open.presumed", // the event that tells why may be under way
    "heartbeat open, told to": "open.presumed",
    "opened by key": "open.within_time, door_opened",
    "opened by nothing": `open.within_time, ${FORCED}`,
    "closed": "door_closed",
    "alarm forced": "open.within_time, alarm_raised, alarm forced", // whoever forces a door opens it
    "alarm held open": "alarm_raised, alarm held_open",
    "acknowledged": "ignored",
    "time": "ignored",
  },
  "door.open.presumed": {
    ...NO_WORD_OF_THE_DOOR,
    ...TOLD,
    "heartbeat closed": "closed, door_opened, alarm_raised, door_closed, alarm forced",
    "heartbeat open": "ignored",
    "heartbeat open, told to": "ignored",
    "opened by key": "open.within_time, door_opened",
    "opened by nothing": `open.within_time, ${FORCED}`,
    "closed": "closed, door_opened, alarm_raised, door_closed, alarm forced",
    "alarm forced": "alarm_raised, alarm forced",
    "alarm held open": "alarm_raised, alarm held_open",
    "acknowledged": "ignored",
    "time": "open.held_open, door_opened, alarm_raised, alarm_raised, alarm forced", // first forced, then held open
  },
  "door.open.within_time": {
    ...NO_WORD_OF_THE_DOOR,
    ...TOLD,
    "heartbeat closed": "closed, door_closed",
    "heartbeat open": "ignored",
    "heartbeat open, told to": "ignored",
    "opened by key": "door_opened",
    "opened by nothing": FORCED,
    "closed": "closed, door_closed",
    "alarm forced": "alarm_raised, alarm forced",
    "alarm held open": "alarm_raised, alarm held_open",
    "acknowledged": "ignored",
    "time": "open.held_open, alarm_raised, alarm held_open",
  },
  "door.open.held_open": {
    ...NO_WORD_OF_THE_DOOR,
    ...TOLD,
    "heartbeat closed": "closed, door_closed, alarm null",
    "heartbeat open": "ignored",
    "heartbeat open, told to": "ignored",
    "opened by key": "open.within_time, door_opened", // it closed unheard
    "opened by nothing": `open.within_time, ${FORCED}`,
    "closed": "closed, door_closed, alarm null",
    "alarm forced": "alarm_raised, alarm forced",
    "alarm held open": "alarm_raised",
    "acknowledged": "alarm null",
    "time": "ignored", // it is said once
  },
};

Deno.test("intercom machine: each state of the door does with each event what the table says", () => {
  checkTable(DOOR, {
    states: leavesOf(intercomMachine).filter((leaf) => leaf.startsWith("door.")),
    events: EVENTS,
    observe: (state, event) => {
      const panel = panelIn(state);
      const before = { door: panel.door(), alarm: panel.snapshot().context.alarm };
      assert.equal(`door.${before.door}`, state);
      happen(panel, event);
      const { alarm } = panel.snapshot().context;
      const words = [
        ...(panel.door() === before.door ? [] : [panel.door()]),
        ...panel.said().filter((fact) => !PRESENCE_FACTS.includes(fact)),
        ...(alarm === before.alarm ? [] : [`alarm ${alarm}`]),
      ];
      panel.stop();
      return words.length === 0 ? "ignored" : words.join(", ");
    },
  });
});

Deno.test("intercom machine: names no event that is not in the tables", () => {
  const named: string[] = [...Object.values(SAY).map(({ type }) => type), "resume"];
  assert.deepEqual(eventsOf(intercomMachine).filter((type) => !named.includes(type)), []);
});

Deno.test("intercom machine: every state can be reached", () => {
  const timers = intercomMachine.events.filter((type) => type.startsWith("xstate.after"));
  const events = [
    ...Object.values(SAY).map((event) => ({ ...event, at: START })),
    { type: "resume", at: START, heardUntil: START },
    ...timers.map((type) => ({ type })),
  ] as IntercomEvent[];
  const paths = getShortestPaths(intercomMachine, {
    input: { mac: "AA:BB:CC:01", at: START, ...SETTINGS },
    events,
    // Times alone make no other state.
    serializeState: ({ value }) => JSON.stringify(value),
  });
  const reached = new Set(paths.flatMap(({ state }) => leavesOfValue(state.value)));
  assert.deepEqual([...reached].sort(), leavesOf(intercomMachine).sort());
});
