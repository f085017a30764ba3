/**
 * @module
 * What is wrong with a configuration, and where.
 */
import { CircleAlert, TriangleAlert } from "lucide";
import { en, type Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import { configWords } from "../store/endpoint_config_api.ts";
import { asSentence } from "../store/endpoint_config_outcome.ts";
import { locale } from "../store/preferences.ts";
import type { ConfigProblem } from "../types.ts";
import { Icon } from "./icon.tsx";

/** Properties of the list. */
export interface ConfigProblemsProps {
  problems: readonly ConfigProblem[];
  /** Goes to a line of the text, where there is one. */
  onLine?: (line: number) => void;
  id?: string;
}

/** The problems, errors first. */
export function ConfigProblems({ problems, onLine, id }: ConfigProblemsProps) {
  const sorted = [...problems].sort((a, b) =>
    a.severity === b.severity ? (a.line ?? 0) - (b.line ?? 0) : a.severity === "error" ? -1 : 1
  );
  return (
    <ul class="conf-problems" id={id} data-testid="config-problems" aria-live="polite">
      {sorted.map((problem, index) => (
        <li key={index} class={`is-${problem.severity}`} data-code={problem.code}>
          <Icon of={problem.severity === "error" ? CircleAlert : TriangleAlert} />
          <span>
            <strong>{t(problem.severity === "error" ? "config.error" : "config.warning")}</strong>{" "}
            <Where problem={problem} onLine={onLine} />
            {problemText(problem)}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** A problem in the reader's language where these pages know it, otherwise as the service said it. */
export function problemText(problem: ConfigProblem): string {
  const key = `config.problem.${problem.code}`;
  // The service's own words are English; elsewhere they are the detail behind the kind.
  return locale.value === "en" || !(key in en)
    ? problem.message
    : `${t(key as Key)} ${asSentence(problem.message)}`;
}

/** Why a configuration could not be read or changed, in its own words and not in those of doors. */
export function ConfigError({ error, reading }: { error: unknown; reading?: boolean }) {
  if (!error) return null;
  const { why, advice } = configWords(error, reading);
  return (
    <p class="form-error" role="alert">
      <Icon of={CircleAlert} />
      <span>{[why, advice].filter(Boolean).join(" ")}</span>
    </p>
  );
}

function Where({ problem, onLine }: { problem: ConfigProblem; onLine?: (line: number) => void }) {
  const { line, section, option } = problem;
  const name = [section === null ? "" : `[${section}]`, option ?? ""].filter(Boolean).join(" ");
  if (line !== null && onLine) {
    return (
      <>
        <button type="button" class="text-button" onClick={() => onLine(line)}>
          {t("config.line", { line })}
        </button>
        {name && <code>{` ${name}`}</code>}
        {": "}
      </>
    );
  }
  return name
    ? (
      <>
        <code>{name}</code>
        {": "}
      </>
    )
    : null;
}
