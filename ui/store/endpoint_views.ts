/**
 * @module
 * Endpoints as several parts of the page read them. Each is worked out once a change.
 */
import { computed } from "@preact/signals";
import { type EndpointPart, endpointPath } from "../router.ts";
import type { Endpoint, EndpointCall, Link } from "../types.ts";
import { endpointTroubles, openAlerts } from "./endpoint_troubles.ts";
import { countEndpoints, pbxsOf } from "./endpoints.ts";
import { endpointAlerts, endpoints, links } from "./live.ts";

/** Numbers beside the filters. */
export const endpointCounts = computed(() => countEndpoints(endpoints.value.values()));
/** Alerts that stand. */
export const standingAlerts = computed(() => openAlerts(endpointAlerts.value.values()));
/** What is wrong with endpoints now. */
export const endpointTroubleList = computed(() =>
  endpointTroubles(endpoints.value.values(), endpointAlerts.value.values())
);
const pbxNames = computed(() => pbxsOf(endpoints.value.values()).join("\n"));
/** The Asterisks that endpoints are of; the same array while none comes or goes. */
export const pbxs = computed(() => pbxNames.value === "" ? [] : pbxNames.value.split("\n"));
/** Connections to Asterisks. */
export const asteriskLinks = computed(() => links.value.filter(({ id }) => /^asterisk(:|$)/.test(id)));

/** Address of an endpoint's page: with its PBX where there are several. */
export function pathOf(endpoint: { pbx: string; name: string }, part?: EndpointPart): string {
  return endpointPath(endpoint.name, { pbx: pbxs.value.length > 1 ? endpoint.pbx : undefined, part });
}

/** The PBX that a link leads to; null where that is not known, since there is only one. */
export function pbxOfLink(link: Link): string | null {
  return link.id.startsWith("asterisk:") ? link.id.slice("asterisk:".length) : null;
}

/** Whether an Asterisk is not heard: what was last known of its phones may be over. */
export function isUnheard(pbx: string): boolean {
  const link = asteriskLinks.value.find((one) => pbxOfLink(one) === pbx) ??
    asteriskLinks.value.find((one) => pbxOfLink(one) === null);
  return link !== undefined && link.state !== "up";
}

/** The Asterisks that the service is connected to, by their links: they are known before any phone is. */
export function linkedPbxs(): string[] {
  return asteriskLinks.value.map(pbxOfLink).filter((name) => name !== null);
}

/** How many endpoints a link is about. */
export function endpointsOfLink(link: Link): number {
  const pbx = pbxOfLink(link);
  if (pbx === null) return endpoints.value.size;
  let count = 0;
  for (const endpoint of endpoints.value.values()) if (endpoint.pbx === pbx) count++;
  return count;
}

/** The mark of a call on an endpoint: it rings somewhere, or there is talk. */
export function callMark(call: EndpointCall): "ringing" | "talking" {
  return call.state === "ringing" || call.state === "waiting" ? "ringing" : "talking";
}

/** Whether it is talked, or rings, at an endpoint. */
export function isBusy(endpoint: Endpoint): boolean {
  return endpoint.active_calls.length > 0;
}
