/**
 * @module
 * Phones that are offline for too long, one line a cause.
 */
import { useState } from "preact/hooks";
import { shortTime } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { now } from "../store/clock.ts";
import { asteriskLinks, isUnheard, pathOf, pbxs, standingAlerts } from "../store/endpoint_views.ts";
import { stillOffline } from "../store/endpoint_troubles.ts";
import { usePhone } from "../store/media.ts";
import type { EndpointAlert } from "../types.ts";
import { Link } from "./link.tsx";
import { Mark } from "./mark.tsx";
import { Moment } from "./moment.tsx";

/** How many an alert names before it counts the rest. */
const NAMED = 4;
/** How many alerts are shown before the rest is folded. */
const SHOWN = 2;

/** What is wrong, in words: `12 phones of 192.0.2.0/24 are offline`; with the PBX where there are several. */
export function alertTitle(alert: EndpointAlert): string {
  const n = stillOffline(alert).length;
  const pbx = pbxs.value.length > 1 ? alert.pbx : null;
  const where = [alert.site, pbx].filter(Boolean).join(" · ");
  // What was seen is told as what was: nobody knows whether it is so still.
  if (isUnheard(alert.pbx)) {
    if (n === 1) return t("trouble.phones_one.was");
    return where ? t("trouble.phones_of.was", { n, site: where }) : t("trouble.phones.was", { n });
  }
  if (n === 1) return pbx ? t("trouble.phones_one.of", { pbx }) : t("trouble.phones_one");
  return where ? t("trouble.phones_of", { n, site: where }) : t("trouble.phones", { n });
}

/** What to do about an alert; that nobody knows now, while its Asterisk is not heard. */
export function alertAdvice(alert: EndpointAlert): string {
  if (isUnheard(alert.pbx)) return t("trouble.phones.unheard", { pbx: alert.pbx });
  const several = stillOffline(alert).length > 1;
  return t(alert.site && several ? "trouble.phones.site" : "trouble.phones.do");
}

/** Alerts that stand. Nothing at all while there are none. */
export function EndpointAlerts() {
  const [all, setAll] = useState(false);
  // On a narrow page the fleet would have no room under more of them.
  const phone = usePhone();
  const alerts = standingAlerts.value;
  if (!alerts.length) return null;
  const well = asteriskLinks.value.every(({ state }) => state === "up");
  const wanted = phone && alerts.length > 1 ? 0 : well ? SHOWN : 1;
  // A button that hides one is as tall as that one.
  const limit = wanted > 0 && alerts.length === wanted + 1 ? alerts.length : wanted;
  const more = alerts.length - limit;
  if (limit === 0 && !all) return <Folded alerts={alerts} onOpen={() => setAll(true)} />;
  return (
    <section class={all ? "endpoint-alerts is-open" : "endpoint-alerts"} aria-label={t("alerts.title")}>
      <ul>
        {alerts.slice(0, all ? undefined : limit).map((alert) => <Alert key={alert.id} alert={alert} />)}
      </ul>
      {more > 0 && (
        <button
          type="button"
          class="text-button"
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          {all ? t("alert.names.less") : t("alerts.more", { n: more })}
        </button>
      )}
    </section>
  );
}

/** All of them in a line, where there is no room for any. */
function Folded({ alerts, onOpen }: { alerts: readonly EndpointAlert[]; onOpen: () => void }) {
  const phones = alerts.reduce((sum, alert) => sum + stillOffline(alert).length, 0);
  return (
    <section class="alerts-fold" aria-label={t("alerts.title")} data-testid="alerts-fold">
      <Mark kind="offline" size={16} />
      <span>
        <strong>{t("alerts.count", { n: alerts.length })}</strong>{" "}
        <span class="muted">{t("asterisk.phones", { n: phones })}</span>
      </span>
      <button type="button" class="button" aria-expanded={false} onClick={onOpen}>{t("action.show")}</button>
    </section>
  );
}

function Alert({ alert }: { alert: EndpointAlert }) {
  const unheard = isUnheard(alert.pbx);
  const off = stillOffline(alert);
  const only = off.length === 1 ? off[0]! : null;
  return (
    <li
      class={unheard ? "endpoint-alert is-unknown" : "endpoint-alert"}
      data-testid="endpoint-alert"
      data-id={alert.id}
    >
      <Mark kind={unheard ? "unknown" : "offline"} size={16} />
      <div class="endpoint-alert-what">
        <p>
          {only
            ? (
              <strong>
                {alertTitle(alert)}:{" "}
                <Link to={pathOf({ pbx: alert.pbx, name: only.name })}>{only.display_name}</Link>
              </strong>
            )
            : (
              <strong>
                <Link to={`/endpoints?alert=${encodeURIComponent(alert.id)}`}>{alertTitle(alert)}</Link>
              </strong>
            )}{" "}
          <span class="num">
            {t("trouble.since_at", { at: shortTime(Date.parse(alert.since), now.value) })}
          </span>
        </p>
        {unheard && <p class="muted">{alertAdvice(alert)}</p>}
        {!only && <AlertNames alert={alert} />}
      </div>
      <span class="faint endpoint-alert-for">
        <Moment at={alert.since} as="for" />
      </span>
    </li>
  );
}

/** The names of an alert's phones, the rest of them folded. */
export function AlertNames({ alert }: { alert: EndpointAlert }) {
  const [all, setAll] = useState(false);
  const off = stillOffline(alert);
  const more = off.length - NAMED;
  return (
    <p class="trouble-names">
      {off.slice(0, all ? undefined : NAMED).map(({ name, display_name, since }) => (
        <Link
          key={name}
          to={pathOf({ pbx: alert.pbx, name })}
          title={shortTime(Date.parse(since), now.value)}
        >
          {display_name}
        </Link>
      ))}
      {more > 0 && (
        <button
          type="button"
          class="text-button faint"
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          {all ? t("alert.names.less") : t("alert.names.more", { n: more })}
        </button>
      )}
    </p>
  );
}
