/**
 * @module
 * One's own API tokens.
 */
import { KeyRound } from "lucide";
import { useState } from "preact/hooks";
import { request } from "../api.ts";
import { Confirm } from "../components/dialog.tsx";
import { Moment } from "../components/moment.tsx";
import { Secret } from "../components/secret.tsx";
import { Broken, FormError, Skeleton } from "../components/states.tsx";
import { Icon } from "../components/icon.tsx";
import { t } from "../i18n/translate.ts";
import { useList, useSending } from "../store/load.ts";
import type { NewToken, Token } from "../types.ts";

const LIVES = ["30", "90", "365", ""] as const;

/** The list of tokens, and the form that makes one. */
export function Tokens() {
  const loaded = useList<Token>("/api/tokens", { limit: 100 });
  const [made, setMade] = useState<NewToken | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const sending = useSending();

  async function revoke(token: Token) {
    setRevoking(null);
    const done = await sending.send(() => request("DELETE", `/api/tokens/${token.id}`));
    if (!done) return;
    loaded.update((items) => items.filter(({ id }) => id !== token.id));
    if (made?.id === token.id) setMade(null);
  }

  return (
    <section class="card" aria-label={t("tokens.title")}>
      <h2 class="section-title">{t("tokens.title")}</h2>
      <p class="muted">{t("tokens.text")}</p>
      <NewTokenForm
        onMade={(token) => {
          setMade(token);
          loaded.update((items) => [token, ...items]);
        }}
      />
      {made && (
        <div class="shown-once">
          <p>{t("secret.once")}</p>
          <Secret label={made.name} value={made.token} />
        </div>
      )}
      <FormError error={sending.error} />
      {loaded.error !== null && <Broken error={loaded.error} onRetry={loaded.reload} />}
      {loaded.busy && <Skeleton rows={2} />}
      <ul class="plain-list">
        {loaded.items.map((token) => (
          <li key={token.id}>
            <Icon of={KeyRound} />
            <span class="grow" title={token.name}>{token.name}</span>
            <span class="faint">
              {token.last_used_at ? <Moment at={token.last_used_at} /> : t("tokens.unused")}
            </span>
            <span class="faint">
              {token.expires_at
                ? (
                  <>
                    {t("tokens.until")} <Moment at={token.expires_at} as="clock" />
                  </>
                )
                : t("tokens.forever")}
            </span>
            <button type="button" class="button danger-quiet" onClick={() => setRevoking(token)}>
              {t("tokens.revoke")}
            </button>
          </li>
        ))}
      </ul>
      {revoking && (
        <Confirm
          title={t("tokens.revoke.question", { name: revoking.name })}
          text={t("tokens.revoke.text")}
          action={t("tokens.revoke")}
          danger
          onYes={() => void revoke(revoking)}
          onClose={() => setRevoking(null)}
        />
      )}
    </section>
  );
}

function NewTokenForm({ onMade }: { onMade: (token: NewToken) => void }) {
  const [name, setName] = useState("");
  const [days, setDays] = useState<string>("90");
  const sending = useSending();
  async function submit(event: Event) {
    event.preventDefault();
    const body = { name: name.trim(), ...(days ? { expires_in_days: Number(days) } : {}) };
    if (await sending.send(async () => onMade(await request<NewToken>("POST", "/api/tokens", { body })))) {
      setName("");
    }
  }
  return (
    <form class="inline-form" onSubmit={submit}>
      <label class="field grow">
        <span>{t("tokens.name")}</span>
        <input
          class="input"
          required
          maxLength={100}
          value={name}
          placeholder={t("tokens.name.hint")}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{t("tokens.lives")}</span>
        <select class="input" value={days} onChange={(event) => setDays(event.currentTarget.value)}>
          {LIVES.map((one) => (
            <option key={one} value={one}>
              {one ? t("count.days", { n: Number(one) }) : t("tokens.forever")}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="button" disabled={sending.busy}>{t("tokens.create")}</button>
      <FormError error={sending.error} />
    </form>
  );
}
