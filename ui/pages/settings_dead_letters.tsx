/**
 * @module
 * Messages from the wire that were refused, with how many for each reason.
 */
import { MailX } from "lucide";
import { useState } from "preact/hooks";
import { Moment } from "../components/moment.tsx";
import { Broken, Empty, Skeleton } from "../components/states.tsx";
import { number } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { useList } from "../store/load.ts";
import type { DeadLetter, Page } from "../types.ts";

type Letters = Page<DeadLetter> & { counts: Record<string, number> };

/** The refused messages, newest first. */
export function DeadLetters() {
  const loaded = useList<DeadLetter, Letters>("/api/dead-letters", { limit: 50 });
  const counts = Object.entries(loaded.first?.counts ?? {}).sort(([, a], [, b]) => b - a);
  return (
    <section class="card" aria-label={t("settings.refused")}>
      <h2 class="section-title">{t("settings.refused")}</h2>
      <p class="muted">{t("refused.text")}</p>
      {counts.length > 0 && (
        <ul class="reason-counts" aria-label={t("refused.reasons")}>
          {counts.map(([reason, n]) => (
            <li key={reason}>
              <span title={reason}>{reason}</span> <strong class="num">{number(n)}</strong>
            </li>
          ))}
        </ul>
      )}
      {loaded.error !== null && <Broken error={loaded.error} onRetry={loaded.reload} />}
      {loaded.busy && !loaded.items.length && <Skeleton rows={5} />}
      {!loaded.busy && loaded.error === null && !loaded.items.length && (
        <Empty icon={MailX} title={t("refused.none")}>{t("refused.none.text")}</Empty>
      )}
      <ul class="records">
        {loaded.items.map((letter) => <Letter key={letter.id} letter={letter} />)}
      </ul>
      {loaded.hasMore && (
        <button type="button" class="button" aria-disabled={loaded.busy} onClick={loaded.more}>
          {t(loaded.busy ? "state.loading" : "action.more")}
        </button>
      )}
    </section>
  );
}

function Letter({ letter }: { letter: DeadLetter }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <button type="button" class="record" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="record-when">
          <Moment at={letter.received_at} as="clock" />
        </span>
        <strong title={letter.reason}>{letter.reason}</strong>
        <span class="muted" title={letter.topic}>{letter.topic}</span>
        <span class="faint" title={letter.source}>{letter.source}</span>
      </button>
      {open && <pre class="record-body num" tabIndex={0}>{letter.payload || t("refused.empty")}</pre>}
    </li>
  );
}
