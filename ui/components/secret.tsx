/**
 * @module
 * A secret that is shown once, with a button that copies it.
 */
import { Check, Copy } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { Icon } from "./icon.tsx";

/** A labelled secret. Where the browser forbids the clipboard it can still be selected by hand. */
export function Secret({ label, value }: { label: string; value: string }) {
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
    <div class="secret">
      <span class="secret-label">{label}</span>
      <code class="num">{value}</code>
      <button
        type="button"
        class="icon-button"
        aria-label={t(copied ? "secret.copied" : "secret.copy")}
        title={t(copied ? "secret.copied" : "secret.copy")}
        onClick={() => void copy()}
      >
        <Icon of={copied ? Check : Copy} />
      </button>
    </div>
  );
}
