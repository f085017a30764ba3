/**
 * @module
 * Values of options: whether one is of its kind, and whether what Asterisk shows is what was written. What cannot be
 * compared for sure is not compared.
 */
import type { Category } from "./categories.ts";
import { listOf } from "./categories.ts";
import type { ValueKind } from "./options.ts";

/** Asterisk takes each of these (ast_true, ast_false), and anything else for the opposite of the default. */
const YES = /^(yes|true|y|t|1|on)$/i;
const NO = /^(no|false|n|f|0|off)$/i;
const CODEC = /^!?[a-z0-9][a-z0-9_.-]*(:\d+)?$/i;
/** Codecs whose name is shown as it is written. */
const PLAIN_CODECS = new Set(
  "ulaw alaw g722 g729 gsm g726 g723 opus ilbc speex slin h261 h263 h263p h264 h265 vp8 vp9 jpeg mpeg4".split(
    " ",
  ),
);
const IDENTIFIERS = new Set(["username", "auth_username", "ip", "header", "request_uri", "transport"]);

/** What is wrong with a value of this kind, in English; null when nothing is, or nobody can tell. */
export function valueProblem(kind: ValueKind, option: string, value: string): string | null {
  switch (kind.kind) {
    case "text":
    case "secret":
    case "callerid":
      return null;
    case "yes":
      return YES.test(value) || NO.test(value) ? null : "expected yes or no";
    case "int":
      return /^\d{1,9}$/.test(value) ? null : "expected a whole number";
    case "float":
      return /^\d{1,9}(\.\d+)?$/.test(value) ? null : "expected a number";
    case "one":
      if (kind.of.includes(value.toLowerCase())) return null;
      if (kind.of.includes("yes") && (YES.test(value) || NO.test(value))) return null;
      return `expected one of ${kind.of.join(", ")}`;
    case "codecs":
      return listOf(value).length > 0 && listOf(value).every((one) => CODEC.test(one))
        ? null
        : "expected names of codecs with commas";
    case "list":
      if (option !== "identify_by" || listOf(value).every((one) => IDENTIFIERS.has(one))) return null;
      return `expected some of ${[...IDENTIFIERS].join(", ")}`;
    case "match":
      return listOf(value).length > 0 && listOf(value).every(isMatch)
        ? null
        : "expected addresses, networks or host names with commas";
    case "contact":
      return listOf(value).every((one) => /^(sips?|<sips?):[^\s]+$/i.test(one))
        ? null
        : "expected SIP addresses with commas, as sip:192.0.2.7:5060";
    default:
      return kind satisfies never;
  }
}

/** Whether what is shown is what was written; null where the two cannot be compared. */
export function sameValue(
  kind: ValueKind,
  { option, written, shown, category }: {
    option: string;
    written: string;
    shown: string;
    category: Category;
  },
): boolean | null {
  switch (kind.kind) {
    case "yes":
      return truth(written) === null || truth(shown) === null ? null : truth(written) === truth(shown);
    case "int":
    case "float":
      return /^[\d.]+$/.test(written) && /^[\d.]+$/.test(shown) ? Number(written) === Number(shown) : null;
    case "one":
      if (truth(written) !== null && truth(shown) !== null) return truth(written) === truth(shown);
      return kind.of.includes(written.toLowerCase()) && kind.of.includes(shown.toLowerCase())
        ? plainWord(written) === plainWord(shown)
        : null;
    case "codecs":
      return option === "allow" ? sameCodecs(category, shown) : null;
    case "list":
      return sameSet(listOf(written), listOf(shown));
    case "match":
      return sameNetworks(category, shown);
    case "secret":
      return written === shown;
    case "callerid":
      return sameCaller(written, shown);
    case "contact":
      return listOf(written).every((one) => shown.includes(one));
    case "text":
      return EXACT.has(option) ? written === shown : null;
    default:
      return kind satisfies never;
  }
}

/** Words that Asterisk takes for another, and shows as that. */
const ALIASES = new Map([["sdp", "sdes"], ["forced", "always"]]);

function plainWord(word: string): string {
  return ALIASES.get(word.toLowerCase()) ?? word.toLowerCase();
}

/** Texts that are shown as they were written. */
export const EXACT: ReadonlySet<string> = new Set(
  "context transport from_user from_domain username realm language endpoint".split(" "),
);

/** Codecs that come of `allow` and `disallow` in their order; null where it depends on more than that. */
export function codecsOf(lines: readonly { name: string; value: string }[]): string[] | null {
  let codecs: string[] = [];
  for (const { name, value } of lines) {
    if (name !== "allow" && name !== "disallow") continue;
    for (const word of listOf(value)) {
      const codec = word.replace(/^!/, "").replace(/:.*/, "").toLowerCase();
      const off = (name === "disallow") !== word.startsWith("!");
      if (codec === "all" && off) codecs = [];
      else if (!PLAIN_CODECS.has(codec)) return null;
      else if (off) codecs = codecs.filter((one) => one !== codec);
      else if (!codecs.includes(codec)) codecs.push(codec);
    }
  }
  return codecs;
}

function sameCodecs(category: Category, shown: string): boolean | null {
  const codecs = codecsOf(category.lines);
  if (codecs === null) return null;
  const listed = shown.replace(/^\(|\)$/g, "").split("|").filter((one) => one !== "" && one !== "nothing");
  return codecs.join() === listed.join();
}

function sameNetworks(category: Category, shown: string): boolean | null {
  const written = category.lines.filter(({ name }) => name === "match").flatMap(({ value }) => listOf(value));
  const networks = written.map(network);
  if (networks.includes(null)) return null;
  return sameSet(networks as string[], listOf(shown));
}

/** `10.0.0.0/8` as `10.0.0.0/255.0.0.0`; null for names of hosts and for what is not IPv4. */
function network(text: string): string | null {
  const [, address, length = "32"] = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+|\d+\.\d+\.\d+\.\d+))?$/.exec(text) ?? [];
  if (address === undefined) return null;
  if (length.includes(".")) return `${masked(address, length)}/${length}`;
  if (Number(length) > 32) return null;
  const bits = Number(length) === 0 ? 0 : (0xffffffff << (32 - Number(length))) >>> 0;
  const mask = [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
  return `${masked(address, mask)}/${mask}`;
}

function masked(address: string, mask: string): string {
  const bits = mask.split(".").map(Number);
  return address.split(".").map((part, at) => Number(part) & bits[at]!).join(".");
}

function isMatch(text: string): boolean {
  const [host = "", length] = text.split("/", 2);
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) {
    return host.split(".").every((part) => Number(part) < 256) &&
      (length === undefined ||
        (/^\d+$/.test(length) ? Number(length) <= 32 : /^\d+(\.\d+){3}$/.test(length)));
  }
  if (host.includes(":")) return /^[\da-f:.[\]]+$/i.test(host);
  return /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?(:\d+)?$/i.test(host) && length === undefined;
}

function sameCaller(written: string, shown: string): boolean | null {
  const [one, other] = [caller(written), caller(shown)];
  return one === null || other === null ? null : one === other;
}

function caller(text: string): string | null {
  const [, name, number] = /^"?([^"<]*?)"?\s*<([^>]*)>$/.exec(text) ?? [];
  return name === undefined ? null : `${name.trim()}<${number}>`;
}

function truth(value: string): boolean | null {
  if (YES.test(value)) return true;
  return NO.test(value) ? false : null;
}

function sameSet(a: string[], b: string[]): boolean {
  return a.toSorted().join() === b.toSorted().join();
}
