/**
 * @module
 * The Asterisk of the benchmark of rings: calls at a steady pace from ever other numbers to 777, or most of them to 888,
 * as two traces of a real one have it. Half of them are answered after a second and end after another, half are given up after two.
 */
import { Player, readTraces, type Trace } from "./ami_plays.ts";
import { AmiSource } from "./ami_source.ts";
import { earsHere, growEars } from "./ring_ears.ts";
import { answer } from "./support.ts";

/** What was made, by the callers' numbers. */
export type Made = Record<string, {
  to: "777" | "888";
  /** When the first word of it was written. */
  at: number;
  /** How much later that was than the pace wanted it, in milliseconds: what the machine does to any process. */
  late: number;
  status: "completed" | "missed";
}>;

const CALLER = "74951234567";
const LIFTS = /^Event: Newstate\r\n[^]*ChannelStateDesc: Up\r\n/;
const ENDS = /^Event: HangupRequest\r\n/;

interface Story {
  name: string;
  status: "completed" | "missed";
  /** Packets before which it pauses, each once, in their order; milliseconds. */
  pauses: [packet: RegExp, ms: number][];
}

const STORIES: Story[] = [
  { name: "answered", status: "completed", pauses: [[LIFTS, 1000], [ENDS, 1000]] },
  { name: "missed-caller-cancels", status: "missed", pauses: [[ENDS, 2000]] },
];

growEars();
const { now } = earsHere();
const source = new AmiSource();
const player = new Player();
const encoder = new TextEncoder();
const traces = readTraces({ masked: true });
const elsewhere = traces.map((trace) => dialling("888", trace));
let serial = 0;

await answer({
  listen: () => ({ port: source.port }),
  "logged in": () => source.loggedIn,
  call: async (
    { calls, perSecond, mine }: { calls: number; perSecond: number; mine: number },
  ): Promise<Made> => {
    const made: Made = {};
    const start = performance.now();
    const over: Promise<void>[] = [];
    for (let i = 0; i < calls; i++) {
      const due = start + i * 1000 / perSecond;
      await sleep(due - performance.now());
      const story = STORIES[Math.floor(i / mine) % STORIES.length]!;
      const to = i % mine === 0 ? "777" : "888";
      // Numbers that nobody has.
      const caller = `7495000${String(++serial).padStart(5, "0")}`;
      // The traces of 22 stand behind those of 16.
      const trace = (to === "777" ? traces : elsewhere).findLast(({ name }) => name === story.name)!;
      const parts = partsOf(trace, story.pauses, caller);
      made[caller] = { to, at: now(), late: performance.now() - due, status: story.status };
      void source.write(parts[0]!.bytes);
      over.push(goOn(parts.slice(1)));
    }
    await Promise.all(over);
    return made;
  },
});

interface Part {
  bytes: Uint8Array;
  afterMs: number;
}

async function goOn(parts: Part[]): Promise<void> {
  for (const { bytes, afterMs } of parts) {
    await sleep(afterMs);
    await source.write(bytes);
  }
}

/** The trace with another number in the place of 777. Ids are no part of its texts. */
function dialling(number: string, trace: Trace): Trace {
  const packets = trace.packets.map(({ texts, ids }) => ({
    ids,
    texts: texts.map((text) => text.replaceAll("777", number)),
  }));
  return { ...trace, packets };
}

/** A play of a trace, cut before the events that it pauses at. */
function partsOf(trace: Trace, pauses: Story["pauses"], caller: string): Part[] {
  const texts = [{ text: "", afterMs: 0 }];
  for (const packet of player.play(trace)) {
    const [before, afterMs] = pauses[texts.length - 1] ?? [];
    if (before?.test(packet)) texts.push({ text: "", afterMs: afterMs! });
    texts.at(-1)!.text += packet.replaceAll(CALLER, caller);
  }
  return texts.map(({ text, afterMs }) => ({ bytes: encoder.encode(text), afterMs }));
}

function sleep(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
