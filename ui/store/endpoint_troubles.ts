/**
 * @module
 * What is wrong with endpoints now, one item a cause: as the service grouped them, and those that come and go. Pure.
 */
import type { Endpoint, EndpointAlert } from "../types.ts";

/** One thing that is wrong with endpoints. `since` is ISO 8601. */
export type EndpointTrouble =
  | { kind: "phones"; key: string; alert: EndpointAlert; since: string }
  | { kind: "flapping"; key: string; endpoints: Endpoint[]; since: string };

/** Alerts that stand, the largest first, then all endpoints that come and go as one item. */
export function endpointTroubles(
  endpoints: Iterable<Endpoint>,
  alerts: Iterable<EndpointAlert>,
): EndpointTrouble[] {
  const found: EndpointTrouble[] = openAlerts(alerts)
    .map((alert) => ({ kind: "phones", key: `phones-${alert.id}`, alert, since: alert.since }));
  // While Asterisk is not heard nobody knows whether it still does.
  const flapping = [...endpoints]
    .filter(({ flapping, status_reason }) => flapping && status_reason !== "link_down")
    .sort((a, b) => a.status_since < b.status_since ? 1 : -1);
  // Since when each of them does it nobody says; when it last did is what is known.
  if (flapping.length) {
    found.push({ kind: "flapping", key: "flapping", endpoints: flapping, since: flapping[0]!.status_since });
  }
  return found;
}

/** Alerts that stand, with what is still offline in them: the largest first, then the oldest. */
export function openAlerts(alerts: Iterable<EndpointAlert>): EndpointAlert[] {
  return [...alerts].filter(({ ended_at }) => ended_at === null).sort((a, b) =>
    stillOffline(b).length - stillOffline(a).length || (a.since < b.since ? -1 : 1)
  );
}

/** The phones of an alert that are not back. */
export function stillOffline(alert: EndpointAlert): EndpointAlert["endpoints"] {
  return alert.endpoints.filter(({ back_at }) => back_at === null);
}

/** An alert that began or ended, for the feed. */
export interface AlertNews {
  key: string;
  alert: EndpointAlert;
  /** The phones are back. */
  back: boolean;
  at: string;
}

/** What there is to tell of alerts, the newest first. */
export function alertNews(alerts: Iterable<EndpointAlert>): AlertNews[] {
  const found: AlertNews[] = [];
  for (const alert of alerts) {
    if (!alert.endpoints.length) continue;
    found.push({ key: `raised ${alert.id}`, alert, back: false, at: alert.raised_at });
    if (alert.ended_at !== null) {
      found.push({ key: `ended ${alert.id}`, alert, back: true, at: alert.ended_at });
    }
  }
  return found.sort((a, b) => a.at < b.at ? 1 : -1);
}
