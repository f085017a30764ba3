/**
 * @module
 * Dialogs about one person: a new one, a new password, disabling.
 */
import { useState } from "preact/hooks";
import { request } from "../api.ts";
import { Dialog } from "../components/dialog.tsx";
import { FormError } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { useSending } from "../store/load.ts";
import type { NewUser, User } from "../types.ts";
import { changeUser, nameOf, ROLE_WORDS } from "./settings_people.tsx";
import { PASSWORD_LENGTH } from "./settings_password.tsx";

interface DoneProps {
  onClose: () => void;
  onDone: (user: User) => void;
}

/** Adds a person. */
export function PersonDialog({ onClose, onDone }: DoneProps) {
  const [person, setPerson] = useState<Required<NewUser>>({
    login: "",
    first_name: "",
    last_name: "",
    role: "operator",
    password: "",
  });
  const sending = useSending();
  async function submit(event: Event) {
    event.preventDefault();
    const done = await sending.send(async () =>
      onDone(await request<User>("POST", "/api/users", { body: person }))
    );
    if (done) onClose();
  }
  const set = (change: Partial<NewUser>) => setPerson({ ...person, ...change });
  return (
    <Dialog title={t("people.add.title")} onClose={onClose}>
      <form onSubmit={submit} autocomplete="off">
        <label class="field">
          <span>{t("login.login")}</span>
          <input
            class="input"
            required
            autofocus
            autocapitalize="none"
            spellcheck={false}
            pattern="[a-z0-9][a-z0-9._\-]{1,62}"
            title={t("people.login.hint")}
            value={person.login}
            onInput={(event) => set({ login: event.currentTarget.value })}
          />
          <small class="faint">{t("people.login.hint")}</small>
        </label>
        <div class="two-fields">
          <label class="field">
            <span>{t("people.first_name")}</span>
            <input
              class="input"
              maxLength={100}
              value={person.first_name}
              onInput={(event) => set({ first_name: event.currentTarget.value })}
            />
          </label>
          <label class="field">
            <span>{t("people.last_name")}</span>
            <input
              class="input"
              maxLength={100}
              value={person.last_name}
              onInput={(event) => set({ last_name: event.currentTarget.value })}
            />
          </label>
        </div>
        <label class="field">
          <span>{t("people.role")}</span>
          <select
            class="input"
            value={person.role}
            onChange={(event) => set({ role: event.currentTarget.value as User["role"] })}
          >
            {Object.entries(ROLE_WORDS).map(([role, word]) => (
              <option key={role} value={role}>{t(word)}</option>
            ))}
          </select>
          <small class="faint">{t(`role.${person.role}.may`)}</small>
        </label>
        <PasswordField value={person.password} onInput={(password) => set({ password })} />
        <FormError error={sending.error} />
        <Foot onClose={onClose} busy={sending.busy} action={t("people.add")} />
      </form>
    </Dialog>
  );
}

/** Gives a person another password; their sessions end. */
export function PasswordDialog({ user, onClose, onDone }: DoneProps & { user: User }) {
  const [password, setPassword] = useState("");
  const sending = useSending();
  async function submit(event: Event) {
    event.preventDefault();
    if (await sending.send(async () => onDone(await changeUser(user, { password })))) onClose();
  }
  return (
    <Dialog title={t("people.password.title", { name: nameOf(user) })} onClose={onClose}>
      <form onSubmit={submit} autocomplete="off">
        <p class="dialog-text">{t("people.password.text")}</p>
        <PasswordField value={password} onInput={setPassword} autofocus />
        <FormError error={sending.error} />
        <Foot onClose={onClose} busy={sending.busy} action={t("action.save")} />
      </form>
    </Dialog>
  );
}

/** Disables a person, or lets them in again. */
export function StatusDialog({ user, onClose, onDone }: DoneProps & { user: User }) {
  const sending = useSending();
  const disable = user.status === "active";
  const name = nameOf(user);
  async function submit(event: Event) {
    event.preventDefault();
    const status = disable ? "disabled" : "active";
    if (await sending.send(async () => onDone(await changeUser(user, { status })))) onClose();
  }
  return (
    <Dialog
      title={t(disable ? "people.disable.question" : "people.enable.question", { name })}
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <p class="dialog-text">{t(disable ? "people.disable.text" : "people.enable.text")}</p>
        <FormError error={sending.error} />
        <Foot
          onClose={onClose}
          busy={sending.busy}
          danger={disable}
          autofocus
          action={t(disable ? "people.disable" : "people.enable")}
        />
      </form>
    </Dialog>
  );
}

interface PasswordFieldProps {
  value: string;
  onInput: (value: string) => void;
  autofocus?: boolean;
}

function PasswordField({ value, onInput, autofocus }: PasswordFieldProps) {
  return (
    <label class="field">
      <span>{t("password.new")}</span>
      <input
        class="input"
        type="password"
        autocomplete="new-password"
        required
        autofocus={autofocus}
        minLength={PASSWORD_LENGTH}
        maxLength={200}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <small class="faint">{t("password.hint", { n: PASSWORD_LENGTH })}</small>
    </label>
  );
}

/** Properties of a dialog's last line. */
export interface FootProps {
  onClose: () => void;
  busy: boolean;
  action: string;
  danger?: boolean;
  autofocus?: boolean;
}

/** Cancel, and the button that does what the dialog is for. */
export function Foot({ onClose, busy, action, danger, autofocus }: FootProps) {
  return (
    <footer class="dialog-foot">
      <button type="button" class="button" onClick={onClose}>{t("action.cancel")}</button>
      <button
        type="submit"
        class={danger ? "button danger" : "button primary"}
        disabled={busy}
        autofocus={autofocus}
      >
        {busy ? t("action.busy") : action}
      </button>
    </footer>
  );
}
