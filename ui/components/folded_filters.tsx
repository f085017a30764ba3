/**
 * @module
 * A row of filters behind a search. On a phone all but the search is folded.
 */
import { ListFilter } from "lucide";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { Icon } from "./icon.tsx";

/** Properties of the row. */
export interface FoldedFiltersProps {
  class?: string;
  search: ComponentChildren;
  /** What the folded filters are set to; empty for those that are not. */
  values: readonly string[];
  children: ComponentChildren;
}

/** The search, and the filters that fold; the button says how many of them are set. */
export function FoldedFilters({ class: kind, search, values, children }: FoldedFiltersProps) {
  const [open, setOpen] = useState(false);
  const set = values.filter((value) => value !== "").length;
  const classes = ["filters call-filters", kind, open ? "is-open" : undefined];
  return (
    <div class={classes.filter((name) => name !== undefined).join(" ")}>
      {search}
      <button
        type="button"
        class="button filters-toggle"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon of={ListFilter} /> {t("calls.filters")} {set > 0 && <span class="num">{set}</span>}
      </button>
      {children}
    </div>
  );
}
