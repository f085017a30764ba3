/**
 * @module
 * Secrets in configuration as it is shown: their values are masked, in text, in options and in diffs. It decides
 * nothing about who may see them.
 */
import { MASK } from "./safety.ts";
import { isSecret } from "./options.ts";
import { withoutEnd } from "./lines.ts";
import { parseConf } from "./document.ts";

/**
 * A text with each secret masked, in comments too: a line that was commented out keeps its secret. Where `before` is
 * given, a secret that is not in it is marked as new.
 */
export function maskText(text: string, before?: string): string {
  const old = before === undefined ? null : new Set(secretsOf(before));
  const { lines } = parseConf(text);
  return lines.map(({ raw, code }) => {
    const end = raw.slice(withoutEnd(raw).length);
    if (code.kind === "option" && isSecret(code.name)) {
      const isNew = old !== null && code.value !== "" && !old.has(code.value);
      return `${maskLine(withoutEnd(raw))}${isNew ? " (new)" : ""}${end}`;
    }
    return `${maskLoose(withoutEnd(raw))}${end}`;
  }).join("");
}

/** Values of secrets in a text. */
export function secretsOf(text: string): string[] {
  return parseConf(text).lines.flatMap(({ code }) =>
    code.kind === "option" && isSecret(code.name) && code.value !== "" ? [code.value] : []
  );
}

/** A value as a reader may see it. */
export function maskValue(option: string, value: string, masked: boolean): string {
  return masked && value !== "" && isSecret(option) ? MASK : value;
}

function maskLine(line: string): string {
  const at = line.indexOf("=");
  const arrow = line[at + 1] === ">" ? 2 : 1;
  const [, blanks = ""] = /^(\s*)/.exec(line.slice(at + arrow)) ?? [];
  return line.slice(at + arrow).trim() === "" ? line : `${line.slice(0, at + arrow)}${blanks}${MASK}`;
}

/** Whatever looks like a secret in a line that is none: a comment, or half of a block comment. */
function maskLoose(line: string): string {
  return line.replace(
    /\b((?:password|md5_cred|oauth_secret|refresh_token|password_digest|secret)\s*(?:\+?=>?|:)\s*)\S.*/i,
    `$1${MASK}`,
  );
}
