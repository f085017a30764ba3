/**
 * @module
 * Traces of real Asterisks as tests use them: their bytes, and their packets with the moment each came. Traces without
 * moments of their own get them by a rule: a packet every 20 ms, and where the talk ends, `talk_s` seconds pass.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { AmiPacket } from "../../../actors/ami/packet.ts";

/** Releases of Asterisk that there are traces of. */
export const RELEASES = ["16", "22"] as const;

/** One packet of a trace, `at` in milliseconds since the trace began. */
export interface Heard {
  packet: AmiPacket;
  at: number;
}

/** What a call of a trace comes to, as `expected.json` has it. */
export interface ExpectedCall {
  caller: string;
  caller_name?: string;
  receiver: string;
  direction: string;
  status: string;
  end_reason: string;
  answered_by: string | null;
  rang?: string[];
  talk_s: number;
}

/** What a call of the newer traces comes to: who was reached how, and who talked how long, in order. */
export interface ExpectedCourse extends ExpectedCall {
  /** Legs in the order of their creation: `number role outcome`. */
  legs: string[];
  /** Conversations: numbers in the order of legs, and seconds. */
  segments: { who: string[]; s: number }[];
}

interface Expectations<T> {
  [trace: string]: { calls: T[] };
}

const FOLDER = new URL("traces/", import.meta.url);
/** Time between packets that came with none. */
const STEP_MS = 20;

/** What the traces of the first issue come to. */
export const EXPECTED = readJson<Expectations<ExpectedCall>>("expected.json");

/** What the newer traces come to; a key with `@22` is of that release alone. */
export const EXPECTED_MORE = readJson<Expectations<ExpectedCourse>>("expected_more.json");

/** What a newer trace comes to, in one release; undefined when nobody said. */
export function expectedMore(release: string, name: string): { calls: ExpectedCourse[] } | undefined {
  return EXPECTED_MORE[`${name}@${release}`] ?? EXPECTED_MORE[name];
}

/** Names of a release's traces. */
export function tracesOf(release: string): string[] {
  return readdirSync(new URL(`${release}/`, FOLDER)).filter((file) => file.endsWith(".ami"))
    .map((file) => file.replace(/\.ami$/, "")).sort();
}

/** The bytes that Asterisk wrote. */
export function traceBytes(release: string, name: string): Uint8Array {
  return readFileSync(new URL(`${release}/${name}.ami`, FOLDER));
}

/** The packets of a trace, each with its moment. Read by no parser of the product's. */
export function readTrace(release: string, name: string): Heard[] {
  const packets = packetsOf(new TextDecoder().decode(traceBytes(release, name)));
  let text: string;
  try {
    text = readFileSync(new URL(`${release}/${name}.times`, FOLDER), "utf8");
  } catch {
    return timed(packets, Math.max(...EXPECTED[name]!.calls.map(({ talk_s }) => talk_s), 0));
  }
  const times = text.trim().split("\n").map(Number);
  // A few have moments of packets that came while their bytes were being put away.
  if (times.length < packets.length) {
    throw new Error(`Cannot read ${release}/${name}: ${packets.length} packets, ${times.length} times`);
  }
  return packets.map((packet, index) => ({ packet, at: times[index]! }));
}

/** Splits text into packets: names in lower case, the first value of a repeated one. */
export function packetsOf(text: string): AmiPacket[] {
  return text.split("\r\n\r\n").filter((block) => block.trim() !== "").map((block) => {
    const packet: Record<string, string> = {};
    for (const line of block.split("\r\n")) {
      const at = line.indexOf(":");
      if (at < 1) continue;
      packet[line.slice(0, at).toLowerCase()] ??= line.slice(at + 1).trim();
    }
    return packet;
  });
}

/** The talk ends with the first who leaves the bridge. */
function timed(packets: AmiPacket[], talkSeconds: number): Heard[] {
  const end = packets.findIndex(({ event }) => event === "BridgeLeave");
  const enters = packets.map(({ event }) => event).lastIndexOf("BridgeEnter");
  return packets.map((packet, index) => ({
    packet,
    at: index * STEP_MS + (end >= 0 && index >= end ? talkSeconds * 1000 - (end - enters) * STEP_MS : 0),
  }));
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as T;
}
