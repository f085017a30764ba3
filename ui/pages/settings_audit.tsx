/**
 * @module
 * The audit log: who did what, from where, and how it ended.
 */
import { ScrollText } from "lucide";
import { useState } from "preact/hooks";
import { Moment } from "../components/moment.tsx";
import { Broken, Empty, Skeleton } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { useList } from "../store/load.ts";
import type { AuditEntry } from "../types.ts";

/** The log, newest first. */
export function AuditLog() {
  const [typed, setTyped] = useState("");
  const [action, setAction] = useState("");
  const loaded = useList<AuditEntry>("/api/audit", { action, limit: 50 });
  return (
    <section class="card" aria-label={t("settings.audit")}>
      <div class="section-head">
        <h2 class="section-title">{t("settings.audit")}</h2>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            setAction(typed.trim());
          }}
        >
          <input
            class="input"
            aria-label={t("audit.action")}
            placeholder={t("audit.action")}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </form>
      </div>
      {loaded.error !== null && <Broken error={loaded.error} onRetry={loaded.reload} />}
      {loaded.busy && !loaded.items.length && <Skeleton rows={6} />}
      {!loaded.busy && loaded.error === null && !loaded.items.length && (
        <Empty icon={ScrollText} title={t("audit.none")} />
      )}
      <ul class="records">
        {loaded.items.map((entry) => <Entry key={entry.id} entry={entry} />)}
      </ul>
      {loaded.hasMore && (
        <button type="button" class="button" aria-disabled={loaded.busy} onClick={loaded.more}>
          {t(loaded.busy ? "state.loading" : "action.more")}
        </button>
      )}
    </section>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const [open, setOpen] = useState(false);
  const where = [entry.target, entry.address].filter(Boolean).join(" · ");
  return (
    <li>
      <button type="button" class="record" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="record-when">
          <Moment at={entry.at} as="clock" />
        </span>
        <strong title={entry.action}>{entry.action}</strong>
        <span class="muted" title={`${entry.actor} ${where}`}>
          {entry.actor}
          {where && ` · ${where}`}
        </span>
        <span class="faint" title={entry.result}>{entry.result}</span>
      </button>
      {open && <pre class="record-body num" tabIndex={0}>{JSON.stringify(entry.detail, null, 2)}</pre>}
    </li>
  );
}
