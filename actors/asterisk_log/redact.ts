/**
 * @module
 * Takes credentials out of log lines before anything is kept: SIP authentication, passwords as configuration and
 * debugging print them, keys of encrypted media. In doubt it takes more. It does not mask numbers or names of people.
 */

/** What stands in the place of what was taken out. */
export const REDACTED = "[redacted]";

/** Letters in both cases, but for those of escapes: twice as fast as the flag that ignores case. */
function anyCase(pattern: string): string {
  return pattern.replace(
    /\\.|[a-z]/g,
    (part) => part.length > 1 ? part : `[${part.toUpperCase()}${part}]`,
  );
}

/** A line without any of these has nothing to hide. Each must be in whatever the rules below look for. */
const SUSPECT = new RegExp(
  [
    ...[
      "auth",
      "pass",
      "secret",
      "cred",
      "token",
      "cookie",
      "nonce",
      "opaque",
      "response",
      "challenge",
      "hash[ \t]*=",
      "ha1",
    ].map(
      anyCase,
    ),
    ...[
      "bearer[ \t]",
      "basic[ \t]",
      "pwd",
      "pin(?:[\\d_-][\\w-]{0,32})?[)\"']?[ \t:=]",
      "api[_-]?key",
      "x-[\\w-]{0,32}key",
      "inline:",
      "disa[(]",
      "^a=key",
      "^k=",
    ].map(anyCase),
    ":\\/\\/",
    // A password in a SIP address.
    "[sS][iI][pP][sS]?:[^\\s:@<>\"']{1,128}:[^\\s@]{1,256}@",
  ].join("|"),
);

// What may repeat before something else is bounded: whoever sends a SIP message chooses what these look through, and
// without a bound a line of 64 KB would take seconds.

/** Headers that are a credential as a whole. */
const HEADER =
  /((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,32}(?:auth|token|key)[\w-]{0,32})([ \t]*:)(.*)$/i;
/** Of SIP, and of Asterisk's own security events. */
const PARAMETER =
  /\b(c?nonce|nextnonce|opaque|(?:expected)?response|(?:received)?challenge|receivedhash|rspauth|ha1)([ \t]*=[ \t]*)("[^"]*(?:"|$)|[^\s,;"]+)/gi;
/** The value is up to the end of the line, since a password may have any character; or what is quoted. */
const SETTING =
  /((?:passw(?:or)?d|passphrase|secret|md5_?cred|credentials?|auth_?pass|api[_-]?key|token)[\w-]{0,32}["']?[ \t]*(?:=>|:=|[:=])[ \t]*)("[^"]*(?:"|$)|'[^']*(?:'|$)|\S.*)/gi;
/** The same of short words, which must not be parts of others: `bypass`, `passthrough`, `mapping`. */
const SHORT_SETTING =
  /((?:(?<![a-z])pin|pwd|(?<!by|com)pass(?![_-]?thr))(?:[\d_-][\w-]{0,32})?[)"']?[ \t]*(?:=>|:=|[:=])[ \t]*)("[^"]*(?:"|$)|'[^']*(?:'|$)|\S.*)/gi;
/** In sentences: what is quoted or has a digit, or whatever comes after words that leave no doubt. */
const TOLD =
  /((?:passw(?:or)?d|passphrase|secret|\bpin)[ \t]+(?:(?:is|was|to|of)[ \t]+)?)("[^"]*(?:"|$)|'[^']*(?:'|$)|(?=[^\s"']*\d)[^\s"',;)]+)/gi;
const TOLD_PLAINLY = /(\b(?:with|using|set)[ \t]+(?:password|pin)[ \t]+(?:to[ \t]+)?)([^\s"']+)/gi;
/** A value may begin on the next, folded line. */
const UNFINISHED =
  /(?:c?nonce|opaque|response|rspauth|passw(?:or)?d|secret|md5_?cred|token)[\w-]{0,32}["']?[ \t]*(?:=>|[:=])[ \t]*$/i;
const SCHEME = /\b(basic|bearer)([ \t]+)(?=[^\s"]*[\dA-Z=])[\w+/.~=-]{6,}/gi;
const SIP_PASSWORD = /\b(sips?:[^\s:@<>"']{1,128}:)[^\s@<>]{1,256}@/gi;
const URL_PASSWORD = /(:\/\/[^\s/:@"']{0,128}:)[^\s/"']{1,256}@/g;
const MEDIA_KEY = /\b(inline:)[^\s"|;\]]+/gi;
const SDP = /^(a=(?:ice-pwd|key-mgmt):|k=).*$/i;
/** Applications of the dialplan whose second argument is a password. */
const APPLICATION = /\b((?:VM)?Authenticate|DISA)\(("[^"]*"), *"[^"]*(?:"|$)/gi;

/** What is taken out, and what stands there then, in the order in which it is done. */
const RULES: readonly (readonly [what: RegExp, instead: string])[] = [
  [PARAMETER, `$1$2${REDACTED}`],
  [APPLICATION, `$1($2, "${REDACTED}"`],
  [SETTING, `$1${REDACTED}`],
  [SHORT_SETTING, `$1${REDACTED}`],
  [TOLD, `$1${REDACTED}`],
  [TOLD_PLAINLY, `$1${REDACTED}`],
  [SCHEME, `$1$2${REDACTED}`],
  [SIP_PASSWORD, `$1${REDACTED}@`],
  [URL_PASSWORD, `$1${REDACTED}@`],
  [MEDIA_KEY, `$1${REDACTED}`],
  [SDP, `$1${REDACTED}`],
];

/** What any line is looked through for, were there no quicker look first; for tests of that look. */
export const SOUGHT: readonly RegExp[] = [HEADER, ...RULES.map(([what]) => what)];

/** Whether a line is worth looking through: no other has anything that is sought. */
export function isSuspect(line: string): boolean {
  return SUSPECT.test(line);
}

/** Redacts the lines of one file, in their order: a header may be folded over several. */
export class Redactor {
  /** The line before ended within a credential. */
  #open = false;

  /** A line that begins a message. */
  head(text: string): string {
    this.#open = false;
    return isSuspect(text) ? this.#redact(text) : text;
  }

  /** A line that goes on with one; null when all of it is to be left out. */
  next(line: string): string | null {
    if (this.#open) {
      const first = line.charCodeAt(0);
      if (first === 32 || first === 9) return null;
      this.#open = false;
    }
    return isSuspect(line) ? this.#redact(line) : line;
  }

  #redact(line: string): string {
    const header = HEADER.exec(line);
    if (header !== null) {
      this.#open = true;
      const kept = line.slice(0, header.index + header[1]!.length + header[2]!.length);
      return `${withoutSecrets(kept)} ${REDACTED}`;
    }
    const quotes = line.split('"').length - 1;
    // A challenge's quoted value may be folded, and so may what follows an equals sign.
    this.#open = UNFINISHED.test(line) || (quotes % 2 === 1 && line.match(PARAMETER) !== null);
    return withoutSecrets(line);
  }
}

function withoutSecrets(line: string): string {
  return RULES.reduce((text, [what, instead]) => text.replace(what, instead), line);
}
