/**
 * @module
 * Where an endpoint is reached: its contacts as Asterisk has them.
 */
import { whyNot } from "../components/endpoint_parts.tsx";
import { Mark, type MarkKind } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { fullTime, span } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { now } from "../store/clock.ts";
import { roundtrip } from "../store/endpoint_refresh.ts";
import type { Contact, Endpoint } from "../types.ts";

const MARKS: Record<Contact["status"], MarkKind> = {
  reachable: "online",
  // It is called as it is: nobody asked whether it is there.
  non_qualified: "online",
  unreachable: "offline",
  unknown: "unknown",
};

/** The contacts, or how one comes to be. */
export function EndpointContacts({ endpoint }: { endpoint: Endpoint }) {
  const { contacts } = endpoint;
  return (
    <section aria-label={t("endpoint.contacts")}>
      <h2 class="section-title endpoint-section">
        {t("endpoint.contacts")} <span class="faint num">{contacts.length || ""}</span>
      </h2>
      {contacts.length === 0 && (
        <p class="endpoint-none">
          {endpoint.status === "unknown" && whyNot(endpoint) !== "" ? <strong>{whyNot(endpoint)}</strong> : (
            <>
              <strong>{t("contact.empty")}</strong> <span class="muted">{t("contact.empty.do")}</span>
            </>
          )}
        </p>
      )}
      <ul class="contacts">
        {contacts.map((contact) => (
          <Row
            key={`${contact.aor} ${contact.uri}`}
            contact={contact}
            heard={endpoint.status_reason !== "link_down"}
          />
        ))}
      </ul>
    </section>
  );
}

/** One contact. While Asterisk is not heard, what it said last is grey. */
function Row({ contact, heard }: { contact: Contact; heard: boolean }) {
  const kind = !heard
    ? "unknown"
    : contact.usable
    ? MARKS[contact.status]
    : MARKS[contact.status] === "unknown"
    ? "unknown"
    : "offline";
  return (
    <li class="contact" data-testid="contact" data-status={contact.status}>
      <span class="contact-status">
        <Mark kind={kind} word={t(`contact.${contact.status}`)} />
        <span class="faint">
          <Moment at={contact.since} as="for" />
        </span>
      </span>
      <span class="contact-where">
        <span class="num" title={contact.uri}>{contact.address ?? contact.uri}</span>
        {contact.user_agent && <span class="muted" title={contact.user_agent}>{contact.user_agent}</span>}
        {contact.address && <span class="faint num" title={contact.uri}>{contact.uri}</span>}
      </span>
      <span class="contact-rtt num">
        {contact.roundtrip_ms !== null && t("contact.ms", { ms: roundtrip(contact.roundtrip_ms) })}
      </span>
      <span class="contact-expires faint num">
        {t("column.expires")} <Expiry at={contact.expires_at} />
      </span>
    </li>
  );
}

function Expiry({ at }: { at: string | null }) {
  if (at === null) return <>{t("contact.static")}</>;
  const left = Date.parse(at) - now.value;
  return (
    <time dateTime={at} title={fullTime(Date.parse(at))}>
      {left > 0 ? t("contact.expires", { span: span(left) }) : t("contact.expired")}
    </time>
  );
}
