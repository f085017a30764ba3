/**
 * @module
 * What two tellings of the same channel, or of the same dial, come to together: whichever comes first, the same.
 */
import type { ChannelRecord, DialRecord, Stamped } from "./call_record.ts";

/** What a masquerade calls channels while it lasts. */
const PASSING_NAME = /<(ZOMBIE|MASQ)>/;

/** All that two records of a channel know. */
export function joinChannels(one: ChannelRecord, other: ChannelRecord): ChannelRecord {
  return {
    uniqueid: one.uniqueid,
    name: firstName(one.name, other.name),
    nameNow: latestName(one.nameNow, other.nameNow),
    createdAt: Math.min(one.createdAt, other.createdAt),
    begun: one.begun || other.begun,
    dialledExten: lesser(one.dialledExten, other.dialledExten),
    exten: earliest(one.exten, other.exten),
    context: earliest(one.context, other.context),
    callerNumber: earliest(one.callerNumber, other.callerNumber),
    callerName: earliest(one.callerName, other.callerName),
    upAt: least(one.upAt, other.upAt),
    ringingAt: least(one.ringingAt, other.ringingAt),
    answerAt: least(one.answerAt, other.answerAt),
    hangupRequest: earliest(one.hangupRequest, other.hangupRequest),
    hangup: earliest(one.hangup, other.hangup),
    lost: least(one.lost, other.lost),
    dialled: one.dialled || other.dialled,
  };
}

/** All that two records of a dial know. */
export function joinDials(one: DialRecord, other: DialRecord): DialRecord {
  return {
    to: one.to,
    from: lesser(one.from, other.from),
    beganAt: Math.min(one.beganAt, other.beganAt),
    end: earliest(one.end, other.end),
  };
}

/** A value with its moment, unless it is none. */
export function stamped(value: string | null, at: number): Stamped<string> | null {
  return value === null || value === "" ? null : { at, value };
}

/** The earlier one; of two at once the one that sorts first, so that the order of coming does not matter. */
export function earliest<T extends Stamped<string | number | null>>(
  one: T | null,
  other: T | null,
): T | null {
  if (one === null || other === null) return one ?? other;
  if (one.at !== other.at) return one.at < other.at ? one : other;
  return String(one.value) <= String(other.value) ? one : other;
}

/** The later one; of two at once the one that sorts last. */
export function latest<T extends Stamped<string>>(one: T, other: T): T {
  if (one.at !== other.at) return one.at > other.at ? one : other;
  return one.value >= other.value ? one : other;
}

function firstName(one: Stamped<string>, other: Stamped<string>): Stamped<string> {
  const [a, b] = [PASSING_NAME.test(one.value), PASSING_NAME.test(other.value)];
  return a === b ? earliest(one, other)! : a ? other : one;
}

function latestName(one: Stamped<string>, other: Stamped<string>): Stamped<string> {
  const [a, b] = [PASSING_NAME.test(one.value), PASSING_NAME.test(other.value)];
  return a === b ? latest(one, other) : a ? other : one;
}

/** Of two that should be one, either would do, as long as it is the same whichever came first. */
/** The one that sorts first, of those that are known. */
export function lesser(one: string | null, other: string | null): string | null {
  return one === null || other === null ? one ?? other : one < other ? one : other;
}

/** The lesser number, of those that are known. */
export function least(one: number | null, other: number | null): number | null {
  return one === null || other === null ? one ?? other : Math.min(one, other);
}

/** Whether two records say the same, moments included. */
export function isSame<T extends object>(one: T, other: T): boolean {
  for (const key of Object.keys(one) as (keyof T)[]) {
    const [a, b] = [one[key], other[key]];
    if (a === b) continue;
    if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
    const [left, right] = [a as Partial<Stamped<unknown>>, b as Partial<Stamped<unknown>>];
    if (left.at !== right.at || left.value !== right.value) return false;
  }
  return true;
}
