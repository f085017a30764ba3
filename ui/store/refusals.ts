/**
 * @module
 * Refusals in the operator's words: why, and what to do.
 */
import { ApiError } from "../api.ts";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";

/** A refusal as it is shown. */
export interface Refusal {
  why: string;
  advice: string;
  /** Whether the same request may do better now or soon. */
  again: boolean;
}

/** Kinds of problem that have words of their own. */
const KINDS: Record<string, [why: Key, advice: Key, again: boolean]> = {
  "panel-offline": ["refusal.offline", "refusal.offline.do", false],
  "panel-unknown": ["refusal.unknown", "refusal.unknown.do", true],
  "command-in-flight": ["refusal.in_flight", "refusal.in_flight.do", false],
  "not-adopted": ["refusal.not_adopted", "refusal.not_adopted.do", false],
  "link-down": ["refusal.link_down", "refusal.link_down.do", true],
  "database-away": ["refusal.database", "refusal.database.do", true],
  "login-taken": ["refusal.login_taken", "refusal.login_taken.do", false],
  "last-admin": ["refusal.last_admin", "refusal.last_admin.do", false],
  "too-many-tokens": ["refusal.too_many_tokens", "refusal.too_many_tokens.do", false],
  "broker-not-embedded": ["refusal.own_broker", "refusal.own_broker.do", false],
  "internal": ["refusal.broken", "refusal.broken.do", true],
};

/** Puts any failure into words. What the service said in detail is shown where these pages know no better. */
export function wordsFor(error: unknown): Refusal {
  if (!(error instanceof ApiError)) return say("refusal.broken", "refusal.broken.do", true);
  const known = KINDS[error.kind];
  if (known) return say(...known);
  switch (error.status) {
    case 0:
      return say("refusal.no_answer", "refusal.no_answer.do", true);
    case 403:
      return say("refusal.forbidden", "refusal.forbidden.do", false);
    case 404:
      return say("refusal.gone", "refusal.gone.do", false);
    case 429:
      return { why: t("refusal.too_many"), advice: wait(error.retryAfter), again: true };
    case 503:
      return { why: error.problem?.detail ?? t("refusal.busy"), advice: wait(error.retryAfter), again: true };
  }
  const fields = error.problem?.errors?.map(({ path, message }) => path ? `${path}: ${message}` : message);
  const why = error.problem?.detail ?? error.problem?.title ?? t("refusal.status", { status: error.status });
  return {
    why: fields?.length ? fields.join("; ") : why,
    advice: error.status >= 500 ? t("refusal.broken.do") : "",
    again: error.status >= 500,
  };
}

/** The same for something that could not be read, so that there was nothing to change. */
export function wordsForReading(error: unknown): Refusal {
  const words = wordsFor(error);
  const away = error instanceof ApiError && error.kind === "database-away";
  return away ? { ...words, advice: t("refusal.database.read") } : words;
}

/** Words for a refusal that these pages can foresee. @throws never: an unknown kind gets general words */
export function wordsForKind(kind: string): Refusal {
  const known = KINDS[kind];
  return known ? say(...known) : say("refusal.broken", "refusal.broken.do", true);
}

/** Both halves of a refusal as one text. */
export function sentence({ why, advice }: Refusal): string {
  return advice ? `${why} ${advice}` : why;
}

function say(why: Key, advice: Key, again: boolean): Refusal {
  return { why: t(why), advice: t(advice), again };
}

function wait(seconds: number | null): string {
  return seconds === null ? t("refusal.wait") : t("refusal.wait_seconds", { seconds });
}
