/**
 * @module
 * Filters over a log: text, source, time and levels. The address keeps them.
 */
import type { RefObject } from "preact";
import { number } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";
import { LEVELS, type LogChoice } from "../store/endpoint_logs_filter.ts";
import { FilterSearch } from "./filter_search.tsx";
import { FilterSelect, plainOptions } from "./filter_select.tsx";
import { FoldedFilters } from "./folded_filters.tsx";
import { TimeFilter } from "./time_filter.tsx";

/** Between the last letter and the filtering, in milliseconds. */
const TYPED_MS = 200;

/** Properties of the filters. */
export interface LogFiltersProps {
  choice: LogChoice;
  /** Modules that have said something. */
  sources: readonly string[];
  /** PBXs to choose from; none where there is nothing to choose. */
  pbxs: readonly string[];
  search: RefObject<HTMLInputElement | null>;
}

/** Text, source and time. On a phone all but the text is folded. */
export function LogFilters({ choice, sources, pbxs, search }: LogFiltersProps) {
  const { source, pbx, from, to } = choice;
  return (
    <FoldedFilters
      class="log-filters"
      values={[source, pbx, from, to]}
      search={
        <FilterSearch
          q={choice.q}
          label={t("logs.search")}
          delayMs={TYPED_MS}
          maxLength={200}
          testId="log-search"
          shortcut="/"
          field={search}
        />
      }
    >
      {(pbxs.length > 0 || pbx !== "") && (
        <FilterSelect
          name="pbx"
          label={t("endpoints.pbx")}
          value={pbx}
          all={t("endpoints.pbx.all")}
          options={plainOptions(pbxs, pbx)}
          testId="log-pbx"
        />
      )}
      <FilterSelect
        name="source"
        label={t("logs.source")}
        value={source}
        options={plainOptions(sources, source)}
        testId="log-source"
      />
      <TimeFilter name="from" value={from} />
      <TimeFilter name="to" value={to} />
    </FoldedFilters>
  );
}

/** Levels as chips; none chosen is all. */
export function LevelChips(
  { chosen, counts }: { chosen: readonly string[]; counts: Record<string, number> },
) {
  const others = Object.keys(counts).filter((level) => !LEVELS.includes(level)).sort();
  const levels = [...LEVELS, ...others, ...chosen.filter((one) => ![...LEVELS, ...others].includes(one))];
  return (
    <div class="chips" role="group" aria-label={t("logs.levels")}>
      {levels.map((level) => {
        const pressed = chosen.includes(level);
        return (
          <button
            key={level}
            type="button"
            class={`chip log-chip level-${LEVELS.includes(level) ? level.toLowerCase() : "other"}`}
            data-testid={`log-level-${level}`}
            aria-pressed={pressed}
            onClick={() =>
              setQuery({
                level: (pressed ? chosen.filter((one) => one !== level) : [...chosen, level]).join(),
              })}
          >
            <span class="log-level">{level}</span>
            <span class="chip-count num">{number(counts[level] ?? 0)}</span>
          </button>
        );
      })}
    </div>
  );
}
