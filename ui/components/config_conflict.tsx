/**
 * @module
 * Somebody changed a configuration while one edited it: what they changed, and what is to become of both changes.
 */
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { type ConfigPlace, readConfig } from "../store/endpoint_config_api.ts";
import { diffSize, diffTexts, merge } from "../store/endpoint_config_diff.ts";
import type { EndpointConfig } from "../types.ts";
import { ConfigDiff } from "./config_diff.tsx";
import { ConfigError } from "./config_problems.tsx";
import { Dialog } from "./dialog.tsx";
import { Skeleton } from "./states.tsx";

/** Properties of the question. */
export interface ConfigConflictProps {
  place: ConfigPlace;
  /** What the edits are based on. */
  base: EndpointConfig;
  /** The edited text; the base's own where nothing was edited. */
  mine: string;
  /** Goes on with what is there now and with a text to edit. */
  onTake: (config: EndpointConfig, text: string) => void;
  onClose: () => void;
}

/** Shows what changed meanwhile and lets one take it over. */
export function ConfigConflict({ place, base, mine, onTake, onClose }: ConfigConflictProps) {
  const [now, setNow] = useState<EndpointConfig | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const abort = new AbortController();
    readConfig(place, abort.signal).then(setNow, (error) => {
      if (!abort.signal.aborted) setError(error);
    });
    return () => abort.abort();
  }, []);
  const rows = now && diffTexts(base.text, now.text);
  const edited = mine !== base.text;
  const both = now && merge(base.text, mine, now.text);
  return (
    <Dialog title={t("config.conflict.title", { name: base.name })} onClose={onClose} wide>
      <div data-testid="config-conflict">
        <p class="dialog-text">{t("config.conflict.text")}</p>
        <ConfigError error={error} />
        {!now && error === null && <Skeleton rows={4} />}
        {rows && (diffSize(rows).added + diffSize(rows).removed > 0
          ? <ConfigDiff rows={rows} label={t("config.conflict.diff")} />
          : <p class="muted">{t("config.conflict.elsewhere")}</p>)}
        {now && edited && both === null && <p class="conf-note is-warning">{t("config.conflict.both")}</p>}
        <footer class="dialog-foot conf-foot-wrap">
          <button type="button" class="button" onClick={onClose}>{t("action.cancel")}</button>
          {now && edited && both === null && (
            <button
              type="button"
              class="button"
              onClick={() => onTake(now, mine)}
            >
              {t("config.conflict.mine")}
            </button>
          )}
          {now && edited && (
            <button
              type="button"
              class="button"
              onClick={() => onTake(now, now.text)}
            >
              {t("config.conflict.theirs")}
            </button>
          )}
          {now && both !== null && (
            <button
              type="button"
              class="button primary"
              data-testid="config-take-over"
              onClick={() => onTake(now, both)}
            >
              {t(edited ? "config.conflict.take" : "config.conflict.take_only")}
            </button>
          )}
        </footer>
      </div>
    </Dialog>
  );
}
