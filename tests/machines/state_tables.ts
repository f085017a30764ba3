/**
 * @module
 * Helps to hold a machine to a table of all its states and all its events: what has no entry fails, so that no event
 * is ignored without somebody having said so.
 */
import assert from "node:assert/strict";
import type { AnyStateMachine, StateNode } from "xstate";

/** Paths of all states that have no states of their own, such as `presence.online`. */
export function leavesOf(machine: AnyStateMachine): string[] {
  const leaves: string[] = [];
  // deno-lint-ignore no-explicit-any -- the node's own types do not matter here
  const visit = (node: StateNode<any, any>) => {
    const children = Object.values(node.states);
    if (children.length === 0) leaves.push(node.path.join("."));
    children.forEach(visit);
  };
  visit(machine.root);
  return leaves;
}

/** Paths of all leaves that a state value stands in. */
export function leavesOfValue(value: unknown, prefix = ""): string[] {
  if (typeof value === "string") return [`${prefix}${value}`];
  return Object.entries(value as Record<string, unknown>).flatMap(([name, inner]) =>
    leavesOfValue(inner, `${prefix}${name}.`)
  );
}

/** Events that a machine names, without timers and patterns. */
export function eventsOf(machine: AnyStateMachine): string[] {
  return machine.events.filter((type) => !type.startsWith("xstate.") && !type.includes("*"));
}

/** A table: for each state, for each event, what comes of it in words. */
export type StateTable = Record<string, Record<string, string>>;

/** Compares what a machine does with what the table says, state by state. Every state has to name every event. */
export function checkTable(
  table: StateTable,
  options: { states: string[]; events: string[]; observe: (state: string, event: string) => string },
): void {
  const { states, events, observe } = options;
  assert.deepEqual(Object.keys(table).sort(), [...states].sort(), "states of the table and of the machine");
  for (const state of states) {
    const row = table[state]!;
    const seen = Object.fromEntries(events.map((event) => [event, observe(state, event)]));
    assert.deepEqual(seen, row, `in ${state}`);
  }
}
