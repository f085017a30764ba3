/**
 * @module
 * One's own password.
 */
import { useState } from "preact/hooks";
import { ApiError, request } from "../api.ts";
import { FormError } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { useSending } from "../store/load.ts";
import { me, refreshMe } from "../store/session.ts";

/** Shortest password that the service takes. */
export const PASSWORD_LENGTH = 10;

/** The form. Somebody who came by a one-time link has no password to repeat. */
export function OwnPassword() {
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const sending = useSending();
  const has = me.value?.has_password ?? true;
  const wrong = sending.error instanceof ApiError &&
    sending.error.problem?.errors?.some(({ path }) => path === "current");

  async function submit(event: Event) {
    event.preventDefault();
    const body = has ? { current, password } : { password };
    const done = await sending.send(async () => {
      await request("PUT", "/api/me/password", { body });
      await refreshMe();
    });
    if (!done) return;
    setCurrent("");
    setPassword("");
  }

  return (
    <section class="card" aria-label={t("password.title")}>
      <h2 class="section-title">{t("password.title")}</h2>
      <form onSubmit={submit}>
        {/* For password managers: whose password this is. */}
        <input type="text" autocomplete="username" value={me.value?.login} hidden readOnly />
        {has && (
          <label class="field">
            <span>{t("password.current")}</span>
            <input
              class="input"
              type="password"
              autocomplete="current-password"
              required
              value={current}
              onInput={(event) => setCurrent(event.currentTarget.value)}
            />
          </label>
        )}
        <label class="field">
          <span>{t("password.new")}</span>
          <input
            class="input"
            type="password"
            autocomplete="new-password"
            required
            minLength={PASSWORD_LENGTH}
            maxLength={200}
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
          <small class="faint">{t("password.hint", { n: PASSWORD_LENGTH })}</small>
        </label>
        {wrong
          ? <p class="form-error" role="alert">{t("password.wrong")}</p>
          : <FormError error={sending.error} />}
        <div class="form-foot">
          <button type="submit" class="button" disabled={sending.busy}>
            {t(sending.busy ? "action.busy" : has ? "password.change" : "password.set")}
          </button>
          {sending.done && <span class="saved" role="status">{t("state.saved")}</span>}
        </div>
      </form>
    </section>
  );
}
