/**
 * @module
 * Which calls each endpoint takes part in. Nothing is counted up or down: what a call says of itself takes the place
 * of what it said before, so that nothing can drift.
 */
import { endpointOf } from "../machines/call_story.ts";
import type { EndpointCallView } from "../machines/endpoint_views.ts";
import type { CallDetailView, LegView, PartyView } from "../machines/views.ts";

/** What one call means to the endpoints that are in it, by name. */
export function callsOf(view: CallDetailView): Map<string, EndpointCallView[]> {
  const found = new Map<string, EndpointCallView[]>();
  if (view.ended_at !== null) return found;
  for (const leg of view.legs) {
    if (leg.state === "ended" || !leg.channel.startsWith("PJSIP/")) continue;
    const name = endpointOf(leg.channel);
    const other = otherOf(view, leg);
    const call: EndpointCallView = {
      call_id: view.id,
      channel: leg.channel,
      state: leg.state,
      direction: leg.role === "caller" ? "out" : "in",
      number: other.number,
      name: other.name,
      since: leg.since,
    };
    found.set(name, [...found.get(name) ?? [], call]);
  }
  return found;
}

/** Holds what calls say of endpoints. */
export class EndpointCalls {
  /** By call, then by endpoint of its PBX. */
  readonly #calls = new Map<string, { pbx: string; endpoints: Map<string, EndpointCallView[]> }>();
  /** Calls by endpoint. */
  readonly #byEndpoint = new Map<string, Set<string>>();

  /** Takes what a call says now; returns the endpoints to which that is news. */
  take(view: CallDetailView): string[] {
    return this.#replace(view.id, view.pbx, callsOf(view));
  }

  /** A call is no more; returns its endpoints. */
  forget(id: string): string[] {
    const known = this.#calls.get(id);
    return known === undefined ? [] : this.#replace(id, known.pbx, new Map());
  }

  /** Calls of an endpoint, those that began first at the front. */
  of(pbx: string, name: string): EndpointCallView[] {
    const ids = this.#byEndpoint.get(keyOf(pbx, name));
    if (ids === undefined) return [];
    return [...ids].flatMap((id) => this.#calls.get(id)?.endpoints.get(name) ?? [])
      .sort((one, other) => one.since < other.since ? -1 : one.since > other.since ? 1 : 0);
  }

  #replace(id: string, pbx: string, endpoints: Map<string, EndpointCallView[]>): string[] {
    const before = this.#calls.get(id)?.endpoints ?? new Map<string, EndpointCallView[]>();
    if (endpoints.size === 0) this.#calls.delete(id);
    else this.#calls.set(id, { pbx, endpoints });
    const changed: string[] = [];
    for (const name of new Set([...before.keys(), ...endpoints.keys()])) {
      const now = endpoints.get(name);
      if (JSON.stringify(before.get(name)) === JSON.stringify(now)) continue;
      changed.push(name);
      const key = keyOf(pbx, name);
      const ids = this.#byEndpoint.get(key) ?? new Set();
      if (now === undefined) ids.delete(id);
      else ids.add(id);
      if (ids.size === 0) this.#byEndpoint.delete(key);
      else this.#byEndpoint.set(key, ids);
    }
    return changed;
  }
}

/** Key of an endpoint among those of all PBXs. */
export function keyOf(pbx: string, name: string): string {
  return `${pbx}/${name}`;
}

/** With whom a leg is, or is about to be. */
function otherOf(view: CallDetailView, leg: LegView): PartyView {
  const talk = view.segments.find(({ legs, ended_at }) => ended_at === null && legs.includes(leg.id));
  const partner = talk?.parties[talk.legs.findIndex((id) => id !== leg.id)];
  if (partner !== undefined) return partner;
  return leg.role === "caller" ? view.receiver : view.caller;
}
