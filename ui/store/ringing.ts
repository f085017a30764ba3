/**
 * @module
 * Who rings now: a call at a panel that is young and has opened no door yet.
 */
import type { Intercom } from "../types.ts";

/** How long a call at a door is taken for one that somebody waits on. */
export const RINGS_FOR_MS = 45_000;

/** Whether somebody stands at this panel's door. `openedAt` and `now` are milliseconds. */
export function isRinging(panel: Intercom, openedAt: number | undefined, now: number): boolean {
  if (!panel.last_call || !panel.adopted) return false;
  const at = Date.parse(panel.last_call.at);
  return now - at < RINGS_FOR_MS && !(openedAt !== undefined && openedAt >= at);
}

/** The panels where somebody rings, the longest wait first. */
export function ringing(
  panels: Iterable<Intercom>,
  opened: ReadonlyMap<string, number>,
  now: number,
): Intercom[] {
  const found: Intercom[] = [];
  for (const panel of panels) {
    if (isRinging(panel, opened.get(panel.mac), now)) found.push(panel);
  }
  return found.sort((a, b) => a.last_call!.at < b.last_call!.at ? -1 : 1);
}
