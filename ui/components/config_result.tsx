/**
 * @module
 * What became of a change: saved, reloaded and verified; or what is known of it where that is not so.
 */
import { ArrowRight, Check, CircleAlert, X } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import {
  asSentence,
  type ConfigDone,
  type ConfigOutcome,
  outcomeOf,
  saysItself,
} from "../store/endpoint_config_outcome.ts";
import { locale } from "../store/preferences.ts";
import { Restart } from "./config_change_dialog.tsx";
import { ConfigProblems } from "./config_problems.tsx";
import { Icon } from "./icon.tsx";

/** Properties of a result. */
export interface ConfigResultProps {
  done: ConfigDone;
  onClose: () => void;
  /** What can be done now. */
  children?: ComponentChildren;
}

/** What is said of a change that is not verified: how it stands before what the service says, and after it what to do. */
const TROUBLES: Record<Exclude<ConfigOutcome, "verified" | "unchanged">, [said: Key, then: Key]> = {
  rolled_back: ["config.rolled_back", "config.rolled_back.do"],
  rolled_back_file: ["config.rolled_back", "config.rolled_back.file"],
  unverified: ["config.unverified", "config.unverified.do"],
  stuck: ["config.stuck", "config.stuck.do"],
  unknown: ["config.unknown", "config.unknown.do"],
  unanswered: ["config.unanswered", "config.unknown.do"],
};

/** The result, until it is closed. */
export function ConfigResult({ done, onClose, children }: ConfigResultProps) {
  const outcome = outcomeOf(done);
  const change = done === "unanswered" ? null : done;
  const well = outcome === "verified" || outcome === "unchanged";
  // What nothing shows is only found out by saving; the rest was told before.
  const unseen = change?.problems.filter(({ code }) => code === "not_seen") ?? [];
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [done]);
  return (
    <div
      ref={box}
      class={`conf-result ${well ? "is-good" : outcome === "rolled_back" ? "is-bad" : "is-unsure"}`}
      role="status"
      data-testid="config-result"
      data-outcome={outcome}
    >
      {outcome === "verified"
        ? <Steps />
        : outcome === "unchanged"
        ? <p>{t("config.unchanged")}</p>
        : <Trouble said={TROUBLES[outcome]} failure={change?.failure ?? null} />}
      {unseen.length > 0 && <ConfigProblems problems={unseen} />}
      {change?.needs_restart && <Restart text={change.needs_restart} />}
      {children}
      <button
        type="button"
        class="icon-button"
        aria-label={t("action.close")}
        onClick={onClose}
      >
        <Icon of={X} />
      </button>
    </div>
  );
}

function Trouble({ said: [head, then], failure }: { said: [Key, Key]; failure: string | null }) {
  // The service's own words are English: elsewhere they are the detail behind the head.
  const alone = locale.value === "en" && saysItself(failure);
  return (
    <p>
      <Icon of={CircleAlert} size={18} />
      <span>
        {alone ? <strong>{asSentence(failure!)}</strong> : (
          <>
            <strong>{t(head)}</strong> {failure !== null && <span lang="en">{asSentence(failure)}</span>}
          </>
        )} {t(then)}
      </span>
    </p>
  );
}

function Steps() {
  const steps = [t("config.saved"), t("config.reloaded"), t("config.verified")];
  return (
    <ol class="conf-steps">
      {steps.map((step, index) => (
        <li key={step}>
          {index > 0 && <Icon of={ArrowRight} size={14} />}
          <span class="conf-step">
            <Icon of={Check} /> {step}
          </span>
        </li>
      ))}
    </ol>
  );
}
