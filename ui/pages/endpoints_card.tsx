/**
 * @module
 * An endpoint as a card.
 */
import { useLayoutEffect, useRef } from "preact/hooks";
import { EndpointActions, RefreshNews } from "../components/endpoint_actions.tsx";
import { CallState, CallWith, ContactLine, FlappingTag, whyNot } from "../components/endpoint_parts.tsx";
import { Link } from "../components/link.tsx";
import { Mark } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { t } from "../i18n/translate.ts";
import { isBusy, pathOf, pbxs } from "../store/endpoint_views.ts";
import { mainCall, mainContact } from "../store/endpoints.ts";
import { endpointKey } from "../store/live_endpoints.ts";
import type { Endpoint } from "../types.ts";

/** Properties of a card. */
export interface EndpointCardProps {
  endpoint: Endpoint;
  index: number;
  count: number;
  selected: boolean;
  onSelect: (key: string) => void;
}

/** One endpoint. The whole card leads to its page; only its buttons and the call's link lie above. */
export function EndpointCard({ endpoint, index, count, selected, onSelect }: EndpointCardProps) {
  const card = useRef<HTMLDivElement>(null);
  // In the same step as the drawing, as in the table of panels.
  useLayoutEffect(() => {
    if (selected && !(document.activeElement instanceof HTMLInputElement)) {
      card.current?.focus({ preventScroll: true });
    }
  }, [selected]);
  const key = endpointKey(endpoint);
  const name = endpoint.display_name;
  const contact = mainContact(endpoint);
  const call = mainCall(endpoint);
  const why = call ? "" : whyNot(endpoint);
  const { owner } = endpoint;
  const word = t(`mark.${endpoint.status}`);
  return (
    <div
      ref={card}
      role="listitem"
      class={`endpoint-card is-${endpoint.status}${isBusy(endpoint) ? " is-busy" : ""}${
        selected ? " is-selected" : ""
      }`}
      tabIndex={-1}
      aria-setsize={count}
      aria-posinset={index + 1}
      data-testid="endpoint-card"
      data-name={endpoint.name}
      data-status={endpoint.status}
      onFocus={() => onSelect(key)}
    >
      <div class="endpoint-head">
        <span class="status" title={[word, whyNot(endpoint)].filter(Boolean).join(". ")}>
          <Mark kind={endpoint.status} />
        </span>
        <Link to={pathOf(endpoint)} class="endpoint-name" title={`${name}\n${endpoint.name}`}>{name}</Link>
        {pbxs.value.length > 1 && <span class="tag endpoint-pbx" title={endpoint.pbx}>{endpoint.pbx}</span>}
        {call ? <CallState call={call} /> : (
          <span class="endpoint-status">
            <span class="endpoint-word" aria-hidden="true">{word}</span>
            <span class="faint">
              <Moment at={endpoint.status_since} as="for" />
            </span>
          </span>
        )}
      </div>
      {call && (
        <div class="endpoint-line">
          <CallWith call={call} more={endpoint.active_calls.length - 1} />
        </div>
      )}
      {(owner || endpoint.flapping) && (
        <div class="endpoint-line">
          {owner && <span class="endpoint-owner" title={owner.name}>{owner.name}</span>}
          <FlappingTag endpoint={endpoint} />
        </div>
      )}
      {why && <div class="endpoint-line endpoint-why" title={why}>{why}</div>}
      {contact && (
        <div class="endpoint-line">
          <ContactLine endpoint={endpoint} />
        </div>
      )}
      {contact?.user_agent && !why && !call && (
        <div class="endpoint-line endpoint-agent faint" title={contact.user_agent}>{contact.user_agent}</div>
      )}
      <div class="endpoint-foot">
        <span class="endpoint-last faint" title={t("endpoint.changed")}>
          <Moment at={endpoint.updated_at} />
        </span>
        <EndpointActions endpoint={endpoint} />
        <RefreshNews endpoint={endpoint} />
      </div>
    </div>
  );
}
