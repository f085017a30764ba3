/**
 * @module
 * Filters over the history of calls. The address keeps them.
 */
import { Download, ListFilter } from "lucide";
import { useState } from "preact/hooks";
import { withQuery } from "../api.ts";
import { FilterSearch } from "../components/filter_search.tsx";
import { Icon } from "../components/icon.tsx";
import { TimeFilter } from "../components/time_filter.tsx";
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";
import { type CallChoice, DIRECTIONS, STATUSES } from "../store/calls.ts";

/** Between the last letter and the request, in milliseconds. */
const TYPED_MS = 300;

/** The filters, and the same choice as CSV. On a phone they are folded under the search. */
export function CallFilters({ choice }: { choice: CallChoice }) {
  const { status, direction, from, to } = choice;
  const [open, setOpen] = useState(false);
  const set = [status, direction, from, to].filter((value) => value !== "").length;
  return (
    <div class={open ? "filters call-filters is-open" : "filters call-filters"}>
      <FilterSearch
        q={choice.q}
        label={t("calls.search")}
        delayMs={TYPED_MS}
        maxLength={100}
        testId="call-search"
      />
      <button
        type="button"
        class="button filters-toggle"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon of={ListFilter} /> {t("calls.filters")} {set > 0 && <span class="num">{set}</span>}
      </button>
      <label class="filter">
        <span>{t("column.outcome")}</span>
        <select
          class="input"
          data-testid="filter-status"
          value={status}
          onChange={(event) => setQuery({ status: event.currentTarget.value })}
        >
          <option value="">{t("filter.all")}</option>
          {STATUSES.map((one) => <option key={one} value={one}>{t(`call.status.${one}`)}</option>)}
        </select>
      </label>
      <label class="filter">
        <span>{t("calls.direction")}</span>
        <select
          class="input"
          data-testid="filter-direction"
          value={direction}
          onChange={(event) => setQuery({ direction: event.currentTarget.value })}
        >
          <option value="">{t("filter.all")}</option>
          {DIRECTIONS.map((one) => <option key={one} value={one}>{t(`call.direction.${one}`)}</option>)}
        </select>
      </label>
      <TimeFilter name="from" value={from} />
      <TimeFilter name="to" value={to} />
      <a
        class="button filter-end"
        href={withQuery("/api/calls.csv", { ...choice })}
        download=""
        title={t("events.csv")}
        aria-label={t("events.csv")}
      >
        <Icon of={Download} /> CSV
      </a>
    </div>
  );
}
