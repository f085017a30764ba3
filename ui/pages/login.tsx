/**
 * @module
 * Login and password, and nothing else.
 */
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { FormError } from "../components/states.tsx";
import { Logo } from "../components/logo.tsx";
import { t } from "../i18n/translate.ts";
import { login } from "../store/session.ts";

/** The login page. */
export function LoginPage() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [waitUntil, setWaitUntil] = useState(0);
  const left = useSecondsUntil(waitUntil);
  useEffect(() => {
    document.title = `${t("login.title")} – Doorline`;
  });

  async function submit(event: Event) {
    event.preventDefault();
    if (busy || left > 0) return;
    setBusy(true);
    setError(null);
    try {
      await login(name.trim(), password);
    } catch (failure) {
      setError(failure);
      if (failure instanceof ApiError && failure.status === 429) {
        setWaitUntil(Date.now() + (failure.retryAfter ?? 30) * 1000);
      }
    } finally {
      setBusy(false);
    }
  }

  return (
    <main class="login">
      <form class="login-form" data-testid="login-form" onSubmit={submit}>
        <div class="login-head">
          <Logo size={40} />
          <h1>Doorline</h1>
        </div>
        <label class="field">
          <span>{t("login.login")}</span>
          <input
            class="input"
            name="login"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            autofocus
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{t("login.password")}</span>
          <input
            class="input"
            name="password"
            type="password"
            autocomplete="current-password"
            required
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        <LoginError error={error} left={left} />
        <button type="submit" class="button primary wide" aria-disabled={busy || left > 0}>
          {busy ? t("login.busy") : t("login.do")}
        </button>
      </form>
    </main>
  );
}

function LoginError({ error, left }: { error: unknown; left: number }) {
  if (!(error instanceof ApiError)) return <FormError error={error} />;
  if (error.status === 401) return <p class="form-error" role="alert">{t("login.wrong")}</p>;
  if (error.status === 429) {
    const text = left > 0 ? t("login.wait", { n: left }) : t("login.again");
    return <p class="form-error num" role="alert">{text}</p>;
  }
  return <FormError error={error} />;
}

function useSecondsUntil(at: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (at <= Date.now()) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [at]);
  return Math.max(0, Math.ceil((at - now) / 1000));
}
