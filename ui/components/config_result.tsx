/**
 * @module
 * What became of a change: saved, reloaded and verified, or taken back since Asterisk did not take it.
 */
import { ArrowRight, Check, CircleAlert, X } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import type { ConfigChange } from "../types.ts";
import { Restart } from "./config_change_dialog.tsx";
import { Icon } from "./icon.tsx";

/** Properties of a result. */
export interface ConfigResultProps {
  change: ConfigChange;
  onClose: () => void;
  /** What can be done now. */
  children?: ComponentChildren;
}

/** The result, until it is closed. */
export function ConfigResult({ change, onClose, children }: ConfigResultProps) {
  const saved = change.result === "saved";
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [change]);
  return (
    <div
      ref={box}
      class={saved ? "conf-result is-good" : "conf-result is-bad"}
      role="status"
      data-testid="config-result"
    >
      {saved ? <Steps /> : (
        <p>
          <Icon of={CircleAlert} size={18} />
          <span>
            <strong>{t("config.rolled_back")}</strong> {change.failure} {t("config.rolled_back.do")}
          </span>
        </p>
      )}
      {saved && change.failure !== null && <p class="conf-note is-warning">{change.failure}</p>}
      {change.needs_restart !== null && <Restart text={change.needs_restart} />}
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
