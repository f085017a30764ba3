/**
 * @module
 * Which endpoints a message is about: by names of channels, contacts, addresses of record and endpoints that stand in
 * it. One pass over the text, however many endpoints there are; only whole names count. Whoever may choose a text in
 * a message, such as the caller of a SIP request, can name any endpoint there, and nothing else comes of it.
 */

/** Finds what `T` stands for the endpoints that are named. */
export interface Known<T> {
  endpoint(name: string): T | undefined;
  /** Those that have an address of record. */
  aor(name: string): readonly T[] | undefined;
}

/** What a message names. */
export interface Named<T> {
  /** By whatever it is named, each once. */
  all: T[];
  /** Those of them that a channel is named of: what the call of the line is. */
  channels: T[];
}

/** pjsip.conf takes no longer ones. */
const LONGEST = 128;
/** More are not told of one message. */
const MOST = 64;

const BLANK = 32;
const APOSTROPHE = 39;
const SLASH = 47;
const COLON = 58;
const SEMICOLON = 59;
const AT = 64;

/** Characters that end a name: blanks and controls, and what names are put into. */
const ENDS = new Uint8Array(128);
for (let code = 0; code <= 32; code++) ENDS[code] = 1;
for (const sign of "\"'()<>,;&|/[]{}=`") ENDS[sign.charCodeAt(0)] = 1;

/** Looks through a message. `into` is emptied first. */
export function findNames<T>(text: string, known: Known<T>, into: Named<T>): void {
  into.all.length = 0;
  into.channels.length = 0;
  // In other messages the user of an address is somebody's number, or who they say they are.
  let registers: boolean | null = null;
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > COLON + 1 || code < BLANK) continue;
    if (code === SLASH) {
      if (isChannel(text, at)) channel(text, at + 1, known, into);
      else if (text.startsWith("sip", at + 1) && /^s?:/.test(text.slice(at + 4, at + 6))) {
        addAll(into, known.aor(wordBefore(text, at)));
      }
    } else if (code === COLON) {
      if (!isScheme(text, at)) continue;
      registers ??= text.startsWith("<--- ") || text.includes("REGISTER");
      if (registers) user(text, at + 1, known, into);
    } else if (code === APOSTROPHE) {
      quoted(text, at, known, into);
    } else if (code === BLANK) {
      if (text.charCodeAt(at - 1) === 116 && isWord(text, at, "ndpoint")) {
        add(into, known.endpoint(wordAfter(text, at + 1)));
      }
    } else if (code === SEMICOLON && text.charCodeAt(at + 1) === AT) {
      // A contact as it is stored: its address of record and a hash of it.
      if (/^[\da-f]{32}(?![\da-f])/.test(text.slice(at + 2, at + 35))) {
        addAll(into, known.aor(wordBefore(text, at)));
      }
    }
  }
}

function add<T>(into: Named<T>, one: T | undefined): void {
  if (one === undefined || into.all.includes(one) || into.all.length >= MOST) return;
  into.all.push(one);
}

function addAll<T>(into: Named<T>, some: readonly T[] | undefined): void {
  if (some !== undefined) { for (const one of some) add(into, one); }
}

/** Whether a slash follows the word PJSIP. */
function isChannel(text: string, slash: number): boolean {
  return text.charCodeAt(slash - 1) === 80 && text.startsWith("PJSIP", slash - 5) &&
    (slash < 6 || !isOfWord(text.charCodeAt(slash - 6)));
}

/** `777-ep-0000000a` a channel's name; `777-ep`, `777-ep/sip:…` or `number@trunk-ep` what is to be called. */
function channel<T>(text: string, from: number, known: Known<T>, into: Named<T>): void {
  const name = wordAfter(text, from, false);
  if (name === "") return;
  if (name.length > 9 && name.charCodeAt(name.length - 9) === 45 && /-[\da-f]{8}$/.test(name)) {
    const endpoint = known.endpoint(name.slice(0, -9));
    if (endpoint !== undefined) {
      add(into, endpoint);
      if (!into.channels.includes(endpoint) && into.channels.length < MOST) into.channels.push(endpoint);
      return;
    }
  }
  const whole = known.endpoint(name);
  if (whole !== undefined) return add(into, whole);
  const sign = name.lastIndexOf("@");
  if (sign !== -1) add(into, known.endpoint(name.slice(sign + 1)));
}

/** Whether a colon follows the word sip or sips. */
function isScheme(text: string, colon: number): boolean {
  const end = text.charCodeAt(colon - 1) === 115 ? colon - 1 : colon;
  return text.charCodeAt(end - 1) === 112 && text.startsWith("sip", end - 3) && end >= 3 &&
    (end === 3 || !isOfWord(text.charCodeAt(end - 4)));
}

/** The user of an address: whose address of record it is, or the endpoint of that name. */
function user<T>(text: string, from: number, known: Known<T>, into: Named<T>): void {
  for (let at = from; at <= from + LONGEST && at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === AT) {
      const name = text.slice(from, at);
      addAll(into, known.aor(name));
      return add(into, known.endpoint(name));
    }
    if (code === COLON || (code < 128 && ENDS[code] === 1)) return;
  }
}

/** What is between this apostrophe and the next. */
function quoted<T>(text: string, at: number, known: Known<T>, into: Named<T>): void {
  let end = at + 1;
  while (end < text.length && end <= at + 1 + LONGEST && text.charCodeAt(end) !== APOSTROPHE) end++;
  if (text.charCodeAt(end) !== APOSTROPHE || end === at + 1) return;
  const name = text.slice(at + 1, end);
  add(into, known.endpoint(name));
  if (text.charCodeAt(at - 1) === BLANK && isAor(text, at - 1)) addAll(into, known.aor(name));
}

function isAor(text: string, end: number): boolean {
  return /(?:^|[^\w])(?:AOR|Aor|aor)$/.test(text.slice(Math.max(0, end - 4), end));
}

/** Whether a word with this end, its first letter in either case, is before a place. */
function isWord(text: string, end: number, tail: string): boolean {
  const begin = end - tail.length - 1;
  if (begin < 0 || !text.startsWith(tail, begin + 1)) return false;
  const first = text.charCodeAt(begin) | 32;
  return first === 101 && (begin === 0 || !isOfWord(text.charCodeAt(begin - 1)));
}

function wordBefore(text: string, end: number): string {
  let begin = end;
  while (begin > 0 && end - begin <= LONGEST) {
    const code = text.charCodeAt(begin - 1);
    if (code < 128 && ENDS[code] === 1) break;
    begin--;
  }
  return text.slice(begin, end);
}

/** `sentence` says that a name may be the end of one. */
function wordAfter(text: string, begin: number, sentence = true): string {
  let end = begin;
  while (end < text.length && end - begin <= LONGEST) {
    const code = text.charCodeAt(end);
    if (code < 128 && ENDS[code] === 1) break;
    end++;
  }
  const last = text.charCodeAt(end - 1);
  return text.slice(begin, sentence && end > begin && (last === 46 || last === COLON) ? end - 1 : end);
}

function isOfWord(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) ||
    code === 95;
}
