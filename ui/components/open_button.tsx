/**
 * @module
 * The button that opens a door, and in its place how far the opening has come.
 */
import { DoorOpen } from "lucide";
import type { Key } from "../i18n/en.ts";
import { seconds } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { now } from "../store/clock.ts";
import { ask, attempts, dismiss, open } from "../store/opening.ts";
import { type Attempt, type Progress, progressOf } from "../store/progress.ts";
import { me } from "../store/session.ts";
import type { Intercom } from "../types.ts";
import { Icon } from "./icon.tsx";

/** Properties of the button. */
export interface OpenButtonProps {
  panel: Intercom;
  /** Apartment to put into the question. */
  apartment?: string;
  big?: boolean;
  /** Whether Tab stops here; rows of a table have their own way. */
  tabIndex?: number;
}

/** Opens the door after its question. While a command is on its way, a press does nothing. */
export function OpenButton({ panel, apartment, big, tabIndex }: OpenButtonProps) {
  const progress = progressFor(panel);
  const reachable = panel.adopted && panel.status === "online";
  const blocked = progress?.busy ?? false;
  return (
    <button
      type="button"
      class={`button open-button${big ? " big" : ""}${reachable ? "" : " unreachable"}`}
      data-testid="open-button"
      tabIndex={tabIndex}
      // A panel that cannot be reached keeps its button, pale: a press says why it cannot be.
      aria-disabled={blocked}
      aria-label={t("open.label", { name: panel.name || panel.mac })}
      onClick={(event) => {
        event.stopPropagation();
        if (!blocked) ask(panel, apartment);
      }}
    >
      <Icon of={DoorOpen} size={big ? 18 : 16} /> {t("open.open")}
    </button>
  );
}

/** How far the opening of this door has come, in words. Nothing when there is nothing to say. */
export function CommandProgress({ panel }: { panel: Intercom }) {
  const attempt = attempts.value.get(panel.mac);
  const progress = progressFor(panel);
  if (!progress) return null;
  const text = words(progress, panel, attempt);
  return (
    <span
      class={`progress tone-${progress.tone}`}
      data-testid="command-progress"
      data-status={progress.status}
      role="status"
      title={text}
    >
      <span class="progress-text">{text}</span>
      {attempt?.phase === "refused" && progress.status === "refused" && (
        <Answer mac={panel.mac} attempt={attempt} />
      )}
    </span>
  );
}

function Answer({ mac, attempt }: { mac: string; attempt: Attempt & { phase: "refused" } }) {
  return (
    <span class="progress-answer">
      {attempt.again && (
        <button
          type="button"
          class="text-button"
          onClick={(event) => {
            event.stopPropagation();
            // The same key: if the first try did reach the service, this one opens nothing twice.
            void open({ mac, apartment: attempt.apartment, key: attempt.key });
          }}
        >
          {t("action.retry")}
        </button>
      )}
      <button
        type="button"
        class="text-button"
        onClick={(event) => {
          event.stopPropagation();
          dismiss(mac);
        }}
      >
        {t("action.dismiss")}
      </button>
    </span>
  );
}

function progressFor(panel: Intercom): Progress | null {
  const attempt = attempts.value.get(panel.mac);
  // A row with nothing in motion does not follow the clock.
  if (!panel.command && !attempt) return null;
  return progressOf(panel.command, attempt, now.value);
}

const WORDS: Record<Progress["status"], Key> = {
  posting: "progress.posting",
  refused: "progress.refused",
  requested: "progress.requested",
  sent: "progress.sent",
  confirmed: "progress.confirmed",
  closed: "progress.closed",
  expired: "progress.expired",
  failed: "progress.failed",
};

/** Reasons that the service gives in its own words. */
const FAILURES: Record<string, Key> = {
  "could not be recorded": "progress.not_recorded",
};

function words(progress: Progress, panel: Intercom, attempt: Attempt | undefined): string {
  const took = progress.tookMs === null ? "" : seconds(progress.tookMs);
  if (progress.status === "refused" && attempt?.phase === "refused") {
    return `${attempt.why} ${attempt.advice}`;
  }
  if (progress.late) return t("progress.late", { took });
  if (progress.status === "failed") {
    const reason = panel.command?.failed_reason;
    const known = reason ? FAILURES[reason] : undefined;
    if (known) return t(known);
    return reason ? t("progress.failed_reason", { reason }) : t("progress.failed");
  }
  const said = t(WORDS[progress.status], { took, left: progress.leftSeconds ?? 0 });
  // Two operators at one door: each has to know that it is the other's hand.
  const by = progress.status === "posting" ? undefined : panel.command?.requested_by;
  return by && by.id !== me.value?.id ? `${said} · ${by.name}` : said;
}
