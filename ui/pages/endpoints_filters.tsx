/**
 * @module
 * Filters over the endpoints, and how they are shown. The address keeps the filters, the browser the view.
 */
import { LayoutGrid, Plus, Rows3, ScrollText, Search, X } from "lucide";
import { Icon } from "../components/icon.tsx";
import { Link } from "../components/link.tsx";
import { Mark, type MarkKind } from "../components/mark.tsx";
import type { Key } from "../i18n/en.ts";
import { number } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";
import { endpointCounts, pbxs } from "../store/endpoint_views.ts";
import type { EndpointChoice, EndpointCounts } from "../store/endpoints.ts";
import { endpointsShown } from "../store/preferences.ts";
import { isAdmin } from "../store/session.ts";

interface Chip {
  count: keyof EndpointCounts;
  word: Key;
  mark: MarkKind;
  field: "status" | "only";
}

const CHIPS: Chip[] = [
  { count: "online", word: "mark.online", mark: "online", field: "status" },
  { count: "offline", word: "mark.offline", mark: "offline", field: "status" },
  { count: "unknown", word: "mark.unknown", mark: "unknown", field: "status" },
  { count: "call", word: "endpoints.call", mark: "talking", field: "only" },
  { count: "flapping", word: "mark.flapping", mark: "flapping", field: "only" },
];

/** The filters, with how many endpoints fit each and how many are shown. */
export function EndpointFilters({ choice, shown }: { choice: EndpointChoice; shown: number }) {
  return (
    <div class="filters endpoint-filters">
      <label class="filter-search">
        <Icon of={Search} />
        <input
          type="text"
          aria-label={t("endpoints.search")}
          placeholder={t("endpoints.search")}
          spellcheck={false}
          autocomplete="off"
          value={choice.q}
          onInput={(event) => setQuery({ q: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.preventDefault();
            if (choice.q) setQuery({ q: "" });
            else event.currentTarget.blur();
          }}
        />
      </label>
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
      <div class="chips" role="group" aria-label={t("filter.label")}>
        {CHIPS.map(({ count, word, mark, field }) => {
          const pressed = choice[field] === count;
          return (
            <button
              key={count}
              type="button"
              class="chip"
              data-testid={`filter-${count}`}
              aria-pressed={pressed}
              onClick={() => setQuery({ [field]: pressed ? "" : count })}
            >
              <Mark kind={mark} word={t(word)} />
              <span class="num chip-count">{number(endpointCounts.value[count])}</span>
            </button>
          );
        })}
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
      </div>
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
