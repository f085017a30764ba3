/**
 * @module
 * Whether a call, at a door or at one of this person's numbers, is heard and seen beyond the page.
 */
import { Volume2 } from "lucide";
import { useState } from "preact/hooks";
import { ChoiceOf } from "../components/choice.tsx";
import { Icon } from "../components/icon.tsx";
import { t } from "../i18n/translate.ts";
import { allowNotifications, chime } from "../store/alerts.ts";
import { notify, ring, sound } from "../store/preferences.ts";
import { ringOnce } from "../store/ring.ts";
import { mayOperate } from "../store/session.ts";

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
          label={t("alerts.ring")}
          value={ring.value}
          options={[["off", t("alerts.off")], ["on", t("alerts.on")]]}
          onChange={(value) => {
            ring.value = value;
          }}
        />
        <button type="button" class="button" onClick={ringOnce}>
          <Icon of={Volume2} /> {t("alerts.try")}
        </button>
      </div>
      {mayOperate.value && <DoorSound />}
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

function DoorSound() {
  return (
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
  );
}
