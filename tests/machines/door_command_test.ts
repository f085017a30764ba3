/**
 * @module
 * One remote opening: every state with every event, its deadlines to the millisecond, and restarts.
 */
import assert from "node:assert/strict";
import { getShortestPaths } from "@xstate/graph";
import { createActor, type SnapshotFrom } from "xstate";
import {
  CLOSE_WINDOW_MS,
  COMMAND_LIFE_MS,
  type DoorCommandContext,
  doorCommandMachine,
  LATE_WINDOW_MS,
} from "../../machines/door_command.ts";
import type { DoorCommandEvent, DoorCommandFact } from "../../machines/events.ts";
import { CountingClock, type Now, START } from "./panel.ts";
import { checkTable, eventsOf, leavesOf, type StateTable } from "./state_tables.ts";

const INPUT = {
  id: "C1",
  mac: "AA:BB:CC:01",
  apartment: "12",
  issuedAt: START,
  expiresAt: START + COMMAND_LIFE_MS,
};

const SAY = {
  "sent": { type: "command.sent" },
  "refused": { type: "command.refused", reason: "the panel does not listen" },
  "opened, named": { type: "door.opened", source: null, commandId: "C1" },
  "opened, another's": { type: "door.opened", source: "remote", commandId: "C2" },
  "opened by remote": { type: "door.opened", source: "remote", commandId: null },
  "opened by key": { type: "door.opened", source: "key", commandId: null },
  "closed": { type: "door.closed" },
} as const satisfies Record<string, Now<DoorCommandEvent>>;
type Said = keyof typeof SAY;

function startCommand(
  options: { clock?: CountingClock; snapshot?: SnapshotFrom<typeof doorCommandMachine> } = {},
) {
  const clock = options.clock ?? new CountingClock();
  const facts: DoorCommandFact[] = [];
  const actor = createActor(doorCommandMachine, {
    clock,
    input: INPUT,
    ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }),
  });
  actor.on("*", (fact) => void facts.push(fact));
  actor.start();
  /** XState itself keeps events from an actor that is done, and grumbles. */
  const send = (event: DoorCommandEvent) => {
    if (actor.getSnapshot().status === "active") actor.send(event);
  };
  return {
    clock,
    actor,
    facts,
    send,
    say: (...names: Said[]) =>
      names.forEach((name) => send({ ...SAY[name], at: clock.now() } as DoorCommandEvent)),
    state: () => actor.getSnapshot().value as string,
    context: (): DoorCommandContext => actor.getSnapshot().context,
    said: () => facts.splice(0).map(({ type }) => type.replace("command.", "")),
  };
}

const WAYS: Record<string, Said[]> = {
  requested: [],
  sent: ["sent"],
  confirmed: ["sent", "opened, named"],
  expired: ["sent"],
  closed: ["sent", "opened, named", "closed"],
  failed: ["refused"],
  over: ["sent"],
};

function commandIn(state: string) {
  const command = startCommand();
  command.say(...WAYS[state]!);
  if (state === "expired") command.clock.pass(COMMAND_LIFE_MS);
  else if (state === "over") command.clock.pass(COMMAND_LIFE_MS + LATE_WINDOW_MS);
  else command.clock.pass(1000);
  command.said();
  assert.equal(command.state(), state);
  return command;
}

const DONE = { ...ignoring(), "resume": "ignored", "resume overdue": "ignored", "time": "ignored" };
function ignoring() {
  return Object.fromEntries(Object.keys(SAY).map((name) => [name, "ignored"]));
}

const TABLE: StateTable = {
  requested: {
    "sent": "sent: sent",
    "refused": "failed: failed",
    "opened, named": "confirmed: sent, confirmed", // it was quicker than the broker's answer
    "opened, another's": "ignored",
    "opened by remote": "confirmed: sent, confirmed",
    "opened by key": "ignored",
    "closed": "ignored", // nothing was opened
    "resume": "ignored", // it is never sent by a later run, but may have been by this one: its deadline is armed again
    "resume overdue": "expired: expired",
    "time": "over: expired",
  },
  sent: {
    "sent": "ignored",
    "refused": "failed: failed",
    "opened, named": "confirmed: confirmed",
    "opened, another's": "ignored",
    "opened by remote": "confirmed: confirmed",
    "opened by key": "ignored", // somebody else opened it
    "closed": "ignored",
    "resume": "ignored", // its deadline is armed again
    "resume overdue": "expired: expired",
    "time": "over: expired",
  },
  confirmed: {
    ...ignoring(),
    "closed": "closed: closed",
    "resume": "ignored",
    "resume overdue": "ignored",
    "time": "over", // nobody saw it close
  },
  expired: {
    ...ignoring(),
    "opened, named": "over: confirmed late",
    "opened by remote": "over: confirmed late",
    "resume": "ignored",
    "resume overdue": "ignored",
    "time": "over",
  },
  closed: DONE,
  failed: DONE,
  over: DONE,
};

Deno.test("door command machine: each state does with each event what the table says", () => {
  checkTable(TABLE, {
    states: leavesOf(doorCommandMachine),
    events: [...Object.keys(SAY), "resume", "resume overdue", "time"],
    observe: (state, event) => {
      const command = commandIn(state);
      const { clock, actor, send } = command;
      if (event === "time") {
        for (const ms of [COMMAND_LIFE_MS, LATE_WINDOW_MS, CLOSE_WINDOW_MS]) clock.pass(ms);
      } else if (event === "resume") {
        send({ type: "resume", at: clock.now(), heardUntil: clock.now() });
      } else if (event === "resume overdue") {
        send({ type: "resume", at: INPUT.expiresAt, heardUntil: INPUT.expiresAt });
      } else command.say(event as Said);
      const moved = command.state() === state ? "" : command.state();
      const facts = command.facts.map((fact) =>
        `${fact.type.replace("command.", "")}${"late" in fact && fact.late ? " late" : ""}`
      );
      actor.stop();
      assert.equal(clock.live, 0);
      return moved === "" && facts.length === 0
        ? "ignored"
        : [moved, ...facts.length > 0 ? [facts.join(", ")] : []].join(": ");
    },
  });
});

Deno.test("door command machine: names no event that is not in the table, and reaches every state", () => {
  const named: string[] = [...Object.values(SAY).map(({ type }) => type), "resume"];
  assert.deepEqual(eventsOf(doorCommandMachine).filter((type) => !named.includes(type)), []);
  const timers = doorCommandMachine.events.filter((type) => type.startsWith("xstate.after"));
  const paths = getShortestPaths(doorCommandMachine, {
    input: INPUT,
    events: [
      ...Object.values(SAY).map((event) => ({ ...event, at: START + 1 })),
      ...timers.map((type) => ({ type })),
    ] as DoorCommandEvent[],
    serializeState: ({ value }) => JSON.stringify(value),
  });
  assert.deepEqual(
    [...new Set(paths.map(({ state }) => state.value as string))].sort(),
    leavesOf(doorCommandMachine).sort(),
  );
});

Deno.test("door command: from the wish to the closed door, with the time of each", () => {
  const command = startCommand();
  command.clock.pass(20);
  command.say("sent");
  command.clock.pass(300);
  command.say("opened, named");
  command.clock.pass(4000);
  command.say("closed");
  assert.deepEqual(command.facts, [
    { type: "command.sent", at: START + 20 },
    { type: "command.confirmed", at: START + 320, late: false },
    { type: "command.closed", at: START + 4320 },
  ]);
  assert.equal(command.context().status, "closed");
  assert.equal(command.actor.getSnapshot().status, "done");
});

for (const from of ["requested", "sent"] as const) {
  Deno.test(`row 20: ${from} expires exactly at its deadline, and says so once`, () => {
    const command = startCommand();
    command.say(...WAYS[from]!);
    command.said();
    command.clock.pass(COMMAND_LIFE_MS - 1);
    assert.equal(command.state(), from);
    command.clock.pass(1);
    assert.equal(command.state(), "expired");
    command.clock.pass(LATE_WINDOW_MS);
    assert.deepEqual(command.facts, [{ type: "command.expired", at: INPUT.expiresAt }]);
  });
}

Deno.test("row 20: a confirmation after the deadline is late, and the command stays expired", () => {
  const command = startCommand();
  command.say("sent");
  command.said();
  command.clock.pass(COMMAND_LIFE_MS + LATE_WINDOW_MS - 1);
  command.say("opened, named", "opened, named");
  assert.equal(command.context().status, "expired");
  assert.equal(command.context().late, true);
  assert.deepEqual(command.facts.at(-1), { type: "command.confirmed", at: command.clock.now(), late: true });
  assert.deepEqual(command.said(), ["expired", "confirmed"]);
});

Deno.test("row 20: a confirmation that meets a late timer is late all the same, and said once", () => {
  for (const ways of [[], ["sent"]] as Said[][]) {
    const command = startCommand();
    command.say(...ways);
    command.said();
    // The timer has not run, as on a busy machine; the event brings a time at the deadline.
    for (let i = 0; i < 2; i++) {
      command.send({ type: "door.opened", at: INPUT.expiresAt, source: null, commandId: "C1" });
    }
    assert.deepEqual(command.said(), ["expired", "confirmed"]);
    assert.equal(command.context().status, "expired");
    assert.equal(command.context().late, true);
  }
});

Deno.test("row 20: a confirmation in the last millisecond before the deadline counts", () => {
  const command = startCommand();
  command.say("sent");
  command.clock.pass(COMMAND_LIFE_MS - 1);
  command.say("opened, named");
  assert.equal(command.context().status, "confirmed");
});

for (
  const [from, remainingMs, end] of [
    ["sent", COMMAND_LIFE_MS - 1000 - 3000, "expired"],
    ["confirmed", CLOSE_WINDOW_MS - 1000 - 3000, "over"],
    ["expired", LATE_WINDOW_MS - 3000, "over"],
  ] as const
) {
  Deno.test(`row 2: ${from} has its remaining time after a restart, to the millisecond`, () => {
    const before = commandIn(from);
    before.actor.stop();
    const clock = new CountingClock();
    clock.set(before.clock.now() + 3000);
    const command = startCommand({
      clock,
      snapshot: doorCommandMachine.resolveState({ value: from, context: before.context() }),
    });
    assert.equal(clock.live, 0, "a restored snapshot has no timers of its own");
    command.actor.send({ type: "resume", at: clock.now(), heardUntil: clock.now() });
    assert.deepEqual(command.said(), []);
    clock.pass(remainingMs - 1);
    assert.equal(command.state(), from);
    clock.pass(1);
    assert.equal(command.state(), end);
  });
}

Deno.test("door command: its context is plain JSON in every state", () => {
  for (const state of Object.keys(WAYS)) {
    const context = commandIn(state).context();
    assert.deepEqual(JSON.parse(JSON.stringify(context)), context);
  }
});
