/**
 * @module
 * The frame around every page, and which page an address is.
 */
import { useEffect } from "preact/hooks";
import type { ComponentChild } from "preact";
import { CallCards } from "./components/call_cards.tsx";
import { FeedList } from "./components/feed.tsx";
import { KeysSheet } from "./components/keys_sheet.tsx";
import { Link } from "./components/link.tsx";
import { OpenDialog } from "./components/open_dialog.tsx";
import { Rail } from "./components/rail.tsx";
import { Broken, Skeleton } from "./components/states.tsx";
import { Topline } from "./components/topline.tsx";
import { StaleBar, useStale } from "./components/veil.tsx";
import { callerLabel } from "./i18n/parties.ts";
import { t } from "./i18n/translate.ts";
import { BoardPage } from "./pages/board.tsx";
import { CallPage } from "./pages/call.tsx";
import { CallsPage } from "./pages/calls.tsx";
import { EmployeePage } from "./pages/employee.tsx";
import { EndpointGone, EndpointPage, EndpointWhich } from "./pages/endpoint.tsx";
import { EndpointConfigPage } from "./pages/endpoint_config.tsx";
import { EndpointLogsPage } from "./pages/endpoint_logs.tsx";
import { EndpointNewPage } from "./pages/endpoint_new.tsx";
import { EndpointsPage } from "./pages/endpoints.tsx";
import { EventsPage } from "./pages/events.tsx";
import { IntercomPage } from "./pages/intercom.tsx";
import { IntercomsPage } from "./pages/intercoms.tsx";
import { LoginPage } from "./pages/login.tsx";
import { LogsPage } from "./pages/logs.tsx";
import { NotFoundPage } from "./pages/not_found.tsx";
import { SettingsPage } from "./pages/settings.tsx";
import { callOf, endpointOf, type EndpointPart, endpointPath, panelOf, place } from "./router.ts";
import { ringingCards } from "./store/call_views.ts";
import { endpoints, panels, ready, stream } from "./store/live.ts";
import { linkedPbxs } from "./store/endpoint_views.ts";
import { displayName, endpointsNamed } from "./store/endpoints.ts";
import { feedShown } from "./store/preferences.ts";
import { loadSession, mayOperate, me, sessionError } from "./store/session.ts";
import { ringingPanels } from "./store/views.ts";

interface Page {
  title: string;
  /** What the tab is called, where that is not the title. */
  tab?: string;
  back?: string;
  body: ComponentChild;
  /** The page scrolls a part of itself instead of the whole. */
  fills?: boolean;
}

/** Everything on the screen. */
export function App() {
  if (place.value.path === "/login") return <LoginPage />;
  if (sessionError.value) {
    return (
      <main class="alone">
        <Broken error={sessionError.value} onRetry={() => void loadSession()} />
      </main>
    );
  }
  if (!me.value) {
    return (
      <main class="alone">
        <Skeleton rows={4} />
      </main>
    );
  }
  return <Frame />;
}

function Frame() {
  const page = pageAt(place.value.path);
  const stale = useStale();
  // Beside the history, and beside itself, the feed would say everything twice.
  // And a log's long lines need its room.
  const alone = /^\/(feed|events)$|\/logs$/.test(place.value.path);
  const withFeed = mayOperate.value && feedShown.value === "on" && !alone;
  useTitle(page.tab ?? page.title);
  return (
    <div class={withFeed ? "frame with-feed" : "frame"}>
      <a class="skip" href="#content">{t("frame.skip")}</a>
      <Rail />
      <Topline title={page.title} back={page.back} />
      <main id="content" class={page.fills ? "content fills" : "content"} tabIndex={-1}>
        {stale && <StaleBar />}
        {me.value?.has_password === false && <PasswordPrompt />}
        <div class={stale ? "page stale" : "page"}>{page.body}</div>
      </main>
      {withFeed && (
        <aside class={stale ? "feed stale" : "feed"} aria-label={t("page.feed")}>
          <h2 class="feed-head">{t("page.feed")}</h2>
          <FeedList />
        </aside>
      )}
      <OpenDialog />
      <KeysSheet />
      <CallCards level={0} />
    </div>
  );
}

function pageAt(path: string): Page {
  const mac = panelOf(path);
  const call = callOf(path);
  if (path === "/calls") return { title: t("page.calls"), body: <CallsPage />, fills: true };
  if (call !== null) {
    return {
      title: t("page.calls"),
      tab: t("call.page"),
      back: "/calls",
      body: <CallPage key={call} id={call} />,
    };
  }
  if (path === "/settings") return { title: t("page.settings"), body: <SettingsPage /> };
  if (!mayOperate.value) {
    if (path === "/") return { title: t("page.board"), body: <EmployeePage /> };
    return { title: t("page.not_found"), body: <NotFoundPage /> };
  }
  if (path === "/") return { title: t("page.board"), body: <BoardPage /> };
  if (path === "/intercoms") return { title: t("page.intercoms"), body: <IntercomsPage />, fills: true };
  if (path === "/events") return { title: t("page.events"), body: <EventsPage />, fills: true };
  if (path === "/feed") return { title: t("page.feed"), body: <FeedPage /> };
  if (mac) {
    const tab = panels.value.get(mac)?.name || mac;
    return {
      title: t("page.intercoms"),
      tab,
      back: "/intercoms",
      body: <IntercomPage key={mac} mac={mac} />,
    };
  }
  return endpointPageAt(path) ?? { title: t("page.not_found"), body: <NotFoundPage /> };
}

/** The feed where it has no room beside the page. */
function FeedPage() {
  return (
    <>
      <p class="feed-more">
        <Link to="/events">{t("panel.all_events")}</Link>
      </p>
      <FeedList />
    </>
  );
}

function endpointPageAt(path: string): Page | null {
  const pbx = place.value.query.get("pbx");
  if (path === "/endpoints") return { title: t("page.endpoints"), body: <EndpointsPage />, fills: true };
  if (path === "/logs") {
    return { title: t("page.logs"), back: "/endpoints", body: <LogsPage />, fills: true };
  }
  if (path === "/endpoints/new") {
    return { title: t("page.endpoint_new"), back: "/endpoints", body: <EndpointNewPage pbx={pbx} /> };
  }
  const at = endpointOf(path);
  if (!at) return null;
  const { name, part } = at;
  const tab = displayName(name);
  const key = `${pbx}/${name}`;
  if (part === null) {
    return {
      title: t("page.endpoints"),
      tab,
      back: "/endpoints",
      body: <EndpointPage key={key} name={name} pbx={pbx} />,
    };
  }
  // A template, and what Asterisk does not know, has no page of its own to go back to.
  const found = endpointsNamed(endpoints.value.values(), name, pbx);
  const back = found.length > 0 ? endpointPath(name, { pbx: pbx ?? undefined }) : "/endpoints";
  const lacking = pbx === null ? notOne(name, part) : null;
  if (part === "logs") {
    // One call's lines are asked for by the Asterisk too: each counts its calls from one.
    const known = pbx ?? (linkedPbxs().length > 1 ? found[0]?.pbx ?? null : null);
    const body = lacking ?? <EndpointLogsPage key={key} name={name} pbx={known} />;
    return { title: t("page.endpoint_logs", { name: tab }), back, body, fills: true };
  }
  const body = lacking ?? <EndpointConfigPage key={key} name={name} pbx={pbx} />;
  return { title: t("page.endpoint_config", { name: tab }), back, body };
}

/** What is shown where the service could not know which one is meant, so that it is not asked; null where it can. */
function notOne(name: string, part: EndpointPart): ComponentChild | null {
  // While the stream is cut the service can still answer by itself.
  if (!ready.value) return stream.value.phase === "cut" ? null : <Skeleton rows={6} tall />;
  const found = endpointsNamed(endpoints.value.values(), name, null);
  if (found.length > 1) return <EndpointWhich found={found} name={name} part={part} />;
  // One that is on no Asterisk has versions on any of them, and a template is asked for by its Asterisk.
  return found.length === 0 && part === "config" && linkedPbxs().length > 1
    ? <EndpointGone name={name} pbx={null} />
    : null;
}

function PasswordPrompt() {
  return (
    <div class="prompt" role="note">
      <span>{t("password.prompt")}</span>
      <Link to="/settings" class="button">{t("password.prompt.do")}</Link>
    </div>
  );
}

/** The tab's title says who rings: it is seen from another tab. */
function useTitle(page: string) {
  const call = ringingCards.value[0]?.call;
  const panel = ringingPanels.value[0];
  // What may be over long ago is not called out to another tab.
  const cut = stream.value.phase === "cut";
  const who = cut ? null : call ? callerLabel(call) : panel && (panel.name || panel.mac);
  const title = who ? t("frame.title_ringing", { name: who }) : `${page} – Doorline`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}
