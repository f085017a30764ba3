/**
 * @module
 * What a page shows when it has nothing to show: not yet, nothing there, or broken.
 */
import type { IconNode } from "lucide";
import { CircleAlert, DoorClosed, RefreshCw } from "lucide";
import type { ComponentChildren } from "preact";
import { t } from "../i18n/translate.ts";
import { wordsFor, wordsForReading } from "../store/refusals.ts";
import { Icon } from "./icon.tsx";

/** Grey bars where lines will be. */
export function Skeleton({ rows = 6, tall }: { rows?: number; tall?: boolean }) {
  return (
    <div class={tall ? "skeleton tall" : "skeleton"} role="status" aria-label={t("state.loading")}>
      {Array.from({ length: rows }, (_, index) => <span key={index} class={`bone bone-${index % 4}`} />)}
    </div>
  );
}

/** Properties of an empty place. */
export interface EmptyProps {
  icon: IconNode;
  title: string;
  children?: ComponentChildren;
}

/** An empty place: what it will show, and how to get it there. */
export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon of={icon} size={24} />
      </span>
      <h2>{title}</h2>
      {children && <div class="empty-text">{children}</div>}
    </div>
  );
}

/** No panel has reported yet. */
export function NoPanels() {
  return (
    <Empty icon={DoorClosed} title={t("board.empty")}>
      <p>{t("board.empty.do")}</p>
      <p>
        <code class="num">intercom/{"{mac}"}/heartbeat</code>
      </p>
    </Empty>
  );
}

/** Properties of a failed part of a page. */
export interface BrokenProps {
  error: unknown;
  onRetry?: () => void;
  /** What still works. */
  still?: string;
}

/** A request that failed: why, what to do, what still works, and another try. */
export function Broken({ error, onRetry, still }: BrokenProps) {
  const { why, advice } = wordsForReading(error);
  return (
    <div class="broken" role="alert">
      <Icon of={CircleAlert} size={18} />
      <div>
        <strong>{why}</strong>
        {(advice || still) && <div class="muted">{[advice, still].filter(Boolean).join(" ")}</div>}
      </div>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          <Icon of={RefreshCw} /> {t("action.retry")}
        </button>
      )}
    </div>
  );
}

/** Says that a list is not the whole of it, since the database is away. */
export function PartOnly() {
  return (
    <div class="broken" role="status">
      <Icon of={CircleAlert} size={18} />
      <div>
        <strong>{t("refusal.database")}</strong>
        <div class="muted">{t("events.partial")}</div>
      </div>
    </div>
  );
}

/** A refusal beside the form that it is about. */
export function FormError({ error }: { error: unknown }) {
  if (!error) return null;
  const { why, advice } = wordsFor(error);
  return (
    <p class="form-error" role="alert">
      <Icon of={CircleAlert} />
      <span>
        {why} {advice}
      </span>
    </p>
  );
}
