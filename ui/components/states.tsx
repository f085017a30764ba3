/**
 * @module
 * What a page shows when it has nothing to show: not yet, nothing there, or broken.
 */
import type { IconNode } from "lucide";
import { CircleAlert, RefreshCw } from "lucide";
import type { ComponentChildren } from "preact";
import { t } from "../i18n/translate.ts";
import { wordsFor } from "../store/refusals.ts";
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

/** A request that failed: why, what to do, and another try. */
export function Broken({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { why, advice } = wordsFor(error);
  return (
    <div class="broken" role="alert">
      <Icon of={CircleAlert} size={18} />
      <div>
        <strong>{why}</strong>
        {advice && <div class="muted">{advice}</div>}
      </div>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          <Icon of={RefreshCw} /> {t("action.retry")}
        </button>
      )}
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
