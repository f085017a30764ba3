/**
 * @module
 * Whether the page is as narrow as a phone, by the same width as in the styles, and whether it is touched.
 */
import { signal } from "@preact/signals";

const narrow = signal(false);
let watched = false;

/** Follows the width of the page. */
export function usePhone(): boolean {
  if (!watched) {
    watched = true;
    const query = matchMedia("(max-width: 760px)");
    narrow.value = query.matches;
    query.addEventListener("change", () => {
      narrow.value = query.matches;
    });
  }
  return narrow.value;
}

const cramped = signal(false);
let watchedCramped = false;

/** Whether a list has no room of its own beside what stands over it, so that the page has to scroll as a whole. */
export function useCramped(): boolean {
  if (!watchedCramped) {
    watchedCramped = true;
    const query = matchMedia("(max-width: 760px), (max-height: 760px)");
    cramped.value = query.matches;
    query.addEventListener("change", () => {
      cramped.value = query.matches;
    });
  }
  return cramped.value;
}

/** Whether the page is touched rather than clicked. */
export function isTouch(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}
