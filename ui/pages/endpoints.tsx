/**
 * @module
 * The endpoints: how the Asterisks are, what is wrong, and the fleet as cards or as a dense table.
 */
import { PhoneOff, SearchX, Unplug } from "lucide";
import { useRef, useState } from "preact/hooks";
import { AsteriskLinks } from "../components/asterisk_links.tsx";
import { EndpointAlerts } from "../components/endpoint_alerts.tsx";
import { Link } from "../components/link.tsx";
import { Empty, Skeleton } from "../components/states.tsx";
import type { VirtualListHandle } from "../components/virtual_list.tsx";
import { t } from "../i18n/translate.ts";
import { navigate, place, setQuery } from "../router.ts";
import { refresh } from "../store/endpoint_refresh.ts";
import { asteriskLinks, pathOf } from "../store/endpoint_views.ts";
import { arrangeEndpoints, endpointChoice, NO_ENDPOINT_FILTER } from "../store/endpoints.ts";
import { useKeys } from "../store/keys.ts";
import { endpoints, ready } from "../store/live.ts";
import { useCramped } from "../store/media.ts";
import { useOrder } from "../store/order.ts";
import { endpointsShown } from "../store/preferences.ts";
import { isAdmin } from "../store/session.ts";
import { EndpointCards } from "./endpoints_cards.tsx";
import { EndpointFilters } from "./endpoints_filters.tsx";
import { EndpointTable } from "./endpoints_table.tsx";

/** The page of endpoints. */
export function EndpointsPage() {
  const cramped = useCramped();
  if (!ready.value) return <Skeleton rows={10} tall />;
  if (!asteriskLinks.value.length && !endpoints.value.size) return <NoAsterisk />;
  return (
    <div class={cramped ? "table-page endpoints-page is-cramped" : "table-page endpoints-page"}>
      <div class="endpoints-top">
        <AsteriskLinks />
        <EndpointAlerts />
      </div>
      {endpoints.value.size === 0 ? <NoEndpoints /> : <Fleet />}
    </div>
  );
}

function Fleet() {
  const choice = endpointChoice(place.value.query);
  const keys = useOrder(
    endpoints.value,
    JSON.stringify(choice),
    (all) => arrangeEndpoints(all.values(), choice),
  );
  const [selected, setSelected] = useState<string | null>(null);
  const handle = useRef<VirtualListHandle>(null);
  const perLine = useRef(1);

  function select(by: number): void | false {
    if (!keys.length) return false;
    const at = selected === null ? -1 : keys.indexOf(selected);
    const next = at < 0 ? 0 : Math.min(keys.length - 1, Math.max(0, at + by));
    setSelected(keys[next]!);
    handle.current?.reveal(Math.floor(next / perLine.current));
  }
  const chosen = selected === null ? undefined : endpoints.value.get(selected);
  useKeys({
    KeyJ: () => select(1),
    KeyK: () => select(-1),
    Enter: (event) => {
      // Enter on a focused button or link is theirs.
      if (!chosen || (event.target as Element).closest("button, a")) return false;
      navigate(pathOf(chosen));
    },
    KeyQ: () => chosen ? void refresh(chosen) : false,
    KeyL: () => chosen ? navigate(pathOf(chosen, "logs")) : false,
    KeyC: () => chosen ? navigate(pathOf(chosen, "config")) : false,
    Escape: () => selected === null ? false : setSelected(null),
  });
  const asCards = endpointsShown.value === "cards";
  const shared = { keys, selected, onSelect: setSelected, handle, perLine };
  return (
    <>
      <EndpointFilters choice={choice} shown={keys.length} />
      {keys.length === 0
        ? <Nothing />
        : asCards
        ? <EndpointCards {...shared} />
        : <EndpointTable {...shared} choice={choice} />}
    </>
  );
}

function Nothing() {
  return (
    <Empty icon={SearchX} title={t("endpoints.none")}>
      <button type="button" class="button" onClick={() => setQuery(NO_ENDPOINT_FILTER)}>
        {t("table.clear")}
      </button>
    </Empty>
  );
}

function NoAsterisk() {
  return (
    <Empty icon={Unplug} title={t("endpoints.no_asterisk")}>
      <p>{t("endpoints.no_asterisk.do")}</p>
      <p>
        <code class="num">DOORLINE_AMI_URL=ami://user:secret@host:5038/name</code>
      </p>
    </Empty>
  );
}

function NoEndpoints() {
  const up = asteriskLinks.value.some(({ state }) => state === "up");
  if (!up) return <Empty icon={PhoneOff} title={t("endpoints.wait")}>{t("endpoints.wait.do")}</Empty>;
  return (
    <Empty icon={PhoneOff} title={t("endpoints.empty")}>
      <p>{t("endpoints.empty.do")}</p>
      {isAdmin.value && <Link to="/endpoints/new" class="button">{t("endpoints.new")}</Link>}
    </Empty>
  );
}
