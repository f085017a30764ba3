/**
 * @module
 * Settings: one's own, and for those who mind the service its people and its records.
 */
import type { ComponentChild } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Link } from "../components/link.tsx";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import { place } from "../router.ts";
import { isAdmin, mayOperate, service } from "../store/session.ts";
import { Alerts } from "./settings_alerts.tsx";
import { Appearance } from "./settings_appearance.tsx";
import { AuditLog } from "./settings_audit.tsx";
import { DeadLetters } from "./settings_dead_letters.tsx";
import { OwnPassword } from "./settings_password.tsx";
import { Companies } from "./settings_companies.tsx";
import { People } from "./settings_people.tsx";
import { Tokens } from "./settings_tokens.tsx";

interface Tab {
  name: string;
  word: Key;
  allowed: () => boolean;
  body: () => ComponentChild;
}

const TABS: Tab[] = [
  { name: "", word: "settings.mine", allowed: () => true, body: () => <Mine /> },
  { name: "people", word: "settings.people", allowed: () => isAdmin.value, body: () => <People /> },
  {
    name: "companies",
    word: "settings.companies",
    allowed: () => isAdmin.value,
    body: () => <Companies />,
  },
  { name: "refused", word: "settings.refused", allowed: () => mayOperate.value, body: () => <DeadLetters /> },
  { name: "audit", word: "settings.audit", allowed: () => isAdmin.value, body: () => <AuditLog /> },
];

/** The settings. */
export function SettingsPage() {
  const tabs = TABS.filter((tab) => tab.allowed());
  const asked = place.value.query.get("tab") ?? "";
  const current = tabs.find(({ name }) => name === asked) ?? tabs[0]!;
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the tabs are wider than the screen.
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [current.name]);
  return (
    <div class="settings">
      {tabs.length > 1 && (
        <nav ref={nav} class="tabs" aria-label={t("page.settings")}>
          {tabs.map((tab) => (
            <Link
              key={tab.name}
              to={tab.name ? `/settings?tab=${tab.name}` : "/settings"}
              class="tab"
              aria-current={tab === current ? "page" : undefined}
            >
              {t(tab.word)}
            </Link>
          ))}
        </nav>
      )}
      {current.body()}
    </div>
  );
}

function Mine() {
  return (
    <div class="settings-mine">
      <OwnPassword />
      <Appearance />
      <Alerts />
      <Tokens />
      {service.value && (
        <p class="faint about num">
          Doorline {service.value.version} · <a href="/docs">{t("settings.api")}</a>
        </p>
      )}
    </div>
  );
}
