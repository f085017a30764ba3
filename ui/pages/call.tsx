/**
 * @module
 * A call's own page: who, how it stands and why, its course, its notes, and what can be done while it lives.
 */
import { SearchX } from "lucide";
import type { ComponentChild } from "preact";
import { useEffect } from "preact/hooks";
import { Answering } from "../components/call_card.tsx";
import { CallNotes } from "../components/call_notes.tsx";
import { CallTools } from "../components/call_tools.tsx";
import { DIRECTION_ICONS, endReason, transferOf, uncertainty, whatGoesOn } from "../components/call_words.ts";
import { Icon } from "../components/icon.tsx";
import { Link } from "../components/link.tsx";
import { CallMark, UnknownNumber } from "../components/live_calls.tsx";
import { Mark } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { PartyName } from "../components/party.tsx";
import { Broken, Empty, Skeleton } from "../components/states.tsx";
import { shownNumber } from "../i18n/phones.ts";
import { timer } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { callPath, navigate } from "../router.ts";
import { companyBeside, isOver, ringFor, talksIn } from "../store/calls.ts";
import { mergedInto, useCall } from "../store/call_detail.ts";
import { transferFailed } from "../store/course.ts";
import { useKeys } from "../store/keys.ts";
import { me } from "../store/session.ts";
import type { Call, CallDetail } from "../types.ts";
import { CallCourse } from "./call_course.tsx";
import { CallLegs, CallTimeline } from "./call_timeline.tsx";

/** A call's page. */
export function CallPage({ id }: { id: string }) {
  const known = useCall(id);
  // An old link may lead to what turned out to be a part of another call.
  const into = mergedInto(id) ?? (known.detail && known.detail.id !== id ? known.detail.id : null);
  useKeys({ Escape: () => navigate("/calls") });
  useEffect(() => {
    // Two calls turned out to be one: its page is the other's.
    if (into !== null) navigate(callPath(into), { replace: true });
  }, [into]);
  if (known.gone) return <Gone />;
  const { call, detail } = known;
  if (!call) {
    if (known.error === null) return <Skeleton rows={5} tall />;
    return (
      <div class="panel-page">
        <Broken error={known.error} onRetry={known.reload} />
      </div>
    );
  }
  return (
    <div class="panel-page call-page" data-testid="call-page" data-call={call.id} data-status={call.status}>
      <div class="panel-main">
        <Head call={call} />
        {known.error !== null && <Broken error={known.error} onRetry={known.reload} />}
        <Facts call={call} detail={detail} />
        {detail ? <CallCourse call={detail} /> : known.error === null && <Skeleton rows={3} tall />}
        {detail && <CallTimeline call={detail} />}
      </div>
      <div class="panel-side">
        <section class="card" aria-label={t("call.notes")}>
          <h2 class="section-title">{t("call.notes")}</h2>
          <CallNotes
            key={call.id}
            call={call}
            onSaved={(notes) =>
              known.update({ notes })}
          />
        </section>
        {detail && <CallLegs call={detail} />}
      </div>
    </div>
  );
}

function Head({ call }: { call: Call }) {
  const over = isOver(call);
  const rings = ringFor(call, me.value?.id) !== null;
  const talks = talksIn(call, me.value?.id);
  return (
    <header class="panel-head">
      <div class="panel-id">
        <h2 class="call-title">
          <PartyName party={call.caller} /> <span class="faint arrow" aria-hidden="true">→</span>{" "}
          <PartyName party={call.receiver} />
        </h2>
        <p class="muted">
          <span class="call-direction">
            <Icon of={DIRECTION_ICONS[call.direction]} /> {t(`call.direction.${call.direction}`)}
          </span>
          {companyBeside(call) && <span>{companyBeside(call)}</span>}
          {call.unknown_number && <UnknownNumber call={call} />}
        </p>
        {!over && call.uncertain && (
          <p>
            <Mark kind="unknown" word={uncertainty(call)} />
          </p>
        )}
      </div>
      {!over && (rings || talks) && (
        <div class="call-act">
          {rings ? <Answering call={call} onPage /> : <CallTools call={call} onPage />}
        </div>
      )}
    </header>
  );
}

function Facts({ call, detail }: { call: Call; detail: CallDetail | null }) {
  const over = isOver(call);
  const to = call.transferred?.to;
  const gave = to && detail && transferFailed({ ...detail, ...call })
    ? t("call.gave.unanswered", { number: shownNumber(to) })
    : transferOf(call);
  return (
    <dl class="facts">
      <Fact name={t("column.outcome")}>
        <dd>
          <CallMark call={call} />
        </dd>
        <dd class="muted">{over ? endReason(call) : whatGoesOn(call)}</dd>
        {gave && <dd class="muted" data-testid="call-transfer-said">{gave}</dd>}
      </Fact>
      <Fact name={t("call.talked")}>
        <dd class="num">
          {call.answered_at === null
            ? "–"
            : over
            ? timer(call.duration * 1000)
            : <Moment at={call.answered_at} as="timer" />}
        </dd>
        <dd class="muted">{waited(call)}</dd>
      </Fact>
      <Fact name={t("call.started")}>
        <dd>
          <Moment at={call.started_at} as="clock" />
        </dd>
        <dd class="muted">
          <Moment at={call.started_at} />
        </dd>
      </Fact>
      <Fact name={t("call.answered")}>
        <dd>
          {call.answered_by
            ? <PartyName party={call.answered_by} />
            : <span class="faint">{t(over ? "call.not_answered" : "call.nobody")}</span>}
        </dd>
        {call.accepted_by && (
          <dd class="muted">
            {t("call.accepted_by")}: {call.accepted_by.name}
          </dd>
        )}
      </Fact>
      <Fact name={t("column.company")}>
        <dd>
          {call.company
            ? <span>{call.company.name}</span>
            : <span class="faint">{t("call.company.none")}</span>}
        </dd>
      </Fact>
      <Fact name={t("call.pbx")}>
        <dd title={call.pbx}>{call.pbx}</dd>
        <dd class="muted num call-linked" title={call.linked_id}>{call.linked_id}</dd>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChild }) {
  return (
    <div>
      <dt>{name}</dt>
      {children}
    </div>
  );
}

/** How long it rang before somebody answered, or before it was over. */
function waited(call: Call): string {
  const until = call.answered_at ?? call.ended_at;
  if (until === null) return "";
  return t("call.waited", { span: timer(Date.parse(until) - Date.parse(call.started_at)) });
}

function Gone() {
  return (
    <Empty icon={SearchX} title={t("call.gone")}>
      <p>{t("call.gone.text")}</p>
      <Link to="/calls" class="button">{t("page.calls")}</Link>
    </Empty>
  );
}
