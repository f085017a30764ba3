/**
 * @module
 * A log that has nothing to show, and log files that cannot be followed: why, and what to do.
 */
import { FileClock, FileQuestion, FileX2, ScrollText, SearchX } from "lucide";
import { ApiError, withQuery } from "../api.ts";
import { t } from "../i18n/translate.ts";
import { endpointPath, setQuery } from "../router.ts";
import { ambiguousPbxs } from "../store/endpoint_config_api.ts";
import { isFiltered, type LogChoice, type LogScope } from "../store/endpoint_logs_filter.ts";
import type { LogFile } from "../store/endpoint_logs_history.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { Empty } from "./states.tsx";

const SAMPLE = "DOORLINE_ASTERISK_LOG=/var/log/asterisk/full.log";

/** Files that are not followed, with what to do. Where `quiet`, the empty page below says it already. */
export function LogFiles(
  { files, quiet, pbx }: { files: readonly LogFile[]; quiet: boolean; pbx: string },
) {
  const bad = files.filter((file) => file.state !== "following" && (pbx === "" || file.pbx === pbx));
  if (!bad.length || quiet && bad.length === files.length) return null;
  return (
    <div class="log-bad-files" role="status" data-testid="log-files">
      <ul class="log-files">
        {bad.map((file) => (
          <BadFile key={`${file.pbx} ${file.name}`} file={file} several={areSeveral(files)} />
        ))}
      </ul>
    </div>
  );
}

/** Whether files are of several PBXs: then a name alone does not say which is meant. */
function areSeveral(files: readonly LogFile[]): boolean {
  return files.some(({ pbx }) => pbx !== files[0]!.pbx);
}

function BadFile({ file, several }: { file: LogFile; several: boolean }) {
  const name = several ? `${file.pbx} · ${file.name}` : file.name;
  const missing = file.state === "missing";
  return (
    <li class={missing ? "is-missing" : "is-unreadable"}>
      <Icon of={missing ? FileClock : FileX2} />
      <span>
        <strong>{t(missing ? "logs.file.missing" : "logs.file.unreadable", { name })}</strong>{" "}
        {t(missing ? "logs.file.missing.do" : "logs.file.unreadable.do")}
        {file.error !== null && <span class="faint">{` ${file.error}`}</span>}
      </span>
    </li>
  );
}

/** Why there is no log at all: no endpoint of that name, or several; null for any other failure. */
export function noEndpoint(scope: LogScope, error: unknown) {
  if (scope.kind === "all" || !(error instanceof ApiError)) return null;
  const pbxs = ambiguousPbxs(error);
  if (scope.kind === "call") {
    return pbxs.length === 0
      ? null
      : (
        <Empty icon={FileQuestion} title={t("logs.which", { call: scope.call })}>
          <p class="row-of-buttons">
            {pbxs.map((pbx) => (
              <Link key={pbx} to={withQuery("/logs", { call: scope.call, pbx })} class="button">{pbx}</Link>
            ))}
          </p>
        </Empty>
      );
  }
  const { name } = scope;
  if (pbxs.length > 0) {
    return (
      <Empty icon={FileQuestion} title={t("config.which", { name })}>
        <p class="row-of-buttons">
          {pbxs.map((pbx) => (
            <Link key={pbx} to={endpointPath(name, { pbx, part: "logs" })} class="button">{pbx}</Link>
          ))}
        </p>
      </Empty>
    );
  }
  if (error.status !== 404) return null;
  return (
    <Empty icon={FileQuestion} title={t("logs.gone", { name })}>
      <p>{t("logs.gone.text")}</p>
      <p class="row-of-buttons">
        <Link to="/endpoints" class="button">{t("page.endpoints")}</Link>
        <Link to={withQuery("/logs", { q: name })} class="button">{t("logs.gone.search", { name })}</Link>
      </p>
    </Empty>
  );
}

/** Properties of an empty log. */
export interface NoLinesProps {
  scope: LogScope;
  choice: LogChoice;
  /** Null while it is not known. */
  files: readonly LogFile[] | null;
  busy: boolean;
  cleared: boolean;
}

/** An empty log: because nothing is configured, nothing can be read, nothing fits, or nothing was said. */
export function NoLines({ scope, choice, files, busy, cleared }: NoLinesProps) {
  if (cleared) {
    return <Empty icon={ScrollText} title={t("logs.empty.cleared")}>{t("logs.empty.cleared.text")}</Empty>;
  }
  if (files?.length === 0) {
    return (
      <Empty icon={ScrollText} title={t("logs.empty.none")}>
        <p>{t("logs.empty.none.do")}</p>
        <code class="log-sample">{SAMPLE}</code>
        <p class="faint">{t("logs.empty.none.more")}</p>
      </Empty>
    );
  }
  if (files?.every(({ state }) => state !== "following")) {
    return (
      <Empty icon={FileX2} title={t("logs.empty.files")}>
        <ul class="log-files">
          {files.map((file) => (
            <BadFile key={`${file.pbx} ${file.name}`} file={file} several={areSeveral(files)} />
          ))}
        </ul>
      </Empty>
    );
  }
  if (isFiltered(choice)) {
    return (
      <Empty icon={SearchX} title={t(busy ? "state.loading" : "logs.empty.filtered")}>
        <button
          type="button"
          class="button"
          onClick={() =>
            setQuery({
              ...(scope.kind === "all" ? { pbx: "" } : {}),
              q: "",
              level: "",
              source: "",
              from: "",
              to: "",
            })}
        >
          {t("table.clear")}
        </button>
      </Empty>
    );
  }
  const title = scope.kind === "endpoint"
    ? t("logs.empty.endpoint", { name: scope.name })
    : scope.kind === "call"
    ? t("logs.empty.call", { call: scope.call })
    : t("logs.empty.all");
  return <Empty icon={ScrollText} title={title}>{t(`logs.empty.${scope.kind}.do`)}</Empty>;
}
