/**
 * @module
 * Times as people read them: how long ago, and exactly when.
 */
import { type Locale, locale } from "../store/preferences.ts";
import { translate } from "./translate.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** How long ago, in the largest unit that fits: `12 s ago`. The future counts as now. */
export function ago(atMs: number, nowMs: number, language: Locale = locale.value): string {
  const past = nowMs - atMs;
  if (past < 2 * SECOND) return translate(language, "time.now");
  return translate(language, "time.ago", { span: span(past, language) });
}

/** A length of time in the largest unit that fits: `12 s`, `3 min`, `2 h`, `4 d`. */
export function span(ms: number, language: Locale = locale.value): string {
  if (ms < MINUTE) return translate(language, "time.s", { n: Math.max(0, Math.floor(ms / SECOND)) });
  if (ms < HOUR) return translate(language, "time.min", { n: Math.floor(ms / MINUTE) });
  if (ms < 2 * DAY) return translate(language, "time.h", { n: Math.floor(ms / HOUR) });
  return translate(language, "time.d", { n: Math.floor(ms / DAY) });
}

/** Seconds with a tenth: `0.8 s`; whole from ten on. What is quicker than a tenth is told as such, not as nothing. */
export function seconds(ms: number, language: Locale = locale.value): string {
  const digits = ms < 10 * SECOND ? 1 : 0;
  const n = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .format(Math.max(0.1, ms / SECOND));
  return translate(language, "time.s", { n: ms < 100 ? `< ${n}` : n });
}

/** A length of time that is watched as it runs: `0:07`, `12:03`, `1:02:03`. The same in every language. */
export function timer(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / SECOND));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, minutes, seconds] = parts.map((part) => String(part).padStart(2, "0"));
  return hours === "00" ? `${parts[1]}:${seconds}` : `${parts[0]}:${minutes}:${seconds}`;
}

/** The time of day: `12:04:31`. */
export function clockTime(atMs: number, language: Locale = locale.value): string {
  return formatter(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })
    .format(atMs);
}

/** Time of day today, day and time otherwise. */
export function shortTime(atMs: number, nowMs: number, language: Locale = locale.value): string {
  if (new Date(atMs).toDateString() === new Date(nowMs).toDateString()) return clockTime(atMs, language);
  const sameYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
  return formatter(language, {
    day: "numeric",
    month: "short",
    year: sameYear ? undefined : "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(atMs);
}

/** Everything about a moment, with its zone: for the hover. */
export function fullTime(atMs: number, language: Locale = locale.value): string {
  return formatter(language, {
    weekday: "short",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  }).format(atMs);
}

/** A number with the language's grouping. */
export function number(n: number, language: Locale = locale.value): string {
  return new Intl.NumberFormat(language).format(n);
}

function formatter(language: Locale, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${Object.keys(options).join()} ${options.year ?? ""}`;
  let made = formatters.get(key);
  // British order of day and month: the pages' English is for people who also read Russian.
  if (!made) {
    formatters.set(key, made = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, options));
  }
  return made;
}
