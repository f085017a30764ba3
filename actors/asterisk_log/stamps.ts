/**
 * @module
 * Times of log lines. Asterisk writes local time, by default even without a year (`%b %e %T`), so a zone is given,
 * and the year and the side of a change of clocks are inferred from what was read before and from now.
 */

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Threads log a little out of order; time that goes back by more than this does so because clocks were put back. */
const DISORDER = MINUTE;
/** A line that was just written is this close to now. */
const NEAR_NOW = 10 * MINUTE;
/** A year-less date may be this much ahead of the clock here before it is taken for last year's. */
const AHEAD = DAY;
const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
/** `%b %e %H:%M` or `%F %H:%M` or `%FT%H:%M`. */
const TO_MINUTE = /^(?:([A-Z][a-z]{2}) +(\d{1,2})|(\d{4})-(\d\d)-(\d\d))[ T](\d\d):(\d\d)$/;
/** Seconds, their fraction, and the offset from UTC if there is one. */
const SECONDS = /^:(\d\d)(?:[.,](\d{1,9}))?(Z| ?[+-]\d\d:?\d\d)?$/;

/** One or two moments at which a clock of the zone shows the same. */
type Moments = readonly [number] | readonly [number, number];

/** Reads the times of one file, in their order. */
export class Stamps {
  readonly #zone: Zone;
  readonly #wall: () => number;
  /** Lines are as new as the clock. */
  #live = true;
  #last: number | null = null;
  #text = "";
  #at: number | null = null;
  #minute = "";
  #moments: Moments | null = null;
  /** When `#moments` was found. */
  #foundAt = 0;

  /** `zone` is IANA's name, `wall` gives milliseconds since 1970. @throws RangeError when there is no such zone */
  constructor(zone: string, wall: () => number) {
    this.#zone = zoneNamed(zone);
    this.#wall = wall;
  }

  /** Milliseconds since 1970, or null for what is no date. */
  read(text: string): number | null {
    if (text === this.#text) return this.#at;
    const at = this.#read(text, true);
    if (at !== null) this.#last = at;
    this.#text = text;
    return this.#at = at;
  }

  /**
   * Prepares for lines that were written before, all their dates in order: going back from now shows on which side of
   * a change of clocks the first of them is. Until `live()`, now says nothing of a line.
   */
  begin(texts: readonly string[]): void {
    this.#live = false;
    let bound = this.#wall();
    for (const text of texts.toReversed()) {
      const moments = this.#read(text, false);
      if (moments === null) continue;
      bound = moments.findLast((at) => at <= bound + DISORDER) ?? moments[0];
    }
    this.#last = texts.length === 0 ? null : bound;
  }

  /** What comes now is being written now. */
  live(): void {
    this.#live = true;
  }

  #read(text: string, chosen: true): number | null;
  #read(text: string, chosen: false): Moments | null;
  #read(text: string, chosen: boolean): number | Moments | null {
    const colon = text.indexOf(":", text.indexOf(":") + 1);
    if (colon === -1) return this.#epoch(text, chosen);
    const [, seconds, fraction = "", offset] = SECONDS.exec(text.slice(colon)) ?? [];
    if (seconds === undefined) return null;
    const after = Number(seconds) * 1000 + Number(fraction.padEnd(3, "0").slice(0, 3));
    const minute = text.slice(0, colon);
    if (offset !== undefined) {
      const naive = this.#naive(minute, (fields) => fields);
      if (naive === null) return null;
      const at = naive - offsetOf(offset) + after;
      return chosen ? at : [at];
    }
    const moments = this.#momentsOf(minute);
    if (moments === null) return null;
    return chosen ? this.#choose(moments, after) : moments.map((at) => at + after) as unknown as Moments;
  }

  /** `%s`, with or without a fraction. */
  #epoch(text: string, chosen: boolean): number | Moments | null {
    if (!/^\d{9,11}(\.\d+)?$/.test(text)) return null;
    const at = Math.floor(Number(text) * 1000);
    return chosen ? at : [at];
  }

  #momentsOf(minute: string): Moments | null {
    const now = this.#wall();
    // In another year the same text is another day.
    if (minute === this.#minute && Math.abs(now - this.#foundAt) < DAY) return this.#moments;
    this.#minute = minute;
    this.#foundAt = now;
    const naive = this.#naive(minute, (fields) => this.#withYear(fields, now));
    return this.#moments = naive === null ? null : this.#zone.moments(naive);
  }

  /** The minute as if the zone were UTC. A date without a year has the year 0 until `complete` says which. */
  #naive(minute: string, complete: (fields: DateFields) => DateFields | null): number | null {
    const match = TO_MINUTE.exec(minute);
    if (match === null) return null;
    const [, name, dayOfMonth, year, month, day, hours, minutes] = match;
    const fields = complete(
      name === undefined
        ? { year: Number(year), month: Number(month) - 1, day: Number(day) }
        : { year: 0, month: MONTHS.indexOf(name) / 3, day: Number(dayOfMonth) },
    );
    if (fields === null || !isDate(fields)) return null;
    if (Number(hours) > 23 || Number(minutes) > 59) return null;
    return Date.UTC(fields.year, fields.month, fields.day, Number(hours), Number(minutes));
  }

  /** The newest year that does not put it into the future. */
  #withYear(fields: DateFields, now: number): DateFields | null {
    if (fields.year !== 0) return fields;
    const next = new Date(now).getUTCFullYear() + 1;
    // As far back as leap years are apart at most.
    for (let year = next; year > next - 10; year--) {
      const { month, day } = fields;
      if (isDate({ year, month, day }) && Date.UTC(year, month, day) <= now + AHEAD) {
        return { year, month, day };
      }
    }
    return null;
  }

  /** Of two moments the one that lets time go on. */
  #choose(moments: Moments, after: number): number {
    const [first, second] = moments;
    if (second === undefined) return first + after;
    const last = this.#last;
    const goesOn = moments.filter((at) => last === null || at + after >= last - DISORDER);
    if (this.#live) {
      const now = this.#wall();
      const near = goesOn.find((at) => Math.abs(at + after - now) < NEAR_NOW);
      if (near !== undefined) return near + after;
    }
    return (goesOn[0] ?? second) + after;
  }
}

interface DateFields {
  year: number;
  /** From 0. */
  month: number;
  day: number;
}

function isDate({ year, month, day }: DateFields): boolean {
  return month >= 0 && month < 12 && Number.isInteger(month) && day >= 1 &&
    new Date(Date.UTC(year, month, day)).getUTCDate() === day;
}

/** Milliseconds of `Z`, `+03:00` or ` -0330`. */
function offsetOf(text: string): number {
  if (text === "Z") return 0;
  const digits = text.replace(/[^\d]/g, "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (text.includes("-") ? -minutes : minutes) * MINUTE;
}

/** What clocks of a zone show. */
class Zone {
  readonly #format: Intl.DateTimeFormat;

  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /** Moments at which it shows this, the earliest first; where clocks skip it, as if they had not been put forward. */
  moments(naive: number): Moments {
    const before = this.#offset(naive - DAY);
    const offsets = new Set([before, this.#offset(naive + DAY)]);
    const moments = [...offsets].map((offset) => naive - offset)
      .filter((at) => at + this.#offset(at) === naive).sort((a, b) => a - b);
    return moments.length === 0 ? [naive - before] : moments as unknown as Moments;
  }

  #offset(at: number): number {
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(at)) parts[type] = Number(value);
    const { year = 0, month = 1, day, hour, minute, second } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - at;
  }
}

const zones = new Map<string, Zone>();

function zoneNamed(name: string): Zone {
  const zone = zones.get(name) ?? new Zone(name);
  zones.set(name, zone);
  return zone;
}
