/**
 * @module
 * Secrets in configuration as it is shown: their values are masked, in text, in options and in diffs. It decides
 * nothing about who may see them.
 */
import { MASK } from "./safety.ts";
import { isSecret, SECRET_WORDS } from "./options.ts";
import { withoutEnd } from "./lines.ts";
import { parseConf } from "./document.ts";

const ASSIGNED = new RegExp(`((?:${SECRET_WORDS})\\w*\\s*(?:\\+?=>?|:)\\s*)\\S.*`, "i");
/** People write of passwords in their own language. */
const LOOSE = new RegExp(`((?:${SECRET_WORDS}|парол)[\\p{L}\\p{N}_]*\\s*(?:\\+?=>?|:)?\\s*)\\S.*`, "iu");

/**
 * A text with each secret masked, in comments too: a line that was commented out keeps its secret. Where `before` is
 * given, a secret that is not in it is marked as new.
 */
export function maskText(text: string, before?: string): string {
  const old = before === undefined ? null : new Set(secretsOf(before));
  const { lines } = parseConf(text);
  return lines.map(({ raw, code }) => {
    const line = withoutEnd(raw);
    const end = raw.slice(line.length);
    if (code.kind === "option" && isSecret(code.name)) {
      const isNew = old !== null && code.value !== "" && !old.has(code.value);
      return `${maskLine(line)}${isNew ? " (new)" : ""}${end}`;
    }
    const isCode = code.kind === "option" || code.kind === "head" || code.kind === "directive";
    // Of a line that says something to Asterisk only the comment is loose talk.
    const at = isCode ? /(?<!\\);/.exec(line)?.index ?? line.length : 0;
    return `${maskAssigned(line.slice(0, at))}${maskLoose(line.slice(at))}${end}`;
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
  if (!masked || value === "") return value;
  return isSecret(option) ? MASK : maskAssigned(value);
}

/** A sentence without the secrets of a text. */
export function withoutSecrets(sentence: string, text: string): string {
  // Longer ones first: one may be the beginning of another.
  return secretsOf(text).sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, MASK), sentence);
}

function maskLine(line: string): string {
  const at = line.indexOf("=");
  const arrow = line[at + 1] === ">" ? 2 : 1;
  const [, blanks = ""] = /^(\s*)/.exec(line.slice(at + arrow)) ?? [];
  return line.slice(at + arrow).trim() === "" ? line : `${line.slice(0, at + arrow)}${blanks}${MASK}`;
}

/** A secret in the value of something else: `set_var = SIP_PASSWORD=…`. */
function maskAssigned(value: string): string {
  return value.replace(ASSIGNED, `$1${MASK}`);
}

/** What stands behind a word for a secret in a line that is none: a comment, half of a block comment, a slip. */
function maskLoose(line: string): string {
  return line.replace(LOOSE, `$1${MASK}`);
}
