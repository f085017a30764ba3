/**
 * @module
 * A panel's name and address, and its removal.
 */
import { useState } from "preact/hooks";
import { request } from "../api.ts";
import { Confirm } from "../components/dialog.tsx";
import { FormError } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { navigate } from "../router.ts";
import { applyHere } from "../store/live.ts";
import { useSending } from "../store/load.ts";
import type { Intercom, IntercomChange } from "../types.ts";

/** The form with a panel's name and address. */
export function PanelSettings({ panel }: { panel: Intercom }) {
  const [name, setName] = useState(panel.name);
  const [address, setAddress] = useState(panel.address);
  const sending = useSending();
  const changed = name.trim() !== panel.name || address.trim() !== panel.address;
  return (
    <section class="card" aria-label={t("panel.settings")}>
      <h2 class="section-title">{t("panel.settings")}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void sending.send(async () => {
            const body: IntercomChange = { name: name.trim(), address: address.trim() };
            const data = await request<Intercom>("PUT", pathOf(panel), { body });
            applyHere([{ event: "intercom.changed", data }]);
          });
        }}
      >
        <label class="field">
          <span>{t("column.name")}</span>
          <input
            class="input"
            maxLength={100}
            value={name}
            placeholder={panel.mac}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{t("column.address")}</span>
          <input
            class="input"
            maxLength={200}
            value={address}
            placeholder={t("panel.address.hint")}
            onInput={(event) => setAddress(event.currentTarget.value)}
          />
        </label>
        <FormError error={sending.error} />
        <div class="form-foot">
          <button type="submit" class="button" disabled={!changed || sending.busy}>
            {t(sending.busy ? "action.busy" : "action.save")}
          </button>
          {sending.done && !changed && <span class="saved" role="status">{t("state.saved")}</span>}
        </div>
      </form>
    </section>
  );
}

/** The way out for a panel. Its history stays. */
export function RemovePanel({ panel }: { panel: Intercom }) {
  const [asking, setAsking] = useState(false);
  const sending = useSending();
  const name = panel.name || panel.mac;
  return (
    <section class="card" aria-label={t("panel.remove")}>
      <h2 class="section-title">{t("panel.remove")}</h2>
      <p class="muted">{t("panel.remove.text")}</p>
      <FormError error={sending.error} />
      <button
        type="button"
        class="button danger-quiet"
        disabled={sending.busy}
        onClick={() => setAsking(true)}
      >
        {t("panel.remove.do")}
      </button>
      {asking && (
        <Confirm
          title={t("panel.remove.question", { name })}
          text={t("panel.remove.text")}
          action={t("panel.remove.do")}
          danger
          onClose={() => setAsking(false)}
          onYes={async () => {
            setAsking(false);
            if (await sending.send(() => request("DELETE", pathOf(panel)))) {
              navigate("/intercoms", { replace: true });
            }
          }}
        />
      )}
    </section>
  );
}

function pathOf(panel: Intercom): string {
  return `/api/intercoms/${encodeURIComponent(panel.mac)}`;
}
