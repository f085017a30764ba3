/**
 * @module
 * Any units in any order, and what the tables should come to: the model that the batched writer is held against.
 */
import fc from "fast-check";
import type { OnceKey, WriteUnit } from "../../db/rows.ts";
import { event, intercom } from "./ground.ts";

const MINUTE = 60_000;
const MACS = ["AA:BB:CC:01", "AA:BB:CC:02", "AA:BB:CC:03"];

const said = fc.record({
  mac: fc.constantFrom(...MACS),
  what: fc.oneof(
    fc.record({ kind: fc.constant("event" as const), key: fc.constantFrom("a", "b") }),
    fc.record({ kind: fc.constant("print" as const), key: fc.constantFrom("#a", "#b"), dup: fc.boolean() }),
    fc.record({ kind: fc.constant("plain" as const) }),
    fc.record({ kind: fc.constant("name" as const), name: fc.string({ maxLength: 4 }) }),
    fc.record({ kind: fc.constant("remove" as const) }),
  ),
});
/** Batches of units, and how many minutes pass before each. */
export const batches = fc.array(
  fc.record({
    minutes: fc.integer({ min: 0, max: 12 }),
    units: fc.array(said, { minLength: 1, maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 6 },
);

type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

/** The unit that says it. */
export function unitOf({ mac, what }: Said, now: number): WriteUnit {
  const received_at = new Date(now).toISOString();
  const fact = (once: OnceKey | null) => ({ events: [event({ mac, received_at, once })] });
  switch (what.kind) {
    case "event":
      return fact({ key: what.key, must_be_new: true });
    case "print":
      return fact({ key: what.key, must_be_new: what.dup });
    case "plain":
      return fact(null);
    case "name":
      return { intercom: intercom(mac, { name: what.name.replaceAll("\0", "") }) };
    case "remove":
      return { removeIntercom: mac };
  }
}

/** What the tables should come to, one unit after the other. */
export class Model {
  readonly events = new Set<string>();
  readonly names = new Map<string, string>();
  readonly #keys = new Map<string, number>();

  /** Ids of the unit's events that count. */
  take(unit: WriteUnit): string[] {
    if (unit.removeIntercom !== undefined) this.names.delete(unit.removeIntercom);
    if (unit.intercom) this.names.set(unit.intercom.mac, unit.intercom.name);
    return (unit.events ?? []).filter(({ id, mac, once, received_at }) => {
      if (once !== null) {
        const name = `${mac} ${once.key}`;
        const at = Date.parse(received_at);
        const before = this.#keys.get(name);
        this.#keys.set(name, at);
        const known = before !== undefined && (!once.key.startsWith("#") || before > at - 10 * MINUTE);
        if (known && once.must_be_new) return false;
      }
      this.events.add(id);
      return true;
    }).map(({ id }) => id);
  }
}
