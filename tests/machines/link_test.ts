/**
 * @module
 * The machine of a link: every state with every event, and one cause told once.
 */
import assert from "node:assert/strict";
import { createActor } from "xstate";
import type { LinkEvent, LinkFact } from "../../machines/events.ts";
import { linkMachine } from "../../machines/link.ts";
import { checkTable, eventsOf, leavesOf } from "./state_tables.ts";

const opened: LinkEvent = { type: "link.opened", at: 5 };
const lost: LinkEvent = { type: "link.lost", at: 7, error: "refused" };

function startLink(...events: LinkEvent[]) {
  const facts: LinkFact[] = [];
  const actor = createActor(linkMachine, { input: { id: "broker", at: 1 } });
  actor.on("*", (fact) => void facts.push(fact));
  actor.start();
  events.forEach((event) => actor.send(event));
  return { actor, facts };
}

Deno.test("link machine: each state does with each event what the table says", () => {
  const ways: Record<string, LinkEvent[]> = { connecting: [], up: [opened], down: [lost] };
  checkTable({
    connecting: { "link.opened": "up: link.came_up", "link.lost": "down: link.went_down" },
    up: { "link.opened": "ignored", "link.lost": "down: link.went_down" },
    down: { "link.opened": "up: link.came_up", "link.lost": "other words" },
  }, {
    states: leavesOf(linkMachine),
    events: eventsOf(linkMachine),
    observe: (state, event) => {
      const { actor, facts } = startLink(...ways[state]!);
      facts.length = 0;
      const before = actor.getSnapshot();
      assert.equal(before.value, state);
      actor.send(event === "link.opened" ? opened : { type: "link.lost", at: 9, error: "timed out" });
      const { value, context } = actor.getSnapshot();
      if (facts.length > 0) return `${value}: ${facts.map(({ type }) => type).join(", ")}`;
      assert.equal(value, state);
      assert.equal(context.since, before.context.since, "since when does not change");
      return context.lastError === before.context.lastError ? "ignored" : "other words";
    },
  });
});

Deno.test("link: says since when, and keeps the last error when it is up again", () => {
  const { actor, facts } = startLink(opened, lost, { ...opened, at: 20 });
  assert.deepEqual(actor.getSnapshot().context, { id: "broker", since: 20, lastError: "refused" });
  assert.deepEqual(facts, [
    { type: "link.came_up", at: 5 },
    { type: "link.went_down", at: 7, error: "refused" },
    { type: "link.came_up", at: 20 },
  ]);
});
