/**
 * @module
 * Filters over the endpoints, and how they are shown. The address keeps the filters, the browser the view.
 */
import { LayoutGrid, Plus, Rows3, ScrollText, X } from "lucide";
import { type CountChip, CountChips } from "../components/count_chips.tsx";
import { FilterSearch } from "../components/filter_search.tsx";
import { Icon } from "../components/icon.tsx";
import { Link } from "../components/link.tsx";
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";
import { endpointCounts, pbxs } from "../store/endpoint_views.ts";
import type { EndpointChoice, EndpointCounts } from "../store/endpoints.ts";
import { endpointsShown } from "../store/preferences.ts";
import { isAdmin } from "../store/session.ts";
import { EndpointOrder } from "./endpoints_order.tsx";

const CHIPS: CountChip<"status" | "only", keyof EndpointCounts>[] = [
  { value: "online", word: "mark.online", mark: "online", field: "status" },
  { value: "offline", word: "mark.offline", mark: "offline", field: "status" },
  { value: "unknown", word: "mark.unknown", mark: "unknown", field: "status" },
  { value: "call", word: "endpoints.call", mark: "talking", field: "only" },
  { value: "flapping", word: "mark.flapping", mark: "flapping", field: "only" },
];

/** The filters, with how many endpoints fit each and how many are shown. */
export function EndpointFilters({ choice, shown }: { choice: EndpointChoice; shown: number }) {
  return (
    <div class="filters endpoint-filters">
      <FilterSearch q={choice.q} label={t("endpoints.search")} />
      <View />
      <span class="endpoint-links">
        <Link to="/logs" class="button" title={t("endpoints.logs")}>
          <Icon of={ScrollText} /> <span class="endpoint-link-word">{t("endpoints.logs")}</span>
        </Link>
        {isAdmin.value && (
          <Link to="/endpoints/new" class="button" title={t("endpoints.new")}>
            <Icon of={Plus} /> <span class="endpoint-link-word">{t("endpoints.new")}</span>
          </Link>
        )}
      </span>
      <span class="filter-shown num muted">{t("endpoints.shown", { n: shown })}</span>
      <CountChips chips={CHIPS} choice={choice} counts={endpointCounts.value}>
        {choice.alert !== "" && (
          <button
            type="button"
            class="chip"
            aria-pressed="true"
            onClick={() => setQuery({ alert: "" })}
          >
            {t("endpoints.alert")} <Icon of={X} size={14} />
          </button>
        )}
        {pbxs.value.length > 1 && <PbxFilter choice={choice} />}
        {endpointsShown.value === "cards" && <EndpointOrder choice={choice} />}
      </CountChips>
    </div>
  );
}

function PbxFilter({ choice }: { choice: EndpointChoice }) {
  return (
    <select
      class="input pbx-filter"
      aria-label={t("endpoints.pbx")}
      value={choice.pbx}
      onChange={(event) => setQuery({ pbx: event.currentTarget.value })}
    >
      <option value="">{t("endpoints.pbx.all")}</option>
      {pbxs.value.map((pbx) => <option key={pbx} value={pbx}>{pbx}</option>)}
    </select>
  );
}

function View() {
  const views = [["cards", LayoutGrid, "endpoints.cards"], ["table", Rows3, "endpoints.table"]] as const;
  return (
    <div class="view-switch" role="group" aria-label={t("endpoints.view")}>
      {views.map(([view, icon, word]) => (
        <button
          key={view}
          type="button"
          class="view-one"
          data-testid={`view-${view}`}
          aria-pressed={endpointsShown.value === view}
          onClick={() => {
            endpointsShown.value = view;
          }}
        >
          <Icon of={icon} /> {t(word)}
        </button>
      ))}
    </div>
  );
}
