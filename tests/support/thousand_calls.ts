/**
 * @module
 * Calls of many kinds, all at once, as a plan that is drawn from a seed, and what each has to come to in the table.
 * Steps are done by hand at the emulated Asterisk, so that the plan knows the moment of each.
 */
import assert from "node:assert/strict";
import { DEFAULT_ENDPOINTS } from "../../emulators/asterisk_phones.ts";
import type { EmulatedCall } from "../../emulators/asterisk.ts";
import type { AttendedTransfer } from "../../emulators/asterisk_calls.ts";
import { type Random, seededRandom, wholeBetween } from "../../emulators/random.ts";
import { type CallWorld, inCallWorld, type StoredCall } from "./call_world.ts";
import { waitFor } from "./wait.ts";
import type { WorldKind } from "./world.ts";

/** One step of a call. What a later one needs is kept in `memory`. */
type Deed = (call: EmulatedCall, memory: { transfer?: AttendedTransfer }) => void;

/** A kind of call, and its row. */
interface Kind {
  from?: string;
  to: string;
  deeds: Deed[];
  status: StoredCall["status"];
  reason: string;
  by?: string;
  /** They talk from the one step to the other, counted from 0. */
  talks?: [from: number, to: number][];
  direction?: string;
}

const OUTSIDE = "974990000123";
const answer = (number?: string): Deed => (call) => call.answer(number);
const decline = (number?: string): Deed => (call) => call.decline(number);
const busy = (number?: string): Deed => (call) => call.busy(number);
const callerEnds: Deed = (call) => call.callerHangsUp();
const calleeEnds: Deed = (call) => call.calleeHangsUp();
const timeOut: Deed = (call) => call.timeOut();
const throughMenu: Deed = (call) => (call.timeOut(), call.timeOut());
const talked = { status: "completed", reason: "hangup" } as const;
const first: [number, number][] = [[0, 1]];
const second: [number, number][] = [[1, 2]];

const KINDS: Record<string, Kind> = {
  "answered": { to: "777", deeds: [answer(), callerEnds], ...talked, by: "777", talks: first },
  "answered, callee ends": { to: "151", deeds: [answer(), calleeEnds], ...talked, by: "151", talks: first },
  "no answer": { to: "777", deeds: [timeOut], status: "missed", reason: "no_answer" },
  "busy": { to: "888", deeds: [busy()], status: "missed", reason: "busy" },
  "declined": { to: "777", deeds: [decline()], status: "rejected", reason: "declined" },
  "given up": { to: "152", deeds: [callerEnds], status: "missed", reason: "caller_gave_up" },
  "nobody's number": { to: "999", deeds: [], status: "missed", reason: "unavailable" },
  "a phone that is off": { to: "300", deeds: [], status: "missed", reason: "unavailable" },
  "group": { to: "700", deeds: [answer("888"), callerEnds], ...talked, by: "888", talks: first },
  "group, one declines": {
    to: "700",
    deeds: [decline("888"), answer("777"), calleeEnds],
    ...talked,
    by: "777",
    talks: second,
  },
  "group, all decline": {
    to: "700",
    deeds: [decline("777"), decline("888")],
    status: "rejected",
    reason: "declined",
  },
  "group, given up": { to: "700", deeds: [callerEnds], status: "missed", reason: "caller_gave_up" },
  "menu": { to: "701", deeds: [throughMenu, answer(), callerEnds], ...talked, by: "777", talks: second },
  "menu, hung up": { to: "701", deeds: [callerEnds], status: "missed", reason: "abandoned" },
  "queue": { to: "702", deeds: [answer("777"), callerEnds], ...talked, by: "777", talks: first },
  "queue, given up": { to: "702", deeds: [callerEnds], status: "missed", reason: "caller_gave_up" },
  "queue, one by one": {
    to: "709",
    deeds: [timeOut, answer("888"), calleeEnds],
    ...talked,
    by: "888",
    talks: second,
  },
  "one, then another": {
    to: "703",
    deeds: [timeOut, answer("888"), callerEnds],
    ...talked,
    by: "888",
    talks: second,
  },
  "busy, then another": {
    to: "703",
    deeds: [busy("777"), answer("888"), callerEnds],
    ...talked,
    by: "888",
    talks: second,
  },
  "Local fork": { to: "704", deeds: [answer("888"), callerEnds], ...talked, by: "888", talks: first },
  "Local alone": { to: "705", deeds: [answer("777"), callerEnds], ...talked, by: "777", talks: first },
  "blind transfer": {
    to: "777",
    deeds: [answer(), (call) => call.blindTransfer("777", "888"), answer("888"), callerEnds],
    ...talked,
    by: "777",
    talks: [[0, 1], [2, 3]],
  },
  "blind transfer, unanswered": {
    to: "777",
    deeds: [answer(), (call) => call.blindTransfer("777", "888"), callerEnds],
    ...talked,
    by: "777",
    talks: first,
  },
  "attended transfer": {
    to: "777",
    deeds: [
      answer(),
      (call, memory) => void (memory.transfer = call.attendedTransfer("777", "888")),
      (_, { transfer }) => transfer!.consult.answer("888"),
      (_, { transfer }) => transfer!.complete(),
      callerEnds,
    ],
    ...talked,
    by: "777",
    talks: [[0, 4]],
  },
  "inside": {
    from: "150",
    to: "152",
    deeds: [answer(), callerEnds],
    ...talked,
    by: "152",
    talks: first,
    direction: "internal",
  },
  "outward": {
    from: "151",
    to: OUTSIDE,
    deeds: [answer(), calleeEnds],
    ...talked,
    by: OUTSIDE,
    talks: first,
    direction: "outbound",
  },
};

interface Planned {
  name: string;
  kind: Kind;
  from: string;
  call: EmulatedCall;
  linkedId: string;
  memory: { transfer?: AttendedTransfer };
  /** When each step was done, by the monotonic clock in milliseconds. */
  doneAt: number[];
  /** When each is due after all have begun, in milliseconds. */
  dueMs: number[];
}

/** Plays so many calls in a fresh world and compares each row with the plan. */
export async function manyCallsAtOnce(
  kind: WorldKind,
  { seed, count }: { seed: number; count: number },
): Promise<void> {
  const random = seededRandom(seed);
  const endpoints = [...DEFAULT_ENDPOINTS, { number: "300", registered: false }];
  await inCallWorld(kind, { asterisk: { random: seededRandom(seed + 1), endpoints } }, async (world) => {
    const planned: Planned[] = [];
    while (planned.length < count) {
      planned.push(begin(world, random, planned.length));
      // What was said has to leave this process before it says more.
      if (planned.length % 20 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const atOnce = planned.filter(({ call }) => !call.isOver).length;
    assert.ok(atOnce > count * 0.85, `only ${atOnce} calls at once`);
    await waitFor(
      async () =>
        await world.openCount() === atOnce && await world.metric("doorline_writer_waiting_rows") === 0,
      { what: `${atOnce} open calls in the table, and no more to write`, timeoutMs: 30_000 },
    );
    await playOut(planned);
    await waitFor(async () => await world.openCount() === 0, { what: "an end of all", timeoutMs: 30_000 });
    assert.deepEqual(world.asterisk.calls.length, 0);
    const wrong: string[] = [];
    const rows = new Map<string, StoredCall[]>();
    for (const row of await world.rows()) rows.set(row.linked_id, [...rows.get(row.linked_id) ?? [], row]);
    for (const one of planned) wrong.push(...faultsOf(one, rows.get(one.linkedId) ?? []));
    assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} rows are not right`);
    assert.equal([...rows.values()].flat().length, count);
    assert.equal(world.asterisk.slowClients, 0);
    const shown = world.service.stderr().filter((line) => /"level":(50|60)/.test(line));
    assert.deepEqual(shown, []);
  });
}

function begin({ asterisk }: CallWorld, random: Random, index: number): Planned {
  const names = Object.keys(KINDS);
  const name = names[wholeBetween(random, 0, names.length - 1)]!;
  const kind = KINDS[name]!;
  const from = kind.from ?? String(74950000000 + index);
  const call = asterisk.call({ from, to: kind.to });
  let due = wholeBetween(random, 0, 3000);
  const dueMs = kind.deeds.map(() => (due += wholeBetween(random, 300, 4000)));
  return { name, kind, from, call, linkedId: call.linkedid, memory: {}, doneAt: [], dueMs };
}

/** Does every step of every call when it is due. */
async function playOut(planned: Planned[]): Promise<void> {
  const beganAt = performance.now();
  await Promise.all(
    planned.flatMap((one) =>
      one.kind.deeds.map((deed, index) =>
        new Promise<void>((resolve, reject) => {
          setTimeout(() => {
            try {
              one.doneAt[index] = performance.now();
              deed(one.call, one.memory);
              resolve();
            } catch (error) {
              reject(new Error(`${one.name}: step ${index}`, { cause: error }));
            }
          }, beganAt + one.dueMs[index]! - performance.now());
        })
      )
    ),
  );
}

function faultsOf({ name, kind, from, linkedId, doneAt }: Planned, rows: StoredCall[]): string[] {
  const title = `${name} ${linkedId}`;
  if (rows.length !== 1) return [`${title}: ${rows.length} rows`];
  const row = rows[0]!;
  const seconds = (kind.talks ?? []).reduce((sum, [a, b]) => sum + (doneAt[b]! - doneAt[a]!) / 1000, 0);
  const want = {
    status: kind.status,
    end_reason: kind.reason,
    answered_by_number: kind.by ?? null,
    direction: kind.direction ?? "inbound",
    caller_number: from,
    receiver_number: kind.to,
    answered: kind.by !== undefined,
    accepted_at: null,
  };
  const got = {
    status: row.status,
    end_reason: row.end_reason,
    answered_by_number: row.answered_by_number,
    direction: row.direction,
    caller_number: row.caller_number,
    receiver_number: row.receiver_number,
    answered: row.answered_at !== null,
    accepted_at: row.accepted_at,
  };
  const faults: string[] = [];
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    faults.push(`${title}: ${JSON.stringify(got)}, expected ${JSON.stringify(want)}`);
  }
  // Half a second of it is the rounding to whole ones.
  if (Math.abs(row.duration - seconds) > 1.5) {
    faults.push(`${title}: ${row.duration} s, expected ${seconds.toFixed(1)}`);
  }
  const order = [row.started_at, row.answered_at, row.ended_at].flatMap((time) => time?.getTime() ?? []);
  if (order.some((time, index) => time < (order[index - 1] ?? 0))) faults.push(`${title}: times ${order}`);
  return faults;
}
