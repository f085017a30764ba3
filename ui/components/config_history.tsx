/**
 * @module
 * Versions of a configuration: who changed it, when and why, what it was, and the way back to any of them.
 */
import { History } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { asSentence, versionTrouble } from "../store/endpoint_config_outcome.ts";
import { readDiff } from "../store/endpoint_config_diff.ts";
import type { Loaded } from "../store/load.ts";
import type { ConfigVersion, Page } from "../types.ts";
import { ConfigDiff } from "./config_diff.tsx";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icon.tsx";
import { Mark } from "./mark.tsx";
import { Moment } from "./moment.tsx";
import { Broken, Skeleton } from "./states.tsx";

/** Properties of the history. */
export interface ConfigHistoryProps {
  versions: Loaded<ConfigVersion, Page<ConfigVersion>>;
  /** Absent where nothing can be taken back. */
  onRollback?: (version: ConfigVersion) => void;
  /** Why nothing can be taken back just now. */
  note?: string;
}

/** The versions, the newest first. */
export function ConfigHistory({ versions, onRollback, note }: ConfigHistoryProps) {
  const [seen, setSeen] = useState<ConfigVersion | null>(null);
  const { items, busy, error, hasMore, more, reload } = versions;
  const current = items.find(({ result }) => result === "saved");
  return (
    <section class="card conf-history" aria-label={t("config.history")}>
      <h2 class="section-title">{t("config.history")}</h2>
      {note && <p class="muted">{note}</p>}
      {error !== null && <Broken error={error} onRetry={reload} />}
      {busy && !items.length && <Skeleton rows={4} />}
      {!busy && error === null && !items.length && (
        <p class="muted">
          <Icon of={History} /> {t("config.history.none")}
        </p>
      )}
      <ol class="conf-versions">
        {items.map((version) => (
          <Version
            key={version.id}
            version={version}
            current={version === current}
            onSee={() => setSeen(version)}
            onRollback={mayReturn(version, current) ? onRollback : undefined}
          />
        ))}
      </ol>
      {hasMore && (
        <button type="button" class="button" aria-disabled={busy} onClick={more}>
          {t(busy ? "state.loading" : "action.more")}
        </button>
      )}
      {seen && (
        <Dialog title={t(`config.action.${seen.action}`)} onClose={() => setSeen(null)} wide>
          <p class="dialog-text">
            {seen.by.name}, <Moment at={seen.at} as="clock" />: {seen.why || t("config.why.none")}
          </p>
          <Trouble version={seen} />
          <ConfigDiff rows={readDiff(seen.diff)} label={t("config.diff")} />
        </Dialog>
      )}
    </section>
  );
}

function Version({ version, current, onSee, onRollback }: {
  version: ConfigVersion;
  current: boolean;
  onSee: () => void;
  onRollback?: (version: ConfigVersion) => void;
}) {
  const trouble = versionTrouble(version);
  return (
    <li class={`conf-version${trouble ? ` is-${trouble}` : ""}`} data-testid="config-version">
      <p class="conf-version-head">
        <strong>{t(`config.action.${version.action}`)}</strong>
        <span class="faint">
          <Moment at={version.at} as="clock" />
        </span>
      </p>
      <p>{version.why || <span class="faint">{t("config.why.none")}</span>}</p>
      <p class="muted">{version.by.name}</p>
      <Trouble version={version} />
      <div class="row-of-buttons">
        {current && (
          <Mark
            kind={trouble ? "unknown" : "completed"}
            word={t(`config.version.${trouble ? "last" : "current"}`)}
          />
        )}
        {version.diff !== "" && (
          <button type="button" class="text-button" onClick={onSee}>{t("config.version.see")}</button>
        )}
        {onRollback && (
          <button
            type="button"
            class="text-button"
            data-testid="config-rollback"
            onClick={() => onRollback(version)}
          >
            {t("config.version.rollback")}
          </button>
        )}
      </div>
    </li>
  );
}

/** What went wrong with a version: Asterisk refused it, or nobody knows what became of it. */
function Trouble({ version }: { version: ConfigVersion }) {
  const trouble = versionTrouble(version);
  if (trouble === null) return null;
  return (
    <p class="conf-refused">
      <Mark
        kind={trouble === "refused" || trouble === "stuck" ? "rejected" : "unknown"}
        word={t(`config.version.${trouble}`)}
      />
      {version.failure !== null && <span lang="en">{asSentence(version.failure)}</span>}
    </p>
  );
}

/** What Asterisk did not take is no place to go back to, nor is that which is. */
function mayReturn(version: ConfigVersion, current: ConfigVersion | undefined): boolean {
  const trouble = versionTrouble(version);
  return trouble !== "refused" && trouble !== "stuck" && version.action !== "delete" &&
    version.id !== current?.id;
}
