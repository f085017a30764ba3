/**
 * @module
 * What several parts of the page read out of the live state. Each is worked out once a change.
 */
import { computed } from "@preact/signals";
import { now } from "./clock.ts";
import { endpointTroubleList } from "./endpoint_views.ts";
import { links, opened, panels } from "./live.ts";
import { attention, isHeld, type Trouble, troubles } from "./problems.ts";
import { ringing } from "./ringing.ts";
import { service } from "./session.ts";
import { count } from "./table.ts";
import type { Intercom } from "../types.ts";

/** Alarms and panels that wait for a yes. */
export const needsAttention = computed(() => attention(panels.value.values()));
/** Numbers beside the filters. */
export const counts = computed(() => count(panels.value.values()));

/** Panels with a call in the last minutes: few, so that the clock need not walk through all of them. */
const called = computed(() => [...panels.value.values()].filter((panel) => panel.last_call !== null));
const ringingNow = computed(() => ringing(called.value, opened.value, now.value));
let lastRinging: Intercom[] = [];
/** The panels where somebody rings; the same array while nothing changes. */
export const ringingPanels = computed(() => lastRinging = sameOr(lastRinging, ringingNow.value));
/** Their MACs. */
export const ringingMacs = computed(() => new Set(ringingPanels.value.map(({ mac }) => mac)));

/** A door is found held at the coarse clock's next step, not at every second. */
const coarseNow = computed(() => Math.floor(now.value / 5000) * 5000);
const heldOpenAfter = computed(() => service.value?.held_open_after ?? 60);

/** What is wrong now. */
export const troubleList = computed<Trouble[]>(() =>
  troubles(panels.value.values(), {
    links: links.value,
    now: coarseNow.value,
    heldOpenAfterSeconds: heldOpenAfter.value,
    phones: endpointTroubleList.value,
  })
);

/** Doors with a command on its way, and open doors that nothing is wrong with. */
export const inMotion = computed(() => {
  const moving: Intercom[] = [];
  for (const panel of panels.value.values()) {
    const status = panel.command?.status;
    const commanded = status === "requested" || status === "sent" || status === "confirmed";
    const open = panel.door === "open" && panel.status === "online" && !panel.alarm &&
      !isHeld(panel, coarseNow.value, heldOpenAfter.value);
    if (panel.adopted && (commanded || open)) moving.push(panel);
  }
  return moving;
});

function sameOr(before: Intercom[], after: Intercom[]): Intercom[] {
  const same = before.length === after.length && after.every((panel, index) => panel === before[index]);
  return same ? before : after;
}
