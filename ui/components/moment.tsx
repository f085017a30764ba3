/**
 * @module
 * A moment on the page: relative and ticking, or by the clock; exact on hover.
 */
import { useComputed } from "@preact/signals";
import { ago, fullTime, shortTime, span, timer } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { now } from "../store/clock.ts";

/** How a moment may be shown. `at` is ISO 8601 or milliseconds, null for never. */
export interface MomentProps {
  at: string | number | null;
  /** `ago`: 12 s ago; `for`: 12 s; `timer`: 0:12; `clock`: 12:04:31. */
  as?: "ago" | "for" | "timer" | "clock";
}

/** A moment. Only its text changes with the clock, not the component around it. */
export function Moment({ at, as = "ago" }: MomentProps) {
  if (at === null) return <span class="faint">{t("time.never")}</span>;
  return <Ticking key={at} at={typeof at === "number" ? at : Date.parse(at)} as={as} />;
}

function Ticking({ at, as }: { at: number; as: NonNullable<MomentProps["as"]> }) {
  const text = useComputed(() => {
    if (as === "ago") return ago(at, now.value);
    if (as === "for") return span(now.value - at);
    if (as === "timer") return timer(now.value - at);
    return shortTime(at, now.value);
  });
  return <time class="num" dateTime={new Date(at).toISOString()} title={fullTime(at)}>{text}</time>;
}
