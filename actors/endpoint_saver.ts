/**
 * @module
 * What is written of endpoints: a row of each when anything worth keeping changed, and what it stated. While too much
 * waits for the database rows are held back, since a newer one takes their place; what was stated is not.
 */
import { monotonicFactory } from "ulid";
import type { SnapshotFrom } from "xstate";
import type { EndpointChangeRow, WriteUnit } from "../db/rows.ts";
import type { endpointMachine } from "../machines/endpoint.ts";
import type { EndpointFact } from "../machines/endpoint_events.ts";
import type { EndpointStatus } from "../machines/endpoint_views.ts";
import { type Clock, toIso } from "./clock.ts";
import { endpointRow } from "./endpoint_rows.ts";
import type { EndpointPlace } from "./endpoint_views.ts";
import type { Logger } from "./logger.ts";

/** An endpoint as it is now. */
export interface EndpointState {
  place: EndpointPlace;
  snapshot: SnapshotFrom<typeof endpointMachine>;
}

interface SaverOptions {
  clock: Clock;
  record: (unit: WriteUnit) => Promise<void>;
  /** Whether so much waits for the database that rows are better made later. */
  isBehind?: () => boolean;
  log: Pick<Logger, "error">;
}

/** Holds what rows say, and which are to be made when the database is back. */
export class EndpointSaver {
  readonly #options: SaverOptions;
  readonly #stateOf: (key: string) => EndpointState | null;
  /** What the row of each says, but for what changes with every look. */
  readonly #stored = new Map<string, string>();
  readonly #held = new Set<string>();
  readonly #ulid = monotonicFactory();

  constructor(options: SaverOptions, stateOf: (key: string) => EndpointState | null) {
    this.#options = options;
    this.#stateOf = stateOf;
  }

  /** The row of an endpoint is as the endpoint is. */
  isStored(key: string): void {
    const state = this.#stateOf(key);
    if (state !== null) this.#stored.set(key, essenceOf(state));
  }

  /** An endpoint had a turn, and stated this: writes what is worth it. */
  turned(key: string, facts: readonly EndpointFact[]): void {
    const state = this.#stateOf(key);
    if (state === null) return;
    const changes = facts.flatMap((fact) => this.#changeRow(state.place, fact) ?? []);
    const isBehind = this.#options.isBehind?.() ?? false;
    if (!isBehind) this.catchUp();
    const essence = essenceOf(state);
    const isNew = essence !== this.#stored.get(key);
    if (!isNew && changes.length === 0) return;
    this.#stored.set(key, essence);
    if (isBehind) this.#held.add(key);
    if (isBehind && changes.length === 0) return;
    this.write(key, {
      ...(isBehind ? {} : { endpoint: endpointRow(state.place, state.snapshot, this.#options.clock) }),
      ...(changes.length === 0 ? {} : { endpointChanges: changes }),
    });
  }

  /** An endpoint is no more. */
  removed(key: string, { place, snapshot }: EndpointState, at: number): void {
    const { pbx, name } = place;
    this.#stored.delete(key);
    this.#held.delete(key);
    // Or its history would go on as it was, until one of that name comes back.
    const fact = { type: "endpoint.became_unknown", at, reason: "no_data" } as const;
    const changes = snapshot.context.known === null ? [] : [this.#changeRow(place, fact)!];
    this.write(key, { removeEndpoint: { pbx, name }, endpointChanges: changes });
  }

  /** Writes what was held back; call it when the database is back. */
  catchUp(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const key of held) {
      const state = this.#stateOf(key);
      if (state === null) continue;
      this.write(key, { endpoint: endpointRow(state.place, state.snapshot, this.#options.clock) });
    }
  }

  /** Has something written; `what` is what the log calls it. */
  write(what: string, unit: WriteUnit): void {
    this.#options.record(unit).catch((err) =>
      this.#options.log.error({ err, endpoint: what }, "An endpoint could not be recorded")
    );
  }

  #changeRow({ pbx, name }: EndpointPlace, fact: EndpointFact): EndpointChangeRow | null {
    const { clock } = this.#options;
    const change = (status: EndpointStatus, reason: string | null): EndpointChangeRow => ({
      id: this.#ulid(clock.toWall(fact.at)),
      pbx,
      name,
      at: toIso(clock, fact.at),
      status,
      reason,
    });
    switch (fact.type) {
      case "endpoint.came_online":
        return change("online", null);
      case "endpoint.went_offline":
        return change("offline", fact.reason);
      case "endpoint.became_unknown":
        return change("unknown", fact.reason);
      default:
        return null;
    }
  }
}

/** What of an endpoint is worth writing when it changes. */
function essenceOf({ place, snapshot }: EndpointState): string {
  const { known, reach, alerted, turns } = snapshot.context;
  const contacts = reach.contacts.map(({ roundtripMs: _rtt, expiresAt: _expires, ...contact }) => contact);
  return JSON.stringify([place.details, known, contacts, alerted, turns, snapshot.value.steadiness]);
}
