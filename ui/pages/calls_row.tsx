/**
 * @module
 * A row of the history of calls.
 */
import { useLayoutEffect, useRef } from "preact/hooks";
import { DIRECTION_ICONS, talkedFor } from "../components/call_words.ts";
import { Icon } from "../components/icon.tsx";
import { Link } from "../components/link.tsx";
import { CallMark, UnknownNumber } from "../components/live_calls.tsx";
import { Moment } from "../components/moment.tsx";
import { PartyName } from "../components/party.tsx";
import { partyLabel } from "../i18n/parties.ts";
import { t } from "../i18n/translate.ts";
import { callPath, navigate } from "../router.ts";
import type { Call } from "../types.ts";

/** Properties of a row. */
export interface CallRowProps {
  call: Call;
  /** Pixels from the list's start. */
  top: number;
  index: number;
  selected: boolean;
  onSelect: (id: string) => void;
}

/** One call. A click opens its page. */
export function CallRow({ call, top, index, selected, onSelect }: CallRowProps) {
  const row = useRef<HTMLDivElement>(null);
  // In the same step as the drawing, as in the table of panels.
  useLayoutEffect(() => {
    if (selected && !(document.activeElement instanceof HTMLInputElement)) {
      row.current?.focus({ preventScroll: true });
    }
  }, [selected]);
  const direction = t(`call.direction.${call.direction}`);
  return (
    <div
      ref={row}
      class={`row body-row is-${call.status}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={-1}
      data-testid="call-row"
      data-call={call.id}
      data-status={call.status}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={() => onSelect(call.id)}
      onClick={(event) => {
        if ((event.target as Element).closest("button, a")) return;
        if (getSelection()?.isCollapsed === false) return;
        navigate(callPath(call.id));
      }}
    >
      <div class="cell cell-outcome" role="cell">
        <CallMark call={call} />
      </div>
      <div class="cell cell-when num muted" role="cell">
        <Moment at={call.started_at} as="clock" />
      </div>
      <div class="cell cell-caller" role="cell">
        <span class="live-direction" title={direction}>
          <Icon of={DIRECTION_ICONS[call.direction]} />
          <span class="sr-only">{direction}</span>
        </span>
        <Link to={callPath(call.id)}>
          <PartyName party={call.caller} />
        </Link>
      </div>
      <div class="cell cell-receiver" role="cell">
        {call.unknown_number ? <UnknownNumber call={call} /> : <PartyName party={call.receiver} />}
      </div>
      <div class="cell cell-company muted" role="cell" title={call.company?.name}>{call.company?.name}</div>
      <div
        class="cell cell-answered_by muted"
        role="cell"
        title={call.answered_by ? partyLabel(call.answered_by) : undefined}
      >
        {call.answered_by && <PartyName party={call.answered_by} />}
      </div>
      <div class="cell cell-duration num" role="cell">{talkedFor(call)}</div>
    </div>
  );
}
