/**
 * @module
 * What a person chose for this browser: theme, language, sound, folded feed. Kept in localStorage.
 */
import { computed, effect, type Signal, signal } from "@preact/signals";

/** Languages of the pages. */
export const LOCALES = ["en", "ru"] as const;
/** A language of the pages. */
export type Locale = typeof LOCALES[number];

/** Light, dark, or as the system is. */
export const theme = kept<"auto" | "light" | "dark">("theme", "auto");
/** A language, or as the browser asks. */
export const language = kept<"auto" | Locale>("language", "auto");
/** Whether a call at a door makes a sound. */
export const sound = kept<"on" | "off">("sound", "off");
/** Whether a call at a door makes a desktop notification. */
export const notify = kept<"on" | "off">("notify", "off");
/** Whether an incoming call of one's own rings on the page. */
export const ring = kept<"on" | "off">("ring", "on");
/** Whether the feed beside the page is shown. */
export const feedShown = kept<"on" | "off">("feed", "on");
/** How the endpoints are shown. */
export const endpointsShown = kept<"cards" | "table">("endpoints", "cards");
/** Whether long lines of a log go on below; otherwise each message has one line. */
export const wrapLogs = kept<"on" | "off">("wrap_logs", "on");

/** The language in use. */
export const locale = computed<Locale>(() => language.value === "auto" ? preferred() : language.value);

/** Keeps the document's theme and language in step with the choice. */
export function applyPreferences(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    document.documentElement.lang = locale.value;
  });
}

/** The first of the browser's languages that the pages speak. */
export function preferred(languages: readonly string[] = navigator.languages ?? []): Locale {
  for (const tag of languages) {
    const found = LOCALES.find((known) => tag.toLowerCase().split("-")[0] === known);
    if (found) return found;
  }
  return "en";
}

function kept<T extends string>(name: string, initial: T): Signal<T> {
  const key = `doorline.${name}`;
  const store = storage();
  const held = signal((store?.getItem(key) as T | null) ?? initial);
  let first = true;
  effect(() => {
    const value = held.value;
    if (!first) store?.setItem(key, value);
    first = false;
  });
  return held;
}

/** A browser may forbid storage; then a choice lasts as long as the page. */
function storage(): Storage | null {
  try {
    return typeof document === "undefined" ? null : localStorage;
  } catch {
    return null;
  }
}
