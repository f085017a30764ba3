/**
 * @module
 * Parts that say how an endpoint is: the same on its card, in its row and on its own page.
 */
import { PhoneIncoming, PhoneOutgoing } from "lucide";
import { shownNumber } from "../i18n/phones.ts";
import { number as shownCount } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { callPath } from "../router.ts";
import { roundtrip } from "../store/endpoint_refresh.ts";
import { callMark } from "../store/endpoint_views.ts";
import { mainContact } from "../store/endpoints.ts";
import type { Endpoint, EndpointCall } from "../types.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { Mark } from "./mark.tsx";
import { Moment } from "./moment.tsx";

/** Why an endpoint is not online, in words; empty while it is. */
export function whyNot(endpoint: Endpoint): string {
  return endpoint.status_reason ? t(`endpoint.reason.${endpoint.status_reason}`) : "";
}

/** Status as mark and word, and since when. */
export function EndpointStatus({ endpoint, size }: { endpoint: Endpoint; size?: number }) {
  return (
    <span class="endpoint-status" title={whyNot(endpoint) || undefined}>
      <Mark kind={endpoint.status} size={size} word />
      <span class="faint">
        <Moment at={endpoint.status_since} as="for" />
      </span>
    </span>
  );
}

/** Says that an endpoint comes and goes. */
export function FlappingTag({ endpoint }: { endpoint: Endpoint }) {
  if (!endpoint.flapping) return null;
  return (
    <span class="flapping" title={t("endpoint.flapping.title")}>
      <Mark kind="flapping" word={t("endpoint.flapping")} />
    </span>
  );
}

/** That an endpoint is in a call, and for how long: the pulse. */
export function CallState({ call }: { call: EndpointCall }) {
  return (
    <span class="call-state" data-testid="endpoint-call" data-state={call.state}>
      <Mark kind={callMark(call)} word={t(`endpoint.call.${call.state}`)} />
      <span class="endpoint-timer">
        <Moment at={call.since} as="timer" />
      </span>
    </span>
  );
}

/** With whom: direction and other side of a call, a link to its page; further calls are counted. */
export function CallWith({ call, more = 0 }: { call: EndpointCall; more?: number }) {
  const number = call.number ? shownNumber(call.number) : "";
  const name = call.name && call.name !== call.number ? call.name : "";
  const who = [number, name].filter(Boolean).join(", ") || t("endpoint.call.nobody");
  const direction = t(call.direction === "in" ? "endpoint.call.in" : "endpoint.call.out");
  return (
    <span class="call-with" title={`${direction}: ${who}`}>
      <span class="call-direction">
        <Icon of={call.direction === "in" ? PhoneIncoming : PhoneOutgoing} size={14} />
        <span class="sr-only">{direction}</span>
      </span>
      <Link to={callPath(call.call_id)} class="call-other num">
        {number || name || who}
        {number && name && <span class="call-name">{name}</span>}
      </Link>
      {more > 0 && (
        <span class="tag call-more" title={t("endpoint.call.more", { n: more })}>+{shownCount(more)}</span>
      )}
    </span>
  );
}

/**
 * Where an endpoint is reached: the address of its best contact, how quick, and how many there are. Without `quick`
 * it is for a narrow column that has another one for the round trip.
 */
export function ContactLine({ endpoint, quick = true }: { endpoint: Endpoint; quick?: boolean }) {
  const contact = mainContact(endpoint);
  if (!contact) return <span class="contact-line faint">–</span>;
  const count = endpoint.contacts.length;
  return (
    <span
      class="contact-line"
      title={endpoint.contacts.map(({ uri, user_agent }) => [uri, user_agent].filter(Boolean).join("\n"))
        .join("\n\n")}
    >
      <span class="contact-address num">{contact.address ?? contact.uri}</span>
      {quick && contact.roundtrip_ms !== null && (
        <span class="num">· {t("contact.ms", { ms: roundtrip(contact.roundtrip_ms) })}</span>
      )}
      {count > 1 && (
        <span class="tag" title={t("contact.more", { n: count })}>
          {quick ? t("contact.more", { n: count }) : `×${shownCount(count)}`}
        </span>
      )}
    </span>
  );
}
