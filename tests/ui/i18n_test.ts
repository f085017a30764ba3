/**
 * @module
 * The texts in both languages, plural forms and times.
 */
import assert from "node:assert/strict";
import { en, type Key } from "../../ui/i18n/en.ts";
import { ru } from "../../ui/i18n/ru.ts";
import { ago, seconds, span } from "../../ui/i18n/times.ts";
import { translate } from "../../ui/i18n/translate.ts";
import { preferred } from "../../ui/store/preferences.ts";
import { NOW } from "./sample.ts";

const KEYS = Object.keys(en) as Key[];

/** Names of a message's places. */
function places(text: string): string[] {
  return [...new Set([...text.matchAll(/\{\s*(\w+)\s*[,}]/g)].map((match) => match[1]!))].sort();
}

Deno.test("texts: every key is there in both languages and says something", () => {
  assert.deepEqual(Object.keys(ru).sort(), [...KEYS].sort());
  for (const key of KEYS) {
    assert.notEqual(en[key].trim(), "", key);
    assert.notEqual(ru[key].trim(), "", key);
  }
});

Deno.test("texts: both languages have the same places, and every message can be read", () => {
  for (const key of KEYS) {
    assert.deepEqual(places(ru[key]), places(en[key]), key);
    const values = Object.fromEntries(places(en[key]).map((name) => [name, 2]));
    for (const language of ["en", "ru"] as const) {
      const text = translate(language, key, values);
      assert.doesNotMatch(text, /[{}]/, `${language} ${key}: ${text}`);
    }
  }
});

Deno.test("texts: Russian plurals know one, few and many", () => {
  const panels = (n: number) => translate("ru", "count.panels", { n });
  assert.deepEqual([1, 2, 5, 11, 21, 22, 25, 111].map(panels), [
    "1 панель",
    "2 панели",
    "5 панелей",
    "11 панелей",
    "21 панель",
    "22 панели",
    "25 панелей",
    "111 панелей",
  ]);
});

Deno.test("texts: English plurals know one and other", () => {
  const panels = (n: number) => translate("en", "count.panels", { n });
  assert.deepEqual([0, 1, 2, 21].map(panels), ["0 panels", "1 panel", "2 panels", "21 panels"]);
});

Deno.test("texts: every plural of a Russian text names all its forms", () => {
  for (const key of KEYS) {
    if (!ru[key].includes(", plural,")) continue;
    for (const form of ["one", "few", "many", "other"]) {
      assert.match(ru[key], new RegExp(`\\b${form} \\{`), key);
    }
  }
});

Deno.test("texts: a value is put in as it is, never read as a message or as markup", () => {
  const name = "<img src=x onerror=alert(1)> {n, plural, other {#}} '{'";
  assert.equal(translate("en", "open.question", { name }), `Open the door “${name}”?`);
});

Deno.test("times: relative in the largest unit that fits", () => {
  const at = (seconds: number) => ago(NOW - seconds * 1000, NOW, "en");
  assert.deepEqual([0, 12, 59, 60, 3599, 3600, 47 * 3600, 48 * 3600].map(at), [
    "just now",
    "12 s ago",
    "59 s ago",
    "1 min ago",
    "59 min ago",
    "1 h ago",
    "47 h ago",
    "2 d ago",
  ]);
  assert.equal(ago(NOW - 180_000, NOW, "ru"), "3 мин назад");
});

Deno.test("times: the future counts as now", () => {
  assert.equal(ago(NOW + 5000, NOW, "ru"), "только что");
  assert.equal(span(-5000, "en"), "0 s");
});

Deno.test("times: a short wait has a tenth, in the language's own writing", () => {
  assert.equal(seconds(812, "en"), "0.8 s");
  assert.equal(seconds(812, "ru"), "0,8 с");
  assert.equal(seconds(14_200, "en"), "14 s");
  assert.equal(seconds(38, "en"), "< 0.1 s");
});

Deno.test("language: the first that the browser asks for and the pages speak", () => {
  assert.equal(preferred(["de-AT", "ru-RU", "en"]), "ru");
  assert.equal(preferred(["de"]), "en");
  assert.equal(preferred([]), "en");
});
