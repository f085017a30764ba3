/**
 * @module
 * What an emulated Asterisk does with a dialled number: the steps of its extensions.
 * Numbers are those of the real Asterisk that traces were taken from.
 */

/** A member of a queue. */
export interface QueueMember {
  number: string;
  name: string;
}

/** One line of an extension. */
export type Step =
  | { app: "Answer" }
  /** An announcement, or a pause: the caller hears Asterisk. */
  | { app: "Playback" | "Wait"; data: string; ms: number }
  | { app: "Dial"; numbers: readonly string[]; seconds: number; local?: boolean }
  | { app: "Queue"; queue: string; members: readonly QueueMember[]; seconds: number; ringSeconds?: number }
  /** Without data it hangs up with the cause of the last dial, as `Hangup(${HANGUPCAUSE})`. */
  | { app: "Hangup"; data?: string };

/** Extensions by their numbers. */
export type Dialplan = Readonly<Record<string, readonly Step[]>>;

const RING_SECONDS = 15;
const MEMBERS: readonly QueueMember[] = [{ number: "888", name: "Other" }, { number: "777", name: "Ivan" }];

/** Extensions that are more than one phone. */
export const DEFAULT_DIALPLAN: Dialplan = {
  // A ring group.
  "700": [dial(["777", "888"]), { app: "Hangup" }],
  // A menu that answers first, then a phone.
  "701": [
    { app: "Answer" },
    { app: "Playback", data: "silence/1", ms: 1_000 },
    { app: "Wait", data: "1", ms: 1_000 },
    dial(["777"]),
    { app: "Hangup" },
  ],
  // A queue that rings everybody.
  "702": [{ app: "Answer" }, queue("support"), { app: "Hangup" }],
  "800": [{ app: "Answer" }, queue("support"), { app: "Hangup" }],
  // One phone, then another.
  "703": [dial(["777"], 4), dial(["888"]), { app: "Hangup" }],
  // Phones behind Local channels: a fork, and one alone.
  "704": [dial(["777", "888"], RING_SECONDS, true), { app: "Hangup" }],
  "705": [dial(["777"], RING_SECONDS, true), { app: "Hangup" }],
  // A phone, then a voice that takes a message.
  "706": [
    dial(["777"], 3),
    { app: "Answer" },
    { app: "Playback", data: "silence/2", ms: 2_000 },
    { app: "Hangup", data: "" },
  ],
  // A queue that rings one member after the other.
  "709": [{ app: "Answer" }, queue("patient", 4), { app: "Hangup" }],
};

/** Gives the steps of a number, whether anybody is there or not. */
export function stepsOf(number: string, dialplan: Dialplan): readonly Step[] {
  return dialplan[number] ?? [dial([number]), { app: "Hangup" }];
}

function dial(numbers: readonly string[], seconds = RING_SECONDS, local = false): Step {
  return { app: "Dial", numbers, seconds, local };
}

function queue(name: string, ringSeconds?: number): Step {
  return {
    app: "Queue",
    queue: name,
    members: ringSeconds ? [...MEMBERS].reverse() : MEMBERS,
    seconds: 20,
    ringSeconds,
  };
}
