/**
 * @module
 * Theme and language of these pages in this browser.
 */
import { ChoiceOf } from "../components/choice.tsx";
import { t } from "../i18n/translate.ts";
import { language, theme } from "../store/preferences.ts";

/** The choice of theme and language. */
export function Appearance() {
  return (
    <section class="card" aria-label={t("appearance.title")}>
      <h2 class="section-title">{t("appearance.title")}</h2>
      <ChoiceOf
        label={t("appearance.theme")}
        value={theme.value}
        options={[["auto", t("appearance.auto")], ["light", t("appearance.light")], [
          "dark",
          t("appearance.dark"),
        ]]}
        onChange={(value) => {
          theme.value = value;
        }}
      />
      <ChoiceOf
        label={t("appearance.language")}
        value={language.value}
        options={[["auto", t("appearance.auto")], ["en", "English"], ["ru", "Русский"]]}
        onChange={(value) => {
          language.value = value;
        }}
      />
      <p class="faint">{t("appearance.note")}</p>
    </section>
  );
}
