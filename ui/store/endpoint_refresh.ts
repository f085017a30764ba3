/**
 * @module
 * Asking a phone whether it is there, and what came of it. Said in place, for as long as it is news.
 */
import { signal } from "@preact/signals";
import { ApiError, request, withQuery } from "../api.ts";
import type { Key } from "../i18n/en.ts";
import { number } from "../i18n/times.ts";
import { t, type Values } from "../i18n/translate.ts";
import type { Endpoint } from "../types.ts";
import { mainContact } from "./endpoints.ts";
import { endpointKey } from "./live_endpoints.ts";
import { applyHere } from "./live.ts";
import { type Refusal, sentence, wordsFor } from "./refusals.ts";

/** How long an outcome stays, milliseconds. */
const NEWS_MS = 12_000;

/** What a refresh is doing, or did. */
export type Refresh =
  | { state: "busy" }
  | { state: "done"; outcome: Outcome }
  | { state: "refused"; text: string };

/** What the phone was found to be, as a text with its values. */
export interface Outcome {
  tone: "good" | "bad" | "busy";
  key: Key;
  values?: Values;
}

/** By key of the endpoint. */
export const refreshes = signal<ReadonlyMap<string, Refresh>>(new Map());

/** Asks a phone and reads it anew. A second one while one is on its way is not sent. */
export async function refresh(endpoint: { pbx: string; name: string }): Promise<void> {
  const key = endpointKey(endpoint);
  if (refreshes.peek().get(key)?.state === "busy") return;
  note(key, { state: "busy" });
  let news: Refresh;
  try {
    const path = `/api/endpoints/${encodeURIComponent(endpoint.name)}/refresh`;
    const data = await request<Endpoint>("POST", withQuery(path, { pbx: endpoint.pbx }));
    applyHere([{ event: "endpoint.changed", data }]);
    news = { state: "done", outcome: outcomeOf(data) };
  } catch (error) {
    news = { state: "refused", text: sentence(endpointWords(error)) };
  }
  note(key, news);
  setTimeout(() => {
    if (refreshes.peek().get(key) === news) note(key, null);
  }, NEWS_MS);
}

/** What asking a phone came to. Pure. */
export function outcomeOf(endpoint: Endpoint): Outcome {
  const contact = mainContact(endpoint);
  if (!contact) return { tone: "bad", key: "endpoint.refresh.nobody" };
  if (!contact.usable) {
    const quiet = contact.status === "unknown";
    return {
      tone: quiet ? "busy" : "bad",
      key: quiet ? "endpoint.refresh.waits" : "endpoint.refresh.silent",
    };
  }
  if (contact.roundtrip_ms === null || contact.status !== "reachable") {
    return { tone: "busy", key: "endpoint.refresh.unasked" };
  }
  return { tone: "good", key: "endpoint.refresh.answered", values: { ms: roundtrip(contact.roundtrip_ms) } };
}

/** A round trip for reading, milliseconds: whole from ten on, with a tenth below. */
export function roundtrip(ms: number): string {
  return number(ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms));
}

/** A refusal of something asked of an endpoint, in words. */
export function endpointWords(error: unknown): Refusal {
  if (!(error instanceof ApiError)) return wordsFor(error);
  switch (error.kind) {
    case "link-down":
      return { why: t("refusal.call.link"), advice: t("endpoint.reason.link_down.do"), again: true };
    case "pbx-refused": {
      const detail = error.problem?.detail;
      return {
        why: detail ? t("refusal.call.pbx_said", { detail }) : t("refusal.endpoint.pbx"),
        advice: "",
        again: true,
      };
    }
    case "ambiguous-endpoint":
      return {
        why: t("refusal.endpoint.ambiguous"),
        advice: t("refusal.endpoint.ambiguous.do"),
        again: false,
      };
    default:
      return wordsFor(error);
  }
}

function note(key: string, news: Refresh | null): void {
  const next = new Map(refreshes.peek());
  if (news) next.set(key, news);
  else next.delete(key);
  refreshes.value = next;
}
