/**
 * @module
 * The ring of an incoming call: heard in one tab of a browser, while a card rings there and nobody has acted on it.
 */
import { effect, signal } from "@preact/signals";
import { soundingCards } from "./call_views.ts";
import { ring } from "./preferences.ts";

/** True while a call rings and the browser holds the sound back until somebody touches the page. */
export const ringBlocked = signal(false);

/** From one ring to the next. */
const EVERY_MS = 3000;
/** Two notes a fifth apart, each twice: soft, and unlike the bell of a door. Hertz, and seconds from the start. */
const NOTES = [[523.25, 0], [783.99, 0.18], [523.25, 0.5], [783.99, 0.68]] as const;
/** Of all tabs that could ring, the one that holds this lock does. */
const LOCK = "doorline.ring";

let audio: AudioContext | null = null;
let end: (() => void) | null = null;

/** Starts to follow the cards. */
export function ringForCalls(): void {
  effect(() => {
    const wanted = ring.value === "on" && soundingCards.value.length > 0;
    if (wanted && end === null) begin();
    if (!wanted && end !== null) {
      end();
      end = null;
      ringBlocked.value = false;
    }
  });
}

/** One ring, to be listened to. */
export function ringOnce(): void {
  audio ??= new AudioContext();
  void audio.resume().catch(() => {});
  sound(audio);
}

function begin(): void {
  const over = new AbortController();
  end = () => over.abort();
  const context = audio ??= new AudioContext();
  let asked = false;
  const onState = () => {
    ringBlocked.value = context.state !== "running";
    if (asked || context.state !== "running") return;
    asked = true;
    whenLeader(over.signal, () => ringUntil(context, over.signal));
  };
  // Browsers hold sound back until the first click or key on a page.
  const wake = () => void context.resume().catch(() => {});
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, wake, { signal: over.signal });
  context.addEventListener("statechange", onState, { signal: over.signal });
  wake();
  onState();
}

/** A tab that may not make a sound does not ask to be the one; so another one that may rings. */
function whenLeader(over: AbortSignal, play: () => Promise<void>): void {
  // Browsers have locks on secure pages only; elsewhere every tab rings.
  if (!navigator.locks) return void play();
  navigator.locks.request(LOCK, { signal: over }, play).catch(() => {
    // The ring was over before this tab's turn came.
  });
}

function ringUntil(context: AudioContext, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (over.aborted) return resolve();
    sound(context);
    const timer = setInterval(() => sound(context), EVERY_MS);
    over.addEventListener("abort", () => {
      clearInterval(timer);
      resolve();
    });
  });
}

function sound(context: AudioContext): void {
  const start = context.currentTime + 0.02;
  for (const [frequency, after] of NOTES) {
    const at = start + after;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.18, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.7);
    const tone = context.createOscillator();
    tone.type = "triangle";
    tone.frequency.value = frequency;
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.75);
  }
}
