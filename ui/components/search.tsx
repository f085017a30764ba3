/**
 * @module
 * Search in the top line: finds a panel, a live call, a person, a company, and a number in the history.
 */
import { Search as SearchIcon } from "lucide";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { navigate } from "../router.ts";
import { readDirectory } from "../store/directory.ts";
import { searchAsked } from "../store/keys.ts";
import { mayOperate } from "../store/session.ts";
import { Icon } from "./icon.tsx";
import { Mark } from "./mark.tsx";
import { type Found, foundFor } from "./search_found.ts";

/** The field with its list of matches, a combobox. */
export function Search() {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const asked = searchAsked.value;
  const closing = useRef<ReturnType<typeof setTimeout>>(undefined);
  // With the drawing, not after it: what is typed next would be selected too, and typed over.
  useLayoutEffect(() => {
    if (asked > 0) {
      input.current?.focus();
      input.current?.select();
    }
  }, [asked]);
  const found = isOpen ? foundFor(text) : [];
  const current = found[Math.min(chosen, found.length - 1)];

  function go(one: Found | undefined) {
    if (!one) return;
    setText("");
    setOpen(false);
    navigate(one.to);
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
        aria-activedescendant={hasList && current ? `found-${current.id}` : undefined}
        aria-autocomplete="list"
        placeholder={t(mayOperate.value ? "search.hint" : "search.hint.mine")}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setChosen(0);
          setOpen(true);
        }}
        onFocus={() => {
          clearTimeout(closing.current);
          setOpen(true);
          void readDirectory();
        }}
        // A press on a match takes the focus first: let it land.
        onBlur={() => {
          closing.current = setTimeout(() => setOpen(false), 150);
        }}
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
        {hasList && found.map((one) => <Option key={one.id} one={one} current={one === current} onGo={go} />)}
        {hasList && !found.length && (
          <div class="search-none" role="option" aria-selected="false" aria-disabled="true">
            {t("search.none", { text: text.trim() })}
          </div>
        )}
      </div>
    </div>
  );
}

function Option({ one, current, onGo }: { one: Found; current: boolean; onGo: (one: Found) => void }) {
  return (
    <div
      id={`found-${one.id}`}
      class="search-found"
      role="option"
      aria-selected={current}
      onMouseDown={(event) => {
        event.preventDefault();
        onGo(one);
      }}
    >
      {one.mark ? <Mark kind={one.mark} /> : <Icon of={one.icon} size={14} />}
      <span class="found-name" title={one.name}>{one.name}</span>
      <span class="found-address faint" title={one.detail}>{one.detail}</span>
      <span class="num faint">{one.aside}</span>
    </div>
  );
}
