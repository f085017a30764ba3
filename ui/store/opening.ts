/**
 * @module
 * Opening a door: the question asked once, the request, and what the service answered.
 * Nothing is shown as done before the service says so.
 */
import { signal } from "@preact/signals";
import { ApiError, request } from "../api.ts";
import { t } from "../i18n/translate.ts";
import { applyHere, live, stream } from "./live.ts";
import { type Attempt, newsOf } from "./progress.ts";
import { type Refusal, wordsFor, wordsForKind } from "./refusals.ts";
import { me } from "./session.ts";
import type { Command, Intercom } from "../types.ts";

/** A question that waits for the operator's yes. */
export interface Question {
  mac: string;
  apartment: string;
  /** One key an intention: a second press, or a second try after silence, opens nothing twice. */
  key: string;
}

/** The question on the screen, if any. */
export const question = signal<Question | null>(null);
/** Requests that the stream does not show yet, by MAC. */
export const attempts = signal<ReadonlyMap<string, Attempt>>(new Map());

/** Asks whether to open a door. A panel that cannot be reached is refused at once, in place. */
export function ask(panel: Intercom, apartment = ""): void {
  const kind = !panel.adopted
    ? "not-adopted"
    : panel.status === "offline"
    ? "panel-offline"
    : panel.status === "unknown"
    ? "panel-unknown"
    : null;
  const key = crypto.randomUUID();
  if (kind) return refuse(panel.mac, key, kind);
  question.value = { mac: panel.mac, apartment, key };
}

/** Sends the intention. Sending the same one again is safe. */
export async function open({ mac, apartment, key }: Question): Promise<void> {
  question.value = null;
  const over = newsOf(commandOf(mac));
  setAttempt(mac, { phase: "posting", key, at: serviceNow(), over });
  try {
    const { command } = await request<{ command: Command }>(
      "POST",
      `/api/intercoms/${encodeURIComponent(mac)}/open`,
      { body: apartment ? { apartment } : {}, headers: { "idempotency-key": key } },
    );
    applyHere([{ event: "command.changed", data: command }]);
    setAttempt(mac, null);
    void followWithoutStream(command);
  } catch (error) {
    setAttempt(mac, { phase: "refused", key, apartment, at: serviceNow(), over, ...refusalOf(mac, error) });
  }
}

/** A refusal in words; where somebody else was quicker, with their name. */
function refusalOf(mac: string, error: unknown): Refusal {
  const words = wordsFor(error);
  const rival = commandOf(mac)?.requested_by;
  const beaten = error instanceof ApiError && error.kind === "command-in-flight" && rival &&
    rival.id !== me.value?.id;
  return beaten ? { ...words, why: t("refusal.in_flight_by", { name: rival.name }) } : words;
}

/** Takes a refusal off the screen. */
export function dismiss(mac: string): void {
  setAttempt(mac, null);
}

function refuse(mac: string, key: string, kind: "not-adopted" | "panel-offline" | "panel-unknown"): void {
  const panel = live.value.panels.get(mac);
  const told = kind === "panel-unknown" && panel?.status_reason === "link_down" ? "link-down" : kind;
  setAttempt(mac, {
    phase: "refused",
    key,
    apartment: "",
    at: serviceNow(),
    over: newsOf(commandOf(mac)),
    ...wordsForKind(told),
    again: false,
  });
}

function setAttempt(mac: string, attempt: Attempt | null): void {
  const next = new Map(attempts.value);
  if (attempt) next.set(mac, attempt);
  else next.delete(mac);
  attempts.value = next;
}

/** While the stream is cut the door still opens: its progress is asked for instead of pushed. */
async function followWithoutStream(command: Command): Promise<void> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const shown = live.value.panels.get(command.mac)?.command;
    if (shown?.id !== command.id || ["closed", "expired", "failed"].includes(shown.status)) return;
    if (stream.value.phase === "live") continue;
    try {
      const data = await request<Command>("GET", `/api/commands/${encodeURIComponent(command.id)}`);
      applyHere([{ event: "command.changed", data }]);
    } catch {
      // The veil over the page already says that the service is not heard; the next second may be better.
    }
  }
}

function commandOf(mac: string): Command | null {
  return live.value.panels.get(mac)?.command ?? null;
}

function serviceNow(): number {
  return Date.now() + live.value.skewMs;
}
