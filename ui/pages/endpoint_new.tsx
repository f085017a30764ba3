/**
 * @module
 * A new endpoint: a template, its fields, and beside them what will be written.
 */
import { FileX2, Save } from "lucide";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { ConfigChangeDialog } from "../components/config_change_dialog.tsx";
import { ConfigFields, type FieldsDraft } from "../components/config_fields.tsx";
import { Reason } from "../components/config_head.tsx";
import { ConfigError, ConfigProblems } from "../components/config_problems.tsx";
import { ConfigResult } from "../components/config_result.tsx";
import { ConfigText, SecretsToggle } from "../components/config_text.tsx";
import { DeletedNote } from "../components/deleted_note.tsx";
import { Icon } from "../components/icon.tsx";
import { Link } from "../components/link.tsx";
import { PhoneAccount } from "../components/phone_account.tsx";
import { Empty, Skeleton } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { endpointPath, navigate, setQuery } from "../router.ts";
import { useCheck } from "../store/endpoint_config.ts";
import { type ConfigAct, type ConfigTemplates, readTemplates } from "../store/endpoint_config_api.ts";
import { type ConfigDone, outcomeOf } from "../store/endpoint_config_outcome.ts";
import { readDiff } from "../store/endpoint_config_diff.ts";
import { linkedPbxs } from "../store/endpoint_views.ts";
import { useKeys } from "../store/keys.ts";
import { ready } from "../store/live.ts";
import { isAdmin } from "../store/session.ts";

/** The page where an endpoint is made. `pbx` is null where the address does not name one. */
export function EndpointNewPage({ pbx }: { pbx: string | null }) {
  const pbxs = linkedPbxs();
  const chosen = pbx ?? (pbxs.length === 1 ? pbxs[0]! : null);
  const [templates, setTemplates] = useState<ConfigTemplates | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const mustChoose = chosen === null && pbxs.length > 1;
  // Before the Asterisks are known it is not known either whether one has to be chosen.
  const waits = mustChoose || chosen === null && !ready.value;
  useKeys({ Escape: () => navigate("/endpoints") });
  useEffect(() => {
    if (waits || !isAdmin.value) return;
    const abort = new AbortController();
    setTemplates(null);
    setError(null);
    readTemplates(chosen, abort.signal).then(setTemplates, (error) => {
      if (!abort.signal.aborted) setError(error);
    });
    return () => abort.abort();
  }, [chosen, waits, round]);

  if (!isAdmin.value) {
    return <Empty icon={FileX2} title={t("config.new.forbidden")}>{t("refusal.forbidden.do")}</Empty>;
  }
  return (
    <div class="panel-page config-page config-new" data-testid="config-new">
      {pbxs.length > 1 && (
        <label class="field conf-pbx">
          <span>Asterisk</span>
          <select
            class="input"
            value={chosen ?? ""}
            onChange={(event) => setQuery({ pbx: event.currentTarget.value })}
          >
            <option value="">{t("config.new.pbx")}</option>
            {pbxs.map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
        </label>
      )}
      {!mustChoose && error !== null && (
        <Empty icon={FileX2} title={t("config.broken")}>
          <ConfigError error={error} reading />
          <button type="button" class="button" onClick={() => setRound((n) => n + 1)}>
            {t("action.retry")}
          </button>
        </Empty>
      )}
      {!mustChoose && error === null && !templates && <Skeleton rows={6} />}
      {templates && !templates.editable && (
        <Empty icon={FileX2} title={t("config.readonly")}>
          <Reason text={templates.not_editable_reason} />
        </Empty>
      )}
      {templates?.editable && <Making key={chosen} pbx={chosen} templates={templates} />}
    </div>
  );
}

function Making({ pbx, templates }: { pbx: string | null; templates: ConfigTemplates }) {
  const [draft, setDraft] = useState<FieldsDraft>({
    name: "",
    template: templates.creatable[0]?.id ?? "phone",
    values: {},
  });
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useState<ConfigDone | null>(null);
  const [secrets, setSecrets] = useState(false);
  const fields = templates.creatable.find(({ id }) => id === draft.template)?.fields ?? [];
  const name = draft.name.trim();
  const values = valuesOf(draft, fields);
  const whole = name !== "" && fields.every(({ name, required }) => !required || (values[name] ?? "") !== "");
  const what: ConfigAct = { kind: "create", template: draft.template, values };
  const place = { name, pbx };
  // What nobody knows the end of may be there: to offer the same form again would make it twice.
  const made = done === "unanswered" || done?.result === "saved";
  const check = useCheck(place, whole && !made ? what : null);
  const touched = !made && (name !== "" || Object.values(draft.values).some(Boolean));
  const preview = readDiff(check.change?.diff ?? "").filter(({ sign }) => sign === "+").map(({ text }) =>
    text
  );
  // At once, not after the next frame: what was cleared must not ask any more.
  useLayoutEffect(() => {
    if (!touched) return;
    // Leaving a half-filled form is no loss that a question of its own is worth; closing the window by mistake is.
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [touched]);

  if (done && made) {
    const outcome = outcomeOf(done);
    const well = outcome === "verified";
    return (
      <div class="panel-main">
        <ConfigResult done={done} onClose={() => navigate("/endpoints")}>
          {well && (
            <p>{t(draft.template === "trunk" ? "config.new.done.trunk" : "config.new.done", { name })}</p>
          )}
        </ConfigResult>
        {draft.template !== "trunk" && (well || outcome === "unverified") && (
          <PhoneAccount
            pbx={linkedPbxs().length > 1 ? pbx : null}
            name={name}
            username={values.username ?? ""}
            password={values.password ?? ""}
          />
        )}
        <p class="row-of-buttons">
          {well && (
            <Link to={endpointPath(name, { pbx: pbx ?? undefined })} class="button primary">
              {t("config.new.see", { name })}
            </Link>
          )}
          <Link
            to={endpointPath(name, { pbx: pbx ?? undefined, part: "config" })}
            class={well ? "button" : "button primary"}
          >
            {t("config.new.config")}
          </Link>
          <button
            type="button"
            class="button"
            onClick={() => {
              setDone(null);
              setDraft({ ...draft, name: "", values: {} });
            }}
          >
            {t("config.new.another")}
          </button>
        </p>
      </div>
    );
  }
  return (
    <>
      <div class="panel-main">
        {done && <ConfigResult done={done} onClose={() => setDone(null)} />}
        <ConfigFields
          templates={templates}
          draft={draft}
          onDraft={setDraft}
          problems={check.problems}
          note={<DeletedNote name={name} pbx={pbx} />}
        />
        <ConfigProblems id="config-problems" problems={check.problems} />
        <ConfigError error={check.error} />
        <div class="form-foot">
          <button
            type="button"
            class="button primary"
            data-testid="config-review"
            disabled={!whole}
            onClick={() => setAsking(true)}
          >
            <Icon of={Save} /> {t("config.review")}
          </button>
          {!whole && <span class="muted">{t("config.new.lacking")}</span>}
        </div>
      </div>
      <div class="conf-preview">
        <div class="conf-views">
          <h2 class="section-title">{t("config.new.preview")}</h2>
          {preview.length > 0 && <SecretsToggle shown={secrets} onToggle={() => setSecrets(!secrets)} />}
        </div>
        {preview.length > 0
          ? (
            <ConfigText
              text={preview.join("\n")}
              label={t("config.new.preview")}
              problems={check.problems}
              secrets={secrets}
            />
          )
          : (
            <p class="conf-preview-empty muted">
              {t(check.busy ? "state.loading" : "config.new.preview.empty")}
            </p>
          )}
      </div>
      {asking && (
        <ConfigChangeDialog
          title={t("config.new.title", { name })}
          text={t("config.save.text")}
          place={place}
          what={what}
          action={t("config.new.do")}
          why={t("config.new.why", { name })}
          onDone={(done) => {
            setAsking(false);
            setDone(done);
          }}
          onConflict={() => setAsking(false)}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

/** What is sent: of the template that is chosen only, and what is empty as the template has it. */
function valuesOf(
  draft: FieldsDraft,
  fields: ConfigTemplates["creatable"][number]["fields"],
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const field of fields) {
    const value = (draft.values[field.name] ?? field.default ?? "").trim();
    if (value !== "") values[field.name] = value;
  }
  return values;
}
