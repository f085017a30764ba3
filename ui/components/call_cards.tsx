/**
 * @module
 * The cards of one's own calls, over every page. They lie inside the open dialog where there is one: a dialog of the
 * browser makes everything outside itself dead.
 */
import { signal } from "@preact/signals";
import { ChevronUp, Volume2 } from "lucide";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { callerLabel, otherLabel } from "../i18n/parties.ts";
import { t } from "../i18n/translate.ts";
import { callPath, place } from "../router.ts";
import { actOn, doings } from "../store/call_actions.ts";
import { closeCard, fold, isFolded, ringingCards, shownCards } from "../store/call_views.ts";
import type { Card } from "../store/cards.ts";
import { me } from "../store/session.ts";
import { isTyping, useKeys } from "../store/keys.ts";
import { ringBlocked } from "../store/ring.ts";
import { CallCard } from "./call_card.tsx";
import { Icon } from "./icon.tsx";
import { Mark } from "./mark.tsx";
import { Moment } from "./moment.tsx";
import { PHASE_MARKS } from "./call_words.ts";

/** How many dialogs are open, one over the other. */
export const dialogs = signal(0);

/** Cards that have had their chance of the focus; kept here, since the stack moves in and out of dialogs. */
let met = new Set<string>();

/** More than this at once nobody can choose from; the rest is counted. */
const SHOWN = 4;

/** Shows the cards. `level` is the dialog it lies in, 0 for the page: only the uppermost shows them. */
export function CallCards({ level }: { level: number }) {
  if (dialogs.value !== level || !shownCards.value.length) return null;
  return <Stack />;
}

function Stack() {
  const all = shownCards.value;
  const open = all.filter((card) => !isFolded(card));
  // On its own page a call needs no bar that leads to it.
  const folded = all.filter((card) => isFolded(card) && place.value.path !== callPath(card.call.id));
  const rest = open.slice(SHOWN).filter(({ phase }) => phase === "ringing").length;
  const stack = useRef<HTMLElement>(null);
  useFocus(stack);
  useKeys({
    KeyA: () => onRinging(stack, "accept"),
    KeyR: () => onRinging(stack, "reject"),
    Escape: () => {
      const card = focusedCard(stack) ?? shownCards.value.find((one) => !isFolded(one));
      if (!card || isFolded(card)) return false;
      if (card.phase === "ringing" || card.phase === "talking") fold(card.call.id, true);
      else closeCard(card.call.id);
    },
  }, { over: true });
  return (
    <section ref={stack} class="call-cards" aria-label={t("card.label")}>
      <p class="sr-only" role="alert">
        {ringingCards.value.map(({ call }) => t("card.incoming_from", { name: callerLabel(call) })).join(
          ". ",
        )}
      </p>
      {folded.length > 0 && (
        <div class="call-bars">{folded.map((card) => <Bar key={card.call.id} card={card} />)}</div>
      )}
      {open.slice(0, SHOWN).map((card) => <CallCard key={card.call.id} card={card} />)}
      {rest > 0 && <p class="call-cards-more">{t("card.more", { n: rest })}</p>}
      {ringBlocked.value && (
        <p class="call-cards-more">
          <Icon of={Volume2} /> {t("card.sound_blocked")}
        </p>
      )}
    </section>
  );
}

function Bar({ card }: { card: Card }) {
  const { call, phase } = card;
  const label = otherLabel(call, me.value?.id);
  const live = phase === "ringing" || phase === "talking";
  return (
    <button
      type="button"
      class={`call-bar is-${phase}`}
      data-testid="call-bar"
      data-call={call.id}
      title={t("card.show", { name: label })}
      onClick={() => fold(call.id, false)}
    >
      <Mark kind={PHASE_MARKS[phase]} />
      <span class="call-bar-name num">{label}</span>
      {live && <Moment at={phase === "talking" ? call.answered_at ?? card.at : call.started_at} as="timer" />}
      <Icon of={ChevronUp} />
    </button>
  );
}

/**
 * A card that appears takes the focus to its Accept, unless somebody types, a dialog is open, or another card has it.
 * When the focused card goes, the focus goes back.
 */
function useFocus(stack: { current: HTMLElement | null }): void {
  const before = useRef<Element | null>(null);
  const ids = ringingCards.value.filter((card) => !isFolded(card)).map(({ call }) => call.id);
  const fresh = ids.find((id) => !met.has(id));
  met = new Set(ids);
  useLayoutEffect(() => {
    if (fresh === undefined || dialogs.peek() > 0) return;
    const focused = document.activeElement;
    if (isTyping(focused) || stack.current?.contains(focused)) return;
    before.current = focused;
    buttonOf(stack.current, fresh)?.focus({ preventScroll: true });
  }, [fresh]);
  useEffect(() => {
    // The browser gives the focus of what is gone to nobody.
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    const next = ids[0] === undefined ? null : buttonOf(stack.current, ids[0]);
    if (next) next.focus({ preventScroll: true });
    else if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
  }, [ids.join()]);
  useEffect(() => () => {
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
  }, []);
}

function buttonOf(stack: HTMLElement | null, id: string): HTMLElement | null {
  return stack?.querySelector(`[data-call="${CSS.escape(id)}"] [data-testid="incoming-accept"]`) ?? null;
}

function focusedCard(stack: { current: HTMLElement | null }): Card | undefined {
  const focused = document.activeElement;
  if (!focused || !stack.current?.contains(focused)) return undefined;
  const id = focused.closest<HTMLElement>("[data-call]")?.dataset.call;
  return shownCards.value.find(({ call }) => call.id === id);
}

/** The key means the card that has the focus, else the first that still offers the deed. */
function onRinging(stack: { current: HTMLElement | null }, deed: "accept" | "reject"): void | false {
  const focused = focusedCard(stack);
  const offers = ringingCards.value.filter(({ call }) => {
    const doing = doings.value.get(call.id);
    if (doing?.state === "busy") return false;
    const accepted = doing?.state === "done" || call.accepted_by?.id === me.peek()?.id;
    // Rejecting is offered until the phone stops ringing; accepting only once.
    return deed === "reject" ? !(doing?.state === "done" && doing.deed === "reject") : !accepted;
  });
  const card = offers.find((one) => one === focused) ?? offers[0];
  if (!card) return false;
  void actOn(card.call, deed);
}
