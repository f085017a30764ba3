/**
 * @module
 * The service is killed again and again in the middle of a hundred calls, at moments drawn from a seed, and calls go
 * on without it. Of each call the test knows what the service can have heard, and so what its row may say.
 */
import assert from "node:assert/strict";
import type { EmulatedCall } from "../../emulators/asterisk.ts";
import { type Random, seededRandom, wholeBetween } from "../../emulators/random.ts";
import { type CallWorld, inCallWorld, type StoredCall } from "./call_world.ts";
import { pause, waitFor } from "./wait.ts";
import type { WorldKind } from "./world.ts";

/** Whether the service heard of something: `maybe` when it was killed a moment after. */
type Heard = "yes" | "maybe" | "no";

interface Moment {
  /** Wall clock, in milliseconds. */
  at: number;
  heard: Heard;
  /** By when it was known, if it was seen in a list only. */
  learnedAt: number;
}

/** How a call ends that nobody answers. */
const UNANSWERED = {
  no_answer: { status: "missed", deed: (call: EmulatedCall) => call.timeOut() },
  caller_gave_up: { status: "missed", deed: (call: EmulatedCall) => call.callerHangsUp() },
  declined: { status: "rejected", deed: (call: EmulatedCall) => call.decline() },
  busy: { status: "missed", deed: (call: EmulatedCall) => call.busy() },
} as const;

interface Tracked {
  call: EmulatedCall;
  linkedId: string;
  to: string;
  /** What it comes to: answered and hung up, with a transfer to another phone between or without, or not answered. */
  fate: "hangup" | "moved" | keyof typeof UNANSWERED;
  began: Moment;
  answered: Moment | null;
  moved: Moment | null;
  /** Who may count as the one who was dialled, and as the one who lifted: more than one where nobody listened. */
  receivers: string[];
  lifters: string[];
  ended: Moment | null;
  /** It ended before the last restart: what was not heard of it then never will be. */
  past: boolean;
}

const OPEN = 100;
/** Seconds by which a time may be off: half of one is rounding, the rest is for a machine that stalls. */
const LATE_S = 1.5;
const PHONES = ["777", "888", "150", "151", "152"];

/** Kills so many times and looks at every row. */
export async function killAmongCalls(
  kind: WorldKind,
  { seed, kills }: { seed: number; kills: number },
): Promise<void> {
  const random = seededRandom(seed);
  await inCallWorld(kind, { asterisk: { random: seededRandom(seed + 1) } }, async (world) => {
    const all: Tracked[] = [];
    let heard: Heard = "maybe";
    const begin = () => all.push(start(world, random, heard));
    const step = (most: number) => {
      for (const one of shuffled(all.filter(({ ended }) => ended === null), random).slice(0, most)) {
        advance(one, heard);
      }
    };
    // With a mark of until when it was listening, which is older than what happened since.
    await waitFor(
      async () => (await world.sql("select from service_marks where name = 'heard_until:main'")).length > 0,
      {
        what: "the first mark of until when the service listened",
      },
    );
    for (let kill = 0; kill < kills; kill++) {
      heard = "maybe";
      while (openOf(all).length < OPEN) begin();
      await pause(wholeBetween(random, 100, 1500));
      step(60);
      await pause(wholeBetween(random, 100, 1500));
      step(40);
      while (openOf(all).length < OPEN) begin();
      // Half of the kills come when all is written, the others right after something was said.
      if (kill % 2 === 0) await allWritten(world, all);
      else {
        await pause(wholeBetween(random, 0, 60));
        step(30);
        await pause(wholeBetween(random, 0, 15));
      }
      await world.service.kill9();
      heard = "no";
      step(OPEN / 2);
      for (let more = 0; more < 5; more++) begin();
      await world.service.start();
      await world.linkUp();
      const reconnectedAt = Date.now();
      for (const one of all) one.past = one.ended !== null;
      for (const one of openOf(all)) {
        // What goes on was listed, as it stood.
        for (const moment of [one.began, one.answered, one.moved]) {
          if (moment === null || moment.heard === "yes") continue;
          Object.assign(moment, { heard: "yes", learnedAt: reconnectedAt });
        }
      }
      // Right within two seconds of the link being up. What was listed is written in more than one batch, so the count
      // may be right before the rows are.
      const open = openOf(all).length;
      await waitFor(async () => {
        assert.equal(await world.openCount(), open);
        return await checkAll(world, all, reconnectedAt);
      }, { what: `${open} open calls, and every row right`, timeoutMs: 2_000 });
    }
    heard = "maybe";
    while (openOf(all).length > 0) {
      step(OPEN);
      await pause(200);
    }
    await allWritten(world, all);
    assert.equal(await world.openCount(), 0);
    const right = await checkAll(world, all, Date.now());
    assert.ok(right.lost > kills * 10 && right.whole > kills * 20, JSON.stringify(right));
  });
}

function openOf(all: Tracked[]): Tracked[] {
  return all.filter(({ ended }) => ended === null);
}

function start({ asterisk }: CallWorld, random: Random, heard: Heard): Tracked {
  const to = PHONES[wholeBetween(random, 0, PHONES.length - 1)]!;
  const fates = Object.keys(UNANSWERED) as (keyof typeof UNANSWERED)[];
  const call = asterisk.call({ from: String(74950000000 + wholeBetween(random, 0, 99_999)), to });
  return {
    call,
    linkedId: call.linkedid,
    to,
    fate: random() < 0.45
      ? "hangup"
      : random() < 0.4
      ? "moved"
      : fates[wholeBetween(random, 0, fates.length - 1)]!,
    began: now(heard),
    answered: null,
    moved: null,
    receivers: [to],
    lifters: [to],
    ended: null,
    past: false,
  };
}

function advance(one: Tracked, heard: Heard): void {
  if (one.fate !== "hangup" && one.fate !== "moved") {
    one.ended = now(heard);
    UNANSWERED[one.fate].deed(one.call);
  } else if (one.answered === null) {
    one.answered = now(heard);
    one.call.answer();
  } else if (one.fate === "moved" && one.moved === null) {
    one.moved = now(heard);
    const other = PHONES[(PHONES.indexOf(one.to) + 1) % PHONES.length]!;
    if (one.began.heard !== "yes") one.receivers.push(other);
    if (one.answered.heard !== "yes") one.lifters.push(other);
    one.call.blindTransfer(one.to, other);
    one.call.answer(other);
  } else {
    one.ended = now(heard);
    one.call.callerHangsUp();
  }
}

function now(heard: Heard): Moment {
  const at = Date.now();
  return { at, heard, learnedAt: at };
}

/** Waits until the table says all that happened since the last restart; then it is known to have been heard. */
async function allWritten(world: CallWorld, all: Tracked[]): Promise<void> {
  const wanted = openOf(all);
  await waitFor(async () => {
    const rows = new Map((await world.rows()).map((row) => [row.linked_id, row]));
    for (const one of wanted) {
      assert.equal(rows.get(one.linkedId)?.status, one.answered === null ? "incoming" : "answered");
    }
    // A call that moved on is as answered as before: only that nothing waits says that it was written.
    return await world.openCount() === wanted.length &&
      await world.metric("doorline_writer_waiting_rows") === 0;
  }, { what: "a table that says how all calls stand" });
  // One link, in order: whoever ended since the last restart has been heard of too.
  for (const { began, answered, moved, ended, past } of all) {
    if (past) continue;
    for (const moment of [began, answered, moved, ended]) if (moment?.heard === "maybe") moment.heard = "yes";
  }
}

/** Compares every call that is over with its row; gives how many were lost and how many were heard to their end. */
async function checkAll(world: CallWorld, all: Tracked[], reconnectedAt: number) {
  const rows = new Map<string, StoredCall[]>();
  for (const row of await world.rows()) rows.set(row.linked_id, [...rows.get(row.linked_id) ?? [], row]);
  const faults: string[] = [];
  const counts = { lost: 0, whole: 0, absent: 0 };
  for (const one of all) {
    const found = rows.get(one.linkedId) ?? [];
    const fault = found.length > 1
      ? "twice"
      : one.ended === null
      ? openFault(one, found[0])
      : endedFault(one, found[0], reconnectedAt);
    if (fault !== null) faults.push(`${describe(one)}: ${fault}; ${JSON.stringify(found[0])}`);
    if (found[0] === undefined) counts.absent++;
    else if (found[0].end_reason === "lost") counts.lost++;
    else if (found[0].ended_at !== null) counts.whole++;
  }
  assert.deepEqual(faults.slice(0, 10), [], `${faults.length} rows are not right`);
  const known = new Set(all.map(({ linkedId }) => linkedId));
  assert.deepEqual([...rows.keys()].filter((id) => !known.has(id)), [], "calls that nobody made");
  return counts;
}

function openFault(one: Tracked, row: StoredCall | undefined): string | null {
  if (row === undefined) return "no row of a call that goes on";
  const status = one.answered === null ? "incoming" : "answered";
  if (row.status !== status) return `it goes on and is ${status}`;
  if (row.answered_at !== null && !one.lifters.includes(row.answered_by_number ?? "")) {
    return "another lifter";
  }
  return one.receivers.includes(row.receiver_number ?? "") ? null : "another receiver";
}

function endedFault(one: Tracked, row: StoredCall | undefined, reconnectedAt: number): string | null {
  const { began, answered, moved, ended, fate } = one;
  if (row === undefined) return began.heard === "yes" ? "no row" : null;
  const times = [row.started_at, row.answered_at, row.ended_at].flatMap((time) => time?.getTime() ?? []);
  if (times.some((time, index) => time < (times[index - 1] ?? 0))) return "times out of order";
  if (row.ended_at === null) return "open, and the call is over";
  if (row.ended_at.getTime() > reconnectedAt + 1000) return "ended after it was known";
  if (!one.receivers.includes(row.receiver_number ?? "")) return "another receiver";
  const whole = row.end_reason !== "lost";
  if (whole && ended!.heard === "no") return "an end that nobody told of";
  if (!whole && ended!.heard === "yes") return "lost, and its end was told";
  if (!whole) {
    const knew = answered?.heard ?? "no";
    if (row.status === "completed") {
      if (knew === "no") return "completed, and nobody told that it was answered";
      if (!one.lifters.includes(row.answered_by_number ?? "")) return "answered by another";
      const most = (reconnectedAt - answered!.at) / 1000 + LATE_S;
      return row.duration <= most ? null : `more than ${most} s`;
    }
    if (knew === "yes") return "it had been answered, and is not completed";
    return row.status === "missed" && row.duration === 0 ? null : "neither completed nor missed";
  }
  if (fate !== "hangup" && fate !== "moved") {
    const right = row.status === UNANSWERED[fate].status && row.end_reason === fate && row.duration === 0;
    return right ? null : `expected ${fate}`;
  }
  const lifted = one.lifters.includes(row.answered_by_number ?? "");
  if (row.status !== "completed" || row.end_reason !== "hangup" || !lifted) {
    return "expected a call that was completed";
  }
  const most = (ended!.at - answered!.at) / 1000 + LATE_S;
  // Of two talks nobody knows when the first ended, where that was not heard.
  const unheard = moved !== null && moved.learnedAt !== moved.at;
  const least = (ended!.at - (unheard ? moved.learnedAt : answered!.learnedAt)) / 1000 - LATE_S;
  return row.duration >= least && row.duration <= most ? null : `expected ${least} to ${most} s`;
}

function describe({ linkedId, fate, began, answered, moved, ended }: Tracked): string {
  const word = (moment: Moment | null) => moment === null ? "-" : `${moment.at % 1e7} ${moment.heard}`;
  return `${linkedId} ${fate} [began ${word(began)}, answered ${word(answered)}, moved ${word(moved)}, ` +
    `ended ${word(ended)}]`;
}

function shuffled<T>(items: T[], random: Random): T[] {
  return items.map((item) => ({ item, at: random() })).sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
