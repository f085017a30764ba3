/**
 * @module
 * Filters over the table of panels. The address keeps them.
 */
import { Search } from "lucide";
import { Icon } from "../components/icon.tsx";
import { Mark, type MarkKind } from "../components/mark.tsx";
import type { Key } from "../i18n/en.ts";
import { number } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";
import type { Choice, Counts } from "../store/table.ts";
import { counts } from "../store/views.ts";

interface Chip {
  count: keyof Counts;
  word: Key;
  mark: MarkKind;
  field: "status" | "door" | "only";
  value: string;
}

const CHIPS: Chip[] = [
  { count: "online", word: "mark.online", mark: "online", field: "status", value: "online" },
  { count: "offline", word: "mark.offline", mark: "offline", field: "status", value: "offline" },
  { count: "unknown", word: "mark.unknown", mark: "unknown", field: "status", value: "unknown" },
  { count: "open", word: "filter.open", mark: "open", field: "door", value: "open" },
  { count: "alarm", word: "filter.alarm", mark: "alarm", field: "only", value: "alarm" },
  { count: "waiting", word: "filter.waiting", mark: "waiting", field: "only", value: "waiting" },
];

/** The filters, with how many panels fit each and how many are shown. */
export function IntercomFilters({ choice, shown }: { choice: Choice; shown: number }) {
  return (
    <div class="filters">
      <label class="filter-search">
        <Icon of={Search} />
        <input
          type="text"
          aria-label={t("table.search")}
          placeholder={t("table.search")}
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
      <span class="filter-shown num muted">{t("table.shown", { n: shown })}</span>
      <div class="chips" role="group" aria-label={t("filter.label")}>
        {CHIPS.map(({ count, word, mark, field, value }) => {
          const pressed = choice[field] === value;
          return (
            <button
              key={value}
              type="button"
              class="chip"
              aria-pressed={pressed}
              onClick={() => setQuery({ [field]: pressed ? "" : value })}
            >
              <Mark kind={mark} word={t(word)} />
              <span class="num chip-count">{number(counts.value[count])}</span>
            </button>
          );
        })}
      </div>
    </div>
  );
}
