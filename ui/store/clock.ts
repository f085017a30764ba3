/**
 * @module
 * The one clock that everything on the page ticks by, corrected to the service's.
 */
import { computed, signal } from "@preact/signals";
import { live } from "./live.ts";

const tick = signal(Date.now());

/** Now by the service's clock, milliseconds; changes once a second. */
export const now = computed(() => tick.value + live.value.skewMs);

/** Starts the ticking. Answers how to stop it. */
export function startClock(): () => void {
  const timer = setInterval(() => {
    tick.value = Date.now();
  }, 1000);
  return () => clearInterval(timer);
}
