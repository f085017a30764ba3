/**
 * @module
 * A difference of two configurations: a sign and a colour for what comes and goes.
 */
import { useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { type DiffRow, diffSize, foldDiff } from "../store/endpoint_config_diff.ts";
import { readLine } from "../store/endpoint_config_lex.ts";

/** Properties of a difference. */
export interface ConfigDiffProps {
  rows: readonly DiffRow[];
  label: string;
}

/** The lines, with their numbers before and after. Secrets are legible when asked for. */
export function ConfigDiff({ rows, label }: ConfigDiffProps) {
  const [secrets, setSecrets] = useState(false);
  const { added, removed } = diffSize(rows);
  if (added + removed === 0) return <p class="muted" data-testid="config-diff">{t("config.diff.none")}</p>;
  const coded = foldDiff(rows).map((row) => ({
    row,
    tokens: row.sign === "@" ? [] : readLine(row.text, false)[0].tokens,
  }));
  const hasSecrets = coded.some(({ tokens }) =>
    tokens.some(({ kind, text }) => kind === "secret" && !isMasked(text))
  );
  return (
    <div class="conf-diff-box">
      <div class="conf-diff-head">
        <span class="num">
          <span class="diff-plus">{`+${added}`}</span> <span class="diff-minus">{`−${removed}`}</span>
        </span>
        {hasSecrets && (
          <button type="button" class="text-button" onClick={() => setSecrets(!secrets)}>
            {t(secrets ? "config.secrets.hide" : "config.secrets.show")}
          </button>
        )}
      </div>
      <div
        class={secrets ? "conf-diff" : "conf-diff hides-secrets"}
        role="region"
        aria-label={label}
        tabIndex={0}
        data-testid="config-diff"
      >
        {coded.map(({ row, tokens }, index) => <Row key={index} row={row} tokens={tokens} />)}
      </div>
    </div>
  );
}

function Row({ row, tokens }: { row: DiffRow; tokens: { kind: string; text: string }[] }) {
  if (row.sign === "@") return <div class="diff-row diff-gap">⋯</div>;
  const kind = row.sign === "+" ? "added" : row.sign === "-" ? "removed" : "same";
  return (
    <div class={`diff-row diff-${kind}`}>
      <span class="diff-number">{row.before ?? ""}</span>
      <span class="diff-number">{row.after ?? ""}</span>
      <span class="diff-sign">{row.sign === "-" ? "−" : row.sign}</span>
      <span class="diff-text">
        {tokens.map(({ kind, text }, at) =>
          kind === "secret" ? <span key={at} class="tok-secret">{text}</span> : text
        )}
      </span>
    </div>
  );
}

function isMasked(text: string): boolean {
  return /^[•*]+$/.test(text);
}
