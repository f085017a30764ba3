/**
 * @module
 * Sends what an Asterisk says of many calls, as fast as it is read. The bytes are made beforehand.
 */
import { expectedCalls, Player, readTraces } from "./ami_plays.ts";
import { AmiSource } from "./ami_source.ts";
import { answer } from "./support.ts";

/** What a sender has ready. */
export interface Prepared {
  events: number;
  bytes: number;
  calls: number;
  /** What they come to, with how many of each there are. */
  expected: Record<string, number>;
}

/**
 * Calls that are under way at once; a packet of each comes in turn. Real ones take seconds, and of so many the events
 * that lie between two of one call take part in what it costs.
 */
const AT_ONCE = 250;
const CHUNK_BYTES = 64 * 1024;

const source = new AmiSource();
const player = new Player();
const encoder = new TextEncoder();
let chunks: Uint8Array[] = [];

await answer({
  listen: () => ({ port: source.port }),
  "logged in": () => source.loggedIn,
  prepare: ({ repetitions, masked }: { repetitions: number; masked: boolean }): Prepared => {
    const traces = readTraces({ masked });
    const expected = expectedCalls(traces, repetitions);
    let events = 0;
    let text = "";
    chunks = [];
    for (const packet of packetsOf(traces, repetitions)) {
      events++;
      text += packet;
      if (text.length < CHUNK_BYTES) continue;
      chunks.push(encoder.encode(text));
      text = "";
    }
    chunks.push(encoder.encode(text));
    return {
      events,
      bytes: chunks.reduce((sum, { length }) => sum + length, 0),
      calls: expected.values().reduce((sum, count) => sum + count, 0),
      expected: Object.fromEntries(expected),
    };
  },
  send: async () => {
    for (const chunk of chunks) await source.write(chunk);
  },
});

function* packetsOf(traces: ReturnType<typeof readTraces>, repetitions: number): Generator<string> {
  const plays = playsOf(traces, repetitions);
  const open: Iterator<string>[] = [];
  for (let more = true; more || open.length > 0;) {
    while (more && open.length < AT_ONCE) {
      const { value, done } = plays.next();
      if (done) more = false;
      else open.push(value.values());
    }
    for (let at = 0; at < open.length; at++) {
      const { value, done } = open[at]!.next();
      if (done) open.splice(at--, 1);
      else yield value;
    }
  }
}

function* playsOf(traces: ReturnType<typeof readTraces>, repetitions: number): Generator<string[], void> {
  for (let round = 0; round < repetitions; round++) {
    for (const trace of traces) yield player.play(trace);
  }
}
