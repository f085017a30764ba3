/**
 * @module
 * Filters over a log: text, source, time and levels. The address keeps them.
 */
import { ListFilter } from "lucide";
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { number } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";
import { LEVELS, type LogChoice } from "../store/endpoint_logs_filter.ts";
import { FilterSearch } from "./filter_search.tsx";
import { Icon } from "./icon.tsx";
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
  const [open, setOpen] = useState(false);
  const set = [source, pbx, from, to].filter((value) => value !== "").length;
  const offered = source === "" || sources.includes(source) ? sources : [source, ...sources];
  return (
    <div class={open ? "filters call-filters log-filters is-open" : "filters call-filters log-filters"}>
      <FilterSearch
        q={choice.q}
        label={t("logs.search")}
        delayMs={TYPED_MS}
        maxLength={200}
        testId="log-search"
        shortcut="/"
        field={search}
      />
      <button
        type="button"
        class="button filters-toggle"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon of={ListFilter} /> {t("calls.filters")} {set > 0 && <span class="num">{set}</span>}
      </button>
      {(pbxs.length > 0 || pbx !== "") && (
        <label class="filter">
          <span>{t("endpoints.pbx")}</span>
          <select
            class="input"
            data-testid="log-pbx"
            value={pbx}
            onChange={(event) => setQuery({ pbx: event.currentTarget.value })}
          >
            <option value="">{t("endpoints.pbx.all")}</option>
            {(pbx === "" || pbxs.includes(pbx) ? pbxs : [pbx, ...pbxs]).map((one) => (
              <option key={one} value={one}>{one}</option>
            ))}
          </select>
        </label>
      )}
      <label class="filter">
        <span>{t("logs.source")}</span>
        <select
          class="input"
          data-testid="log-source"
          value={source}
          onChange={(event) => setQuery({ source: event.currentTarget.value })}
        >
          <option value="">{t("filter.all")}</option>
          {offered.map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
      </label>
      <TimeFilter name="from" value={from} />
      <TimeFilter name="to" value={to} />
    </div>
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
