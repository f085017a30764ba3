/**
 * @module
 * Filters over the table of panels. The address keeps them.
 */
import { type CountChip, CountChips } from "../components/count_chips.tsx";
import { FilterSearch } from "../components/filter_search.tsx";
import { t } from "../i18n/translate.ts";
import type { Choice, Counts } from "../store/table.ts";
import { counts } from "../store/views.ts";

const CHIPS: CountChip<"status" | "door" | "only", keyof Counts>[] = [
  { value: "online", word: "mark.online", mark: "online", field: "status" },
  { value: "offline", word: "mark.offline", mark: "offline", field: "status" },
  { value: "unknown", word: "mark.unknown", mark: "unknown", field: "status" },
  { value: "open", word: "filter.open", mark: "open", field: "door" },
  { value: "alarm", word: "filter.alarm", mark: "alarm", field: "only" },
  { value: "waiting", word: "filter.waiting", mark: "waiting", field: "only" },
];

/** The filters, with how many panels fit each and how many are shown. */
export function IntercomFilters({ choice, shown }: { choice: Choice; shown: number }) {
  return (
    <div class="filters">
      <FilterSearch q={choice.q} label={t("table.search")} />
      <span class="filter-shown num muted">{t("table.shown", { n: shown })}</span>
      <CountChips chips={CHIPS} choice={choice} counts={counts.value} />
    </div>
  );
}
