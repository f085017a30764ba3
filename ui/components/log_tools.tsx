/**
 * @module
 * The line over a log that says how it stands, and its tools: pause, wrap, clear, download.
 */
import { Download, Eraser, Pause, Play, Undo2, WrapText } from "lucide";
import { withQuery } from "../api.ts";
import { clockTime, number } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { now } from "../store/clock.ts";
import type { LogFollower } from "../store/endpoint_logs.ts";
import { choiceQuery, logAddress, type LogChoice } from "../store/endpoint_logs_filter.ts";
import { live } from "../store/live.ts";
import { wrapLogs } from "../store/preferences.ts";
import { Icon } from "./icon.tsx";
import { Mark } from "./mark.tsx";

/** Properties of the line. */
export interface LogToolsProps {
  follower: LogFollower;
  choice: LogChoice;
  shown: number;
  /** Lines on the page that are not cleared. */
  held: number;
  /** Whether any file is followed; null while that is not known. */
  followed: boolean | null;
}

/** How the log stands: live or not, how many lines, how many a minute. */
export function LogStatus({ follower, shown, held, followed }: Omit<LogToolsProps, "choice">) {
  const perMinute = follower.rate.perMinute(now.value - live.value.skewMs);
  const skipped = follower.skipped.value;
  return (
    <div class="log-status">
      <Following follower={follower} followed={followed} />
      <span class="num" data-testid="log-count" title={t("logs.count.title")}>
        {shown === held
          ? t("logs.count", { n: held })
          : t("logs.count.of", { shown: number(shown), held: number(held) })}
      </span>
      <span class="num" data-testid="log-rate">{t("logs.rate", { n: number(perMinute) })}</span>
      {skipped > 0 && (
        <span class="num log-skipped" title={t("logs.skipped.title")}>
          {t("logs.skipped", { n: skipped })}
        </span>
      )}
    </div>
  );
}

/** Pause, wrap, clear and download. */
export function LogButtons({ follower, choice, held }: Omit<LogToolsProps, "shown" | "followed">) {
  const paused = follower.waiting.value !== null;
  const cleared = follower.clearedTo.value > 0;
  const { path, query } = logAddress(follower.scope, { file: true });
  const wrap = wrapLogs.value === "on";
  return (
    <div class="log-buttons">
      <button
        type="button"
        class="button"
        data-testid="log-pause"
        aria-keyshortcuts="p"
        onClick={() => paused ? follower.resume() : follower.pause()}
      >
        <Icon of={paused ? Play : Pause} />
        {paused ? t("logs.resume", { n: number(follower.waiting.value ?? 0) }) : t("logs.pause")}
      </button>
      {cleared
        ? (
          <button type="button" class="button" data-testid="log-unclear" onClick={() => follower.unclear()}>
            <Icon of={Undo2} /> {t("logs.unclear")}
          </button>
        )
        : (
          <button
            type="button"
            class="button"
            data-testid="log-clear"
            title={t("logs.clear.title")}
            disabled={held === 0}
            onClick={() => follower.clear()}
          >
            <Icon of={Eraser} /> {t("logs.clear")}
          </button>
        )}
      <button
        type="button"
        class="button"
        data-testid="log-wrap"
        aria-pressed={wrap}
        aria-keyshortcuts="w"
        title={t("logs.wrap.title")}
        onClick={() => {
          wrapLogs.value = wrap ? "off" : "on";
        }}
      >
        <Icon of={WrapText} /> {t("logs.wrap")}
      </button>
      <a
        class="button"
        data-testid="log-download"
        href={withQuery(path, { ...query, ...choiceQuery(choice) })}
        download=""
        title={t("logs.download.title")}
      >
        <Icon of={Download} /> {t("logs.download")}
      </a>
    </div>
  );
}

function Following({ follower, followed }: Pick<LogToolsProps, "follower" | "followed">) {
  const { phase, heardAt } = follower.stream.value;
  if (phase === "cut") {
    const at = heardAt === null ? null : clockTime(heardAt + live.value.skewMs);
    return (
      <span class="log-cut">
        <Mark kind="offline" word={at === null ? t("logs.cut") : t("logs.cut_since", { at })} />
        <button type="button" class="text-button" onClick={() => follower.retryNow()}>
          {t("stale.try")}
        </button>
      </span>
    );
  }
  if (phase === "connecting") return <Mark kind="unknown" word={t("logs.connecting")} />;
  if (follower.waiting.value !== null) return <Mark kind="waiting" word={t("logs.paused")} />;
  if (followed === false) return <Mark kind="unknown" word={t("logs.unfollowed")} />;
  return <Mark kind="online" word={t("logs.live")} />;
}
