/**
 * @module
 * Texts in the language in use. Reading one inside a component makes it follow a change of language.
 */
import { IntlMessageFormat } from "intl-messageformat";
import { type Locale, locale } from "../store/preferences.ts";
import { en, type Key } from "./en.ts";
import { ru } from "./ru.ts";

/** All texts, by language. */
export const TEXTS: Record<Locale, Record<Key, string>> = { en, ru };

/** What goes into a text's places. */
export type Values = Record<string, string | number>;

const formats = new Map<string, IntlMessageFormat>();

/** A text in the language in use. */
export function t(key: Key, values?: Values): string {
  return translate(locale.value, key, values);
}

/** A text in a named language. Values are put in as text, never read as a message. */
export function translate(language: Locale, key: Key, values?: Values): string {
  const text = TEXTS[language][key];
  if (!values) return text;
  const id = `${language} ${key}`;
  let format = formats.get(id);
  if (!format) formats.set(id, format = new IntlMessageFormat(text, language));
  return String(format.format(values));
}
