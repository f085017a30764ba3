/**
 * @module
 * The configuration of an endpoint or of a template: read, edited as a form or as text, saved with a reason, taken back.
 */
import { FileQuestion, FileX2 } from "lucide";
import { ApiError } from "../api.ts";
import { ConfigHistory } from "../components/config_history.tsx";
import { ConfigError } from "../components/config_problems.tsx";
import { Link } from "../components/link.tsx";
import { Empty, Skeleton } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { endpointPath, navigate } from "../router.ts";
import { useConfig } from "../store/endpoint_config.ts";
import { ambiguousPbxs, type ConfigPlace } from "../store/endpoint_config_api.ts";
import { useKeys } from "../store/keys.ts";
import { useList } from "../store/load.ts";
import { isAdmin } from "../store/session.ts";
import type { ConfigVersion } from "../types.ts";
import { ConfigDesk } from "./endpoint_config_desk.tsx";

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
  if (!read.config) {
    if (read.error === null) return <Skeleton rows={6} tall />;
    const named = ambiguousPbxs(read.error);
    if (named.length) return <Which name={name} pbxs={named} />;
    if (read.error instanceof ApiError && read.error.status === 404) return <Gone place={place} />;
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
        reload={() => {
          read.reload();
          versions.reload();
        }}
        versions={versions}
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

function Gone({ place }: { place: ConfigPlace }) {
  const versions = useList<ConfigVersion>(
    `/api/endpoints/${encodeURIComponent(place.name)}/config/versions`,
    { pbx: place.pbx, limit: 30 },
  );
  return (
    <>
      <Empty icon={FileQuestion} title={t("config.gone", { name: place.name })}>
        <p>{t("config.gone.text")}</p>
        <p class="row-of-buttons">
          <Link to="/endpoints" class="button">{t("page.endpoints")}</Link>
          {isAdmin.value && <Link to="/endpoints/new" class="button">{t("config.new")}</Link>}
        </p>
      </Empty>
      {versions.items.length > 0 && (
        <div class="conf-alone">
          <ConfigHistory versions={versions} />
        </div>
      )}
    </>
  );
}
