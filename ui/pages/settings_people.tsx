/**
 * @module
 * The people who may log in. Only for admins.
 */
import { UserPlus, Users } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { request } from "../api.ts";
import { Icon } from "../components/icon.tsx";
import { Broken, Empty, FormError, Skeleton } from "../components/states.tsx";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import { shownNumber } from "../i18n/phones.ts";
import { place, setQuery } from "../router.ts";
import { useList, useSending } from "../store/load.ts";
import { me } from "../store/session.ts";
import type { User, UserChange } from "../types.ts";
import { PasswordDialog, PersonDialog, StatusDialog } from "./settings_person.tsx";
import { PhonesDialog, PhonesLine } from "./settings_phones.tsx";

/** Words for roles. */
export const ROLE_WORDS: Record<User["role"], Key> = {
  admin: "role.admin",
  operator: "role.operator",
  employee: "role.employee",
};

type About = "password" | "status" | "phones";
type Asking = { what: "add" } | { what: About; user: User };

/** The list of people. */
export function People() {
  const loaded = useList<User>("/api/users", { limit: 200 });
  const [asking, setAsking] = useState<Asking | null>(null);
  const replace = (user: User) =>
    loaded.update((items) =>
      items.some(({ id }) => id === user.id)
        ? items.map((one) => one.id === user.id ? user : one)
        : [...items, user]
    );
  const close = () => setAsking(null);
  // A call to a number that is nobody's leads here with it.
  const number = place.value.query.get("number") ?? "";
  const numbered = (user: User) => {
    replace(user);
    if (number) setQuery({ number: "" });
  };
  return (
    <section class="card" aria-label={t("settings.people")}>
      <div class="section-head">
        <h2 class="section-title">{t("settings.people")}</h2>
        <button type="button" class="button" onClick={() => setAsking({ what: "add" })}>
          <Icon of={UserPlus} /> {t("people.add")}
        </button>
      </div>
      {number && (
        <p class="dialog-text" role="note" data-testid="number-in-hand">
          {t("people.number", { number: shownNumber(number) })}
        </p>
      )}
      {loaded.error !== null && <Broken error={loaded.error} onRetry={loaded.reload} />}
      {loaded.busy && !loaded.items.length && <Skeleton rows={4} />}
      {!loaded.busy && loaded.error === null && !loaded.items.length && (
        <Empty icon={Users} title={t("people.none")} />
      )}
      <ul class="plain-list people">
        {loaded.items.map((user) => (
          <Person
            key={user.id}
            user={user}
            onChanged={replace}
            onAsk={(what) => setAsking({ what, user })}
          />
        ))}
      </ul>
      {loaded.hasMore && (
        <button type="button" class="button" onClick={loaded.more}>{t("action.more")}</button>
      )}
      {asking?.what === "add" && <PersonDialog onClose={close} onDone={replace} />}
      {asking?.what === "password" && <PasswordDialog user={asking.user} onClose={close} onDone={replace} />}
      {asking?.what === "phones" && (
        <PhonesDialog user={asking.user} more={number} onClose={close} onDone={numbered} />
      )}
      {asking?.what === "status" && <StatusDialog user={asking.user} onClose={close} onDone={replace} />}
    </section>
  );
}

interface PersonProps {
  user: User;
  onChanged: (user: User) => void;
  onAsk: (what: About) => void;
}

function Person({ user, onChanged, onAsk }: PersonProps) {
  const sending = useSending();
  // Nobody takes the admin's role, or the account, from themselves by a slip.
  const self = user.id === me.value?.id;
  const name = nameOf(user);
  const row = useRef<HTMLLIElement>(null);
  // Whom the search has found is brought into view.
  const found = place.value.query.get("person") === String(user.id);
  useEffect(() => {
    if (found) row.current?.scrollIntoView({ block: "center" });
  }, [found]);
  async function changeRole(role: User["role"]) {
    await sending.send(async () => onChanged(await changeUser(user, { role })));
  }
  return (
    <li
      ref={row}
      class={user.status === "disabled" ? "is-disabled" : ""}
      aria-current={found ? "true" : undefined}
      data-testid="person-row"
      data-user={user.id}
    >
      <span class="grow person-name">
        <span title={name}>{name}</span>
        <span class="faint">
          {user.login}
          {self && ` · ${t("people.you")}`}
          {user.status === "disabled" && ` · ${t("people.disabled")}`}
          {!user.has_password && ` · ${t("people.no_password")}`}
        </span>
        <PhonesLine phones={user.phones} />
        <FormError error={sending.error} />
      </span>
      <select
        class="input"
        aria-label={t("people.role_of", { name })}
        disabled={self || sending.busy}
        value={user.role}
        onChange={(event) => void changeRole(event.currentTarget.value as User["role"])}
      >
        {Object.entries(ROLE_WORDS).map(([role, word]) => <option key={role} value={role}>{t(word)}</option>)}
      </select>
      <button
        type="button"
        class="button"
        aria-label={t("phones.of", { name })}
        onClick={() => onAsk("phones")}
      >
        {t("phones.title")}
      </button>
      <button type="button" class="button" disabled={self} onClick={() => onAsk("password")}>
        {t("people.password")}
      </button>
      <button type="button" class="button" disabled={self} onClick={() => onAsk("status")}>
        {t(user.status === "active" ? "people.disable" : "people.enable")}
      </button>
    </li>
  );
}

/** Changes a person. @throws ApiError */
export function changeUser(user: User, body: UserChange): Promise<User> {
  return request<User>("PUT", `/api/users/${user.id}`, { body });
}

/** How a person is called: by name, else by login. */
export function nameOf(user: User): string {
  return `${user.first_name} ${user.last_name}`.trim() || user.login;
}
