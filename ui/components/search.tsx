/**
 * @module
 * Search in the top line: finds a panel by name, address or MAC and goes to it.
 */
import { Search as SearchIcon } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { navigate, panelPath } from "../router.ts";
import { panels } from "../store/live.ts";
import { searchAsked } from "../store/keys.ts";
import { find } from "../store/table.ts";
import { ringingMacs } from "../store/views.ts";
import type { Intercom } from "../types.ts";
import { Icon } from "./icon.tsx";
import { Mark, markOf } from "./mark.tsx";

const LIMIT = 8;

/** The field with its list of matches, a combobox. */
export function Search() {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const asked = searchAsked.value;
  useEffect(() => {
    if (asked > 0) {
      input.current?.focus();
      input.current?.select();
    }
  }, [asked]);
  const found = isOpen ? find(panels.value.values(), text, LIMIT) : [];
  const current = found[Math.min(chosen, found.length - 1)];

  function go(panel: Intercom | undefined) {
    if (!panel) return;
    setText("");
    setOpen(false);
    navigate(panelPath(panel.mac));
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "ArrowDown") setChosen(Math.min(found.length - 1, chosen + 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(0, chosen - 1));
    else if (event.key === "Enter") go(current);
    else if (event.key === "Escape") {
      setText("");
      setOpen(false);
      input.current?.blur();
    } else return;
    event.preventDefault();
  }

  const hasList = isOpen && text.trim() !== "";
  return (
    <div class="search" role="search">
      <Icon of={SearchIcon} />
      <input
        ref={input}
        class="search-input"
        data-testid="search-input"
        type="text"
        role="combobox"
        aria-label={t("search.label")}
        aria-expanded={hasList}
        aria-controls="search-list"
        aria-activedescendant={hasList && current ? `found-${current.mac}` : undefined}
        aria-autocomplete="list"
        placeholder={t("search.hint")}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setChosen(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        // A press on a match takes the focus first: let it land.
        onBlur={() => setTimeout(() => setOpen(false), 150)}
        onKeyDown={onKeyDown}
      />
      <kbd class="wide-only">/</kbd>
      <div
        id="search-list"
        class="search-list"
        role="listbox"
        aria-label={t("search.label")}
        hidden={!hasList}
      >
        {hasList && found.map((panel) => (
          <div
            key={panel.mac}
            id={`found-${panel.mac}`}
            class="search-found"
            role="option"
            aria-selected={panel === current}
            onMouseDown={(event) => {
              event.preventDefault();
              go(panel);
            }}
          >
            <Mark kind={markOf(panel, ringingMacs.value.has(panel.mac))} />
            <span class="found-name" title={panel.name}>{panel.name || panel.mac}</span>
            <span class="found-address faint" title={panel.address}>{panel.address}</span>
            <span class="num faint">{panel.mac}</span>
          </div>
        ))}
        {hasList && !found.length && (
          <div class="search-none" role="option" aria-selected="false" aria-disabled="true">
            {t("search.none", { text: text.trim() })}
          </div>
        )}
      </div>
    </div>
  );
}
