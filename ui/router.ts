/**
 * @module
 * Where the operator is: the address bar as a signal, and links that change it without a load.
 */
import { signal } from "@preact/signals";

/** An address inside the pages. */
export interface Place {
  path: string;
  query: URLSearchParams;
}

/** The address now. */
export const place = signal<Place>(read());

/** Goes to an address of these pages. `replace` keeps the back button as it was. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const before = place.value.path;
  const path = to.split("?")[0]!;
  // An ended session leaves at once: nothing could be saved any more.
  if (guard && path !== before && path !== "/login") return guard(() => passing(() => navigate(to, options)));
  if (options.replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  place.value = read();
  // A screen reader and the keyboard go on from the new page's start, not from the old page's link.
  if (place.value.path !== before) queueMicrotask(() => document.getElementById("content")?.focus());
}

/** Writes filters into the address; empty ones are left out. */
export function setQuery(values: Record<string, string>): void {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(values)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  navigate(place.value.path + (text ? `?${text}` : ""), { replace: true });
}

/** MAC of a panel's own page, null on any other. */
export function panelOf(path: string): string | null {
  const match = /^\/intercoms\/([^/]+)$/.exec(path);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]!).toUpperCase();
  } catch {
    return null;
  }
}

/** Address of a panel's own page. */
export function panelPath(mac: string): string {
  return `/intercoms/${encodeURIComponent(mac)}`;
}

/** Id of a call's own page, null on any other. */
export function callOf(path: string): string | null {
  const match = /^\/calls\/([^/]+)$/.exec(path);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]!);
  } catch {
    return null;
  }
}

/** Address of a call's own page. */
export function callPath(id: string): string {
  return `/calls/${encodeURIComponent(id)}`;
}

/** Pages of an endpoint beside its own. */
export type EndpointPart = "logs" | "config";

/** An endpoint's name and which of its pages this is, null on any other page. */
export function endpointOf(path: string): { name: string; part: EndpointPart | null } | null {
  const match = /^\/endpoints\/([^/]+)(?:\/(logs|config))?$/.exec(path);
  if (!match) return null;
  try {
    return { name: decodeURIComponent(match[1]!), part: (match[2] as EndpointPart | undefined) ?? null };
  } catch {
    return null;
  }
}

/** Address of an endpoint's page. `pbx` is named where several Asterisks may have the name. */
export function endpointPath(name: string, options: { pbx?: string; part?: EndpointPart } = {}): string {
  // The page where endpoints are made has the plain word: an endpoint of that name is written otherwise.
  const written = name === "new" ? "%6Eew" : encodeURIComponent(name);
  const query = options.pbx === undefined ? "" : `?pbx=${encodeURIComponent(options.pbx)}`;
  return `/endpoints/${written}${options.part ? `/${options.part}` : ""}${query}`;
}

/** Asks before this page is left, until the answer is called; `leave` goes on. Not asked for another query of the page. */
export function guardLeaving(ask: (leave: () => void) => void): () => void {
  guard = ask;
  return () => {
    if (guard === ask) guard = null;
  };
}

/** Follows the browser's back and forward buttons. */
export function watchHistory(): void {
  addEventListener("popstate", () => {
    const next = read();
    if (guard && next.path !== place.value.path) {
      // The browser has gone already: back to where the question is.
      const { path, query } = place.value;
      history.pushState(null, "", query.size ? `${path}?${query}` : path);
      return guard(() => passing(() => history.back()));
    }
    place.value = next;
  });
}

let guard: ((leave: () => void) => void) | null = null;

function passing(go: () => void): void {
  guard = null;
  go();
}

function read(): Place {
  // Tests of the pure parts run where there is no address bar.
  if (typeof location === "undefined") return { path: "/", query: new URLSearchParams() };
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}
