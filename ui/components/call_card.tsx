/**
 * @module
 * One card: a call that rings for this person, then the conversation, then in a word what became of it.
 */
import { Minus, Phone as PhoneIcon, PhoneOff, X } from "lucide";
import { useLayoutEffect, useState } from "preact/hooks";
import { callerLabel, otherLabel, otherParty, partyLabel, partyName } from "../i18n/parties.ts";
import { shownNumber } from "../i18n/phones.ts";
import { t } from "../i18n/translate.ts";
import { callPath } from "../router.ts";
import { actOn, type Doing, doings } from "../store/call_actions.ts";
import { companyBeside, ringFor, takenBy } from "../store/calls.ts";
import { closeCard, fold, keyTargets } from "../store/call_views.ts";
import type { Card } from "../store/cards.ts";
import { me } from "../store/session.ts";
import type { Call, Party } from "../types.ts";
import { CallNotes } from "./call_notes.tsx";
import { CallTools } from "./call_tools.tsx";
import { PHASE_MARKS, uncertainty } from "./call_words.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { Mark } from "./mark.tsx";
import { Moment } from "./moment.tsx";
import { Phone } from "./party.tsx";
import { staleSince, useStale } from "./veil.tsx";

/** How long the buttons of a card that is new in its place take no press: it was meant for what was there before. */
export const SETTLE_MS = 400;

/** Properties of a card. */
export interface CallCardProps {
  card: Card;
  /** Its place among the others. */
  index: number;
}

/** A card. What it shows is the card's phase; a call that is over for this person says so and goes. */
export function CallCard({ card, index }: CallCardProps) {
  const { call, phase } = card;
  const rings = phase === "ringing";
  const active = rings || phase === "talking";
  const stale = useStale();
  const settled = useSettled(`${index} ${phase}`);
  const dim = (stale || call.uncertain) && active;
  return (
    <article
      class={`call-card is-${phase}${dim ? " is-stale" : ""}${settled ? "" : " is-settling"}`}
      data-testid={rings ? "incoming-card" : "call-card"}
      data-call={call.id}
      data-phase={phase}
      aria-label={`${headOf(card)}: ${otherLabel(call, me.value?.id)}`}
    >
      <header class="call-card-head">
        <Mark kind={PHASE_MARKS[phase]} size={14} />
        <span class="call-card-state">{headOf(card)}</span>
        {active && (
          <span class="call-card-timer">
            <Moment at={timerOf(card)} as="timer" />
          </span>
        )}
        <button
          type="button"
          class="icon-button"
          aria-label={t(active ? "card.hide" : "action.close")}
          title={t(active ? "card.hide" : "action.close")}
          onClick={() => active ? fold(call.id, true) : closeCard(call.id)}
        >
          <Icon of={active ? Minus : X} size={18} />
        </button>
      </header>
      <Who call={call} />
      {dim && (
        <p class="call-card-note">
          <Mark kind="unknown" word={stale ? staleSince() : uncertainty(call)} />
        </p>
      )}
      {rings && <Answering call={call} />}
      {phase === "talking" && <CallTools call={call} />}
      {card.rang && !rings && phase !== "elsewhere" && phase !== "quiet" && <CallNotes call={call} folded />}
    </article>
  );
}

/** Whether a card has been in its place, with the same buttons, for long enough to be meant. */
function useSettled(state: string): boolean {
  const [settled, setSettled] = useState<string | null>(null);
  useLayoutEffect(() => {
    const timer = setTimeout(() => setSettled(state), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  return settled === state;
}

function Who({ call }: { call: Call }) {
  const other = otherParty(call, me.value?.id);
  const named = other.name && other.name !== other.number;
  const company = companyBeside(call);
  return (
    <div class="call-card-who">
      <h2 title={partyLabel(other)}>
        <Link to={callPath(call.id)} title={t("card.open")}>
          {other.number || !named ? <Phone number={other.number} /> : other.name}
        </Link>
      </h2>
      {(company || (named && other.number)) && (
        <p>
          {named && other.number && <strong title={other.name ?? ""}>{other.name}</strong>}
          {company && <span title={company}>{company}</span>}
        </p>
      )}
    </div>
  );
}

/** Accept and Reject, and in their place how far that has come. */
export function Answering({ call, onPage = false }: { call: Call; onPage?: boolean }) {
  const doing = doings.value.get(call.id);
  const label = callerLabel(call);
  const at = ringFor(call, me.value?.id);
  const taken = takenBy(call, at);
  const keys = keyTargets.value;
  const onOtherPage = !doing && taken !== null && taken.id === me.value?.id;
  const said = doing ? words(doing) : onOtherPage ? t("card.accepted") : "";
  const open = doing ? doing.state === "refused" : !onOtherPage;
  // Accepted, and the phone still rings: whoever thinks again is not held to it.
  const taking = onOtherPage || doing?.state === "done" && doing.deed === "accept";
  return (
    <>
      <p class="call-card-where">
        {at?.number && (
          <span>
            {t("card.rings_at", { number: shownNumber(at.number) })}
            {via(call, at) && `, ${t("card.via", { number: shownNumber(via(call, at)) })}`}
          </span>
        )}
        {giver(call) && <span>{t("card.from", { name: giver(call) })}</span>}
        {taken && taken.id !== me.value?.id && <span>{t("card.accepted_by", { name: taken.name })}</span>}
      </p>
      {said && (
        <p class={`call-card-said${doing?.state === "refused" ? " refused" : ""}`} role="status">{said}</p>
      )}
      {(open || taking) && (
        <div class="call-card-buttons">
          {open && (
            <button
              type="button"
              class="button big accept"
              data-testid={onPage ? "page-accept" : "incoming-accept"}
              aria-keyshortcuts="A"
              onClick={() => void actOn(call, "accept")}
            >
              <Icon of={PhoneIcon} size={18} /> {t("card.accept")} <span class="sr-only">{label}</span>
              {keys.accept?.id === call.id && <kbd class="wide-only" aria-hidden="true">A</kbd>}
            </button>
          )}
          <button
            type="button"
            class="button big reject"
            data-testid={onPage ? "page-reject" : "incoming-reject"}
            aria-keyshortcuts="R"
            onClick={() => void actOn(call, "reject")}
          >
            <Icon of={PhoneOff} size={18} /> {t("card.reject")} <span class="sr-only">{label}</span>
            {keys.reject?.id === call.id && <kbd class="wide-only" aria-hidden="true">R</kbd>}
          </button>
        </div>
      )}
    </>
  );
}

/** The group or the queue that was dialled; empty where that was the number that rings, or is history by now. */
function via({ receiver, transferred }: Call, ring: Party): string {
  return receiver.number !== ring.number && transferred === null ? receiver.number ?? "" : "";
}

/** Who sent the call on to this person; empty where nobody did. */
function giver({ transferred }: Call): string {
  return transferred && transferred.by.user_id !== me.value?.id ? partyName(transferred.by) : "";
}

function words(doing: Doing): string {
  if (doing.state === "refused") return `${doing.words.why} ${doing.words.advice}`;
  const rejects = doing.deed === "reject";
  if (doing.state === "busy") return t(rejects ? "card.rejecting" : "card.accepting");
  if (rejects) return t("card.rejected");
  return t(doing.phone === "answering" ? "card.answering" : "card.lift");
}

function headOf({ call, phase }: Card): string {
  switch (phase) {
    case "ringing":
      return t("card.incoming");
    case "elsewhere": {
      const by = call.answered_by;
      return by ? t("card.elsewhere", { name: partyLabel(by) }) : t("card.elsewhere.bare");
    }
    case "left": {
      const gave = call.transferred;
      if (!gave?.to || gave.by.user_id !== me.value?.id) return t("card.left");
      return t("call.gave", { number: shownNumber(gave.to) });
    }
    default:
      return t(`card.${phase}`);
  }
}

function timerOf({ call, phase, at }: Card): string | number {
  if (phase === "talking") return call.answered_at ?? at;
  return ringFor(call, me.value?.id)?.since ?? call.started_at;
}
