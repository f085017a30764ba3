/**
 * @module
 * What is to be entered into a phone that was just made: by these it registers.
 */
import { useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { SecretEye } from "./config_input.tsx";
import { Copy } from "./secret.tsx";

/** An account as its phone has it. */
export interface PhoneAccountProps {
  /** The Asterisk where it was made; null where there is only one. */
  pbx: string | null;
  name: string;
  /** The login of the form; empty where the name is it. */
  username: string;
  password: string;
}

/** The account, with what can be copied. The password is hidden until it is asked for: others may look on. */
export function PhoneAccount({ pbx, name, username, password }: PhoneAccountProps) {
  const [shown, setShown] = useState(false);
  const login = username || name;
  return (
    <section class="card phone-account" aria-label={t("account.title")} data-testid="phone-account">
      <h2 class="section-title">{t("account.title")}</h2>
      <dl class="details">
        <div>
          <dt>{t("account.server")}</dt>
          <dd>{pbx === null ? t("account.server.is") : t("account.server.of", { pbx })}</dd>
        </div>
        <Line label={t("account.user")} value={name} />
        <Line label={t("account.login")} value={login} />
        {password !== "" && (
          <div>
            <dt>{t("account.password")}</dt>
            <dd>
              <code class="num" data-testid="account-password">{shown ? password : "••••••"}</code>
              <SecretEye shown={shown} onToggle={() => setShown(!shown)} />
              <Copy value={password} label={t("account.copy", { what: t("account.password") })} />
            </dd>
          </div>
        )}
      </dl>
      <p class="muted">{t("account.server.do")}</p>
    </section>
  );
}

function Line({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <code class="num">{value}</code>
        <Copy value={value} label={t("account.copy", { what: label })} />
      </dd>
    </div>
  );
}
