/**
 * @module
 * How often an endpoint was there: as figures, as bars of the last day, week and month, and as a list.
 */
import { useState } from "preact/hooks";
import { Mark } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { Broken, Skeleton } from "../components/states.tsx";
import type { Key } from "../i18n/en.ts";
import { number, shortTime, span } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { now } from "../store/clock.ts";
import { percent, SPANS, type Stretch, stretches } from "../store/endpoint_history.ts";
import { type Past, usePast } from "../store/endpoint_past.ts";
import type { Endpoint, EndpointChange, EndpointHistory } from "../types.ts";

/** How many lines of the history are drawn at once. */
const LINES = 20;

type Length = keyof typeof SPANS;
const LENGTHS: [length: Length, word: Key][] = [
  ["day", "endpoint.day"],
  ["week", "endpoint.week"],
  ["month", "endpoint.month"],
];

/** Availability and history of an endpoint. */
export function EndpointPast({ endpoint }: { endpoint: Endpoint }) {
  const past = usePast(endpoint);
  const { loaded } = past;
  return (
    <>
      <section aria-label={t("endpoint.availability")}>
        <div class="section-head">
          <h2 class="section-title">{t("endpoint.availability")}</h2>
          <ul class="bar-legend faint">
            {(["online", "offline", "unknown"] as const).map((status) => (
              <li key={status}>
                <span class={`swatch is-${status}`} /> {t(`mark.${status}`)}
              </li>
            ))}
          </ul>
        </div>
        {loaded.error !== null && (
          <Broken error={loaded.error} onRetry={loaded.reload} still={t("endpoint.still")} />
        )}
        <div class="availability">
          {LENGTHS.map(([length, word]) => (
            <Availability
              key={length}
              name={t(word)}
              length={length}
              past={past}
              figures={past.availability?.[length] ?? null}
            />
          ))}
        </div>
      </section>
      <History past={past} />
    </>
  );
}

interface AvailabilityProps {
  name: string;
  length: Length;
  past: Past;
  figures: EndpointHistory["availability"][Length] | null;
}

function Availability({ name, length, past, figures }: AvailabilityProps) {
  const { loaded, items } = past;
  const nowMs = Math.floor(now.value / 10_000) * 10_000;
  const waits = loaded.first === null;
  // Before the history is here, all but the present is not read yet.
  const shown = stretches(items, { nowMs, spanMs: SPANS[length], hasMore: waits || loaded.hasMore });
  const inSpan = (seconds: number) => span(seconds * 1000);
  const label = figures
    ? t("endpoint.bar", {
      name,
      online: inSpan(figures.online_s),
      offline: inSpan(figures.offline_s),
      unknown: inSpan(figures.unknown_s),
    })
    : name;
  const words = figures && [
    figures.offline_s > 0 && t("endpoint.offline_for", { span: inSpan(figures.offline_s) }),
    figures.unknown_s > 0 && t("endpoint.unknown_for", { span: inSpan(figures.unknown_s) }),
  ].filter(Boolean).join(" · ");
  return (
    <div class="availability-row" data-testid={`availability-${length}`}>
      <span class="muted">{name}</span>
      <strong class="num availability-ratio">
        {figures === null
          ? "–"
          : figures.ratio === null
          ? "–"
          : t("endpoint.ratio", { n: percent(figures.ratio, number) })}
      </strong>
      <div class="bar" role="img" aria-label={label}>
        {shown.map((stretch) => <Piece key={stretch.at} stretch={stretch} />)}
      </div>
      <span class="faint availability-words">
        {words ||
          (figures && figures.ratio === 1 ? t("endpoint.always") : figures && t("endpoint.ratio.none"))}
      </span>
    </div>
  );
}

function Piece({ stretch }: { stretch: Stretch }) {
  const { status, from, to, at, until } = stretch;
  const word = status === "unread"
    ? t("endpoint.unread")
    : t(status === "mixed" ? "mark.flapping" : `mark.${status}`);
  const nowMs = now.peek();
  return (
    <span
      class={`piece is-${status}`}
      // A stretch too short to be seen keeps its least width: the last one to the left of its end.
      style={{
        [to > 0.99 ? "right" : "left"]: `${(to > 0.99 ? 1 - to : from) * 100}%`,
        width: `${(to - from) * 100}%`,
      }}
      title={`${word}, ${span(until - at)}\n${shortTime(at, nowMs)} – ${shortTime(until, nowMs)}`}
    />
  );
}

function History({ past }: { past: Past }) {
  const [lines, setLines] = useState(LINES);
  const { items, loaded } = past;
  const waits = loaded.first === null && loaded.busy;
  const more = items.length > lines || loaded.hasMore;
  return (
    <section class="panel-history" aria-label={t("endpoint.history")}>
      <h2 class="section-title endpoint-section">{t("endpoint.history")}</h2>
      <ul class="changes">
        {items.slice(0, lines).map((item) => <Change key={item.at} item={item} />)}
      </ul>
      {waits && <Skeleton rows={4} />}
      {more && !waits && (
        <button
          type="button"
          class="button"
          aria-disabled={loaded.busy}
          onClick={() => {
            setLines(lines + LINES * 2);
            if (items.length <= lines + LINES * 2) loaded.more();
          }}
        >
          {t(loaded.busy ? "state.loading" : "action.more")}
        </button>
      )}
    </section>
  );
}

function Change({ item }: { item: EndpointChange }) {
  const reason = item.reason ? t(`endpoint.reason.${item.reason}`) : "";
  return (
    <li class="change" data-testid="endpoint-change" data-status={item.status}>
      <span class="change-when num muted">
        <Moment at={item.at} as="clock" />
      </span>
      <Mark kind={item.status} word />
      <span class="change-why muted" title={reason}>{reason}</span>
      <span class="change-lasted num faint">
        {item.until === null
          ? <Moment at={item.at} as="for" />
          : span(Date.parse(item.until) - Date.parse(item.at))}
      </span>
    </li>
  );
}
