/**
 * @module
 * The keyboard. Letters are taken by their place on the keyboard, so that they work in a Russian layout too.
 */
import { signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { navigate } from "../router.ts";
import { mayOperate } from "./session.ts";

/** What a page does with its keys: `KeyJ`, `Enter`, `Escape`. A handler that answers false leaves the key alone. */
export type Keys = Record<string, (event: KeyboardEvent) => void | false>;

/** Whether the sheet with the keys is shown. */
export const sheetShown = signal(false);
/** Counts up when the search should take the focus. */
export const searchAsked = signal(0);

const PLACES: Record<string, string> = {
  KeyB: "/",
  KeyI: "/intercoms",
  KeyC: "/calls",
  KeyE: "/events",
  KeyP: "/endpoints",
  KeyS: "/settings",
};
/** Those of them that are for everybody. */
const FOR_ALL = ["/", "/calls", "/settings"];
/** How long `g` waits for its second key. */
const SEQUENCE_MS = 1200;

const stack: RefObject<Keys>[] = [];
/** What lies over every page comes before any page. */
const above: RefObject<Keys>[] = [];
let goingSince = -Infinity;

/** Takes keys while a component is on the page; what is over the pages comes first, then the youngest. */
export function useKeys(keys: Keys, options: { over?: boolean } = {}): void {
  // Two presses may come between a drawing and its effects: the second must meet the newest handlers.
  const newest = useRef(keys);
  newest.current = keys;
  // With the drawing, not after it: the key of a page that is seen has to be heard.
  useLayoutEffect(() => {
    const own = options.over ? above : stack;
    own.push(newest);
    return () => {
      own.splice(own.indexOf(newest), 1);
    };
  }, []);
}

/** Starts to listen. */
export function listenForKeys(): void {
  document.addEventListener("keydown", onKey);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.code === "KeyK") {
    event.preventDefault();
    searchAsked.value++;
    return;
  }
  // An open dialog has the keyboard to itself; a field has its letters.
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) return;
  if (general(event)) {
    event.preventDefault();
    return;
  }
  for (const keys of [...above.toReversed(), ...stack.toReversed()]) {
    const act = keys.current[event.code === "NumpadEnter" ? "Enter" : event.code];
    if (act && act(event) !== false) {
      event.preventDefault();
      return;
    }
  }
}

function general(event: KeyboardEvent): boolean {
  if (event.timeStamp - goingSince < SEQUENCE_MS) {
    goingSince = -Infinity;
    const to = PLACES[event.code];
    if (to && (mayOperate.value || FOR_ALL.includes(to))) {
      navigate(to);
      return true;
    }
  }
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) {
    sheetShown.value = true;
    return true;
  }
  if (event.key === "/" || event.code === "Slash") {
    // A page with a filter of its own takes it; Ctrl-K still finds anything.
    const own = stack.findLast((keys) => keys.current.Slash)?.current.Slash;
    if (own) own(event);
    else searchAsked.value++;
    return true;
  }
  if (event.code === "KeyG" && !event.shiftKey) {
    goingSince = event.timeStamp;
    return true;
  }
  return false;
}

/** Whether a key pressed there is a letter of a text. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}
