/**
 * @module
 * Phone numbers grouped as people say them. Only for the eye: which numbers are the same, the service decides.
 */

/** Country codes of two digits; those of one are 1 and 7, all others have three (ITU-T E.164, list of 2016). */
const TWO_DIGITS = /^(2[07]|3[0123469]|4[013456789]|5[12345678]|6[0123456]|8[1246]|9[0123458])/;

/** A number for reading: `+7 495 123-45-67`. What is no number of a public network stays as it is. */
export function shownNumber(number: string): string {
  const text = number.trim();
  const international = text.startsWith("+");
  if (!/^\+?[\d\s().-]+$/.test(text)) return text;
  const digits = text.replace(/\D/g, "");
  // Extensions and service numbers are said digit by digit; groups would only be in the way.
  if (digits.length < 6) return international ? `+${digits}` : digits;
  if (digits.length === 11 && digits.startsWith("8") && !international) {
    return `8 ${russian(digits.slice(1))}`;
  }
  if (digits.length === 11 && digits.startsWith("7")) return `+7 ${russian(digits.slice(1))}`;
  if (/^1[2-9]\d\d[2-9]\d{6}$/.test(digits)) return `+${withCode(digits)}`;
  if (digits.length === 12 && digits.startsWith("375")) return `+375 ${belarusian(digits.slice(3))}`;
  if (international) return `+${withCode(digits)}`;
  if (digits.length === 10) return russian(digits);
  if (digits.length === 7) return local(digits);
  // It may begin with a code, or with what is dialled before one: groups would only guess.
  return digits;
}

function russian(digits: string): string {
  return `${digits.slice(0, 3)} ${local(digits.slice(3))}`;
}

function belarusian(digits: string): string {
  return `${digits.slice(0, 2)} ${local(digits.slice(2))}`;
}

function local(digits: string): string {
  return `${digits.slice(0, 3)}-${digits.slice(3, 5)}-${digits.slice(5)}`;
}

function withCode(digits: string): string {
  const length = /^[17]/.test(digits) ? 1 : TWO_DIGITS.test(digits) ? 2 : 3;
  const rest = digits.slice(length);
  const grouped = length === 1 && rest.length === 10
    ? `${rest.slice(0, 3)} ${rest.slice(3, 6)}-${rest.slice(6)}`
    : threes(rest);
  return `${digits.slice(0, length)} ${grouped}`;
}

/** Groups of three; a last one of four rather than a digit by itself. */
function threes(digits: string): string {
  const groups = digits.match(/\d{3}(?=\d{2})|\d+$/g) ?? [];
  return groups.join(" ");
}
