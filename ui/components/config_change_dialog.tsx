/**
 * @module
 * The question before a configuration is changed: the difference, what is wrong, and why it is done. Asks once.
 */
import { CircleAlert } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import {
  act,
  type ConfigAct,
  type ConfigPlace,
  isConflict,
  problemsOf,
} from "../store/endpoint_config_api.ts";
import { useCheck } from "../store/endpoint_config.ts";
import { asSentence, type ConfigDone, isUnanswered } from "../store/endpoint_config_outcome.ts";
import { readDiff } from "../store/endpoint_config_diff.ts";
import { useSending } from "../store/load.ts";
import { ConfigDiff } from "./config_diff.tsx";
import { ConfigError, ConfigProblems } from "./config_problems.tsx";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icon.tsx";
import { Skeleton } from "./states.tsx";

/** Properties of the question. */
export interface ConfigChangeDialogProps {
  title: string;
  /** What will happen, in a sentence. */
  text: string;
  place: ConfigPlace;
  what: ConfigAct;
  /** The word on the button. */
  action: string;
  danger?: boolean;
  /** A reason to begin with. */
  why?: string;
  onDone: (done: ConfigDone) => void;
  /** Somebody changed it meanwhile. */
  onConflict: () => void;
  onClose: () => void;
}

/** Shows what a change would do and does it. */
export function ConfigChangeDialog(props: ConfigChangeDialogProps) {
  const { title, text, place, what, action, danger, onDone, onConflict, onClose } = props;
  const [why, setWhy] = useState(props.why ?? "");
  const [tried, setTried] = useState(false);
  const check = useCheck(place, what);
  const sending = useSending();
  const lacking = tried && why.trim() === "";
  const problems = sending.error ? problemsOf(sending.error) : check.problems;
  const wrong = problems.some(({ severity }) => severity === "error");

  async function save() {
    setTried(true);
    if (why.trim() === "" || wrong) return;
    let came: ConfigDone | null = null;
    let conflict = false;
    const done = await sending.send(async () => {
      try {
        came = await act(place, what, { why: why.trim() });
      } catch (error) {
        if (!isUnanswered(error)) {
          conflict = isConflict(error);
          throw error;
        }
        // It may be under way: to say that it failed, and to offer the same again, would be wrong.
        came = "unanswered";
      }
    });
    if (done && came) onDone(came);
    else if (conflict) onConflict();
  }

  return (
    <Dialog title={title} onClose={onClose} wide>
      <form
        class="conf-dialog"
        data-testid="config-dialog"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p class="dialog-text">{text}</p>
        {check.change
          ? <ConfigDiff rows={readDiff(check.change.diff)} label={t("config.diff")} />
          : check.busy
          ? <Skeleton rows={4} />
          : check.error && (isConflict(check.error)
            ? (
              <div class="conf-note is-warning">
                <span>{t("config.conflict")}</span>
                <button type="button" class="button" onClick={onConflict}>{t("config.conflict.see")}</button>
              </div>
            )
            : <ConfigError error={check.error} />)}
        {problems.length > 0 && <ConfigProblems problems={problems} />}
        {check.change?.needs_restart && <Restart text={check.change.needs_restart} />}
        <label class="field">
          <span>
            {t("config.why")} <small class="faint">{t("config.why.required")}</small>
          </span>
          <input
            class="input"
            data-testid="config-why"
            maxLength={500}
            value={why}
            placeholder={t("config.why.hint")}
            aria-required="true"
            aria-invalid={lacking}
            aria-describedby={lacking ? "config-why-lacking" : undefined}
            autofocus
            onInput={(event) => setWhy(event.currentTarget.value)}
          />
          {lacking && (
            <small id="config-why-lacking" class="conf-lacking" role="alert">{t("config.why.lacking")}</small>
          )}
        </label>
        {!problems.length && <ConfigError error={sending.error} />}
        <footer class="dialog-foot">
          {sending.busy && <span class="muted" role="status">{t("config.saving")}</span>}
          <button type="button" class="button" onClick={onClose}>{t("action.cancel")}</button>
          <button
            type="submit"
            class={danger ? "button danger" : "button primary"}
            data-testid="config-save"
            disabled={sending.busy || wrong || check.change === null}
          >
            {sending.busy ? t("action.busy") : action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Says that a reload is not enough. */
export function Restart({ text }: { text: string }) {
  return (
    <p class="conf-note is-warning" data-testid="config-restart">
      <Icon of={CircleAlert} />
      <span>
        <strong>{t("config.restart")}</strong> <span lang="en">{asSentence(text)}</span>
      </span>
    </p>
  );
}
