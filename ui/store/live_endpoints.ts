/**
 * @module
 * What the stream says of endpoints, folded into the live state. Pure; the collections are copied once a batch.
 */
import type { Endpoint, EndpointAlert } from "../types.ts";

/** Alerts that are over, kept for the feed. */
const OVER_KEPT = 50;

/** The endpoints' part of the live state. */
export interface LiveEndpoints {
  /** By PBX and name, as `endpointKey` joins them. */
  endpoints: ReadonlyMap<string, Endpoint>;
  /** By id: those that stand, and the last of those that are over. */
  endpointAlerts: ReadonlyMap<string, EndpointAlert>;
}

/** The key of an endpoint. Names of PBXs have no slash, so that no two endpoints share one. */
export function endpointKey(endpoint: { pbx: string; name: string }): string {
  return `${endpoint.pbx}/${endpoint.name}`;
}

/** The endpoints while a batch of messages is taken. */
export class EndpointsDraft {
  #before: LiveEndpoints;
  #endpoints: Map<string, Endpoint> | null = null;
  #alerts: Map<string, EndpointAlert> | null = null;

  constructor(before: LiveEndpoints) {
    this.#before = before;
  }

  /** A snapshot: nothing that was known before it holds. */
  replace(endpoints: readonly Endpoint[], alerts: readonly EndpointAlert[]): void {
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
    this.#alerts = new Map(alerts.map((alert) => [alert.id, alert]));
  }

  /** An endpoint's newest view. */
  changed(endpoint: Endpoint): void {
    (this.#endpoints ??= new Map(this.#before.endpoints)).set(endpointKey(endpoint), endpoint);
  }

  /** An endpoint that Asterisk no longer has. */
  removed(of: { pbx: string; name: string }): void {
    (this.#endpoints ??= new Map(this.#before.endpoints)).delete(endpointKey(of));
  }

  /** An alert's newest view. */
  alert(alert: EndpointAlert): void {
    const alerts = this.#alerts ??= new Map(this.#before.endpointAlerts);
    // Behind the others, so that the oldest of those that are over leave first.
    alerts.delete(alert.id);
    alerts.set(alert.id, alert);
    const over = [...alerts.values()].filter(({ ended_at }) => ended_at !== null);
    for (const { id } of over.slice(0, Math.max(0, over.length - OVER_KEPT))) alerts.delete(id);
  }

  /** The endpoints after the batch; what nothing touched is the same object. */
  result(): LiveEndpoints {
    return {
      endpoints: this.#endpoints ?? this.#before.endpoints,
      endpointAlerts: this.#alerts ?? this.#before.endpointAlerts,
    };
  }
}
