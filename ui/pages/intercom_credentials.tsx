/**
 * @module
 * A panel's MQTT credentials: made and shown once, or taken back.
 */
import { useState } from "preact/hooks";
import { request } from "../api.ts";
import { Confirm } from "../components/dialog.tsx";
import { Secret } from "../components/secret.tsx";
import { FormError } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { useSending } from "../store/load.ts";
import type { Intercom } from "../types.ts";

/** Makes and revokes a panel's credentials. */
export function Credentials({ panel }: { panel: Intercom }) {
  const [made, setMade] = useState<{ username: string; password: string } | null>(null);
  const [asking, setAsking] = useState<"create" | "revoke" | null>(null);
  const [revoked, setRevoked] = useState(false);
  const sending = useSending();
  const path = `/api/intercoms/${encodeURIComponent(panel.mac)}/credentials`;
  const name = panel.name || panel.mac;

  async function create() {
    setAsking(null);
    setRevoked(false);
    await sending.send(async () => setMade(await request("POST", path)));
  }

  async function revoke() {
    setAsking(null);
    setMade(null);
    setRevoked(await sending.send(() => request("DELETE", path)));
  }

  return (
    <section class="card" aria-label={t("credentials.title")}>
      <h2 class="section-title">{t("credentials.title")}</h2>
      <p class="muted">{t("credentials.text")}</p>
      {made && (
        <div class="shown-once">
          <p>{t("secret.once")}</p>
          <Secret label={t("credentials.username")} value={made.username} />
          <Secret label={t("credentials.password")} value={made.password} />
        </div>
      )}
      {revoked && <p class="saved" role="status">{t("credentials.revoked")}</p>}
      <FormError error={sending.error} />
      <div class="form-foot">
        <button type="button" class="button" disabled={sending.busy} onClick={() => setAsking("create")}>
          {t("credentials.create")}
        </button>
        <button
          type="button"
          class="button danger-quiet"
          disabled={sending.busy}
          onClick={() => setAsking("revoke")}
        >
          {t("credentials.revoke")}
        </button>
      </div>
      {asking === "create" && (
        <Confirm
          title={t("credentials.create.question", { name })}
          text={t("credentials.create.text")}
          action={t("credentials.create")}
          onYes={() => void create()}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "revoke" && (
        <Confirm
          title={t("credentials.revoke.question", { name })}
          text={t("credentials.revoke.text")}
          action={t("credentials.revoke")}
          danger
          onYes={() => void revoke()}
          onClose={() => setAsking(null)}
        />
      )}
    </section>
  );
}
