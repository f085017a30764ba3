/**
 * @module
 * A row of the table of panels.
 */
import { useComputed } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { request } from "../api.ts";
import { Link } from "../components/link.tsx";
import { Mark } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { CommandProgress, OpenButton } from "../components/open_button.tsx";
import { t } from "../i18n/translate.ts";
import { navigate, panelPath } from "../router.ts";
import { applyHere, seen } from "../store/live.ts";
import { sentence, wordsFor } from "../store/refusals.ts";
import { ringingMacs } from "../store/views.ts";
import type { Intercom } from "../types.ts";

/** Properties of a row. */
export interface IntercomRowProps {
  panel: Intercom;
  /** Pixels from the list's start. */
  top: number;
  index: number;
  selected: boolean;
  onSelect: (mac: string) => void;
}

/** One panel. A click opens its page; the button opens its door. */
export function IntercomRow({ panel, top, index, selected, onSelect }: IntercomRowProps) {
  const row = useRef<HTMLDivElement>(null);
  // In the same step as the drawing: an effect that came later would focus a row that is no longer selected,
  // and that row's focus would select it again.
  useLayoutEffect(() => {
    if (selected && !(document.activeElement instanceof HTMLInputElement)) {
      row.current?.focus({ preventScroll: true });
    }
  }, [selected]);
  const name = panel.name || panel.mac;
  return (
    <div
      ref={row}
      class={`row body-row is-${panel.status}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={-1}
      data-testid="panel-row"
      data-mac={panel.mac}
      data-status={panel.status}
      data-door={panel.door}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={() => onSelect(panel.mac)}
      onClick={(event) => {
        if ((event.target as Element).closest("button, a")) return;
        if (getSelection()?.isCollapsed === false) return;
        navigate(panelPath(panel.mac));
      }}
    >
      <div class="cell cell-status" role="cell">
        <Status panel={panel} />
      </div>
      <div class="cell cell-name" role="cell">
        <Link to={panelPath(panel.mac)} title={name}>{name}</Link>
      </div>
      <div class="cell cell-address muted" role="cell" title={panel.address}>{panel.address}</div>
      <div class="cell cell-door" role="cell">
        <Door panel={panel} />
      </div>
      <div class="cell cell-mac num faint" role="cell">{panel.mac}</div>
      <div class="cell cell-seen muted" role="cell">
        <LastSeen panel={panel} />
      </div>
      <div class="cell cell-action" role="cell">
        {panel.adopted
          ? (
            <>
              <CommandProgress panel={panel} />
              <OpenButton panel={panel} />
            </>
          )
          : <Approve panel={panel} />}
      </div>
    </div>
  );
}

/** Whether a panel is heard, and what is loud about it. */
export function Status({ panel }: { panel: Intercom }) {
  const reason = panel.status_reason ? t(`reason.${panel.status_reason}`) : "";
  if (!panel.adopted) return <Mark kind="waiting" word />;
  if (panel.alarm) {
    const word = t(`alarm.${panel.alarm.kind}`);
    return (
      <span class="status" title={word}>
        <Mark kind="alarm" word={word} />
      </span>
    );
  }
  if (ringingMacs.value.has(panel.mac)) return <Mark kind="call" word />;
  return (
    <span class="status" title={reason}>
      <Mark kind={panel.status} word />
    </span>
  );
}

/** The door: its last known state is shown as past while nobody can know. */
export function Door({ panel }: { panel: Intercom }) {
  if (panel.door === "unknown") return <Mark kind="unknown" word={t("door.unknown")} />;
  const word = t(`door.${panel.door}`);
  const known = panel.status === "online";
  return <Mark kind={panel.door} word={known ? word : t("door.was", { state: word.toLowerCase() })} />;
}

/** When a panel was last heard, with what the stream said since. */
export function LastSeen({ panel }: { panel: Intercom }) {
  const heard = useComputed(() => seen.value.get(panel.mac) ?? 0).value;
  const told = panel.last_seen_at === null ? 0 : Date.parse(panel.last_seen_at);
  return <Moment at={Math.max(heard, told) || null} />;
}

/** The operator's yes to a panel that nobody knew. */
export function Approve({ panel }: { panel: Intercom }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function approve() {
    setBusy(true);
    setError(null);
    try {
      const data = await request<Intercom>("PUT", `/api/intercoms/${encodeURIComponent(panel.mac)}`, {
        body: { adopted: true },
      });
      applyHere([{ event: "intercom.changed", data }]);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }
  const words = error ? sentence(wordsFor(error)) : "";
  return (
    <>
      {words && <span class="progress tone-bad" title={words}>{words}</span>}
      <button type="button" class="button" aria-disabled={busy} onClick={() => void approve()}>
        {t(busy ? "action.busy" : "action.approve")}
      </button>
    </>
  );
}
