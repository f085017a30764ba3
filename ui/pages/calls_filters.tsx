/**
 * @module
 * Filters over the history of calls. The address keeps them.
 */
import { Download } from "lucide";
import { withQuery } from "../api.ts";
import { FilterSearch } from "../components/filter_search.tsx";
import { FilterSelect } from "../components/filter_select.tsx";
import { FoldedFilters } from "../components/folded_filters.tsx";
import { Icon } from "../components/icon.tsx";
import { TimeFilter } from "../components/time_filter.tsx";
import { t } from "../i18n/translate.ts";
import { type CallChoice, DIRECTIONS, STATUSES } from "../store/calls.ts";

/** Between the last letter and the request, in milliseconds. */
const TYPED_MS = 300;

/** The filters, and the same choice as CSV. On a phone they are folded under the search. */
export function CallFilters({ choice }: { choice: CallChoice }) {
  const { status, direction, from, to } = choice;
  return (
    <FoldedFilters
      values={[status, direction, from, to]}
      search={
        <FilterSearch
          q={choice.q}
          label={t("calls.search")}
          delayMs={TYPED_MS}
          maxLength={100}
          testId="call-search"
        />
      }
    >
      <FilterSelect
        name="status"
        label={t("column.outcome")}
        value={status}
        options={STATUSES.map((one) => [one, t(`call.status.${one}`)])}
        testId="filter-status"
      />
      <FilterSelect
        name="direction"
        label={t("calls.direction")}
        value={direction}
        options={DIRECTIONS.map((one) => [one, t(`call.direction.${one}`)])}
        testId="filter-direction"
      />
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
    </FoldedFilters>
  );
}
