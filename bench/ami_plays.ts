/**
 * @module
 * Traces of real Asterisks, played again and again, each time as other calls: Uniqueids count on, channels and bridges
 * have other names. What a play comes to is what `expected.json` says of its trace.
 */
import { EXPECTED, RELEASES, traceBytes } from "../tests/actors/ami/trace_files.ts";

/** One trace, ready to be played. */
export interface Trace {
  name: string;
  packets: Template[];
  /** What is another thing in each play, in the order in which a PBX counts it up. */
  ids: string[];
}

/** A packet: text, and between two pieces of it the number of an id. */
interface Template {
  texts: string[];
  ids: number[];
}

/** A bridge, a channel's Uniqueid, the counter in a channel's name. */
const IDS = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b\d{10}\.\d+\b|-[0-9a-f]{8}\b/g;
/** Classes that the service asks for by `Action: Events`. */
const ASKED_FOR = /^Privilege: (call|system|agent),/m;
const FIRST_SECOND = 1_900_000_000;
/** Channels that a PBX counts in one second of Uniqueids. */
const CHANNELS_PER_SECOND = 100;

/** The traces that `expected.json` tells of, of both releases. `masked` leaves out what the service does not ask for. */
export function readTraces(options: { masked: boolean }): Trace[] {
  return RELEASES.flatMap((release) => Object.keys(EXPECTED).map((name) => readOne(release, name, options)));
}

/** What calls come to, with how many of each there are, when each trace is played so often. */
export function expectedCalls(traces: readonly Trace[], repetitions: number): Map<string, number> {
  const calls = new Map<string, number>();
  for (const { name } of traces) {
    for (const { caller, receiver, direction, status, end_reason, answered_by } of EXPECTED[name]!.calls) {
      const key = [caller, receiver, direction, status, end_reason, answered_by ?? "nobody"].join(" ");
      calls.set(key, (calls.get(key) ?? 0) + repetitions);
    }
  }
  return calls;
}

/** Plays traces; each play has ids that no other has. */
export class Player {
  #channels = 0;

  /** The packets of one more play. */
  play({ packets, ids }: Trace): string[] {
    const second = FIRST_SECOND + Math.floor(this.#channels / CHANNELS_PER_SECOND);
    const fresh = ids.map((id) => {
      if (id.length === 36) return crypto.randomUUID();
      const count = ++this.#channels;
      return id.startsWith("-") ? `-${count.toString(16).padStart(8, "0")}` : `${second}.${count}`;
    });
    return packets.map(({ texts, ids }) =>
      texts.reduce((text, next, index) => text + fresh[ids[index - 1]!] + next)
    );
  }
}

function readOne(release: string, name: string, { masked }: { masked: boolean }): Trace {
  const packets = new TextDecoder().decode(traceBytes(release, name)).split(/(?<=\r\n\r\n)/)
    .filter((packet) => !masked || ASKED_FOR.test(packet));
  const ids = [...new Set(packets.flatMap((packet) => packet.match(IDS) ?? []))]
    .sort((one, other) => numberOf(one) - numberOf(other));
  return {
    name,
    ids,
    packets: packets.map((packet) => ({
      texts: packet.split(IDS),
      ids: (packet.match(IDS) ?? []).map((id) => ids.indexOf(id)),
    })),
  };
}

/** Uniqueids of a trace differ behind the point in what a PBX counts. */
function numberOf(id: string): number {
  return id.startsWith("-") ? parseInt(id.slice(1), 16) : id.length === 36 ? 0 : Number(id.split(".")[1]);
}
