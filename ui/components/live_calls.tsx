/**
 * @module
 * Calls that live: who talks to whom, for how long, and where it rings.
 */
import { TriangleAlert } from "lucide";
import { partyLabel } from "../i18n/parties.ts";
import { t } from "../i18n/translate.ts";
import { callPath, navigate } from "../router.ts";
import { companyBeside, isOver, isParty, ringFor, standing } from "../store/calls.ts";
import { isAdmin, mayOperate, me } from "../store/session.ts";
import type { Call } from "../types.ts";
import {
  CALL_MARKS,
  DIRECTION_ICONS,
  endReason,
  shortUncertainty,
  talkedFor,
  transferOf,
  uncertainty,
  whatElseGoesOn,
} from "./call_words.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { Mark } from "./mark.tsx";
import { Moment } from "./moment.tsx";
import { PartyName } from "./party.tsx";

/** Properties of the list. */
export interface LiveCallsProps {
  calls: readonly Call[];
  /** How many are drawn before the rest is counted. */
  limit: number;
  /** They are over: when they were says more than that they are. */
  past?: boolean;
}

/** A line for every call. */
export function LiveCallList({ calls, limit, past = false }: LiveCallsProps) {
  return (
    <ul class="live-calls">
      {calls.slice(0, limit).map((call) => <LiveCall key={call.id} call={call} past={past} />)}
      {calls.length > limit && (
        <li class="live-more">
          <Link to="/calls">{t("calls.live.more", { n: calls.length - limit })}</Link>
        </li>
      )}
    </ul>
  );
}

function LiveCall({ call, past }: { call: Call; past: boolean }) {
  const over = isOver(call);
  // Where all calls are one's own, saying so says nothing.
  const mine = !past && mayOperate.value && isParty(call, me.value?.id);
  const direction = t(`call.direction.${call.direction}`);
  const ring = over ? null : ringFor(call, me.value?.id);
  return (
    <li
      class={`live-call is-${standing(call, me.value?.id)}${over && !past ? " is-over" : ""}${
        call.uncertain ? " is-uncertain" : ""
      }`}
      data-testid={past ? "last-call" : "live-call"}
      data-call={call.id}
      data-status={call.status}
      onClick={(event) => {
        if ((event.target as Element).closest("a, button")) return;
        navigate(callPath(call.id));
      }}
    >
      <CallMark call={call} />
      <span class="live-direction" title={direction}>
        <Icon of={DIRECTION_ICONS[call.direction]} />
        <span class="sr-only">{direction}</span>
      </span>
      <Link
        to={callPath(call.id)}
        class="live-who"
        title={`${partyLabel(call.caller)} → ${partyLabel(call.receiver)}`}
      >
        <PartyName party={call.caller} /> <span class="faint arrow" aria-hidden="true">→</span>{" "}
        <PartyName party={call.receiver} />
      </Link>
      <Details call={call} mine={mine} />
      <span class="live-time num">
        {past
          ? <Moment at={call.started_at} as="clock" />
          : over
          ? talkedFor(call)
          : <Moment at={ring?.since ?? call.answered_at ?? call.started_at} as="timer" />}
      </span>
    </li>
  );
}

function Details({ call, mine }: { call: Call; mine: boolean }) {
  const over = isOver(call);
  const talked = call.status === "completed" ? `${t("call.talked")} ${talkedFor(call)}` : endReason(call);
  const said = over ? talked : call.uncertain ? shortUncertainty(call) : whatElseGoesOn(call);
  const company = companyBeside(call);
  const gave = transferOf(call);
  const title = [call.company?.name, !over && call.uncertain ? uncertainty(call) : said, gave]
    .filter(Boolean).join(" · ");
  return (
    <span class="live-detail muted" title={title}>
      {call.unknown_number && <UnknownNumber call={call} />}
      {company && <span class="live-company">{company}</span>}
      {said && <span class="live-said">{said}</span>}
      {over && gave && <span class="live-said">{gave}</span>}
      {mine && <span class="tag">{t("call.mine")}</span>}
    </span>
  );
}

/** How a call stands for this person; grey while nobody can know. */
export function CallMark({ call }: { call: Call }) {
  const status = standing(call, me.value?.id);
  const word = t(`call.status.${status}`);
  if (call.uncertain && !isOver(call)) {
    return (
      <span class="status" title={uncertainty(call)}>
        <Mark kind="unknown" word={word} />
      </span>
    );
  }
  return (
    <span class="status" title={[word, endReason(call), transferOf(call)].filter(Boolean).join(". ")}>
      <Mark kind={CALL_MARKS[status]} word={word} />
    </span>
  );
}

/** The warning that a dialled number is nobody's, with the way to mend it for whoever may. */
export function UnknownNumber({ call }: { call: Call }) {
  const number = call.receiver.number ?? "";
  const text = t("call.unknown", { number: number || "?" });
  return (
    <span class="unknown-number" title={text}>
      <Icon of={TriangleAlert} size={14} />
      {isAdmin.value
        ? (
          <Link to={`/settings?tab=people&number=${encodeURIComponent(number)}`} title={t("call.unknown.do")}>
            {text}
          </Link>
        )
        : <span>{text}</span>}
    </span>
  );
}
