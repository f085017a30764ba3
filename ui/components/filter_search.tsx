/**
 * @module
 * The text among the filters of a list. The address keeps it.
 */
import { Search } from "lucide";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { setQuery } from "../router.ts";
import { Icon } from "./icon.tsx";

/** Properties of the field. */
export interface FilterSearchProps {
  q: string;
  label: string;
  /** Between the last letter and the filtering, in milliseconds; where it costs nothing, none. */
  delayMs?: number;
  maxLength?: number;
  testId?: string;
  /** The key that leads here. */
  shortcut?: string;
  field?: RefObject<HTMLInputElement | null>;
}

/** The field. Escape empties it first, then leaves it. */
export function FilterSearch(props: FilterSearchProps) {
  const { q, label, delayMs = 0, maxLength, testId, shortcut, field } = props;
  const [typed, setTyped] = useState(q);
  /** What this field itself last put into the address: it comes back when more may have been typed already. */
  const own = useRef(q);
  function put(text: string) {
    own.current = text;
    setQuery({ q: text });
  }
  useEffect(() => {
    if (typed === own.current) return;
    const timer = setTimeout(() => put(typed), delayMs);
    return () => clearTimeout(timer);
  }, [typed]);
  // Another address, as from the search above, says it anew.
  useLayoutEffect(() => {
    if (q === own.current) return;
    own.current = q;
    setTyped(q);
  }, [q]);
  function say(text: string) {
    setTyped(text);
    if (delayMs === 0 || text === "") put(text);
  }
  return (
    <label class="filter-search">
      <Icon of={Search} />
      <input
        ref={field}
        type="text"
        data-testid={testId}
        aria-label={label}
        placeholder={label}
        aria-keyshortcuts={shortcut}
        spellcheck={false}
        autocomplete="off"
        maxLength={maxLength}
        value={typed}
        onInput={(event) => say(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") return put(typed);
          if (event.key !== "Escape") return;
          event.preventDefault();
          if (typed) say("");
          else event.currentTarget.blur();
        }}
      />
    </label>
  );
}
