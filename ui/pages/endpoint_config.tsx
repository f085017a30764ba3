/**
 * @module
 * The configuration of an endpoint or of a template: read, edited as a form or as text, saved with a reason, taken back.
 */
import { FileQuestion, FileX2 } from "lucide";
import { useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { ConfigChangeDialog } from "../components/config_change_dialog.tsx";
import { ConfigHistory } from "../components/config_history.tsx";
import { ConfigError } from "../components/config_problems.tsx";
import { ConfigResult } from "../components/config_result.tsx";
import { Link } from "../components/link.tsx";
import { Empty, Skeleton } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { endpointPath, navigate } from "../router.ts";
import { useConfig } from "../store/endpoint_config.ts";
import { ambiguousPbxs, type ConfigPlace } from "../store/endpoint_config_api.ts";
import type { ConfigDone } from "../store/endpoint_config_outcome.ts";
import { useKeys } from "../store/keys.ts";
import { type Loaded, useList } from "../store/load.ts";
import { isAdmin } from "../store/session.ts";
import type { ConfigVersion, Page } from "../types.ts";
import { type Asked, ConfigDesk, rollbackTo } from "./endpoint_config_desk.tsx";

/** The config page of an endpoint. `pbx` is null where the address does not name one. */
export function EndpointConfigPage({ name, pbx }: { name: string; pbx: string | null }) {
  const place = { name, pbx };
  const read = useConfig(place);
  const versions = useList<ConfigVersion>(
    `/api/endpoints/${encodeURIComponent(name)}/config/versions`,
    { pbx, limit: 30 },
  );
  useKeys({
    // A template has no page of its own beside this one.
    Escape: () =>
      navigate(
        read.config?.kind === "endpoint" ? endpointPath(name, { pbx: pbx ?? undefined }) : "/endpoints",
      ),
  });
  const [result, setResult] = useState<ConfigDone | null>(null);
  const isGone = read.error instanceof ApiError && read.error.status === 404;
  const reload = () => {
    read.reload();
    versions.reload();
  };
  if (isGone) {
    return <Gone place={place} versions={versions} reload={reload} result={result} onResult={setResult} />;
  }
  if (!read.config) {
    if (read.error === null) return <Skeleton rows={6} tall />;
    const named = ambiguousPbxs(read.error);
    if (named.length) return <Which name={name} pbxs={named} />;
    return (
      <Empty icon={FileX2} title={t("config.broken")}>
        <ConfigError error={read.error} reading />
        <button type="button" class="button" onClick={read.reload}>{t("action.retry")}</button>
      </Empty>
    );
  }
  return (
    <div class="panel-page config-page" data-testid="config-page">
      <ConfigDesk
        place={place}
        config={read.config}
        replace={read.replace}
        reload={reload}
        versions={versions}
        result={result}
        onResult={setResult}
      />
    </div>
  );
}

function Which({ name, pbxs }: { name: string; pbxs: readonly string[] }) {
  return (
    <Empty icon={FileQuestion} title={t("config.which", { name })}>
      <p class="row-of-buttons">
        {pbxs.map((pbx) => (
          <Link key={pbx} to={endpointPath(name, { pbx, part: "config" })} class="button">{pbx}</Link>
        ))}
      </p>
    </Empty>
  );
}

/** It is not in pjsip.conf; what it was can be brought back. */
function Gone({ place, versions, reload, result, onResult }: {
  place: ConfigPlace;
  versions: Loaded<ConfigVersion, Page<ConfigVersion>>;
  reload: () => void;
  result: ConfigDone | null;
  onResult: (result: ConfigDone | null) => void;
}) {
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <>
      {result && (
        <div class="conf-alone">
          <ConfigResult done={result} onClose={() => onResult(null)} />
        </div>
      )}
      <Empty icon={FileQuestion} title={t("config.gone", { name: place.name })}>
        <p>{t("config.gone.text")}</p>
        <p class="row-of-buttons">
          <Link to="/endpoints" class="button">{t("page.endpoints")}</Link>
          {isAdmin.value && <Link to="/endpoints/new" class="button">{t("config.new")}</Link>}
        </p>
      </Empty>
      {versions.items.length > 0 && (
        <div class="conf-alone">
          <ConfigHistory
            versions={versions}
            onRollback={isAdmin.value
              ? (version) => setAsked(rollbackTo(version, { name: place.name, revision: "" }))
              : undefined}
          />
        </div>
      )}
      {asked && (
        <ConfigChangeDialog
          {...asked}
          place={place}
          onDone={(done) => {
            setAsked(null);
            onResult(done);
            reload();
          }}
          onConflict={reload}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}
