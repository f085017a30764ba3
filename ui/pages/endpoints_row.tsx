/**
 * @module
 * An endpoint as a row of the dense table.
 */
import { useLayoutEffect, useRef } from "preact/hooks";
import { EndpointActions, RefreshNews } from "../components/endpoint_actions.tsx";
import {
  CallState,
  CallWith,
  ContactLine,
  EndpointStatus,
  FlappingTag,
  whyNot,
} from "../components/endpoint_parts.tsx";
import { Link } from "../components/link.tsx";
import { Moment } from "../components/moment.tsx";
import { t } from "../i18n/translate.ts";
import { navigate } from "../router.ts";
import { roundtrip } from "../store/endpoint_refresh.ts";
import { isBusy, pathOf, pbxs } from "../store/endpoint_views.ts";
import { mainCall, mainContact } from "../store/endpoints.ts";
import { endpointKey } from "../store/live_endpoints.ts";
import type { Endpoint } from "../types.ts";

/** Properties of a row. */
export interface EndpointRowProps {
  endpoint: Endpoint;
  /** Pixels from the list's start. */
  top: number;
  index: number;
  selected: boolean;
  onSelect: (key: string) => void;
}

/** One endpoint. A click opens its page. */
export function EndpointRow({ endpoint, top, index, selected, onSelect }: EndpointRowProps) {
  const row = useRef<HTMLDivElement>(null);
  // In the same step as the drawing, as in the table of panels.
  useLayoutEffect(() => {
    if (selected && !(document.activeElement instanceof HTMLInputElement)) {
      row.current?.focus({ preventScroll: true });
    }
  }, [selected]);
  const name = endpoint.display_name;
  const contact = mainContact(endpoint);
  const call = mainCall(endpoint);
  const pbx = pbxs.value.length > 1 ? endpoint.pbx : "";
  const under = [endpoint.owner?.name, pbx].filter(Boolean).join(" · ");
  const why = whyNot(endpoint);
  return (
    <div
      ref={row}
      class={`row body-row is-${endpoint.status}${isBusy(endpoint) ? " is-busy" : ""}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={-1}
      data-testid="endpoint-row"
      data-name={endpoint.name}
      data-status={endpoint.status}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={() => onSelect(endpointKey(endpoint))}
      onClick={(event) => {
        if ((event.target as Element).closest("button, a")) return;
        if (getSelection()?.isCollapsed === false) return;
        navigate(pathOf(endpoint));
      }}
    >
      <div class="cell cell-status" role="cell">
        <EndpointStatus endpoint={endpoint} />
        {endpoint.flapping
          ? <FlappingTag endpoint={endpoint} />
          : why && <span class="cell-under faint" title={why}>{why}</span>}
      </div>
      <div class="cell cell-name" role="cell">
        <Link to={pathOf(endpoint)} title={`${name}\n${endpoint.name}`}>{name}</Link>
        {under && <span class="cell-under faint" title={under}>{under}</span>}
      </div>
      <div class="cell cell-call" role="cell">
        {call && <CallState call={call} />}
        {call && <CallWith call={call} more={endpoint.active_calls.length - 1} />}
      </div>
      <div class="cell cell-contact" role="cell">
        <ContactLine endpoint={endpoint} quick={false} />
        {contact?.user_agent && (
          <span class="cell-under faint" title={contact.user_agent}>{contact.user_agent}</span>
        )}
      </div>
      <div class="cell cell-rtt num muted" role="cell">
        {contact?.roundtrip_ms != null && t("contact.ms", { ms: roundtrip(contact.roundtrip_ms) })}
      </div>
      <div class="cell cell-changed muted" role="cell">
        <Moment at={endpoint.updated_at} />
      </div>
      <div class="cell cell-action" role="cell">
        <RefreshNews endpoint={endpoint} />
        <EndpointActions endpoint={endpoint} />
      </div>
    </div>
  );
}
