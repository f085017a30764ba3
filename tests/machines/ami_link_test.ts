/**
 * @module
 * The machine of a link to Asterisk: every state with every event, its waits to the millisecond, and what it has done.
 */
import assert from "node:assert/strict";
import { getShortestPaths } from "@xstate/graph";
import { createActor } from "xstate";
import {
  AMI_AUDIT_EVERY_MS,
  AMI_BACKOFF_MS,
  AMI_DEADLINES_MS,
  AMI_REFUSED_RETRY_MS,
  amiBackoffMs,
  type AmiLinkEvent,
  type AmiLinkFact,
  amiLinkMachine,
} from "../../machines/ami_link.ts";
import { CountingClock, type Now, START } from "./panel.ts";
import { checkTable, eventsOf, leavesOf, leavesOfValue, type StateTable } from "./state_tables.ts";

const SAY = {
  "connected": { type: "ami.connected" },
  "login accepted": { type: "ami.login_accepted" },
  "refused": { type: "ami.refused", error: "the password or user is wrong" },
  "booted": { type: "ami.booted" },
  "synced": { type: "ami.synced" },
  "lost": { type: "ami.lost", error: "reset", random: 0 },
} as const satisfies Record<string, Now<AmiLinkEvent>>;
type Said = keyof typeof SAY;

function startLink(...names: Said[]) {
  const clock = new CountingClock();
  const facts: AmiLinkFact[] = [];
  const effects: string[] = [];
  const actor = createActor(
    amiLinkMachine.provide({
      actions: {
        openConnection: () => void effects.push("opens"),
        closeConnection: () => void effects.push("closes"),
        beginSync: () => void effects.push("syncs"),
      },
    }),
    { clock, input: { at: clock.now(), random: 0 } },
  );
  actor.on("*", (fact) => void facts.push(fact));
  actor.start();
  const link = {
    clock,
    actor,
    facts,
    effects,
    say: (...said: Said[]) =>
      said.forEach((name) => actor.send({ ...SAY[name], at: clock.now() } as AmiLinkEvent)),
    state: () => leavesOfValue(actor.getSnapshot().value)[0]!,
    context: () => actor.getSnapshot().context,
  };
  link.say(...names);
  return link;
}

const UP: Said[] = ["connected", "login accepted", "booted", "synced"];
const WAYS: Record<string, Said[]> = {
  "trying.connecting": [],
  "trying.logging_in": ["connected"],
  "trying.booting": ["connected", "login accepted"],
  "trying.syncing": ["connected", "login accepted", "booted"],
  "up.live": UP,
  "up.resyncing": [...UP, "booted"],
  "backing_off": ["lost"],
  "refused": ["connected", "refused"],
};

const FAILS = {
  "refused": "refused: failed, closes",
  "lost": "backing_off: failed, closes",
};
const GOES_DOWN = {
  "refused": "refused: went_down, closes",
  "lost": "backing_off: went_down, closes",
};
/** What still comes from a connection that was closed. */
const DEAF = Object.fromEntries(Object.keys(SAY).map((name) => [name, "ignored"]));

const TABLE: StateTable = {
  "trying.connecting": {
    ...DEAF,
    "connected": "trying.logging_in",
    ...FAILS, // a user name that cannot be sent is refused before there is a connection
    "time": "backing_off: failed, closes",
  },
  "trying.logging_in": {
    ...DEAF,
    "login accepted": "trying.booting",
    ...FAILS,
    "booted": "noted", // it overtook the news of the login
    "time": "backing_off: failed, closes",
  },
  "trying.booting": {
    ...DEAF,
    ...FAILS,
    "booted": "trying.syncing: syncs",
    "time": "backing_off: failed, closes",
  },
  "trying.syncing": {
    ...DEAF,
    ...FAILS,
    "booted": "syncs", // what was asked before may be half of it
    "synced": "up.live: came_up",
    "time": "backing_off: failed, closes",
  },
  "up.live": { ...DEAF, ...GOES_DOWN, "booted": "up.resyncing: syncs", "time": "up.resyncing: syncs" },
  "up.resyncing": {
    ...DEAF,
    ...GOES_DOWN,
    "booted": "syncs",
    "synced": "up.live", // it was up all the while
    "time": "backing_off: went_down, closes",
  },
  "backing_off": { ...DEAF, "time": "trying.connecting: opens" },
  "refused": { ...DEAF, "time": "trying.connecting: opens" },
};

/** To the next timer, whatever it waits for. */
const NEXT: Record<string, number> = {
  "trying.connecting": AMI_DEADLINES_MS.connect,
  "trying.logging_in": AMI_DEADLINES_MS.login,
  "trying.booting": AMI_DEADLINES_MS.boot,
  "trying.syncing": AMI_DEADLINES_MS.sync,
  "up.live": AMI_AUDIT_EVERY_MS,
  "up.resyncing": AMI_DEADLINES_MS.sync,
  "backing_off": AMI_BACKOFF_MS.first,
  "refused": AMI_REFUSED_RETRY_MS,
};

Deno.test("AMI link machine: each state does with each event what the table says", () => {
  checkTable(TABLE, {
    states: leavesOf(amiLinkMachine),
    events: [...Object.keys(SAY), "time"],
    observe: (state, event) => {
      const link = startLink(...WAYS[state]!);
      assert.equal(link.state(), state);
      link.facts.length = link.effects.length = 0;
      const before = link.context();
      if (event === "time") link.clock.pass(NEXT[state]!);
      else link.say(event as Said);
      const did = [...link.facts.map(({ type }) => type.replace("ami.", "")), ...link.effects].join(", ");
      const moved = link.state() === state ? "" : link.state();
      const noted = link.context() !== before;
      link.actor.stop();
      assert.equal(link.clock.live, 0);
      return [moved, did].filter(Boolean).join(": ") || (noted ? "noted" : "ignored");
    },
  });
});

Deno.test("AMI link machine: names no event that is not in the table, and reaches every state", () => {
  const named: string[] = Object.values(SAY).map(({ type }) => type);
  assert.deepEqual(eventsOf(amiLinkMachine).filter((type) => !named.includes(type)), []);
  const timers = amiLinkMachine.events.filter((type) => type.startsWith("xstate.after"));
  const paths = getShortestPaths(amiLinkMachine, {
    input: { at: START, random: 0 },
    events: [
      ...Object.values(SAY).map((event) => ({ ...event, at: START + 1 })),
      ...timers.map((type) => ({ type })),
    ] as AmiLinkEvent[],
    // Counts and times alone make no other state.
    serializeState: ({ value, context }) => JSON.stringify([value, context.booted]),
  });
  assert.deepEqual(
    [...new Set(paths.flatMap(({ state }) => leavesOfValue(state.value)))].sort(),
    leavesOf(amiLinkMachine).sort(),
  );
});

for (const state of Object.keys(NEXT).filter((name) => name !== "up.live")) {
  Deno.test(`AMI link: ${state} waits to the millisecond, and knows until when`, () => {
    const link = startLink(...WAYS[state]!);
    assert.equal(link.context().deadlineAt, START + NEXT[state]!);
    link.clock.pass(NEXT[state]! - 1);
    assert.equal(link.state(), state);
    link.clock.pass(1);
    assert.notEqual(link.state(), state);
    link.actor.stop();
  });
}

Deno.test("AMI link: each deadline says what did not come", () => {
  for (
    const [state, said] of [
      ["trying.connecting", /no connection within 10 s/],
      ["trying.logging_in", /no answer to the login within 10 s/],
      ["trying.booting", /no FullyBooted within 120 s/],
      ["trying.syncing", /no end of the lists within 30 s/],
      ["up.resyncing", /no end of the lists within 30 s/],
    ] as const
  ) {
    const link = startLink(...WAYS[state]!);
    link.clock.pass(NEXT[state]!);
    assert.match(link.context().lastError!, said);
    const fact = link.facts.at(-1)!;
    assert.match("error" in fact ? fact.error : "", said);
    assert.equal(fact.at, START + NEXT[state]!);
    link.actor.stop();
  }
});

Deno.test("AMI link: waits longer after each failure, never longer than half a minute, and from the start once it was up", () => {
  const link = startLink();
  const waits: number[] = [];
  for (let i = 0; i < 10; i++) {
    link.say("lost");
    waits.push(link.context().deadlineAt! - link.clock.now());
    link.clock.pass(waits.at(-1)!);
    assert.equal(link.state(), "trying.connecting");
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  link.say(...UP, "lost");
  assert.equal(link.context().deadlineAt! - link.clock.now(), 500);
  link.actor.stop();
});

Deno.test("AMI link: jitter takes up to half of a wait away", () => {
  for (const failures of [1, 4, 50]) {
    const most = amiBackoffMs(failures, 0);
    assert.ok(amiBackoffMs(failures, 0.5) < most);
    assert.ok(amiBackoffMs(failures, 0.999_999) >= most / 2);
  }
});

Deno.test("AMI link: FullyBooted that overtakes the answer to the login counts, but not for the next connection", () => {
  const link = startLink("connected", "booted", "login accepted");
  assert.equal(link.state(), "trying.syncing");
  link.say("lost");
  link.clock.pass(AMI_BACKOFF_MS.first);
  link.say("connected", "login accepted");
  assert.equal(link.state(), "trying.booting");
  link.actor.stop();
});

Deno.test("AMI link: its context is plain JSON in every state", () => {
  for (const ways of Object.values(WAYS)) {
    const link = startLink(...ways);
    assert.deepEqual(JSON.parse(JSON.stringify(link.context())), link.context());
    link.actor.stop();
  }
});
