/**
 * @module
 * What is wrong now, one line a cause, with what to do about it.
 */
import { useState } from "preact/hooks";
import { request } from "../api.ts";
import { alertAdvice, AlertNames, alertTitle } from "../components/endpoint_alerts.tsx";
import { Link } from "../components/link.tsx";
import { linkName } from "../components/link_states.tsx";
import { Mark, type MarkKind } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { FormError } from "../components/states.tsx";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import { panelPath } from "../router.ts";
import { stillOffline } from "../store/endpoint_troubles.ts";
import { endpointsOfLink, isUnheard, pathOf } from "../store/endpoint_views.ts";
import { applyHere } from "../store/live.ts";
import type { Trouble } from "../store/problems.ts";
import { service } from "../store/session.ts";
import { troubleList } from "../store/views.ts";
import type { Endpoint, Intercom } from "../types.ts";

/** How many panels an item names before it counts the rest. */
const NAMED = 3;

const MARKS: Record<Trouble["kind"], MarkKind> = {
  link: "alarm",
  alarm: "alarm",
  offline: "offline",
  held: "open",
  unknown: "unknown",
  waiting: "waiting",
  warning: "open",
  phones: "offline",
  flapping: "flapping",
};

/** The list of what is wrong. */
export function Troubles() {
  const found = troubleList.value;
  return (
    <section class="troubles" aria-label={t("board.wrong")}>
      <h2 class="section-title">{t("board.wrong")}</h2>
      <ul class="trouble-list">
        {found.map((trouble) => <Item key={trouble.key} trouble={trouble} />)}
      </ul>
    </section>
  );
}

function Item({ trouble }: { trouble: Trouble }) {
  const one = trouble.panels.length === 1 && trouble.kind !== "link" ? trouble.panels[0]! : null;
  const phone = onlyPhone(trouble);
  return (
    <li class={`trouble is-${trouble.kind}`}>
      <Mark kind={isOfUnheard(trouble) ? "unknown" : MARKS[trouble.kind]} size={16} />
      <div class="trouble-what">
        <p class="trouble-title">
          {title(trouble)}
          {one && (
            <>
              {": "}
              <Link to={panelPath(one.mac)}>{one.name || one.mac}</Link>
            </>
          )}
          {phone && (
            <>
              {": "}
              <Link to={pathOf(phone)}>{phone.display_name}</Link>
            </>
          )}
        </p>
        <p class="muted">{detail(trouble)}</p>
        {!phone && trouble.kind === "phones" && <AlertNames alert={trouble.alert} />}
        {!phone && trouble.kind === "flapping" && <Phones endpoints={trouble.endpoints} />}
        {!one && trouble.panels.length > 0 && trouble.kind !== "link" && <Names panels={trouble.panels} />}
      </div>
      <span class="trouble-since faint">
        <Moment at={trouble.since} as="for" />
      </span>
      <Action trouble={trouble} one={one} />
    </li>
  );
}

/** Whether what it says was so before its Asterisk fell silent. */
function isOfUnheard(trouble: Trouble): boolean {
  return trouble.kind === "phones" && isUnheard(trouble.alert.pbx);
}

function Names({ panels }: { panels: Intercom[] }) {
  return (
    <p class="trouble-names">
      {panels.slice(0, NAMED).map((panel) => (
        <Link key={panel.mac} to={panelPath(panel.mac)}>{panel.name || panel.mac}</Link>
      ))}
      {panels.length > NAMED && <span class="faint">{t("board.and_more", { n: panels.length - NAMED })}
      </span>}
    </p>
  );
}

/** The one phone that a trouble is about; null where it is about more, or none. */
function onlyPhone(trouble: Trouble): { pbx: string; name: string; display_name: string } | null {
  if (trouble.kind === "flapping" && trouble.endpoints.length === 1) return trouble.endpoints[0]!;
  if (trouble.kind !== "phones") return null;
  const off = stillOffline(trouble.alert);
  return off.length === 1 ? { ...off[0]!, pbx: trouble.alert.pbx } : null;
}

function Phones({ endpoints }: { endpoints: Endpoint[] }) {
  return (
    <p class="trouble-names">
      {endpoints.slice(0, NAMED).map((endpoint) => (
        <Link key={`${endpoint.pbx}/${endpoint.name}`} to={pathOf(endpoint)}>{endpoint.display_name}</Link>
      ))}
      {endpoints.length > NAMED && (
        <span class="faint">{t("board.and_more", { n: endpoints.length - NAMED })}</span>
      )}
    </p>
  );
}

function Action({ trouble, one }: { trouble: Trouble; one: Intercom | null }) {
  if (trouble.kind === "alarm" && one) return <Acknowledge panel={one} />;
  if (trouble.kind === "link" || trouble.kind === "warning") return null;
  if (trouble.kind === "phones" || trouble.kind === "flapping") {
    const phone = onlyPhone(trouble);
    const several = trouble.kind === "phones"
      ? `alert=${encodeURIComponent(trouble.alert.id)}`
      : "only=flapping";
    return (
      <Link to={phone ? pathOf(phone) : `/endpoints?${several}`} class="button">{t("action.show")}</Link>
    );
  }
  const to = one ? panelPath(one.mac) : SHOW[trouble.kind];
  return <Link to={to} class="button">{t(trouble.kind === "waiting" ? "action.decide" : "action.show")}
  </Link>;
}

const SHOW: Record<Exclude<Trouble["kind"], "link" | "warning" | "phones" | "flapping">, string> = {
  alarm: "/intercoms?only=alarm",
  offline: "/intercoms?status=offline",
  held: "/intercoms?door=open",
  unknown: "/intercoms?status=unknown",
  waiting: "/intercoms?only=waiting",
};

/** Clears a latched alarm. The door opens nothing by it, so it does not ask. */
export function Acknowledge({ panel }: { panel: Intercom }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function acknowledge() {
    setBusy(true);
    setError(null);
    try {
      const data = await request<Intercom>(
        "POST",
        `/api/intercoms/${encodeURIComponent(panel.mac)}/acknowledge`,
      );
      applyHere([{ event: "intercom.changed", data }]);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }
  return (
    <span class="stacked">
      <button type="button" class="button" aria-disabled={busy} onClick={() => void acknowledge()}>
        {t(busy ? "action.busy" : "action.acknowledge")}
      </button>
      <FormError error={error} />
    </span>
  );
}

/** What does not work without a link. */
const CONSEQUENCES: Record<string, Key> = { database: "trouble.database", asterisk: "trouble.asterisk" };

function title(trouble: Trouble): string {
  const n = trouble.panels.length;
  switch (trouble.kind) {
    case "link":
      return t(trouble.link.state === "down" ? "trouble.link_down" : "trouble.link_connecting", {
        link: linkName(trouble.link.id),
      });
    case "alarm":
      return n === 1
        ? t(`alarm.${trouble.alarm}`)
        : `${t(`alarm.${trouble.alarm}`)}: ${t("count.panels", { n })}`;
    case "offline":
      return n === 1
        ? t("trouble.offline_one")
        : `${t("trouble.offline", { n })}: ${t(`offline.${trouble.reason}`)}`;
    case "held":
      return n === 1 ? t("trouble.held_one") : t("trouble.held", { n });
    case "unknown":
      return n === 1 ? t("trouble.unknown_one") : t("trouble.unknown", { n });
    case "waiting":
      return n === 1 ? t("trouble.waiting_one") : t("trouble.waiting", { n });
    case "warning":
      return t("trouble.link_warning", { link: linkName(trouble.link.id) });
    case "phones":
      return alertTitle(trouble.alert);
    case "flapping":
      return trouble.endpoints.length === 1
        ? t("trouble.flapping_one")
        : t("trouble.flapping", { n: trouble.endpoints.length });
    default:
      return trouble satisfies never;
  }
}

function detail(trouble: Trouble): string {
  switch (trouble.kind) {
    case "link": {
      const broker = trouble.link.id === "broker";
      const hidden = broker ? t("trouble.broker_hides", { n: trouble.panels.length }) : "";
      const kind = trouble.link.id.split(":")[0]!;
      const known: Key | undefined = CONSEQUENCES[kind];
      const phones = kind === "asterisk" ? endpointsOfLink(trouble.link) : 0;
      const unknown = phones > 0 ? t("trouble.asterisk_phones", { n: phones }) : "";
      return [hidden, unknown, known && t(known), trouble.link.last_error].filter(Boolean).join(" ");
    }
    case "alarm":
      return t(`alarm.${trouble.alarm}.do`);
    case "offline":
      return trouble.reason === "silence"
        ? t("offline.silence.do", { seconds: service.value?.offline_after ?? 120 })
        : t("offline.last_will.do");
    case "held":
      return t("trouble.held.do", { seconds: service.value?.held_open_after ?? 60 });
    case "unknown":
      return t(`unknown.${trouble.reason}.do`);
    case "waiting":
      return t("trouble.waiting.do");
    case "warning":
      return trouble.link.warning ?? "";
    case "phones":
      return alertAdvice(trouble.alert);
    case "flapping":
      return t("endpoint.flapping.title");
    default:
      return trouble satisfies never;
  }
}
