/**
 * @module
 * Phones that are offline for too long, one line a cause.
 */
import { useState } from "preact/hooks";
import { shortTime } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { now } from "../store/clock.ts";
import { pathOf, pbxs, standingAlerts } from "../store/endpoint_views.ts";
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

/** What is wrong, in words: `12 phones of 192.0.2.0/24 are offline`. */
export function alertTitle(alert: EndpointAlert): string {
  const { site } = alert;
  const n = stillOffline(alert).length;
  if (n === 1) return t("trouble.phones_one");
  return site ? t("trouble.phones_of", { n, site }) : t("trouble.phones", { n });
}

/** Alerts that stand. Nothing at all while there are none. */
export function EndpointAlerts() {
  const [all, setAll] = useState(false);
  // On a narrow page the fleet would have no room under more of them.
  const limit = usePhone() ? 1 : SHOWN;
  const alerts = standingAlerts.value;
  if (!alerts.length) return null;
  const more = alerts.length - limit;
  return (
    <section class="endpoint-alerts" aria-label={t("alerts.title")}>
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

function Alert({ alert }: { alert: EndpointAlert }) {
  const off = stillOffline(alert);
  const only = off.length === 1 ? off[0]! : null;
  return (
    <li class="endpoint-alert" data-testid="endpoint-alert" data-id={alert.id}>
      <Mark kind="offline" size={16} />
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
          </span>{" "}
          {pbxs.value.length > 1 && <span class="tag endpoint-pbx">{alert.pbx}</span>}
        </p>
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
