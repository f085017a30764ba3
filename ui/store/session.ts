/**
 * @module
 * Who is logged in, and the service's own settings.
 */
import { computed, signal } from "@preact/signals";
import { ApiError, request, whenUnauthorized } from "../api.ts";
import { navigate, place } from "../router.ts";
import { raiseAlert } from "./alerts.ts";
import { follow, unfollow } from "./live.ts";
import type { Me, ServiceSettings } from "../types.ts";

/** The person; null when nobody is logged in, undefined until that is known. */
export const me = signal<Me | null | undefined>(undefined);
/** Why it is not known who is logged in: the service did not answer. */
export const sessionError = signal<ApiError | null>(null);
/** The service's settings; null until they are here. */
export const service = signal<ServiceSettings | null>(null);

/** Whether the person works with panels and doors. */
export const mayOperate = computed(() => me.value?.role === "admin" || me.value?.role === "operator");
/** Whether the person also minds people and credentials. */
export const isAdmin = computed(() => me.value?.role === "admin");

/** Asks who is logged in and starts to follow the service. */
export async function loadSession(): Promise<void> {
  whenUnauthorized(ended);
  sessionError.value = null;
  try {
    begin(await request<Me>("GET", "/api/me"));
  } catch (error) {
    // A 401 has gone to the login page already.
    if (error instanceof ApiError && error.status !== 401) sessionError.value = error;
  }
}

/** Logs in. @throws ApiError when it is refused */
export async function login(name: string, password: string): Promise<void> {
  begin(await request<Me>("POST", "/api/login", { body: { login: name, password } }));
  navigate(safePath(place.value.query.get("next")), { replace: true });
}

/** Logs out here and on the service. @throws ApiError when the service cannot be told */
export async function logout(): Promise<void> {
  await request("POST", "/api/logout");
  ended();
}

/** Reads the person again, after a change of one's own. @throws ApiError */
export async function refreshMe(): Promise<void> {
  me.value = await request<Me>("GET", "/api/me");
}

/** An address to go on to after the login: of these pages only, whatever the link said. */
export function safePath(next: string | null): string {
  // Anything that a browser could read as another host is refused, also `//host` and `/\host`.
  return next && /^\/(?![/\\])[\w\-./?=&%:+]*$/.test(next) && !next.startsWith("/login") ? next : "/";
}

function begin(person: Me): void {
  sessionError.value = null;
  me.value = person;
  follow(mayOperate.value ? "intercoms,events,calls,links,endpoints" : "calls,links", {
    // The stream also ends when the person's rights change: who it is now, the service says.
    onLoggedOut: () => {
      unfollow();
      void loadSession();
    },
    onFreshEvent: raiseAlert,
  });
  void request<ServiceSettings>("GET", "/api/settings").then(
    (answer) => {
      service.value = answer;
    },
    // The pages do without: only the times in some explanations are missing then.
    () => {},
  );
}

function ended(): void {
  unfollow();
  me.value = null;
  const { path, query } = place.value;
  if (path === "/login") return;
  const here = query.size ? `${path}?${query}` : path;
  navigate(here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`, { replace: true });
}
