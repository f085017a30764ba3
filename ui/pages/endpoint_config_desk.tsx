/**
 * @module
 * The desk at which a configuration is edited: one text, seen as a form or as itself, and what is done with it.
 */
import { Save, Undo2 } from "lucide";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ConfigChangeDialog } from "../components/config_change_dialog.tsx";
import { ConfigConflict } from "../components/config_conflict.tsx";
import { ConfigForm } from "../components/config_form.tsx";
import { ConfigHead, InheritedTemplates } from "../components/config_head.tsx";
import { ConfigHistory } from "../components/config_history.tsx";
import { ConfigError, ConfigProblems } from "../components/config_problems.tsx";
import { ConfigResult } from "../components/config_result.tsx";
import { ConfigText, SecretsToggle } from "../components/config_text.tsx";
import { ChoiceOf } from "../components/choice.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Icon } from "../components/icon.tsx";
import { shortTime } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { guardLeaving, place as address, setQuery } from "../router.ts";
import { now } from "../store/clock.ts";
import { useCheck } from "../store/endpoint_config.ts";
import { type ConfigAct, type ConfigPlace, isConflict } from "../store/endpoint_config_api.ts";
import { type ConfigDone, outcomeOf } from "../store/endpoint_config_outcome.ts";
import { withText } from "../store/endpoint_config_sections.ts";
import { diffSize, diffTexts, readDiff } from "../store/endpoint_config_diff.ts";
import type { Loaded } from "../store/load.ts";
import { isAdmin } from "../store/session.ts";
import type { ConfigProblem, ConfigVersion, EndpointConfig, Page } from "../types.ts";

/** Properties of the desk. */
export interface ConfigDeskProps {
  place: ConfigPlace;
  config: EndpointConfig;
  replace: (config: EndpointConfig) => void;
  /** Reads the configuration and its history again. */
  reload: () => void;
  versions: Loaded<ConfigVersion, Page<ConfigVersion>>;
  /** What became of the last change. */
  result: ConfigDone | null;
  onResult: (result: ConfigDone | null) => void;
}

/** What is asked before it is done. */
export interface Asked {
  what: ConfigAct;
  title: string;
  text: string;
  action: string;
  danger?: boolean;
  why?: string;
}

/** The desk. */
export function ConfigDesk(props: ConfigDeskProps) {
  const { place, config, replace, reload, versions, result, onResult } = props;
  /** The edited text; null while nothing is edited. */
  const [draft, setDraft] = useState<string | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [conflict, setConflict] = useState(false);
  /** The revision after a removal; null while it is there. */
  const [removed, setRemoved] = useState<string | null>(null);
  const [secrets, setSecrets] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const may = isAdmin.value && config.editable && removed === null;
  const mayReturn = isAdmin.value && config.editable;
  const text = draft ?? config.text;
  const dirty = draft !== null && draft !== config.text;
  const edit: ConfigAct = { kind: "edit", revision: config.revision, text };
  const check = useCheck(place, may && dirty ? edit : null);
  const asText = address.value.query.get("as") === "text";
  const leaving = useLeaving(dirty);

  function done(done: ConfigDone) {
    const what = asked?.what;
    const outcome = outcomeOf(done);
    const isWritten = outcome === "verified" || outcome === "unchanged" || outcome === "unverified";
    setAsked(null);
    onResult(done);
    // Who cannot be told that the edits are written keeps them; where they are, nothing of them is left to be saved.
    if (isWritten) setDraft(null);
    const written = isWritten && done !== "unanswered" ? done : null;
    // What was there before shall not come up again while it is read.
    if (written && what?.kind === "edit") replace(withText(config, what.text, written.revision));
    const isGone = what?.kind === "remove" && written !== null;
    setRemoved(isGone ? written.revision : null);
    // What is gone cannot be read again; its history can.
    if (isGone || outcome === "rolled_back") versions.reload();
    else reload();
  }

  function review() {
    setAsked({
      what: edit,
      title: t("config.save.title", { name: config.name }),
      text: t("config.save.text"),
      action: t("config.save.do"),
    });
  }
  function discard() {
    setDraft(null);
    // What was not taken is not there any more.
    if (result && outcomeOf(result) === "rolled_back") onResult(null);
  }
  useSaveKey(() => {
    if (may && dirty && !asked && !conflict) review();
  });

  /** To a line's field, where the form is shown and has it; otherwise to the line itself. */
  function goTo(line: number) {
    const row = asText ? null : document.querySelector<HTMLElement>(`[data-line="${line}"] input`);
    if (row) return row.focus();
    setQuery({ as: "text" });
    requestAnimationFrame(() => {
      const area = field.current;
      if (!area) return;
      const lines = area.value.split("\n");
      const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area.focus();
      area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
    });
  }

  return (
    <>
      <div class="panel-main">
        <ConfigHead config={config} />
        {result && (
          <ConfigResult done={result} onClose={() => onResult(null)}>
            {removed !== null && <p>{t("config.removed", { name: config.name })}</p>}
          </ConfigResult>
        )}
        {removed === null && (
          <>
            <div class="conf-views">
              <ChoiceOf
                label={t("config.view")}
                value={asText ? "text" : "form"}
                options={[["form", t("config.view.form")], ["text", t("config.view.text")]]}
                onChange={(value) => setQuery({ as: value === "text" ? "text" : "" })}
              />
              {isAdmin.value && <SecretsToggle shown={secrets} onToggle={() => setSecrets(!secrets)} />}
            </div>
            {asText
              ? (
                <ConfigText
                  text={text}
                  label={t("config.text_of", { name: config.name })}
                  onText={may ? setDraft : undefined}
                  problems={check.problems}
                  secrets={secrets}
                  field={field}
                />
              )
              : (
                <ConfigForm
                  config={config}
                  text={text}
                  onText={may ? setDraft : undefined}
                  problems={check.problems}
                  secrets={secrets}
                />
              )}
            {may && <ConfigProblems id="config-problems" problems={check.problems} onLine={goTo} />}
            {isConflict(check.error)
              ? (
                <div class="conf-note is-warning">
                  <span>{t("config.conflict")}</span>
                  <button type="button" class="button" onClick={() => setConflict(true)}>
                    {t("config.conflict.see")}
                  </button>
                </div>
              )
              : <ConfigError error={check.error} />}
            {may && dirty && (
              <Foot
                config={config}
                text={text}
                diff={check.change?.diff ?? null}
                busy={check.busy}
                problems={check.problems}
                onProblem={goTo}
                onDiscard={discard}
                onSave={review}
              />
            )}
          </>
        )}
      </div>
      <div class="panel-side">
        <ConfigHistory
          versions={versions}
          note={may && dirty ? t("config.history.dirty") : undefined}
          onRollback={mayReturn && !dirty
            ? (version) =>
              setAsked(rollbackTo(version, { name: config.name, revision: removed ?? config.revision }))
            : undefined}
        />
        {removed === null && <InheritedTemplates config={config} />}
        {may && <Remove config={config} onAsk={setAsked} />}
      </div>
      {asked && !conflict && (
        <ConfigChangeDialog
          {...asked}
          place={place}
          onDone={done}
          onConflict={() => setConflict(true)}
          onClose={() => setAsked(null)}
        />
      )}
      {conflict && (
        <ConfigConflict
          place={place}
          base={config}
          mine={text}
          onTake={(taken, merged) => {
            setConflict(false);
            setAsked(null);
            replace(taken);
            setDraft(merged);
            versions.reload();
          }}
          onClose={() => {
            setConflict(false);
            setAsked(null);
          }}
        />
      )}
      {leaving.asks && (
        <Confirm
          title={t("config.leave.title")}
          text={t("config.leave.text", { name: config.name })}
          action={t("config.leave.do")}
          danger
          onYes={leaving.leave}
          onClose={leaving.stay}
        />
      )}
    </>
  );
}

function Foot({ config, text, diff, busy, problems, onProblem, onDiscard, onSave }: {
  config: EndpointConfig;
  text: string;
  /** What the service finds different; null while it has not said. */
  diff: string | null;
  busy: boolean;
  problems: readonly ConfigProblem[];
  onProblem: (line: number) => void;
  onDiscard: () => void;
  onSave: () => void;
}) {
  // The same lines as in the question before it is saved; until they are here, those that differ in the text.
  const { added, removed } = diffSize(
    diff === null || busy ? diffTexts(config.text, text, 0) : readDiff(diff),
  );
  const errors = problems.filter(({ severity }) => severity === "error");
  const first = errors.find(({ line }) => line !== null)?.line ?? null;
  return (
    <div class="conf-foot">
      <span class="muted num" role="status">
        {t("config.unsaved")} <span class="diff-plus">{`+${added}`}</span>{" "}
        <span class="diff-minus">{`−${removed}`}</span>{" "}
        {busy ? t("config.checking") : errors.length > 0 && (
          <button
            type="button"
            class="text-button"
            onClick={() => first !== null && onProblem(first)}
          >
            {t("config.errors", { n: errors.length })}
          </button>
        )}
      </span>
      <button type="button" class="button" onClick={onDiscard}>
        <Icon of={Undo2} /> {t("config.discard")}
      </button>
      <button type="button" class="button primary" data-testid="config-review" onClick={onSave}>
        <Icon of={Save} /> {t("config.review")}
      </button>
    </div>
  );
}

function Remove({ config, onAsk }: { config: EndpointConfig; onAsk: (asked: Asked) => void }) {
  const { name, revision } = config;
  const text = t(config.kind === "template" ? "config.remove.text.template" : "config.remove.text");
  return (
    <section class="card" aria-label={t("config.remove")}>
      <h2 class="section-title">{t("config.remove")}</h2>
      <p class="muted">{text}</p>
      <button
        type="button"
        class="button danger-quiet"
        data-testid="config-remove"
        onClick={() =>
          onAsk({
            what: { kind: "remove", revision },
            title: t("config.remove.question", { name }),
            text,
            action: t("config.remove.do", { name }),
            danger: true,
          })}
      >
        {t("config.remove.ask", { name })}
      </button>
    </section>
  );
}

/** What is asked before an earlier version is brought back; of what is gone the revision is empty. */
export function rollbackTo(version: ConfigVersion, to: { name: string; revision: string }): Asked {
  const at = shortTime(Date.parse(version.at), now.peek());
  return {
    what: { kind: "rollback", revision: to.revision, version: version.id },
    title: t("config.rollback.title", { name: to.name, at }),
    text: t("config.save.text"),
    action: t("config.rollback.do"),
    why: t("config.rollback.why", { at }),
  };
}

/** Ctrl+S, or Cmd+S: also from within a field, and the browser does not save the page. */
function useSaveKey(save: () => void): void {
  const newest = useRef(save);
  newest.current = save;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.code !== "KeyS") {
        return;
      }
      event.preventDefault();
      if (!document.querySelector("dialog[open]")) newest.current();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

/** Asks before edits are lost, by a link of these pages, by the browser's buttons and by its window. */
function useLeaving(dirty: boolean): { asks: boolean; leave: () => void; stay: () => void } {
  const [go, setGo] = useState<(() => void) | null>(null);
  // At once, not after the next frame: what was saved or discarded must not ask any more.
  useLayoutEffect(() => {
    if (!dirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    const unguard = guardLeaving((leave) => setGo(() => leave));
    return () => {
      removeEventListener("beforeunload", warn);
      unguard();
    };
  }, [dirty]);
  return { asks: go !== null, leave: () => go?.(), stay: () => setGo(null) };
}
