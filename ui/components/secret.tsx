/**
 * @module
 * A secret that is shown once, and the button that copies it.
 */
import { Check, Copy as CopyIcon } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { Icon } from "./icon.tsx";

/** A labelled secret. Where the browser forbids the clipboard it can still be selected by hand. */
export function Secret({ label, value }: { label: string; value: string }) {
  return (
    <div class="secret">
      <span class="secret-label">{label}</span>
      <code class="num">{value}</code>
      <Copy value={value} label={t("secret.copy")} />
    </div>
  );
}

/** A button that copies. */
export function Copy({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  }
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={copied ? t("secret.copied") : label}
      title={copied ? t("secret.copied") : label}
      onClick={() => void copy()}
    >
      <Icon of={copied ? Check : CopyIcon} />
    </button>
  );
}
