/**
 * @module
 * What a PBX lists when its link came up, as far as calls go by it: which channels there are, by call, and which of
 * those that were known are gone.
 */
import type { ListedChannel } from "../machines/call_events.ts";
import { type CallRecord, endOf } from "../machines/call_record.ts";
import { decodeListed } from "./ami/decode.ts";
import type { AmiPacket } from "./ami/packet.ts";

/** What a PBX has told when its link came up. Times on the steady clock. */
export interface PbxSnapshot {
  at: number;
  /** Tells one run of the PBX from another. */
  epoch: string;
  channels: readonly AmiPacket[];
  /** What was said while the lists were being made. */
  buffered: readonly { packet: AmiPacket; at: number }[];
}

/** The channels that are listed, by call, and the ids of all that are not to be taken for gone. */
export function readLists(
  { at, channels, buffered }: PbxSnapshot,
): { calls: ListedChannel[][]; present: Set<string> } {
  const listed = channels.flatMap((packet) => decodeListed(packet, at) ?? []);
  const present = new Set(listed.map(({ uniqueid }) => uniqueid));
  for (const { packet } of buffered) {
    // Its own word of how it ended is better than that it is gone.
    if (packet.event === "Hangup" && packet.uniqueid !== undefined) present.add(packet.uniqueid);
  }
  return { calls: [...Map.groupBy(listed, (one) => one.linkedid || one.uniqueid).values()], present };
}

/** Channels of a call that were there and are not any more. */
export function goneOf({ channels }: CallRecord, present: ReadonlySet<string>): string[] {
  return Object.values(channels)
    .filter((channel) => endOf(channel) === null && !present.has(channel.uniqueid))
    .map(({ uniqueid }) => uniqueid);
}
