/**
 * @module
 * Calls in words and marks: how one stands, why it ended.
 */
import { ArrowLeftRight, type IconNode, PhoneIncoming, PhoneOutgoing } from "lucide";
import { partyName } from "../i18n/parties.ts";
import { shownNumber } from "../i18n/phones.ts";
import { clockTime, timer } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { linkOf } from "../store/call_views.ts";
import type { CardPhase } from "../store/cards.ts";
import type { Call } from "../types.ts";
import type { MarkKind } from "./mark.tsx";

/** Marks of a call's statuses. */
export const CALL_MARKS: Record<Call["status"], MarkKind> = {
  incoming: "ringing",
  answered: "talking",
  completed: "completed",
  missed: "missed",
  rejected: "rejected",
};

/** Icons of directions. */
export const DIRECTION_ICONS: Record<Call["direction"], IconNode> = {
  inbound: PhoneIncoming,
  outbound: PhoneOutgoing,
  internal: ArrowLeftRight,
};

/** Why a call ended as it did; empty while it goes on. */
export function endReason(call: Call): string {
  return call.end_reason ? t(`call.reason.${call.end_reason}`) : "";
}

/** What a live call does at this moment: where it rings, who talks. */
export function whatGoesOn(call: Call): string {
  if (call.talking.length) {
    return t("call.talks", { who: call.talking.map(partyName).join(", ") });
  }
  if (call.rings.length) return t("call.rings_at", { where: call.rings.map(partyName).join(", ") });
  return t(call.status === "answered" ? "call.on_hold" : "call.dialling");
}

/** The same beside the names of who called whom: only what those do not say already. */
export function whatElseGoesOn(call: Call): string {
  const named = new Set([call.caller.number, call.receiver.number]);
  const told = call.talking.length ? call.talking : call.rings;
  return told.length && told.every(({ number }) => named.has(number)) ? "" : whatGoesOn(call);
}

/** Why a call may not be what it is shown as. */
export function uncertainty(call: Call): string {
  const link = linkOf(call);
  if (!link || link.state === "up") return t("call.uncertain.bare");
  return t("call.uncertain", { at: clockTime(Date.parse(link.since)) });
}

/** The same where there is little room. */
export function shortUncertainty(call: Call): string {
  const link = linkOf(call);
  if (!link || link.state === "up") return t("mark.unknown");
  return t("call.uncertain.short", { at: clockTime(Date.parse(link.since)) });
}

/** To whom a call was last sent on, or by whom; empty where it was not. What came of it only its course tells. */
export function transferOf({ transferred }: Call): string {
  if (!transferred) return "";
  if (transferred.to) return t("call.gave", { number: shownNumber(transferred.to) });
  return t("card.from", { name: partyName(transferred.by) });
}

/** How long people talked: `3:21`; a dash where nobody did. */
export function talkedFor(call: Call): string {
  return call.duration > 0 || call.status === "completed" ? timer(call.duration * 1000) : "–";
}

/** Marks of what a card says. */
export const PHASE_MARKS: Record<CardPhase, MarkKind> = {
  ringing: "ringing",
  talking: "talking",
  left: "completed",
  quiet: "unknown",
  elsewhere: "completed",
  missed: "missed",
  rejected: "rejected",
  ended: "completed",
};
