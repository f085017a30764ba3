/**
 * @module
 * Whether a call at a door is heard and seen beyond the page.
 */
import { Volume2 } from "lucide";
import { useState } from "preact/hooks";
import { ChoiceOf } from "../components/choice.tsx";
import { Icon } from "../components/icon.tsx";
import { t } from "../i18n/translate.ts";
import { allowNotifications, chime } from "../store/alerts.ts";
import { notify, sound } from "../store/preferences.ts";

/** The choice of sound and notification. The browser is asked only after the operator chose. */
export function Alerts() {
  const [refused, setRefused] = useState(false);
  async function chooseNotify(value: "on" | "off") {
    const allowed = value === "off" || await allowNotifications();
    setRefused(!allowed);
    notify.value = allowed ? value : "off";
  }
  return (
    <section class="card" aria-label={t("alerts.title")}>
      <h2 class="section-title">{t("alerts.title")}</h2>
      <div class="with-button">
        <ChoiceOf
          label={t("alerts.sound")}
          value={sound.value}
          options={[["off", t("alerts.off")], ["on", t("alerts.on")]]}
          onChange={(value) => {
            sound.value = value;
          }}
        />
        <button type="button" class="button" onClick={chime}>
          <Icon of={Volume2} /> {t("alerts.try")}
        </button>
      </div>
      <ChoiceOf
        label={t("alerts.notify")}
        value={notify.value}
        options={[["off", t("alerts.off")], ["on", t("alerts.on")]]}
        onChange={(value) => void chooseNotify(value)}
      />
      {refused && <p class="form-error" role="alert">{t("alerts.refused")}</p>}
      <p class="faint">{t("appearance.note")}</p>
    </section>
  );
}
