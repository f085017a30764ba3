/**
 * @module
 * What a person does at a call: accept, reject, hang up, transfer, note. Nothing is shown as done before the
 * service says so; the stream then tells what came of it.
 */
import { signal } from "@preact/signals";
import { ApiError, request } from "../api.ts";
import { t } from "../i18n/translate.ts";
import { type Refusal, wordsFor } from "./refusals.ts";
import type { AcceptAnswer, Call } from "../types.ts";

/** Something that a person does at a call. */
export type CallDeed = "accept" | "reject" | "hangup" | "transfer";

/** How far a deed has come. */
export type Doing =
  | { deed: CallDeed; state: "busy"; to: string }
  | { deed: CallDeed; state: "done"; to: string; phone: AcceptAnswer["phone"] | null }
  | { deed: CallDeed; state: "refused"; to: string; words: Refusal };

/** The last deed at each call, by id. */
export const doings = signal<ReadonlyMap<string, Doing>>(new Map());

/** Does it. A second press while the first is on its way is not sent. `to` is where a transfer leads. */
export async function actOn(call: Call, deed: CallDeed, to = ""): Promise<void> {
  if (doings.peek().get(call.id)?.state === "busy") return;
  set(call.id, { deed, state: "busy", to });
  try {
    const answer = await request<Partial<AcceptAnswer> | undefined>(
      "POST",
      `/api/calls/${encodeURIComponent(call.id)}/${deed}`,
      deed === "transfer" ? { body: { to } } : {},
    );
    set(call.id, { deed, state: "done", to, phone: deed === "accept" ? answer?.phone ?? null : null });
  } catch (error) {
    set(call.id, { deed, state: "refused", to, words: wordsForCall(error) });
  }
}

/** Takes a refusal off the screen. */
export function forget(id: string): void {
  if (!doings.peek().has(id)) return;
  const next = new Map(doings.peek());
  next.delete(id);
  doings.value = next;
}

/** Writes a call's notes. @throws ApiError */
export async function writeNotes(id: string, notes: string): Promise<void> {
  await request("PUT", `/api/calls/${encodeURIComponent(id)}/notes`, { body: { notes } });
}

/** A refusal about a call in words: the same kind may mean another thing for a door. */
export function wordsForCall(error: unknown): Refusal {
  if (!(error instanceof ApiError)) return wordsFor(error);
  switch (error.kind) {
    case "not-party":
      return say("refusal.call.not_party", "refusal.call.not_party.do");
    case "not-ringing":
      return say("refusal.call.not_ringing", "refusal.call.not_ringing.do");
    case "over":
      return say("refusal.call.over", "refusal.call.over.do");
    case "link-down":
      return say("refusal.call.link", "refusal.call.link.do", true);
    case "bad-number":
      return say("refusal.call.number", "refusal.call.number.do");
    case "pbx-refused": {
      const detail = error.problem?.detail?.replace(/\.$/, "");
      const why = detail ? t("refusal.call.pbx_said", { detail }) : t("refusal.call.pbx");
      return { why, advice: t("refusal.call.pbx.do"), again: true };
    }
  }
  return error.status === 404 ? say("refusal.call.over", "refusal.call.over.do") : wordsFor(error);
}

function say(why: Parameters<typeof t>[0], advice: Parameters<typeof t>[0], again = false): Refusal {
  return { why: t(why), advice: t(advice), again };
}

function set(id: string, doing: Doing): void {
  doings.value = new Map(doings.peek()).set(id, doing);
}
