/**
 * @module
 * What is wrong now, grouped by cause: a lost broker is one item, however many panels it hides.
 */
import type { AlarmKind, OfflineReason, UnknownReason } from "../../machines/events.ts";
import type { Intercom, Link } from "../types.ts";
import type { EndpointTrouble } from "./endpoint_troubles.ts";

/** More alarms of one kind than this become one item. */
export const ALARMS_APART = 5;

/** One thing that is wrong, with every panel that it concerns. `since` is ISO 8601. */
export type Trouble =
  | { kind: "link"; key: string; link: Link; since: string; panels: Intercom[] }
  /** It works, and should be mended all the same. */
  | { kind: "warning"; key: string; link: Link; since: string; panels: Intercom[] }
  | { kind: "alarm"; key: string; alarm: AlarmKind; since: string; panels: Intercom[] }
  | { kind: "offline"; key: string; reason: OfflineReason; since: string; panels: Intercom[] }
  | { kind: "held"; key: string; since: string; panels: Intercom[] }
  | { kind: "unknown"; key: string; reason: UnknownReason; since: string; panels: Intercom[] }
  | { kind: "waiting"; key: string; since: string; panels: Intercom[] }
  | EndpointTrouble & { panels: Intercom[] };

/** What the grouping needs beside the panels. */
export interface TroubleContext {
  links: readonly Link[];
  /** Milliseconds. */
  now: number;
  heldOpenAfterSeconds: number;
  /** What is wrong with phones, grouped already. */
  phones?: readonly EndpointTrouble[];
}

/** Groups what is wrong by its cause, the most urgent first. */
export function troubles(panels: Iterable<Intercom>, context: TroubleContext): Trouble[] {
  const groups = sortOut(panels, context);
  const found: Trouble[] = [...links(context.links, groups.linkDown), ...alarms(groups.alarm)];
  for (const [reason, of] of groups.offline) {
    found.push({ kind: "offline", key: `offline-${reason}`, reason, ...oldest(of, (p) => p.status_since) });
  }
  // A door that stands open is nearer to harm than a phone, but a network that is down hides both.
  for (const trouble of context.phones ?? []) found.push({ ...trouble, panels: [] });
  if (groups.held.length) {
    found.push({ kind: "held", key: "held", ...oldest(groups.held, (p) => p.door_since ?? p.status_since) });
  }
  for (const [reason, of] of groups.unknown) {
    found.push({ kind: "unknown", key: `unknown-${reason}`, reason, ...oldest(of, (p) => p.status_since) });
  }
  if (groups.waiting.length) {
    found.push({ kind: "waiting", key: "waiting", ...oldest(groups.waiting, (p) => p.status_since) });
  }
  for (const link of context.links) {
    if (link.state !== "up" || !link.warning) continue;
    found.push({ kind: "warning", key: `warning-${link.id}`, link, since: link.since, panels: [] });
  }
  return found;
}

/** What asks for a person, as a number for the rail: alarms and panels that wait for a yes. */
export function attention(panels: Iterable<Intercom>): number {
  let count = 0;
  for (const panel of panels) {
    if (panel.alarm || !panel.adopted) count++;
  }
  return count;
}

interface Groups {
  linkDown: Intercom[];
  alarm: Map<AlarmKind, Intercom[]>;
  offline: Map<OfflineReason, Intercom[]>;
  unknown: Map<UnknownReason, Intercom[]>;
  held: Intercom[];
  waiting: Intercom[];
}

function sortOut(panels: Iterable<Intercom>, { now, heldOpenAfterSeconds, links }: TroubleContext): Groups {
  const groups: Groups = {
    linkDown: [],
    alarm: new Map(),
    offline: new Map(),
    unknown: new Map(),
    held: [],
    waiting: [],
  };
  const brokerDown = links.some(({ id, state }) => id === "broker" && state !== "up");
  for (const panel of panels) {
    if (!panel.adopted) {
      groups.waiting.push(panel);
      continue;
    }
    if (panel.alarm) add(groups.alarm, panel.alarm.kind, panel);
    if (panel.status === "offline") {
      add(groups.offline, panel.status_reason === "last_will" ? "last_will" : "silence", panel);
    } else if (panel.status === "unknown") {
      // Whatever each panel says of itself, without the broker nobody can know: one cause.
      if (brokerDown || panel.status_reason === "link_down") groups.linkDown.push(panel);
      else add(groups.unknown, panel.status_reason === "restarted" ? "restarted" : "never_heard", panel);
    }
    // With an alarm the door is told already.
    if (panel.status === "online" && !panel.alarm && isHeld(panel, now, heldOpenAfterSeconds)) {
      groups.held.push(panel);
    }
  }
  return groups;
}

/** Whether a door stands open for longer than doors should. `now` is milliseconds. */
export function isHeld(panel: Intercom, now: number, afterSeconds: number): boolean {
  return panel.door === "open" && panel.door_since !== null &&
    now - Date.parse(panel.door_since) > afterSeconds * 1000;
}

function links(all: readonly Link[], hidden: Intercom[]): Trouble[] {
  const down = all.filter(({ state }) => state !== "up");
  const found: Trouble[] = down.map((link) => ({
    kind: "link",
    key: `link-${link.id}`,
    link,
    since: link.since,
    panels: link.id === "broker" ? hidden : [],
  }));
  const brokerIsTold = down.some(({ id }) => id === "broker");
  if (hidden.length && !brokerIsTold) {
    // The link is back and these panels have not been heard since.
    found.push({
      kind: "unknown",
      key: "unknown-link_down",
      reason: "link_down",
      ...oldest(hidden, (p) => p.status_since),
    });
  }
  return found;
}

function alarms(byKind: ReadonlyMap<AlarmKind, Intercom[]>): Trouble[] {
  const found: Trouble[] = [];
  for (const [alarm, panels] of byKind) {
    if (panels.length > ALARMS_APART) {
      found.push({ kind: "alarm", key: `alarm-${alarm}`, alarm, ...oldest(panels, (p) => p.alarm!.since) });
      continue;
    }
    for (const panel of panels) {
      found.push({
        kind: "alarm",
        key: `alarm-${alarm}-${panel.mac}`,
        alarm,
        since: panel.alarm!.since,
        panels: [panel],
      });
    }
  }
  return found;
}

function oldest(
  panels: Intercom[],
  since: (panel: Intercom) => string,
): { since: string; panels: Intercom[] } {
  const sorted = [...panels].sort((a, b) => since(a) < since(b) ? -1 : 1);
  return { since: since(sorted[0]!), panels: sorted };
}

function add<K>(groups: Map<K, Intercom[]>, key: K, panel: Intercom): void {
  const group = groups.get(key);
  if (group) group.push(panel);
  else groups.set(key, [panel]);
}
