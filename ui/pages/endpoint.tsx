/**
 * @module
 * An endpoint's own page: how it is, with whom it talks, where it is reached, and how often it was there.
 */
import { PhoneOff } from "lucide";
import type { ComponentChildren } from "preact";
import { alertAdvice, AlertNames, alertTitle } from "../components/endpoint_alerts.tsx";
import { EndpointButtons } from "../components/endpoint_actions.tsx";
import { CallState, CallWith, FlappingTag, whyNot } from "../components/endpoint_parts.tsx";
import { DeletedVersions } from "../components/deleted_note.tsx";
import { Link } from "../components/link.tsx";
import { Mark } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { Empty, Skeleton } from "../components/states.tsx";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import { type EndpointPart, endpointPath, navigate } from "../router.ts";
import { refresh, roundtrip } from "../store/endpoint_refresh.ts";
import { stillOffline } from "../store/endpoint_troubles.ts";
import { isUnheard, linkedPbxs, pathOf, pbxs } from "../store/endpoint_views.ts";
import { displayName, endpointsNamed, mainContact } from "../store/endpoints.ts";
import { useKeys } from "../store/keys.ts";
import { endpointKey } from "../store/live_endpoints.ts";
import { endpointAlerts, endpoints, ready } from "../store/live.ts";
import type { Endpoint } from "../types.ts";
import { EndpointContacts } from "./endpoint_contacts.tsx";
import { EndpointPast } from "./endpoint_past.tsx";

/** The page of an endpoint. `pbx` is null where the address does not name one. */
export function EndpointPage({ name, pbx }: { name: string; pbx: string | null }) {
  const found = endpointsNamed(endpoints.value.values(), name, pbx);
  const one = found.length === 1 ? found[0]! : null;
  useKeys({
    KeyQ: () => one ? void refresh(one) : false,
    KeyL: () => one ? navigate(pathOf(one, "logs")) : false,
    KeyC: () => one ? navigate(pathOf(one, "config")) : false,
    Escape: () => navigate("/endpoints"),
  });
  if (!ready.value) return <Skeleton rows={5} tall />;
  if (found.length > 1) return <EndpointWhich found={found} name={name} />;
  if (!one) return <EndpointGone name={name} pbx={pbx} />;
  return (
    <div
      class="panel-page endpoint-page"
      data-testid="endpoint-page"
      data-name={one.name}
      data-status={one.status}
    >
      <div class="panel-main">
        <Head endpoint={one} />
        <Alert endpoint={one} />
        <Facts endpoint={one} />
        <Calls endpoint={one} />
        <EndpointContacts endpoint={one} />
        <EndpointPast key={endpointKey(one)} endpoint={one} />
      </div>
      <div class="panel-side">
        <Details endpoint={one} />
      </div>
    </div>
  );
}

function Head({ endpoint }: { endpoint: Endpoint }) {
  return (
    <header class="panel-head">
      <div class="panel-id">
        <h2 class="endpoint-title">
          <Mark kind={endpoint.status} size={20} /> <span>{endpoint.display_name}</span>
        </h2>
        <p class="muted">
          {endpoint.owner && <span>{endpoint.owner.name}</span>}
          {pbxs.value.length > 1 && <span>{endpoint.pbx}</span>}
          <FlappingTag endpoint={endpoint} />
        </p>
      </div>
      <EndpointButtons endpoint={endpoint} />
    </header>
  );
}

/** The alert that it is part of: what is wrong with one is most often wrong with its neighbours too. */
function Alert({ endpoint }: { endpoint: Endpoint }) {
  const alert = endpoint.alert_id === null ? undefined : endpointAlerts.value.get(endpoint.alert_id);
  if (!alert || alert.ended_at !== null) return null;
  const several = stillOffline(alert).length > 1;
  const unheard = isUnheard(endpoint.pbx);
  return (
    <div class={unheard ? "panel-alarm is-unknown" : "panel-alarm"} role="note">
      <Mark kind={unheard ? "unknown" : "offline"} size={20} />
      <div>
        <strong>{alertTitle(alert)}</strong>{" "}
        <span class="muted">
          <Moment at={alert.since} as="for" />
        </span>
        <p>{alertAdvice(alert)}</p>
        {several && <AlertNames alert={alert} />}
      </div>
      {several && (
        <Link to={`/endpoints?alert=${encodeURIComponent(alert.id)}`} class="button">
          {t("endpoint.alert.all")}
        </Link>
      )}
    </div>
  );
}

const ADVICE: Partial<Record<NonNullable<Endpoint["status_reason"]>, Key>> = {
  no_contact: "endpoint.reason.no_contact.do",
  unreachable: "endpoint.reason.unreachable.do",
  link_down: "endpoint.reason.link_down.do",
};

function Facts({ endpoint }: { endpoint: Endpoint }) {
  const contact = mainContact(endpoint);
  const advice = endpoint.status_reason ? ADVICE[endpoint.status_reason] : undefined;
  return (
    <dl class="facts">
      <Fact name="column.status">
        <dd>
          <Mark kind={endpoint.status} word />
          <span class="faint">
            <Moment at={endpoint.status_since} as="for" />
          </span>
        </dd>
        {endpoint.status_reason && (
          <dd class="muted">
            {whyNot(endpoint)}. {advice && t(advice)}
          </dd>
        )}
      </Fact>
      <Fact name="endpoint.contacts">
        <dd class="num">{endpoint.contacts.length || t("contact.none")}</dd>
        <dd class="muted num endpoint-address">{contact?.address}</dd>
      </Fact>
      <Fact name="endpoint.roundtrip">
        <dd class="num">
          {contact?.roundtrip_ms != null ? t("contact.ms", { ms: roundtrip(contact.roundtrip_ms) }) : "–"}
        </dd>
      </Fact>
      <Fact name="endpoint.last_online">
        <dd>
          {endpoint.status === "online"
            ? t("endpoint.now")
            : endpoint.last_online_at
            ? <Moment at={endpoint.last_online_at} />
            : <span class="faint">{t("endpoint.never_online")}</span>}
        </dd>
      </Fact>
    </dl>
  );
}

function Calls({ endpoint }: { endpoint: Endpoint }) {
  const calls = endpoint.active_calls;
  if (!calls.length) return null;
  return (
    <section aria-label={t("endpoint.calls")}>
      <h2 class="section-title endpoint-section">
        {t("endpoint.calls")} <span class="faint num">{calls.length}</span>
      </h2>
      <ul class="endpoint-calls">
        {calls.map((call) => (
          <li key={call.channel} class="is-busy" data-testid="endpoint-active-call" data-call={call.call_id}>
            <CallState call={call} />
            <CallWith call={call} />
            <span class="faint num endpoint-channel" title={call.channel}>{call.channel}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Details({ endpoint }: { endpoint: Endpoint }) {
  return (
    <section class="card" aria-label={t("endpoint.details")}>
      <h2 class="section-title">{t("endpoint.details")}</h2>
      <dl class="details">
        <Detail name="endpoint.name" value={endpoint.name} />
        <Detail name="endpoint.pbx" value={endpoint.pbx} />
        <Detail name="column.owner" value={endpoint.owner?.name ?? null} />
        <Detail name="endpoint.device" value={endpoint.device_state} />
        <Detail name="endpoint.aors" value={endpoint.aors.join(", ") || null} />
        <Detail name="endpoint.auths" value={endpoint.auths.join(", ") || null} />
        <Detail name="endpoint.transport" value={endpoint.transport || null} />
        <div>
          <dt>{t("endpoint.changed")}</dt>
          <dd>
            <Moment at={endpoint.updated_at} />
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Detail({ name, value }: { name: Key; value: string | null }) {
  return (
    <div>
      <dt>{t(name)}</dt>
      <dd class={value === null ? "faint" : "num"} title={value ?? undefined}>
        {value ?? t("endpoint.not_set")}
      </dd>
    </div>
  );
}

function Fact({ name, children }: { name: Key; children: ComponentChildren }) {
  return (
    <div>
      <dt>{t(name)}</dt>
      {children}
    </div>
  );
}

/** Several Asterisks have one of that name: which is meant, on which of its pages. */
export function EndpointWhich(
  { found, name, part }: { found: readonly Endpoint[]; name: string; part?: EndpointPart },
) {
  return (
    <Empty icon={PhoneOff} title={t("endpoint.which", { name: displayName(name) })}>
      <p>{t("endpoint.which.text")}</p>
      <p class="row-of-buttons">
        {found.map((endpoint) => (
          <Link key={endpoint.pbx} to={endpointPath(name, { pbx: endpoint.pbx, part })} class="button">
            <Mark kind={endpoint.status} /> {endpoint.pbx}
          </Link>
        ))}
      </p>
    </Empty>
  );
}

/** There is none of that name; what is kept of it is found from here. */
export function EndpointGone({ name, pbx }: { name: string; pbx: string | null }) {
  const linked = linkedPbxs();
  const asked = pbx !== null || linked.length < 2 ? [pbx] : linked;
  return (
    <Empty icon={PhoneOff} title={t("endpoint.gone", { name })}>
      <p>{t("endpoint.gone.text")}</p>
      <DeletedVersions name={name} pbxs={asked} />
      <Link to="/endpoints" class="button">{t("page.endpoints")}</Link>
    </Empty>
  );
}
