/**
 * @module
 * Which call a channel belongs to, for the channels of one PBX. It remembers for a while which channels are over,
 * so that what is told of them late does not begin a call anew.
 */
import type { ChannelSeen } from "../machines/call_events.ts";

/** How long the channels of a call that is over are known. */
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 50_000;

/** Calls by the ids of their channels. */
export class CallIndex {
  readonly #calls = new Map<string, string>();
  /** Until when a channel counts as over; in the order of coming. */
  readonly #over = new Map<string, number>();

  /** The calls that the channels belong to, each once. */
  find(channels: readonly ChannelSeen[]): string[] {
    const found = new Set<string>();
    for (const { uniqueid, linkedid } of channels) {
      const call = this.#calls.get(uniqueid) ?? this.#calls.get(linkedid);
      if (call !== undefined) found.add(call);
      const other = this.#calls.get(linkedid);
      if (other !== undefined) found.add(other);
    }
    return [...found];
  }

  /** Whether all of the channels belong to calls that are over for good. */
  areOver(channels: readonly ChannelSeen[], now: number): boolean {
    return channels.length > 0 &&
      channels.every(({ uniqueid }) => (this.#over.get(uniqueid) ?? -Infinity) > now);
  }

  /** Notes ids of channels, and Linkedids, as a call's. */
  add(ids: Iterable<string>, call: string): void {
    for (const id of ids) if (id !== "") this.#calls.set(id, call);
  }

  /** A call is over for good, or gone into another. */
  remove(ids: Iterable<string>, call: string, now: number): void {
    for (const id of ids) {
      if (this.#calls.get(id) === call) this.#calls.delete(id);
      this.#over.delete(id);
      this.#over.set(id, now + REMEMBERED_MS);
    }
    for (const [id, until] of this.#over) {
      if (until > now && this.#over.size <= MOST_REMEMBERED) break;
      this.#over.delete(id);
    }
  }

  /** Forgets all: another run of the PBX gives the same ids to other channels. */
  clear(): void {
    this.#calls.clear();
    this.#over.clear();
  }
}
