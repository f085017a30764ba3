/**
 * @module
 * How numbers are compared and written. It knows no people and no companies; it parses, and remembers what it
 * parsed, since a call asks for the same few numbers with each of its events.
 */
import {
  AsYouType,
  type CountryCode,
  getCountryCallingCode,
  parsePhoneNumberFromString,
  type PhoneNumber,
} from "libphonenumber-js/min";

/** Numbers that are remembered. Parsing one takes about 5 µs. */
const REMEMBERED = 10_000;
/** No number of the outside is longer, with what people write between its digits. */
const LONGEST = 64;
/** No internal number is longer. */
const LONGEST_INTERNAL = 20;
/** Digits from which on a number that is none of the default region's is tried as an international one. */
const INTERNATIONAL_DIGITS = 10;
/** Digits from which on a part of a number may be a part of a national one. */
const DIGITS_OF_A_PART = 4;
/** Digits of a part without its country or prefix that still say something: those of a city. */
const DIGITS_OF_A_CODE = 3;

interface Known {
  key: string | null;
  internal: boolean;
  shown: string;
}

interface PhoneNumbersOptions {
  /** What counts as an internal number. */
  internal: RegExp;
  /** Whose national numbers those without a country are. */
  region: CountryCode;
}

/** Compares and writes numbers. */
export class PhoneNumbers {
  readonly #known = new Map<string, Known>();
  readonly #options: PhoneNumbersOptions;

  constructor(options: PhoneNumbersOptions) {
    this.#options = options;
  }

  /**
   * How a number is compared: an internal one by its digits, one of the outside in E.164, what is neither by its
   * digits. Null where there is nothing to compare: no digit, or a name.
   */
  keyOf(number: string | null): string | null {
    return this.#of(number).key;
  }

  /** Whether a number is internal. */
  isInternal(number: string | null): boolean {
    return this.#of(number).internal;
  }

  /** A number as people write it: one of the outside in its international form, any other as it is. */
  shown(number: string | null): string {
    return this.#of(number).shown;
  }

  /** Pieces of digits of which a stored number has one, where somebody typed a number or a part of it. */
  digitsToFind(typed: string): string[] {
    const digits = typed.normalize("NFKC").replace(/\D/g, "");
    const pieces = new Set([digits]);
    if (digits.length >= DIGITS_OF_A_PART) {
      const { region } = this.#options;
      const part = new AsYouType(region);
      part.input(typed.trim().startsWith("+") ? `+${digits}` : digits);
      const whole = part.getNumberValue()?.replace(/\D/g, "") ?? "";
      pieces.add(whole);
      // 8 495 is +7 495, and of a number of the own country a PBX may have told either.
      const country = getCountryCallingCode(region);
      const national = whole.startsWith(country) ? whole.slice(country.length) : "";
      if (national.length >= DIGITS_OF_A_CODE) pieces.add(national);
    }
    pieces.delete("");
    return [...pieces];
  }

  #of(number: string | null): Known {
    const text = (number ?? "").trim();
    let known = this.#known.get(text);
    if (known !== undefined) return known;
    known = text.length > LONGEST ? { key: null, internal: false, shown: text } : this.#read(text);
    if (this.#known.size >= REMEMBERED) this.#known.delete(this.#known.keys().next().value!);
    if (text.length <= LONGEST) this.#known.set(text, known);
    return known;
  }

  #read(text: string): Known {
    // A poor pattern takes longer with each character, and a caller writes what it likes.
    const internal = {
      test: (text: string) => text.length <= LONGEST_INTERNAL && this.#options.internal.test(text),
    };
    // A trunk may tell the whole address; its user part is the number.
    const bare = text.normalize("NFKC").replace(/^(?:sips?|tel):|@.*$|;.*$/gi, "").replace(
      /[\s().\-\u2010-\u2015/]/g,
      "",
    );
    if (bare !== "" && internal.test(bare)) return { key: bare, internal: true, shown: text };
    // A star or a hash is dialled like a digit, and a name that happens to have digits is no number.
    if (!/^\+?[\d*#]*\d[\d*#]*$/.test(bare)) return { key: null, internal: false, shown: text };
    const outside = /[*#]/.test(bare) ? null : this.#outside(bare);
    if (outside !== null) return { ...outside, internal: false };
    const digits = bare.replace("+", "");
    // With a plus it is no internal number, and must not be taken for one.
    return { key: internal.test(digits) ? bare : digits, internal: false, shown: text };
  }

  #outside(bare: string): { key: string; shown: string } | null {
    const parsed = this.#valid(bare) ?? this.#valid(this.#withPlus(bare));
    return parsed && { key: parsed.number, shown: parsed.formatInternational() };
  }

  /** A trunk may leave the plus out. */
  #withPlus(bare: string): string {
    if (bare.startsWith("00")) return `+${bare.slice(2)}`;
    if (bare.startsWith("+") || bare.length < INTERNATIONAL_DIGITS) return "";
    // 9 89161234567 is the line out and a national number, rather than one of the country 98.
    return bare.startsWith("9") && this.#valid(bare.slice(1)) !== null ? "" : `+${bare}`;
  }

  #valid(text: string): PhoneNumber | null {
    const parsed = parsePhoneNumberFromString(text, { defaultCountry: this.#options.region, extract: false });
    return parsed?.isValid() ? parsed : null;
  }
}
