/**
 * @module
 * A panel's own page: how it is, its door, its history and its settings.
 */
import { DoorClosed } from "lucide";
import { CommandProgress, OpenButton } from "../components/open_button.tsx";
import { Empty, Skeleton } from "../components/states.tsx";
import { Link } from "../components/link.tsx";
import { Mark } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { t } from "../i18n/translate.ts";
import { navigate } from "../router.ts";
import { useKeys } from "../store/keys.ts";
import { panels, ready } from "../store/live.ts";
import { ask } from "../store/opening.ts";
import { isAdmin, service } from "../store/session.ts";
import { ringingMacs } from "../store/views.ts";
import type { Intercom } from "../types.ts";
import { SOURCE_WORDS } from "./board_motion.tsx";
import { Acknowledge } from "./board_troubles.tsx";
import { Credentials } from "./intercom_credentials.tsx";
import { PanelHistory } from "./intercom_history.tsx";
import { PanelSettings, RemovePanel } from "./intercom_settings.tsx";
import { Approve, Door, LastSeen } from "./intercoms_row.tsx";

/** A panel's page. */
export function IntercomPage({ mac }: { mac: string }) {
  const panel = panels.value.get(mac);
  useKeys({
    KeyO: () => panel ? ask(panel) : false,
    Escape: () => navigate("/intercoms"),
  });
  if (!ready.value) return <Skeleton rows={5} tall />;
  if (!panel) return <Gone mac={mac} />;
  return (
    <div class="panel-page">
      <div class="panel-main">
        <Head panel={panel} />
        {panel.alarm && <Alarm panel={panel} />}
        <Facts panel={panel} />
        <PanelHistory mac={mac} />
      </div>
      <div class="panel-side">
        <PanelSettings key={mac} panel={panel} />
        {isAdmin.value && service.value?.broker !== "external" && <Credentials panel={panel} />}
        {isAdmin.value && <RemovePanel panel={panel} />}
      </div>
    </div>
  );
}

function Head({ panel }: { panel: Intercom }) {
  return (
    <header class="panel-head">
      <div class="panel-id">
        <h2>{panel.name || panel.mac}</h2>
        <p class="muted">
          {panel.address && <span>{panel.address}</span>}
          <span class="num">{panel.mac}</span>
        </p>
      </div>
      <div class="panel-act">
        {panel.adopted
          ? <OpenButton panel={panel} big apartment={ringingApartment(panel)} />
          : <Approve panel={panel} />}
        <CommandProgress panel={panel} />
      </div>
    </header>
  );
}

function Alarm({ panel }: { panel: Intercom }) {
  const alarm = panel.alarm!;
  return (
    <div class="panel-alarm" role="alert">
      <Mark kind="alarm" size={20} />
      <div>
        <strong>{t(`alarm.${alarm.kind}`)}</strong>
        <p>
          {t(`alarm.${alarm.kind}.do`)} <Moment at={alarm.since} />
        </p>
      </div>
      <Acknowledge panel={panel} />
    </div>
  );
}

function Facts({ panel }: { panel: Intercom }) {
  return (
    <dl class="facts">
      <div>
        <dt>{t("column.status")}</dt>
        <dd>
          {panel.adopted ? <Mark kind={panel.status} word /> : <Mark kind="waiting" word />}
          <span class="faint">
            <Moment at={panel.status_since} as="for" />
          </span>
        </dd>
        {panel.status_reason && <dd class="muted">{reason(panel)}</dd>}
        {!panel.adopted && <dd class="muted">{t("trouble.waiting.do")}</dd>}
      </div>
      <div>
        <dt>{t("column.door")}</dt>
        <dd>
          <Door panel={panel} />
          {panel.door_since && (
            <span class="faint">
              <Moment at={panel.door_since} as="for" />
            </span>
          )}
        </dd>
        {panel.door === "open" && panel.door_source && (
          <dd class="muted">{t(SOURCE_WORDS[panel.door_source])}</dd>
        )}
      </div>
      <div>
        <dt>{t("column.seen")}</dt>
        <dd>
          <LastSeen panel={panel} />
        </dd>
      </div>
      <div>
        <dt>{t("panel.last_call")}</dt>
        <dd>
          {panel.last_call
            ? (
              <>
                {ringingMacs.value.has(panel.mac) && <Mark kind="call" />}
                {panel.last_call.apartment && (
                  <span>{t("event.apartment", { apartment: panel.last_call.apartment })}</span>
                )}
                <span class="faint">
                  <Moment at={panel.last_call.at} />
                </span>
              </>
            )
            : <span class="faint">{t("time.never")}</span>}
        </dd>
      </div>
    </dl>
  );
}

function Gone({ mac }: { mac: string }) {
  return (
    <Empty icon={DoorClosed} title={t("panel.gone", { mac })}>
      <p>{t("panel.gone.text")}</p>
      <p class="row-of-buttons">
        <Link to="/intercoms" class="button">{t("page.intercoms")}</Link>
        <Link to={`/events?mac=${encodeURIComponent(mac)}`} class="button">{t("panel.gone.history")}</Link>
      </p>
    </Empty>
  );
}

function reason(panel: Intercom): string {
  if (panel.status_reason === "silence") {
    return t("offline.silence.do", { seconds: service.value?.offline_after ?? 120 });
  }
  if (panel.status_reason === "last_will") return t("offline.last_will.do");
  return panel.status_reason ? t(`unknown.${panel.status_reason}.do`) : "";
}

function ringingApartment(panel: Intercom): string | undefined {
  return ringingMacs.value.has(panel.mac) ? panel.last_call?.apartment : undefined;
}
