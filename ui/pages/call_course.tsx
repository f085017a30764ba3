/**
 * @module
 * A call's course as a small picture: a lane for each party, with when it was on the line, rang and talked.
 */
import { useComputed } from "@preact/signals";
import { PartyName } from "../components/party.tsx";
import { partyName } from "../i18n/parties.ts";
import { clockTime, timer } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { isOver } from "../store/calls.ts";
import { now } from "../store/clock.ts";
import { type Course, courseOf, type Stretch } from "../store/course.ts";
import type { CallDetail } from "../types.ts";

const NO_CLOCK = 0;

/** The picture. What it shows is read aloud as one sentence, and told in words below it. */
export function CallCourse({ call }: { call: CallDetail }) {
  const at = useComputed(() => isOver(call) ? NO_CLOCK : now.value).value;
  const course = courseOf(call, at);
  if (!course.lanes.length) return null;
  return (
    <section class={isOver(call) ? undefined : "course-live"} aria-label={t("call.course")}>
      <div class="section-head">
        <h2 class="section-title">{t("call.course")}</h2>
        <p class="course-legend" aria-hidden="true">
          <span class="course-key">
            <i class="stretch is-rang" /> {t("call.legend.rang")}
          </span>
          <span class="course-key">
            <i class="stretch is-talked" /> {t("call.legend.talked")}
          </span>
        </p>
      </div>
      <div class="course" role="img" aria-label={inWords(call)}>
        {course.lanes.map((lane) => (
          <div key={lane.key} class="lane">
            <span class="lane-name">
              <PartyName party={lane.party} />
            </span>
            <span class="lane-track">
              {lane.stretches.map((stretch, index) => <Bar key={index} stretch={stretch} course={course} />)}
            </span>
          </div>
        ))}
        <div class="lane lane-scale">
          <span />
          <span class="lane-track num">
            {[0, 0.5, 1].map((part) => (
              <span key={part} class={`tick tick-${part * 2}`}>
                {timer((course.to - course.from) * part)}
              </span>
            ))}
          </span>
        </div>
      </div>
    </section>
  );
}

function Bar({ stretch, course }: { stretch: Stretch; course: Course }) {
  const whole = course.to - course.from;
  const left = (stretch.from - course.from) / whole * 100;
  const width = (stretch.to - stretch.from) / whole * 100;
  const told = stretch.kind === "line" ? "" : t(`call.legend.${stretch.kind}`);
  const title = `${told} ${clockTime(stretch.from)} – ${clockTime(stretch.to)} (${
    timer(stretch.to - stretch.from)
  })`.trim();
  return (
    <i class={`stretch is-${stretch.kind}`} title={title} style={{ left: `${left}%`, width: `${width}%` }} />
  );
}

function inWords(call: CallDetail): string {
  if (!call.segments.length) return t("call.course.none");
  const text = call.segments.map((segment) =>
    t("call.segment", {
      who: segment.parties.map(partyName).join(", "),
      from: clockTime(Date.parse(segment.started_at)),
      to: segment.ended_at === null ? "…" : clockTime(Date.parse(segment.ended_at)),
    })
  ).join("; ");
  return t("call.course.label", { text });
}
