/**
 * @module
 * The cards of one's own calls, over every page. They lie inside the open dialog where there is one: a dialog of the
 * browser makes everything outside itself dead.
 */
import { signal } from "@preact/signals";
import { ChevronUp, Volume2 } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { callerLabel, otherLabel } from "../i18n/parties.ts";
import { t } from "../i18n/translate.ts";
import { callPath, place } from "../router.ts";
import { actOn } from "../store/call_actions.ts";
import {
  cards,
  closeCard,
  focusedCall,
  fold,
  isFolded,
  keyTargets,
  ringingCards,
  shownCards,
} from "../store/call_views.ts";
import { type Card, placeCards } from "../store/cards.ts";
import { isTouch } from "../store/media.ts";
import { me } from "../store/session.ts";
import { useKeys } from "../store/keys.ts";
import { ringBlocked } from "../store/ring.ts";
import { CallCard, SETTLE_MS } from "./call_card.tsx";
import { Icon } from "./icon.tsx";
import { Mark } from "./mark.tsx";
import { Moment } from "./moment.tsx";
import { PHASE_MARKS } from "./call_words.ts";
import { useStale } from "./veil.tsx";

/** How many dialogs are open, one over the other. */
export const dialogs = signal(0);

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
  const placed = placeCards(open, cards.value, SHOWN);
  const stale = useStale();
  const rest = open.slice(SHOWN).filter(({ phase }) => phase === "ringing").length;
  const stack = useRef<HTMLElement>(null);
  useFocus(stack);
  useKeys({
    KeyA: () => onRinging("accept"),
    KeyR: () => onRinging("reject"),
    KeyH: () => press(stack, "call-hangup"),
    KeyT: () => press(stack, "call-transfer"),
    Escape: () => {
      const card = focusedCard(stack) ?? shownCards.value.find((one) => !isFolded(one));
      if (!card || isFolded(card)) return false;
      if (card.phase === "ringing" || card.phase === "talking") fold(card.call.id, true);
      else closeCard(card.call.id);
    },
  }, { over: true });
  return (
    <section
      ref={stack}
      class={stale ? "call-cards is-under-bar" : "call-cards"}
      aria-label={t("card.label")}
      onFocusIn={() => {
        focusedCall.value = focusedCard(stack)?.call.id ?? null;
      }}
      onFocusOut={() => {
        focusedCall.value = null;
      }}
    >
      <p class="sr-only" role="alert">
        {ringingCards.value.map(({ call }) => t("card.incoming_from", { name: callerLabel(call) })).join(
          ". ",
        )}
      </p>
      {folded.length > 0 && (
        <div class="call-bars">{folded.map((card) => <Bar key={card.call.id} card={card} />)}</div>
      )}
      {placed.map((card, index) => <CallCard key={card.call.id} card={card} index={index} />)}
      {rest > 0 && <p class="call-cards-more">{t("card.more", { n: rest })}</p>}
      {ringBlocked.value && (
        <p class="call-cards-more">
          <Icon of={Volume2} /> {t(isTouch() ? "card.sound_blocked.touch" : "card.sound_blocked")}
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
 * A card that rings takes the focus to its Accept where nothing else has it and no dialog is open; once it has
 * settled, so that a key on its way to the page does not accept it.
 */
function useFocus(stack: { current: HTMLElement | null }): void {
  const ids = ringingCards.value.filter((card) => !isFolded(card)).map(({ call }) => call.id);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (dialogs.peek() > 0 || ids[0] === undefined || !isNowhere(document.activeElement)) return;
      buttonOf(stack.current, ids[0])?.focus({ preventScroll: true });
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [ids.join()]);
  useEffect(() => {
    // What is taken off the page with the focus in it does not say so.
    focusedCall.value = focusedCard(stack)?.call.id ?? null;
  });
  useEffect(() => () => {
    focusedCall.value = null;
  }, []);
}

/** The browser gives the focus of what is gone to nobody, and a page that was just opened has it as a whole. */
function isNowhere(focused: Element | null): boolean {
  return focused === null || focused === document.body || focused.id === "content";
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

function onRinging(deed: "accept" | "reject"): void | false {
  const call = keyTargets.peek()[deed];
  if (!call) return false;
  void actOn(call, deed);
}

/** A key that ends or moves a conversation means the card that has the focus, and no other. */
function press(stack: { current: HTMLElement | null }, testid: string): void | false {
  const id = focusedCard(stack)?.call.id;
  if (id === undefined) return false;
  const button = stack.current?.querySelector<HTMLElement>(
    `[data-call="${CSS.escape(id)}"] [data-testid="${testid}"]`,
  );
  if (!button) return false;
  button.click();
}
