/**
 * @module
 * What happened in a call, line by line, and the phones that took part in it.
 */
import { Mark, type MarkKind } from "../components/mark.tsx";
import { PartyName } from "../components/party.tsx";
import type { Key } from "../i18n/en.ts";
import { shownNumber } from "../i18n/phones.ts";
import { clockTime, fullTime } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import type { CallDetail, CallMoment, Leg } from "../types.ts";

/** The course of a call in words. */
export function CallTimeline({ call }: { call: CallDetail }) {
  return (
    <section aria-label={t("call.timeline")}>
      <h2 class="section-title call-section">{t("call.timeline")}</h2>
      {call.timeline.length === 0 ? <p class="muted">{t("call.timeline.none")}</p> : (
        <ol class="moments">
          {call.timeline.map((moment, index) => <Line key={index} moment={moment} />)}
        </ol>
      )}
    </section>
  );
}

function Line({ moment }: { moment: CallMoment }) {
  const at = Date.parse(moment.at);
  const detail = detailOf(moment);
  return (
    <li class={`moment-line is-${moment.kind}`}>
      <time class="num muted" dateTime={moment.at} title={fullTime(at)}>{clockTime(at)}</time>
      <span>
        <span class="moment-what">{t(`moment.${moment.kind}`)}{moment.party && ":"}</span>
        {moment.party && <PartyName party={moment.party} />}
        {detail && <span class="muted">· {detail}</span>}
      </span>
    </li>
  );
}

const OUTCOMES: Record<NonNullable<Leg["outcome"]>, Key> = {
  answered: "leg.outcome.answered",
  no_answer: "leg.outcome.no_answer",
  busy: "leg.outcome.busy",
  declined: "leg.outcome.declined",
  rejected_by_user: "leg.outcome.rejected_by_user",
  cancelled: "leg.outcome.cancelled",
  unavailable: "leg.outcome.unavailable",
};
const REASONS: Record<string, Key> = {
  hangup: "call.reason.hangup",
  no_answer: "call.reason.no_answer",
  busy: "call.reason.busy",
  caller_gave_up: "call.reason.caller_gave_up",
  declined: "call.reason.declined",
  rejected_by_user: "call.reason.rejected_by_user",
  unavailable: "call.reason.unavailable",
  abandoned: "call.reason.abandoned",
  lost: "call.reason.lost",
};

function detailOf({ kind, detail }: CallMoment): string {
  if (!detail) return "";
  const words: Record<string, Key> = kind === "ended" ? REASONS : kind === "not_answered" ? OUTCOMES : {};
  const known = Object.hasOwn(words, detail) ? words[detail] : undefined;
  // Who talks with whom is told as numbers with a dash between.
  return known ? t(known) : detail.split(" – ").map(shownNumber).join(" – ");
}

/** The phones of a call, each with how it went there. */
export function CallLegs({ call }: { call: CallDetail }) {
  if (!call.legs.length) return null;
  return (
    <section class="card" aria-label={t("call.legs")}>
      <h2 class="section-title">{t("call.legs")}</h2>
      <ul class="plain-list legs">
        {call.legs.map((leg) => (
          <li key={leg.id}>
            <span class="grow">
              <PartyName party={leg} />
              <span class="leg-channel faint" title={leg.channel}>{leg.channel}</span>
            </span>
            <span class="leg-state">
              <span class="muted">{t(`leg.role.${leg.role}`)}</span>
              <Mark kind={markOf(leg)} word={wordOf(leg)} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function markOf(leg: Leg): MarkKind {
  if (leg.state === "ringing") return "ringing";
  if (leg.state === "talking") return "talking";
  if (leg.state !== "ended") return "waiting";
  if (leg.outcome === null || leg.outcome === "answered") return "completed";
  return ["declined", "rejected_by_user", "cancelled"].includes(leg.outcome) ? "rejected" : "missed";
}

function wordOf(leg: Leg): string {
  if (leg.state !== "ended" || leg.outcome === null) return t(`leg.state.${leg.state}`);
  return t(OUTCOMES[leg.outcome]);
}
