/**
 * @module
 * Lays what an emulated Asterisk tells beside what a real one told: for each channel its events in their order, with
 * every header. Names, ids and what threads race for are put aside.
 */
import { readFile } from "node:fs/promises";

/** One packet: its headers in order. */
export type Packet = [name: string, value: string][];

/** For each channel, in order of appearance, its events as text. */
export type Story = Record<string, string[]>;

/** Where the traces of real ones are. */
const TRACES = new URL("../actors/ami/traces/", import.meta.url);

/** Events that depend on the machine and its neighbours, not on the call. */
const ASIDE = new Set([
  "DeviceStateChange",
  "QueueMemberStatus",
  "TestEvent",
  "VarSet",
  "RTCPSent",
  "RTCPReceived",
  "ContactStatus",
  "PeerStatus",
  "ChallengeSent",
  "SuccessfulAuth",
  "FullyBooted",
]);

/** Events whose place among the others is a matter of luck. */
const OF_OWN_THREADS = new Set(["AgentComplete", "OriginateResponse", "BlindTransfer", "AttendedTransfer"]);

/** Cuts text into packets. Real ones end some with two empty lines. */
export function packetsOf(text: string): Packet[] {
  return text.split(/\r\n(?:\r\n)+/).filter((part) => part.trim() !== "").map((part) =>
    part.split("\r\n").map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    })
  );
}

/** Reads a real trace. */
export async function readTrace(version: 16 | 22, name: string): Promise<Packet[]> {
  return packetsOf(await readFile(new URL(`${version}/${name}.ami`, TRACES), "utf8"));
}

/** The first value of a header; empty when it is missing. */
export function header(packet: Readonly<Packet>, name: string): string {
  return packet.find(([one]) => one === name)?.[1] ?? "";
}

/** The events of a call by channel. Bridges without a channel are a story of their own. */
export function storyOf(packets: readonly Packet[]): Story {
  const names = new Map<string, string>();
  const story: Story = {};
  for (const packet of packets) {
    const event = header(packet, "Event");
    if (event === "" || ASIDE.has(event)) continue;
    const text = packet.map(([name, value]) => `${name}: ${plain(event, name, value, names)}`).join("\n");
    const channel = header(packet, "Channel") || header(packet, "DestChannel") ||
      header(packet, "TransfererChannel") || header(packet, "OrigTransfererChannel") ||
      header(packet, "LocalOneChannel");
    let owner = channel === "" ? "bridges" : alias(channel, names);
    // Phones that are rung together race for who rings first.
    if (event === "DialState") owner += ` > ${alias(header(packet, "DestChannel"), names)}`;
    if (OF_OWN_THREADS.has(event)) owner += ` > ${event}`;
    (story[owner] ??= []).push(text);
  }
  return story;
}

/** Names a channel by its endpoint and by which of its channels it is, so that ids of runs do not matter. */
function alias(channel: string, names: Map<string, string>): string {
  const known = names.get(channel);
  if (known !== undefined) return known;
  const base = channel.replace(/-[0-9a-f]{8}/, "");
  const earlier = [...names.values()].filter((one) => one.startsWith(`${base}#`)).length;
  const name = `${base}#${earlier + 1}`;
  names.set(channel, name);
  return name;
}

function plain(event: string, name: string, value: string, names: Map<string, string>): string {
  if (/(Uniqueid|Linkedid)$/.test(name)) return "";
  if (/Channel$/.test(name)) return alias(value, names);
  if (/^(HoldTime|RingTime|TalkTime)$/.test(name)) return "";
  // Threads race for who is first in, or out, and for when media go around Asterisk.
  if (/Bridge(NumChannels|Technology)$/.test(name)) return "";
  if (event === "Dial" || /^Dial/.test(event)) {
    // A phone's answer may overtake what is said of it.
    if (event !== "DialEnd" && /^DestChannelState/.test(name)) return "";
  }
  return value;
}
