/**
 * @module
 * A configuration as text: a field of the browser over a coloured layer of the same text. Everything of it is text.
 */
import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { readLines } from "../store/endpoint_config_lex.ts";
import type { ConfigProblem } from "../types.ts";

/** Properties of the text. */
export interface ConfigTextProps {
  text: string;
  label: string;
  /** Absent: only to be read. */
  onText?: (text: string) => void;
  problems?: readonly ConfigProblem[];
  /** Whether secrets are legible. */
  secrets: boolean;
  field?: RefObject<HTMLTextAreaElement | null>;
}

/** The text with numbers and colours. The layer behind decides how tall it is. */
export function ConfigText({ text, label, onText, problems = [], secrets, field }: ConfigTextProps) {
  const lines = useMemo(() => readLines(text), [text]);
  const marks = new Map<number, ConfigProblem[]>();
  for (const problem of problems) {
    if (problem.line === null) continue;
    marks.set(problem.line, [...marks.get(problem.line) ?? [], problem]);
  }
  const failed = problems.some(({ severity }) => severity === "error");
  return (
    <div class={secrets ? "conf-editor" : "conf-editor hides-secrets"}>
      <div
        class="conf-layer"
        aria-hidden={onText ? "true" : undefined}
        role={onText ? undefined : "region"}
        aria-label={onText ? undefined : label}
        tabIndex={onText ? undefined : 0}
      >
        {lines.map(({ tokens }, index) => {
          const found = marks.get(index + 1);
          const worst = found?.some(({ severity }) => severity === "error") ? "error" : "warning";
          return (
            <div
              key={index}
              class={found ? `conf-row has-${worst}` : "conf-row"}
              title={found?.map(({ message }) => message).join("\n")}
            >
              <span class="conf-number">{index + 1}</span>
              <span class="conf-code">
                {tokens.map(({ kind, text }, at) => <span key={at} class={`tok-${kind}`}>{text}</span>)}
              </span>
            </div>
          );
        })}
      </div>
      {onText && (
        <textarea
          ref={field}
          class="conf-field"
          data-testid="config-text"
          aria-label={label}
          aria-invalid={failed}
          aria-describedby="config-problems"
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          maxLength={60_000}
          value={text}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      )}
    </div>
  );
}

/** Shows or hides the secrets of a configuration. */
export function SecretsToggle({ shown, onToggle }: { shown: boolean; onToggle: () => void }) {
  return (
    <button type="button" class="button" data-testid="config-secrets" aria-pressed={shown} onClick={onToggle}>
      {t(shown ? "config.secrets.hide" : "config.secrets.show")}
    </button>
  );
}
