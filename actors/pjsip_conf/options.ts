/**
 * @module
 * Which options a type of section has in the running Asterisk, and what kind of value each takes. The table is of 16
 * and 22; what the running one lists of its own objects is added.
 */
import { GROUP_TYPES, type GroupType } from "./group.ts";
import { OPTION_TABLE } from "./option_table.ts";

/** The kind of an option's value. `text` is anything. */
export type ValueKind =
  | {
    kind: "text" | "yes" | "int" | "float" | "codecs" | "list" | "match" | "secret" | "callerid" | "contact";
  }
  | { kind: "one"; of: string[] };

/** Options of each type with their kinds. */
export type KnownOptions = Record<GroupType, Map<string, ValueKind>>;

/** Headers of a detail event that are no options. */
const NO_OPTIONS = new Set(
  ("event actionid objecttype objectname endpointname devicestate activechannels contacts totalcontacts " +
    "contactsregistered acl contactacl").split(" "),
);
/** Types by the event that shows them. */
const DETAILS: Record<string, GroupType> = {
  endpointdetail: "endpoint",
  authdetail: "auth",
  aordetail: "aor",
  identifydetail: "identify",
};
/**
 * Names of options whose value nobody but an administrator sees, in any section: password, md5_cred, oauth_secret,
 * refresh_token, password_digest, and what somebody took for one of them.
 */
export const SECRET_WORDS = "pass(?!through)|secret|cred|token";
const SECRETS = new RegExp(SECRET_WORDS, "i");
/** The first version that has what 22 has and 16 has not; between them either may be, so that the longer list serves. */
const NEWER = 17;

/** The options of a version, `22.10.1`; of one that is not known, all. */
export function knownOptions(version: string | null): KnownOptions {
  const major = Number(/^\d+/.exec(version ?? "")?.[0] ?? NEWER);
  return Object.fromEntries(GROUP_TYPES.map((type) => {
    const { both, since22 } = OPTION_TABLE[type];
    const words = `${both} ${major < NEWER ? "" : since22}`.split(/\s+/).filter((word) => word !== "");
    return [type, new Map(words.map(readWord))];
  })) as KnownOptions;
}

/** Adds what a running Asterisk shows of its objects; names are in CamelCase there, here in lower case. */
export function addShown(known: KnownOptions, packets: readonly Readonly<Record<string, string>>[]): void {
  for (const packet of packets) {
    const type = DETAILS[packet.event?.toLowerCase() ?? ""];
    if (type === undefined) continue;
    const squeezed = new Set([...known[type].keys()].map(squeeze));
    for (const header of Object.keys(packet)) {
      // Where its underscores were cannot be told any more.
      if (NO_OPTIONS.has(header) || squeezed.has(header) || !/^[a-z0-9]+$/.test(header)) continue;
      known[type].set(header, { kind: "text" });
    }
  }
}

/** Whether a section of this type may have the option. */
export function isKnown(known: KnownOptions, type: GroupType, option: string): boolean {
  // Asterisk takes any name that begins with @ for the use of others.
  if (known[type].has(option) || option.startsWith("@")) return true;
  const squeezed = squeeze(option);
  return known[type].has(squeezed) && known[type].get(squeezed)!.kind === "text";
}

/** The value of an option in a detail event; undefined where it is not shown. */
export function shownValue(packet: Readonly<Record<string, string>>, option: string): string | undefined {
  return packet[squeeze(option)];
}

/** Whether a value is a secret, by the name of its option. */
export function isSecret(option: string): boolean {
  return SECRETS.test(option);
}

/** The known option that looks most like a name; null when none does. */
export function nearest(known: KnownOptions, type: GroupType, option: string): string | null {
  let best: string | null = null;
  let distance = Math.min(3, Math.ceil(option.length / 3)) + 1;
  for (const name of known[type].keys()) {
    const one = squeeze(name) === squeeze(option) ? 0 : editDistance(name, option.toLowerCase());
    if (one < distance) [best, distance] = [name, one];
  }
  return best;
}

/** Names of the options by type, for people. */
export function listKnown(known: KnownOptions): Record<string, string[]> {
  return Object.fromEntries(GROUP_TYPES.map((type) => [type, [...known[type].keys()].sort()]));
}

function squeeze(option: string): string {
  return option.replaceAll("_", "").toLowerCase();
}

function readWord(word: string): [string, ValueKind] {
  const at = word.indexOf(":");
  if (at < 0) return [word, { kind: "text" }];
  const kind = word.slice(at + 1);
  const choice = kind.startsWith("(") ? kind.slice(1, -1).split("|") : null;
  return [word.slice(0, at), choice === null ? { kind } as ValueKind : { kind: "one", of: choice }];
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
